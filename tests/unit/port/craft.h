/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Craft: capture files made by hand in memory, byte by byte from the formats' descriptions, in
 * either byte order. What the reader under test makes of them is compared with what went in.
 */
#ifndef TESTS_UNIT_PORT_CRAFT_H
#define TESTS_UNIT_PORT_CRAFT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <zlib.h>

#define CRAFT_BYTES_MAX 8192u

struct craft {
	uint8_t data[CRAFT_BYTES_MAX];
	uint32_t bytes;
	bool big_endian;
};

static inline void craft_raw(struct craft *c, const void *data, uint32_t bytes)
{
	assert(bytes <= CRAFT_BYTES_MAX - c->bytes);
	memcpy(c->data + c->bytes, data, bytes);
	c->bytes += bytes;
}

static inline void craft_u16(struct craft *c, uint16_t v)
{
	v = c->big_endian ? __builtin_bswap16(v) : v;
	craft_raw(c, &v, sizeof(v));
}

static inline void craft_u32(struct craft *c, uint32_t v)
{
	v = c->big_endian ? __builtin_bswap32(v) : v;
	craft_raw(c, &v, sizeof(v));
}

/* A frame whose bytes tell which one it is. */
static inline void craft_frame(struct craft *c, uint8_t seed, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t byte = (uint8_t)(seed + i);

		craft_raw(c, &byte, 1);
	}
}

static inline void craft_pcap_header(struct craft *c, uint32_t magic, uint32_t link_type)
{
	craft_u32(c, magic);
	craft_u16(c, 2);
	craft_u16(c, 4);
	craft_u32(c, 0);
	craft_u32(c, 0);
	craft_u32(c, 65535);
	craft_u32(c, link_type);
}

struct craft_time {
	uint32_t whole; /* seconds, or the high half of a pcapng time */
	uint32_t part;  /* us or ns, or the low half */
};

static inline void craft_pcap_record(struct craft *c, struct craft_time t, uint8_t seed,
                                     uint32_t captured, uint32_t original)
{
	craft_u32(c, t.whole);
	craft_u32(c, t.part);
	craft_u32(c, captured);
	craft_u32(c, original);
	craft_frame(c, seed, captured);
}

static inline void craft_pcapng_section(struct craft *c)
{
	craft_u32(c, 0x0a0d0d0a);
	craft_u32(c, 28);
	craft_u32(c, 0x1a2b3c4d);
	craft_u16(c, 1);
	craft_u16(c, 0);
	craft_u32(c, UINT32_MAX); /* section length: not given */
	craft_u32(c, UINT32_MAX);
	craft_u32(c, 28);
}

/* tsresol as the format has it: 6 us, 9 ns, 0x80 | n: 2^-n. -1: leave the option out (then us). */
static inline void craft_pcapng_interface(struct craft *c, uint16_t link_type, int tsresol)
{
	const uint32_t bytes = 20 + (tsresol >= 0 ? 12 : 0);

	craft_u32(c, 1);
	craft_u32(c, bytes);
	craft_u16(c, link_type);
	craft_u16(c, 0);
	craft_u32(c, 65535);
	if (tsresol >= 0) {
		const uint8_t value[4] = {(uint8_t)tsresol};

		craft_u16(c, 9);
		craft_u16(c, 1);
		craft_raw(c, value, 4);
		craft_u32(c, 0); /* end of options */
	}
	craft_u32(c, bytes);
}

static inline void craft_pcapng_packet(struct craft *c, struct craft_time t, uint8_t seed,
                                       uint32_t captured)
{
	const uint32_t padding = (4 - captured % 4) % 4;
	const uint32_t bytes = 32 + captured + padding;

	craft_u32(c, 6);
	craft_u32(c, bytes);
	craft_u32(c, 0);
	craft_u32(c, t.whole);
	craft_u32(c, t.part);
	craft_u32(c, captured);
	craft_u32(c, captured);
	craft_frame(c, seed, captured);
	craft_raw(c, "\0\0\0", padding);
	craft_u32(c, bytes);
}

/* A block {u16 big-endian length, message}. */
static inline void craft_block(struct craft *c, uint8_t seed, uint16_t bytes)
{
	const uint8_t length[2] = {(uint8_t)(bytes >> 8), (uint8_t)bytes};

	craft_raw(c, length, 2);
	craft_frame(c, seed, bytes);
}

/* Appends data as one gzip member. */
static inline void craft_gzip(struct craft *c, const void *data, uint32_t bytes)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)data,
	              .avail_in = bytes,
	              .next_out = c->data + c->bytes,
	              .avail_out = CRAFT_BYTES_MAX - c->bytes};

	int result = deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);

	assert(result == Z_OK);
	result = deflate(&z, Z_FINISH);
	assert(result == Z_STREAM_END);
	c->bytes = CRAFT_BYTES_MAX - z.avail_out;
	deflateEnd(&z);
}

#endif
