/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define MS 1000000ull
#define S  1000000000ull

static uint64_t seed = 1;

static struct serve_script script(const char *text)
{
	struct serve_script s;
	char error[SERVE_TEXT_BYTES] = "";
	int rc = serve_script_parse(&s, text, error);

	if (rc != 0)
		printf("%s: %s\n", text, error);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	return s;
}

static void nothing_said_is_at_once_and_right(void)
{
	struct serve_script s = script("");

	for (uint64_t i = 0; i < 1000; i++) {
		struct serve_fate f = serve_script_fate(&s, i, i * MS);

		CU_ASSERT_EQUAL(f.time_ns, i * MS + 1);
		CU_ASSERT_TRUE(f.is_good);
		CU_ASSERT_EQUAL(f.wrong, SERVE_RIGHT);
	}
}

static void every_item_is_read(void)
{
	struct serve_script s =
	        script("latency=lognormal:200us:0.5,slow=5%:10,loss=0.5%,fail=1%,"
	               "blackhole=5s+2s,failing=8s+1s,stall=10s+500ms,slower=20s+1s:3,"
	               "slowstart=0s+2s:10,wrong=truncated:0.1%,wrong=late:2%:50ms,seed=9");

	CU_ASSERT_EQUAL(s.latency.kind, DISTRIBUTION_LOGNORMAL);
	CU_ASSERT_EQUAL(s.latency.scale_ns, 200000);
	CU_ASSERT_EQUAL(s.latency.shape_milli, 500);
	CU_ASSERT_EQUAL(s.latency.slow_ppm, 50000);
	CU_ASSERT_EQUAL(s.latency.slow_milli, 10000);
	CU_ASSERT_EQUAL(s.loss_ppm, 5000);
	CU_ASSERT_EQUAL(s.failure_ppm, 10000);
	CU_ASSERT_EQUAL(s.trouble_count, 5);
	CU_ASSERT_EQUAL(s.troubles[0].kind, TROUBLE_BLACK_HOLE);
	CU_ASSERT_EQUAL(s.troubles[0].at_ns, 5 * S);
	CU_ASSERT_EQUAL(s.troubles[0].for_ns, 2 * S);
	CU_ASSERT_EQUAL(s.troubles[1].kind, TROUBLE_FAIL);
	CU_ASSERT_EQUAL(s.troubles[2].kind, TROUBLE_STALL);
	CU_ASSERT_EQUAL(s.troubles[3].kind, TROUBLE_SLOW);
	CU_ASSERT_EQUAL(s.troubles[3].factor_milli, 3000);
	CU_ASSERT_EQUAL(s.troubles[4].kind, TROUBLE_SLOW_START);
	CU_ASSERT_EQUAL(s.wrong_ppm[SERVE_WRONG_TRUNCATED], 1000);
	CU_ASSERT_EQUAL(s.wrong_ppm[SERVE_WRONG_LATE], 20000);
	CU_ASSERT_EQUAL(s.late_ns, 50 * MS);
	CU_ASSERT_EQUAL(s.seed, 9);
	CU_ASSERT_EQUAL(script("latency=3ms").latency.scale_ns, 3 * MS);
	CU_ASSERT_EQUAL(script("latency=constant:3ms").latency.scale_ns, 3 * MS);
	CU_ASSERT_EQUAL(script("latency=uniform:3ms:0.2").latency.shape_milli, 200);
	CU_ASSERT_EQUAL(script("latency=pareto:3ms:1.5").latency.kind, DISTRIBUTION_PARETO);
	CU_ASSERT_EQUAL(script("latency=bimodal:1ms:5%:20").latency.slow_milli, 20000);
}

