/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Property: after any messages, hostile ones included, the set equals the naive model, its change
 * reports are right, its own check finds nothing, every page whose bytes changed is marked, and a
 * twin fed the same messages in other bursts at another address holds the same bytes.
 *
 *   test_book_property [SEED [OPERATIONS [SEEDS]]]
 */
#include <stdio.h>

#include "dataplane/book/book_ahead.h"
#include "resilience/prng.h"
#include "tests/unit/book/fixture.h"
#include "tests/unit/book/model.h"

#define OPERATIONS_PER_BATCH 256u

static uint64_t first_seed = 1;
static uint64_t operations = 60000;
static uint64_t seeds = 24;

struct op {
	char type; /* A E C X D U P */
	char side;
	bool printable;
	uint32_t slot;
	uint64_t reference;
	uint64_t new_reference;
	uint32_t shares;
	uint32_t price;
};

struct mix { /* of one seed */
	uint32_t slots;
	uint64_t references; /* few: collisions of references; many: orphans */
	uint32_t price_steps;
	uint32_t live_wanted;
	uint32_t hash_kind; /* 0: as they come; 1: all in few buckets; 2: equal hashes */
	uint32_t orders_max;
};

struct world {
	struct prng prng;
	struct mix mix;
	struct model model;
	struct fixture book;
	struct fixture twin;
	uint8_t *snapshot;
	struct op batch[OPERATIONS_PER_BATCH];
};

static uint64_t make_reference(struct world *w)
{
	uint64_t n = prng_below(&w->prng, w->mix.references);

	switch (w->mix.hash_kind) {
	case 1: /* low bits of the hash equal: one chain, as far as it goes */
		return reference_of_hash(n << 48);
	case 2: /* pairs of equal hashes */
		return reference_of_hash((n >> 1) << 32 | (n & 1));
	default:
		return n;
	}
}

static uint64_t known_reference(struct world *w)
{
	if (w->model.count == 0 || prng_below(&w->prng, 16) == 0)
		return make_reference(w);
	return w->model.orders[prng_below(&w->prng, w->model.count)].reference;
}

static uint32_t make_shares(struct world *w)
{
	switch (prng_below(&w->prng, 24)) {
	case 0:
		return 0;
	case 1:
		return UINT32_MAX;
	default:
		return 1 + (uint32_t)prng_below(&w->prng, 400);
	}
}

static uint32_t make_price(struct world *w)
{
	switch (prng_below(&w->prng, 64)) {
	case 0:
		return 0;
	case 1:
		return UINT32_MAX;
	default:
		return 100000 + 100 * (uint32_t)prng_below(&w->prng, w->mix.price_steps);
	}
}

static char make_type(struct world *w)
{
	bool grow = w->model.count < w->mix.live_wanted;
	const char *types = grow ? "AAAAAAAAECXDDUUP" : "AAAAEECCXXDDDDUP";

	return types[prng_below(&w->prng, 16)];
}

static struct op make_op(struct world *w)
{
	struct op o = {
	        .type = make_type(w),
	        .side = prng_below(&w->prng, 2) ? 'B' : 'S',
	        .printable = prng_below(&w->prng, 4) != 0,
	        .slot = (uint32_t)prng_below(&w->prng, w->mix.slots),
	        .shares = make_shares(w),
	        .price = make_price(w),
	};

	o.reference = o.type == 'A' ? make_reference(w) : known_reference(w);
	o.new_reference = prng_below(&w->prng, 8) == 0 ? known_reference(w) : make_reference(w);
	if (prng_below(&w->prng, 64) == 0)
		o.side = (char)prng_below(&w->prng, 256);
	return o;
}

