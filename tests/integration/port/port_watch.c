/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Port watch: opens one port, counts what comes, and answers on stdout what it is asked on stdin,
 * so that a test can send, pull cables and ask again.
 *
 *     stats   prints one JSON object: what port_receive() brought and what port_stats() says
 *     pause   stops receiving (the device's buffers fill up); counters go on
 *     resume  receives again
 *     send N  sends N frames of the test (opened with --transmit), trying again what is refused
 *     quit    or the end of stdin: closes the port and leaves
 *
 * Frames of the test have EtherType 0x88b5 and a 32-bit number behind it; they must come in order.
 * usage: port_watch [--huge] [--queues N] [--descriptors N] [--buffers N] [--frame-bytes N]
 *                   [--timestamps] [--transmit] [--promiscuous] [--all-multicast] [--groups N]
 * DEVICE
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"
#include "dataplane/stats.h"
#include "dataplane/wire/bytes.h"

#define POLL_NS       2000000u
#define NUMBER_OFFSET 14u

/* Asked for by the leak sanitizer, in builds that have it: the AF_XDP driver does not give back the
 * umem's handle (libxdp, 80 bytes per port) when it is closed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:xsk_umem__create\n";
}

struct watch {
	struct port *port;
	uint16_t queues;
	bool paused;
	uint64_t frames; /* of the test */
	uint64_t others;
	uint64_t late;      /* number not above the one before on its queue */
	uint64_t missing;   /* numbers jumped over, one queue only */
	uint64_t times_off; /* time not within a second of the clock */
	uint64_t sources[4];
	uint32_t next[PORT_QUEUES_MAX];
	uint32_t send_number;
	uint64_t send_left;
};

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void on_packet(struct watch *w, const struct packet *p, uint16_t queue, uint64_t now_ns)
{
	if (p->bytes < NUMBER_OFFSET + 4 || be16(p->data + 12) != 0x88b5) {
		w->others++;
		return;
	}
	uint32_t number = be32(p->data + NUMBER_OFFSET);

	w->frames++;
	w->late += number < w->next[queue];
	w->missing += number > w->next[queue] ? number - w->next[queue] : 0;
	w->next[queue] = number + 1;
	w->sources[p->time_source & 3]++;
	w->times_off += p->time_ns > now_ns + 1000000000u || p->time_ns + 1000000000u < now_ns;
}

static void receive(struct watch *w, uint64_t now_ns)
{
	struct packet packets[PACKET_BURST_MAX];

	for (uint16_t q = 0; q < w->queues; q++) {
		uint32_t n =
		        port_receive(port_queue(w->port, q), packets, PACKET_BURST_MAX, now_ns);

		for (uint32_t i = 0; i < n; i++)
			on_packet(w, &packets[i], q, now_ns);
	}
}

/* One burst of what is left to send. */
static void send_some(struct watch *w)
{
	static uint8_t bytes[PACKET_BURST_MAX][1536];
	struct port_frame frames[PACKET_BURST_MAX];
	uint32_t count =
	        w->send_left < PACKET_BURST_MAX ? (uint32_t)w->send_left : PACKET_BURST_MAX;
	uint32_t sent;

	for (uint32_t i = 0; i < count; i++) {
		memcpy(bytes[i], "\x01\x00\x5e\x00\x02\x00\x02\x00\x00\x00\x00\x01\x88\xb5", 14);
		put_be32(bytes[i] + NUMBER_OFFSET, w->send_number + i);
		frames[i] = (struct port_frame){.data = bytes[i],
		                                .bytes = 60 + (w->send_number + i) % 1400};
	}
	port_send_burst(port_queue(w->port, 0), frames, count, &sent);
	w->send_number += sent;
	w->send_left -= sent;
}

static void print_stats(const struct watch *w)
{
	const uint64_t *values = (const uint64_t *)port_stats(w->port);

	printf("{\"frames\": %" PRIu64 ", \"others\": %" PRIu64 ", \"late\": %" PRIu64
	       ", \"missing\": %" PRIu64 ", \"times_off\": %" PRIu64 ", \"turn_times\": %" PRIu64
	       ", \"hardware_times\": %" PRIu64,
	       w->frames, w->others, w->late, w->missing, w->times_off, w->sources[TIME_TURN],
	       w->sources[TIME_HARDWARE]);
	for (uint32_t i = 0; i < counters_port.count; i++)
		printf(", \"%s\": %" PRIu64, counters_port.counters[i].id, values[i]);
	printf("}\n");
	fflush(stdout);
}

