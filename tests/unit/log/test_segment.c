/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "resilience/prng.h"
#include "tests/unit/log/fixture.h"
#include "tests/unit/suite.h"

static const struct segment_header *header(const struct segment_pool *p, uint32_t segment)
{
	return (const struct segment_header *)(const void *)segment_at(p, segment);
}

static void test_init_refuses(void)
{
	struct pool_fixture f;
	struct segment_pool p;

	pool_fixture_open(&f, 4);
	CU_ASSERT_EQUAL(segment_pool_init(&p, NULL, f.bytes, 4), -EINVAL);
	CU_ASSERT_EQUAL(segment_pool_init(&p, (uint8_t *)f.base + 4096, f.bytes, 4), -EINVAL);
	CU_ASSERT_EQUAL(segment_pool_init(&p, f.base, f.bytes - 1, 4), -EINVAL);
	CU_ASSERT_EQUAL(segment_pool_init(&p, f.base, f.bytes, 0), -EINVAL);
	CU_ASSERT_EQUAL(segment_pool_init(&p, f.base, UINT64_MAX, 130805), -EINVAL);
	CU_ASSERT_EQUAL(segment_pool_bytes(4), 5ull * SEGMENT_BYTES);
	pool_fixture_close(&f);
}

static void test_attach(void)
{
	struct pool_fixture f;
	struct segment_pool p;

	pool_fixture_open(&f, 4);
	CU_ASSERT_EQUAL(segment_pool_attach(&p, f.base, f.bytes), 0);
	CU_ASSERT_EQUAL(p.count, 4);
	CU_ASSERT_PTR_EQUAL(p.segments, f.pool.segments);
	CU_ASSERT_EQUAL(segment_pool_attach(&p, f.base, f.bytes - 1), -EPROTO);
	CU_ASSERT_EQUAL(segment_pool_attach(&p, NULL, f.bytes), -EPROTO);
	CU_ASSERT_EQUAL(segment_pool_attach(&p, (uint8_t *)f.base + 8, f.bytes), -EPROTO);
	memset(f.base, 0, 8);
	CU_ASSERT_EQUAL(segment_pool_attach(&p, f.base, f.bytes), -EPROTO);
	pool_fixture_close(&f);
}

static void test_users(void)
{
	struct pool_fixture f;

	pool_fixture_open(&f, 8);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 3, 2), -EINVAL);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 0, 0), -EINVAL);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 5, 8), 0);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 4, 8), -ENOSPC);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 3, 8), 1);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 1, 8), -ENOSPC);
	for (int i = 2; i < (int)SEGMENT_USERS_MAX; i++)
		CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 0, 1), i);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 0, 1), -EMFILE);
	pool_fixture_close(&f);
}

static void test_floor_and_ceiling(void)
{
	struct pool_fixture f;
	uint32_t taken[8];

	pool_fixture_open(&f, 8);
	uint32_t greedy = (uint32_t)segment_pool_user(&f.pool, 1, 7);
	uint32_t small = (uint32_t)segment_pool_user(&f.pool, 2, 3);
	uint32_t guest = (uint32_t)segment_pool_user(&f.pool, 0, 8);

	/* 3 are set aside for floors; greedy gets its own 1 and the 5 that are nobody's. */
	for (uint32_t i = 0; i < 6; i++) {
		taken[i] = segment_take(&f.pool, greedy);
		CU_ASSERT_NOT_EQUAL(taken[i], SEGMENT_NONE);
	}
	CU_ASSERT_EQUAL(segment_take(&f.pool, greedy), SEGMENT_NONE);
	CU_ASSERT_EQUAL(segment_take(&f.pool, guest), SEGMENT_NONE);
	CU_ASSERT_EQUAL(segment_pool_held(&f.pool, greedy), 6);
	CU_ASSERT_EQUAL(segment_pool_free(&f.pool), 2);

	uint32_t a = segment_take(&f.pool, small);
	uint32_t b = segment_take(&f.pool, small);

	CU_ASSERT_NOT_EQUAL(a, SEGMENT_NONE);
	CU_ASSERT_NOT_EQUAL(b, SEGMENT_NONE);
	CU_ASSERT_EQUAL(segment_pool_free(&f.pool), 0);
	CU_ASSERT_EQUAL(segment_take(&f.pool, small), SEGMENT_NONE);

	/* What the floor gave back stays the floor's; what was common is anybody's. */
	segment_give(&f.pool, small, a);
	CU_ASSERT_EQUAL(segment_take(&f.pool, guest), SEGMENT_NONE);
	segment_give(&f.pool, greedy, taken[0]);
	segment_give(&f.pool, greedy, taken[1]);
	CU_ASSERT_NOT_EQUAL(segment_take(&f.pool, guest), SEGMENT_NONE);
	CU_ASSERT_NOT_EQUAL(segment_take(&f.pool, small), SEGMENT_NONE);
	CU_ASSERT_NOT_EQUAL(segment_take(&f.pool, small), SEGMENT_NONE);
	CU_ASSERT_EQUAL(segment_pool_free(&f.pool), 0);
	/* The ceiling holds although there is room. */
	for (uint32_t i = 2; i < 6; i++)
		segment_give(&f.pool, greedy, taken[i]);
	CU_ASSERT_EQUAL(segment_pool_free(&f.pool), 4);
	CU_ASSERT_EQUAL(segment_take(&f.pool, small), SEGMENT_NONE);
	pool_fixture_close(&f);
}