static bool apply_model(struct model *m, const struct op *o, struct book_change *c)
{
	struct model_execution e = {o->reference, o->shares, o->price, false, true};

	*c = (struct book_change){.slot = o->slot, .other_slot = BOOK_NONE};
	switch (o->type) {
	case 'A':
		model_add(m, o->slot, o->reference, o->side, o->shares, o->price, c);
		return true;
	case 'C':
		e.printable = o->printable;
		e.at_price = true;
		return model_execute(m, &e, c);
	case 'E':
		return model_execute(m, &e, c);
	case 'X':
		return model_cancel(m, o->reference, o->shares, c);
	case 'D':
		return model_delete(m, o->reference, c);
	case 'U':
		return model_replace(m, o->reference, o->new_reference, o->shares, o->price, c);
	default:
		if (o->shares != 0) {
			model_trade(m, o->slot, o->price, o->shares, o->printable);
			*c = (struct book_change){.kind = BOOK_TRADED,
			                          .printable = o->printable,
			                          .slot = o->slot,
			                          .price = o->price,
			                          .quantity = o->shares,
			                          .other_slot = BOOK_NONE};
		}
		return true;
	}
}

static bool apply_book(struct book_set *s, const struct op *o, struct book_change *c)
{
	switch (o->type) {
	case 'A':
		book_order_add(s, o->slot, o->reference, o->side, o->shares, o->price, c);
		return true;
	case 'C':
		return book_order_execute_at(s, o->reference, o->shares, o->price, o->printable, c);
	case 'E':
		return book_order_execute(s, o->reference, o->shares, c);
	case 'X':
		return book_order_cancel(s, o->reference, o->shares, c);
	case 'D':
		return book_order_delete(s, o->reference, c);
	case 'U':
		return book_order_replace(s, o->reference, o->new_reference, o->shares, o->price,
		                          c);
	default:
		book_trade(s, o->slot, o->price, o->shares, o->printable, c);
		return true;
	}
}

static bool same_change(const struct book_change *x, const struct book_change *y)
{
	if (x->kind != y->kind || x->other_slot != y->other_slot)
		return false;
	if (x->kind == BOOK_CHANGE_NONE)
		return true;
	return x->side == y->side && x->best_changed == y->best_changed &&
	       x->printable == y->printable && x->slot == y->slot &&
	       (x->kind == BOOK_TRADED || x->reference == y->reference) && x->price == y->price &&
	       x->quantity == y->quantity;
}

static bool best_is(const struct book_set *s, uint32_t slot, const struct model_best *best)
{
	for (int i = BOOK_BID; i <= BOOK_ASK; i++) {
		const struct book_level *l =
		        book_best(s, book_at(s, slot), (enum book_side_index)i);

		if (l == NULL ? best->quantity[i] != 0
		              : l->price != best->price[i] || l->quantity != best->quantity[i])
			return false;
	}
	return true;
}

struct queue {
	const struct model *model;
	const struct model_order *level;
	uint32_t at;
	bool same;
};

static void queue_visit(void *arg, uint64_t reference, uint32_t shares)
{
	struct queue *q = arg;
	const struct model_order *o = q->model->orders;

	while (q->at < q->model->count &&
	       (o[q->at].slot != q->level->slot || o[q->at].side != q->level->side ||
	        o[q->at].price != q->level->price))
		q->at++;
	if (q->at == q->model->count || o[q->at].reference != reference ||
	    o[q->at].shares != shares)
		q->same = false;
	else
		q->at++;
}

static bool book_equals(const struct world *w, uint32_t slot)
{
	const struct book_set *s = &w->book.set;
	const struct book *b = book_at(s, slot);
	const struct model_book *m = &w->model.books[slot];
	uint64_t orders = 0;
	uint64_t expected = 0;

	for (uint32_t i = 0; i < w->model.count; i++)
		expected += w->model.orders[i].slot == slot;
	for (uint32_t side = 0; side < 2; side++) {
		for (uint32_t n = 0; n < b->side[side].count; n++) {
			const struct book_level *l =
			        book_level(s, b, (enum book_side_index)side, n);
			struct model_order at = {
			        .slot = slot, .side = side, .price = (uint32_t)l->price};
			struct queue q = {&w->model, &at, 0, true};
			uint32_t count;

			if (model_level(&w->model, &at, &count) != l->quantity ||
			    count != l->orders)
				return false;
			book_level_orders(s, l, queue_visit, &q);
			if (!q.same)
				return false;
			orders += count;
		}
	}
	return orders == expected && b->trade_price == m->trade_price &&
	       b->trade_quantity == m->trade_quantity && b->volume == m->volume &&
	       b->trades == m->trades && b->notional == m->notional;
}

