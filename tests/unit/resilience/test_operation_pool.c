/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_pool.h"

#include <errno.h>

#include "tests/unit/suite.h"

#define OPERATIONS 4u
#define ATTEMPTS   6u

static struct operation operations[OPERATIONS + 1];
static struct operation_attempt attempts[ATTEMPTS + 1];
static struct operation_pool pool;

static void open_pool(uint64_t first_use)
{
	struct operation_pool_options o = {
	        .operations_max = OPERATIONS, .attempts_max = ATTEMPTS, .first_use = first_use};

	operations[OPERATIONS].tag = 77;
	attempts[ATTEMPTS].token = 77;
	CU_ASSERT_EQUAL_FATAL(operation_pool_init(&pool, &o, operations, attempts), 0);
}

static void test_options(void)
{
	struct operation_pool_options o = {.operations_max = 2, .attempts_max = 2};

	CU_ASSERT_EQUAL(operation_pool_init(&pool, &o, operations, attempts), 0);
	o.attempts_max = 1;
	CU_ASSERT_EQUAL(operation_pool_init(&pool, &o, operations, attempts), -EINVAL);
	o.attempts_max = OPERATION_SLOTS_MAX + 1;
	CU_ASSERT_EQUAL(operation_pool_init(&pool, &o, operations, attempts), -EINVAL);
	o = (struct operation_pool_options){.operations_max = 0, .attempts_max = 2};
	CU_ASSERT_EQUAL(operation_pool_init(&pool, &o, operations, attempts), -EINVAL);
	o = (struct operation_pool_options){
	        .operations_max = 2, .attempts_max = 2, .first_use = 1ull << 40};
	CU_ASSERT_EQUAL(operation_pool_init(&pool, &o, operations, attempts), -EINVAL);
}

static void test_operations_are_bounded(void)
{
	uint32_t seen = 0;

	open_pool(0);
	for (uint32_t i = 0; i < OPERATIONS; i++) {
		uint32_t slot = operation_pool_take(&pool);

		CU_ASSERT_FATAL(slot < OPERATIONS);
		CU_ASSERT_EQUAL(seen & 1u << slot, 0);
		seen |= 1u << slot;
	}
	CU_ASSERT_EQUAL(operation_pool_take(&pool), OPERATION_SLOT_NONE);
	uint32_t generation = operations[2].generation;

	operation_pool_give(&pool, 2);
	CU_ASSERT_EQUAL(operation_pool_take(&pool), 2);
	CU_ASSERT_EQUAL(operations[2].generation, generation + 1);
	CU_ASSERT_EQUAL(pool.operations_live, OPERATIONS);
	CU_ASSERT_EQUAL(operations[OPERATIONS].tag, 77);
}

/* Two slots beyond one for each: the third extra does not happen, a first one always does. */
static void test_every_operation_has_one(void)
{
	uint32_t slots[OPERATIONS];

	open_pool(0);
	for (uint32_t i = 0; i < OPERATIONS; i++)
		slots[i] = operation_pool_take(&pool);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_NOT_EQUAL(operation_pool_attempt_take(&pool, slots[0]),
		                    OPERATION_SLOT_NONE);
	CU_ASSERT_FALSE(operation_pool_has_extra(&pool));
	CU_ASSERT_EQUAL(operation_pool_attempt_take(&pool, slots[0]), OPERATION_SLOT_NONE);
	for (uint32_t i = 1; i < OPERATIONS; i++) {
		CU_ASSERT_NOT_EQUAL(operation_pool_attempt_take(&pool, slots[i]),
		                    OPERATION_SLOT_NONE);
		CU_ASSERT_EQUAL(operation_pool_attempt_take(&pool, slots[i]), OPERATION_SLOT_NONE);
	}
	CU_ASSERT_EQUAL(pool.attempts_live, ATTEMPTS);
	operation_pool_attempt_give(&pool, slots[0], 1, ATTEMPT_CLOSED);
	CU_ASSERT_TRUE(operation_pool_has_extra(&pool));
	CU_ASSERT_NOT_EQUAL(operation_pool_attempt_take(&pool, slots[3]), OPERATION_SLOT_NONE);
	CU_ASSERT_EQUAL(attempts[ATTEMPTS].token, 77);
}

