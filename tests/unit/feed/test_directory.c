/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/directory.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

struct world {
	struct region region;
	struct directory directory;
	void *memory;
	uint8_t *epochs;
};

static void world_open(struct world *w, uint32_t symbols_max)
{
	uint64_t bytes = directory_bytes(symbols_max);

	w->memory = aligned_alloc(REGION_PAGE_BYTES, bytes);
	w->epochs = calloc(1, bytes / REGION_PAGE_BYTES);
	memset(w->memory, 0, bytes);
	CU_ASSERT_EQUAL_FATAL(region_init(&w->region, w->memory, bytes, w->epochs), 0);
	CU_ASSERT_EQUAL_FATAL(directory_init(&w->directory, &w->region, symbols_max), 0);
}

static void world_close(struct world *w)
{
	free(w->epochs);
	free(w->memory);
}

static void test_init(void)
{
	static const uint32_t sizes[] = {1, 2, 7, 8, 9, 100, 4096, 65536, 100000};
	struct world w;
	struct directory d;

	for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		world_open(&w, sizes[i]);
		CU_ASSERT((w.directory.mask & (w.directory.mask + 1)) == 0);
		CU_ASSERT(w.directory.mask + 1 >= 2 * sizes[i]);
		CU_ASSERT_EQUAL(directory_count(&w.directory), 0);
		uint64_t left = w.region.bytes - w.region.used_bytes;

		CU_ASSERT_NOT_EQUAL(region_place(&w.region, left, 1), UINT64_MAX);
		CU_ASSERT_EQUAL(directory_init(&d, &w.region, sizes[i]), -ENOSPC);
		CU_ASSERT_EQUAL(directory_init(&d, &w.region, 0), -EINVAL);
		CU_ASSERT_EQUAL(directory_init(&d, &w.region, (1u << 24) + 1), -EINVAL);
		world_close(&w);
	}
}

static void test_learn_and_find(void)
{
	struct world w;
	int is_new = 5;

	world_open(&w, 100);
	struct directory *d = &w.directory;
	uint64_t a = symbol_from_text("AAPL");
	uint64_t z = symbol_from_text("ZVZZT");

	CU_ASSERT_EQUAL(directory_find(d, a), SYMBOL_NONE);
	CU_ASSERT_EQUAL(directory_learn(d, a, &is_new), 0);
	CU_ASSERT_EQUAL(is_new, 1);
	CU_ASSERT_EQUAL(directory_learn(d, z, NULL), 1);
	CU_ASSERT_EQUAL(directory_learn(d, a, &is_new), 0);
	CU_ASSERT_EQUAL(is_new, 0);
	CU_ASSERT_EQUAL(directory_count(d), 2);
	CU_ASSERT_EQUAL(directory_find(d, a), 0);
	CU_ASSERT_EQUAL(directory_find(d, z), 1);
	CU_ASSERT_EQUAL(directory_name(d, 0), a);
	CU_ASSERT_EQUAL(directory_name(d, 1), z);
	CU_ASSERT_EQUAL(d->refused, 0);
	world_close(&w);
}

static void test_blank_is_no_symbol(void)
{
	struct world w;
	int is_new = 1;

	world_open(&w, 4);
	CU_ASSERT_EQUAL(directory_learn(&w.directory, SYMBOL_BLANK, &is_new), SYMBOL_NONE);
	CU_ASSERT_EQUAL(is_new, 0);
	CU_ASSERT_EQUAL(directory_learn(&w.directory, 0, NULL), SYMBOL_NONE);
	CU_ASSERT_EQUAL(directory_find(&w.directory, SYMBOL_BLANK), SYMBOL_NONE);
	CU_ASSERT_EQUAL(directory_find(&w.directory, 0), SYMBOL_NONE);
	CU_ASSERT_EQUAL(directory_count(&w.directory), 0);
	CU_ASSERT_EQUAL(w.directory.refused, 0);
	CU_ASSERT_EQUAL(symbol_from_text(""), 0);
	CU_ASSERT_EQUAL(symbol_from_text("123456789"), 0);
	world_close(&w);
}

