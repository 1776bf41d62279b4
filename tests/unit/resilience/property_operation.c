/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Property: whatever nodes, networks and callers do, what operation_model.h says holds.
 *
 * Per round everything is drawn anew: the sizes of the table, every mechanism of every service on
 * or off, time scale, how nodes answer (slow, failing, mute, in phases), what the network does to
 * replies (loss, copies, delay beyond every timeout), and a caller that submits in bursts, recalls,
 * reports sends or not, and tells nonsense: tokens made up, old ones, right ones from the wrong
 * node. In the end all slots, timers, pending counts and leases must have come back.
 *
 *     property_operation [OPERATIONS [SEED [OPERATIONS_PER_ROUND]]]
 */
#include "tests/unit/resilience/operation_model.h"

#include "resilience/prng.h"

#define EVENTS_MAX  65536u
#define OUTPUTS_MAX 256u
#define OLD_MAX     1024u
#define SERVICES    6u

enum event_what { EVENT_REPLY, EVENT_SENT, EVENT_UNSENT, EVENT_UNREACHABLE };

struct arrival {
	uint64_t time_ns;
	uint64_t token;
	uint32_t order;
	uint8_t what;
	uint8_t node;
	bool ok;
};

struct node { /* how it behaves now */
	uint64_t latency_ns;
	uint32_t spread_ppm;
	uint32_t tail_ppm; /* of the replies: they take ten times as long */
	uint32_t fail_ppm;
	uint32_t lose_ppm;
};

static struct play {
	struct prng random;
	uint64_t second_ns;
	uint64_t now_ns;
	struct operation_options table_options;
	struct service_options options[SERVICES];
	struct service_state states[SERVICES];
	struct service services[SERVICES];
	struct breaker_counters breaker_counters[SERVICES];
	struct health_counters health_counters[SERVICES];
	struct prng jitter;
	struct node nodes[SERVICES][SERVICE_NODES_MAX];
	struct operation *operations;
	struct operation_attempt *attempts;
	void *wheel;
	struct operations table;
	struct operation_output items[OUTPUTS_MAX];
	struct operation_outputs out;
	struct arrival heap[EVENTS_MAX];
	uint32_t arrivals;
	uint32_t order;
	uint64_t old[OLD_MAX]; /* tokens */
	uint64_t ids[OLD_MAX];
	uint32_t olds;
	uint64_t serial;
	bool changes_mode;
	bool calm; /* nodes answer, mostly */
	struct model model;
} x;

static struct totals {
	uint64_t submitted;
	uint64_t operations; /* accepted */
	uint64_t rounds;
	struct operation_stats stats;
	uint64_t hash;
} totals;

/* ---- chance ---- */

static uint64_t below(uint64_t bound)
{
	return prng_below(&x.random, bound);
}

static bool chance(uint32_t ppm)
{
	return prng_chance_ppm(&x.random, ppm);
}

static uint64_t pick(const uint64_t *values, uint32_t count)
{
	return values[below(count)];
}

