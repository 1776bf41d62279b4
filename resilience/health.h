/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Health: which of a service's nodes to ask, and which to leave alone for a while. Every node has a
 * count of failures in a row, a success rate (exponentially weighted), a peak-EWMA latency, and the
 * number of attempts that are out.
 *
 * - Latency jumps up to a greater sample at once and comes down with the half-life, by samples and
 *   by time alone: a node that nobody asks any longer looks better and better until somebody asks.
 *   A node is as good as latency x (pending + 1) is small; ties go to the first.
 * - A node is ejected like an outlier: eject_after failures in a row, or a success rate that lies
 *   outlier_ppm below that of the best other node. The ejection lasts eject_ns, doubled every time
 *   up to eject_max_ns, less a random part.
 * - Then it is on probation: one attempt at a time, as long as there is another node. The first
 *   success re-admits it with a clean slate, a failure ejects it again. Each settle_successes in a
 * row take one doubling back.
 *
 * All nodes may be ejected; then the service's breaker has to be told (breaker_on_nodes()).
 *
 * Pure: no clock, no memory, integers only, one owner. `struct health` is plain bytes without
 * pointers; it may be saved and restored.
 *
 * After: M. Eriksen et al., Finagle's peak EWMA load balancer; Envoy's outlier detection.
 */
#ifndef RESILIENCE_HEALTH_H
#define RESILIENCE_HEALTH_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "resilience/window.h"

struct event_ring;
struct prng;

#define HEALTH_NODES_MAX      8u
#define HEALTH_NONE           UINT32_MAX
#define HEALTH_DECAY_STEPS    64u          /* per half-life */
#define HEALTH_LATENCY_MAX_NS (1ull << 46) /* what is longer counts as that: 20 hours */

enum health_state {
	HEALTH_ADMITTED,
	HEALTH_EJECTED,   /* not asked */
	HEALTH_PROBATION, /* one attempt at a time if others can be asked, until the first outcome
	                   */
};

#define HEALTH_STATES 3u

enum health_cause {
	HEALTH_CAUSE_CONSECUTIVE, /* eject_after failures in a row */
	HEALTH_CAUSE_OUTLIER,     /* success rate far below the best other node's */
	HEALTH_CAUSE_EJECT_OVER,  /* the ejection time is over */
	HEALTH_CAUSE_SUCCESS,     /* an attempt succeeded */
	HEALTH_CAUSE_FAILURE,     /* an attempt failed */
};

#define HEALTH_CAUSES 5u

/* The first row from the present state whose cause holds is taken. */
struct health_transition {
	uint8_t from; /* enum health_state */
	uint8_t to;
	uint8_t cause; /* enum health_cause */
	uint8_t reserved;
};

extern const struct health_transition health_transitions[];
extern const uint32_t health_transition_count;

struct health_options {
	uint64_t eject_ns;
	uint64_t eject_max_ns;
	uint64_t half_life_ns;       /* of the peak latency; 64 or more */
	uint64_t latency_initial_ns; /* of a node that was never measured */
	uint32_t eject_jitter_ppm;   /* up to this part of the ejection is taken off */
	uint32_t outlier_ppm;        /* 0: no ejection by rate */
	uint16_t settle_successes;   /* in a row, take one doubling back; 1 or more */
	uint8_t eject_after;         /* failures in a row; 0: no ejection by count */
	uint8_t samples_min;         /* attempts from which a rate counts */
	uint8_t rate_shift;          /* the success rate moves by 1 / 2^shift; 0 to 15 */
};

struct health_node {
	uint64_t latency_ns;       /* peak-EWMA at stamp_ns; 0 with samples == 0: not known */
	uint64_t stamp_ns;         /* from when on the peak has to come down */
	uint64_t ejected_until_ns; /* UINT64_MAX: it is not */
	uint32_t fail_rate;        /* of WINDOW_RATE_ONE; success is the rest */
	uint16_t pending;          /* attempts that are out */
	uint16_t good;             /* successes in a row; saturating */
	uint8_t bad;               /* failures in a row; saturating */
	uint8_t samples;           /* outcomes; saturating */
	uint8_t state;             /* enum health_state */
	uint8_t ejections;         /* doublings; saturating */
	uint8_t measured;          /* latency_ns is known */
	uint8_t reserved[3];
};

