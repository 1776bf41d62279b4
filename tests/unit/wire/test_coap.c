/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/coap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static struct coap_message m;
static struct prng dice;

static uint32_t below(uint32_t bound)
{
	return (uint32_t)prng_below(&dice, bound);
}

/* Parses from a heap block of exactly that size, so that a sanitizer sees a byte too many. */
static enum coap_verdict parse(const uint8_t *p, uint32_t bytes)
{
	static uint8_t *exact; /* the message points into it until the next parse */

	free(exact);
	exact = malloc(bytes + 1);
	memcpy(exact + 1, p, bytes);
	memset(&m, 0xee, sizeof(m));
	return coap_parse(exact + 1, bytes, &m);
}

static bool path_is(const char *path)
{
	char out[64];
	uint32_t bytes = coap_path(&m, out, sizeof(out));

	return bytes == strlen(path) && memcmp(out, path, bytes) == 0;
}

/* The exchanges of the RFC's appendix A, in bytes. */
static void test_get_and_piggybacked_reply(void)
{
	CU_ASSERT_EQUAL(parse(BYTES("\x40\x01\x7d\x34\xbbtemperature")), COAP_OK);
	CU_ASSERT_EQUAL(m.type, COAP_CON);
	CU_ASSERT_EQUAL(m.code, COAP_GET);
	CU_ASSERT_EQUAL(m.id, 0x7d34);
	CU_ASSERT_EQUAL(m.token_bytes, 0);
	CU_ASSERT_EQUAL(m.payload_bytes, 0);
	CU_ASSERT_PTR_NULL(m.payload);
	CU_ASSERT_EQUAL(m.content_format, COAP_FORMAT_NONE);
	CU_ASSERT_TRUE(path_is("temperature"));

	CU_ASSERT_EQUAL(parse(BYTES("\x60\x45\x7d\x34\xff"
	                            "22.3 C")),
	                COAP_OK);
	CU_ASSERT_EQUAL(m.type, COAP_ACK);
	CU_ASSERT_EQUAL(m.code, COAP_CONTENT);
	CU_ASSERT_EQUAL(m.payload_bytes, 6);
	CU_ASSERT_EQUAL(memcmp(m.payload, "22.3 C", 6), 0);

	CU_ASSERT_EQUAL(parse(BYTES("\x41\x01\x7d\x35\x20\xbbtemperature")), COAP_OK);
	CU_ASSERT_EQUAL(m.token_bytes, 1);
	CU_ASSERT_EQUAL(m.token[0], 0x20);
}

static void test_empty_messages(void)
{
	uint8_t out[4];

	CU_ASSERT_EQUAL(coap_build_empty(out, COAP_ACK, 0x7d38), 4);
	CU_ASSERT_EQUAL(memcmp(out, "\x60\x00\x7d\x38", 4), 0);
	CU_ASSERT_EQUAL(parse(out, 4), COAP_OK);
	CU_ASSERT_EQUAL(m.code, COAP_EMPTY);
	CU_ASSERT_EQUAL(coap_build_empty(out, COAP_RST, 0xad7b), 4);
	CU_ASSERT_EQUAL(memcmp(out, "\x70\x00\xad\x7b", 4), 0);
	CU_ASSERT_EQUAL(parse(out, 4), COAP_OK);
	CU_ASSERT_EQUAL(m.type, COAP_RST);
	CU_ASSERT_EQUAL(parse(BYTES("\x40\x00\x12\x34")), COAP_OK); /* a ping */
	/* Nothing may follow, not even a token; and an empty NON means nothing. */
	CU_ASSERT_EQUAL(parse(BYTES("\x40\x00\x12\x34\x00")), COAP_MALFORMED);
	CU_ASSERT_EQUAL(parse(BYTES("\x41\x00\x12\x34\x00")), COAP_MALFORMED);
	CU_ASSERT_EQUAL(parse(BYTES("\x60\x00\x12\x34\xff\x01")), COAP_MALFORMED);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x00\x12\x34")), COAP_MALFORMED);
}

