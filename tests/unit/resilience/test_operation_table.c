/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_table.h"

#include <string.h>

#include "tests/unit/suite.h"

/* Where the list says a pair leads, by reading it row by row. */
static enum operation_state by_list(enum operation_state from, enum operation_fact fact)
{
	enum operation_state to = OPERATION_STATE_COUNT;
	uint32_t rows = 0;

	for (uint32_t i = 0; i < operation_transition_count; i++) {
		const struct operation_transition *r = &operation_transitions[i];

		if (r->from != from || r->fact != fact)
			continue;
		to = r->to;
		rows++;
	}
	CU_ASSERT(rows <= 1);
	return to;
}

static void test_every_pair(void)
{
	uint32_t possible = 0;

	for (uint32_t s = 0; s < OPERATION_STATE_COUNT; s++)
		for (uint32_t f = 0; f < OPERATION_FACT_COUNT; f++) {
			enum operation_state to = operation_table_next((enum operation_state)s,
			                                               (enum operation_fact)f);

			CU_ASSERT_EQUAL(to,
			                by_list((enum operation_state)s, (enum operation_fact)f));
			possible += to != OPERATION_STATE_COUNT;
		}
	CU_ASSERT_EQUAL(possible, operation_transition_count);
}

static void test_rows_make_sense(void)
{
	for (uint32_t i = 0; i < operation_transition_count; i++) {
		const struct operation_transition *r = &operation_transitions[i];

		/* Only a submission leaves FREE, and nothing else than FREE may be submitted. */
		CU_ASSERT_EQUAL(r->from == OPERATION_FREE, r->fact == OPERATION_FACT_ADMITTED);
		CU_ASSERT(r->to < OPERATION_STATE_COUNT);
		CU_ASSERT(strlen(r->why) > 10);
		/* What has told its outcome only ends: nothing brings it back. */
		if (r->from == OPERATION_LINGERING)
			CU_ASSERT_EQUAL(r->to, OPERATION_FREE);
	}
}

/* The deadline and the caller end an operation wherever it is. */
static void test_always_a_way_out(void)
{
	static const enum operation_fact ends[] = {OPERATION_FACT_DEADLINE,
	                                           OPERATION_FACT_RECALLED};

	for (uint32_t s = OPERATION_FLYING; s < OPERATION_STATE_COUNT; s++)
		for (uint32_t i = 0; i < 2; i++)
			CU_ASSERT_EQUAL(operation_table_next((enum operation_state)s, ends[i]),
			                OPERATION_FREE);
}

static void test_every_state_is_reached(void)
{
	uint32_t reached = 1u << OPERATION_FREE;

	for (uint32_t round = 0; round < OPERATION_STATE_COUNT; round++)
		for (uint32_t i = 0; i < operation_transition_count; i++)
			if ((reached & 1u << operation_transitions[i].from) != 0)
				reached |= 1u << operation_transitions[i].to;
	CU_ASSERT_EQUAL(reached, (1u << OPERATION_STATE_COUNT) - 1);
}

static void test_names(void)
{
	for (uint32_t s = 0; s <= OPERATION_STATE_COUNT; s++)
		for (uint32_t other = 0; other < s; other++)
			CU_ASSERT_STRING_NOT_EQUAL(
			        operation_table_state_name((enum operation_state)s),
			        operation_table_state_name((enum operation_state)other));
	for (uint32_t f = 0; f <= OPERATION_FACT_COUNT; f++)
		for (uint32_t other = 0; other < f; other++)
			CU_ASSERT_STRING_NOT_EQUAL(
			        operation_table_fact_name((enum operation_fact)f),
			        operation_table_fact_name((enum operation_fact)other));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"every state and fact", test_every_pair},
	        {"rows make sense", test_rows_make_sense},
	        {"there is always a way out", test_always_a_way_out},
	        {"every state is reached", test_every_state_is_reached},
	        {"names", test_names},
	};

	return SUITE_RUN("operation_table", tests);
}
