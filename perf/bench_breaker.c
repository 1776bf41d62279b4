/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Breaker: what it costs to ask a breaker and to tell it the outcome, over 512, 16 k and 1 M of
 * them, asked in a scattered order. Beside it the plainest breaker that works: two counters in a
 * window of time, OPEN at half of them failed; no latency, no probes, no ramp. And the loop alone
 * (`loop_ns`), which is in all other figures.
 *
 *   allow       asked in CLOSED
 *   record      asked, and a success
 *   everything  asked, an attempt's latency, and a success
 *   failures    everything, and 1 operation of 128 fails
 *   resilient   everything in RESILIENT: 1 of 8 fails
 *   reject      asked in OPEN
 *   node        best of three nodes, given, succeeded: health beside round robin with a count of
 *               failures in a row
 *
 * CPU time of the thread, median of the rounds; ways take turns within a round. Both breakers must
 * have let in the same operations, or the benchmark fails; that is also the hash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/measure.h"
#include "resilience/breaker.h"
#include "resilience/event.h"
#include "resilience/health.h"
#include "resilience/prng.h"

#define SECOND       1000000000ull
#define STEP_NS      100ull
#define SCATTER      0x9e3779b1u /* odd: every breaker in turn, far apart */
#define EVENTS       4096u
#define NODES        3u
#define SERVICES_MAX (1u << 14) /* with nodes */

/* No task pays for another one's questions. */
#define INLINE static inline __attribute__((always_inline))

enum way { WAY_LOOP, WAY_BREAKER, WAY_PLAIN, WAY_COUNT };
enum task {
	TASK_ALLOW,
	TASK_RECORD,
	TASK_EVERYTHING,
	TASK_FAILURES,
	TASK_RESILIENT,
	TASK_REJECT,
	TASK_NODE,
	TASK_COUNT
};

static const char *const task_names[TASK_COUNT] = {"allow",     "record", "everything", "failures",
                                                   "resilient", "reject", "node"};

struct plain { /* what one would write in an afternoon */
	uint64_t window_end_ns;
	uint64_t open_until_ns; /* 0: it is not */
	uint32_t total;
	uint32_t failed;
};

struct plain_nodes {
	uint32_t next;
	uint32_t bad[NODES];
};

struct bench {
	uint32_t mask; /* breakers - 1 */
	uint64_t operations;
	struct breaker_options options;
	struct breaker_context context;
	struct breaker *breakers;
	struct breaker_counters *counters;
	struct plain *plain;
	struct health_options health_options;
	struct health_context health_context;
	struct health *health;
	struct health_counters *health_counters;
	struct plain_nodes *nodes;
	struct event events[EVENTS];
	struct event_ring ring;
	struct prng prng;
};

static inline bool plain_allow(struct plain *p, uint64_t now_ns)
{
	if (p->open_until_ns == 0)
		return true;
	if (now_ns < p->open_until_ns)
		return false;
	p->open_until_ns = 0;
	return true;
}

static inline void plain_record(struct plain *p, bool failed, uint64_t now_ns)
{
	if (now_ns >= p->window_end_ns) {
		p->window_end_ns = now_ns + 10 * SECOND;
		p->total = 0;
		p->failed = 0;
	}
	p->total++;
	p->failed += failed;
	if (p->total >= 64 && p->failed * 2 >= p->total)
		p->open_until_ns = now_ns + SECOND;
}

static inline uint32_t plain_node(struct plain_nodes *n)
{
	uint32_t node = n->next;

	for (uint32_t i = 0; i < NODES && n->bad[node] >= 5; i++)
		node = node + 1 == NODES ? 0 : node + 1;
	n->next = node + 1 == NODES ? 0 : node + 1;
	n->bad[node] = 0;
	return node;
}

/* Whether the n-th operation fails; scattered, so that all breakers get their share. */
static inline bool fails(enum task task, uint64_t n)
{
	uint64_t dice = n * 0x9e3779b97f4a7c15ull >> 40;

	return (task == TASK_FAILURES && dice % 128 == 0) ||
	       (task == TASK_RESILIENT && dice % 8 == 0);
}

INLINE uint64_t do_breaker(struct bench *b, enum task task, uint32_t i, uint64_t n, uint64_t now_ns)
{
	struct breaker *breaker = &b->breakers[i];
	struct breaker_grant g = breaker_allow(breaker, &b->context, now_ns);
	uint64_t latency_ns = 1000000 + (n & 0xfff);

	if (g.verdict == BREAKER_REJECT)
		return 0;
	if (task == TASK_ALLOW || task == TASK_REJECT)
		return 1;
	if (task != TASK_RECORD)
		breaker_on_latency(breaker, &b->context, g.ticket, latency_ns, BREAKER_MEASURED,
		                   now_ns);
	if (fails(task, n))
		breaker_on_failure(breaker, &b->context, g.ticket, now_ns);
	else
		breaker_on_success(breaker, &b->context, g.ticket, latency_ns, now_ns);
	return 1;
}