static void test_header_says_whose(void)
{
	struct pool_fixture f;

	pool_fixture_open(&f, 2);
	uint32_t user = (uint32_t)segment_pool_user(&f.pool, 0, 2);
	uint32_t s = segment_take(&f.pool, user);
	uint32_t generation = header(&f.pool, s)->generation;

	CU_ASSERT_EQUAL(header(&f.pool, s)->magic, SEGMENT_MAGIC);
	CU_ASSERT_EQUAL(header(&f.pool, s)->owner, user);
	CU_ASSERT_EQUAL(header(&f.pool, s)->base_offset, SEGMENT_UNLINKED);
	segment_renew(&f.pool, user, s);
	CU_ASSERT_EQUAL(header(&f.pool, s)->generation, generation + 1);
	CU_ASSERT_EQUAL(header(&f.pool, s)->owner, user);
	/* A holder may write all over it, the header too. */
	memset(segment_at(&f.pool, s), 0xff, SEGMENT_BYTES);
	segment_give(&f.pool, user, s);
	CU_ASSERT_EQUAL(header(&f.pool, s)->owner, SEGMENT_NONE);
	CU_ASSERT_EQUAL(header(&f.pool, s)->magic, SEGMENT_MAGIC);
	CU_ASSERT_EQUAL(segment_take(&f.pool, user), s);
	CU_ASSERT_EQUAL(header(&f.pool, s)->generation, generation + 2);
	pool_fixture_close(&f);
}

#define STRESS_THREADS 4u
#define STRESS_HOLD    6u

struct stress {
	struct segment_pool pool;
	uint32_t user;
	uint32_t floor;
	uint32_t ceiling;
	uint32_t index;
	uint32_t rounds;
	uint64_t refused_below_floor;
	uint64_t beyond_ceiling;
	uint64_t shared; /* a segment that somebody else wrote to while it was ours */
	uint64_t refused;
};

/* Marks what it takes with plain stores: thread sanitizer sees any segment two cores hold. */
static void *stress_run(void *arg)
{
	struct stress *s = arg;
	struct prng prng;
	uint32_t held[STRESS_HOLD];
	uint32_t count = 0;

	prng_init(&prng, s->index + 1);
	for (uint32_t i = 0; i < s->rounds; i++) {
		if (count < STRESS_HOLD && (prng_next(&prng) & 1) != 0) {
			uint32_t segment = segment_take(&s->pool, s->user);

			if (segment == SEGMENT_NONE) {
				s->refused++;
				s->refused_below_floor += count < s->floor;
				continue;
			}
			s->beyond_ceiling += count >= s->ceiling;
			memcpy(segment_at(&s->pool, segment) + 128, &s->index, sizeof(s->index));
			held[count++] = segment;
		} else if (count > 0) {
			uint32_t k = (uint32_t)prng_below(&prng, count);
			uint32_t mark;

			memcpy(&mark, segment_at(&s->pool, held[k]) + 128, sizeof(mark));
			s->shared += mark != s->index;
			segment_give(&s->pool, s->user, held[k]);
			held[k] = held[--count];
		}
	}
	while (count > 0)
		segment_give(&s->pool, s->user, held[--count]);
	return NULL;
}