static void test_versions_and_short_headers(void)
{
	for (uint32_t version = 0; version < 4; version++) {
		uint8_t p[4] = {(uint8_t)(version << 6), COAP_GET, 0, 1};
		enum coap_type type;
		uint16_t id;

		CU_ASSERT_EQUAL(parse(p, 4), version == 1 ? COAP_OK : COAP_OTHER_VERSION);
		CU_ASSERT_EQUAL(parse(p, 1), version == 1 ? COAP_MALFORMED : COAP_OTHER_VERSION);
		CU_ASSERT_EQUAL(coap_peek(p, 4, &type, &id), version == 1);
		CU_ASSERT_FALSE(coap_peek(p, 3, &type, &id));
	}
	CU_ASSERT_EQUAL(parse(BYTES("")), COAP_MALFORMED);
}

static void test_token_lengths(void)
{
	uint8_t p[4 + 15] = {0x40, COAP_GET, 0, 1};

	for (uint32_t bytes = 0; bytes <= 15; bytes++) {
		p[0] = (uint8_t)(0x40 | bytes);
		CU_ASSERT_EQUAL(parse(p, 4 + bytes), bytes <= 8 ? COAP_OK : COAP_MALFORMED);
		if (bytes > 0)
			CU_ASSERT_EQUAL(parse(p, 3 + bytes), COAP_MALFORMED);
	}
}

/* All codes in all types: reserved classes never, requests not in ACK, nothing in RST. */
static void test_codes_and_types(void)
{
	for (uint32_t type = 0; type < 4; type++) {
		for (uint32_t code = 1; code < 256; code++) {
			uint8_t p[4] = {(uint8_t)(0x40 | type << 4), (uint8_t)code, 0, 1};
			uint32_t class = code >> 5;
			bool request = class == 0 && type <= COAP_NON;
			bool response =
			        (class == 2 || class == 4 || class == 5) && type != COAP_RST;

			CU_ASSERT_EQUAL(parse(p, 4),
			                request || response ? COAP_OK : COAP_MALFORMED);
		}
	}
}