INLINE uint64_t do_plain(struct bench *b, enum task task, uint32_t i, uint64_t n, uint64_t now_ns)
{
	struct plain *plain = &b->plain[i];

	if (!plain_allow(plain, now_ns))
		return 0;
	if (task != TASK_ALLOW && task != TASK_REJECT)
		plain_record(plain, fails(task, n), now_ns);
	return 1;
}

INLINE uint64_t do_node(struct bench *b, uint32_t i, uint64_t n, uint64_t now_ns)
{
	struct health *h = &b->health[i];
	uint32_t node = health_best(h, &b->health_options, 0, now_ns);

	if (node == HEALTH_NONE)
		return 0;
	health_on_send(h, node);
	health_on_success(h, &b->health_context, node, 1000000 + (n & 0xfff), now_ns);
	return 1;
}

INLINE uint64_t do_plain_node(struct bench *b, uint32_t i)
{
	return plain_node(&b->nodes[i]) < NODES;
}

/* Returns how many were let in. */
INLINE uint64_t run(struct bench *b, enum way way, enum task task)
{
	uint64_t let_in = 0;
	uint64_t now_ns = SECOND;

	for (uint64_t n = 0; n < b->operations; n++) {
		uint32_t i = (uint32_t)n * SCATTER & b->mask;

		now_ns += STEP_NS;
		if (way == WAY_LOOP)
			let_in += i <= b->mask;
		else if (task == TASK_NODE)
			let_in +=
			        way == WAY_BREAKER ? do_node(b, i, n, now_ns) : do_plain_node(b, i);
		else
			let_in += way == WAY_BREAKER ? do_breaker(b, task, i, n, now_ns)
			                             : do_plain(b, task, i, n, now_ns);
		/* Each one for itself: nothing is known about memory here. */
		__asm__ volatile("" : "+r"(let_in) : : "memory");
	}
	return let_in;
}

#define RUNNER(name, task)                                                                       \
	static __attribute__((noinline)) uint64_t name(struct bench *b, enum way way)            \
	{                                                                                        \
		if (way == WAY_LOOP)                                                             \
			return run(b, WAY_LOOP, task);                                           \
		return way == WAY_BREAKER ? run(b, WAY_BREAKER, task) : run(b, WAY_PLAIN, task); \
	}

RUNNER(run_allow, TASK_ALLOW)
RUNNER(run_record, TASK_RECORD)
RUNNER(run_everything, TASK_EVERYTHING)
RUNNER(run_failures, TASK_FAILURES)
RUNNER(run_resilient, TASK_RESILIENT)
RUNNER(run_reject, TASK_REJECT)
RUNNER(run_node, TASK_NODE)

static uint64_t (*const runners[TASK_COUNT])(struct bench *b, enum way way) = {
        run_allow, run_record, run_everything, run_failures, run_resilient, run_reject, run_node};

/* One breaker into the state that the task is about. */
static void prepare_breaker(struct bench *b, enum task task, uint32_t i)
{
	struct breaker *breaker = &b->breakers[i];

	breaker_init(breaker, i);
	for (uint32_t n = 0; n < b->options.window && task != TASK_REJECT; n++)
		breaker_on_success(breaker, &b->context, breaker->epoch, 0, 0);
	if (task == TASK_RESILIENT)
		breaker_on_forecast(breaker, &b->context, 1, 0);
	if (task != TASK_REJECT)
		return;
	for (uint32_t n = 0; n < b->options.open_after; n++)
		breaker_on_failure(breaker, &b->context, breaker->epoch, 0);
	b->plain[i].open_until_ns = BREAKER_NEVER;
}

static void prepare(struct bench *b, enum task task)
{
	prng_init(&b->prng, 1);
	memset(b->counters, 0, (b->mask + 1ull) * sizeof(*b->counters));
	memset(b->plain, 0, (b->mask + 1ull) * sizeof(*b->plain));
	breaker_options_report(&b->options, SECOND);
	if (task == TASK_REJECT)
		b->options.open_ns = b->options.open_max_ns = 1ull << 50;
	if (task == TASK_RESILIENT) /* five in a row do happen among so many */
		b->options.open_after = 0;
	for (uint32_t i = 0; i <= b->mask; i++)
		prepare_breaker(b, task, i);
	health_options_standard(&b->health_options, SECOND);
	memset(b->nodes, 0, SERVICES_MAX * sizeof(*b->nodes));
	for (uint32_t i = 0; i <= b->mask && i < SERVICES_MAX; i++)
		if (health_init(&b->health[i], i, NODES) != 0)
			measure_fail("bench_breaker: no nodes");
}

