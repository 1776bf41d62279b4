/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/health.h"

#include <errno.h>
#include <stddef.h>

#include "resilience/backoff.h"
#include "resilience/event.h"
#include "resilience/prng.h"

#define DECAY_HALVES_MAX 48u /* nothing is left then */

enum health_fact { HEALTH_FACT_SUCCESS, HEALTH_FACT_FAILURE, HEALTH_FACT_TIME };

const struct health_transition health_transitions[] = {
        {HEALTH_ADMITTED, HEALTH_EJECTED, HEALTH_CAUSE_CONSECUTIVE, 0},
        {HEALTH_ADMITTED, HEALTH_EJECTED, HEALTH_CAUSE_OUTLIER, 0},
        {HEALTH_EJECTED, HEALTH_PROBATION, HEALTH_CAUSE_EJECT_OVER, 0},
        {HEALTH_PROBATION, HEALTH_ADMITTED, HEALTH_CAUSE_SUCCESS, 0},
        {HEALTH_PROBATION, HEALTH_EJECTED, HEALTH_CAUSE_FAILURE, 0},
};

const uint32_t health_transition_count = sizeof(health_transitions) / sizeof(health_transitions[0]);

/* Time goes in steps, and what is not yet a step is kept for later: however often a node is
 * measured, its peak comes down. Returns the steps since the stamp; a division only when there are
 * any. */
static uint64_t health_steps(const struct health_node *n, uint64_t step_ns, uint64_t now_ns)
{
	assert(step_ns > 0);
	if (now_ns < n->stamp_ns + step_ns)
		return 0;
	return (now_ns - n->stamp_ns) / step_ns;
}

/* What is left of a value after the steps. */
static uint64_t health_decay(uint64_t value, uint64_t steps)
{
	/* 65536 x 2^(-i / 64) */
	static const uint32_t part[HEALTH_DECAY_STEPS] = {
	        65536, 64830, 64132, 63441, 62757, 62081, 61413, 60751, 60097, 59449, 58809,
	        58176, 57549, 56929, 56316, 55709, 55109, 54515, 53928, 53347, 52773, 52204,
	        51642, 51085, 50535, 49991, 49452, 48920, 48393, 47871, 47356, 46846, 46341,
	        45842, 45348, 44859, 44376, 43898, 43425, 42958, 42495, 42037, 41584, 41136,
	        40693, 40255, 39821, 39392, 38968, 38548, 38133, 37722, 37316, 36914, 36516,
	        36123, 35734, 35349, 34968, 34591, 34219, 33850, 33486, 33125,
	};

	assert(value <= HEALTH_LATENCY_MAX_NS);
	if (steps >= HEALTH_DECAY_STEPS * DECAY_HALVES_MAX)
		return 0;
	return (value * part[steps % HEALTH_DECAY_STEPS] >> 16) >> (steps / HEALTH_DECAY_STEPS);
}

int health_init(struct health *h, uint32_t subject, uint32_t nodes)
{
	if (nodes == 0 || nodes > HEALTH_NODES_MAX)
		return -EINVAL;
	*h = (struct health){
	        .subject = subject, .count = (uint8_t)nodes, .available = (uint8_t)nodes};
	for (uint32_t i = 0; i < HEALTH_NODES_MAX; i++)
		h->nodes[i].ejected_until_ns = UINT64_MAX;
	return 0;
}

uint64_t health_decayed_ns(const struct health_node *n, uint64_t step_ns, uint64_t now_ns)
{
	return health_decay(n->latency_ns, health_steps(n, step_ns, now_ns));
}

/* Whether another node that is in use does so much better. */
static bool health_is_outlier(const struct health *h, const struct health_options *o, uint32_t node)
{
	const struct health_node *n = &h->nodes[node];
	uint64_t margin = (uint64_t)o->outlier_ppm * WINDOW_RATE_ONE / WINDOW_PPM;
	uint32_t best = WINDOW_RATE_ONE;

	if (o->outlier_ppm == 0 || n->samples < o->samples_min)
		return false;
	for (uint32_t i = 0; i < h->count; i++) {
		const struct health_node *other = &h->nodes[i];

		if (i != node && other->state == HEALTH_ADMITTED &&
		    other->samples >= o->samples_min && other->fail_rate < best)
			best = other->fail_rate;
	}
	return n->fail_rate >= best + margin;
}

