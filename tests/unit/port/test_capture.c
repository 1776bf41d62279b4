/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Capture: every kind of file, whole, cut after every byte, damaged, and refused.
 */
#include "dataplane/port/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/port/craft.h"
#include "tests/unit/suite.h"

#define SECOND_NS 1000000000u

struct seen {
	uint32_t packets;
	uint32_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t last_bytes;
	bool content_right; /* craft_frame()'s bytes, seeds 1, 2, 3, ... */
	bool cut;
};

/* Reads all packets, `burst` at a time. Returns capture_open's result. */
static int read_packets(const void *data, uint32_t bytes, uint32_t burst, struct seen *s)
{
	char error[CAPTURE_ERROR_BYTES];
	struct capture *c;
	struct packet p[PACKET_BURST_MAX];
	int result = capture_open_memory(&c, data, bytes, error);

	*s = (struct seen){.content_right = true};
	if (result != 0)
		return result;
	CU_ASSERT_EQUAL_FATAL(capture_kind(c), CAPTURE_PACKETS);
	for (uint32_t n; (n = capture_receive(c, p, burst)) > 0;) {
		for (uint32_t i = 0; i < n; i++) {
			s->first_ns = s->packets == 0 ? p[i].time_ns : s->first_ns;
			s->last_ns = p[i].time_ns;
			s->last_bytes = p[i].bytes;
			s->packets++;
			s->bytes += p[i].bytes;
			for (uint32_t b = 0; b < p[i].bytes; b++)
				s->content_right &= p[i].data[b] == (uint8_t)(s->packets + b);
			CU_ASSERT_EQUAL(p[i].time_source, TIME_CAPTURE);
		}
	}
	CU_ASSERT_EQUAL(capture_receive(c, p, burst), 0);
	s->cut = capture_cut(c);
	capture_close(c);
	return 0;
}

static void craft_pcap(struct craft *c, uint32_t magic)
{
	craft_pcap_header(c, magic, 1);
	craft_pcap_record(c, (struct craft_time){1500000000, 123456}, 1, 60, 60);
	craft_pcap_record(c, (struct craft_time){1500000001, 0}, 2, 42, 1514);
	craft_pcap_record(c, (struct craft_time){1500000002, 999999}, 3, 101, 101);
}

static void check_three(const struct seen *s)
{
	CU_ASSERT_EQUAL(s->packets, 3);
	CU_ASSERT_EQUAL(s->bytes, 60 + 42 + 101);
	CU_ASSERT_EQUAL(s->last_bytes, 101);
	CU_ASSERT_TRUE(s->content_right);
	CU_ASSERT_FALSE(s->cut);
}

static void pcap_us_and_ns_in_both_byte_orders(void)
{
	static const struct {
		uint32_t magic;
		uint64_t unit_ns;
	} kinds[] = {{0xa1b2c3d4, 1000}, {0xa1b23c4d, 1}};

	for (uint32_t i = 0; i < 4; i++) {
		struct craft c = {.big_endian = i % 2};
		struct seen s;

		craft_pcap(&c, kinds[i / 2].magic);
		for (uint32_t burst = 1; burst <= 4; burst++) {
			CU_ASSERT_EQUAL_FATAL(read_packets(c.data, c.bytes, burst, &s), 0);
			check_three(&s);
			CU_ASSERT_EQUAL(s.first_ns,
			                1500000000ull * SECOND_NS + 123456 * kinds[i / 2].unit_ns);
			CU_ASSERT_EQUAL(s.last_ns,
			                1500000002ull * SECOND_NS + 999999 * kinds[i / 2].unit_ns);
		}
	}
}

