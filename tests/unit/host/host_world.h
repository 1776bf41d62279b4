/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A host, what is said to it and what it says, on a virtual clock. What it said is taken apart by
 * hand, not by the codecs it was made with.
 */
#ifndef TESTS_UNIT_HOST_HOST_WORLD_H
#define TESTS_UNIT_HOST_HOST_WORLD_H

#include <string.h>

#include "dataplane/host/host.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ether.h"
#include "dataplane/wire/igmp.h"
#include "dataplane/wire/ipv4.h"
#include "tests/unit/suite.h"

#define MS        1000000ull
#define SECOND    (1000 * MS)
#define MAC       0x020000000003ull
#define PEER_MAC  0x0200000000aaull
#define ADDRESS   0x0a010203u /* 10.1.2.3/24 */
#define PEER      0x0a010201u
#define GROUP     0xef010101u
#define SOURCE    0x0a090901u
#define MTU       1500u
#define SAID_MAX  256u
#define FRAME_MAX (MTU + HOST_HEADER_BYTES)

static struct host host;
static uint64_t now_ns;

/* What the host said, oldest first. */
static struct said {
	uint64_t ns;
	uint32_t bytes;
	uint8_t frame[FRAME_MAX];
} said[SAID_MAX];
static uint32_t said_count;

static inline void forget(void)
{
	said_count = 0;
}

static inline void note(uint32_t bytes)
{
	CU_ASSERT_FATAL(bytes <= FRAME_MAX && bytes >= 60);
	CU_ASSERT_FATAL(said_count + 1 < SAID_MAX);
	said[said_count].ns = now_ns;
	said[said_count++].bytes = bytes;
}

static inline void poll_now(void)
{
	uint32_t bytes;

	while ((bytes = host_poll(&host, now_ns, said[said_count].frame)) != 0)
		note(bytes);
}

/* Lets time pass, a millisecond per poll. */
static inline void pass(uint64_t ns)
{
	for (uint64_t end_ns = now_ns + ns; now_ns < end_ns;) {
		now_ns += MS;
		poll_now();
	}
}

static inline void fresh_with(enum host_igmp igmp, uint16_t vlan, uint64_t seed)
{
	const struct host_options o = {.mac = MAC,
	                               .address = ADDRESS,
	                               .prefix_bits = 24,
	                               .vlan = vlan,
	                               .igmp = igmp,
	                               .mtu = MTU,
	                               .seed = seed};

	forget();
	now_ns = 1000 * SECOND;
	CU_ASSERT_EQUAL_FATAL(host_init(&host, &o), 0);
}

static inline void fresh(enum host_igmp igmp)
{
	fresh_with(igmp, 0, 1);
}

static inline void hear(const uint8_t *frame, uint32_t bytes)
{
	uint32_t answer = host_on_frame(&host, frame, bytes, now_ns, said[said_count].frame);

	if (answer != 0)
		note(answer);
}

/* The fields of a frame that the tests look at, offsets by hand (no VLAN tag). */
static inline const uint8_t *ip_of(uint32_t i)
{
	CU_ASSERT_FATAL(i < said_count);
	CU_ASSERT_EQUAL_FATAL(be16(said[i].frame + 12), 0x0800);
	return said[i].frame + 14;
}

/* The IGMP message of a frame, after a look at everything around it. */
static inline const uint8_t *igmp_of(uint32_t i, uint32_t destination)
{
	const uint8_t *ip = ip_of(i);

	CU_ASSERT_EQUAL(ip[0], 0x46);
	CU_ASSERT_EQUAL(ip[1], 0xc0);
	CU_ASSERT_EQUAL(be16(ip + 6), 0);
	CU_ASSERT_EQUAL(ip[8], 1);
	CU_ASSERT_EQUAL(ip[9], 2);
	CU_ASSERT_EQUAL(be32(ip + 12), ADDRESS);
	CU_ASSERT_EQUAL(be32(ip + 16), destination);
	CU_ASSERT_EQUAL(be32(ip + 20), 0x94040000);
	CU_ASSERT(checksum_is_right(ip, 24));
	CU_ASSERT(checksum_is_right(ip + 24, be16(ip + 2) - 24u));
	CU_ASSERT_EQUAL(be48(said[i].frame), 0x01005e000000ull | (destination & 0x7fffff));
	CU_ASSERT_EQUAL(be48(said[i].frame + 6), MAC);
	return ip + 24;
}

#endif
