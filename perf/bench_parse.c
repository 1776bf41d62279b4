/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parse: what a message costs before it touches a book. Three walks over generated records of full
 * packets: the ITCH scan, the DEEP scan (what the log's writer does at append), and a decode of
 * every field of every ITCH message. Reports nanoseconds per message (median over rounds, and the
 * best) and hashes of the results: whoever makes it faster must not change what it says.
 *
 * usage: bench_parse [--json] [--messages N] [--rounds N] [--seed N]
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/feed/directory.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/memory/region.h"
#include "dataplane/wire/deep.h"
#include "dataplane/wire/itch.h"
#include "resilience/prng.h"

#define SYMBOLS          8000u
#define RECORD_BYTES_MAX 1452u /* blocks of a full packet */
#define ROUNDS_MAX       101u

struct options {
	bool json;
	uint64_t messages;
	uint64_t rounds;
	uint64_t seed;
};

struct record_span {
	uint64_t offset;
	uint32_t bytes;
	uint32_t count;
};

struct stream { /* generated blocks, cut into records */
	const struct protocol *protocol;
	uint8_t *blocks;
	struct record_span *records;
	uint64_t bytes;
	uint64_t record_count;
	uint64_t messages;
};

struct share { /* of a type in the mix, parts per thousand */
	uint8_t type;
	uint32_t per_mille;
};

/* After the message counts of full Nasdaq days: adds and deletes are nine tenths. */
static const struct share itch_mix[] = {
        {'A', 428}, {'D', 414}, {'U', 76}, {'E', 25}, {'X', 17}, {'F', 13},
        {'I', 12},  {'P', 8},   {'C', 3},  {'L', 2},  {'Q', 1},  {'N', 1},
};
/* After a full DEEP day: price levels, and what comes of them. */
static const struct share deep_mix[] = {{'8', 460}, {'5', 460}, {'T', 70},
                                        {'H', 4},   {'O', 3},   {'P', 3}};

static void *allocate(uint64_t bytes)
{
	void *p = aligned_alloc(REGION_PAGE_BYTES, (bytes + REGION_PAGE_BYTES - 1) &
	                                                   ~(uint64_t)(REGION_PAGE_BYTES - 1));

	if (p == NULL) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	memset(p, 0, bytes);
	return p;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t symbol_name(uint32_t i)
{
	char name[9];

	snprintf(name, sizeof(name), "%c%c%c%c    ", 'A' + (int)(i % 26), 'A' + (int)(i / 26 % 26),
	         'A' + (int)(i / 676 % 26), 'A' + (int)(i / 17576 % 26));
	uint64_t symbol;

	memcpy(&symbol, name, 8);
	return symbol;
}

/* Few symbols make most of the traffic: the square of a uniform number. */
static uint32_t pick_symbol(struct prng *p)
{
	double u = prng_unit(p);

	return (uint32_t)(u * u * SYMBOLS);
}

static uint8_t pick_type(struct prng *p, const struct share *mix)
{
	uint32_t x = (uint32_t)prng_below(p, 1000);

	for (; x >= mix->per_mille; mix++)
		x -= mix->per_mille;
	return mix->type;
}

static void fill_itch(uint8_t *m, uint8_t type, uint32_t symbol, struct prng *p)
{
	uint64_t name = symbol_name(symbol);
	uint32_t at = itch_stock_offsets[type];

	for (uint32_t i = 11; i < itch_length(type); i++)
		m[i] = (uint8_t)prng_next(p);
	m[0] = type;
	put_be16(m + ITCH_AT_LOCATE, (uint16_t)(symbol + 1));
	put_be48(m + ITCH_AT_TIMESTAMP, prng_below(p, 1ull << 46));
	if (at != 0)
		memcpy(m + at, &name, 8);
}

static void fill_deep(uint8_t *m, uint8_t type, uint32_t symbol, struct prng *p)
{
	uint64_t name = symbol_name(symbol);

	for (uint32_t i = 1; i < deep_length(type); i++)
		m[i] = (uint8_t)prng_next(p);
	m[0] = type;
	memcpy(m + IEX_AT_SYMBOL, &name, 8);
}

static void append(struct stream *s, uint8_t type, uint32_t symbol, struct prng *p)
{
	bool itch = s->protocol == &protocol_itch50;
	uint32_t length = itch ? itch_length(type) : deep_length(type);
	struct record_span *r = &s->records[s->record_count - 1];

	if (r->bytes + 2 + length > RECORD_BYTES_MAX) {
		r = &s->records[s->record_count++];
		r->offset = s->bytes;
	}
	uint8_t *block = s->blocks + s->bytes;

	if (itch) {
		put_be16(block, (uint16_t)length);
		fill_itch(block + 2, type, symbol, p);
	} else {
		put_le16(block, (uint16_t)length);
		fill_deep(block + 2, type, symbol, p);
	}
	r->bytes += 2 + length;
	r->count++;
	s->bytes += 2 + length;
	s->messages++;
}

static struct stream generate(const struct protocol *protocol, const struct options *o)
{
	struct prng p;
	/* Directory messages come first, as they do in the morning. */
	uint64_t messages = o->messages + SYMBOLS;
	struct stream s = {
	        .protocol = protocol,
	        .blocks = allocate(messages * 52),
	        .records = allocate((messages * 52 / (RECORD_BYTES_MAX - 52) + 2) *
	                            sizeof(struct record_span)),
	        .record_count = 1,
	};
	bool itch = protocol == &protocol_itch50;

	prng_init(&p, o->seed);
	for (uint32_t i = 0; i < SYMBOLS; i++)
		append(&s, itch ? 'R' : 'D', i, &p);
	for (uint64_t i = 0; i < o->messages; i++)
		append(&s, pick_type(&p, itch ? itch_mix : deep_mix), pick_symbol(&p), &p);
	return s;
}

static void stream_destroy(struct stream *s)
{
	free(s->blocks);
	free(s->records);
}

static uint64_t mix_hash(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static uint64_t walk_scan(const struct stream *s, struct message_scan *scan)
{
	uint64_t h = 0;

	for (uint64_t i = 0; i < s->record_count; i++) {
		const struct record_span *r = &s->records[i];

		h = mix_hash(h, s->protocol->scan(scan, s->blocks + r->offset, r->bytes, r->count));
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

	for (uint64_t i = 0; i < s->record_count; i++) {
		const uint8_t *p = s->blocks + s->records[i].offset;
		const uint8_t *end = p + s->records[i].bytes;

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

struct result {
	const char *name;
	double median_ns;
	double best_ns;
	uint64_t hash;
	uint64_t messages;
};

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* One warm-up round, then `rounds`; every one must give the same hash. */
static struct result measure(const char *name, const struct stream *s, struct message_scan *scan,
                             const struct options *o)
{
	uint64_t spent_ns[ROUNDS_MAX];
	struct result r = {.name = name, .messages = s->messages};

	for (uint64_t round = 0; round <= o->rounds; round++) {
		uint64_t start_ns = now_ns();
		uint64_t h = scan != NULL ? walk_scan(s, scan) : walk_decode(s);
		uint64_t end_ns = now_ns();

		if (round == 0) /* the scan's first look learns; hash what the second one says */
			continue;
		if (round > 1 && h != r.hash) {
			fprintf(stderr, "%s: rounds disagree\n", name);
			exit(1);
		}
		r.hash = h;
		spent_ns[round - 1] = end_ns - start_ns;
	}
	if (scan != NULL)
		for (uint32_t i = 0; i < 256; i++)
			r.hash = mix_hash(r.hash, scan->counts.by_type[i] / (o->rounds + 1));
	qsort(spent_ns, o->rounds, sizeof(spent_ns[0]), compare_u64);
	r.median_ns = (double)spent_ns[o->rounds / 2] / (double)s->messages;
	r.best_ns = (double)spent_ns[0] / (double)s->messages;
	return r;
}

static struct message_scan *scan_create(struct region *region, struct directory *directory)
{
	uint64_t bytes = directory_bytes(2 * SYMBOLS);
	struct message_scan *scan = allocate(sizeof(*scan));

	if (region_init(region, allocate(bytes), bytes, allocate(bytes / REGION_PAGE_BYTES)) != 0 ||
	    directory_init(directory, region, 2 * SYMBOLS) != 0) {
		fprintf(stderr, "no directory\n");
		exit(1);
	}
	message_scan_init(scan, directory);
	return scan;
}

static void print(const struct result *results, uint32_t count, const struct options *o)
{
	if (o->json)
		printf("{\"bench\": \"parse\", \"seed\": %" PRIu64 ", \"rounds\": %" PRIu64
		       ", \"results\": [",
		       o->seed, o->rounds);
	for (uint32_t i = 0; i < count; i++) {
		const struct result *r = &results[i];

		printf(o->json ? "%s{\"name\": \"%s\", \"messages\": %" PRIu64
		                 ", \"ns_per_message\": %.3f, \"ns_per_message_best\": %.3f, "
		                 "\"hash\": \"%016" PRIx64 "\"}"
		               : "%s%-12s %9" PRIu64
		                 " messages  %7.3f ns/message (best %7.3f)  hash %016" PRIx64 "\n",
		       o->json && i > 0 ? ", " : "", r->name, r->messages, r->median_ns, r->best_ns,
		       r->hash);
	}
	if (o->json)
		printf("]}\n");
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	uint64_t v = text == NULL ? 0 : strtoull(text, &end, 10);

	if (v == 0 || *end != '\0' || v > max) {
		fprintf(stderr, "bench_parse: wants numbers from 1 to %" PRIu64 "\n", max);
		exit(2);
	}
	return v;
}

static struct options options_of(int argc, char **argv)
{
	struct options o = {.messages = 2000000, .rounds = 11, .seed = 1};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			o.json = true;
		} else if (strcmp(argv[i], "--messages") == 0) {
			o.messages = number(argv[++i], 100000000);
		} else if (strcmp(argv[i], "--rounds") == 0) {
			o.rounds = number(argv[++i], ROUNDS_MAX);
		} else if (strcmp(argv[i], "--seed") == 0) {
			o.seed = number(argv[++i], UINT64_MAX);
		} else {
			fprintf(stderr,
			        "usage: %s [--json] [--messages N] [--rounds N] [--seed N]\n",
			        argv[0]);
			exit(2);
		}
	}
	return o;
}

int main(int argc, char **argv)
{
	struct options o = options_of(argc, argv);
	struct stream itch = generate(&protocol_itch50, &o);
	struct stream deep = generate(&protocol_deep10, &o);
	struct region regions[2];
	struct directory directories[2];
	struct message_scan *scans[2];
	struct result results[3];

	for (uint32_t i = 0; i < 2; i++)
		scans[i] = scan_create(&regions[i], &directories[i]);
	results[0] = measure("itch_scan", &itch, scans[0], &o);
	results[1] = measure("deep_scan", &deep, scans[1], &o);
	results[2] = measure("itch_decode", &itch, NULL, &o);
	print(results, 3, &o);
	for (uint32_t i = 0; i < 2; i++) {
		free(scans[i]);
		free(regions[i].base);
		free(regions[i].page_epoch);
	}
	stream_destroy(&itch);
	stream_destroy(&deep);
	return 0;
}
