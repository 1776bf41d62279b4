/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The demo's traffic: a made-up day as the packets of two lossy lines, prepared before anything is
 * sent. Lines A and B cut the day into different packets, and each loses its own; no message is
 * lost on both, so the books can be exactly the day's.
 */
#ifndef APP_DEMO_TRAFFIC_H
#define APP_DEMO_TRAFFIC_H

#include <stdint.h>
#include <stdio.h>

struct demo_packet {
	uint64_t due_ns; /* from the start of the show */
	uint64_t offset; /* of the frame in traffic.bytes */
	uint32_t bytes;
	uint32_t line; /* 0: A, 1: B */
};

struct demo_traffic {
	struct demo_packet *packets; /* in order of due_ns; lost ones are not in it */
	uint64_t packet_count;
	uint8_t *bytes;
	uint64_t messages;
	uint64_t lost_packets[2];
	uint64_t lost_messages[2];
	char *books; /* the maker's CSV */
	size_t books_bytes;
};

struct demo_traffic_options {
	uint64_t seed;
	uint64_t messages;
	uint32_t symbols;
	uint32_t loss_ppm;    /* per line and packet */
	uint64_t duration_ns; /* the day is squeezed into this */
};

/* 0 or -errno. */
int demo_traffic_make(struct demo_traffic *t, const struct demo_traffic_options *o);
void demo_traffic_free(struct demo_traffic *t); /* accepts a zeroed struct */

/* UDP destination of both lines, host order. */
#define DEMO_ADDRESS_A 0xefc00001u /* 239.192.0.1 */
#define DEMO_ADDRESS_B 0xefc00002u /* 239.192.0.2 */
#define DEMO_UDP_PORT  26400u

#endif