static void what_is_wrong_is_named(void)
{
	static const char *const wrong[] = {
	        "latency",
	        "latency=",
	        "latency=5",
	        "latency=0s",
	        "latency=lognormal:1ms",
	        "latency=lognormal:1ms:5",
	        "latency=pareto:1ms:0.1",
	        "latency=uniform:1ms:2",
	        "latency=normal:1ms:1",
	        "latency=bimodal:1ms:5%",
	        "latency=lognormal:1ms:1:1",
	        "latency=1ms:2:3:4:5",
	        "slow=5%",
	        "loss=101%",
	        "loss=5",
	        "fail=-1%",
	        "fail=1%:2",
	        "blackhole=5s",
	        "blackhole=5s+0s",
	        "blackhole=5s+1s:2",
	        "slowstart=5s+1s",
	        "slowdown=5s+1s",
	        "wrong=truncated",
	        "wrong=odd:1%",
	        "wrong=token:1%:1s",
	        "wrong=late:1%:x",
	        "wrong=token:60%,wrong=range:50%",
	        "seed=x",
	        "color=red",
	        "fail=1%,",
	        ",fail=1%",
	        "fail=1%,,loss=1%",
	        "stall=0s+1s,stall=0s+1s,stall=0s+1s,stall=0s+1s,stall=0s+1s,stall=0s+1s,"
	        "stall=0s+1s,stall=0s+1s,stall=0s+1s",
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct serve_script s;
		char error[SERVE_TEXT_BYTES] = "";

		if (serve_script_parse(&s, wrong[i], error) == 0)
			printf("taken: %s\n", wrong[i]);
		CU_ASSERT_NOT_EQUAL(serve_script_parse(&s, wrong[i], error), 0);
		CU_ASSERT_TRUE(error[0] != '\0' && strchr(error, '\n') == NULL);
	}
	struct serve_script s;
	char error[SERVE_TEXT_BYTES];

	serve_script_parse(&s, "loss=1%,fail=much,slow=1%:2", error);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "'fail=much'"));
}

static void troubles_hold_in_their_time(void)
{
	struct serve_script s = script("latency=1ms,blackhole=5s+2s,stall=10s+1s,failing=20s+1s,"
	                               "slower=30s+1s:3,slowstart=40s+10s:11,slowdown=60s+10s:11");

	CU_ASSERT_EQUAL(serve_script_fate(&s, 1, 5 * S - 1).time_ns, 5 * S - 1 + MS);
	CU_ASSERT_EQUAL(serve_script_fate(&s, 1, 5 * S).time_ns, SERVE_NEVER);
	CU_ASSERT_EQUAL(serve_script_fate(&s, 1, 7 * S - 1).time_ns, SERVE_NEVER);
	CU_ASSERT_EQUAL(serve_script_fate(&s, 1, 7 * S).time_ns, 7 * S + MS);
	CU_ASSERT_EQUAL(serve_script_fate(&s, 1, 10 * S + 1).time_ns, 11 * S + MS);
	CU_ASSERT_FALSE(serve_script_fate(&s, 1, 20 * S).is_good);
	CU_ASSERT_TRUE(serve_script_fate(&s, 1, 21 * S).is_good);
	CU_ASSERT_EQUAL(serve_script_fate(&s, 1, 30 * S).time_ns, 30 * S + 3 * MS);
	uint64_t early_ns = serve_script_fate(&s, 1, 40 * S).time_ns - 40 * S;
	uint64_t later_ns = serve_script_fate(&s, 1, 45 * S).time_ns - 45 * S;
	uint64_t last_ns = serve_script_fate(&s, 1, 50 * S - 1).time_ns - (50 * S - 1);

	CU_ASSERT_TRUE(early_ns > 10 * MS && early_ns <= 11 * MS);
	CU_ASSERT_TRUE(later_ns > 5 * MS && later_ns < 7 * MS);
	CU_ASSERT_EQUAL(last_ns, MS);
	early_ns = serve_script_fate(&s, 1, 60 * S).time_ns - 60 * S;
	last_ns = serve_script_fate(&s, 1, 70 * S - 1).time_ns - (70 * S - 1);
	CU_ASSERT_EQUAL(early_ns, MS);
	CU_ASSERT_TRUE(last_ns > 10 * MS && last_ns <= 11 * MS);
}