static const char *marks_check(struct world *w)
{
	const uint8_t *now = w->book.region.base;
	struct region *r = &w->book.region;

	for (uint64_t page = 0; page < r->bytes / REGION_PAGE_BYTES; page++) {
		uint64_t at = page * REGION_PAGE_BYTES;

		if (memcmp(now + at, w->snapshot + at, REGION_PAGE_BYTES) == 0)
			continue;
		if (r->page_epoch[page] != r->epoch)
			return "a page changed without a mark";
		memcpy(w->snapshot + at, now + at, REGION_PAGE_BYTES);
	}
	r->epoch = (uint8_t)(r->epoch % 255 + 1);
	return NULL;
}

static const char *op_run(struct world *w, const struct op *o)
{
	struct book_change expected;
	struct book_change got;
	uint32_t index = model_find(&w->model, o->reference);
	uint32_t slot = o->slot;
	uint32_t before_refused = (uint32_t)w->model.stats.refused_orders;

	if (o->type != 'A' && o->type != 'P' && index != BOOK_NONE)
		slot = w->model.orders[index].slot;
	struct model_best before = model_best(&w->model, slot);
	bool known = apply_model(&w->model, o, &expected);
	struct model_best after = model_best(&w->model, slot);

	expected.best_changed = memcmp(&before, &after, sizeof(before)) != 0;
	if (apply_book(&w->book.set, o, &got) != known)
		return "orphan or not";
	if (!best_is(&w->book.set, slot, &after))
		return "best";
	/* A refused Add that displaced an order is told as a removal; the model does not say so. */
	if (w->model.stats.refused_orders == before_refused && !same_change(&expected, &got))
		return "change";
	return NULL;
}

static const char *batch_check(struct world *w)
{
	const char *broken = book_set_check(&w->book.set);

	for (uint32_t slot = 0; slot < w->mix.slots && broken == NULL; slot++)
		if (!book_equals(w, slot))
			broken = "book differs from the model";
	if (broken == NULL)
		broken = marks_check(w);
	if (broken == NULL && memcmp(w->book.region.base, w->twin.region.base, w->book.bytes) != 0)
		broken = "the twin's bytes differ";
	return broken;
}

static const char *stats_check(const struct world *w)
{
	const struct book_set_stats *s = book_set_stats(&w->book.set);
	const struct book_set_stats *m = &w->model.stats;

	if (s->orders_live != m->orders_live || s->replaced_references != m->replaced_references)
		return "counters: orders_live, replaced_references";
	if (s->ignored != m->ignored || s->overtaken != m->overtaken)
		return "counters: ignored, overtaken";
	if (s->refused_orders != m->refused_orders || s->refused_levels != 0)
		return "counters: refused";
	return NULL;
}

/* The twin gets the batch behind a look ahead of changing length. */
static void twin_run(struct world *w)
{
	struct book_change c;
	struct book_ahead ahead;
	uint32_t seen = 0;

	book_ahead_init(&ahead);
	for (uint32_t i = 0; i < OPERATIONS_PER_BATCH; i++) {
		uint32_t lead = (uint32_t)prng_below(&w->prng, 2 * BOOK_AHEAD_MAX);

		for (; seen < OPERATIONS_PER_BATCH && seen < i + lead; seen++) {
			const struct op *o = &w->batch[seen];
			struct book_intent intent = {
			        .reference = o->reference,
			        .slot = o->type == 'A' ? o->slot : BOOK_NONE,
			        .price = o->price,
			        .side = o->side,
			};

			book_ahead_add(&ahead, &w->twin.set, &intent);
		}
		if (prng_below(&w->prng, 50) == 0)
			book_ahead_finish(&ahead);
		apply_book(&w->twin.set, &w->batch[i], &c);
	}
}