static bool health_holds(const struct health *h, const struct health_options *o, uint32_t node,
                         enum health_cause cause, enum health_fact fact, uint64_t now_ns)
{
	const struct health_node *n = &h->nodes[node];

	switch (cause) {
	case HEALTH_CAUSE_CONSECUTIVE:
		return fact == HEALTH_FACT_FAILURE && o->eject_after != 0 &&
		       n->bad >= o->eject_after;
	case HEALTH_CAUSE_OUTLIER:
		return fact == HEALTH_FACT_FAILURE && health_is_outlier(h, o, node);
	case HEALTH_CAUSE_EJECT_OVER:
		return fact == HEALTH_FACT_TIME && now_ns >= n->ejected_until_ns;
	case HEALTH_CAUSE_SUCCESS:
		return fact == HEALTH_FACT_SUCCESS;
	case HEALTH_CAUSE_FAILURE:
		return fact == HEALTH_FACT_FAILURE;
	}
	assert(false);
	return false;
}

static void health_eject(struct health_node *n, const struct health_context *c, uint64_t now_ns)
{
	const struct backoff_options backoff = {
	        .base_ns = c->options->eject_ns,
	        .max_ns = c->options->eject_max_ns,
	        .jitter_ppm = c->options->eject_jitter_ppm,
	};

	n->ejected_until_ns = now_ns + backoff_ns(&backoff, n->ejections, c->prng);
	if (n->ejections < UINT8_MAX)
		n->ejections++;
}

/* What failed before says nothing about what comes now; the ejections do. */
static void health_clear(struct health_node *n)
{
	n->ejected_until_ns = UINT64_MAX;
	n->fail_rate = 0;
	n->samples = 0;
	n->good = 0;
	n->bad = 0;
}

static void health_move(struct health *h, const struct health_context *c, uint32_t node,
                        const struct health_transition *t, uint64_t now_ns)
{
	struct health_node *n = &h->nodes[node];
	struct health_counters *counters = &c->counters[h->subject];

	switch ((enum health_state)t->to) {
	case HEALTH_ADMITTED:
		counters->readmissions++;
		health_clear(n);
		break;
	case HEALTH_EJECTED:
		counters->ejections++;
		assert(h->available > 0);
		h->available--;
		health_eject(n, c, now_ns);
		break;
	case HEALTH_PROBATION:
		counters->probations++;
		h->available++;
		health_clear(n);
		if (n->measured == 0) { /* a guess that time makes better, so that it is tried */
			n->latency_ns = c->options->latency_initial_ns;
			n->stamp_ns = now_ns;
			n->measured = 1;
		}
		break;
	}
	const struct event e = {
	        .time_ns = now_ns,
	        .subject = h->subject,
	        .kind = EVENT_NODE,
	        .from = t->from,
	        .to = t->to,
	        .reason = t->cause,
	        .value = node,
	        .detail = n->ejected_until_ns,
	};

	n->state = t->to;
	assert(h->available <= h->count);
	event_push(c->events, &e);
}

static bool health_step(struct health *h, const struct health_context *c, uint32_t node,
                        enum health_fact fact, uint64_t now_ns)
{
	for (uint32_t i = 0; i < health_transition_count; i++) {
		const struct health_transition *t = &health_transitions[i];

		if (t->from == h->nodes[node].state &&
		    health_holds(h, c->options, node, (enum health_cause)t->cause, fact, now_ns)) {
			health_move(h, c, node, t, now_ns);
			return true;
		}
	}
	return false;
}

