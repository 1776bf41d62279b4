/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ports that need no network, no privilege and no hardware: null, ring and pcap, on a real EAL.
 * usage: test_port_local huge|plain. With huge pages it is skipped where none are free.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/port/capture.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"
#include "tests/unit/suite.h"

#define SKIPPED 77

static struct port_options options(const char *device)
{
	return (struct port_options){.name = "a",
	                             .device = device,
	                             .queues = 1,
	                             .descriptors = 256,
	                             .buffers = 2048,
	                             .frame_bytes_max = 1522,
	                             .socket = -1,
	                             .index = 3};
}

static struct port *open_started(const struct port_options *o)
{
	char error[PORT_ERROR_BYTES];
	struct port *p;

	if (port_open(&p, o, error) != 0 || port_start(p, error) != 0) {
		printf("%s\n", error);
		CU_FAIL_FATAL("port does not open");
	}
	printf("(%s) ", port_description(p));
	return p;
}

static void refused(const struct port_options *o, int expected, const char *text)
{
	char error[PORT_ERROR_BYTES];
	struct port *p;
	int result = port_open(&p, o, error);

	CU_ASSERT_EQUAL(result, expected);
	CU_ASSERT_PTR_NULL(p);
	CU_ASSERT_STRING_EQUAL(error, text);
	if (strcmp(error, text) != 0)
		printf("\n  got      %s\n  expected %s\n", error, text);
	if (result == 0)
		port_close(p);
}

static void null_delivers_and_is_counted(void)
{
	const struct port_options o = options("net_null0,size=60");
	struct port *p = open_started(&o);
	struct packet packets[PACKET_BURST_MAX];
	uint64_t received = 0;

	CU_ASSERT_STRING_EQUAL(port_name(p), "a");
	CU_ASSERT_TRUE(port_is_syscall_free(p));
	for (uint32_t turn = 0; turn < 10000; turn++) {
		uint32_t n = port_receive(port_queue(p, 0), packets, PACKET_BURST_MAX, 1000 + turn);

		received += n;
		for (uint32_t i = 0; i < n; i++) {
			CU_ASSERT_EQUAL(packets[i].bytes, 60);
			CU_ASSERT_EQUAL(packets[i].port, 3);
			CU_ASSERT_EQUAL(packets[i].time_source, TIME_TURN);
			CU_ASSERT_EQUAL(packets[i].time_ns, 1000 + turn);
		}
	}
	port_poll(p, 1);
	CU_ASSERT_TRUE(received >= 10000 * 32u); /* its bursts, with every buffer given back */
	CU_ASSERT_EQUAL(port_stats(p)->received, received);
	CU_ASSERT_EQUAL(port_stats(p)->received_bytes, received * 60);
	CU_ASSERT_EQUAL(port_stats(p)->link_up, 1);
	CU_ASSERT_EQUAL(port_stats(p)->link_changes, 1);
	port_close(p);
}

static void a_device_can_be_opened_again(void)
{
	const struct port_options o = options("net_null0");

	for (uint32_t i = 0; i < 3; i++)
		port_close(open_started(&o));
}

static void several_queues(void)
{
	struct port_options o = options("net_null1");
	struct packet packets[PACKET_BURST_MAX];

	o.queues = 2;
	o.buffers = 4096;
	struct port *p = open_started(&o);

	CU_ASSERT_TRUE(port_receive(port_queue(p, 0), packets, 8, 0) == 8);
	CU_ASSERT_TRUE(port_receive(port_queue(p, 1), packets, 8, 0) == 8);
	port_release(port_queue(p, 1));
	port_close(p);
}

static void refusals_have_one_clear_line(void)
{
	struct port_options o = options("net_af_packet0,iface=nonesuch0");

	refused(&o, -ENODEV, "port a: device net_af_packet0,iface=nonesuch0: no such interface");
	o = options("net_pcap0,rx_pcap=/nonexistent.pcap");
	refused(&o, -ENOENT,
	        "port a: device net_pcap0,rx_pcap=/nonexistent.pcap: No such file or directory");
	o = options("0000:ff:00.0");
	refused(&o, -ENODEV,
	        "port a: device 0000:ff:00.0: a PCI device must be allowed when DPDK starts");
	o = options("net_ring_x");
	o.queues = PORT_QUEUES_MAX + 1;
	refused(&o, -EINVAL, "port a: 17 queues, it must be 1 to 16");
	o = options("net_null0");
	o.buffers = 300;
	refused(&o, -EINVAL,
	        "port a: 300 buffers are too few: 1 queues of 256 descriptors need 432");
	o = options("");
	refused(&o, -EINVAL, "port a: the device string has no or too many characters");
}

static void an_unknown_driver_is_refused(void)
{
	const struct port_options o = options("net_nonesuch0");
	char error[PORT_ERROR_BYTES];
	struct port *p;

	CU_ASSERT_TRUE(port_open(&p, &o, error) < 0);
	CU_ASSERT_EQUAL(strncmp(error, "port a: device net_nonesuch0: ", 30), 0);
	printf("(%s) ", error);
}