#define PICK(...)                             \
	pick((const uint64_t[]){__VA_ARGS__}, \
	     sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* ---- what is to come ---- */

static bool before(const struct arrival *a, const struct arrival *b)
{
	return a->time_ns < b->time_ns || (a->time_ns == b->time_ns && a->order < b->order);
}

static void arrivals_add(struct arrival a)
{
	uint32_t i = x.arrivals;

	if (i == EVENTS_MAX)
		return; /* lost */
	a.order = x.order++;
	x.arrivals++;
	for (; i > 0 && before(&a, &x.heap[(i - 1) / 2]); i = (i - 1) / 2)
		x.heap[i] = x.heap[(i - 1) / 2];
	x.heap[i] = a;
}

static struct arrival arrivals_take(void)
{
	struct arrival first = x.heap[0];
	struct arrival last = x.heap[--x.arrivals];
	uint32_t i = 0;

	for (uint32_t child; (child = 2 * i + 1) < x.arrivals; i = child) {
		child += child + 1 < x.arrivals && before(&x.heap[child + 1], &x.heap[child]);
		if (!before(&x.heap[child], &last))
			break;
		x.heap[i] = x.heap[child];
	}
	x.heap[i] = last;
	return first;
}

static void network_send(const struct operation_output *s)
{
	const struct node *n = &x.nodes[s->service][s->node];
	struct arrival a = {.token = s->token, .node = s->node, .what = EVENT_REPLY};
	uint64_t latency_ns = chance(n->tail_ppm) ? 10 * n->latency_ns : n->latency_ns;
	uint64_t spread_ns = latency_ns / 1000 * (n->spread_ppm / 1000) + 1;
	uint64_t sent_ns = x.now_ns;

	if (x.table_options.sends_are_reported) {
		sent_ns += chance(300000) ? below(x.second_ns / 4) : 0;
		a.what = chance(20000) ? EVENT_UNSENT : EVENT_SENT;
		a.time_ns = sent_ns;
		if (!chance(10000)) /* some reports never come */
			arrivals_add(a);
		if (a.what == EVENT_UNSENT)
			return;
		a.what = EVENT_REPLY;
	} else if (chance(10000)) {
		a.what = EVENT_UNSENT;
		a.time_ns = sent_ns;
		arrivals_add(a);
		return;
	}
	if (chance(n->lose_ppm))
		return;
	a.what = chance(5000) ? EVENT_UNREACHABLE : EVENT_REPLY;
	a.ok = !chance(n->fail_ppm);
	a.time_ns = sent_ns + latency_ns + below(spread_ns);
	arrivals_add(a);
	if (chance(50000)) { /* a copy, which may say the contrary */
		a.ok = chance(500000);
		a.time_ns += below(x.second_ns);
		arrivals_add(a);
	}
}

/* ---- the table and the model, side by side ---- */

static void read_out(void)
{
	model_read(&x.model, &x.out, x.now_ns);
	x.model.told_token = 0;
	for (uint32_t i = 0; i < x.out.count; i++) {
		if (x.items[i].kind != OPERATION_SEND)
			continue;
		x.old[x.olds % OLD_MAX] = x.items[i].token;
		x.ids[x.olds++ % OLD_MAX] = x.items[i].operation;
		network_send(&x.items[i]);
	}
	x.out.count = 0;
}

static void submit(void)
{
	struct operation_request r = {
	        .service = (uint32_t)below(SERVICES),
	        .class = (uint8_t)below(WORK_CLASSES),
	        .repeat = (uint8_t)PICK(OPERATION_ONCE, OPERATION_AGAIN, OPERATION_FREELY,
	                                OPERATION_FREELY),
	        .parallel_attempts = (uint8_t)PICK(0, 0, 1, 2, 3),
	        .max_retries = (uint8_t)PICK(OPERATION_ROUNDS_AS_SERVICE, 0, 1, 3, 100),
	        .latency_optimization = (uint8_t)below(3),
	        .expected_ns = PICK(0, 0, x.second_ns, 3 * x.second_ns / 2, 3 * x.second_ns),
	        .fallback = chance(300000),
	        .deadline_ns = x.now_ns + below(PICK(1, x.second_ns, 6 * x.second_ns,
	                                             6 * x.second_ns, 20 * x.second_ns)),
	};

	if (chance(1000))
		r.deadline_ns = UINT64_MAX;
	uint32_t i = x.model.free;

	r.tag = x.serial++ << 32 | i;
	MODEL_HOLD(&x.model, model_prepare(&x.model, &r, x.now_ns) == i);
	enum operation_verdict v = operation_submit(&x.table, &r, x.now_ns, &x.out);

	totals.submitted++;
	totals.operations += v == OPERATION_ACCEPTED;
	model_mix(&x.model, v);
	MODEL_HOLD(&x.model, (v == OPERATION_ACCEPTED) == (x.out.count != 0));
	MODEL_HOLD(&x.model, v != OPERATION_REJECTED_INVALID);
	model_submitted(&x.model, i, v);
	read_out();
}

static void reply(uint64_t token, uint8_t node, bool ok, bool is_right_node)
{
	struct operation_reply r = {
	        .token = token, .node = node, .ok = ok, .ambiguous = chance(20000)};
	const struct model_attempt *a = model_attempt(&x.model, token);
	bool past = a != NULL && x.now_ns >= x.model.operations[a->operation].deadline_ns;
	enum operation_hearing heard = operation_on_reply(&x.table, &r, x.now_ns, &x.out);

	/* Past the deadline the reply itself is what reveals it: CANCEL and DONE come out. */
	model_tell(&x.model, token, ok, heard, is_right_node, past);
	read_out();
}

static void unsent(uint64_t token)
{
	struct model_attempt *a = model_attempt(&x.model, token);
	bool ends =
	        model_is_live(&x.model, token) && !(x.table_options.sends_are_reported && a->left);

	operation_on_unsent(&x.table, token, x.now_ns, &x.out);
	if (ends) {
		x.model.operations[a->operation].sent -= a->left;
		model_end_attempt(&x.model, a);
	} else {
		MODEL_HOLD(&x.model, x.out.count == 0);
	}
	read_out();
}

static void sent(uint64_t token)
{
	struct model_attempt *a = model_attempt(&x.model, token);

	operation_on_sent(&x.table, token, x.now_ns);
	if (!model_is_live(&x.model, token) || a->left)
		return;
	model_sent(&x.model, a, x.now_ns);
}

static void arrive(const struct arrival *a)
{
	switch ((enum event_what)a->what) {
	case EVENT_REPLY:
		reply(a->token, chance(500000) ? a->node : OPERATION_NODE_UNKNOWN, a->ok, true);
		return;
	case EVENT_SENT:
		sent(a->token);
		return;
	case EVENT_UNSENT:
		unsent(a->token);
		return;
	case EVENT_UNREACHABLE:
		operation_on_unreachable(&x.table, a->token, x.now_ns, &x.out);
		read_out();
		return;
	}
}

static void poll(void)
{
	bool more = true;

	while (more) {
		x.out.capacity = OPERATION_OUTPUTS_PER_FACT +
		                 (uint32_t)below(OUTPUTS_MAX - OPERATION_OUTPUTS_PER_FACT + 1);
		more = operation_poll(&x.table, x.now_ns, &x.out);
		read_out();
	}
	x.out.capacity = OUTPUTS_MAX;
	model_polled(&x.model, x.now_ns, chance(2000));
}

static void nonsense(void)
{
	uint64_t old = x.old[below(OLD_MAX)];
	uint64_t token = PICK(old, prng_next(&x.random), old + (1ull << 24), old ^ 1, 0, UINT64_MAX,
	                      below(x.table_options.pool.attempts_max));

	if (chance(200000) && model_is_live(&x.model, old)) {
		uint8_t node = (uint8_t)(model_attempt(&x.model, old)->node + 1u);

		reply(old, node, true, false);
	} else if (!model_is_live(&x.model, token)) {
		reply(token, OPERATION_NODE_UNKNOWN, true, true);
		operation_on_unreachable(&x.table, token, x.now_ns, &x.out);
		MODEL_HOLD(&x.model, x.out.count == 0);
		unsent(token);
	}
}

static void recall(void)
{
	uint64_t id = chance(800000) ? x.ids[below(OLD_MAX)] : prng_next(&x.random);
	uint64_t done = x.model.done;
	bool recalled = operation_recall(&x.table, id, x.now_ns, &x.out);

	read_out();
	MODEL_HOLD(&x.model, x.model.done == done + recalled);
}

/* ---- a round ---- */

static void choose_nodes(void)
{
	for (uint32_t s = 0; s < SERVICES; s++)
		for (uint32_t n = 0; n < SERVICE_NODES_MAX; n++)
			x.nodes[s][n] = (struct node){
			        .latency_ns = PICK(0, x.second_ns / 1000, x.second_ns / 10,
			                           x.second_ns, 5 * x.second_ns / 2),
			        .spread_ppm = (uint32_t)PICK(0, 200000, 2000000),
			        .tail_ppm = (uint32_t)PICK(0, 40000),
			        .fail_ppm =
			                x.calm ? 0
			                       : (uint32_t)PICK(0, 0, 0, 20000, 300000, 1000000),
			        .lose_ppm = x.calm ? 0 : (uint32_t)PICK(0, 0, 0, 50000, 1000000),
			};
}

static struct budget_options choose_budget(void)
{
	return (struct budget_options){.burst = (uint32_t)PICK(0, 5, 100, 100000),
	                               .earn_ppm = (uint32_t)PICK(0, 50000, 200000, 1000000),
	                               .period_ns = PICK(0, x.second_ns / 10, x.second_ns),
	                               .is_unlimited = chance(200000)};
}

static void choose_service(struct service_options *o)
{
	static const uint8_t states[] = {
	        BREAKER_BIT(BREAKER_CLOSED),
	        BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_OPEN) |
	                BREAKER_BIT(BREAKER_HALF_OPEN),
	        BREAKER_ALL & ~BREAKER_BIT(BREAKER_ULTRA_RESILIENT),
	        BREAKER_ALL,
	        BREAKER_ALL,
	};

	service_options_report(o, x.second_ns);
	o->breaker.states = states[below(sizeof(states))];
	o->breaker.fallback = (uint8_t)PICK(0, BREAKER_BIT(BREAKER_RESILIENT) & o->breaker.states,
	                                    o->breaker.states);
	o->deadline.terms = (uint32_t)PICK(DEADLINE_NONE, DEADLINE_BASE,
	                                   DEADLINE_BASE | DEADLINE_EXPECTED, DEADLINE_ALL);
	o->hedge.is_enabled = chance(700000);
	o->retry_budget = choose_budget();
	o->hedge_budget = choose_budget();
	o->parallel_budget = choose_budget();
	o->throttle.enabled = chance(500000);
	o->operation_timeout_ns = PICK(UINT64_MAX, 2330 * (x.second_ns / 1000));
	o->backoff.base_ns = PICK(0, x.second_ns / 100, x.second_ns / 2);
	o->abandon_below_ppm = (uint32_t)PICK(0, 50000, 500000);
	o->nodes = (uint8_t)PICK(1, 2, 3, 8);
	o->choice = (uint8_t)below(3);
	o->parallel_attempts = (uint8_t)PICK(1, 1, 2, 3);
	o->parallel_max = (uint8_t)PICK(1, 2, 3, 3);
	o->max_retries = (uint8_t)PICK(0, 1, 3);
	o->latency_optimization = chance(500000);
	o->learn_expected = chance(500000);
	o->same_node_parallel = chance(300000);
	o->cancel_losers = chance(800000);
	if (chance(300000))
		o->health.eject_after = 0;
}