static void test_payload_marker(void)
{
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xff")), COAP_MALFORMED);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xff\xff")), COAP_OK);
	CU_ASSERT_EQUAL(m.payload_bytes, 1);
	/* After options; a 0xff inside an option is no marker. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xc1\xff\xff\x01\x02")), COAP_OK);
	CU_ASSERT_EQUAL(m.content_format, 255);
	CU_ASSERT_EQUAL(m.payload_bytes, 2);
}

/* Nibbles 13 and 14 take one and two bytes more, 15 is reserved but for the marker. */
static void test_extended_options(void)
{
	static const uint32_t numbers[] = {1, 12, 13, 14, 268, 269, 270, 65535};
	static const uint32_t lengths[] = {0, 1, 12, 13, 14, 268, 269, 1000};
	static uint8_t value[1000];
	static uint8_t out[2000];
	struct coap_writer w;
	struct coap_option o;
	uint32_t bytes;

	memset(value, 'v', sizeof(value));
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t number = numbers[i / 8];
		uint32_t length = lengths[i % 8];
		uint32_t head =
		        1u + (number >= 13) + (number >= 269) + (length >= 13) + (length >= 269);
		struct coap_walk walk = {0};

		coap_write(&w, out, sizeof(out),
		           &(struct coap_header){.type = COAP_NON, .code = COAP_GET});
		coap_write_option(&w, number, value, length);
		coap_write_payload(&w, value, 1);
		CU_ASSERT_EQUAL(coap_write_end(&w, &bytes), COAP_WRITTEN);
		CU_ASSERT_EQUAL(bytes, 4 + head + length + 2);
		CU_ASSERT_NOT_EQUAL(parse(out, bytes), COAP_MALFORMED);
		CU_ASSERT_TRUE(coap_option_next(&m, &walk, &o));
		CU_ASSERT_EQUAL(o.number, number);
		CU_ASSERT_EQUAL(o.bytes, length);
		CU_ASSERT_EQUAL(memcmp(o.value, value, length), 0);
		CU_ASSERT_FALSE(coap_option_next(&m, &walk, &o));
		for (uint32_t cut = 5; cut < bytes; cut++)
			CU_ASSERT_EQUAL(parse(out, cut) == COAP_MALFORMED, cut != bytes - 2);
	}
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xf0\x00\x00")), COAP_MALFORMED);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\x0f\x00\x00")), COAP_MALFORMED);
	/* Numbers end at 65535: 269 + 65266 and one more. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xe0\xfe\xf2")), COAP_CRITICAL);
	CU_ASSERT_EQUAL(m.critical, 65535);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xe0\xfe\xf3")), COAP_MALFORMED);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xe0\xfe\xf2\x10")), COAP_MALFORMED);
}

static void test_too_many_options(void)
{
	uint8_t p[4 + COAP_OPTIONS_MAX + 1] = {0x50, COAP_GET, 0, 1, 0xb0};

	CU_ASSERT_EQUAL(parse(p, 4 + COAP_OPTIONS_MAX), COAP_OK);
	CU_ASSERT_EQUAL(parse(p, 4 + COAP_OPTIONS_MAX + 1), COAP_MALFORMED);
}

static void test_critical_and_elective_options(void)
{
	/* Unknown: 9 (critical), 10 (elective). */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\x91x")), COAP_CRITICAL);
	CU_ASSERT_EQUAL(m.critical, 9);
	CU_ASSERT_EQUAL(m.id, 1);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xa1x\xffy")), COAP_OK);
	CU_ASSERT_EQUAL(m.payload_bytes, 1);
	/* The first one is told. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\x90\xd0\x00")), COAP_CRITICAL);
	CU_ASSERT_EQUAL(m.critical, 9);
	/* Uri-Path is a request's. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xb1x")), COAP_CRITICAL);
	CU_ASSERT_EQUAL(m.critical, COAP_URI_PATH);
	/* If-Match is not supported. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x03\x00\x01\x10")), COAP_CRITICAL);
	/* Of a wrong length: Accept (17) with three bytes; Content-Format (12), as if absent. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\xd2\x04\x00\x32")), COAP_OK);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\xd3\x04\x00\x00\x32")), COAP_CRITICAL);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xc3\x00\x00\x32")), COAP_OK);
	CU_ASSERT_EQUAL(m.content_format, COAP_FORMAT_NONE);
	/* Twice: Uri-Host (3) is critical, Content-Format counts once, Uri-Path may. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\x31h\x01h")), COAP_CRITICAL);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xc1\x32\x01\x2a")), COAP_OK);
	CU_ASSERT_EQUAL(m.content_format, 50);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\xb1"
	                            "a\x01"
	                            "b")),
	                COAP_OK);
	CU_ASSERT_TRUE(path_is("a/b"));
}

static void test_content_format(void)
{
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xc0")), COAP_OK);
	CU_ASSERT_EQUAL(m.content_format, COAP_TEXT);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xc1\x2a")), COAP_OK);
	CU_ASSERT_EQUAL(m.content_format, COAP_OCTETS);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xc2\x01\x02")), COAP_OK);
	CU_ASSERT_EQUAL(m.content_format, 258);
}

static void test_blocks(void)
{
	/* Block2 (23) of number 1, more, 64 bytes (szx 2): 0x1a. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xd1\x0a\x1a\xff.")), COAP_OK);
	CU_ASSERT_EQUAL(m.block2.number, 1);
	CU_ASSERT_EQUAL(m.block2.bytes, 64);
	CU_ASSERT_TRUE(m.block2.more);
	CU_ASSERT_EQUAL(m.block1.bytes, 0);
	/* An empty value: number 0, no more, 16 bytes. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xd0\x0a")), COAP_OK);
	CU_ASSERT_EQUAL(m.block2.bytes, 16);
	CU_ASSERT_FALSE(m.block2.more);
	/* Block1 (27), three bytes. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x03\x00\x01\xd3\x0e\xff\xff\xf6")), COAP_OK);
	CU_ASSERT_EQUAL(m.block1.number, 0xfffff);
	CU_ASSERT_EQUAL(m.block1.bytes, 1024);
	/* Size exponent 7 is reserved; four bytes are too many. */
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xd1\x0a\x07")), COAP_CRITICAL);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x45\x00\x01\xd4\x0a\x01\x01\x01\x01")), COAP_CRITICAL);
}

