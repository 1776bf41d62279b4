/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Throttle: what it costs to ask whether a request may go, and how exact the answer is, beside dice
 * (a random number below the fraction) and a token bucket that is filled by time. All three are
 * asked by the same requests, which come at random times; `off` is the greatest distance from
 * n x fraction over any 100 requests in a row. And what a decision of the mode costs.
 *
 * CPU time of the thread; the least of the rounds, which take turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/measure.h"
#include "resilience/mode.h"
#include "resilience/prng.h"
#include "resilience/throttle.h"

#define RUN         100u
#define GAP_MEAN_NS 1000u

struct options {
	uint64_t requests;
	uint64_t rounds;
	uint64_t seed;
	bool json;
};

enum way { WAY_THROTTLE, WAY_DICE, WAY_BUCKET, WAY_COUNT };

static const char *const way_names[WAY_COUNT] = {"throttle", "dice", "token bucket"};

struct bucket { /* a token per request let in, filled at fraction / mean gap */
	uint64_t tokens_ppm;
	uint64_t last_ns;
};

static bool bucket_admit(struct bucket *b, uint32_t fraction_ppm, uint64_t now_ns)
{
	uint64_t tokens_ppm = b->tokens_ppm + (now_ns - b->last_ns) * fraction_ppm / GAP_MEAN_NS;

	/* Room for a burst of ten. */
	tokens_ppm = tokens_ppm > 10u * THROTTLE_ONE ? 10u * THROTTLE_ONE : tokens_ppm;
	bool whole = tokens_ppm >= THROTTLE_ONE;

	b->last_ns = now_ns;
	b->tokens_ppm = whole ? tokens_ppm - THROTTLE_ONE : tokens_ppm;
	return whole;
}

static void ask_all(enum way way, uint32_t fraction_ppm, const struct options *o,
                    const uint64_t *times_ns, uint8_t *answers)
{
	const struct throttle_options at_once = {.enabled = true};
	struct throttle t;
	struct bucket b = {0};
	struct prng p;

	throttle_init(&t);
	throttle_set_target(&t, &at_once, WORK_NORMAL, fraction_ppm, 0);
	prng_init(&p, o->seed + 1);
	switch (way) {
	case WAY_THROTTLE:
		for (uint64_t i = 0; i < o->requests; i++)
			answers[i] = throttle_admit(&t, WORK_NORMAL);
		return;
	case WAY_DICE:
		for (uint64_t i = 0; i < o->requests; i++)
			answers[i] = prng_chance_ppm(&p, fraction_ppm);
		return;
	case WAY_BUCKET:
		for (uint64_t i = 0; i < o->requests; i++)
			answers[i] = bucket_admit(&b, fraction_ppm, times_ns[i]);
		return;
	case WAY_COUNT:
		break;
	}
	measure_fail("bench_throttle: no such way");
}

/* Over any RUN requests in a row. */
static double off(const uint8_t *answers, uint64_t count, uint32_t fraction_ppm)
{
	double expected = RUN * (double)fraction_ppm / THROTTLE_ONE;
	double most = 0;
	uint32_t in = 0;

	for (uint64_t i = 0; i < count; i++) {
		in += answers[i];
		in -= i >= RUN ? answers[i - RUN] : 0;
		double distance = (double)in > expected ? in - expected : expected - in;

		if (i + 1 >= RUN && distance > most)
			most = distance;
	}
	return most;
}

