/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Wheel: what a timer costs while many others are live, beside DPDK's rte_timer (a skip list per
 * core, whose clock it reads itself).
 *
 *   same     arm one and cancel it at once; the others lie still
 *   oldest   cancel the one armed longest ago, arm it anew: requests in flight, answered in order
 *   random   cancel any one, arm it anew
 *   rearm    arm any one anew, without a cancel before
 *   expire   let all live ones expire, in bursts of 64, each armed anew when it does: arm, moves
 * down and expiry of a timer that lives to its end. Wheel only, as rte_timer's time is real idle a
 * poll that finds nothing due
 *
 * Deadlines lie between one half and one second ahead, drawn by seed, in ticks of a microsecond;
 * the wheel's time goes on by 100 ns each step and it is polled every 32 steps, as a loop would.
 * Nothing expires but in `expire`, because a timer is armed anew before: those that lie still in
 * `same` are 2^50 ns ahead. rte_timer is not polled: it is not charged for what the wheel is. ns of
 * CPU time per step (a cancel and an arm), median and best of the rounds.
 */
#include <rte_cycles.h>
#include <rte_timer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/port/eal.h"
#include "perf/measure.h"
#include "resilience/prng.h"
#include "resilience/wheel.h"

#define EAL_MIB    128u
#define TICK_NS    1000u
#define STEP_NS    100u
#define POLL_STEPS 32u
#define BURST      64u
#define HALF_NS    500000000u
#define FAR_NS     (1ull << 50)
#define DRAWS      65536u /* a power of two */

enum pattern { SAME, OLDEST, RANDOM, REARM, EXPIRE, IDLE, PATTERNS };

static const char *const pattern_names[PATTERNS] = {"same",  "oldest", "random",
                                                    "rearm", "expire", "idle"};

struct options {
	uint64_t live;
	uint64_t steps;
	uint64_t rounds;
	uint64_t seed;
	uint64_t cpu;
	bool json;
};

struct bench {
	uint32_t live; /* timer `live` is one more, for SAME */
	uint64_t steps;
	uint64_t now_ns;
	uint32_t *draws; /* random numbers, made before */
	struct wheel *wheel;
	struct rte_timer *timers;
	uint64_t hash;
};

static uint64_t ahead_ns(const struct bench *b, uint64_t i)
{
	return HALF_NS + b->draws[i & (DRAWS - 1)] % HALF_NS;
}

static uint32_t any(const struct bench *b, uint64_t i)
{
	return (uint32_t)((uint64_t)b->draws[(i * 7 + 3) & (DRAWS - 1)] * b->live >> 32);
}

static void make(struct bench *b, const struct options *o)
{
	const struct wheel_options wo = {.timers = (uint32_t)o->live + 1, .tick_ns = TICK_NS};
	struct prng random;

	prng_init(&random, o->seed);
	b->live = (uint32_t)o->live;
	b->steps = o->steps;
	b->draws = measure_memory(DRAWS * sizeof(*b->draws));
	for (uint32_t i = 0; i < DRAWS; i++)
		b->draws[i] = (uint32_t)prng_next(&random);
	b->wheel = measure_memory(wheel_bytes(&wo));
	b->timers = measure_memory((b->live + 1) * sizeof(*b->timers));
	for (uint32_t i = 0; i <= b->live; i++)
		rte_timer_init(&b->timers[i]);
}

static void wheel_start(struct bench *b, bool is_far)
{
	const struct wheel_options wo = {.timers = b->live + 1, .tick_ns = TICK_NS};

	b->now_ns = 1000000007;
	if (wheel_init(b->wheel, wheel_bytes(&wo), &wo, b->now_ns) != 0)
		measure_fail("bench_wheel: no wheel of %u timers", b->live);
	for (uint32_t i = 0; i < b->live; i++)
		wheel_arm(b->wheel, i, b->now_ns + (is_far ? FAR_NS : 0) + ahead_ns(b, i));
}