/* Writes a GET for a path. */
static enum coap_writing write_path(const char *path, uint8_t *out, uint32_t *bytes)
{
	struct coap_writer w;

	coap_write(&w, out, 1024, &(struct coap_header){.type = COAP_NON, .code = COAP_GET});
	coap_write_path(&w, (const uint8_t *)path, (uint32_t)strlen(path));
	return coap_write_end(&w, bytes);
}

static void test_paths(void)
{
	static const char *const good[] = {"",
	                                   "a",
	                                   "a/b/c",
	                                   "prices/last",
	                                   "a%2Fb/%",
	                                   "a?b=c",
	                                   "...",
	                                   ".x",
	                                   "..y",
	                                   "with blank",
	                                   "\xc3\xbc/\x01\x7f",
	                                   "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"};
	static const char *const bad[] = {"/",
	                                  "/a",
	                                  "a/",
	                                  "a//b",
	                                  ".",
	                                  "..",
	                                  "a/..",
	                                  "a/./b",
	                                  "../a",
	                                  "//",
	                                  "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"};
	static char segment[COAP_SEGMENT_BYTES_MAX + 2];
	uint8_t out[1024];
	uint32_t bytes;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(write_path(good[i], out, &bytes), COAP_WRITTEN);
		CU_ASSERT_EQUAL(parse(out, bytes), COAP_OK);
		CU_ASSERT_TRUE(path_is(good[i]));
	}
	CU_ASSERT_EQUAL(write_path("a%2Fb/c", out, &bytes), COAP_WRITTEN);
	CU_ASSERT_EQUAL(bytes, 4 + 1 + 5 + 1 + 1);
	CU_ASSERT_EQUAL(memcmp(out + 4,
	                       "\xb5"
	                       "a%2Fb\x01"
	                       "c",
	                       8),
	                0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(write_path(bad[i], out, &bytes), COAP_BAD_PATH);
		CU_ASSERT_EQUAL(bytes, 0);
	}
	memset(segment, 's', COAP_SEGMENT_BYTES_MAX + 1);
	CU_ASSERT_EQUAL(write_path(segment, out, &bytes), COAP_BAD_PATH);
	segment[COAP_SEGMENT_BYTES_MAX] = 0;
	CU_ASSERT_EQUAL(write_path(segment, out, &bytes), COAP_WRITTEN);
	CU_ASSERT_EQUAL(parse(out, bytes), COAP_OK);
}

/* What others may send and our paths cannot say. */
static void test_foreign_paths(void)
{
	char out[8];

	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\xb0")), COAP_OK);
	CU_ASSERT_EQUAL(coap_path(&m, out, 8), UINT32_MAX);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\xb3x/y")), COAP_OK);
	CU_ASSERT_EQUAL(coap_path(&m, out, 8), UINT32_MAX);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\xb2..")), COAP_OK);
	CU_ASSERT_EQUAL(coap_path(&m, out, 8), UINT32_MAX);
	CU_ASSERT_EQUAL(parse(BYTES("\x50\x01\x00\x01\xb3xyz\x04"
	                            "four")),
	                COAP_OK);
	CU_ASSERT_EQUAL(coap_path(&m, out, 8), 8);
	CU_ASSERT_EQUAL(coap_path(&m, out, 7), UINT32_MAX);
	CU_ASSERT_EQUAL(coap_path(&m, out, 0), UINT32_MAX);
}