void health_measure_slow(struct health_node *n, const struct health_options *o, uint64_t latency_ns,
                         uint64_t now_ns)
{
	uint64_t step_ns = health_step_ns(o);
	uint64_t steps = health_steps(n, step_ns, now_ns);

	assert(latency_ns < n->latency_ns);
	n->latency_ns = latency_ns + health_decay(n->latency_ns - latency_ns, steps);
	n->stamp_ns += steps * step_ns;
}

bool health_on_success_slow(struct health *h, const struct health_context *c, uint32_t node,
                            uint64_t now_ns)
{
	struct health_node *n = &h->nodes[node];

	if (n->good >= c->options->settle_successes && n->ejections > 0) {
		n->ejections--;
		n->good = 0;
	}
	if (n->state == HEALTH_ADMITTED)
		return false;
	return health_step(h, c, node, HEALTH_FACT_SUCCESS, now_ns);
}

bool health_on_failure(struct health *h, const struct health_context *c, uint32_t node,
                       uint64_t now_ns)
{
	struct health_node *n = health_returned(h, c, node);

	health_count(n, c->options, true);
	n->good = 0;
	if (n->bad < UINT8_MAX)
		n->bad++;
	return health_step(h, c, node, HEALTH_FACT_FAILURE, now_ns);
}

void health_on_late(struct health *h, const struct health_context *c, uint32_t node,
                    uint64_t latency_ns, uint64_t now_ns)
{
	assert(node < h->count);
	health_measure(&h->nodes[node], c->options, latency_ns, now_ns);
}

bool health_tick(struct health *h, const struct health_context *c, uint64_t now_ns)
{
	bool moved = false;

	assert(h->count <= HEALTH_NODES_MAX);
	if (h->available == h->count)
		return false;
	for (uint32_t i = 0; i < h->count; i++)
		moved = health_step(h, c, i, HEALTH_FACT_TIME, now_ns) || moved;
	return moved;
}

uint64_t health_deadline_ns(const struct health *h)
{
	uint64_t first = UINT64_MAX;

	assert(h->available <= h->count);
	for (uint32_t i = 0; i < h->count; i++)
		if (h->nodes[i].ejected_until_ns < first)
			first = h->nodes[i].ejected_until_ns;
	return first;
}

uint64_t health_latency_ns(const struct health *h, const struct health_options *o, uint32_t node,
                           uint64_t now_ns)
{
	assert(node < h->count);
	return health_node_latency_ns(&h->nodes[node], o, health_step_ns(o), now_ns);
}

uint32_t health_success_ppm(const struct health *h, uint32_t node)
{
	assert(node < h->count);
	return WINDOW_PPM - window_rate_ppm(h->nodes[node].fail_rate);
}

bool health_is_sound(const struct health *h)
{
	uint32_t available = 0;

	if (h->count == 0 || h->count > HEALTH_NODES_MAX)
		return false;
	for (uint32_t i = 0; i < h->count; i++) {
		const struct health_node *n = &h->nodes[i];

		if (n->state >= HEALTH_STATES || n->fail_rate > WINDOW_RATE_ONE ||
		    n->latency_ns > HEALTH_LATENCY_MAX_NS ||
		    (n->state == HEALTH_EJECTED) != (n->ejected_until_ns != UINT64_MAX))
			return false;
		available += n->state != HEALTH_EJECTED;
	}
	return available == h->available;
}

bool health_restore(struct health *h, const struct health_options *o, uint32_t subject,
                    uint32_t nodes, uint64_t now_ns)
{
	assert(nodes > 0);
	assert(nodes <= HEALTH_NODES_MAX);
	if (!health_is_sound(h) || h->count != nodes) {
		(void)health_init(h, subject, nodes);
		return false;
	}
	h->subject = subject;
	for (uint32_t i = 0; i < nodes; i++) {
		struct health_node *n = &h->nodes[i];
		uint64_t latest_ns = now_ns + o->eject_max_ns;

		n->pending = 0;
		n->stamp_ns = n->stamp_ns < now_ns ? n->stamp_ns : now_ns;
		if (n->state == HEALTH_EJECTED && n->ejected_until_ns > latest_ns)
			n->ejected_until_ns = latest_ns;
	}
	return true;
}