static inline void wheel_turn(struct bench *b, uint64_t i)
{
	uint32_t out[BURST];

	b->now_ns += STEP_NS;
	if (i % POLL_STEPS == 0)
		b->hash += wheel_poll(b->wheel, b->now_ns, out, BURST);
}

static inline void wheel_step(struct bench *b, uint32_t id, uint64_t i)
{
	wheel_cancel(b->wheel, id);
	wheel_arm(b->wheel, id, b->now_ns + ahead_ns(b, i));
	wheel_turn(b, i);
}

static void wheel_expire(struct bench *b)
{
	uint32_t out[BURST];
	uint64_t expired = 0;

	while (expired < b->steps) {
		uint64_t due_ns = wheel_next_due_ns(b->wheel);
		uint32_t count;

		b->now_ns = due_ns > b->now_ns ? due_ns : b->now_ns;
		count = wheel_poll(b->wheel, b->now_ns, out, BURST);
		for (uint32_t k = 0; k < count; k++)
			wheel_arm(b->wheel, out[k], b->now_ns + ahead_ns(b, expired + k));
		expired += count;
	}
}

static void wheel_run(struct bench *b, enum pattern pattern)
{
	uint32_t oldest = 0;

	switch (pattern) {
	case SAME:
		for (uint64_t i = 0; i < b->steps; i++) {
			wheel_arm(b->wheel, b->live, b->now_ns + ahead_ns(b, i));
			wheel_cancel(b->wheel, b->live);
			wheel_turn(b, i);
		}
		break;
	case OLDEST:
		for (uint64_t i = 0; i < b->steps; i++) {
			wheel_step(b, oldest, i);
			oldest = oldest + 1 < b->live ? oldest + 1 : 0;
		}
		break;
	case RANDOM:
		for (uint64_t i = 0; i < b->steps; i++)
			wheel_step(b, any(b, i), i);
		break;
	case REARM:
		for (uint64_t i = 0; i < b->steps; i++) {
			wheel_arm(b->wheel, any(b, i), b->now_ns + ahead_ns(b, i));
			wheel_turn(b, i);
		}
		break;
	case EXPIRE:
		wheel_expire(b);
		break;
	case IDLE:
		for (uint64_t i = 0; i < b->steps; i++) {
			uint32_t out[BURST];

			b->now_ns += STEP_NS;
			b->hash += wheel_poll(b->wheel, b->now_ns, out, BURST);
		}
		break;
	case PATTERNS:
		break;
	}
}

static void on_timer(struct rte_timer *t, void *argument)
{
	(void)t;
	(void)argument;
}

/* Cycles are taken for nanoseconds: only their order matters, as nothing expires. */
static void dpdk_arm(struct bench *b, uint32_t id, uint64_t ns)
{
	if (rte_timer_reset(&b->timers[id], ns, SINGLE, rte_lcore_id(), on_timer, NULL) != 0)
		measure_fail("bench_wheel: rte_timer_reset fails");
}

static void dpdk_start(struct bench *b)
{
	for (uint32_t i = 0; i < b->live; i++)
		dpdk_arm(b, i, FAR_NS + ahead_ns(b, i));
}

static void dpdk_stop(struct bench *b)
{
	for (uint32_t i = 0; i <= b->live; i++)
		if (rte_timer_stop(&b->timers[i]) != 0)
			measure_fail("bench_wheel: rte_timer_stop fails");
}

static void dpdk_run(struct bench *b, enum pattern pattern)
{
	uint32_t oldest = 0;

	for (uint64_t i = 0; i < b->steps; i++) {
		uint32_t id = pattern == SAME ? b->live : pattern == OLDEST ? oldest : any(b, i);

		oldest = oldest + 1 < b->live ? oldest + 1 : 0;
		if (pattern == OLDEST || pattern == RANDOM)
			rte_timer_stop(&b->timers[id]);
		dpdk_arm(b, id, FAR_NS + ahead_ns(b, i));
		if (pattern == SAME)
			rte_timer_stop(&b->timers[id]);
	}
}