static uint32_t numbered_frame(uint8_t *frame, uint32_t number)
{
	uint32_t bytes = 60 + number % 1400;

	memset(frame, (int)(number & 0xff), bytes);
	memcpy(frame + 14, &number, sizeof(number));
	return bytes;
}

static void check_numbered(const struct packet *p, uint32_t number)
{
	uint8_t frame[1536];
	uint32_t bytes = numbered_frame(frame, number);

	CU_ASSERT_EQUAL(p->bytes, bytes);
	CU_ASSERT_EQUAL(memcmp(p->data, frame, bytes), 0);
}

static void a_ring_fills_and_drains(void)
{
	const struct port_options o = options("pair");
	char error[EAL_ERROR_BYTES];
	struct eal_ring_port *ring;
	struct packet packets[PACKET_BURST_MAX];
	uint8_t frame[1536];
	uint32_t sent = 0;
	uint32_t seen = 0;
	uint64_t bytes = 0;

	CU_ASSERT_EQUAL_FATAL(eal_ring_port_create(&ring, "pair", 100, error), 0);
	struct port *p = open_started(&o);

	CU_ASSERT_TRUE(port_is_syscall_free(p));
	for (uint32_t round = 0; round < 50; round++) {
		uint32_t in_ring = sent - seen;

		while (eal_ring_port_send(ring, frame, numbered_frame(frame, sent)) == 0)
			bytes += numbered_frame(frame, sent++);
		CU_ASSERT_EQUAL(sent - seen - in_ring, 100 - in_ring);
		uint32_t n = port_receive(port_queue(p, 0), packets, PACKET_BURST_MAX, 0);

		CU_ASSERT_EQUAL(n, PACKET_BURST_MAX);
		for (uint32_t i = 0; i < n; i++)
			check_numbered(&packets[i], seen++);
	}
	for (uint32_t n; (n = port_receive(port_queue(p, 0), packets, 7, 0)) > 0;)
		for (uint32_t i = 0; i < n; i++)
			check_numbered(&packets[i], seen++);
	CU_ASSERT_EQUAL(seen, sent);
	CU_ASSERT_EQUAL(eal_ring_port_send(ring, frame, 9217), -EMSGSIZE);
	port_poll(p, 0);
	CU_ASSERT_EQUAL(port_stats(p)->received, sent);
	CU_ASSERT_EQUAL(port_stats(p)->received_bytes, bytes);
	port_close(p);
	eal_ring_port_destroy(ring);
	/* The name is free again. */
	CU_ASSERT_EQUAL_FATAL(eal_ring_port_create(&ring, "net_ring_pair", 100, error), 0);
	eal_ring_port_destroy(ring);
}

#define CROSS_FRAMES 200000u

static void *send_frames(void *argument)
{
	uint8_t frame[1536];

	if (eal_thread_register() != 0)
		return NULL;
	for (uint32_t i = 0; i < CROSS_FRAMES; i++) {
		uint32_t bytes = numbered_frame(frame, i);

		while (eal_ring_port_send(argument, frame, bytes) != 0)
			sched_yield();
	}
	eal_thread_unregister();
	return argument;
}

static void a_ring_between_two_threads(void)
{
#ifdef __SANITIZE_THREAD__
	/* The receiving end of the ring is in DPDK's library, where the sanitizer sees neither the
	 * loads nor the order they establish. */
	return;
#endif
	const struct port_options o = options("cross");
	char error[EAL_ERROR_BYTES];
	struct eal_ring_port *ring;
	struct packet packets[PACKET_BURST_MAX];
	pthread_t sender;
	uint32_t seen = 0;
	void *sent;

	CU_ASSERT_EQUAL_FATAL(eal_ring_port_create(&ring, "cross", 512, error), 0);
	struct port *p = open_started(&o);

	CU_ASSERT_EQUAL_FATAL(pthread_create(&sender, NULL, send_frames, ring), 0);
	while (seen < CROSS_FRAMES) {
		uint32_t n = port_receive(port_queue(p, 0), packets, PACKET_BURST_MAX, 0);

		for (uint32_t i = 0; i < n; i++) {
			uint32_t number;

			memcpy(&number, packets[i].data + 14, sizeof(number));
			if (number != seen)
				CU_FAIL_FATAL("out of order");
			seen++;
		}
		if (n == 0)
			sched_yield();
	}
	pthread_join(sender, &sent);
	CU_ASSERT_PTR_EQUAL(sent, ring);
	port_close(p);
	eal_ring_port_destroy(ring);
}

