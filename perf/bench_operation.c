/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Operation: what one costs, from submission to its end, everything a service has switched on
 * (breaker, node choice and health, estimators, budgets, forecast, throttle, timer), at the
 * report's figures with a second scaled to a millisecond. Nothing is sent: it is the machine alone.
 *
 *   life       submitted, one attempt, success
 *   failure    submitted, one attempt, refused, ended
 *   retry      submitted, refused, another node after the backoff, success
 *   timeout    submitted, no reply, ended by its timer
 *   parallel   submitted with three attempts, the first success cancels two
 *   hedge      submitted, hedged by its timer, the hedge succeeds and cancels the first
 *   late       life, and the reply of one that was cancelled before
 *   reject     submitted to an open breaker
 *   plain      life with every mechanism switched off
 *
 * Operations come in bursts of `burst`: all are submitted, then time passes and timers are polled,
 * then all are answered; so `burst` of them are live. Beside it `table_ns`: the same life in what
 * one would write in an afternoon, a table of pending requests with deadlines that are looked
 * through; no breaker, no estimators, one attempt. And `loop_ns`, the loop that is in both.
 *
 * CPU time of the thread, median of the rounds; ways take turns within a round. The hash is over
 * the outcomes: those of operations and table must be equal where both can do it.
 */
#include <stdlib.h>
#include <string.h>

#include "perf/measure.h"
#include "resilience/operation.h"
#include "resilience/prng.h"

#define SECOND_NS   1000000ull /* of the report's figures */
#define LATENCY_NS  20000ull   /* of replies */
#define BURST_MAX   16384u
#define NODES       3u
#define OUTPUTS_MAX 64u

/* No task pays for another one's questions. */
#define INLINE static inline __attribute__((always_inline))

enum task {
	TASK_LIFE,
	TASK_FAILURE,
	TASK_RETRY,
	TASK_TIMEOUT,
	TASK_PARALLEL,
	TASK_HEDGE,
	TASK_LATE,
	TASK_REJECT,
	TASK_PLAIN,
	TASK_COUNT
};

static const char *const task_names[TASK_COUNT] = {
        "life", "failure", "retry", "timeout", "parallel", "hedge", "late", "reject", "plain"};

enum way { WAY_OPERATION, WAY_TABLE, WAY_LOOP, WAY_COUNT };

struct pending { /* the table of an afternoon */
	uint64_t deadline_ns;
	uint64_t tag;
	uint32_t generation;
	uint32_t next;
	bool live;
};

struct bench {
	enum task task;
	uint32_t burst;
	uint64_t operations;
	uint64_t now_ns;
	uint64_t hash;
	uint64_t ended; /* of this round */
	struct operation_options options;
	struct service_options service_options;
	struct service_state state;
	struct service service;
	struct breaker_counters breaker_counters;
	struct health_counters health_counters;
	struct prng prng;
	struct operations table;
	struct operation *slots;
	struct operation_attempt *attempts;
	void *wheel;
	struct operation_output items[OUTPUTS_MAX];
	struct operation_outputs out;
	uint64_t tokens[BURST_MAX];
	uint64_t losers[BURST_MAX]; /* cancelled */
	struct pending pending[BURST_MAX];
	uint32_t free;
};

/* ---- the table of operations ---- */

static void switch_off(struct service_options *o)
{
	o->breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	o->breaker.fallback = 0;
	o->deadline.terms = DEADLINE_NONE;
	o->hedge.is_enabled = false;
	o->abandon_below_ppm = 0;
	o->choice = SERVICE_CHOOSE_PRIMARY;
	o->max_retries = 0;
	o->latency_optimization = false;
	o->learn_expected = false;
	o->throttle.enabled = false;
	o->forecast.detectors = 0;
}