static bool has_dpdk(enum pattern pattern)
{
	return pattern != EXPIRE && pattern != IDLE;
}

/* Timers that are live after the run must be the same ones on both sides. */
static uint64_t live_hash(const struct bench *b, bool is_dpdk)
{
	uint64_t hash = 0;

	for (uint32_t i = 0; i <= b->live; i++)
		hash = measure_hash(hash, is_dpdk ? (uint64_t)rte_timer_pending(&b->timers[i])
		                                  : wheel_is_armed(b->wheel, i));
	return hash;
}

static double run(struct bench *b, enum pattern pattern, bool is_dpdk, uint64_t *hash)
{
	b->hash = 0;
	if (is_dpdk)
		dpdk_start(b);
	else
		wheel_start(b, pattern == SAME || pattern == IDLE);
	uint64_t start_ns = measure_cpu_ns();

	if (is_dpdk)
		dpdk_run(b, pattern);
	else
		wheel_run(b, pattern);
	double ns = (double)(measure_cpu_ns() - start_ns) / (double)b->steps;

	*hash = live_hash(b, is_dpdk);
	if (is_dpdk)
		dpdk_stop(b);
	else if (wheel_check(b->wheel) != NULL || b->hash != 0)
		measure_fail("bench_wheel: %s: %s", pattern_names[pattern],
		             b->hash != 0 ? "timers have expired" : wheel_check(b->wheel));
	return ns;
}

static void rows(struct measure_rows *out, struct bench *b, const struct options *o,
                 enum pattern pattern)
{
	double ns[2][MEASURE_ROUNDS_MAX];
	uint64_t hash[2] = {0, 0};
	uint32_t sides = has_dpdk(pattern) ? 2 : 1;

	/* In turn, so that both see the same neighbours. */
	for (uint32_t i = 0; i < o->rounds; i++)
		for (uint32_t side = 0; side < sides; side++)
			ns[side][i] = run(b, pattern, side == 1, &hash[side]);
	for (uint32_t side = 0; side < sides; side++) {
		double median = measure_median(ns[side], (uint32_t)o->rounds);

		measure_row(out);
		measure_text(out, "pattern", pattern_names[pattern]);
		measure_text(out, "timer", side == 1 ? "rte_timer" : "wheel");
		measure_count(out, "live", o->live);
		measure_figure(out, "ns_per_step", median);
		measure_figure(out, "best_ns_per_step", ns[side][0]); /* sorted */
		measure_result(out, pattern_names[pattern], hash[side]);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.live = 65536, .steps = 1000000, .rounds = 7, .seed = 1};
	const struct measure_option table[] = {
	        {"live", "timers", &o.live, 1, 1 << 24, NULL},
	        {"steps", "of a round", &o.steps, 1, 1000000000, NULL},
	        {"rounds", "the median and the best count", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"seed", "of deadlines and choices", &o.seed, 0, UINT64_MAX, NULL},
	        {"cpu", "it runs on", &o.cpu, 0, 1023, NULL},
	        {.name = NULL},
	};
	struct eal_options eo = {.program = "bench_wheel", .memory_mib = EAL_MIB, .main_cpu = -1};
	char error[EAL_ERROR_BYTES];
	struct measure_rows out;
	static struct bench b;

	measure_options(argc, argv, "usage: bench_wheel [OPTION VALUE]...", table, &o.json);
	if (eal_start(&eo, error) != 0)
		measure_fail("bench_wheel: %s", error);
	if (rte_timer_subsystem_init() != 0)
		measure_fail("bench_wheel: rte_timer_subsystem_init fails");
	measure_pin(o.cpu);
	make(&b, &o);
	measure_begin(&out, "wheel", o.json);
	for (uint32_t p = 0; p < PATTERNS; p++)
		rows(&out, &b, &o, (enum pattern)p);
	measure_end(&out);
	free(b.wheel);
	free(b.timers);
	free(b.draws);
	rte_timer_subsystem_finalize();
	eal_stop();
	return 0;
}
