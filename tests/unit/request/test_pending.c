/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

static struct pending pending;
static void *memory;

static void start(uint32_t live_max)
{
	free(memory);
	memory = malloc(pending_bytes(live_max));
	pending_init(&pending, memory, live_max);
}

static struct pending_key key(uint64_t a)
{
	return (struct pending_key){{a, 7, 0}};
}

static struct pending_slip *add(uint64_t a, uint64_t token)
{
	const struct pending_key k = key(a);

	return pending_add(&pending, &k, token);
}

static uint64_t token_of(uint64_t a)
{
	const struct pending_key k = key(a);
	const struct pending_slip *s = pending_by_key(&pending, &k);

	return s != NULL ? s->token : 0;
}

static void test_two_names(void)
{
	start(4);
	struct pending_slip *s = add(1, 101);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_PTR_EQUAL(pending_by_token(&pending, 101), s);
	CU_ASSERT_EQUAL(token_of(1), 101);
	CU_ASSERT_FALSE(s->is_ambiguous);
	CU_ASSERT_PTR_NULL(pending_by_token(&pending, 102));
	CU_ASSERT_EQUAL(token_of(2), 0);
	/* All three words count. */
	for (uint32_t i = 0; i < 3; i++) {
		struct pending_key k = key(1);

		k.words[i]++;
		CU_ASSERT_PTR_NULL(pending_by_key(&pending, &k));
	}
}

static void test_full_and_ended(void)
{
	start(2);
	CU_ASSERT_PTR_NOT_NULL(add(1, 101));
	CU_ASSERT_PTR_NOT_NULL(add(2, 102));
	CU_ASSERT_TRUE(pending_is_full(&pending));
	CU_ASSERT_PTR_NULL(add(3, 103));
	CU_ASSERT_PTR_NULL(pending_by_token(&pending, 103));
	CU_ASSERT_PTR_NOT_NULL(pending_end(&pending, 101));
	CU_ASSERT_PTR_NULL(pending_end(&pending, 101)); /* once */
	CU_ASSERT_PTR_NULL(pending_end(&pending, 999));
	CU_ASSERT_EQUAL(pending.live, 1);
	CU_ASSERT_EQUAL(token_of(1), 101); /* still known */
	CU_ASSERT_PTR_NOT_NULL(add(3, 103));
	/* Four slips: the ended one is taken when the others are used up, the oldest first. */
	pending_end(&pending, 102);
	CU_ASSERT_PTR_NOT_NULL(add(4, 104));
	CU_ASSERT_EQUAL(token_of(1), 101);
	pending_end(&pending, 103);
	CU_ASSERT_PTR_NOT_NULL(add(5, 105));
	CU_ASSERT_EQUAL(token_of(1), 0);
	CU_ASSERT_PTR_NULL(pending_by_token(&pending, 101));
	CU_ASSERT_EQUAL(token_of(2), 102);
	CU_ASSERT_EQUAL(token_of(3), 103);
}

static void test_same_key_again(void)
{
	start(2);
	add(1, 101);
	pending_end(&pending, 101);
	struct pending_slip *s = add(1, 102);

	CU_ASSERT_TRUE(s->is_ambiguous);
	CU_ASSERT_EQUAL(token_of(1), 102);
	/* The older one is known by its token. */
	CU_ASSERT_PTR_NOT_NULL(pending_by_token(&pending, 101));
	pending_end(&pending, 102);
	add(2, 103);
	add(3, 104);
	CU_ASSERT_PTR_NOT_NULL(pending_by_token(&pending, 101));
	/* Its slip is used again; it must not take its namesake out of the table. */
	pending_end(&pending, 103);
	add(4, 105);
	CU_ASSERT_PTR_NULL(pending_by_token(&pending, 101));
	CU_ASSERT_EQUAL(token_of(1), 102);
	pending_end(&pending, 104);
	CU_ASSERT_FALSE(add(5, 106)->is_ambiguous);
	CU_ASSERT_EQUAL(token_of(1), 0);
	/* The key is free of doubt again. */
	pending_end(&pending, 106);
	CU_ASSERT_FALSE(add(1, 107)->is_ambiguous);
}

/* Against lists: what is live is found, what ended is found for as long as it must be. */
static void test_property(void)
{
	enum { LIVE = 20, KEYS = 64, RUN = 3000 };

	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct prng p;
		uint64_t live[LIVE];
		uint64_t key_of[RUN + 1];
		uint64_t newest[KEYS] = {0}; /* token by key */
		uint64_t ended[RUN];
		uint32_t live_count = 0;
		uint32_t ended_count = 0;
		bool good = true;

		prng_init(&p, seed);
		start(LIVE);
		for (uint64_t token = 1; good && token <= RUN; token++) {
			uint64_t k = prng_below(&p, KEYS);
			struct pending_slip *s = add(k, token);

			key_of[token] = k;
			good = (s != NULL) == (live_count < LIVE);
			if (s != NULL) {
				live[live_count++] = token;
				newest[k] = token;
			}
			while (live_count > 0 && prng_below(&p, 20) < live_count) {
				uint32_t i = (uint32_t)prng_below(&p, live_count);

				good = good && pending_end(&pending, live[i]) != NULL;
				ended[ended_count++] = live[i];
				live[i] = live[--live_count];
			}
			for (uint32_t i = 0; good && i < live_count; i++) {
				s = pending_by_token(&pending, live[i]);
				good = s != NULL && s->is_live &&
				       s->key.words[0] == key_of[live[i]];
				if (good && newest[key_of[live[i]]] == live[i])
					good = token_of(key_of[live[i]]) == live[i];
			}
			/* The last LIVE ended ones are remembered, whatever happens. */
			for (uint32_t i = 0; good && i < LIVE && i < ended_count; i++) {
				s = pending_by_token(&pending, ended[ended_count - 1 - i]);
				good = s != NULL && !s->is_live;
			}
			good = good && pending.live == live_count;
		}
		if (!good)
			printf("seed %llu\n", (unsigned long long)seed);
		CU_ASSERT_TRUE(good);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"two names", test_two_names},
	        {"full and ended", test_full_and_ended},
	        {"same key again", test_same_key_again},
	        {"property", test_property},
	};
	int rc = SUITE_RUN("request_pending", tests);

	free(memory);
	return rc;
}
