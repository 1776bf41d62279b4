/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Properties of random days; seed and count of days from the command line: test_walk [SEED [DAYS]].
 */
#include "tests/unit/shard/random_day.h"
#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

#define SYMBOLS 60u

static uint64_t seed = 1;
static uint32_t days = 3;

struct run { /* one world and the groups of up to four shards on it */
	struct world world;
	struct shard_box *box[4];
	uint32_t shards;
};

static const struct protocol *protocol = &protocol_itch50;

static void run_init(struct run *r, const struct script *s, uint32_t per_record, struct prng *cut)
{
	*r = (struct run){0};
	world_init(&r->world, protocol, 1024);
	world_play_part(&r->world, s, 0, s->count, per_record, cut);
}

static void run_shard(struct run *r, const struct group_options *o, uint32_t count)
{
	struct shard_box *b = calloc(1, sizeof(*b));

	r->box[r->shards] = b;
	shard_box_start(b, &r->world, r->shards++, o, count, true);
	shard_box_run(b, 1);
	CU_ASSERT(shard_at_head(b->shard));
	for (uint32_t i = 0; i < count; i++)
		CU_ASSERT_PTR_NULL(book_set_check(&b->groups[i].group.books));
}

static void run_finish(struct run *r)
{
	for (uint32_t i = 0; i < r->shards; i++) {
		shard_box_finish(r->box[i]);
		free(r->box[i]);
	}
	world_finish(&r->world);
}

/* Six groups that share one symbol space in every kind of way. */
static uint32_t mixed_groups(struct group_options o[6], uint64_t names[2])
{
	names[0] = symbol_from_text("AA");
	names[1] = symbol_from_text("BC");
	for (uint32_t i = 0; i < 6; i++)
		o[i] = group_all(128, 4096);
	o[0].selector = (struct selector){.kind = SELECT_HASH, .part = 0, .parts = 3};
	o[1].selector = (struct selector){.kind = SELECT_HASH, .part = 2, .parts = 3};
	o[2].selector = (struct selector){.kind = SELECT_LIST, .names = names, .name_count = 2};
	o[3].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "[A-B][!A]"};
	o[4].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "?B"};
	o[4].class = CLASS_NORMAL;
	o[5].selector = (struct selector){.kind = SELECT_HASH, .part = 1, .parts = 3};
	o[5].class = CLASS_NORMAL;
	return 6;
}

/* State depends on sequence and bytes only: however records are cut, regions are the same bytes. */
static void check_cuts(const struct script *s, const struct group_options *o, uint32_t count)
{
	struct run one;
	struct run many;
	struct run mixed;
	struct prng cut;

	prng_init(&cut, seed);
	run_init(&one, s, 1, NULL);
	run_init(&many, s, 38, NULL);
	run_init(&mixed, s, 0, &cut);
	run_shard(&one, o, count);
	run_shard(&many, o, count);
	run_shard(&mixed, o, count);
	for (uint32_t i = 0; i < count; i++) {
		CU_ASSERT(box_equal(&one.box[0]->groups[i], &many.box[0]->groups[i]));
		CU_ASSERT(box_equal(&one.box[0]->groups[i], &mixed.box[0]->groups[i]));
	}
	run_finish(&one);
	run_finish(&many);
	run_finish(&mixed);
}

static void test_cuts(void)
{
	for (uint32_t day = 0; day < days; day++) {
		struct script s = {0};
		struct group_options o[6];
		struct group_options all = group_all(128, 4096);
		uint64_t names[2];
		uint32_t count = mixed_groups(o, names);

		day_make(&s, (struct day_options){.seed = seed + day,
		                                  .symbols = SYMBOLS,
		                                  .messages = 6000,
		                                  .hostile = true,
		                                  .sessions = true});
		check_cuts(&s, &all, 1);
		check_cuts(&s, o, count);
		script_free(&s);
	}
}

static void test_cuts_by_level(void)
{
	protocol = &protocol_deep10;
	for (uint32_t day = 0; day < days; day++) {
		struct script s = {0};
		struct group_options o[6];
		struct group_options all = group_all(128, 0);
		uint64_t names[2];
		uint32_t count = mixed_groups(o, names);

		for (uint32_t i = 0; i < count; i++)
			o[i].books.orders_max = 0;
		deep_day_make(&s, (struct day_options){.seed = seed + day,
		                                       .symbols = SYMBOLS,
		                                       .messages = 6000,
		                                       .hostile = true,
		                                       .sessions = true});
		check_cuts(&s, &all, 1);
		check_cuts(&s, o, count);
		script_free(&s);
	}
	protocol = &protocol_itch50;
}

static bool side_equal(const struct book_set *a, const struct book *x, const struct book_set *b,
                       const struct book *y, enum book_side_index side)
{
	if (x->side[side].count != y->side[side].count)
		return false;
	for (uint32_t n = 0; n < x->side[side].count; n++) {
		const struct book_level *l = book_level(a, x, side, n);
		const struct book_level *k = book_level(b, y, side, n);

		if (l->price != k->price || l->quantity != k->quantity || l->orders != k->orders)
			return false;
	}
	return true;
}

static bool book_equal(const struct group_box *a, const struct group_box *b, uint64_t symbol)
{
	char text[9];
	const struct book *x = box_book(a, symbol_text(symbol, text));
	const struct book *y = box_book(b, text);

	return x != NULL && y != NULL && x->volume == y->volume && x->trades == y->trades &&
	       x->state == y->state && x->good_sequence == y->good_sequence &&
	       side_equal(&a->group.books, x, &b->group.books, y, BOOK_BID) &&
	       side_equal(&a->group.books, x, &b->group.books, y, BOOK_ASK);
}