static void write_capture(const char *path, uint32_t frames)
{
	char error[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;
	uint8_t frame[1536];

	CU_ASSERT_EQUAL_FATAL(capture_create(&w, path, error), 0);
	for (uint32_t i = 0; i < frames; i++)
		CU_ASSERT_EQUAL(capture_write(w, frame, numbered_frame(frame, i),
		                              1692662400000000000ull + i * 1000000ull),
		                0);
	CU_ASSERT_EQUAL(capture_finish(w), 0);
}

static void play_capture(const char *path, bool timestamps)
{
	char device[PATH_MAX];
	struct packet packets[PACKET_BURST_MAX];
	uint32_t seen = 0;

	snprintf(device, sizeof(device), "net_pcap0,rx_pcap=%s", path);
	struct port_options o = options(device);

	o.hardware_timestamps = timestamps;
	struct port *p = open_started(&o);

	CU_ASSERT_FALSE(port_is_syscall_free(p));
	for (uint32_t n; (n = port_receive(port_queue(p, 0), packets, 10, 5)) > 0;)
		for (uint32_t i = 0; i < n; i++) {
			CU_ASSERT_EQUAL(packets[i].time_source,
			                timestamps ? TIME_CAPTURE : TIME_TURN);
			CU_ASSERT_EQUAL(packets[i].time_ns,
			                timestamps ? 1692662400000000000ull + seen * 1000000ull
			                           : 5);
			check_numbered(&packets[i], seen++);
		}
	CU_ASSERT_EQUAL(seen, 100);
	port_poll(p, 0);
	CU_ASSERT_EQUAL(port_stats(p)->received, 100);
	port_close(p);
}

static void pcap_plays_a_file(void)
{
	char path[] = "/tmp/genesis-port-XXXXXX";

	close(mkstemp(path));
	write_capture(path, 100);
	play_capture(path, false);
	play_capture(path, true);
	unlink(path);
}

/* Too long for one buffer: the pcap driver chains buffers, which Genesis does not take. */
static void packets_in_several_buffers_are_counted(void)
{
	char path[] = "/tmp/genesis-port-XXXXXX";
	char device[PATH_MAX];
	char error[CAPTURE_ERROR_BYTES];
	struct packet packets[PACKET_BURST_MAX];
	struct capture_writer *w;
	static uint8_t frame[8000];
	uint32_t seen = 0;

	close(mkstemp(path));
	CU_ASSERT_EQUAL_FATAL(capture_create(&w, path, error), 0);
	for (uint32_t i = 0; i < 30; i++)
		CU_ASSERT_EQUAL(capture_write(w, frame, i % 3 == 1 ? 8000 : 100, i), 0);
	CU_ASSERT_EQUAL(capture_finish(w), 0);
	snprintf(device, sizeof(device), "net_pcap0,rx_pcap=%s", path);
	const struct port_options o = options(device);
	struct port *p = open_started(&o);

	for (uint32_t turn = 0; turn < 40; turn++) {
		uint32_t n = port_receive(port_queue(p, 0), packets, 4, 5);

		for (uint32_t i = 0; i < n; i++)
			CU_ASSERT_EQUAL(packets[i].bytes, 100);
		seen += n;
	}
	CU_ASSERT_EQUAL(seen, 20);
	port_poll(p, 0);
	CU_ASSERT_EQUAL(port_stats(p)->multi_segment, 10);
	port_close(p);
	unlink(path);
}

static bool affinity_is(const cpu_set_t *expected)
{
	cpu_set_t now;

	return sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, expected);
}

static void eal_starts_once_and_leaves_the_thread_alone(void)
{
	const struct eal_options o = {.main_cpu = -1};
	char error[EAL_ERROR_BYTES];

	CU_ASSERT_TRUE(eal_is_running());
	CU_ASSERT_EQUAL(eal_start(&o, error), -EALREADY);
	CU_ASSERT_STRING_EQUAL(error, "DPDK can be started once per process");
	CU_ASSERT_PTR_NOT_NULL(strstr(eal_version(), "DPDK"));
}

static unsigned long free_huge_pages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	unsigned long pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages;
}

int main(int argc, char **argv)
{
	const bool huge = argc == 2 && strcmp(argv[1], "huge") == 0;
	struct eal_options o = {.program = "test", .huge_pages = huge, .main_cpu = -1};
	char error[EAL_ERROR_BYTES];
	cpu_set_t before;

	if (huge && free_huge_pages() < 64) {
		printf("skipped: fewer than 64 free huge pages of 2 MiB\n");
		return SKIPPED;
	}
	if (sched_getaffinity(0, sizeof(before), &before) != 0)
		return 1;
	if (eal_start(&o, error) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	if (!affinity_is(&before)) {
		fprintf(stderr, "eal_start() left the thread pinned\n");
		return 1;
	}
	static const struct suite_test tests[] = {
	        {"eal starts once and leaves the thread alone",
	         eal_starts_once_and_leaves_the_thread_alone},
	        {"null delivers and is counted", null_delivers_and_is_counted},
	        {"a device can be opened again", a_device_can_be_opened_again},
	        {"several queues", several_queues},
	        {"refusals have one clear line", refusals_have_one_clear_line},
	        {"an unknown driver is refused", an_unknown_driver_is_refused},
	        {"a ring fills and drains", a_ring_fills_and_drains},
	        {"a ring between two threads", a_ring_between_two_threads},
	        {"pcap plays a file", pcap_plays_a_file},
	        {"packets in several buffers are counted", packets_in_several_buffers_are_counted},
	};
	int result = SUITE_RUN("port_local", tests);

	eal_stop();
	return result;
}