static void choose_options(struct bench *b)
{
	struct service_options *o = &b->service_options;

	service_options_report(o, SECOND_NS);
	o->nodes = NODES;
	/* Paths are what is measured here, not how often they are taken. */
	o->retry_budget.is_unlimited = o->hedge_budget.is_unlimited =
	        o->parallel_budget.is_unlimited = true;
	if (b->task == TASK_PLAIN)
		switch_off(o);
	if (b->task == TASK_FAILURE || b->task == TASK_TIMEOUT || b->task == TASK_RETRY) {
		o->breaker.states = BREAKER_BIT(BREAKER_CLOSED);
		o->health.eject_after = 0;
		o->health.outlier_ppm = 0;
		o->abandon_below_ppm = 0;
		o->max_retries = b->task == TASK_RETRY;
		o->backoff.jitter_ppm = 0;
	}
	if (b->task != TASK_HEDGE)
		o->hedge.is_enabled = false;
	if (b->task == TASK_HEDGE)
		o->poll_ns = UINT64_MAX / 2; /* what was taught stands: hedges stay on */
	if (b->task == TASK_PARALLEL || b->task == TASK_LATE)
		o->parallel_attempts = 3;
	b->options = (struct operation_options){
	        .pool = {.operations_max = BURST_MAX,
	                 .attempts_max = 4 * BURST_MAX,
	                 .first_use = 1},
	        .tick_ns = SECOND_NS / 1000,
	        .late_ns = SECOND_NS,
	        .service_count = 1,
	};
}

/* All replies took 20 us, one in thirty ten times that: worth a hedge. */
static void teach_hedge(struct bench *b)
{
	for (uint32_t i = 0; i < 2000; i++) {
		struct service_reply r = {.ticket = b->state.breaker.epoch,
		                          .latency_ns = i % 30 == 0 ? 10 * LATENCY_NS : LATENCY_NS,
		                          .is_alone = true};

		service_on_send(&b->service, 0);
		b->now_ns += LATENCY_NS;
		service_on_reply(&b->service, &r, b->now_ns);
		service_poll(&b->service, b->now_ns);
	}
}

static void open_breaker(struct bench *b)
{
	while (b->state.breaker.state != BREAKER_OPEN)
		service_on_failure(&b->service, b->state.breaker.epoch, b->now_ns);
}

static void operations_open(struct bench *b)
{
	choose_options(b);
	b->now_ns = 1000 * SECOND_NS;
	prng_init(&b->prng, 1);
	memset(&b->breaker_counters, 0, sizeof(b->breaker_counters));
	memset(&b->health_counters, 0, sizeof(b->health_counters));
	const struct service_setup su = {.state = &b->state,
	                                 .options = &b->service_options,
	                                 .breaker_counters = &b->breaker_counters,
	                                 .health_counters = &b->health_counters,
	                                 .prng = &b->prng};

	if (service_init(&b->service, &su, b->now_ns) != 0)
		measure_fail("bench_operation: service refused");
	if (b->task == TASK_HEDGE)
		teach_hedge(b);
	if (b->task == TASK_REJECT)
		open_breaker(b);
	const struct operation_setup u = {.options = &b->options,
	                                  .operations = b->slots,
	                                  .attempts = b->attempts,
	                                  .services = &b->service,
	                                  .wheel = b->wheel,
	                                  .wheel_bytes = operation_wheel_bytes(&b->options)};

	if (operation_init(&b->table, &u, b->now_ns) != 0)
		measure_fail("bench_operation: table refused");
	b->out = (struct operation_outputs){.items = b->items, .capacity = OUTPUTS_MAX};
}

INLINE void read_outputs(struct bench *b, uint32_t i)
{
	for (uint32_t k = 0; k < b->out.count; k++) {
		const struct operation_output *x = &b->items[k];

		if (x->kind == OPERATION_SEND) {
			b->tokens[i] = x->token;
		} else if (x->kind == OPERATION_DONE) {
			b->hash = measure_hash(b->hash, x->tag << 3 | x->outcome);
			b->ended++;
		} else {
			b->losers[i] = x->token;
		}
	}
	b->out.count = 0;
}

