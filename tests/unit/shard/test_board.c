/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/shard/board.h"

#include "tests/unit/suite.h"

#define ROWS 4u

static struct board board;
static void *memory;

static void board_create(void)
{
	uint64_t bytes = (board_bytes(ROWS) + 63) & ~63ull;

	memory = aligned_alloc(64, bytes);
	memset(memory, 0, bytes);
	CU_ASSERT_EQUAL_FATAL(board_init(&board, memory, bytes, ROWS, 7), 0);
}

static void test_formats(void)
{
	struct board b;
	uint8_t *m = aligned_alloc(64, 1u << 20);

	memset(m, 0, 1u << 20);
	CU_ASSERT_EQUAL(board_attach(&b, m, 1u << 20), -EPROTO);
	CU_ASSERT_EQUAL(board_init(&b, m, 64, ROWS, 0), -EINVAL);
	CU_ASSERT_EQUAL(board_init(&b, m, 1u << 20, 0, 0), -EINVAL);
	CU_ASSERT_EQUAL(board_init(&b, m + 8, (1u << 20) - 8, ROWS, 0), -EINVAL);
	CU_ASSERT_EQUAL(board_init(&b, m, 1u << 20, ROWS, 0), 0);
	CU_ASSERT_EQUAL(board_attach(&b, m, 1u << 20), 0);
	CU_ASSERT_EQUAL(board_attach(&b, m, 4096), -EPROTO);
	free(m);
}

static void test_rows(void)
{
	struct board_top t = {.symbol = 1, .bid_price = -5, .sequence = 3, .epoch = 1};
	struct board_top out;

	board_create();
	CU_ASSERT_EQUAL(board_read(&board, 0, &out, 1), -ENOENT);
	CU_ASSERT_EQUAL(board_read(&board, ROWS, &out, 1), -ENOENT);
	for (int i = 0; i < 5; i++) {
		t.sequence++;
		board_write(&board, 2, &t);
		CU_ASSERT_EQUAL(board_read(&board, 2, &out, 1), 0);
		CU_ASSERT_EQUAL(memcmp(&t, &out, sizeof(t)), 0);
	}
	free(memory);
}

static void test_claims(void)
{
	board_create();
	CU_ASSERT(board_claim(&board, 1, 0));
	CU_ASSERT(board_claim(&board, 1, 0));
	CU_ASSERT_FALSE(board_claim(&board, 1, 5));
	CU_ASSERT(board_claim(&board, 2, 5));
	free(memory);
}

static void test_gap_word(void)
{
	uint32_t epoch;
	uint64_t end;

	board_create();
	board_gap_read(&board, &epoch, &end);
	CU_ASSERT_EQUAL(epoch, 0);
	board_gap(&board, 1, 100);
	board_gap(&board, 1, 50); /* only forward */
	board_gap_read(&board, &epoch, &end);
	CU_ASSERT_EQUAL(epoch, 1);
	CU_ASSERT_EQUAL(end, 100);
	board_gap(&board, 2, 10);
	board_gap(&board, 2, 0); /* 2^64 */
	board_gap(&board, 2, 10);
	board_gap_read(&board, &epoch, &end);
	CU_ASSERT_EQUAL(epoch, 2);
	CU_ASSERT_EQUAL(end, 0);
	CU_ASSERT_EQUAL(atomic_load(&board.control->gaps), 3);
	free(memory);
}

static void test_positions(void)
{
	struct board_position p = {.epoch = 2, .sequence = 99, .lag_bytes = 4};
	struct board_position q;

	board_create();
	board_set_position(&board, 63, 1, &p);
	board_get_position(&board, 63, 1, &q);
	CU_ASSERT_EQUAL(q.epoch, 2);
	CU_ASSERT_EQUAL(q.sequence, 99);
	CU_ASSERT_EQUAL(q.lag_bytes, 4);
	board_get_position(&board, 62, 1, &q);
	CU_ASSERT_EQUAL(q.sequence, 0);
	free(memory);
}

/* Threads: every row read is one that was written, and rows never go back. */

#define WRITES 200000u

static _Atomic bool done;

static void top_fill(struct board_top *t, uint64_t n)
{
	uint64_t words[BOARD_WORDS];

	for (uint32_t i = 0; i < BOARD_WORDS; i++)
		words[i] = n * 0x9e3779b97f4a7c15ull + i;
	memcpy(t, words, sizeof(*t));
	t->sequence = n;
}

static void *writer(void *arg)
{
	struct board_top t;

	(void)arg;
	for (uint64_t n = 1; n <= WRITES; n++) {
		top_fill(&t, n);
		board_write(&board, 1, &t);
	}
	atomic_store(&done, true);
	return NULL;
}

static void *reader(void *arg)
{
	uint64_t *broken = arg;
	uint64_t last = 0;
	uint64_t reads = 0;

	while (!atomic_load(&done) || reads == 0) {
		struct board_top t;
		struct board_top expected;

		if (board_read(&board, 1, &t, 4) != 0)
			continue;
		reads++;
		top_fill(&expected, t.sequence);
		*broken += memcmp(&t, &expected, sizeof(t)) != 0;
		*broken += t.sequence < last;
		last = t.sequence;
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[3];
	uint64_t broken[2] = {0};

	board_create();
	atomic_store(&done, false);
	pthread_create(&threads[1], NULL, reader, &broken[0]);
	pthread_create(&threads[2], NULL, reader, &broken[1]);
	pthread_create(&threads[0], NULL, writer, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(broken[0], 0);
	CU_ASSERT_EQUAL(broken[1], 0);
	free(memory);
}

static void test_flags_now(void)
{
	struct board_top t = {.epoch = 1, .good_sequence = 10, .flags = BOARD_HALTED};

	board_create();
	CU_ASSERT_EQUAL(board_flags_now(&board, &t), BOARD_HALTED);
	board_gap(&board, 1, 10);
	CU_ASSERT_EQUAL(board_flags_now(&board, &t), BOARD_HALTED);
	board_gap(&board, 1, 11);
	CU_ASSERT_EQUAL(board_flags_now(&board, &t), BOARD_HALTED | BOARD_SUSPECT);
	t.flags = BOARD_HEURISTIC;
	CU_ASSERT_EQUAL(board_flags_now(&board, &t), BOARD_HEURISTIC);
	t = (struct board_top){.epoch = 2, .good_sequence = 1};
	CU_ASSERT_EQUAL(board_flags_now(&board, &t), 0);
	free(memory);
}

static const struct suite_test tests[] = {
        {"formats", test_formats},           {"rows", test_rows},
        {"one writer per row", test_claims}, {"the gap word", test_gap_word},
        {"positions", test_positions},       {"readers against a writer", test_threads},
        {"flags as of now", test_flags_now},
};

int main(void)
{
	return SUITE_RUN("shard_board", tests);
}