static void test_numbers(void)
{
	static const struct {
		uint32_t value;
		uint32_t bytes;
	} rows[] = {{0, 0},     {1, 1},        {255, 1},       {256, 2},       {65535, 2},
	            {65536, 3}, {0xffffff, 3}, {0x1000000, 4}, {UINT32_MAX, 4}};
	struct coap_writer w;
	struct coap_option o;
	uint8_t out[16];
	uint32_t bytes;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct coap_walk walk = {0};

		coap_write(&w, out, sizeof(out),
		           &(struct coap_header){.type = COAP_NON, .code = COAP_GET});
		coap_write_option_uint(&w, 10, rows[i].value);
		CU_ASSERT_EQUAL(coap_write_end(&w, &bytes), COAP_WRITTEN);
		CU_ASSERT_EQUAL(bytes, 5 + rows[i].bytes);
		CU_ASSERT_EQUAL(parse(out, bytes), COAP_OK);
		CU_ASSERT_TRUE(coap_option_next(&m, &walk, &o));
		CU_ASSERT_EQUAL(coap_option_number(&o), rows[i].value);
	}
	/* Leading zeros are allowed. */
	o = (struct coap_option){.value = (const uint8_t *)"\0\0\x05", .bytes = 3};
	CU_ASSERT_EQUAL(coap_option_number(&o), 5);
}

static void write_sample(struct coap_writer *w, uint8_t *out, uint32_t capacity)
{
	coap_write(w, out, capacity,
	           &(struct coap_header){.token = (const uint8_t *)"tokenabc",
	                                 .id = 0x1234,
	                                 .type = COAP_NON,
	                                 .code = COAP_PUT,
	                                 .token_bytes = 8});
	coap_write_path(w, BYTES("a/long-segment-of-more-than-12/c"));
	coap_write_option_uint(w, COAP_CONTENT_FORMAT, COAP_OCTETS);
	coap_write_payload(w, BYTES("payload"));
}

/* Bytes after a refusal are not written, nothing beyond capacity ever. */
static void test_every_capacity(void)
{
	static const char sample[] = "\x58\x03\x12\x34tokenabc\xb1"
	                             "a\x0d\x0flong-segment-of-more-than-12\x01"
	                             "c\x11\x2a\xffpayload";
	struct coap_writer w;
	uint32_t bytes;

	for (uint32_t capacity = 0; capacity < sizeof(sample) + 8; capacity++) {
		uint8_t *out = malloc(capacity + 1);

		out[capacity] = 0xaa;
		write_sample(&w, out, capacity);
		enum coap_writing v = coap_write_end(&w, &bytes);

		CU_ASSERT_EQUAL(v, capacity < sizeof(sample) - 1 ? COAP_FULL : COAP_WRITTEN);
		CU_ASSERT_EQUAL(bytes, v == COAP_FULL ? 0 : sizeof(sample) - 1);
		CU_ASSERT_EQUAL(memcmp(out, sample, bytes), 0);
		CU_ASSERT_EQUAL(out[capacity], 0xaa);
		free(out);
	}
}

static void test_lengths_that_cannot_be_said(void)
{
	struct coap_writer w;
	static uint8_t out[100000];
	static uint8_t value[100000];
	uint32_t bytes;

	for (uint32_t length = 269 + 65535; length <= 269 + 65535 + 1; length++) {
		coap_write(&w, out, sizeof(out),
		           &(struct coap_header){.type = COAP_NON, .code = COAP_GET});
		coap_write_option(&w, 10, value, length);
		CU_ASSERT_EQUAL(coap_write_end(&w, &bytes),
		                length == 269 + 65535 ? COAP_WRITTEN : COAP_FULL);
	}
	coap_write(&w, out, 64, &(struct coap_header){.type = COAP_NON, .code = COAP_GET});
	coap_write_payload(&w, value, UINT32_MAX);
	CU_ASSERT_EQUAL(coap_write_end(&w, &bytes), COAP_FULL);
}

