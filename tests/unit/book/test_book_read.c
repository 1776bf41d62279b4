/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "dataplane/book/book_read.h"
#include "resilience/prng.h"
#include "tests/unit/book/fixture.h"

#define DEPTH 4096u /* far more than the tests' regions hold */

struct copy {
	struct book book;
	struct book_level bid[DEPTH];
	struct book_level ask[DEPTH];
	struct book_level *levels[2];
};

static void copy_init(struct copy *c)
{
	memset(c, 0xa5, sizeof(*c));
	c->levels[BOOK_BID] = c->bid;
	c->levels[BOOK_ASK] = c->ask;
}

static int view(struct book_view *v, const struct fixture *f)
{
	return book_view_attach(v, f->memory, f->bytes, f->set.state_offset);
}

static int read_book(const struct book_view *v, uint32_t slot, struct copy *c)
{
	return book_view_copy(v, slot, &c->book, c->levels, DEPTH, 3);
}

static void test_copies_best_first(void)
{
	const struct book_options o = {.symbols_max = 4, .orders_max = 64, .levels_max = 64};
	struct fixture f;
	struct book_change change;
	struct book_view v;
	static struct copy c;

	fixture_init(&f, &o);
	CU_ASSERT_EQUAL_FATAL(view(&v, &f), 0);
	CU_ASSERT_EQUAL(book_view_count(&v), 0);
	copy_init(&c);
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), -EINVAL);
	book_slot(&f.set, 9, 99);
	CU_ASSERT_EQUAL(book_view_count(&v), 1);
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), 0);
	CU_ASSERT_EQUAL(c.book.symbol, 99);
	CU_ASSERT_EQUAL(c.book.side[BOOK_BID].count, 0);
	for (uint32_t i = 0; i < 5; i++) {
		book_order_add(&f.set, 0, i, 'B', 10 + i, 100 + i, &change);
		book_order_add(&f.set, 0, 10 + i, 'S', 10 + i, 200 + i, &change);
	}
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), 0);
	CU_ASSERT_EQUAL(c.book.side[BOOK_BID].count, 5);
	CU_ASSERT_EQUAL(c.bid[0].price, 104);
	CU_ASSERT_EQUAL(c.bid[0].quantity, 14);
	CU_ASSERT_EQUAL(c.bid[4].price, 100);
	CU_ASSERT_EQUAL(c.ask[0].price, 200);
	CU_ASSERT_EQUAL(c.ask[4].price, 204);
	CU_ASSERT_EQUAL(book_view_copy(&v, 0, &c.book, c.levels, 4, 3), -ENOSPC);
	CU_ASSERT_EQUAL(c.book.side[BOOK_ASK].count, 5);
	book_begin(&f.set, &f.set.books[0]); /* the owner died in the middle */
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), -EAGAIN);
	book_end(&f.set.books[0]);
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), 0);
	CU_ASSERT_EQUAL(book_view_copy(&v, 0, &c.book, c.levels, DEPTH, 0), -EAGAIN);
	fixture_finish(&f);
}

static void test_no_set_there(void)
{
	const struct book_options o = {.symbols_max = 4, .orders_max = 64, .levels_max = 64};
	struct fixture f;
	struct book_view v;

	fixture_init(&f, &o);
	uint64_t at = f.set.state_offset;

	CU_ASSERT_EQUAL(book_view_attach(&v, f.memory, f.bytes, at + 64), -EPROTO);
	CU_ASSERT_EQUAL(book_view_attach(&v, f.memory, f.bytes, at + 1), -EPROTO);
	CU_ASSERT_EQUAL(book_view_attach(&v, f.memory, f.bytes, f.bytes - 8), -EPROTO);
	CU_ASSERT_EQUAL(book_view_attach(&v, f.memory, f.bytes, UINT64_MAX - 7), -EPROTO);
	CU_ASSERT_EQUAL(book_view_attach(&v, f.memory, at + 100, at), -EPROTO);
	CU_ASSERT_EQUAL(book_view_attach(&v, f.memory, at + 2048, at), -EPROTO);
	f.set.state->magic++;
	CU_ASSERT_EQUAL(view(&v, &f), -EPROTO);
	fixture_finish(&f);
}

