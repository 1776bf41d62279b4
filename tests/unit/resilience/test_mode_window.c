/* SPDX-License-Identifier: BSD-3-Clause
 *
 * usage: test_mode_window [SEED]
 */
#include "resilience/mode_window.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define WINDOW 800u
#define STEP   (WINDOW / MODE_WINDOW_STEPS)

static uint64_t seed = 1;

static void test_leaves_by_itself(void)
{
	struct mode_window w;
	struct mode_facts f = {0};
	struct mode_totals t = {10, 9, 3};

	CU_ASSERT_EQUAL(mode_window_init(&w, WINDOW, NULL, 1000), 0);
	mode_window_update(&w, &t, 1001, &f);
	CU_ASSERT_EQUAL(f.attempts, 10);
	CU_ASSERT_EQUAL(f.attempts_succeeded, 9);
	CU_ASSERT_EQUAL(f.attempts_slow, 3);
	mode_window_update(&w, &t, 1001 + WINDOW - 1, &f);
	CU_ASSERT_EQUAL(f.attempts_slow, 3);
	mode_window_update(&w, &t, 1001 + WINDOW + STEP, &f);
	CU_ASSERT_EQUAL(f.attempts, 0);
	CU_ASSERT_EQUAL(f.attempts_succeeded, 0);
	CU_ASSERT_EQUAL(f.attempts_slow, 0);
	/* After years too, without a step for each. */
	t.slow = 4;
	mode_window_update(&w, &t, UINT64_MAX / 2, &f);
	CU_ASSERT_EQUAL(f.attempts_slow, 1);
}

static void test_restart(void)
{
	struct mode_window w;
	struct mode_facts f = {0};

	CU_ASSERT_EQUAL(mode_window_init(&w, WINDOW, &(struct mode_totals){70, 60, 50}, 0), 0);
	mode_window_update(&w, &(struct mode_totals){1000, 900, 57}, 10, &f);
	CU_ASSERT_EQUAL(f.attempts, 930);
	CU_ASSERT_EQUAL(f.attempts_slow, 7);
	mode_window_update(&w, &(struct mode_totals){5, 4, 1}, 20, &f);
	CU_ASSERT_EQUAL(f.attempts, 0);
	CU_ASSERT_EQUAL(f.attempts_slow, 0);
	CU_ASSERT_EQUAL(w.restarts, 1);
	mode_window_update(&w, &(struct mode_totals){8, 6, 2}, 30, &f);
	CU_ASSERT_EQUAL(f.attempts, 3);
	CU_ASSERT_EQUAL(f.attempts_succeeded, 2);
	CU_ASSERT_EQUAL(f.attempts_slow, 1);
	CU_ASSERT_EQUAL(mode_window_init(&w, MODE_WINDOW_STEPS - 1, NULL, 0), -EINVAL);
}

/* Beside the whole history: never less than the window's events, never more than 9/8 of it. */
static void test_beside_history(void)
{
	enum { UPDATES = 4000 };
	static uint64_t times_ns[UPDATES];
	static struct mode_totals history[UPDATES];
	struct mode_window w;
	struct mode_totals t = {0, 0, 0};
	struct prng p;
	uint64_t now_ns = 77;
	uint64_t wrong = 0;

	printf(" seed %llu ", (unsigned long long)seed);
	prng_init(&p, seed);
	CU_ASSERT_EQUAL(mode_window_init(&w, WINDOW, NULL, now_ns), 0);
	for (uint32_t i = 0; i < UPDATES; i++) {
		struct mode_facts f = {0};

		now_ns += prng_below(&p, 10) == 0 ? prng_below(&p, 3000) : prng_below(&p, 50);
		t.attempts += prng_below(&p, 10);
		t.succeeded += prng_below(&p, 9);
		t.slow += prng_below(&p, 3);
		times_ns[i] = now_ns;
		history[i] = t;
		mode_window_update(&w, &t, now_ns, &f);
		/* Slow ones that were counted at most WINDOW ago, and less than 9/8 of it. */
		uint64_t least = 0;
		uint64_t most = 0;

		for (uint32_t k = i + 1; k-- > 0;) {
			uint64_t counted = history[k].slow - (k > 0 ? history[k - 1].slow : 0);

			least += now_ns - times_ns[k] < WINDOW ? counted : 0;
			most += now_ns - times_ns[k] <= WINDOW + STEP ? counted : 0;
			if (now_ns - times_ns[k] > WINDOW + STEP)
				break;
		}
		wrong += f.attempts_slow < least || f.attempts_slow > most;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static const struct suite_test tests[] = {
        {"what is over leaves by itself", test_leaves_by_itself},
        {"totals that fall", test_restart},
        {"beside the whole history", test_beside_history},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	return SUITE_RUN("mode_window", tests);
}
