/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every page whose bytes changed is marked: checked after every few operations, on a set large
 * enough that one operation touches few of its pages, so that a missing mark cannot hide behind
 * another's.
 */
#include <stdio.h>

#include "resilience/prng.h"
#include "tests/unit/book/fixture.h"

#define SYMBOLS    600u
#define REFERENCES 30000u

struct watch {
	struct fixture f;
	uint8_t *snapshot;
	uint64_t pages;
	uint64_t missed;
};

static void watch_init(struct watch *w, const struct book_options *o)
{
	*w = (struct watch){0};
	fixture_init(&w->f, o);
	w->pages = w->f.bytes / REGION_PAGE_BYTES;
	w->snapshot = calloc(1, w->f.bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->snapshot);
}

static void watch_finish(struct watch *w)
{
	CU_ASSERT_EQUAL(w->missed, 0);
	CU_ASSERT_PTR_NULL(book_set_check(&w->f.set));
	free(w->snapshot);
	fixture_finish(&w->f);
}

static void watch_look(struct watch *w)
{
	struct region *r = &w->f.region;

	for (uint64_t page = 0; page < w->pages; page++) {
		uint64_t at = page * REGION_PAGE_BYTES;

		if (memcmp(r->base + at, w->snapshot + at, REGION_PAGE_BYTES) == 0)
			continue;
		if (r->page_epoch[page] != r->epoch && w->missed++ < 10)
			printf("page %llu of %llu changed without a mark\n",
			       (unsigned long long)page, (unsigned long long)w->pages);
		memcpy(w->snapshot + at, r->base + at, REGION_PAGE_BYTES);
	}
	r->epoch = (uint8_t)(r->epoch % 255 + 1);
}

static uint32_t symbol_id(uint32_t i)
{
	return i * 77;
}

static void order_operation(struct book_set *s, struct prng *p, bool grow)
{
	struct book_change c;
	uint64_t reference = prng_below(p, REFERENCES);
	uint64_t other = prng_below(p, REFERENCES);
	uint32_t shares = 1 + (uint32_t)prng_below(p, 100);
	uint32_t price = 1000 + (uint32_t)prng_below(p, 64);
	uint32_t slot = book_slot(s, symbol_id((uint32_t)prng_below(p, SYMBOLS)), 1);
	char side = prng_below(p, 2) ? 'B' : 'S';

	if (slot == BOOK_NONE) /* ten symbols too many */
		return;

	switch (prng_below(p, grow ? 20 : 10)) {
	case 0:
		book_order_execute(s, reference, shares, &c);
		break;
	case 1:
		book_order_execute_at(s, reference, shares, price, true, &c);
		break;
	case 2:
		if (!book_order_cancel(s, reference, shares, &c))
			book_orphan(s);
		break;
	case 3:
		book_order_replace(s, reference, other, shares, price, &c);
		break;
	case 4:
		book_trade(s, slot, price, shares, true, &c);
		break;
	case 5:
		book_status(s, slot, BOOK_WORD_STATE, side, "abcd", &c);
		break;
	case 6:
	case 7:
	case 8:
		book_order_delete(s, reference, &c);
		break;
	default:
		book_order_add(s, slot, reference, side, shares, price, &c);
		break;
	}
}

static void test_by_order(void)
{
	const struct book_options o = {
	        .symbols_max = SYMBOLS - 10, .orders_max = 12000, .levels_max = 40000};
	struct watch w;
	struct prng prng;

	watch_init(&w, &o);
	prng_init(&prng, 5);
	for (uint32_t i = 0; i < SYMBOLS - 10; i++)
		book_slot(&w.f.set, symbol_id(i), i + 1);
	watch_look(&w);
	for (uint32_t n = 0; n < 30000; n++) {
		order_operation(&w.f.set, &prng, (n / 7500) % 2 == 0);
		if (n % 64 < 4) /* single steps now and then, wherever the set has got to */
			watch_look(&w);
		if (n % 12500 == 12499) {
			book_set_clear(&w.f.set, n, 1);
			watch_look(&w);
		}
	}
	watch_finish(&w);
}

/* Chains, overflow buckets, refusals. */
static void test_collisions(void)
{
	const struct book_options o = {.symbols_max = 8, .orders_max = 8192, .levels_max = 4096};
	struct watch w;
	struct prng prng;
	struct book_change c;

	watch_init(&w, &o);
	prng_init(&prng, 6);
	for (uint32_t i = 0; i < 8; i++)
		book_slot(&w.f.set, i, i + 1);
	for (uint32_t i = 0; i < 6000; i++) /* spread over the whole table */
		book_order_add(&w.f.set, i % 8, i, 'B', 1, i % 64, &c);
	watch_look(&w);
	for (uint32_t n = 0; n < 20000; n++) {
		uint64_t hash = prng_below(&prng, 60) << 48 | prng_below(&prng, 40) << 32;
		uint64_t reference = reference_of_hash(hash);

		if (prng_below(&prng, 2) != 0)
			book_order_add(&w.f.set, n % 8, reference, 'S', 1, n % 64, &c);
		else
			book_order_delete(&w.f.set, reference, &c);
		if (n % 32 < 4)
			watch_look(&w);
	}
	CU_ASSERT_TRUE(w.f.set.index->overflow_used > 0);
	watch_finish(&w);
}

static void test_by_level(void)
{
	const struct book_options o = {.symbols_max = SYMBOLS, .levels_max = 60000};
	struct watch w;
	struct prng prng;
	struct book_change c;

	watch_init(&w, &o);
	prng_init(&prng, 8);
	for (uint32_t i = 0; i < SYMBOLS; i++)
		book_slot(&w.f.set, i, i + 1);
	watch_look(&w);
	for (uint32_t n = 0; n < 30000; n++) {
		uint64_t quantity = prng_below(&prng, (n / 10000) % 2 == 0 ? 10 : 2);

		book_level_update(&w.f.set, (uint32_t)prng_below(&prng, SYMBOLS),
		                  (enum book_side_index)prng_below(&prng, 2),
		                  (int64_t)prng_below(&prng, 64), quantity, &c);
		if (prng_below(&prng, 1000) == 0)
			book_set_on_gap(&w.f.set);
		if (n % 64 < 4)
			watch_look(&w);
	}
	watch_finish(&w);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"by order", test_by_order},
	        {"collisions", test_collisions},
	        {"by level", test_by_level},
	};

	return SUITE_RUN("book_marks", tests);
}