static struct mix make_mix(struct prng *p, uint64_t seed)
{
	struct mix m = {
	        .slots = 1 + (uint32_t)prng_below(p, 12),
	        .references = 64ull << prng_below(p, 8),
	        .price_steps = 1 + (uint32_t)prng_below(p, 200),
	        .live_wanted = 16 + (uint32_t)prng_below(p, 200),
	        .hash_kind = (uint32_t)(seed % 3),
	        .orders_max = MODEL_ORDERS_MAX,
	};

	if (m.hash_kind ==
	    1) { /* a chain holds 49 entries: stay below, refusals are not modelled */
		m.references = 45;
		m.live_wanted = 40;
	}
	if (m.hash_kind != 1 && seed % 4 == 0)
		m.orders_max = m.live_wanted * 3 / 4 + 1;
	return m;
}

static void maybe_clear(struct world *w, uint32_t batch)
{
	if (prng_below(&w->prng, 24) != 0)
		return;
	w->model.count = 0;
	w->model.stats.orders_live = 0;
	memset(w->model.books, 0, sizeof(w->model.books));
	book_set_clear(&w->book.set, batch, 1);
	book_set_clear(&w->twin.set, batch, 1);
}

static const char *world_run(struct world *w)
{
	for (uint32_t done = 0; done < operations; done += OPERATIONS_PER_BATCH) {
		maybe_clear(w, done);
		for (uint32_t i = 0; i < OPERATIONS_PER_BATCH; i++) {
			w->batch[i] = make_op(w);
			const char *broken = op_run(w, &w->batch[i]);

			if (broken != NULL) {
				printf("operation %u %c: ", done + i, w->batch[i].type);
				return broken;
			}
		}
		twin_run(w);
		const char *broken = batch_check(w);

		if (broken == NULL)
			broken = stats_check(w);
		if (broken != NULL) {
			printf("batch at operation %u: ", done);
			return broken;
		}
	}
	return NULL;
}

static const char *seed_run(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	prng_init(&w->prng, seed);
	w->mix = make_mix(&w->prng, seed);
	w->model.orders_max = w->mix.orders_max;
	struct book_options o = {
	        .symbols_max = 16, .orders_max = w->mix.orders_max, .levels_max = 16384};

	fixture_init(&w->book, &o);
	fixture_init(&w->twin, &o);
	w->snapshot = calloc(1, w->book.bytes);
	if (w->snapshot == NULL)
		abort();
	for (uint32_t i = 0; i < w->mix.slots; i++) {
		book_slot(&w->book.set, 1000 * i, i + 1);
		book_slot(&w->twin.set, 1000 * i, i + 1);
	}
	const char *broken = world_run(w);

	free(w->snapshot);
	fixture_finish(&w->book);
	fixture_finish(&w->twin);
	free(w);
	return broken;
}

static void test_equals_model(void)
{
	printf("seeds %llu..%llu, %llu operations each\n", (unsigned long long)first_seed,
	       (unsigned long long)(first_seed + seeds - 1), (unsigned long long)operations);
	for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
		const char *broken = seed_run(seed);

		if (broken != NULL)
			printf("seed %llu: %s\n", (unsigned long long)seed, broken);
		CU_ASSERT_PTR_NULL(broken);
	}
}

int main(int argc, char **argv)
{
	const struct suite_test tests[] = {
	        {"equals the model, marks its pages, same bytes", test_equals_model},
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		operations = strtoull(argv[2], NULL, 10);
	if (argc > 3)
		seeds = strtoull(argv[3], NULL, 10);
	return SUITE_RUN("book_property", tests);
}
