/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sending on ports that need no network, no privilege and no hardware: null, ring, a pcap file, on
 * a real EAL. usage: test_port_send huge|plain. With huge pages it is skipped where none are free.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/port/capture.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"
#include "dataplane/port/port_private.h"
#include "tests/unit/suite.h"

#define SKIPPED     77
#define FRAME_BYTES 1536u

static struct port_options options(const char *device)
{
	return (struct port_options){.name = "out",
	                             .device = device,
	                             .queues = 1,
	                             .descriptors = 256,
	                             .buffers = 2048,
	                             .frame_bytes_max = 1522,
	                             .socket = -1,
	                             .transmit = true};
}

static struct port *open_started(const struct port_options *o)
{
	char error[PORT_ERROR_BYTES];
	struct port *p;

	if (port_open(&p, o, error) != 0 || port_start(p, error) != 0) {
		printf("%s\n", error);
		CU_FAIL_FATAL("port does not open");
	}
	return p;
}

/* A burst of frames numbered from `first`, of different lengths. */
struct burst {
	struct port_frame frames[PACKET_BURST_MAX];
	uint8_t bytes[PACKET_BURST_MAX][FRAME_BYTES];
};

static void number(struct burst *b, uint32_t first)
{
	for (uint32_t i = 0; i < PACKET_BURST_MAX; i++) {
		uint32_t n = first + i;

		memset(b->bytes[i], (int)(n & 0xff), FRAME_BYTES);
		memcpy(b->bytes[i] + 14, &n, sizeof(n));
		b->frames[i] = (struct port_frame){.data = b->bytes[i], .bytes = 60 + n % 1400};
	}
}

static bool is_numbered(const uint8_t *data, uint32_t bytes, uint32_t n)
{
	uint8_t frame[FRAME_BYTES];

	memset(frame, (int)(n & 0xff), sizeof(frame));
	memcpy(frame + 14, &n, sizeof(n));
	return bytes == 60 + n % 1400 && memcmp(data, frame, bytes) == 0;
}

static void null_takes_everything(void)
{
	const struct port_options o = options("net_null0");
	struct port *p = open_started(&o);
	static struct burst b;
	uint64_t bytes = 0;
	uint32_t sent;

	for (uint32_t turn = 0; turn < 1000; turn++) {
		number(&b, turn * PACKET_BURST_MAX);
		CU_ASSERT_EQUAL(
		        port_send_burst(port_queue(p, 0), b.frames, PACKET_BURST_MAX, &sent),
		        PORT_SEND_DONE);
		CU_ASSERT_EQUAL(sent, PACKET_BURST_MAX);
		for (uint32_t i = 0; i < PACKET_BURST_MAX; i++)
			bytes += b.frames[i].bytes;
	}
	CU_ASSERT_EQUAL(port_send_burst(port_queue(p, 0), b.frames, 0, &sent), PORT_SEND_DONE);
	port_poll(p, 0);
	CU_ASSERT_EQUAL(port_stats(p)->sent, 1000 * PACKET_BURST_MAX);
	CU_ASSERT_EQUAL(port_stats(p)->sent_bytes, bytes);
	CU_ASSERT_EQUAL(port_stats(p)->send_refused, 0);
	CU_ASSERT_EQUAL(port_stats(p)->send_errors, 0);
	port_close(p);
}

/* The ring driver's own device gives back what was sent on it. */
static void a_full_ring_refuses_and_loses_nothing(void)
{
	const struct port_options o = options("net_ring0");
	struct port *p = open_started(&o);
	struct port_queue *q = port_queue(p, 0);
	struct packet packets[PACKET_BURST_MAX];
	static struct burst b;
	uint32_t sent = 0, seen = 0, wrong = 0, refused = 0;

	for (uint32_t round = 0; round < 20; round++) {
		enum port_send verdict = PORT_SEND_DONE;
		uint32_t n;

		while (verdict == PORT_SEND_DONE) {
			number(&b, sent);
			verdict = port_send_burst(q, b.frames, PACKET_BURST_MAX, &n);
			sent += n;
			refused += PACKET_BURST_MAX - n;
		}
		CU_ASSERT_EQUAL(verdict, PORT_SEND_FULL);
		CU_ASSERT_TRUE(sent > seen);
		for (uint32_t turn = 0; turn < 5; turn++) {
			n = port_receive(q, packets, PACKET_BURST_MAX, 0);
			for (uint32_t i = 0; i < n; i++)
				wrong += !is_numbered(packets[i].data, packets[i].bytes, seen++);
		}
	}
	for (uint32_t n; (n = port_receive(q, packets, PACKET_BURST_MAX, 0)) > 0;)
		for (uint32_t i = 0; i < n; i++)
			wrong += !is_numbered(packets[i].data, packets[i].bytes, seen++);
	CU_ASSERT_EQUAL(seen, sent);
	CU_ASSERT_EQUAL(wrong, 0);
	port_poll(p, 0);
	CU_ASSERT_EQUAL(port_stats(p)->sent, sent);
	CU_ASSERT_EQUAL(port_stats(p)->send_refused, refused);
	CU_ASSERT_TRUE(refused > 0);
	port_close(p);
}

