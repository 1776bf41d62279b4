/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bench: the book kernel. A day's order messages are made from a seed (Zipf over the symbols,
 * prices near the touch, orders that live shortly or long) as ITCH blocks, then parsed and applied
 * behind a look ahead, looking at the best after every message that changed it. The day
 * is made in chunks between the timed parts, so making it costs no time but leaves the caches cold.
 * Time is the thread's processor time, so that neighbours on the machine count less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "dataplane/book/book.h"
#include "dataplane/book/book_ahead.h"
#include "dataplane/wire/itch.h"
#include "resilience/prng.h"

#define CHUNK_MESSAGES 262144u
#define BLOCK_BYTES    48u /* at most, with its length */
#define HUGE_BYTES     (2ull << 20)
#define RECENT_ORDERS  4096u
#define ROUNDS_MAX     16u

struct settings {
	uint32_t symbols;
	uint32_t live;
	uint64_t messages;
	uint64_t seed;
	uint32_t ahead; /* messages looked ahead */
	uint32_t rounds;
	uint32_t recent_percent; /* of removals hit one of the youngest orders */
	bool json;
};

struct message { /* as made */
	uint64_t reference;
	uint64_t new_reference;
	uint32_t slot;
	uint32_t shares;
	uint32_t price;
	char type;
	char side;
};

struct live_order {
	uint64_t reference;
	uint32_t slot;
	uint32_t shares;
	char side;
};

struct day {
	struct prng prng;
	struct settings settings;
	double *zipf; /* cumulative */
	uint32_t *mid;
	struct live_order *orders; /* unordered but for the youngest, which are at the end */
	uint32_t count;
	uint64_t next_reference;
	uint64_t made;
};

static void *memory(uint64_t bytes)
{
	void *p = NULL;

	if (posix_memalign(&p, HUGE_BYTES, (bytes + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1)) != 0) {
		fprintf(stderr, "bench_book: out of memory\n");
		exit(1);
	}
	madvise(p, bytes, MADV_HUGEPAGE);
	memset(p, 0, bytes);
	return p;
}

static void day_init(struct day *d, const struct settings *s)
{
	double sum = 0;

	*d = (struct day){.settings = *s, .next_reference = 1000};
	prng_init(&d->prng, s->seed);
	d->zipf = memory(s->symbols * sizeof(*d->zipf));
	d->mid = memory(s->symbols * sizeof(*d->mid));
	d->orders = memory((s->live + 2ull * CHUNK_MESSAGES) * sizeof(*d->orders));
	for (uint32_t i = 0; i < s->symbols; i++)
		d->zipf[i] = sum += 1.0 / (i + 1.0);
	for (uint32_t i = 0; i < s->symbols; i++) {
		d->zipf[i] /= sum;
		d->mid[i] = 100000 + 100 * (uint32_t)prng_below(&d->prng, 20000);
	}
}

static void day_finish(struct day *d)
{
	free(d->zipf);
	free(d->mid);
	free(d->orders);
}