struct health {            /* of one service on one core */
	uint32_t subject;  /* in events */
	uint8_t count;     /* nodes */
	uint8_t available; /* of these: not ejected */
	uint8_t reserved[2];
	struct health_node nodes[HEALTH_NODES_MAX];
};

struct health_counters { /* cold; of one service */
	uint64_t ejections;
	uint64_t readmissions;
	uint64_t probations;
	uint64_t unpaired; /* outcomes of attempts that were not out */
};

/* What the services of one core with the same options share; pointers, not saved. */
struct health_context {
	const struct health_options *options;
	struct health_counters *counters; /* indexed by subject */
	struct event_ring *events;        /* NULL: nobody wants to know */
	struct prng *prng;
};

/* Sound settings; times are multiples of `second_ns` (at least 1,000). */
void health_options_standard(struct health_options *o, uint64_t second_ns);
/* NULL, or which option is out of bounds and what they are. */
const char *health_options_check(const struct health_options *o);

/* 0 or -EINVAL: no nodes or too many. */
int health_init(struct health *h, uint32_t subject, uint32_t nodes);

/* The best node of those not in `except` (a bit each) that may be asked; HEALTH_NONE: there is
 * none. Changes nothing. */
static inline uint32_t health_best(const struct health *h, const struct health_options *o,
                                   uint32_t except, uint64_t now_ns);

/* To be called when an attempt was given to the node... */
static inline void health_on_send(struct health *h, uint32_t node)
{
	assert(node < h->count);
	if (h->nodes[node].pending < UINT16_MAX)
		h->nodes[node].pending++;
}

/* ...and then exactly one of these three. They return true when a node was ejected or re-admitted:
 * h->available may have changed. */
static inline bool health_on_success(struct health *h, const struct health_context *c,
                                     uint32_t node, uint64_t latency_ns, uint64_t now_ns);
/* It timed out, was refused, or its answer was an error. */
bool health_on_failure(struct health *h, const struct health_context *c, uint32_t node,
                       uint64_t now_ns);
/* It lost, or was not sent: says nothing. */
static inline void health_on_cancel(struct health *h, const struct health_context *c,
                                    uint32_t node);

/* To be called when a reply comes to an attempt that had been cancelled or had timed out. */
void health_on_late(struct health *h, const struct health_context *c, uint32_t node,
                    uint64_t latency_ns, uint64_t now_ns);

/* To be called at health_deadline_ns() or later: puts ejected nodes on probation. True: it did. */
bool health_tick(struct health *h, const struct health_context *c, uint64_t now_ns);
/* The end of the next ejection; UINT64_MAX: none is ejected. */
uint64_t health_deadline_ns(const struct health *h);

/* The node's latency as it looks now; the initial one when never measured. */
uint64_t health_latency_ns(const struct health *h, const struct health_options *o, uint32_t node,
                           uint64_t now_ns);
uint32_t health_success_ppm(const struct health *h, uint32_t node);

/* Whether these bytes can be a service's nodes. */
bool health_is_sound(const struct health *h);
/* To be called with bytes that come from elsewhere: an earlier run, another core. False: they are
 * not those of so many nodes, which are then as new. The clock may be another one: no ejection
 * lasts longer than one that began now. Nothing is out any more. */
bool health_restore(struct health *h, const struct health_options *o, uint32_t subject,
                    uint32_t nodes, uint64_t now_ns);

/* ---- what every attempt goes through ---- */

/* Slow parts of what follows. */
uint64_t health_decayed_ns(const struct health_node *n, uint64_t step_ns, uint64_t now_ns);
void health_measure_slow(struct health_node *n, const struct health_options *o, uint64_t latency_ns,
                         uint64_t now_ns);