/* To the next moment at which a timer is due, and what comes of it. */
static void pass_timers(struct bench *b, uint64_t ns)
{
	b->now_ns += ns;
	for (bool more = true; more;) {
		more = operation_poll(&b->table, b->now_ns, &b->out);
		for (uint32_t k = 0; k < b->out.count; k++) {
			const struct operation_output *x = &b->items[k];

			if (x->kind == OPERATION_SEND) {
				b->tokens[x->tag % b->burst] = x->token;
			} else if (x->kind == OPERATION_DONE) {
				b->hash = measure_hash(b->hash, x->tag << 3 | x->outcome);
				b->ended++;
			}
		}
		b->out.count = 0;
	}
}

INLINE void answer(struct bench *b, uint32_t i, bool ok)
{
	const struct operation_reply r = {
	        .token = b->tokens[i], .node = OPERATION_NODE_UNKNOWN, .ok = ok};

	operation_on_reply(&b->table, &r, b->now_ns, &b->out);
	read_outputs(b, i);
}

INLINE void submit_burst(struct bench *b, uint64_t first)
{
	struct operation_request r = {.deadline_ns = b->now_ns + 6 * SECOND_NS,
	                              .repeat = OPERATION_FREELY,
	                              .max_retries = OPERATION_ROUNDS_AS_SERVICE};

	for (uint32_t i = 0; i < b->burst; i++) {
		r.tag = first + i;
		enum operation_verdict v = operation_submit(&b->table, &r, b->now_ns, &b->out);

		if (v != OPERATION_ACCEPTED) {
			b->hash = measure_hash(b->hash, v);
			b->ended++;
		}
		read_outputs(b, i);
	}
}

INLINE void answer_burst(struct bench *b, bool ok)
{
	for (uint32_t i = 0; i < b->burst; i++)
		answer(b, i, ok);
}

static void late_burst(struct bench *b)
{
	for (uint32_t i = 0; i < b->burst; i++) {
		const struct operation_reply r = {
		        .token = b->losers[i], .node = OPERATION_NODE_UNKNOWN, .ok = true};

		operation_on_reply(&b->table, &r, b->now_ns, &b->out);
	}
}

INLINE void play(struct bench *b, enum task task)
{
	for (uint64_t n = 0; n < b->operations; n += b->burst) {
		submit_burst(b, n);
		pass_timers(b, LATENCY_NS);
		switch (task) {
		case TASK_LIFE:
		case TASK_PLAIN:
		case TASK_PARALLEL:
			answer_burst(b, true);
			break;
		case TASK_FAILURE:
			answer_burst(b, false);
			break;
		case TASK_RETRY:
			answer_burst(b, false);
			pass_timers(b, SECOND_NS / 5);
			answer_burst(b, true);
			break;
		case TASK_TIMEOUT:
			pass_timers(b, 6 * SECOND_NS);
			break;
		case TASK_HEDGE:
			pass_timers(b, 10 * LATENCY_NS);
			answer_burst(b, true);
			break;
		case TASK_LATE:
			answer_burst(b, true);
			late_burst(b);
			break;
		case TASK_REJECT:
			b->now_ns -= LATENCY_NS; /* it stays open */
			break;
		case TASK_COUNT:
			break;
		}
	}
}

static void operations_run(struct bench *b)
{
	switch (b->task) {
	case TASK_LIFE:
		play(b, TASK_LIFE);
		break;
	case TASK_FAILURE:
		play(b, TASK_FAILURE);
		break;
	case TASK_RETRY:
		play(b, TASK_RETRY);
		break;
	case TASK_TIMEOUT:
		play(b, TASK_TIMEOUT);
		break;
	case TASK_PARALLEL:
		play(b, TASK_PARALLEL);
		break;
	case TASK_HEDGE:
		play(b, TASK_HEDGE);
		break;
	case TASK_LATE:
		play(b, TASK_LATE);
		break;
	case TASK_REJECT:
		play(b, TASK_REJECT);
		break;
	case TASK_PLAIN:
		play(b, TASK_PLAIN);
		break;
	case TASK_COUNT:
		break;
	}
}

/* ---- the table of an afternoon ---- */

