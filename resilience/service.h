/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Service: a named upstream with one to eight nodes, as one core knows it. Where breaker, health,
 * estimators, budgets, forecast and throttle meet: a fact about an attempt or an operation goes
 * through here to each of them, and here is asked how the next one should be made.
 *
 * A node is an index. It may be a host far away or a component of this engine; nothing here tells
 * one from the other.
 *
 * What one attempt teaches (sample.h: one attempt, one sample):
 *
 *   reply in time         breaker's latency, node's success, SRTT, distribution, forecast
 *   refused in time       node's failure, forecast; a quick no says nothing of how long a yes takes
 *   overdue, unreachable  node's failure, forecast
 *   cancelled             nothing yet; but a node on probation fails it if it is later than a hedge
 *   ... reply comes late  breaker's latency, node's latency, SRTT, distribution: an exact sample
 *   ... never comes       a censored sample
 *
 * An opening forgets all measurements. The breaker takes none of attempts of before; the estimators
 * of timeouts take exact ones: a service that answers too late for its timeout opens the breaker,
 * and only its late replies can tell the probes to wait longer. A probe's failure forgets nothing.
 *
 * `struct service_state` is plain bytes without pointers: what was learned, and may be saved and
 * restored. `struct service` is the process-local handle. One owner, no clock, no memory, integers
 * only.
 */
#ifndef RESILIENCE_SERVICE_H
#define RESILIENCE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/backoff.h"
#include "resilience/breaker.h"
#include "resilience/budget.h"
#include "resilience/deadline.h"
#include "resilience/forecast.h"
#include "resilience/health.h"
#include "resilience/hedge.h"
#include "resilience/latency.h"
#include "resilience/rtt.h"
#include "resilience/throttle.h"

#define SERVICE_NODES_MAX    HEALTH_NODES_MAX
#define SERVICE_PARALLEL_MAX 3u
#define SERVICE_PPM          1000000u
#define SERVICE_ROUNDS_MAX   100u

/* Which node an attempt goes to. */
enum service_choice {
	SERVICE_CHOOSE_PRIMARY, /* the first, always */
	SERVICE_CHOOSE_IN_TURN, /* the first; a later round or a second attempt takes the next */
	SERVICE_CHOOSE_BEST,    /* least peak-EWMA latency x (pending + 1); never an ejected one */
};

/* Each mechanism has a value that switches it off; none is tied to a profile. */
struct service_options {
	struct breaker_options breaker; /* states: only CLOSED is no breaker; fallback: no states is
	                                   no fallback */
	struct health_options health;   /* eject_after, outlier_ppm: 0 never ejects */
	struct rtt_options rtt;
	struct latency_options latency;   /* quantile 1 is q95, 3 is q99.9 */
	struct deadline_options deadline; /* terms: none is no timeout of attempts */
	struct hedge_options hedge;       /* is_enabled */
	struct budget_options retry_budget;
	struct budget_options hedge_budget;
	struct budget_options parallel_budget;
	struct forecast_options forecast; /* detectors: none is no forecast */
	struct throttle_options throttle; /* enabled */
	struct backoff_options backoff;   /* between rounds; base_ns 0: none */
	uint64_t poll_ns;                 /* between two service_poll() at most */
	uint64_t
	        operation_timeout_ns; /* of an operation, whatever its deadline; UINT64_MAX: none */
	uint64_t expected_ns;         /* of an attempt while nothing is learned; 0: unknown */
	uint64_t parallel_two_ns;     /* latency rule: expected above, two attempts at once */
	uint64_t parallel_three_ns;   /* ... three */
	uint32_t abandon_below_ppm;   /* chance of success; 0: nothing is abandoned */
	uint32_t abandon_try_every;   /* of those so many, one is sent all the same; 0: none */
	uint8_t nodes;                /* 1 to SERVICE_NODES_MAX */
	uint8_t choice;               /* enum service_choice */
	uint8_t parallel_attempts;    /* of an operation that does not say; 1 to 3 */
	uint8_t parallel_max;         /* 1: one at a time, whatever asks for more */
	uint8_t max_retries;          /* rounds after the first; 0: none */
	bool latency_optimization;    /* the latency rule applies */
	bool learn_expected;          /* the mean latency is the expected one */
	bool same_node_parallel;      /* with fewer nodes than attempts: a node twice */
	bool cancel_losers;           /* false: they hold their slots until they end */
};

struct service_counters {
	uint64_t replies;
	uint64_t refusals;
	uint64_t overdue;
	uint64_t unreachable;
	uint64_t late;     /* replies after cancel or timeout */
	uint64_t spurious; /* of these: after a timeout that was too early */
	uint64_t unheard;  /* cancelled or overdue, and no reply came */
	uint64_t stale;    /* of these: let in before the last opening, not learned */
	uint64_t hopeless; /* operations found too unlikely */
};

/* What is asked for every operation, worked out every SERVICE_VIEW_ATTEMPTS attempts and at every
 * poll: quotients and maxima need not be newer than that. */