static uint32_t pick_symbol(struct day *d)
{
	double u = prng_unit(&d->prng);
	uint32_t low = 0;
	uint32_t high = d->settings.symbols - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (d->zipf[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Half of all orders within three ticks of the touch, a tenth anywhere in 400. */
static uint32_t pick_price(struct day *d, uint32_t slot, char side)
{
	uint32_t ticks = 1;

	if (prng_below(&d->prng, 10) == 0)
		ticks += (uint32_t)prng_below(&d->prng, 400);
	while (prng_below(&d->prng, 5) != 0)
		ticks++;
	if (prng_below(&d->prng, 64) == 0)
		d->mid[slot] += prng_below(&d->prng, 2) != 0 ? 100 : (uint32_t)-100;
	return side == 'B' ? d->mid[slot] - 100 * ticks : d->mid[slot] + 100 * ticks;
}

static uint32_t pick_order(struct day *d)
{
	if (prng_below(&d->prng, 100) >= d->settings.recent_percent || d->count <= RECENT_ORDERS)
		return (uint32_t)prng_below(&d->prng, d->count);
	return d->count - 1 - (uint32_t)prng_below(&d->prng, RECENT_ORDERS);
}

/* References grow with gaps, as those of a venue do that shares them between feeds. */
static uint64_t make_reference(struct day *d)
{
	d->next_reference += 1 + prng_below(&d->prng, 8);
	return d->next_reference;
}

static void make_add(struct day *d, struct message *m)
{
	m->type = 'A';
	m->slot = pick_symbol(d);
	m->side = prng_below(&d->prng, 2) != 0 ? 'B' : 'S';
	m->shares = 100 * (1 + (uint32_t)prng_below(&d->prng, 8));
	m->price = pick_price(d, m->slot, m->side);
	m->reference = make_reference(d);
	d->orders[d->count++] = (struct live_order){m->reference, m->slot, m->shares, m->side};
}

static void remove_order(struct day *d, uint32_t at)
{
	d->orders[at] = d->orders[--d->count];
}

/* Live orders grow over three fifths of the day, then stay. */
static bool wants_more(const struct day *d)
{
	double part = (double)d->made / (double)d->settings.messages / 0.6;

	return (double)d->count < (part < 1 ? part : 1) * d->settings.live;
}

static void make_message(struct day *d, struct message *m)
{
	uint32_t kind = (uint32_t)prng_below(&d->prng, 100);
	uint32_t adds = wants_more(d) ? 52 : 42;

	*m = (struct message){0};
	d->made++;
	if (kind < adds || d->count < 64) {
		make_add(d, m);
		return;
	}
	uint32_t at = pick_order(d);
	struct live_order *o = &d->orders[at];

	m->reference = o->reference;
	m->slot = o->slot;
	m->shares = 100;
	if (kind < 87) {
		m->type = 'D';
		m->shares = o->shares;
	} else if (kind < 92) {
		m->type = 'U';
		m->new_reference = o->reference = make_reference(d);
		m->price = pick_price(d, o->slot, o->side);
		m->shares = o->shares = 100 * (1 + (uint32_t)prng_below(&d->prng, 8));
		return;
	} else {
		m->type = kind < 97 ? 'E' : kind < 99 ? 'X' : 'C';
		m->price = d->mid[o->slot];
	}
	o->shares -= m->shares;
	if (o->shares == 0)
		remove_order(d, at);
}

static uint32_t encode_body(const struct message *m, uint8_t *b)
{
	put_be64(b + ITCH_AT_ADD_REFERENCE, m->reference); /* at the same place in all of them */
	switch (m->type) {
	case ITCH_ADD:
		b[ITCH_AT_ADD_SIDE] = (uint8_t)m->side;
		put_be32(b + ITCH_AT_ADD_SHARES, m->shares);
		put_be64(b + ITCH_AT_ADD_STOCK, 0x5359202020202020ull);
		put_be32(b + ITCH_AT_ADD_PRICE, m->price);
		return 36;
	case ITCH_DELETE:
		return 19;
	case ITCH_REPLACE:
		put_be64(b + ITCH_AT_REPLACE_NEW_REFERENCE, m->new_reference);
		put_be32(b + ITCH_AT_REPLACE_SHARES, m->shares);
		put_be32(b + ITCH_AT_REPLACE_PRICE, m->price);
		return 35;
	case ITCH_CANCEL:
		put_be32(b + ITCH_AT_CANCEL_SHARES, m->shares);
		return 23;
	case ITCH_EXECUTED:
		put_be32(b + ITCH_AT_EXECUTED_SHARES, m->shares);
		return 31;
	default:
		put_be32(b + ITCH_AT_EXECUTED_SHARES, m->shares);
		b[ITCH_AT_EXECUTED_PRINTABLE] = 'Y';
		put_be32(b + ITCH_AT_EXECUTED_PRICE, m->price);
		return 36;
	}
}

/* One block: length, message. Returns its bytes. */
static uint32_t encode(const struct message *m, uint8_t *block)
{
	memset(block, 0, BLOCK_BYTES);
	block[2 + ITCH_AT_TYPE] = (uint8_t)m->type;
	put_be16(block + 2 + ITCH_AT_LOCATE, (uint16_t)m->slot);
	uint32_t bytes = encode_body(m, block + 2);

	put_be16(block, (uint16_t)bytes);
	return bytes + 2;
}

static inline bool apply(struct book_set *s, const uint8_t *m, struct book_change *c)
{
	uint64_t reference = itch_add_reference(m);

	switch (itch_type(m)) {
	case ITCH_ADD:
		book_order_add(s, itch_locate(m), reference, (char)itch_add_side(m),
		               itch_add_shares(m), itch_add_price(m), c);
		return true;
	case ITCH_DELETE:
		return book_order_delete(s, reference, c);
	case ITCH_REPLACE:
		return book_order_replace(s, reference, itch_replace_new_reference(m),
		                          itch_replace_shares(m), itch_replace_price(m), c);
	case ITCH_EXECUTED:
		return book_order_execute(s, reference, itch_executed_shares(m), c);
	case ITCH_CANCEL:
		return book_order_cancel(s, reference, itch_cancel_shares(m), c);
	default:
		return book_order_execute_at(s, reference, itch_executed_shares(m),
		                             itch_executed_price(m), true, c);
	}
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3ull;
}

/* Looks at the best of both sides, as whoever publishes it does. */
static uint64_t look(const struct book_set *s, uint32_t slot, uint64_t h)
{
	const struct book *b = book_at(s, slot);

	for (int i = BOOK_BID; i <= BOOK_ASK; i++) {
		const struct book_level *l = book_best(s, b, (enum book_side_index)i);

		h = mix(h, l == NULL ? 0 : (uint64_t)l->price ^ l->quantity << 32);
	}
	return h;
}

static inline void look_ahead(struct book_ahead *a, const struct book_set *s, const uint8_t *m)
{
	bool add = itch_type(m) == ITCH_ADD;
	struct book_intent intent = {
	        .reference = itch_add_reference(m),
	        .new_reference = itch_type(m) == ITCH_REPLACE ? itch_replace_new_reference(m) : 0,
	        .slot = add ? itch_locate(m) : BOOK_NONE,
	        .price = itch_add_price(m),
	        .side = (char)itch_add_side(m),
	};

	book_ahead_add(a, s, &intent);
}

/* Applies a chunk, `ahead` messages behind the look ahead; returns a hash of every best it saw. */
static uint64_t run(struct book_set *s, const uint8_t *at, const uint8_t *end,
                    const struct settings *settings, uint64_t h)
{
	const uint8_t *seen = at;
	struct book_ahead ahead;
	struct book_change c;
	uint32_t lead = 0;

	book_ahead_init(&ahead);
	for (; at < end; at += 2 + be16(at), lead--) {
		for (; lead <= settings->ahead && seen < end; lead++, seen += 2 + be16(seen))
			if (settings->ahead != 0)
				look_ahead(&ahead, s, seen + 2);
		if (!apply(s, at + 2, &c))
			book_orphan(s);
		if (c.best_changed)
			h = look(s, c.slot, h);
	}
	return h;
}

static uint64_t books_hash(const struct book_set *s)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (uint32_t slot = 0; slot < book_count(s); slot++) {
		const struct book *b = book_at(s, slot);

		for (int i = BOOK_BID; i <= BOOK_ASK; i++) {
			const struct book_level *l;

			for (uint32_t n = 0;
			     (l = book_level(s, b, (enum book_side_index)i, n)) != NULL; n++) {
				h = mix(h, (uint64_t)l->price);
				h = mix(h, l->quantity);
				h = mix(h, l->orders);
			}
		}
		h = mix(h, b->volume);
	}
	return h;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct result {
	double ns_early; /* per message, first fifth of the day */
	double ns_late;
	double ns_all;
	double bytes_per_order; /* pages ever marked, per live order at the end */
	uint64_t bests_hash;
	uint64_t books_hash;
	uint64_t live;
};

static void measure(struct day *d, struct book_set *s, struct result *r)
{
	uint8_t *blocks = memory((CHUNK_MESSAGES + 1) * BLOCK_BYTES);
	uint64_t fifth = d->settings.messages / 5;
	double early = 0, late = 0, all = 0;
	uint64_t early_count = 0, late_count = 0;

	for (uint64_t done = 0; done < d->settings.messages;) {
		uint64_t left = d->settings.messages - done;
		uint32_t count = left < CHUNK_MESSAGES ? (uint32_t)left : CHUNK_MESSAGES;

		uint8_t *end = blocks;

		for (uint32_t i = 0; i < count; i++) {
			struct message m;

			make_message(d, &m);
			end += encode(&m, end);
		}
		double start = seconds();

		r->bests_hash = run(s, blocks, end, &d->settings, r->bests_hash);
		double took = seconds() - start;

		all += took;
		if (done < fifth) {
			early += took;
			early_count += count;
		}
		done += count;
		if (done > d->settings.messages - fifth) {
			late += took;
			late_count += count;
		}
	}
	r->ns_early = 1e9 * early / (double)early_count;
	r->ns_late = 1e9 * late / (double)late_count;
	r->ns_all = 1e9 * all / (double)d->settings.messages;
	free(blocks);
}

static void report(const struct settings *s, const struct result *r)
{
	if (s->json) {
		printf("{\"bench\":\"book\",\"seed\":%llu,\"symbols\":%u,\"messages\":%llu,"
		       "\"orders_live\":%llu,\"ns_per_message\":%.2f,\"ns_per_message_early\":%.2f,"
		       "\"ns_per_message_late\":%.2f,\"bytes_per_order\":%.1f,"
		       "\"bests_hash\":\"%016llx\",\"books_hash\":\"%016llx\"}\n",
		       (unsigned long long)s->seed, s->symbols, (unsigned long long)s->messages,
		       (unsigned long long)r->live, r->ns_all, r->ns_early, r->ns_late,
		       r->bytes_per_order, (unsigned long long)r->bests_hash,
		       (unsigned long long)r->books_hash);
		return;
	}
	printf("seed %llu, %u symbols, %llu messages, %llu orders live at the end\n",
	       (unsigned long long)s->seed, s->symbols, (unsigned long long)s->messages,
	       (unsigned long long)r->live);
	printf("ns/message: %.1f early, %.1f late, %.1f over the day\n", r->ns_early, r->ns_late,
	       r->ns_all);
	printf("bytes/order: %.1f\n", r->bytes_per_order);
	printf("hash: bests %016llx, books %016llx\n", (unsigned long long)r->bests_hash,
	       (unsigned long long)r->books_hash);
}

static uint64_t pages_marked(const struct region *r)
{
	uint64_t pages = 0;

	for (uint64_t i = 0; i < r->bytes / REGION_PAGE_BYTES; i++)
		pages += r->page_epoch[i] != 0;
	return pages;
}

/* Symbols made, day run, books checked. */
static int bench_set(const struct settings *s, struct book_set *set, struct result *r)
{
	struct day day;

	for (uint32_t i = 0; i < s->symbols; i++)
		book_slot(set, i, i + 1);
	day_init(&day, s);
	measure(&day, set, r);
	r->live = day.count;
	day_finish(&day);
	const char *broken = book_set_check(set);

	if (broken == NULL && book_set_stats(set)->orders_live == r->live &&
	    book_set_stats(set)->orphan_references == 0)
		return 0;
	fprintf(stderr, "bench_book: wrong books: %s\n", broken == NULL ? "orders" : broken);
	return 1;
}

static int bench_once(const struct settings *s, struct result *r)
{
	struct book_options o = {
	        .symbols_max = s->symbols,
	        .orders_max = s->live + s->live / 4 + 1024,
	        .levels_max = s->symbols * 512,
	};
	uint64_t bytes = book_set_bytes(&o);
	uint8_t *base = memory(bytes);
	uint8_t *page_epoch = memory(bytes / REGION_PAGE_BYTES);
	struct region region;
	struct book_set set;
	int status = 1;

	*r = (struct result){0};
	if (region_init(&region, base, bytes, page_epoch) == 0 &&
	    book_set_init(&set, &region, &o) == 0)
		status = bench_set(s, &set, r);
	if (status == 0) {
		r->books_hash = books_hash(&set);
		r->bytes_per_order =
		        (double)(pages_marked(&region) * REGION_PAGE_BYTES) / (double)(r->live + 1);
	}
	free(base);
	free(page_epoch);
	return status;
}

static int compare_days(const void *a, const void *b)
{
	const struct result *x = a;
	const struct result *y = b;

	return (x->ns_all > y->ns_all) - (x->ns_all < y->ns_all);
}

/* The median round over the day. */
static int bench(const struct settings *s)
{
	struct result r[ROUNDS_MAX];

	for (uint32_t i = 0; i < s->rounds; i++) {
		if (bench_once(s, &r[i]) != 0)
			return 1;
		if (r[i].books_hash != r[0].books_hash || r[i].bests_hash != r[0].bests_hash) {
			fprintf(stderr, "bench_book: one day, two results\n");
			return 1;
		}
	}
	qsort(r, s->rounds, sizeof(r[0]), compare_days);
	report(s, &r[s->rounds / 2]);
	return 0;
}

static bool option(struct settings *s, const char *name, const char *value)
{
	uint64_t n = strtoull(value, NULL, 10);

	if (strcmp(name, "--symbols") == 0 && n > 0 && n < 65536)
		s->symbols = (uint32_t)n;
	else if (strcmp(name, "--live") == 0 && n > 0 && n < (1u << 27))
		s->live = (uint32_t)n;
	else if (strcmp(name, "--messages") == 0 && n >= 5)
		s->messages = n;
	else if (strcmp(name, "--seed") == 0)
		s->seed = n;
	else if (strcmp(name, "--rounds") == 0 && n > 0 && n <= ROUNDS_MAX)
		s->rounds = (uint32_t)n;
	else if (strcmp(name, "--ahead") == 0 && n < 1000)
		s->ahead = (uint32_t)n;
	else if (strcmp(name, "--recent") == 0 && n <= 100)
		s->recent_percent = (uint32_t)n;
	else
		return false;
	return true;
}

static const char usage[] =
        "usage: bench_book [--symbols N] [--live N] [--messages N] [--seed N] [--recent PERCENT]\n"
        "                  [--ahead N] [--rounds N] [--json]\n"
        "Makes a day of ITCH order messages from a seed and measures parsing, books and best\n"
        "prices: processor ns/message in the first fifth, the last fifth and over the day, memory\n"
        "touched per live order, and hashes of every best seen and of the final books; the median\n"
        "of the rounds.\n";

int main(int argc, char **argv)
{
	struct settings s = {
	        .symbols = 8000,
	        .live = 1200000,
	        .messages = 20000000,
	        .seed = 1,
	        .ahead = BOOK_AHEAD_MAX,
	        .rounds = 1,
	        .recent_percent = 50,
	};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			s.json = true;
		} else if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return 0;
		} else if (i + 1 >= argc || !option(&s, argv[i], argv[i + 1])) {
			fprintf(stderr,
			        "bench_book: wrong option %s (see the head of its source)\n",
			        argv[i]);
			return 2;
		} else {
			i++;
		}
	}
	return bench(&s);
}