static void choose(uint64_t seed)
{
	memset(&x, 0, sizeof(x));
	prng_init(&x.random, seed);
	prng_init(&x.jitter, seed + 1);
	x.second_ns = PICK(1000000, 1000000000);
	x.now_ns = below(1ull << 60);
	uint32_t operations = (uint32_t)PICK(1, 20, 500, 500, 4096, 4096);

	x.table_options = (struct operation_options){
	        .pool = {.operations_max = operations,
	                 .attempts_max = operations + (uint32_t)below(2 * operations + 1),
	                 .first_use = below(1ull << 40)},
	        .tick_ns = PICK(x.second_ns / 1000, x.second_ns / 100, x.second_ns / 3 + 1),
	        .late_ns = PICK(0, x.second_ns, 30 * x.second_ns),
	        .moves_max = (uint32_t)PICK(0, 1, 64),
	        .service_count = SERVICES,
	        .sends_are_reported = chance(500000),
	};
	for (uint32_t i = 0; i < SERVICES; i++)
		choose_service(&x.options[i]);
	x.calm = chance(300000);
	choose_nodes();
	x.changes_mode = chance(500000);
}

static void *memory(uint64_t bytes)
{
	void *p = aligned_alloc(8, (bytes + 7) / 8 * 8);

	if (p == NULL)
		abort();
	return p;
}