static void test_every_truncation(void)
{
	struct coap_writer w;
	uint8_t out[128];
	uint32_t bytes;

	write_sample(&w, out, sizeof(out));
	CU_ASSERT_EQUAL(coap_write_end(&w, &bytes), COAP_WRITTEN);
	CU_ASSERT_EQUAL(parse(out, bytes), COAP_OK);
	CU_ASSERT_TRUE(path_is("a/long-segment-of-more-than-12/c"));
	for (uint32_t cut = 0; cut < bytes; cut++) {
		/* Whole at the ends of token, options and inside the payload. */
		bool whole =
		        cut == 12 || cut == 14 || cut == 44 || cut == 46 || cut == 48 || cut > 49;

		CU_ASSERT_EQUAL(parse(out, cut), whole ? COAP_OK : COAP_MALFORMED);
	}
}

/* Random messages come back as they were written. */
static void test_round_trips(void)
{
	static uint8_t value[300];
	static uint8_t out[8192];

	for (uint64_t seed = 1; seed <= 2000; seed++) {
		struct coap_writer w;
		struct coap_walk walk = {0};
		struct coap_option o;
		uint32_t numbers[COAP_OPTIONS_MAX];
		uint32_t lengths[COAP_OPTIONS_MAX];
		uint32_t number = 0;
		uint32_t bytes;

		prng_init(&dice, seed);
		for (uint32_t i = 0; i < sizeof(value); i++)
			value[i] = (uint8_t)below(256);
		struct coap_header h = {.token = value,
		                        .id = (uint16_t)below(65536),
		                        .type = (uint8_t)(COAP_CON + below(2)),
		                        .code = COAP_CONTENT,
		                        .token_bytes = (uint8_t)below(9)};
		uint32_t count = below(20);
		uint32_t payload = below(sizeof(value));

		coap_write(&w, out, sizeof(out), &h);
		for (uint32_t i = 0; i < count; i++) {
			number += below(below(2) ? 16 : 900);
			numbers[i] = number;
			lengths[i] = below(below(2) ? 16 : 300);
			coap_write_option(&w, number, value, lengths[i]);
		}
		coap_write_payload(&w, value, payload);
		bool good = coap_write_end(&w, &bytes) == COAP_WRITTEN;

		good = good && parse(out, bytes) != COAP_MALFORMED && m.id == h.id &&
		       m.type == h.type && m.code == h.code && m.token_bytes == h.token_bytes &&
		       memcmp(m.token, value, m.token_bytes) == 0 && m.payload_bytes == payload;
		for (uint32_t i = 0; good && i < count; i++)
			good = coap_option_next(&m, &walk, &o) && o.number == numbers[i] &&
			       o.bytes == lengths[i] && memcmp(o.value, value, o.bytes) == 0;
		good = good && !coap_option_next(&m, &walk, &o);
		if (!good)
			printf("seed %llu\n", (unsigned long long)seed);
		CU_ASSERT_TRUE(good);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"get and piggybacked reply", test_get_and_piggybacked_reply},
	        {"empty messages", test_empty_messages},
	        {"versions and short headers", test_versions_and_short_headers},
	        {"token lengths", test_token_lengths},
	        {"codes and types", test_codes_and_types},
	        {"payload marker", test_payload_marker},
	        {"extended options", test_extended_options},
	        {"too many options", test_too_many_options},
	        {"critical and elective options", test_critical_and_elective_options},
	        {"content format", test_content_format},
	        {"blocks", test_blocks},
	        {"paths", test_paths},
	        {"foreign paths", test_foreign_paths},
	        {"numbers", test_numbers},
	        {"every capacity", test_every_capacity},
	        {"lengths that cannot be said", test_lengths_that_cannot_be_said},
	        {"every truncation", test_every_truncation},
	        {"round trips", test_round_trips},
	};

	return SUITE_RUN("wire_coap", tests);
}