/* Shares come out as said, within a few standard deviations. */
static void shares_are_as_said(void)
{
	struct serve_script s = script("loss=10%,fail=20%,wrong=token:5%,wrong=range:15%,"
	                               "wrong=late:2%:1s");
	const uint32_t n = 100000;
	uint32_t lost = 0;
	uint32_t failed = 0;
	uint32_t wrong[SERVE_WRONG_COUNT + 1] = {0};

	s.seed = seed;
	for (uint64_t i = 0; i < n; i++) {
		struct serve_fate f = serve_script_fate(&s, i, 0);

		if (f.time_ns == SERVE_NEVER) {
			lost++;
			continue;
		}
		failed += !f.is_good;
		wrong[f.wrong]++;
		CU_ASSERT_EQUAL(f.time_ns >= S, f.wrong == SERVE_WRONG_LATE);
	}
	uint32_t heard = n - lost;

	CU_ASSERT_TRUE(lost > n / 10 - 600 && lost < n / 10 + 600);
	CU_ASSERT_TRUE(failed > heard / 5 - 700 && failed < heard / 5 + 700);
	CU_ASSERT_TRUE(wrong[SERVE_WRONG_TOKEN] > heard / 20 - 500 &&
	               wrong[SERVE_WRONG_TOKEN] < heard / 20 + 500);
	CU_ASSERT_TRUE(wrong[SERVE_WRONG_RANGE] > heard * 3 / 20 - 600 &&
	               wrong[SERVE_WRONG_RANGE] < heard * 3 / 20 + 600);
	CU_ASSERT_EQUAL(wrong[SERVE_WRONG_DUPLICATE], 0);
}

/* Any script made up by dice: asked in another order it gives the same fates, each no earlier than
 * its request; another seed gives others. */
static void fates_hang_on_seed_and_ordinal_alone(void)
{
	struct prng p;

	prng_init(&p, seed);
	for (uint32_t round = 0; round < 200; round++) {
		char text[256];
		uint64_t at[64];
		struct serve_fate f[64];
		bool differs = false;

		snprintf(text, sizeof(text),
		         "latency=%s,loss=%u%%,fail=%u%%,stall=%us+%us,slowstart=0s+%us:%u,"
		         "wrong=duplicate:%u%%,seed=%u",
		         (const char *[]){"lognormal:1ms:0.7", "pareto:1ms:1.5", "uniform:1ms:0.5",
		                          "bimodal:1ms:5%:10"}[prng_below(&p, 4)],
		         (unsigned)prng_below(&p, 50), (unsigned)prng_below(&p, 50),
		         (unsigned)prng_below(&p, 30), 1 + (unsigned)prng_below(&p, 5),
		         1 + (unsigned)prng_below(&p, 30), 1 + (unsigned)prng_below(&p, 99),
		         (unsigned)prng_below(&p, 50), (unsigned)prng_below(&p, 1000000));
		struct serve_script s = script(text);
		struct serve_script other = s;

		other.seed++;
		for (uint32_t i = 0; i < 64; i++) {
			at[i] = prng_below(&p, 40 * S);
			f[i] = serve_script_fate(&s, i, at[i]);
			CU_ASSERT_TRUE(f[i].time_ns > at[i]);
		}
		for (uint32_t i = 64; i-- > 0;) {
			struct serve_fate again = serve_script_fate(&s, i, at[i]);
			struct serve_fate else_ = serve_script_fate(&other, i, at[i]);

			CU_ASSERT_EQUAL(again.time_ns, f[i].time_ns);
			CU_ASSERT_EQUAL(again.is_good, f[i].is_good);
			CU_ASSERT_EQUAL(again.wrong, f[i].wrong);
			differs = differs || else_.time_ns != f[i].time_ns;
		}
		CU_ASSERT_TRUE(differs);
	}
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"nothing said is at once and right", nothing_said_is_at_once_and_right},
	        {"every item is read", every_item_is_read},
	        {"what is wrong is named", what_is_wrong_is_named},
	        {"troubles hold in their time", troubles_hold_in_their_time},
	        {"shares are as said", shares_are_as_said},
	        {"fates hang on seed and ordinal alone", fates_hang_on_seed_and_ordinal_alone},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	return SUITE_RUN("serve_script", tests);
}