static void round_open(uint64_t seed)
{
	choose(seed);
	uint64_t bytes = operation_wheel_bytes(&x.table_options);

	x.operations = memory(x.table_options.pool.operations_max * sizeof(struct operation));
	x.attempts = memory(x.table_options.pool.attempts_max * sizeof(struct operation_attempt));
	x.wheel = memory(bytes);
	x.out = (struct operation_outputs){.items = x.items, .capacity = OUTPUTS_MAX};
	model_open(&x.model, &x.table_options, x.options);
	for (uint32_t i = 0; i < SERVICES; i++) {
		struct service_setup u = {.state = &x.states[i],
		                          .options = &x.options[i],
		                          .breaker_counters = x.breaker_counters,
		                          .health_counters = x.health_counters,
		                          .prng = &x.jitter,
		                          .subject = i};

		MODEL_HOLD(&x.model, service_init(&x.services[i], &u, x.now_ns) == 0);
	}
	struct operation_setup u = {.options = &x.table_options,
	                            .operations = x.operations,
	                            .attempts = x.attempts,
	                            .services = x.services,
	                            .wheel = x.wheel,
	                            .wheel_bytes = bytes};

	MODEL_HOLD(&x.model, operation_init(&x.table, &u, x.now_ns) == 0);
	x.model.last_poll_ns = x.now_ns;
}