/* Users of their own with floors, in a pool with little to spare. */
static void test_stress_users(void)
{
	struct pool_fixture f;
	struct stress s[STRESS_THREADS];
	pthread_t thread[STRESS_THREADS];

	pool_fixture_open(&f, 10);
	for (uint32_t i = 0; i < STRESS_THREADS; i++) {
		uint32_t floor = i % 3;
		int user = segment_pool_user(&f.pool, floor, 5);

		CU_ASSERT_EQUAL_FATAL(user, (int)i);
		s[i] = (struct stress){.pool = f.pool,
		                       .user = (uint32_t)user,
		                       .floor = floor,
		                       .ceiling = 5,
		                       .index = i,
		                       .rounds = 200000};
	}
	for (uint32_t i = 0; i < STRESS_THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, stress_run, &s[i]), 0);
	uint64_t refused = 0;

	for (uint32_t i = 0; i < STRESS_THREADS; i++) {
		pthread_join(thread[i], NULL);
		CU_ASSERT_EQUAL(s[i].refused_below_floor, 0);
		CU_ASSERT_EQUAL(s[i].beyond_ceiling, 0);
		CU_ASSERT_EQUAL(s[i].shared, 0);
		CU_ASSERT_EQUAL(segment_pool_held(&f.pool, i), 0);
		refused += s[i].refused;
	}
	CU_ASSERT(refused > 0);
	CU_ASSERT_EQUAL(segment_pool_free(&f.pool), 10);
	/* Nothing leaked: all ten can be had again, within the ceilings. */
	for (uint32_t i = 0; i < 10; i++)
		CU_ASSERT_NOT_EQUAL(segment_take(&f.pool, i < 4 ? 0 : i < 7 ? 1 : 2), SEGMENT_NONE);
	pool_fixture_close(&f);
}

/* One user on four cores: payments race on the same count, across the floor. */
static void test_stress_one_user(void)
{
	struct pool_fixture f;
	struct stress s[STRESS_THREADS];
	pthread_t thread[STRESS_THREADS];

	pool_fixture_open(&f, 7);
	int user = segment_pool_user(&f.pool, 3, 6);

	CU_ASSERT_EQUAL_FATAL(user, 0);
	for (uint32_t i = 0; i < STRESS_THREADS; i++) {
		s[i] = (struct stress){.pool = f.pool,
		                       .user = (uint32_t)user,
		                       .ceiling = 6,
		                       .index = i,
		                       .rounds = 200000};
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, stress_run, &s[i]), 0);
	}
	for (uint32_t i = 0; i < STRESS_THREADS; i++) {
		pthread_join(thread[i], NULL);
		CU_ASSERT_EQUAL(s[i].shared, 0);
	}
	CU_ASSERT_EQUAL(segment_pool_held(&f.pool, 0), 0);
	for (uint32_t i = 0; i < 6; i++)
		CU_ASSERT_NOT_EQUAL(segment_take(&f.pool, 0), SEGMENT_NONE);
	CU_ASSERT_EQUAL(segment_take(&f.pool, 0), SEGMENT_NONE);
	/* The common ones are counted right: 7 - 3 at first, 3 of them are out. */
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 2, 2), -ENOSPC);
	CU_ASSERT_EQUAL(segment_pool_user(&f.pool, 1, 1), 1);
	CU_ASSERT_NOT_EQUAL(segment_take(&f.pool, 1), SEGMENT_NONE);
	pool_fixture_close(&f);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"init refuses what is no pool", test_init_refuses},
	        {"attach", test_attach},
	        {"users, floors that do not fit", test_users},
	        {"floor and ceiling", test_floor_and_ceiling},
	        {"a header says whose the segment is", test_header_says_whose},
	        {"stress: users with floors", test_stress_users},
	        {"stress: one user on many cores", test_stress_one_user},
	};

	return SUITE_RUN("segment", tests);
}