static void test_full(void)
{
	struct world w;
	struct prng p;
	uint64_t names[1000];

	world_open(&w, 1000);
	prng_init(&p, 5);
	for (uint32_t i = 0; i < 1000; i++) {
		names[i] = prng_next(&p) | 1;
		CU_ASSERT_EQUAL(directory_learn(&w.directory, names[i], NULL), i);
	}
	for (uint32_t i = 0; i < 5000; i++)
		CU_ASSERT_EQUAL(directory_learn(&w.directory, prng_next(&p) | 1, NULL),
		                SYMBOL_NONE);
	CU_ASSERT_EQUAL(w.directory.refused, 5000);
	CU_ASSERT_EQUAL(directory_count(&w.directory), 1000);
	/* What is known stays known, and is still no news. */
	for (uint32_t i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL(directory_find(&w.directory, names[i]), i);
		CU_ASSERT_EQUAL(directory_learn(&w.directory, names[i], NULL), i);
		CU_ASSERT_EQUAL(directory_name(&w.directory, i), names[i]);
	}
	CU_ASSERT_EQUAL(directory_find(&w.directory, prng_next(&p) | 1), SYMBOL_NONE);
	world_close(&w);
}

/* Somebody picks names that all hash to the last slot: they are kept apart, wrap around the end of
 * the table, and cost time, never memory. */
static void test_hostile_collisions(void)
{
	struct world w;
	uint64_t names[64];
	uint32_t count = 0;

	world_open(&w, 64);
	struct directory *d = &w.directory;

	for (uint64_t n = 1; count < 64; n++)
		if (((uint32_t)symbol_hash(n) & d->mask) == d->mask)
			names[count++] = n;
	for (uint32_t i = 0; i < count; i++)
		CU_ASSERT_EQUAL(directory_learn(d, names[i], NULL), i);
	for (uint32_t i = 0; i < count; i++)
		CU_ASSERT_EQUAL(directory_find(d, names[i]), i);
	/* A 65th of the kind is neither found nor taken. */
	uint64_t n = names[63] + 1;

	while (((uint32_t)symbol_hash(n) & d->mask) != d->mask)
		n++;
	CU_ASSERT_EQUAL(directory_find(d, n), SYMBOL_NONE);
	CU_ASSERT_EQUAL(directory_learn(d, n, NULL), SYMBOL_NONE);
	CU_ASSERT_EQUAL(d->refused, 1);
	world_close(&w);
}

/* Equal input gives equal bytes, and every page written to is marked. */
static void test_region_state(void)
{
	struct world a;
	struct world b;
	struct prng p;
	uint64_t bytes = directory_bytes(3000);

	world_open(&a, 3000);
	world_open(&b, 3000);
	uint8_t *before = malloc(bytes);

	memcpy(before, a.memory, bytes);
	prng_init(&p, 9);
	for (uint32_t i = 0; i < 700; i++) {
		uint64_t name = prng_below(&p, 500) + 1;

		if (i % 100 == 0) {
			memcpy(before, a.memory, bytes);
			memset(a.epochs, 0, bytes / REGION_PAGE_BYTES);
		}
		CU_ASSERT_EQUAL(directory_learn(&a.directory, name, NULL),
		                directory_learn(&b.directory, name, NULL));
	}
	CU_ASSERT_EQUAL(memcmp(a.memory, b.memory, bytes), 0);
	for (uint64_t page = 0; page < bytes / REGION_PAGE_BYTES; page++) {
		uint64_t at = page * REGION_PAGE_BYTES;
		bool changed =
		        memcmp(before + at, (uint8_t *)a.memory + at, REGION_PAGE_BYTES) != 0;

		CU_ASSERT(!changed || a.epochs[page] == a.region.epoch);
	}
	free(before);
	world_close(&a);
	world_close(&b);
}

#define READER_SYMBOLS 20000u

