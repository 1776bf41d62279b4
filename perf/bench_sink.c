/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sink: receives one MoldUDP64 line and counts it, by a port of Genesis (--device) or by a plain
 * UDP socket with recvmmsg() (--interface), so that the two can be compared under the same sender.
 * Both do the same with a packet: read its header, count packet and messages. Polls: it keeps its
 * CPU busy either way.
 *
 * Says "ready" on a line of its own when it receives; ends with the session's end, or when nothing
 * has come for --quiet milliseconds after the first packet.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/memory.h"
#include "dataplane/feed/mold.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"
#include "dataplane/wire/frame.h"
#include "perf/measure.h"

#define EAL_MIB       128u
#define PAYLOAD_BYTES 2048u
#define SOCKET_BYTES                                                                 \
	(8 << 20) /* asked for; net.core.rmem_max may allow less, root may go beyond \
	           */
#define BATCH PACKET_BURST_MAX

struct sink {
	uint32_t address;
	uint16_t udp_port;
	uint64_t packets;
	uint64_t seen; /* of them, at the last look at the clock */
	uint64_t messages;
	uint64_t next_sequence;
	uint64_t missing; /* messages jumped over */
	uint64_t first_ns;
	uint64_t last_ns;
	bool ended;
};

static void on_datagram(struct sink *s, const uint8_t *payload, uint32_t bytes)
{
	struct feed_packet p;

	if (mold_parse(payload, bytes, &p) == FEED_MALFORMED)
		return;
	s->packets++;
	s->messages += p.block_count;
	if (s->next_sequence != 0 && p.first_sequence > s->next_sequence)
		s->missing += p.first_sequence - s->next_sequence;
	if (p.first_sequence + p.block_count > s->next_sequence)
		s->next_sequence = p.first_sequence + p.block_count;
	s->ended = s->ended || p.kind == FEED_END;
}

static bool goes_on(struct sink *s, uint64_t quiet_ns)
{
	uint64_t now_ns = measure_now_ns();

	if (s->packets != s->seen) {
		if (s->first_ns == 0)
			s->first_ns = now_ns;
		s->last_ns = now_ns;
		s->seen = s->packets;
	}
	return !s->ended && (s->first_ns == 0 || now_ns < s->last_ns + quiet_ns);
}

static void ready(void)
{
	printf("ready\n");
	fflush(stdout);
}

/* The drops of the device in *dropped. */
static void receive_port(struct sink *s, const char *device, uint64_t quiet_ns, uint64_t *dropped)
{
	struct eal_options eo = {.program = "bench_sink",
	                         .huge_pages = memory_huge_pages_free() >= EAL_MIB,
	                         .memory_mib = EAL_MIB,
	                         .main_cpu = -1};
	struct port_options po = {.name = "sink",
	                          .device = device,
	                          .queues = 1,
	                          .descriptors = 2048,
	                          .buffers = 8192,
	                          .groups = &s->address,
	                          .group_count = s->address >> 28 == 0xe,
	                          .socket = -1};
	char error[EAL_ERROR_BYTES];
	struct packet packets[BATCH];
	struct datagram d;
	struct port *port;
	uint32_t n;

	if (eal_start(&eo, error) != 0 || port_open(&port, &po, error) != 0 ||
	    port_start(port, error) != 0)
		measure_fail("bench_sink: %s", error);
	eal_thread_register();
	ready();
	do {
		n = port_receive(port_queue(port, 0), packets, BATCH, 0);
		for (uint32_t i = 0; i < n; i++)
			if (frame_parse(packets[i].data, packets[i].bytes,
			                &(struct frame_options){0}, &d) == FRAME_OK &&
			    d.destination_address == s->address &&
			    d.destination_port == s->udp_port)
				on_datagram(s, d.payload, d.payload_bytes);
	} while (goes_on(s, quiet_ns));
	port_poll(port, measure_now_ns());
	*dropped = port_stats(port)->missed + port_stats(port)->no_buffer;
	port_release(port_queue(port, 0));
	port_stop(port);
	port_close(port);
	eal_stop();
}

static int open_socket(const struct sink *s, const char *interface)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	                         .sin_addr.s_addr = htonl(s->address),
	                         .sin_port = htons(s->udp_port)};
	struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(s->address),
	                         .imr_ifindex = (int)if_nametoindex(interface)};
	int on = 1;
	int bytes = SOCKET_BYTES;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)(void *)&at, sizeof(at)) != 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
		measure_fail("bench_sink: socket on %s: %s", interface, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return fd;
}

static void receive_socket(struct sink *s, const char *interface, uint64_t quiet_ns)
{
	static uint8_t payloads[BATCH][PAYLOAD_BYTES];
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	int fd = open_socket(s, interface);
	int n;

	for (uint32_t i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){.iov_base = payloads[i], .iov_len = PAYLOAD_BYTES};
		headers[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
	}
	ready();
	do {
		n = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			on_datagram(s, payloads[i], headers[i].msg_len);
	} while (goes_on(s, quiet_ns));
	close(fd);
}

static void take_address(struct sink *s, const char *text)
{
	char address[32];
	unsigned int port = 0;
	struct in_addr in;

	if (sscanf(text, "%31[0-9.]:%u", address, &port) != 2 || port == 0 || port > 65535 ||
	    inet_pton(AF_INET, address, &in) != 1)
		measure_fail("bench_sink: --address: '%s' is not ADDRESS:PORT", text);
	s->address = ntohl(in.s_addr);
	s->udp_port = (uint16_t)port;
}

int main(int argc, char **argv)
{
	const char *device = NULL;
	const char *interface = NULL;
	const char *address = "239.1.1.1:26400";
	uint64_t quiet_ms = 2000;
	uint64_t dropped = 0;
	uint64_t cpu = 0;
	bool json = false;
	const struct measure_option table[] = {
	        {.name = "device", .help = "of a port", .text = &device},
	        {.name = "interface", .help = "for a socket", .text = &interface},
	        {.name = "address", .help = "ADDRESS:PORT of the line", .text = &address},
	        {"quiet", "milliseconds", &quiet_ms, 1, 3600000, NULL},
	        {"cpu", "it runs on", &cpu, 0, 1023, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;
	struct sink s = {0};

	measure_options(argc, argv,
	                "usage: bench_sink (--device DEVICE | --interface NAME) [OPTION VALUE]...",
	                table, &json);
	if ((device == NULL) == (interface == NULL))
		measure_fail("bench_sink: give --device or --interface");
	take_address(&s, address);
	measure_pin(cpu);
	if (device != NULL)
		receive_port(&s, device, quiet_ms * 1000000u, &dropped);
	else
		receive_socket(&s, interface, quiet_ms * 1000000u);
	measure_begin(&out, "sink", json);
	measure_row(&out);
	measure_count(&out, "packets", s.packets);
	measure_count(&out, "messages", s.messages);
	measure_count(&out, "missing_messages", s.missing);
	measure_count(&out, "dropped", dropped);
	measure_count(&out, "elapsed_ns", s.last_ns - s.first_ns);
	measure_end(&out);
	return 0;
}