/* false: leave. */
static bool command(struct watch *w)
{
	char line[64];
	ssize_t bytes = read(STDIN_FILENO, line, sizeof(line) - 1);

	if (bytes < 0)
		return true; /* nothing said */
	line[bytes] = '\0';
	if (bytes == 0 || strncmp(line, "quit", 4) == 0)
		return false;
	if (strncmp(line, "send ", 5) == 0)
		w->send_left += strtoul(line + 5, NULL, 10);
	if (strncmp(line, "pause", 5) == 0)
		w->paused = true;
	else if (strncmp(line, "resume", 6) == 0)
		w->paused = false;
	port_poll(w->port, clock_ns());
	print_stats(w);
	return true;
}

static void watch(struct watch *w)
{
	uint64_t poll_ns = 0;
	bool go_on = true;

	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	while (go_on) {
		uint64_t now_ns = clock_ns();

		if (!w->paused)
			receive(w, now_ns);
		if (w->send_left > 0)
			send_some(w);
		if (now_ns < poll_ns)
			continue;
		poll_ns = now_ns + POLL_NS;
		port_poll(w->port, now_ns);
		go_on = command(w);
	}
}

static bool parse(int argc, char **argv, struct port_options *o, struct eal_options *e)
{
	static const struct option long_options[] = {
	        {"huge", no_argument, NULL, 'h'},
	        {"queues", required_argument, NULL, 'q'},
	        {"descriptors", required_argument, NULL, 'd'},
	        {"buffers", required_argument, NULL, 'b'},
	        {"frame-bytes", required_argument, NULL, 'f'},
	        {"timestamps", no_argument, NULL, 't'},
	        {"promiscuous", no_argument, NULL, 'p'},
	        {"all-multicast", no_argument, NULL, 'm'},
	        {"groups", required_argument, NULL, 'g'},
	        {"transmit", no_argument, NULL, 's'},
	        {0},
	};

	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		unsigned long value = optarg != NULL ? strtoul(optarg, NULL, 10) : 1;

		switch (c) {
		case 'h':
			e->huge_pages = true;
			break;
		case 'q':
			o->queues = (uint16_t)value;
			break;
		case 'd':
			o->descriptors = (uint16_t)value;
			break;
		case 'b':
			o->buffers = (uint32_t)value;
			break;
		case 'f':
			o->frame_bytes_max = (uint16_t)value;
			break;
		case 't':
			o->hardware_timestamps = true;
			break;
		case 's':
			o->transmit = true;
			break;
		case 'p':
			o->promiscuous = true;
			break;
		case 'm':
			o->all_multicast = true;
			break;
		case 'g':
			o->group_count = (uint32_t)value;
			break;
		default:
			return false;
		}
	}
	o->device = argv[optind];
	return optind + 1 == argc && o->group_count <= PORT_GROUPS_MAX;
}

int main(int argc, char **argv)
{
	struct port_options o = {.name = "a",
	                         .queues = 1,
	                         .descriptors = 1024,
	                         .buffers = 16384,
	                         .frame_bytes_max = 1522,
	                         .socket = -1};
	struct eal_options e = {.program = "port_watch", .main_cpu = -1};
	uint32_t groups[PORT_GROUPS_MAX];
	char error[PORT_ERROR_BYTES];
	struct watch w = {0};

	if (!parse(argc, argv, &o, &e)) {
		fprintf(stderr, "usage: see the source\n");
		return 2;
	}
	for (uint32_t i = 0; i < PORT_GROUPS_MAX; i++)
		groups[i] = 0xe0000200 + i;
	o.groups = groups;
	w.queues = o.queues;
	if (eal_start(&e, error) != 0 || port_open(&w.port, &o, error) != 0 ||
	    port_start(w.port, error) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	printf("{\"description\": \"%s\", \"syscall_free\": %s}\n", port_description(w.port),
	       port_is_syscall_free(w.port) ? "true" : "false");
	fflush(stdout);
	watch(&w);
	port_close(w.port);
	eal_stop();
	return 0;
}