bool health_on_success_slow(struct health *h, const struct health_context *c, uint32_t node,
                            uint64_t now_ns);

/* Of a node on probation that is asked already: dearer than any other. */
#define HEALTH_COST_LAST (1ull << 63)

/* A peak comes down in steps of so long. */
static inline uint64_t health_step_ns(const struct health_options *o)
{
	return o->half_life_ns / HEALTH_DECAY_STEPS;
}

static inline uint64_t health_node_latency_ns(const struct health_node *n,
                                              const struct health_options *o, uint64_t step_ns,
                                              uint64_t now_ns)
{
	if (n->measured == 0)
		return o->latency_initial_ns;
	if (__builtin_expect(now_ns < n->stamp_ns + step_ns, 1))
		return n->latency_ns;
	return health_decayed_ns(n, step_ns, now_ns);
}

static inline uint32_t health_best(const struct health *h, const struct health_options *o,
                                   uint32_t except, uint64_t now_ns)
{
	uint64_t step_ns = health_step_ns(o);
	uint32_t best = HEALTH_NONE;
	uint64_t best_cost = UINT64_MAX;

	assert(h->count <= HEALTH_NODES_MAX);
	for (uint32_t i = 0; i < h->count; i++) {
		const struct health_node *n = &h->nodes[i];

		if ((except >> i & 1) != 0)
			continue;
		uint64_t latency_ns = health_node_latency_ns(n, o, step_ns, now_ns);
		/* Never 0, so that what is out still counts when the latency has decayed. */
		uint64_t cost = (latency_ns + (latency_ns == 0)) * (n->pending + 1u);

		if (__builtin_expect(n->state != HEALTH_ADMITTED, 0)) {
			if (n->state == HEALTH_EJECTED)
				continue;
			cost |= n->pending == 0 ? 0 : HEALTH_COST_LAST;
		}
		if (cost < best_cost) {
			best = i;
			best_cost = cost;
		}
	}
	return best;
}

static inline void health_measure(struct health_node *n, const struct health_options *o,
                                  uint64_t latency_ns, uint64_t now_ns)
{
	uint64_t latency = latency_ns < HEALTH_LATENCY_MAX_NS ? latency_ns : HEALTH_LATENCY_MAX_NS;

	if (n->measured == 0 || latency >= n->latency_ns) {
		n->latency_ns = latency;
		n->stamp_ns = now_ns;
		n->measured = 1;
	} else if (now_ns >= n->stamp_ns + health_step_ns(o)) {
		health_measure_slow(n, o, latency, now_ns);
	}
}

static inline struct health_node *health_returned(struct health *h, const struct health_context *c,
                                                  uint32_t node)
{
	assert(node < h->count);
	struct health_node *n = &h->nodes[node];

	if (__builtin_expect(n->pending > 0, 1))
		n->pending--;
	else
		c->counters[h->subject].unpaired++;
	return n;
}

static inline void health_count(struct health_node *n, const struct health_options *o, bool failed)
{
	n->fail_rate = window_rate_push(n->fail_rate, failed, o->rate_shift);
	if (n->samples < UINT8_MAX)
		n->samples++;
}

static inline bool health_on_success(struct health *h, const struct health_context *c,
                                     uint32_t node, uint64_t latency_ns, uint64_t now_ns)
{
	struct health_node *n = health_returned(h, c, node);

	health_measure(n, c->options, latency_ns, now_ns);
	health_count(n, c->options, false);
	n->bad = 0;
	if (n->good < UINT16_MAX)
		n->good++;
	if (__builtin_expect(n->state == HEALTH_ADMITTED && n->ejections == 0, 1))
		return false;
	return health_on_success_slow(h, c, node, now_ns);
}

static inline void health_on_cancel(struct health *h, const struct health_context *c, uint32_t node)
{
	(void)health_returned(h, c, node);
}

const char *health_state_name(enum health_state state);
const char *health_cause_name(enum health_cause cause);
const char *health_cause_text(enum health_cause cause);

#endif