/* Whatever the region holds, the reader returns and stays within it. */
static void test_garbage_never_crashes(void)
{
	const struct book_options o = {.symbols_max = 16, .orders_max = 64, .levels_max = 64};
	struct fixture f;
	struct book_view v;
	static struct copy c;
	struct prng prng;

	fixture_init(&f, &o);
	for (uint32_t i = 0; i < 16; i++)
		book_slot(&f.set, i, i + 1);
	prng_init(&prng, 4);
	copy_init(&c);
	for (uint32_t n = 0; n < 50000; n++) {
		uint64_t at = prng_below(&prng, f.bytes / 8);
		uint64_t state = (f.set.state_offset + prng_below(&prng, 256)) / 8;
		uint64_t *words = f.memory;

		if (n % 16 == 0) { /* books again whole, then spoilt further */
			memset(f.set.books, 0, 16 * sizeof(struct book));
			memset(words + f.set.state_offset / 8, 0, sizeof(struct book_set_state));
			f.set.state->magic = BOOK_SET_MAGIC;
			f.set.state->options = o;
			f.set.state->books_offset =
			        (uint64_t)((uint8_t *)f.set.books - (uint8_t *)f.memory);
			f.set.state->levels_offset =
			        (uint64_t)((uint8_t *)f.set.levels - (uint8_t *)f.memory);
			f.set.state->count = 16;
		}
		words[at] = prng_next(&prng);
		words[(uint64_t)((uint8_t *)f.set.books - (uint8_t *)f.memory) / 8 +
		      prng_below(&prng, 256)] = prng_next(&prng) >> prng_below(&prng, 64);
		if (prng_below(&prng, 4) == 0)
			words[state] = prng_next(&prng) >> prng_below(&prng, 64);
		if (view(&v, &f) != 0)
			continue;
		for (uint32_t slot = 0; slot < 16; slot++)
			(void)read_book(&v, slot, &c);
	}
	fixture_finish(&f);
}

static void test_bounds(void)
{
	const struct book_options o = {.symbols_max = 4, .orders_max = 64, .levels_max = 64};
	struct fixture f;
	struct book_view v;
	static struct copy c;

	fixture_init(&f, &o);
	book_slot(&f.set, 0, 1);
	CU_ASSERT_EQUAL_FATAL(view(&v, &f), 0);
	copy_init(&c);
	f.set.books[0].side[BOOK_ASK].first = 10;
	f.set.books[0].side[BOOK_ASK].count = DEPTH - 1; /* beyond the region's end */
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), -EAGAIN);
	f.set.books[0].side[BOOK_ASK].count = 55; /* beyond the levels' end */
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), -EAGAIN);
	f.set.books[0].side[BOOK_ASK].count = 54;
	CU_ASSERT_EQUAL(read_book(&v, 0, &c), 0);
	f.set.state->count = UINT32_MAX;
	CU_ASSERT_EQUAL(book_view_count(&v), 4);
	CU_ASSERT_EQUAL(read_book(&v, 4, &c), -EINVAL);
	fixture_finish(&f);
}

#ifdef __SANITIZE_THREAD__
#define RACE_BY_DESIGN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RACE_BY_DESIGN 1
#endif
#endif
#ifndef RACE_BY_DESIGN
#define RACE_BY_DESIGN 0
#endif

/* The writer keeps invariants within each message that a torn copy would break: every level's
 * quantity is 10 x its orders, bids are below asks, and volume is trades x 10. */
struct race {
	struct fixture f;
	_Atomic bool stop;
	_Atomic uint64_t writes;
};

#define RACE_SLOTS      2u
#define RACE_REFERENCES 256u