static void *reader_run(void *arg)
{
	const struct directory *d = arg;
	uintptr_t wrong = 0;
	uint32_t count = 0;

	while (count < READER_SYMBOLS) {
		count = directory_count(d);
		for (uint32_t id = count > 50 ? count - 50 : 0; id < count; id++) {
			wrong += directory_name(d, id) != id + 1ull;
			wrong += directory_find(d, id + 1ull) != id;
		}
		uint32_t ahead = directory_find(d, count + 1ull);

		wrong += ahead != SYMBOL_NONE && ahead != count;
		sched_yield();
	}
	return (void *)wrong;
}

/* A reader on another core sees an entry whole or not at all. */
static void test_reader(void)
{
	struct world w;
	pthread_t reader;
	void *wrong = NULL;

	world_open(&w, READER_SYMBOLS);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&reader, NULL, reader_run, &w.directory), 0);
	for (uint64_t name = 1; name <= READER_SYMBOLS; name++)
		(void)directory_learn(&w.directory, name, NULL);
	pthread_join(reader, &wrong);
	CU_ASSERT_EQUAL((uintptr_t)wrong, 0);
	world_close(&w);
}

static void test_text(void)
{
	char text[9];

	CU_ASSERT_STRING_EQUAL(symbol_text(symbol_from_text("A"), text), "A");
	CU_ASSERT_STRING_EQUAL(symbol_text(symbol_from_text("BRK.A"), text), "BRK.A");
	CU_ASSERT_STRING_EQUAL(symbol_text(symbol_from_text("12345678"), text), "12345678");
	CU_ASSERT_STRING_EQUAL(symbol_text(SYMBOL_BLANK, text), "");
	CU_ASSERT_STRING_EQUAL(symbol_text(0, text), "");
	uint64_t name;

	memcpy(&name, "A B\x01\x80\xff\x00 ", 8);
	CU_ASSERT_STRING_EQUAL(symbol_text(name, text), "A?B???");
	memcpy(&name, "A   \0   ", 8);
	CU_ASSERT_STRING_EQUAL(symbol_text(name, text), "A");
	CU_ASSERT_EQUAL(symbol_from_text("AB"), 0x2020202020204241u);
}

/* Another handle on the same bytes sees the same symbols; what cannot be a directory is refused. */
static void test_attach(void)
{
	struct world w;
	struct directory d;

	world_open(&w, 100);
	uint8_t *base = (uint8_t *)(uintptr_t)directory_base(&w.directory);
	uint64_t bytes = directory_bytes(100);
	uint64_t exact = 64 + 256 * sizeof(struct directory_entry) + 100 * sizeof(uint64_t);

	CU_ASSERT_EQUAL_FATAL(directory_attach(&d, base, exact, 100), 0);
	for (uint64_t i = 1; i <= 100; i++)
		CU_ASSERT_EQUAL(directory_learn(&w.directory, i, NULL), i - 1);
	CU_ASSERT_EQUAL(directory_count(&d), 100);
	for (uint32_t i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(directory_name(&d, i), i + 1);
		CU_ASSERT_EQUAL(directory_find(&d, i + 1), i);
	}
	CU_ASSERT_EQUAL(directory_attach(&d, NULL, bytes, 100), -EPROTO);
	CU_ASSERT_EQUAL(directory_attach(&d, base + 8, bytes, 100), -EPROTO);
	CU_ASSERT_EQUAL(directory_attach(&d, base, exact - 1, 100), -EPROTO);
	CU_ASSERT_EQUAL(directory_attach(&d, base, bytes, 0), -EPROTO);
	/* More symbols than it may have. */
	CU_ASSERT_EQUAL(directory_attach(&d, base, bytes, 99), -EPROTO);
	world_close(&w);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"init", test_init},
	        {"learn and find", test_learn_and_find},
	        {"blank is no symbol", test_blank_is_no_symbol},
	        {"a full directory refuses", test_full},
	        {"hostile collisions", test_hostile_collisions},
	        {"equal bytes, marked pages", test_region_state},
	        {"a reader on another core", test_reader},
	        {"text", test_text},
	        {"attach", test_attach},
	};

	return SUITE_RUN("directory", tests);
}