static void throttle_rows(struct measure_rows *r, const struct options *o)
{
	static const uint32_t fractions_ppm[] = {300000, 700000, 1000000};
	uint64_t *times_ns = measure_memory(o->requests * sizeof(*times_ns));
	uint8_t *answers = measure_memory(o->requests);
	struct prng p;

	prng_init(&p, o->seed);
	for (uint64_t i = 1; i < o->requests; i++)
		times_ns[i] = times_ns[i - 1] + prng_below(&p, 2 * GAP_MEAN_NS + 1);
	for (uint32_t f = 0; f < sizeof(fractions_ppm) / sizeof(fractions_ppm[0]); f++) {
		double least_ns[WAY_COUNT];

		for (uint64_t n = 0; n < o->rounds; n++)
			for (uint32_t way = 0; way < WAY_COUNT; way++) {
				uint64_t start_ns = measure_cpu_ns();

				ask_all((enum way)way, fractions_ppm[f], o, times_ns, answers);
				double ns =
				        (double)(measure_cpu_ns() - start_ns) / (double)o->requests;

				least_ns[way] = n == 0 || ns < least_ns[way] ? ns : least_ns[way];
			}
		for (uint32_t way = 0; way < WAY_COUNT; way++) {
			ask_all((enum way)way, fractions_ppm[f], o, times_ns, answers);
			measure_row(r);
			measure_text(r, "way", way_names[way]);
			measure_figure(r, "fraction_percent", fractions_ppm[f] / 10000.0);
			measure_figure(r, "ns_per_request", least_ns[way]);
			measure_figure(r, "off_per_100",
			               off(answers, o->requests, fractions_ppm[f]));
			measure_count(r, "hash", measure_hash_bytes(0, answers, o->requests));
		}
	}
	free(times_ns);
	free(answers);
}

static struct mode_facts facts_at(struct prng *p)
{
	uint32_t bad = prng_below(p, 50) == 0 ? (uint32_t)prng_below(p, 101) : 0;

	return (struct mode_facts){
	        .components = 100,
	        .components_unhealthy = bad,
	        .components_with_image = bad,
	        .services = 10,
	        .attempts = 1000,
	        .attempts_succeeded = 990,
	        .attempts_slow = prng_below(p, 40) == 0 ? 5 : 0,
	};
}

static void mode_row(struct measure_rows *r, const struct options *o)
{
	enum { FACTS = 4096, TURNS = 50 };
	static struct mode_facts facts[FACTS];
	struct mode_options mo;
	struct prng p;
	double least_ns = 0;
	uint64_t hash = 0;

	mode_options_report(&mo, 1000, 100);
	prng_init(&p, o->seed);
	for (uint32_t i = 0; i < FACTS; i++)
		facts[i] = facts_at(&p);
	for (uint64_t n = 0; n < o->rounds; n++) {
		struct mode m;
		uint64_t start_ns = measure_cpu_ns();

		if (mode_init(&m, &mo, 0) != 0)
			measure_fail("bench_throttle: options");
		for (uint64_t i = 0; i < TURNS * FACTS; i++)
			(void)mode_update(&m, &mo, &facts[i % FACTS], i * 100, NULL);
		double ns = (double)(measure_cpu_ns() - start_ns) / (TURNS * FACTS);

		least_ns = n == 0 || ns < least_ns ? ns : least_ns;
		hash = measure_hash(0, mode_word(&m));
		for (uint32_t id = 0; id < MODE_COUNT; id++)
			hash = measure_hash(hash, m.entered[id]);
	}
	measure_row(r);
	measure_text(r, "way", "a decision of the mode");
	measure_figure(r, "ns_per_request", least_ns);
	measure_count(r, "hash", hash);
}

int main(int argc, char **argv)
{
	struct options o = {.requests = 4000000, .rounds = 7, .seed = 1};
	const struct measure_option table[] = {
	        {"requests", "asked", &o.requests, RUN, 100000000, NULL},
	        {"rounds", "the least counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"seed", "of times and dice", &o.seed, 0, UINT64_MAX - 1, NULL},
	        {.name = NULL},
	};
	struct measure_rows r;

	measure_options(argc, argv, "usage: bench_throttle [OPTION VALUE]...", table, &o.json);
	measure_begin(&r, "throttle", o.json);
	throttle_rows(&r, &o);
	mode_row(&r, &o);
	measure_end(&r);
	return 0;
}