/* One turn of at most a tick: what has arrived, what the caller does, the poll. */
static void turn(uint64_t submissions)
{
	x.now_ns += below(x.table_options.tick_ns) + 1;
	while (x.arrivals != 0 && x.heap[0].time_ns <= x.now_ns) {
		struct arrival a = arrivals_take();

		arrive(&a);
	}
	for (uint64_t i = 0; i < submissions; i++)
		submit();
	if (chance(300000))
		nonsense();
	if (chance(20000))
		recall();
	if (chance(2000))
		operation_on_node_unreachable(&x.table, (uint32_t)below(SERVICES + 1),
		                              (uint32_t)below(SERVICE_NODES_MAX), x.now_ns);
	if (chance(x.calm ? 50 : 1000))
		choose_nodes();
	if (x.changes_mode && chance(3000))
		operation_set_mode(&x.table, &mode_policy_standard, (enum mode_id)below(MODE_COUNT),
		                   x.now_ns);
	poll();
}

/* No more submissions: everything ends, and everything that was taken has come back. */
static void round_drain(void)
{
	const struct operation_pool *p = &x.table.pool;

	/* Those without a deadline are recalled. */
	for (uint32_t i = 0; i < p->operations_max; i++)
		if (x.operations[i].state != OPERATION_FREE &&
		    x.operations[i].deadline_ns == UINT64_MAX) {
			operation_recall(&x.table, (uint64_t)x.operations[i].generation << 32 | i,
			                 x.now_ns, &x.out);
			read_out();
		}
	uint64_t end_ns = x.now_ns + 21 * x.second_ns;

	while (x.now_ns < end_ns && (p->operations_live != 0 || x.arrivals != 0))
		turn(0);
	poll();
	MODEL_HOLD(&x.model, x.model.open == 0);
	MODEL_HOLD(&x.model, x.model.done == x.model.accepted);
	MODEL_HOLD(&x.model, x.model.live == 0);
	MODEL_HOLD(&x.model, p->operations_live == 0);
	MODEL_HOLD(&x.model, p->attempts_live == 0);
	MODEL_HOLD(&x.model, p->extras_live == 0);
	MODEL_HOLD(&x.model, wheel_count(x.table.wheel) == SERVICES);
	MODEL_HOLD(&x.model, wheel_check(x.table.wheel) == NULL);
	for (uint32_t s = 0; s < SERVICES; s++) {
		for (uint32_t n = 0; n < x.options[s].nodes; n++)
			MODEL_HOLD(&x.model, x.states[s].health.nodes[n].pending == 0);
		MODEL_HOLD(&x.model, breaker_probes_out(&x.states[s].breaker) == 0);
		MODEL_HOLD(&x.model, x.health_counters[s].unpaired == 0);
	}
}