/* The patched format has records with 8 bytes more: interface, protocol, packet type, padding. */
static void pcap_modified_magic(void)
{
	struct craft c = {0};
	struct seen s;

	craft_pcap_header(&c, 0xa1b2cd34, 1);
	craft_u32(&c, 7);
	craft_u32(&c, 5);
	craft_u32(&c, 60);
	craft_u32(&c, 60);
	craft_u32(&c, 1);
	craft_u32(&c, 2);
	craft_frame(&c, 1, 60);
	CU_ASSERT_EQUAL_FATAL(read_packets(c.data, c.bytes, 8, &s), 0);
	CU_ASSERT_EQUAL(s.packets, 1);
	CU_ASSERT_TRUE(s.content_right);
	CU_ASSERT_EQUAL(s.first_ns, 7ull * SECOND_NS + 5000);
	CU_ASSERT_FALSE(s.cut);
}

static void craft_pcapng(struct craft *c, int tsresol, uint64_t first, uint64_t last)
{
	craft_pcapng_section(c);
	craft_pcapng_interface(c, 1, tsresol);
	craft_pcapng_packet(c, (struct craft_time){(uint32_t)(first >> 32), (uint32_t)first}, 1,
	                    60);
	craft_pcapng_packet(c, (struct craft_time){(uint32_t)(first >> 32), (uint32_t)first}, 2,
	                    42);
	craft_pcapng_packet(c, (struct craft_time){(uint32_t)(last >> 32), (uint32_t)last}, 3, 101);
}

static void pcapng_in_every_resolution_and_both_byte_orders(void)
{
	static const struct {
		int tsresol;
		uint64_t units_per_s;
	} kinds[] = {{-1, 1000000}, {6, 1000000}, {9, SECOND_NS}, {0x80 | 20, 1u << 20}, {3, 1000}};

	for (uint32_t i = 0; i < 10; i++) {
		struct craft c = {.big_endian = i % 2};
		struct seen s;
		uint64_t units = kinds[i / 2].units_per_s;

		/* 1500000000.25 s and .5 s later */
		craft_pcapng(&c, kinds[i / 2].tsresol, 1500000000 * units + units / 4,
		             1500000000 * units + units / 4 + units / 2);
		CU_ASSERT_EQUAL_FATAL(read_packets(c.data, c.bytes, 2, &s), 0);
		check_three(&s);
		CU_ASSERT_EQUAL(s.first_ns, 1500000000250000000ull);
		CU_ASSERT_EQUAL(s.last_ns, 1500000000750000000ull);
	}
}

static void pcapng_nanoseconds_are_exact(void)
{
	struct craft c = {0};
	struct seen s;

	craft_pcapng(&c, 9, 1692662400123456789ull, 1692662400999999999ull);
	CU_ASSERT_EQUAL_FATAL(read_packets(c.data, c.bytes, 64, &s), 0);
	CU_ASSERT_EQUAL(s.first_ns, 1692662400123456789ull);
	CU_ASSERT_EQUAL(s.last_ns, 1692662400999999999ull);
}

/* Whole records before byte n of a crafted file: known from the layout. */
static void check_every_prefix(const struct craft *c, const uint32_t *ends, uint32_t header_bytes)
{
	for (uint32_t n = 4; n <= c->bytes; n++) {
		uint8_t *exact = malloc(n); /* exact, so that a sanitizer sees an overrun */
		struct seen s;
		uint32_t whole = 0;

		CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
		memcpy(exact, c->data, n);
		while (whole < 3 && ends[whole] <= n)
			whole++;
		CU_ASSERT_EQUAL(read_packets(exact, n, 64, &s), 0);
		CU_ASSERT_EQUAL(s.packets, whole);
		CU_ASSERT_TRUE(s.content_right);
		bool clean = n == header_bytes || (whole > 0 && n == ends[whole - 1]);

		CU_ASSERT_EQUAL(s.cut, !clean);
		free(exact);
	}
}

static void pcap_cut_after_every_byte(void)
{
	struct craft c = {0};
	const uint32_t ends[3] = {24 + 76, 24 + 76 + 58, 24 + 76 + 58 + 117};

	craft_pcap(&c, 0xa1b2c3d4);
	CU_ASSERT_EQUAL_FATAL(c.bytes, ends[2]);
	check_every_prefix(&c, ends, 24);
}