static void an_empty_pool_is_a_verdict(void)
{
	const struct port_options o = options("net_null0");
	struct port *p = open_started(&o);
	struct port_queue *q = port_queue(p, 0);
	static struct rte_mbuf *taken[1u << 16];
	static struct burst b;
	uint32_t count = 0, sent;

	number(&b, 0);
	while ((taken[count] = rte_pktmbuf_alloc(q->send_pool)) != NULL)
		count++;
	CU_ASSERT_TRUE(count > 10);
	CU_ASSERT_EQUAL(port_send_burst(q, b.frames, 20, &sent), PORT_SEND_NO_BUFFER);
	CU_ASSERT_EQUAL(sent, 0);
	for (uint32_t i = 0; i < 5; i++)
		rte_pktmbuf_free(taken[--count]);
	CU_ASSERT_EQUAL(port_send_burst(q, b.frames, 20, &sent), PORT_SEND_NO_BUFFER);
	CU_ASSERT_EQUAL(sent, 5);
	while (count > 0)
		rte_pktmbuf_free(taken[--count]);
	CU_ASSERT_EQUAL(port_send_burst(q, b.frames, 20, &sent), PORT_SEND_DONE);
	port_poll(p, 0);
	CU_ASSERT_EQUAL(port_stats(p)->sent, 25);
	CU_ASSERT_EQUAL(port_stats(p)->send_refused, 35);
	port_close(p);
}

static void too_long_is_a_verdict(void)
{
	const struct port_options o = options("net_null0");
	struct port *p = open_started(&o);
	static struct burst b;
	uint32_t sent;

	number(&b, 0);
	b.frames[3].bytes = 1523;
	CU_ASSERT_EQUAL(port_send_burst(port_queue(p, 0), b.frames, 10, &sent), PORT_SEND_TOO_LONG);
	CU_ASSERT_EQUAL(sent, 3);
	CU_ASSERT_EQUAL(port_send_burst(port_queue(p, 0), b.frames + 3, 7, &sent),
	                PORT_SEND_TOO_LONG);
	CU_ASSERT_EQUAL(sent, 0);
	b.frames[3].bytes = 1522;
	CU_ASSERT_EQUAL(port_send_burst(port_queue(p, 0), b.frames + 3, 7, &sent), PORT_SEND_DONE);
	CU_ASSERT_EQUAL(sent, 7);
	port_close(p);
}

static void a_pcap_file_takes_frames_as_they_are(void)
{
	char path[] = "/tmp/genesis-send-XXXXXX";
	char device[PATH_MAX];
	char error[CAPTURE_ERROR_BYTES];
	struct packet packets[PACKET_BURST_MAX];
	struct capture *c;
	static struct burst b;
	uint32_t sent, seen = 0, wrong = 0;

	close(mkstemp(path));
	snprintf(device, sizeof(device), "net_pcap0,tx_pcap=%s", path);
	const struct port_options o = options(device);
	struct port *p = open_started(&o);

	for (uint32_t turn = 0; turn < 20; turn++) {
		number(&b, turn * 50);
		CU_ASSERT_EQUAL(port_send_burst(port_queue(p, 0), b.frames, 50, &sent),
		                PORT_SEND_DONE);
	}
	port_close(p);
	CU_ASSERT_EQUAL_FATAL(capture_open(&c, path, error), 0);
	for (uint32_t n; (n = capture_receive(c, packets, PACKET_BURST_MAX)) > 0;)
		for (uint32_t i = 0; i < n; i++)
			wrong += !is_numbered(packets[i].data, packets[i].bytes, seen++);
	capture_close(c);
	unlink(path);
	CU_ASSERT_EQUAL(seen, 1000);
	CU_ASSERT_EQUAL(wrong, 0);
}

int main(int argc, char **argv)
{
	struct eal_options o = {.main_cpu = -1, .memory_mib = 128};
	char error[EAL_ERROR_BYTES];
	static const struct suite_test tests[] = {
	        {"null takes everything", null_takes_everything},
	        {"a full ring refuses and loses nothing", a_full_ring_refuses_and_loses_nothing},
	        {"an empty pool is a verdict", an_empty_pool_is_a_verdict},
	        {"too long is a verdict", too_long_is_a_verdict},
	        {"a pcap file takes frames as they are", a_pcap_file_takes_frames_as_they_are},
	};

	o.huge_pages = argc > 1 && strcmp(argv[1], "huge") == 0;
	if (eal_start(&o, error) != 0) {
		printf("SKIP: %s\n", error);
		return o.huge_pages ? SKIPPED : 1;
	}
	int result = SUITE_RUN("port_send", tests);

	eal_stop();
	return result;
}