static void add_stats(void)
{
	const uint64_t *from = (const uint64_t *)&x.table.stats;
	uint64_t *to = (uint64_t *)&totals.stats;

	for (uint32_t i = 0; i < sizeof(totals.stats) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

/* NULL, or what was broken. */
static const char *play_round(uint64_t seed, uint64_t operations)
{
	round_open(seed);
	uint64_t start_ns = x.now_ns;
	uint64_t busy = PICK(1, 3, 20);

	for (uint64_t first = x.serial; x.serial - first < operations && x.model.broken == NULL;)
		turn(chance(100000) ? below(200) : below(busy));
	round_drain();
	model_budgets(&x.model, x.now_ns - start_ns, x.changes_mode ? 3 : 1);
	add_stats();
	totals.rounds++;
	totals.hash = (totals.hash ^ x.model.hash) * 0x9e3779b97f4a7c15ull;
	free(x.operations);
	free(x.attempts);
	free(x.wheel);
	model_close(&x.model);
	return x.model.broken;
}

static void say(void)
{
	static const char *outcomes[] = {"success",  "fallback",  "failure", "timeout",
	                                 "rejected", "abandoned", "unknown"};
	const struct operation_stats *s = &totals.stats;

	printf("%" PRIu64 " submitted in %" PRIu64 " rounds\n%" PRIu64 " accepted:",
	       totals.submitted, totals.rounds, totals.operations);
	for (uint32_t i = 0; i < OPERATION_OUTCOMES; i++)
		if (i != OPERATION_REJECTED)
			printf(" %s %" PRIu64, outcomes[i], s->outcomes[i]);
	printf("\nattempts: first %" PRIu64 " parallel %" PRIu64 " hedge %" PRIu64 " retry %" PRIu64
	       "; overdue %" PRIu64 " cancelled %" PRIu64 "\n",
	       s->attempts[OPERATION_FIRST], s->attempts[OPERATION_PARALLEL],
	       s->attempts[OPERATION_HEDGE], s->attempts[OPERATION_RETRY], s->overdue,
	       s->cancelled);
	printf("replies: late %" PRIu64 " duplicate %" PRIu64 " foreign %" PRIu64
	       "\nhash %016" PRIx64 "\n",
	       s->heard[OPERATION_HEARD_LATE], s->heard[OPERATION_HEARD_DUPLICATE],
	       s->heard[OPERATION_HEARD_FOREIGN], totals.hash);
}

/* Every kind of thing happened, or the test is worth nothing. */
static bool was_worth_it(void)
{
	const struct operation_stats *s = &totals.stats;
	bool worth = s->hedges_won != 0 && s->unneeded != 0 && s->unsent != 0 &&
	             s->unreachable != 0 && s->attempts_full != 0 && s->denied_retry != 0 &&
	             s->denied_hedge != 0 && s->denied_parallel != 0 && s->denied_breaker != 0 &&
	             s->hopeless_tried != 0;

	for (uint32_t i = 0; i < OPERATION_OUTCOMES; i++)
		worth = worth && (s->outcomes[i] != 0 || i == OPERATION_REJECTED);
	for (uint32_t i = 0; i < OPERATION_VERDICTS; i++)
		worth = worth && (s->verdicts[i] != 0 || i == OPERATION_REJECTED_INVALID);
	for (uint32_t i = 0; i < OPERATION_HEARINGS; i++)
		worth = worth && s->heard[i] != 0;
	for (uint32_t i = 0; i < OPERATION_SEND_REASONS; i++)
		worth = worth && s->attempts[i] != 0;
	return worth;
}

static uint64_t number(int argc, char **argv, int i, uint64_t otherwise)
{
	return argc > i ? strtoull(argv[i], NULL, 0) : otherwise;
}

int main(int argc, char **argv)
{
	uint64_t operations = number(argc, argv, 1, 150000);
	uint64_t seed = number(argc, argv, 2, 1);
	uint64_t per_round = number(argc, argv, 3, 10000);

	/* The same seed says the same, to the last bit. */
	for (int i = 0; i < 2; i++) {
		const char *broken = play_round(seed, per_round / 4);

		if (broken != NULL ||
		    (i == 1 && totals.hash != x.model.hash * 0x9e3779b97f4a7c15ull)) {
			printf("seed %" PRIu64 ": %s\n", seed, broken == NULL ? "differs" : broken);
			return 1;
		}
		if (i == 0)
			totals = (struct totals){0};
	}
	for (; totals.operations < operations; seed++) {
		const char *broken = play_round(seed, per_round);

		if (broken == NULL)
			continue;
		printf("seed %" PRIu64 ": %s\nrepeat: property_operation 1 %" PRIu64 " %" PRIu64
		       "\n",
		       seed, broken, seed, per_round);
		return 1;
	}
	printf("seeds up to %" PRIu64 "\n", seed - 1);
	say();
	if (operations >= 100000 && !was_worth_it()) {
		printf("something never happened\n");
		return 1;
	}
	return 0;
}