static void check_states(const struct bench *b, enum task task)
{
	static const uint8_t wanted[TASK_COUNT] = {
	        [TASK_RESILIENT] = BREAKER_RESILIENT, [TASK_REJECT] = BREAKER_OPEN};

	for (uint32_t i = 0; i <= b->mask; i++)
		if (!breaker_is_sound(&b->breakers[i], &b->options) ||
		    (task != TASK_FAILURES && b->breakers[i].state != wanted[task]))
			measure_fail("bench_breaker: %s ends in %s", task_names[task],
			             breaker_state_name((enum breaker_state)b->breakers[i].state));
}

struct options {
	uint64_t operations;
	uint64_t rounds;
	uint64_t largest;
	uint64_t cpu;
	bool json;
};

static void measure(struct bench *b, const struct options *o, enum task task,
                    struct measure_rows *out)
{
	static double values[WAY_COUNT][MEASURE_ROUNDS_MAX];
	double best[WAY_COUNT];
	uint64_t let_in[WAY_COUNT] = {1, 1, 1};

	prepare(b, task);
	for (uint32_t round = 0; round < o->rounds; round++)
		for (enum way w = WAY_LOOP; w < WAY_COUNT; w++) {
			uint64_t start_ns = measure_cpu_ns();
			uint64_t count = runners[task](b, w);

			values[w][round] =
			        (double)(measure_cpu_ns() - start_ns) / (double)b->operations;
			let_in[w] = measure_hash(let_in[w], count);
		}
	check_states(b, task);
	if (let_in[WAY_BREAKER] != let_in[WAY_PLAIN])
		measure_fail("bench_breaker: %s: they let in different operations",
		             task_names[task]);
	measure_row(out);
	measure_count(out, "breakers", b->mask + 1ull);
	measure_text(out, "task", task_names[task]);
	static const char *const keys[WAY_COUNT] = {"loop_ns", "breaker_ns", "plain_ns"};

	for (enum way w = WAY_LOOP; w < WAY_COUNT; w++) {
		measure_figure(out, keys[w], measure_median(values[w], (uint32_t)o->rounds));
		best[w] = values[w][0]; /* sorted */
	}
	measure_figure(out, "best_ns", best[WAY_BREAKER]);
	measure_figure(out, "net_ns", best[WAY_BREAKER] - best[WAY_LOOP]);
	measure_figure(out, "plain_net_ns", best[WAY_PLAIN] - best[WAY_LOOP]);
	measure_result(out, task_names[task], let_in[WAY_BREAKER]);
}

static void open_bench(struct bench *b, uint32_t breakers)
{
	b->mask = breakers - 1;
	b->breakers = measure_memory(breakers * sizeof(*b->breakers));
	b->counters = measure_memory(breakers * sizeof(*b->counters));
	b->plain = measure_memory(breakers * sizeof(*b->plain));
	b->health = measure_memory(SERVICES_MAX * sizeof(*b->health));
	b->health_counters = measure_memory(SERVICES_MAX * sizeof(*b->health_counters));
	b->nodes = measure_memory(SERVICES_MAX * sizeof(*b->nodes));
	if (event_ring_init(&b->ring, b->events, EVENTS) != 0)
		measure_fail("bench_breaker: no ring");
	b->context = (struct breaker_context){&b->options, b->counters, &b->ring, &b->prng};
	b->health_context =
	        (struct health_context){&b->health_options, b->health_counters, &b->ring, &b->prng};
}

static void close_bench(struct bench *b)
{
	free(b->breakers);
	free(b->counters);
	free(b->plain);
	free(b->health);
	free(b->health_counters);
	free(b->nodes);
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {512, 1u << 14, 1u << 20};
	struct options o = {.operations = 4000000, .rounds = 7, .largest = 1u << 20};
	const struct measure_option table[] = {
	        {"operations", "per round", &o.operations, 1, UINT64_MAX, NULL},
	        {"rounds", "the median counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"largest", "number of breakers", &o.largest, 512, 1u << 20, NULL},
	        {"cpu", "to run on", &o.cpu, 0, 1023, NULL},
	        {.name = NULL},
	};
	static struct bench bench;
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_breaker [OPTION VALUE]...", table, &o.json);
	measure_pin(o.cpu);
	measure_begin(&out, "breaker", o.json);
	bench.operations = o.operations;
	for (uint32_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		if (sizes[s] > o.largest)
			break;
		open_bench(&bench, sizes[s]);
		for (enum task t = TASK_ALLOW; t < TASK_COUNT; t++)
			if (t != TASK_NODE || sizes[s] <= SERVICES_MAX)
				measure(&bench, &o, t, &out);
		close_bench(&bench);
	}
	measure_end(&out);
	return 0;
}