static void pcapng_cut_after_every_byte(void)
{
	struct craft c = {0};
	const uint32_t ends[3] = {60 + 92, 60 + 92 + 76, 60 + 92 + 76 + 136};

	craft_pcapng(&c, 9, 1, 2);
	CU_ASSERT_EQUAL_FATAL(c.bytes, ends[2]);
	check_every_prefix(&c, ends, 60);
}

static void a_record_length_beyond_reason_ends_the_file(void)
{
	struct craft c = {0};
	struct seen s;

	craft_pcap(&c, 0xa1b2c3d4);
	craft_u32(&c, 1);
	craft_u32(&c, 1);
	craft_u32(&c, 0x7fffffff);
	craft_u32(&c, 0x7fffffff);
	CU_ASSERT_EQUAL_FATAL(read_packets(c.data, c.bytes, 64, &s), 0);
	CU_ASSERT_EQUAL(s.packets, 3);
	CU_ASSERT_TRUE(s.cut);
}

static void other_link_types_are_refused_by_name(void)
{
	struct craft c = {0};
	struct capture *capture;
	char error[CAPTURE_ERROR_BYTES];

	craft_pcap_header(&c, 0xa1b2c3d4, 113);
	CU_ASSERT_EQUAL(capture_open_memory(&capture, c.data, c.bytes, error), -EPROTONOSUPPORT);
	CU_ASSERT_PTR_NULL(capture);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "LINUX_SLL"));

	c.bytes = 0;
	craft_pcapng_section(&c);
	craft_pcapng_interface(&c, 101, 9);
	CU_ASSERT_EQUAL(capture_open_memory(&capture, c.data, c.bytes, error), -EPROTONOSUPPORT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "RAW"));
}

static void an_unknown_version_is_refused(void)
{
	struct craft c = {0};
	struct capture *capture;
	char error[CAPTURE_ERROR_BYTES];

	craft_pcap_header(&c, 0xa1b2c3d4, 1);
	c.data[4] = 9; /* major version */
	CU_ASSERT_EQUAL(capture_open_memory(&capture, c.data, c.bytes, error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "version"));
}

static void gzipped_is_the_same(void)
{
	struct craft plain = {0};
	struct craft packed = {0};
	struct seen s;

	craft_pcap(&plain, 0xa1b23c4d);
	craft_gzip(&packed, plain.data, plain.bytes);
	CU_ASSERT_EQUAL_FATAL(read_packets(packed.data, packed.bytes, 64, &s), 0);
	check_three(&s);
	/* Two members, cut in the middle of a record, are one file. */
	packed.bytes = 0;
	craft_gzip(&packed, plain.data, 150);
	craft_gzip(&packed, plain.data + 150, plain.bytes - 150);
	CU_ASSERT_EQUAL_FATAL(read_packets(packed.data, packed.bytes, 64, &s), 0);
	check_three(&s);
}

static void gzipped_cut_after_every_byte(void)
{
	struct craft plain = {0};
	struct craft packed = {0};
	uint32_t last_packets = 0;

	craft_pcap(&plain, 0xa1b2c3d4);
	craft_gzip(&packed, plain.data, plain.bytes);
	for (uint32_t n = 2; n < packed.bytes; n++) {
		struct capture *c;
		char error[CAPTURE_ERROR_BYTES];
		struct packet p[PACKET_BURST_MAX];
		const uint8_t *blocks;
		uint32_t bytes;
		uint32_t packets = 0;

		CU_ASSERT_EQUAL_FATAL(capture_open_memory(&c, packed.data, n, error), 0);
		if (capture_kind(c) == CAPTURE_PACKETS)
			packets = capture_receive(c, p, PACKET_BURST_MAX);
		else /* not even the magic number came out */
			CU_ASSERT_EQUAL(capture_blocks(c, &blocks, &bytes), 0);
		if (capture_kind(c) == CAPTURE_PACKETS)
			CU_ASSERT_EQUAL(capture_receive(c, p, PACKET_BURST_MAX), 0);
		CU_ASSERT_TRUE(capture_cut(c));
		CU_ASSERT_TRUE(packets >= last_packets);
		last_packets = packets;
		capture_close(c);
	}
	/* Everything had come out before the trailer, the damage is told all the same. */
	CU_ASSERT_EQUAL(last_packets, 3);
}