struct service_view {
	uint64_t expected_ns; /* of an attempt; 0: unknown */
	uint64_t timeout_ns; /* of an attempt with that expectation, in this state of the breaker */
	uint64_t hope_ns;    /* so much time is enough for hope */
	uint32_t unseen;     /* attempts since */
	uint8_t breaker;     /* enum breaker_state */
	uint8_t reserved[3];
};

#define SERVICE_VIEW_ATTEMPTS 16u

struct service_state { /* plain bytes, aligned as a breaker: 64 */
	struct breaker breaker;
	struct health health;
	struct rtt rtt;
	struct hedge hedge;
	struct budget retry_budget;
	struct budget hedge_budget;
	struct budget parallel_budget;
	struct throttle throttle;
	struct forecast forecast;
	struct service_view view;
	struct service_counters counters;
	uint32_t hopeless_turn;
	uint8_t last_breaker; /* state last seen: an opening forgets */
	uint8_t reserved[3];
	struct latency latency;
};

struct service { /* process-local */
	struct service_state *state;
	const struct service_options *options;
	struct breaker_context breaker;
	struct health_context health;
	uint64_t unreachable_ns[SERVICE_NODES_MAX]; /* attempts given out up to then are lost; 0:
	                                               none */
	uint32_t subject;
};

/* All of it is the caller's and outlives the service. */
struct service_setup {
	struct service_state *state;
	const struct service_options *options;
	struct breaker_counters *breaker_counters; /* of all services, indexed by subject */
	struct health_counters *health_counters;   /* likewise */
	struct event_ring *events;                 /* NULL: nobody wants to know */
	struct prng *prng;                         /* for jitter */
	uint32_t subject;
};

/* The report's figures with everything on (profile `ultimate`); times are multiples of `second_ns`
 * (at least 1,000). One node. */
void service_options_report(struct service_options *o, uint64_t second_ns);
/* NULL, or which option is out of bounds. */
const char *service_options_check(const struct service_options *o);

/* 0 or -EINVAL. Forgets what the state knew. */
int service_init(struct service *s, const struct service_setup *u, uint64_t now_ns);
/* The same with a state that was saved: goes on from there. -EINVAL: it cannot be one with these
 * options; then it is left as it is. */
int service_resume(struct service *s, const struct service_setup *u, uint64_t now_ns);
/* Other options (tuned ones) from now on; budgets keep their scale until service_set_mode(). They
 * have been checked and have the same number of nodes. */
void service_set_options(struct service *s, const struct service_options *o);
/* Scales budgets and throttle to the mode. Budgets are shared by the classes: the greatest factor
 * counts. */
void service_set_mode(struct service *s, const struct mode_policy *policy, enum mode_id mode,
                      uint64_t now_ns);
/* To be called by service_deadline_ns(): ramps, ejections' ends, dwell times, forecasts, caches. */
void service_poll(struct service *s, uint64_t now_ns);
uint64_t service_deadline_ns(const struct service *s, uint64_t now_ns);

/* ---- facts ---- */

struct service_reply {
	uint32_t node;
	uint32_t ticket; /* of its operation */
	uint64_t latency_ns;
	bool is_alone;     /* the first of its round, with no other beside it but a hedge */
	bool is_ambiguous; /* Karn's rule */
	bool was_overdue;  /* late: it had timed out; else another one had won */
};

/* An attempt was given out... */
static inline void service_on_send(struct service *s, uint32_t node)
{
	health_on_send(&s->state->health, node);
}
/* ...and then exactly one of these. */
static inline void service_on_reply(struct service *s, const struct service_reply *r,
                                    uint64_t now_ns);
void service_on_refusal(struct service *s, const struct service_reply *r, uint64_t now_ns);
void service_on_overdue(struct service *s, const struct service_reply *r, uint64_t now_ns);
void service_on_unreachable(struct service *s, const struct service_reply *r, uint64_t now_ns);
void service_on_cancel(struct service *s, const struct service_reply *r, uint64_t now_ns);
void service_on_unsent(struct service *s, uint32_t node);
/* After a cancel or overdue: at most one of these. Waiting for it may be given up: `unheard`. */
void service_on_late(struct service *s, const struct service_reply *r, uint64_t now_ns);
void service_on_unheard(struct service *s, const struct service_reply *r);

/* An operation that was let in ended: exactly one of these. */
static inline void service_on_success(struct service *s, uint32_t ticket, uint64_t latency_ns,
                                      uint64_t now_ns)
{
	breaker_on_success(&s->state->breaker, &s->breaker, ticket, latency_ns, now_ns);
	budget_earn(&s->state->retry_budget);
}
void service_on_failure(struct service *s, uint32_t ticket, uint64_t now_ns);
void service_on_nothing(struct service *s, uint32_t ticket, uint64_t now_ns);

/* ---- what every reply goes through ---- */

/* No reply is quicker, whatever the turn's clock says: one that came in the turn in which its
 * attempt was sent took no time by that. */
#define SERVICE_LATENCY_MIN_NS 64u

/* Slow parts of what follows: renews the view; what comes of nodes ejected or re-admitted. */
void service_look(struct service *s);
void service_notice_nodes(struct service *s, uint64_t now_ns);