static bool table_can(enum task task)
{
	return task == TASK_LIFE || task == TASK_PLAIN || task == TASK_FAILURE ||
	       task == TASK_TIMEOUT;
}

static void table_open(struct bench *b)
{
	for (uint32_t i = 0; i < BURST_MAX; i++)
		b->pending[i] = (struct pending){.next = i + 1};
	b->free = 0;
	b->now_ns = 1000 * SECOND_NS;
}

INLINE void table_end(struct bench *b, struct pending *p, enum operation_outcome outcome)
{
	b->hash = measure_hash(b->hash, p->tag << 3 | outcome);
	b->ended++;
	p->live = false;
	p->next = b->free;
	b->free = (uint32_t)(p - b->pending);
}

static void table_poll(struct bench *b, uint64_t ns)
{
	b->now_ns += ns;
	for (uint32_t i = 0; i < b->burst; i++)
		if (b->pending[i].live && b->now_ns >= b->pending[i].deadline_ns)
			table_end(b, &b->pending[i], OPERATION_TIMEOUT);
}

static void table_run(struct bench *b)
{
	for (uint64_t n = 0; n < b->operations; n += b->burst) {
		for (uint32_t i = 0; i < b->burst; i++) {
			struct pending *p = &b->pending[b->free];

			p->deadline_ns = b->now_ns + SECOND_NS;
			p->tag = n + i;
			p->generation++;
			p->live = true;
			b->tokens[i] = (uint64_t)p->generation << 32 | b->free;
			b->free = p->next;
		}
		table_poll(b, LATENCY_NS);
		if (b->task == TASK_TIMEOUT)
			table_poll(b, 6 * SECOND_NS);
		for (uint32_t i = 0; i < b->burst; i++) {
			struct pending *p = &b->pending[b->tokens[i] & UINT32_MAX];

			if (p->live && p->generation == b->tokens[i] >> 32)
				table_end(b, p,
				          b->task == TASK_FAILURE ? OPERATION_FAILURE
				                                  : OPERATION_SUCCESS);
		}
	}
}

static void loop_run(struct bench *b)
{
	for (uint64_t n = 0; n < b->operations; n += b->burst) {
		for (uint32_t i = 0; i < b->burst; i++)
			b->tokens[i] = n + i;
		for (uint32_t i = 0; i < b->burst; i++) {
			b->hash = measure_hash(b->hash, b->tokens[i] << 3);
			b->ended++;
		}
	}
}

/* ---- rounds ---- */

static double round_run(struct bench *b, enum way way)
{
	b->hash = 0;
	b->ended = 0;
	if (way == WAY_OPERATION)
		operations_open(b);
	else
		table_open(b);
	uint64_t start_ns = measure_cpu_ns();

	if (way == WAY_OPERATION)
		operations_run(b);
	else if (way == WAY_TABLE)
		table_run(b);
	else
		loop_run(b);
	double ns = (double)(measure_cpu_ns() - start_ns) / (double)b->operations;

	if (b->ended != b->operations)
		measure_fail("bench_operation: %s: %llu of %llu ended", task_names[b->task],
		             (unsigned long long)b->ended, (unsigned long long)b->operations);
	if (way == WAY_OPERATION && operation_live(&b->table) != 0)
		measure_fail("bench_operation: %s: slots are left", task_names[b->task]);
	return ns;
}

/* That it took the path it is named after. */
static void check_path(const struct bench *b)
{
	const struct operation_stats *s = &b->table.stats;
	uint64_t n = b->operations;
	bool good = true;

	switch (b->task) {
	case TASK_LIFE:
	case TASK_PLAIN:
		good = s->outcomes[OPERATION_SUCCESS] == n && s->attempts[OPERATION_FIRST] == n;
		break;
	case TASK_FAILURE:
		good = s->outcomes[OPERATION_FAILURE] == n;
		break;
	case TASK_RETRY:
		good = s->outcomes[OPERATION_SUCCESS] == n && s->attempts[OPERATION_RETRY] == n;
		break;
	case TASK_TIMEOUT:
		good = s->outcomes[OPERATION_TIMEOUT] == n && s->overdue == n;
		break;
	case TASK_PARALLEL:
		good = s->cancelled == 2 * n;
		break;
	case TASK_HEDGE:
		good = s->hedges_won == n && s->cancelled == n;
		break;
	case TASK_LATE:
		good = s->heard[OPERATION_HEARD_LATE] == n;
		break;
	case TASK_REJECT:
		good = s->verdicts[OPERATION_REJECTED_OPEN] == n;
		break;
	case TASK_COUNT:
		break;
	}
	if (!good)
		measure_fail("bench_operation: %s did not take its path", task_names[b->task]);
}