static void gzip_damage_is_told(void)
{
	struct craft plain = {0};
	struct craft packed = {0};
	struct seen s;

	craft_pcap(&plain, 0xa1b2c3d4);
	craft_gzip(&packed, plain.data, plain.bytes);
	packed.data[packed.bytes - 6] ^= 1; /* in the checksum */
	CU_ASSERT_EQUAL_FATAL(read_packets(packed.data, packed.bytes, 64, &s), 0);
	CU_ASSERT_EQUAL(s.packets, 3);
	CU_ASSERT_TRUE(s.cut);
}

struct messages {
	uint32_t count;
	uint64_t bytes;
	uint32_t calls;
	uint32_t last_bytes;
	bool cut;
};

static void read_messages(struct capture *c, struct messages *m)
{
	const uint8_t *blocks;
	uint32_t bytes;

	*m = (struct messages){0};
	CU_ASSERT_EQUAL_FATAL(capture_kind(c), CAPTURE_MESSAGES);
	for (uint32_t n; (n = capture_blocks(c, &blocks, &bytes)) > 0;) {
		uint32_t offset = 0;
		uint32_t walked = 0;

		CU_ASSERT_TRUE(bytes <= 65535);
		CU_ASSERT_TRUE(n <= 65534);
		while (offset < bytes) {
			m->last_bytes = (uint32_t)(blocks[offset] << 8 | blocks[offset + 1]);
			offset += 2 + m->last_bytes;
			walked++;
		}
		CU_ASSERT_EQUAL(offset, bytes);
		CU_ASSERT_EQUAL(walked, n);
		m->count += n;
		m->bytes += bytes;
		m->calls++;
	}
	CU_ASSERT_EQUAL(capture_blocks(c, &blocks, &bytes), 0);
	m->cut = capture_cut(c);
	capture_close(c);
}

static void read_messages_memory(const void *data, uint64_t bytes, struct messages *m)
{
	char error[CAPTURE_ERROR_BYTES];
	struct capture *c;

	CU_ASSERT_EQUAL_FATAL(capture_open_memory(&c, data, bytes, error), 0);
	read_messages(c, m);
}

static void anything_else_is_messages(void)
{
	struct craft c = {0};
	struct craft packed = {0};
	struct messages m;

	craft_block(&c, 'S', 12);
	craft_block(&c, 0, 0);
	craft_block(&c, 'A', 36);
	craft_gzip(&packed, c.data, c.bytes);
	read_messages_memory(c.data, c.bytes, &m);
	CU_ASSERT_EQUAL(m.count, 3);
	CU_ASSERT_EQUAL(m.last_bytes, 36);
	CU_ASSERT_FALSE(m.cut);
	read_messages_memory(packed.data, packed.bytes, &m);
	CU_ASSERT_EQUAL(m.count, 3);
	CU_ASSERT_FALSE(m.cut);
	read_messages_memory("", 0, &m);
	CU_ASSERT_EQUAL(m.count, 0);
	CU_ASSERT_FALSE(m.cut);
}

static void messages_cut_after_every_byte(void)
{
	struct craft c = {0};

	craft_block(&c, 'S', 12);
	craft_block(&c, 0, 0);
	craft_block(&c, 'A', 36);
	for (uint32_t n = 0; n <= c.bytes; n++) {
		struct messages m;
		uint32_t whole = n >= 54 ? 3 : n >= 16 ? 2 : n >= 14 ? 1 : 0;

		read_messages_memory(c.data, n, &m);
		CU_ASSERT_EQUAL(m.count, whole);
		CU_ASSERT_EQUAL(m.cut, n != 0 && n != 14 && n != 16 && n != 54);
	}
}

