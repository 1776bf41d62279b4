/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/message_ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

static struct message_ids ids;

static void test_in_turn(void)
{
	uint16_t id;

	message_ids_init(&ids, 65534);
	CU_ASSERT_TRUE(message_ids_take(&ids, 5, 10, &id));
	CU_ASSERT_EQUAL(id, 65534);
	CU_ASSERT_TRUE(message_ids_take(&ids, 5, 10, &id));
	CU_ASSERT_EQUAL(id, 65535);
	CU_ASSERT_TRUE(message_ids_take(&ids, 5, 10, &id));
	CU_ASSERT_EQUAL(id, 0);
}

/* All at once: every id of whole blocks, then none until the lifetime is over. */
static void test_exhaustion(void)
{
	uint16_t id = 77;

	message_ids_init(&ids, 0);
	for (uint32_t i = 0; i < MESSAGE_IDS; i++) {
		CU_ASSERT_TRUE_FATAL(message_ids_take(&ids, 100, 1000, &id));
		CU_ASSERT_EQUAL_FATAL(id, i);
	}
	id = 77;
	CU_ASSERT_FALSE(message_ids_take(&ids, 100, 1000, &id));
	CU_ASSERT_FALSE(message_ids_take(&ids, 1099, 1000, &id));
	CU_ASSERT_EQUAL(id, 77);
	CU_ASSERT_EQUAL(message_ids_free_ns(&ids), 1100);
	CU_ASSERT_TRUE(message_ids_take(&ids, 1100, 1000, &id));
	CU_ASSERT_EQUAL(id, 0);
	CU_ASSERT_TRUE(message_ids_free_ns(&ids) <= 1100);
}

/* A first id in the middle of its block: that block is waited for like any other. */
static void test_beginning_inside_a_block(void)
{
	uint16_t id;
	uint32_t taken = 0;

	message_ids_init(&ids, 300);
	while (message_ids_take(&ids, 100, 1000, &id))
		taken++;
	CU_ASSERT_EQUAL(taken, MESSAGE_IDS - 300 % MESSAGE_IDS_BLOCK);
	CU_ASSERT_EQUAL(message_ids_free_ns(&ids), 1100);
}

static void test_lifetime_without_end(void)
{
	uint16_t id;

	message_ids_init(&ids, 0);
	for (uint32_t i = 0; i < MESSAGE_IDS; i++)
		CU_ASSERT_TRUE_FATAL(message_ids_take(&ids, 100, UINT64_MAX, &id));
	CU_ASSERT_FALSE(message_ids_take(&ids, UINT64_MAX - 1, 1, &id));
}

/* Against a memory of every id: none within its lifetime; refused only when most are in use. */
static void test_property(void)
{
	static uint64_t free_ns[MESSAGE_IDS];

	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct prng p;
		uint64_t now_ns = 0;
		uint64_t lifetime_ns;
		uint32_t refused = 0;
		bool good = true;

		prng_init(&p, seed);
		memset(free_ns, 0, sizeof(free_ns));
		lifetime_ns = 1 + prng_below(&p, 200000);
		message_ids_init(&ids, (uint16_t)prng_next(&p));
		for (uint32_t i = 0; good && i < 400000; i++) {
			uint16_t id;

			now_ns += prng_below(&p, 4);
			if (message_ids_take(&ids, now_ns, lifetime_ns, &id)) {
				good = now_ns >= free_ns[id];
				free_ns[id] = now_ns + lifetime_ns;
				continue;
			}
			uint32_t used = 0;

			for (uint32_t j = 0; refused % 1000 == 0 && j < MESSAGE_IDS; j++)
				used += free_ns[j] > now_ns;
			good = message_ids_free_ns(&ids) > now_ns &&
			       (refused % 1000 != 0 || used >= MESSAGE_IDS - 2 * MESSAGE_IDS_BLOCK);
			refused++;
		}
		if (!good)
			printf("seed %llu\n", (unsigned long long)seed);
		CU_ASSERT_TRUE(good);
		/* Chosen so that both happen. */
		CU_ASSERT_EQUAL(refused > 0, lifetime_ns > 100000);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"in turn", test_in_turn},
	        {"exhaustion", test_exhaustion},
	        {"beginning inside a block", test_beginning_inside_a_block},
	        {"lifetime without end", test_lifetime_without_end},
	        {"property", test_property},
	};

	return SUITE_RUN("request_message_ids", tests);
}