static void *write_books(void *arg)
{
	struct race *r = arg;
	struct book_set *s = &r->f.set;
	struct book_change c;
	struct prng prng;

	prng_init(&prng, 12);
	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		uint64_t reference = prng_below(&prng, RACE_REFERENCES);
		uint32_t slot = (uint32_t)prng_below(&prng, RACE_SLOTS);
		bool bid = prng_below(&prng, 2) != 0;
		uint32_t price = (bid ? 1000u : 2000u) + (uint32_t)prng_below(&prng, 60);

		switch (prng_below(&prng, 8)) {
		case 0:
			book_order_execute(s, reference, 10, &c);
			break;
		case 1:
		case 2:
			book_order_delete(s, reference, &c);
			break;
		case 3: /* to the other end of its side: within 1000..1059 or 2000..2059 */
			if (book_order_cancel(s, reference, 0, &c))
				book_order_replace(s, reference, reference, 10,
				                   (c.side == BOOK_BID ? 1000u : 2000u) +
				                           (uint32_t)prng_below(&prng, 60),
				                   &c);
			break;
		default:
			book_order_add(s, slot, reference, bid ? 'B' : 'S', 10, price, &c);
			break;
		}
		if (prng_below(&prng, 20000) == 0)
			book_set_clear(s, 1, 1);
		atomic_fetch_add_explicit(&r->writes, 1, memory_order_relaxed);
	}
	return NULL;
}

static bool side_is_whole(const struct book_level *l, uint32_t count, bool bid)
{
	for (uint32_t n = 0; n < count; n++) {
		int64_t low = bid ? 1000 : 2000;

		if (l[n].quantity == 0 || l[n].quantity != 10ull * l[n].orders)
			return false;
		if (l[n].price < low || l[n].price >= low + 60)
			return false;
		if (n > 0 && (bid ? l[n].price >= l[n - 1].price : l[n].price <= l[n - 1].price))
			return false;
	}
	return true;
}

static bool is_whole(const struct copy *c)
{
	if (c->book.volume != 10 * c->book.trades)
		return false;
	if (c->book.symbol == 0 || (c->book.version & 1) != 0)
		return false;
	return side_is_whole(c->bid, c->book.side[BOOK_BID].count, true) &&
	       side_is_whole(c->ask, c->book.side[BOOK_ASK].count, false);
}

static void test_reader_beside_the_writer(void)
{
	if (RACE_BY_DESIGN) {
		printf("SKIP: the reader races with the writer by design (book_read.h), which the "
		       "thread sanitizer cannot know\n");
		return;
	}
	static struct race r;
	const struct book_options o = {
	        .symbols_max = RACE_SLOTS, .orders_max = 1024, .levels_max = 2048};
	struct book_view v;
	static struct copy c;
	pthread_t writer;
	uint64_t whole = 0;
	uint64_t broken = 0;

	fixture_init(&r.f, &o);
	for (uint32_t i = 0; i < RACE_SLOTS; i++)
		book_slot(&r.f.set, i, i + 1);
	CU_ASSERT_EQUAL_FATAL(view(&v, &r.f), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, write_books, &r), 0);
	copy_init(&c);
	for (uint64_t n = 0; atomic_load_explicit(&r.writes, memory_order_relaxed) < 3000000; n++) {
		if (book_view_copy(&v, (uint32_t)(n % RACE_SLOTS), &c.book, c.levels, DEPTH,
		                   1000) != 0)
			continue;
		whole++;
		broken += !is_whole(&c);
	}
	atomic_store_explicit(&r.stop, true, memory_order_relaxed);
	pthread_join(writer, NULL);
	printf("%llu copies beside %llu messages\n", (unsigned long long)whole,
	       (unsigned long long)r.writes);
	CU_ASSERT_EQUAL(broken, 0);
	CU_ASSERT_TRUE(whole > 0);
	CU_ASSERT_PTR_NULL(book_set_check(&r.f.set));
	fixture_finish(&r.f);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"copies, best first", test_copies_best_first},
	        {"no set there", test_no_set_there},
	        {"garbage never crashes", test_garbage_never_crashes},
	        {"bounds", test_bounds},
	        {"a reader beside the writer", test_reader_beside_the_writer},
	};

	return SUITE_RUN("book_read", tests);
}