/* Sizes around the bound of one call; the two longest messages are shortened, not lost. */
static void long_messages_stay_one_message(void)
{
	const uint32_t sizes[] = {65532, 65533, 65534, 65535};

	for (uint32_t i = 0; i < 4; i++) {
		struct messages m;
		uint32_t bytes = 2 * (2 + sizes[i]) + 3;
		uint8_t *file = calloc(1, bytes);

		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		for (uint32_t k = 0; k < 2; k++) {
			file[k * (2 + sizes[i])] = (uint8_t)(sizes[i] >> 8);
			file[k * (2 + sizes[i]) + 1] = (uint8_t)sizes[i];
		}
		file[bytes - 2] = 1; /* the last block: one byte */
		read_messages_memory(file, bytes, &m);
		CU_ASSERT_EQUAL(m.count, 3);
		CU_ASSERT_EQUAL(m.last_bytes, 1);
		CU_ASSERT_EQUAL(m.bytes, 2 * (2 + (sizes[i] < 65533 ? sizes[i] : 65533)) + 3);
		CU_ASSERT_FALSE(m.cut);
		free(file);
	}
}

static void many_messages_stream_through(void)
{
	char path[] = "/tmp/genesis-capture-XXXXXX";
	int fd = mkstemp(path);
	struct capture *c;
	struct messages m;
	char error[CAPTURE_ERROR_BYTES];

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	FILE *f = fdopen(fd, "wb");
	uint64_t bytes = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (uint32_t i = 0; i < 100000; i++) {
		uint8_t block[64] = {0, (uint8_t)(i % 51)};

		fwrite(block, 1, 2 + i % 51, f);
		bytes += 2 + i % 51;
	}
	fputc(0, f); /* half a length */
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(capture_open(&c, path, error), 0);
	read_messages(c, &m);
	CU_ASSERT_EQUAL(m.count, 100000);
	CU_ASSERT_EQUAL(m.bytes, bytes);
	CU_ASSERT_TRUE(m.cut);
	unlink(path);
}

static void what_cannot_be_read_is_named(void)
{
	struct capture *c;
	char error[CAPTURE_ERROR_BYTES];

	CU_ASSERT_EQUAL(capture_open(&c, "/nonexistent/x.pcap", error), -ENOENT);
	CU_ASSERT_STRING_EQUAL(error, "/nonexistent/x.pcap: No such file or directory");
	CU_ASSERT_EQUAL(capture_open(&c, "/tmp", error), -EISDIR);
	CU_ASSERT_STRING_EQUAL(error, "/tmp: Is a directory");
	CU_ASSERT_PTR_NULL(c);
	capture_close(NULL);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"pcap us and ns in both byte orders", pcap_us_and_ns_in_both_byte_orders},
	        {"pcap modified magic", pcap_modified_magic},
	        {"pcapng in every resolution and both byte orders",
	         pcapng_in_every_resolution_and_both_byte_orders},
	        {"pcapng nanoseconds are exact", pcapng_nanoseconds_are_exact},
	        {"pcap cut after every byte", pcap_cut_after_every_byte},
	        {"pcapng cut after every byte", pcapng_cut_after_every_byte},
	        {"a record length beyond reason ends the file",
	         a_record_length_beyond_reason_ends_the_file},
	        {"other link types are refused by name", other_link_types_are_refused_by_name},
	        {"an unknown version is refused", an_unknown_version_is_refused},
	        {"gzipped is the same", gzipped_is_the_same},
	        {"gzipped cut after every byte", gzipped_cut_after_every_byte},
	        {"gzip damage is told", gzip_damage_is_told},
	        {"anything else is messages", anything_else_is_messages},
	        {"messages cut after every byte", messages_cut_after_every_byte},
	        {"long messages stay one message", long_messages_stay_one_message},
	        {"many messages stream through", many_messages_stream_through},
	        {"what cannot be read is named", what_cannot_be_read_is_named},
	};

	return SUITE_RUN("capture", tests);
}