static void row(struct bench *b, struct measure_rows *out, uint32_t rounds)
{
	static double ns[WAY_COUNT][MEASURE_ROUNDS_MAX];
	uint64_t hash[WAY_COUNT];
	double best = 0;

	for (uint32_t r = 0; r < rounds; r++)
		for (enum way w = WAY_OPERATION; w < WAY_COUNT; w++) {
			if (w == WAY_TABLE && !table_can(b->task))
				continue;
			ns[w][r] = round_run(b, w);
			hash[w] = b->hash;
			if (w == WAY_OPERATION) {
				check_path(b);
				best = r == 0 || ns[w][r] < best ? ns[w][r] : best;
			}
		}
	/* Timers come in another order; the outcomes are the same. */
	if (table_can(b->task) && b->task != TASK_TIMEOUT && hash[WAY_OPERATION] != hash[WAY_TABLE])
		measure_fail("bench_operation: %s: other outcomes", task_names[b->task]);
	measure_row(out);
	measure_text(out, "task", task_names[b->task]);
	measure_count(out, "burst", b->burst);
	measure_figure(out, "operation_ns", measure_median(ns[WAY_OPERATION], rounds));
	measure_figure(out, "best_ns", best);
	if (table_can(b->task))
		measure_figure(out, "table_ns", measure_median(ns[WAY_TABLE], rounds));
	measure_figure(out, "loop_ns", measure_median(ns[WAY_LOOP], rounds));
	measure_result(out, task_names[b->task], b->burst == 0 ? 0 : hash[WAY_OPERATION]);
}

int main(int argc, char **argv)
{
	static const uint32_t bursts[] = {1, 32, 1024, BURST_MAX};
	uint64_t operations = 1 << 20;
	uint64_t rounds = 9;
	uint64_t cpu = 0;
	const char *only = "";
	const struct measure_option table[] = {
	        {"operations", "a round, a multiple of 16384", &operations, BURST_MAX, 1ull << 40,
	         NULL},
	        {"rounds", "of which the median is taken", &rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"cpu", "to run on", &cpu, 0, 4096, NULL},
	        {"task", "only this one, in bursts of 32", NULL, 0, 0, &only},
	        {.name = NULL},
	};
	struct measure_rows out;
	bool json = false;

	measure_options(argc, argv, "usage: bench_operation [OPTION VALUE]...", table, &json);
	struct bench *b = measure_memory(sizeof(*b));

	b->operations = operations / BURST_MAX * BURST_MAX;
	b->task = TASK_LIFE;
	choose_options(b);
	b->slots = measure_memory(b->options.pool.operations_max * sizeof(b->slots[0]));
	b->attempts = measure_memory(b->options.pool.attempts_max * sizeof(b->attempts[0]));
	b->wheel = measure_memory(operation_wheel_bytes(&b->options));
	measure_pin(cpu);
	measure_begin(&out, "operation", json);
	for (enum task t = TASK_LIFE; t < TASK_COUNT; t++)
		for (uint32_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
			b->task = t;
			b->burst = bursts[i];
			if (only[0] != '\0' && strcmp(only, task_names[t]) != 0)
				continue;
			if (bursts[i] == 32 || (t == TASK_LIFE && only[0] == '\0'))
				row(b, &out, (uint32_t)rounds);
		}
	measure_end(&out);
	free(b->slots);
	free(b->attempts);
	free(b->wheel);
	free(b);
	return 0;
}