static void test_tokens(void)
{
	open_pool(5);
	uint32_t slot = operation_pool_take(&pool);
	struct operation_attempt *a = &attempts[operation_pool_attempt_take(&pool, slot)];
	uint64_t token = a->token;

	CU_ASSERT_EQUAL(token >> 24, 5);
	CU_ASSERT_PTR_EQUAL(operation_pool_find(&pool, token), a);
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, token + (1ull << 24)));
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, token - (1ull << 24)));
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, token ^ 1));
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, token | 0xffffff));
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, 0));
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, UINT64_MAX));
	/* It has ended, and is remembered until its slot is taken again. */
	operation_pool_attempt_give(&pool, slot, 0, ATTEMPT_CLOSED);
	CU_ASSERT_PTR_EQUAL(operation_pool_find(&pool, token), a);
	CU_ASSERT_PTR_EQUAL(&attempts[operation_pool_attempt_take(&pool, slot)], a);
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, token));
}

/* A slot that was never used has no token, not even one that looks like it. */
static void test_unused_slots_have_no_token(void)
{
	open_pool(0);
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, 0));
	CU_ASSERT_PTR_NULL(operation_pool_find(&pool, 1));
}

static void test_uses_wrap(void)
{
	open_pool((1ull << 40) - 1);
	uint32_t slot = operation_pool_take(&pool);
	uint64_t first = attempts[operation_pool_attempt_take(&pool, slot)].token;
	uint64_t second = attempts[operation_pool_attempt_take(&pool, slot)].token;

	CU_ASSERT_EQUAL(first >> 24, (1ull << 40) - 1);
	CU_ASSERT_EQUAL(second >> 24, 0);
}

/* Those whose reply may come are taken last, the oldest of them first. */
static void test_the_cancelled_are_remembered(void)
{
	open_pool(0);
	uint32_t slot = operation_pool_take(&pool);
	uint32_t a = operation_pool_attempt_take(&pool, slot);
	uint32_t b = operation_pool_attempt_take(&pool, slot);
	uint32_t c = operation_pool_attempt_take(&pool, slot);

	operation_pool_attempt_give(&pool, slot, 1, ATTEMPT_CANCELLED); /* b; c moves up */
	operation_pool_attempt_give(&pool, slot, 0, ATTEMPT_OVERDUE);   /* a; c moves up */
	operation_pool_attempt_give(&pool, slot, 0, ATTEMPT_CLOSED);    /* c */
	CU_ASSERT_PTR_EQUAL(operation_pool_oldest(&pool), &attempts[b]);
	uint32_t order[ATTEMPTS];

	for (uint32_t i = 0; i < ATTEMPTS; i++) {
		order[i] = operation_pool_attempt_take(&pool, slot);
		CU_ASSERT_NOT_EQUAL_FATAL(order[i], OPERATION_SLOT_NONE);
		if (pool.operations_live < OPERATIONS)
			slot = operation_pool_take(&pool);
	}
	CU_ASSERT_EQUAL(order[0], c);
	CU_ASSERT_EQUAL(order[ATTEMPTS - 2], b);
	CU_ASSERT_EQUAL(order[ATTEMPTS - 1], a);
	CU_ASSERT_PTR_NULL(operation_pool_oldest(&pool));
}

static void test_the_remembered_are_forgotten(void)
{
	open_pool(0);
	uint32_t slot = operation_pool_take(&pool);
	uint32_t a = operation_pool_attempt_take(&pool, slot);

	operation_pool_attempt_give(&pool, slot, 0, ATTEMPT_CANCELLED);
	operation_pool_forget_oldest(&pool);
	CU_ASSERT_PTR_NULL(operation_pool_oldest(&pool));
	CU_ASSERT_EQUAL(attempts[a].state, ATTEMPT_CLOSED);
	CU_ASSERT_EQUAL(operation_pool_attempt_take(&pool, slot), a);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"operations are bounded", test_operations_are_bounded},
	        {"every operation has one attempt", test_every_operation_has_one},
	        {"tokens", test_tokens},
	        {"unused slots have no token", test_unused_slots_have_no_token},
	        {"uses wrap", test_uses_wrap},
	        {"the cancelled are remembered", test_the_cancelled_are_remembered},
	        {"the remembered are forgotten", test_the_remembered_are_forgotten},
	};

	return SUITE_RUN("operation_pool", tests);
}
