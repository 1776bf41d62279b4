/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day.h"
#include "tests/unit/suite.h"

#define MESSAGE_BYTES 64u /* room for any */

static uint64_t seed = 1;

static struct day_state *made(void)
{
	struct day_state *s;

	CU_ASSERT_EQUAL_FATAL(day_state_create(&s), 0);
	return s;
}

static struct day_snapshot *taken(const struct day_state *s)
{
	struct day_snapshot *n = NULL;

	CU_ASSERT_EQUAL_FATAL(day_state_snapshot(s, &n), 0);
	return n;
}

/* A message of this type about stock 5, with its orders' reference and shares. */
static void apply(struct day_state *s, uint8_t type, uint64_t reference, uint32_t shares)
{
	uint8_t m[MESSAGE_BYTES] = {type, 0, 5};

	put_be48(m + 5, 1000 + reference);
	memcpy(m + 11, "ACME    ", 8);
	if (strchr("AFECXDU", type) != NULL)
		put_be64(m + 11, reference);
	if (type == 'A' || type == 'F') {
		m[19] = 'S';
		put_be32(m + 20, shares);
		memcpy(m + 24, "ACME    ", 8);
		put_be32(m + 32, 123400);
		memcpy(m + 36, "MPID", 4);
	} else if (type == 'U') {
		put_be64(m + 19, reference + 1000);
		put_be32(m + 27, shares);
		put_be32(m + 31, 123500);
	} else if (type == 'S') {
		m[11] = (uint8_t)reference;
	} else if (type == 'H') {
		m[19] = (uint8_t)reference;
	} else if (type != 'R') {
		put_be32(m + 19, shares);
	}
	CU_ASSERT_EQUAL_FATAL(day_state_apply(s, m, day_message_bytes(type)), 0);
}

/* Types of a snapshot's messages, in order. */
static void types_of(const struct day_snapshot *n, char *text)
{
	uint64_t at = 0;

	while (at < n->bytes) {
		*text++ = (char)n->blocks[at + 2];
		CU_ASSERT_EQUAL(be16(n->blocks + at), day_message_bytes(n->blocks[at + 2]));
		at += 2u + be16(n->blocks + at);
	}
	CU_ASSERT_EQUAL(at, n->bytes);
	*text = '\0';
}

static void the_last_word_on_each_stock_is_told(void)
{
	struct day_state *s = made();
	struct day_snapshot *n = taken(s);
	char types[32];

	CU_ASSERT_TRUE(n->messages == 0 && n->bytes == 0);
	free(n);
	apply(s, 'S', 'O', 0);
	apply(s, 'R', 0, 0);
	apply(s, 'H', 'H', 0);
	apply(s, 'S', 'Q', 0);
	apply(s, 'H', 'T', 0);
	apply(s, 'A', 1, 100);
	apply(s, 'F', 2, 200);
	apply(s, 'A', 3, 300);
	apply(s, 'E', 1, 40);
	apply(s, 'U', 2, 250);
	apply(s, 'D', 3, 0);
	apply(s, 'P', 9, 0); /* a trade: no state */
	n = taken(s);
	types_of(n, types);
	CU_ASSERT_STRING_EQUAL(types, "SRHAF");
	CU_ASSERT_EQUAL(n->messages, 5);
	CU_ASSERT_EQUAL(n->blocks[2 + 11], 'Q');
	const uint8_t *h = n->blocks + 14 + 41 + 2;
	const uint8_t *a = h + 25 + 2;
	const uint8_t *f = a + 36 + 2;

	CU_ASSERT_EQUAL(h[19], 'T');
	CU_ASSERT_TRUE(be64(a + 11) == 1 && be32(a + 20) == 60 && a[19] == 'S' && be16(a + 1) == 5);
	CU_ASSERT_TRUE(be32(a + 32) == 123400 && memcmp(a + 24, "ACME    ", 8) == 0);
	CU_ASSERT_TRUE(be64(f + 11) == 1002 && be32(f + 20) == 250 && be32(f + 32) == 123500);
	CU_ASSERT_TRUE(memcmp(f + 36, "MPID", 4) == 0 && be48(f + 5) == 1002 &&
	               be48(a + 5) == 1001);
	free(n);
	day_state_reset(s);
	n = taken(s);
	CU_ASSERT_EQUAL(n->messages, 0);
	free(n);
	day_state_destroy(s);
}

