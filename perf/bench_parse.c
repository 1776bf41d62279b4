/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parse: what a message costs before it touches a book. Walks over the packets of made-up days: the
 * scan of ITCH, DEEP and TOPS (what the log's writer does at append), and a decode of every field
 * of every ITCH message. Reports nanoseconds of CPU time per message (median over rounds, and the
 * best) and hashes of the results: whoever makes it faster must not change what it says.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/directory.h"
#include "dataplane/wire/itch.h"
#include "perf/frames.h"
#include "perf/measure.h"

#define SYMBOLS 8000u

struct options {
	uint64_t messages;
	uint64_t rounds;
	uint64_t per_packet;
	uint64_t seed;
	bool json;
};

struct stream { /* a day's packets, read */
	struct frames frames;
	struct feed_packet *packets;
	uint64_t count;
};

static void make_stream(struct stream *s, const char *protocol, const struct options *o)
{
	struct frames_options fo = {.protocol = protocol,
	                            .seed = o->seed,
	                            .messages = o->messages,
	                            .symbols = SYMBOLS,
	                            .packet_messages = (uint32_t)o->per_packet};
	char error[FRAMES_ERROR_BYTES];

	if (frames_make(&s->frames, &fo, error) != 0)
		measure_fail("bench_parse: %s", error);
	s->packets = measure_memory(s->frames.count * sizeof(*s->packets));
	s->count = 0;
	for (uint64_t i = 0; i < s->frames.count; i++)
		s->count += frames_packet(&s->frames, i, &s->packets[s->count]);
}

static void free_stream(struct stream *s)
{
	frames_free(&s->frames);
	free(s->packets);
}

static uint64_t walk_scan(const struct stream *s, struct message_scan *scan)
{
	uint64_t h = 0;

	for (uint64_t i = 0; i < s->count; i++) {
		const struct feed_packet *p = &s->packets[i];

		h = measure_hash(h, s->frames.protocol->scan(scan, p->blocks, p->block_bytes,
		                                             p->block_count));
	}
	return h;
}

/* Every field of a message, folded cheaply: the fold costs an add and a rotate per field. */
static inline uint64_t fold(uint64_t h, uint64_t v)
{
	return (h << 5 | h >> 59) + v;
}

static inline uint64_t decode_add(uint64_t h, const uint8_t *m)
{
	h = fold(h, itch_add_reference(m));
	h = fold(h, itch_add_side(m));
	h = fold(h, itch_add_shares(m));
	h = fold(h, itch_add_stock(m));
	return fold(h, itch_add_price(m));
}

static inline uint64_t decode_itch(uint64_t h, const uint8_t *m)
{
	h = fold(h, (uint64_t)itch_locate(m) << 32 | itch_tracking(m));
	h = fold(h, itch_timestamp_ns(m));
	switch (itch_type(m)) {
	case ITCH_ADD:
		return decode_add(h, m);
	case ITCH_ADD_MPID:
		return fold(decode_add(h, m), be32(m + ITCH_AT_ADD_ATTRIBUTION));
	case ITCH_DELETE:
		return fold(h, itch_delete_reference(m));
	case ITCH_REPLACE:
		h = fold(h, itch_replace_reference(m));
		h = fold(h, itch_replace_new_reference(m));
		h = fold(h, itch_replace_shares(m));
		return fold(h, itch_replace_price(m));
	case ITCH_EXECUTED_PRICE:
		h = fold(h, itch_executed_printable(m));
		h = fold(h, itch_executed_price(m));
		__attribute__((fallthrough));
	case ITCH_EXECUTED:
		h = fold(h, itch_executed_reference(m));
		h = fold(h, itch_executed_shares(m));
		return fold(h, itch_executed_match(m));
	case ITCH_CANCEL:
		return fold(fold(h, itch_cancel_reference(m)), itch_cancel_shares(m));
	case ITCH_TRADE:
		h = fold(decode_add(h, m), itch_trade_match(m));
		return h;
	case ITCH_IMBALANCE:
		h = fold(h, be64(m + ITCH_AT_IMBALANCE_PAIRED));
		h = fold(h, be64(m + ITCH_AT_IMBALANCE_SHARES));
		h = fold(h, m[ITCH_AT_IMBALANCE_DIRECTION]);
		h = fold(h, itch_stock(m));
		h = fold(h, be32(m + ITCH_AT_IMBALANCE_FAR));
		h = fold(h, be32(m + ITCH_AT_IMBALANCE_NEAR));
		h = fold(h, be32(m + ITCH_AT_IMBALANCE_REFERENCE));
		return fold(h, be16(m + ITCH_AT_IMBALANCE_CROSS));
	case ITCH_CROSS_TRADE:
		h = fold(h, itch_cross_shares(m));
		h = fold(h, itch_stock(m));
		h = fold(h, itch_cross_price(m));
		h = fold(h, be64(m + ITCH_AT_CROSS_MATCH));
		return fold(h, m[ITCH_AT_CROSS_TYPE]);
	case ITCH_PARTICIPANT_POSITION:
		h = fold(h, be32(m + ITCH_AT_PARTICIPANT_MPID));
		h = fold(h, itch_stock(m));
		return fold(h, (uint64_t)be16(m + ITCH_AT_PARTICIPANT_PRIMARY) << 8 |
		                       m[ITCH_AT_PARTICIPANT_STATE]);
	case ITCH_RETAIL_INTEREST:
		return fold(fold(h, itch_stock(m)), m[ITCH_AT_RETAIL_INTEREST]);
	default: /* the mornings' directory messages: their bytes */
		for (uint32_t i = 11; i + 4 <= itch_length(itch_type(m)); i += 4)
			h = fold(h, be32(m + i));
		return h;
	}
}

static uint64_t walk_decode(const struct stream *s)
{
	uint64_t h = 0;

	for (uint64_t i = 0; i < s->count; i++) {
		const uint8_t *p = s->packets[i].blocks;
		const uint8_t *end = p + s->packets[i].block_bytes;

		while (p < end) {
			uint32_t length = be16(p);
			const uint8_t *m = p + 2;

			p = m + length;
			if (length != 0 && length >= itch_length(itch_type(m)))
				h = decode_itch(h, m);
		}
	}
	return h;
}

/* One warm-up round, then `rounds`; every one must give the same hash. */
static void measure(const char *name, const struct stream *s, struct message_scan *scan,
                    const struct options *o, struct measure_rows *out)
{
	double ns[MEASURE_ROUNDS_MAX];
	uint64_t hash = 0;

	for (uint64_t round = 0; round <= o->rounds; round++) {
		uint64_t start_ns = measure_cpu_ns();
		uint64_t h = scan != NULL ? walk_scan(s, scan) : walk_decode(s);
		uint64_t end_ns = measure_cpu_ns();

		if (round == 0) /* the scan's first look learns; hash what the second one says */
			continue;
		if (round > 1 && h != hash)
			measure_fail("bench_parse: %s: rounds disagree", name);
		hash = h;
		ns[round - 1] = (double)(end_ns - start_ns) / (double)s->frames.messages;
	}
	for (uint32_t i = 0; scan != NULL && i < 256; i++)
		hash = measure_hash(hash, scan->counts.by_type[i] / (o->rounds + 1));
	measure_row(out);
	measure_text(out, "walk", name);
	measure_count(out, "messages", s->frames.messages);
	measure_figure(out, "ns_per_message", measure_median(ns, (uint32_t)o->rounds));
	measure_figure(out, "best_ns_per_message", ns[0]); /* the median sorted them */
	measure_result(out, name, hash);
}

static void measure_scan(const char *name, const struct stream *s, const struct options *o,
                         struct measure_rows *out)
{
	uint64_t bytes = directory_bytes(2 * SYMBOLS);
	struct message_scan *scan = measure_memory(sizeof(*scan));
	struct region region;
	struct directory directory;

	bytes = (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
	if (region_init(&region, measure_memory(bytes), bytes,
	                measure_memory(bytes / REGION_PAGE_BYTES)) != 0 ||
	    directory_init(&directory, &region, 2 * SYMBOLS) != 0)
		measure_fail("bench_parse: no directory");
	message_scan_init(scan, &directory);
	measure(name, s, scan, o, out);
	free(scan);
	free(region.base);
	free(region.page_epoch);
}

int main(int argc, char **argv)
{
	struct options o = {.messages = 2000000, .rounds = 11, .per_packet = 35, .seed = 1};
	const struct measure_option table[] = {
	        {"messages", "of each day", &o.messages, 1, 100000000, NULL},
	        {"per-packet", "messages; 0: as in real captures", &o.per_packet, 0, 64, NULL},
	        {"rounds", "the median counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"seed", "of the days", &o.seed, 0, UINT64_MAX, NULL},
	        {.name = NULL},
	};
	static const char *const days[][2] = {
	        {"itch50", "ITCH scan"}, {"deep10", "DEEP scan"}, {"tops16", "TOPS scan"}};
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_parse [OPTION VALUE]...", table, &o.json);
	measure_begin(&out, "parse", o.json);
	for (uint32_t i = 0; i < 3; i++) {
		struct stream s;

		make_stream(&s, days[i][0], &o);
		measure_scan(days[i][1], &s, &o, &out);
		if (s.frames.protocol == &protocol_itch50)
			measure("ITCH decode", &s, NULL, &o, &out);
		free_stream(&s);
	}
	measure_end(&out);
	return 0;
}