/* An attempt taught something. In the beginning each of them counts. */
static inline void service_saw(struct service *s)
{
	struct service_state *st = s->state;

	if (++st->view.unseen >= SERVICE_VIEW_ATTEMPTS ||
	    st->breaker.latency_samples < SERVICE_VIEW_ATTEMPTS)
		service_look(s);
}

static inline uint64_t service_latency_ns(const struct service_reply *r)
{
	return r->latency_ns > SERVICE_LATENCY_MIN_NS ? r->latency_ns : SERVICE_LATENCY_MIN_NS;
}

/* An exact time: of a reply in time or late. */
static inline void service_learn(struct service *s, const struct service_reply *r, uint64_t now_ns)
{
	struct service_state *st = s->state;
	uint64_t latency_ns = service_latency_ns(r);
	enum sample_kind kind = r->is_ambiguous ? SAMPLE_AMBIGUOUS : SAMPLE_EXACT;

	if (!r->is_ambiguous)
		breaker_on_latency(&st->breaker, &s->breaker, r->ticket, latency_ns,
		                   BREAKER_MEASURED, now_ns);
	rtt_on_sample(&st->rtt, &s->options->rtt, latency_ns, kind);
	latency_on_sample(&st->latency, &s->options->latency, latency_ns, kind);
}

static inline void service_on_reply(struct service *s, const struct service_reply *r,
                                    uint64_t now_ns)
{
	struct service_state *st = s->state;
	uint64_t latency_ns = service_latency_ns(r);

	st->counters.replies++;
	forecast_on_success(&st->forecast, latency_ns);
	service_learn(s, r, now_ns);
	if (r->is_alone && !r->is_ambiguous)
		hedge_on_first(&st->hedge, latency_ns, SAMPLE_EXACT);
	if (health_on_success(&st->health, &s->health, r->node, latency_ns, now_ns))
		service_notice_nodes(s, now_ns);
	service_saw(s);
}

/* ---- questions ---- */

struct breaker_grant service_allow(struct service *s, uint64_t now_ns);

/* Of an attempt: given, or else learned, or else configured; 0: unknown. */
static inline uint64_t service_expected_ns(const struct service *s, uint64_t given_ns)
{
	return given_ns != 0 ? given_ns : s->state->view.expected_ns;
}

/* Slow part of what follows. */
uint64_t service_timeout_now_ns(const struct service *s, uint64_t expected_ns, bool learned);

/* How long an attempt may take; UINT64_MAX: as long as the operation. expected_ns: given, 0: not.
 * `learned`: use what is learned even where the options do not (the mode's dynamic_timeout). */
static inline uint64_t service_timeout_ns(const struct service *s, uint64_t given_ns,
                                          uint64_t remaining_ns, bool learned)
{
	const struct service_view *v = &s->state->view;
	uint64_t timeout_ns = v->timeout_ns;

	if (given_ns != 0 || learned || v->breaker != s->state->breaker.state)
		timeout_ns = service_timeout_now_ns(s, service_expected_ns(s, given_ns), learned);
	return timeout_ns < remaining_ns ? timeout_ns : remaining_ns;
}

/* What follows, where the nodes are not looked at. */
uint32_t service_node_fixed(const struct service *s, uint32_t except, uint32_t turn);

/* The node for an attempt, none of those in `except`; HEALTH_NONE: there is none. `turn` counts
 * attempts (for IN_TURN). */
static inline uint32_t service_node(const struct service *s, uint32_t except, uint32_t turn,
                                    uint64_t now_ns)
{
	const struct service_options *o = s->options;
	const struct health *h = &s->state->health;

	if (o->choice != SERVICE_CHOOSE_BEST)
		return service_node_fixed(s, except, turn);
	/* Nothing to choose. */
	if (o->nodes == 1 && except == 0 && h->nodes[0].state == HEALTH_ADMITTED)
		return 0;
	return health_best(h, &o->health, except, now_ns);
}

/* Pause before round `round` (1: the second). */
uint64_t service_backoff_ns(const struct service *s, uint32_t round);

/* Chance that at least one of `attempts` parallel ones is answered well within the time. Further
 * rounds are not reckoned with. SERVICE_PPM when nothing is known. */
uint32_t service_success_ppm(const struct service *s, uint32_t attempts, uint64_t within_ns,
                             uint64_t now_ns);
/* Whether an operation is to be abandoned for that chance; some are let in all the same, to see
 * whether it is still so. */
enum service_hope { SERVICE_HOPE, SERVICE_HOPE_TRIED, SERVICE_HOPELESS };
enum service_hope service_hope_slow(struct service *s, uint32_t attempts, uint64_t within_ns,
                                    uint64_t now_ns);
static inline enum service_hope service_hope(struct service *s, uint32_t attempts,
                                             uint64_t within_ns, uint64_t now_ns)
{
	return within_ns >= s->state->view.hope_ns
	               ? SERVICE_HOPE
	               : service_hope_slow(s, attempts, within_ns, now_ns);
}

#endif