static void any_bytes_are_taken(void)
{
	struct day_state *s = made();
	const uint8_t shorter[12] = {'R'};

	CU_ASSERT_EQUAL(day_state_apply(s, NULL, 0), 0);
	CU_ASSERT_EQUAL(day_state_apply(s, shorter, 12), 0);
	CU_ASSERT_EQUAL(day_state_apply(s, (const uint8_t *)"?", 1), 0);
	struct day_snapshot *n = taken(s);

	CU_ASSERT_EQUAL(n->messages, 0);
	CU_ASSERT_EQUAL(day_referee_counts(day_state_books(s))->messages, 3);
	free(n);
	day_state_destroy(s);
}

static int by_reference(const void *a, const void *b)
{
	const struct day_order *x = a;
	const struct day_order *y = b;

	return (x->reference > y->reference) - (x->reference < y->reference);
}

/* A made-up day: at any point of it, who reads the snapshot has the very orders, and goes on with
 * the rest of the day to the same end. */
static void a_snapshot_is_as_good_as_the_past(void)
{
	const struct day_options o = {
	        .seed = seed, .messages = 30000, .symbols = 50, .no_referee = true};
	struct day_state *whole = made();
	struct day_state *late[3] = {NULL};
	struct day *d;
	uint8_t m[256];
	uint64_t time_ns;
	uint32_t bytes;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, &o), 0);
	for (uint64_t i = 0; (bytes = day_next(d, m, &time_ns)) > 0; i++) {
		if (i % 9000 == 5000) {
			struct day_snapshot *n = taken(whole);

			late[i / 9000] = made();
			for (uint64_t at = 0; at < n->bytes; at += 2u + be16(n->blocks + at))
				CU_ASSERT_EQUAL(day_state_apply(late[i / 9000], n->blocks + at + 2,
				                                be16(n->blocks + at)),
				                0);
			free(n);
		}
		day_state_apply(whole, m, bytes);
		for (uint32_t k = 0; k < 3; k++)
			if (late[k] != NULL)
				day_state_apply(late[k], m, bytes);
	}
	struct day_order *all;
	uint64_t count;

	CU_ASSERT_EQUAL_FATAL(day_referee_orders(day_state_books(whole), &all, &count), 0);
	qsort(all, count, sizeof(*all), by_reference);
	CU_ASSERT_TRUE(count > 100);
	for (uint32_t k = 0; k < 3; k++) {
		struct day_order *got;
		uint64_t got_count;

		CU_ASSERT_EQUAL_FATAL(
		        day_referee_orders(day_state_books(late[k]), &got, &got_count), 0);
		qsort(got, got_count, sizeof(*got), by_reference);
		CU_ASSERT_EQUAL_FATAL(got_count, count);
		CU_ASSERT_EQUAL(day_referee_counts(day_state_books(late[k]))->orphan_references, 0);
		for (uint64_t i = 0; i < count; i++) {
			got[i].arrival = all[i].arrival; /* counted from the snapshot */
			CU_ASSERT_EQUAL(memcmp(&got[i], &all[i], sizeof(all[i])), 0);
		}
		free(got);
		day_state_destroy(late[k]);
	}
	free(all);
	day_destroy(d);
	day_state_destroy(whole);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"the last word on each stock is told", the_last_word_on_each_stock_is_told},
	        {"any bytes are taken", any_bytes_are_taken},
	        {"a snapshot is as good as the past", a_snapshot_is_as_good_as_the_past},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	return SUITE_RUN("day_state", tests);
}