/* Groups of two shards that part the symbols have together what one group of all has. */
static void test_union(void)
{
	uint64_t live = 0;

	for (uint32_t day = 0; day < days; day++) {
		struct script s = {0};
		struct run r;
		struct group_options all = group_all(128, 4096);
		struct group_options part[4];
		uint32_t books = 0;
		uint64_t orders = 0;
		uint64_t orphans = 0;

		day_make(&s, (struct day_options){.seed = seed + 100 + day,
		                                  .symbols = SYMBOLS,
		                                  .messages = 8000,
		                                  .sessions = day % 2 != 0});
		for (uint32_t i = 0; i < 4; i++) {
			part[i] = all;
			part[i].class = i % 2 ? CLASS_NORMAL : CLASS_CRITICAL;
			part[i].selector =
			        (struct selector){.kind = SELECT_HASH, .part = i, .parts = 4};
		}
		run_init(&r, &s, 5, NULL);
		run_shard(&r, &all, 1);
		run_shard(&r, part, 2);
		run_shard(&r, part + 2, 2);
		for (uint32_t i = 0; i < 4; i++) {
			const struct group_box *g = &r.box[1 + i / 2]->groups[i % 2];

			for (uint32_t b = 0; b < book_count(&g->group.books); b++)
				CU_ASSERT(book_equal(&r.box[0]->groups[0], g,
				                     book_at(&g->group.books, b)->symbol));
			books += book_count(&g->group.books);
			orders += book_set_stats(&g->group.books)->orders_live;
			orphans += book_set_stats(&g->group.books)->orphan_references;
		}
		const struct book_set *big = &r.box[0]->groups[0].group.books;

		CU_ASSERT_EQUAL(books, book_count(big));
		CU_ASSERT_EQUAL(orders, book_set_stats(big)->orders_live);
		CU_ASSERT_EQUAL(orphans, book_set_stats(big)->orphan_references);
		live += book_set_stats(big)->orders_live;
		/* Two classes on one shard looked less, not more. */
		CU_ASSERT(shard_stats(r.box[1]->shard)->records_skipped > 0);
		run_finish(&r);
		script_free(&s);
	}
	CU_ASSERT(live > 100);
}

/* 256 groups on four shards, hash parted. */
static void test_many_groups(void)
{
	struct script s = {0};
	struct run r;
	static struct group_options part[256];
	struct group_options all = group_all(1024, 32768);
	uint64_t orders = 0;

	all.books.levels_max = 65536;
	day_make(&s, (struct day_options){.seed = seed + 7, .symbols = 600, .messages = 20000});
	run_init(&r, &s, 30, NULL);
	for (uint32_t i = 0; i < 256; i++) {
		part[i] = group_all(32, 1024);
		part[i].books.levels_max = 2048;
		part[i].class = i % 8 == 0 ? CLASS_CRITICAL : CLASS_NORMAL;
		part[i].selector = (struct selector){.kind = SELECT_HASH, .part = i, .parts = 256};
	}
	for (uint32_t i = 0; i < 4; i++)
		run_shard(&r, part + 64 * i, 64);
	struct run big;

	run_init(&big, &s, 1, NULL);
	run_shard(&big, &all, 1);
	for (uint32_t i = 0; i < 256; i++) {
		const struct group_box *g = &r.box[i / 64]->groups[i % 64];

		orders += book_set_stats(&g->group.books)->orders_live;
		for (uint32_t b = 0; b < book_count(&g->group.books); b++)
			CU_ASSERT(book_equal(&big.box[0]->groups[0], g,
			                     book_at(&g->group.books, b)->symbol));
	}
	CU_ASSERT_EQUAL(orders, book_set_stats(&big.box[0]->groups[0].group.books)->orders_live);
	run_finish(&r);
	run_finish(&big);
	script_free(&s);
}

/* A record whose block lengths lead out of it is walked as far as they are whole. */
static void test_overrun(void)
{
	struct run r = {0};
	struct group_options all = group_all(16, 64);
	struct script s = {0};

	script_reset(&s);
	itch_add(&s, (struct add){1, "AA", 1, 'B', 100, 10000});
	world_init(&r.world, &protocol_itch50, 64);
	world_play(&r.world, &s, 1);
	struct record *bad = world_record(&r.world, RECORD_DATA, 44);
	uint8_t *p = (uint8_t *)(bad + 1);

	memset(p, 0, 44);
	put_be16(p, 36);
	memcpy(p + 2, s.items[1].bytes, 36);
	put_be64(p + 2 + 11, 2);
	put_be16(p + 38, 600);
	bad->count = 3;
	log_writer_commit(&r.world.log, bad);
	log_writer_publish(&r.world.log);
	run_shard(&r, &all, 1);
	CU_ASSERT_EQUAL(box_resting(&r.box[0]->groups[0], "AA", BOOK_BID), 200);
	run_finish(&r);
	script_free(&s);
}

static const struct suite_test tests[] = {
        {"cuts change nothing", test_cuts},
        {"cuts change nothing by level", test_cuts_by_level},
        {"parts are together the whole", test_union},
        {"256 groups on four shards", test_many_groups},
        {"a record that overruns itself", test_overrun},
};

int main(int argc, char **argv)
{
	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	days = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 3;
	printf("seed %llu, %u days\n", (unsigned long long)seed, days);
	return SUITE_RUN("shard_walk", tests);
}
