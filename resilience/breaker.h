/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Breaker: may this operation go to that service, and with how much care? One per service and core,
 * five states (breaker_table.h). Think of a doorkeeper who hears how each visit went: he lets all
 * in (CLOSED), all but with company (RESILIENT; ULTRA_RESILIENT when visits take extremely long),
 * nobody (OPEN), or a few to find out (HALF_OPEN).
 *
 * - Failures are of operations: the last up to 64 as bits, and a failure rate with longer memory.
 *   Latency is of attempts: each one's reply counts, those of cancelled losers included when they
 *   come late, since the first success of three hides how slow a service is. Attempts without a
 *   reply (timeouts of failing nodes, losers never heard of again) are censored: they count as
 *   such and move nothing, so ULTRA_RESILIENT means slow, never dead.
 * - The mean latency is that of the last 2^latency_shift measurements: their plain mean up to so
 *   many, then exponentially weighted. One measurement counts for at most 4 x ultra_latency.
 * - OPEN forgets all measurements. It lasts open_ns, doubled with every re-opening up to
 *   open_max_ns, less a random part. Once failures have been few for a dwell time, the next
 *   opening is short again.
 * - HALF_OPEN lets in probes, at most `leases` at once, until `probes` have succeeded. A lease
 *   expires: a probe that never reports is a failed one. A probe that learns nothing must be
 *   cancelled; then another may go.
 * - After HALF_OPEN a ramp: per ramp_interval at most so many operations; ramp_step more after an
 *   interval with successes only, half as many (once per interval) after a failure, free at
 *   ramp_end.
 * - States that the options lack are skipped. Without RESILIENT a forecast sends CLOSED probing,
 *   again only after it has been calm for a dwell time.
 * - Only OPEN's time, the dwell of RESILIENT and that of ULTRA_RESILIENT lead downwards, and every
 *   cycle holds one of them: no state is entered twice within the shortest of the three.
 *
 * An operation gets a ticket with its admission and hands it back with its outcome. Outcomes of
 * operations admitted before the breaker last opened are stale: counted, nothing else.
 *
 * Pure: no clock (now_ns never goes back), no memory, integers only, one owner. `struct breaker` is
 * plain bytes without pointers, one cache line; it may be saved and restored.
 *
 * After: M. Nygard, "Release It!" (2007) for the breaker; AIMD as in V. Jacobson, "Congestion
 * Avoidance and Control" (1988).
 */
#ifndef RESILIENCE_BREAKER_H
#define RESILIENCE_BREAKER_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "resilience/breaker_table.h"
#include "resilience/window.h"

struct event_ring;
struct prng;

#define BREAKER_LEASES_MAX    4u
#define BREAKER_PROBES_MAX    100u
#define BREAKER_PARALLEL_MAX  3u
#define BREAKER_LATENCY_CLAMP 4u /* x ultra_latency */
#define BREAKER_NEVER         UINT64_MAX

enum breaker_verdict {
	BREAKER_ALLOW,
	BREAKER_PROBE, /* let in on a lease; must be reported or cancelled */
	BREAKER_REJECT,
};

struct breaker_grant {
	uint32_t verdict; /* enum breaker_verdict */
	uint32_t ticket;  /* to be handed back with the outcome; of REJECT: 0 */
};

enum breaker_measure {
	BREAKER_MEASURED, /* a reply came, in time or late */
	BREAKER_CENSORED, /* nobody waits any longer; the latency is only known to be greater */
};

struct breaker_options {
	uint64_t base_timeout_ns[BREAKER_STATES]; /* of OPEN: unused; BREAKER_NEVER: none */
	uint64_t ultra_latency_ns;                /* mean latency above: ULTRA_RESILIENT */
	uint64_t ultra_leave_ns;                  /* below: out of it again */
	uint64_t dwell_ns;                        /* how long relief must last to be believed */
	uint64_t open_ns;
	uint64_t open_max_ns;
	uint64_t lease_ns;         /* of a probe; at least an operation's whole time */
	uint64_t ramp_interval_ns; /* 0: no ramp */
	uint32_t resilient_at_ppm;
	uint32_t clear_at_ppm;
	uint32_t open_at_ppm;
	uint32_t open_jitter_ppm; /* up to this part of the open time is taken off */
	uint16_t ramp_start;      /* operations per ramp_interval */
	uint16_t ramp_step;
	uint16_t ramp_end;
	uint8_t states;         /* BREAKER_BIT()s of those there are; CLOSED always */
	uint8_t fallback;       /* BREAKER_BIT()s of those in which a fallback may answer */
	uint8_t window;         /* operations, 1 to 64 */
	uint8_t samples_min;    /* operations from which a rate counts, 1 to window */
	uint8_t open_after;     /* failures in a row; 0: never for this */
	uint8_t ultra_min;      /* measurements; slow ones among the probes */
	uint8_t probes;         /* that must succeed, 1 to BREAKER_PROBES_MAX */
	uint8_t leases;         /* probes at once, 1 to BREAKER_LEASES_MAX */
	uint8_t rate_shift;     /* the long failure rate moves by 1 / 2^shift; 0 to 15 */
	uint8_t latency_shift;  /* the mean is over 2^shift measurements; 0 to 7 */
	uint8_t forecast_level; /* from here a forecast counts; 0: there is none */
	uint8_t parallel[BREAKER_STATES]; /* attempts at once, at least; 0: other rules decide */
};

struct breaker_ramp {
	uint16_t quota; /* operations in this interval; 0: there is no ramp */
	uint16_t used;
};

struct breaker_probes {
	uint8_t succeeded;
	uint8_t slow; /* of these */
	uint8_t reserved[2];
};

/* The gate of breaker_allow(). */
enum breaker_gate { BREAKER_GATE_FREE, BREAKER_GATE_SHUT, BREAKER_GATE_PROBES, BREAKER_GATE_RAMP };

enum breaker_flag {
	BREAKER_NODES_OUT = 1,    /* every node is ejected */
	BREAKER_PROBE_FAILED = 2, /* within one call only */
	BREAKER_UNSETTLED = 4,    /* CLOSED, and not yet calm there for the dwell time */
	BREAKER_RAMP_GOOD = 8,    /* successes in this interval of the ramp */
	BREAKER_RAMP_BAD = 16,    /* failures */
	BREAKER_SETTLING = 32,    /* calm_since_ns: until past openings do not count any more */
};

struct breaker {
	union {
		struct {
			uint64_t fail;          /* operations that failed */
			uint64_t slow;          /* attempts of at least ultra_latency */
			uint64_t calm_since_ns; /* relief since; BREAKER_NEVER: there is none */
			uint64_t until_ns;      /* OPEN: its end; ramp: end of interval */
		};
		uint64_t lease_until_ns[BREAKER_LEASES_MAX]; /* HALF_OPEN; BREAKER_NEVER: free */
	};
	uint64_t latency_sum; /* mean x latency_samples */
	uint32_t fail_rate;   /* the long one, of WINDOW_RATE_ONE */
	uint32_t epoch;       /* tickets since it last opened; the low 8 bits are 0 */
	uint32_t subject;     /* in events; index of its counters */
	union {
		struct breaker_ramp ramp;
		struct breaker_probes probes; /* HALF_OPEN */
	};
	/* All zero: CLOSED and nothing to attend to. */
	uint8_t state;           /* enum breaker_state */
	uint8_t gate;            /* enum breaker_gate */
	uint8_t openings;        /* since it was last calm; saturating */
	uint8_t flags;           /* enum breaker_flag */
	uint8_t samples;         /* operations in the window */
	uint8_t latency_samples; /* up to 2^latency_shift */
	uint8_t consecutive;     /* failures; saturating */
	uint8_t forecast;        /* level */
} __attribute__((aligned(64)));

static_assert(sizeof(struct breaker) == 64, "a breaker is one cache line");

struct breaker_counters {   /* cold; of one breaker */
	uint64_t rejected;  /* OPEN and HALF_OPEN */
	uint64_t held_back; /* rejected by the ramp */
	uint64_t probes;
	uint64_t probes_cancelled;
	uint64_t leases_expired;
	uint64_t stale;    /* outcomes and measurements of before the last opening */
	uint64_t censored; /* attempts without a reply */
	uint64_t ramp_backoffs;
	uint64_t ramps; /* completed */
	uint64_t entered[BREAKER_STATES];
	uint64_t caused[BREAKER_CAUSES];
};

/* What breakers of one core with the same options share; pointers, not saved. */
struct breaker_context {
	const struct breaker_options *options;
	struct breaker_counters *counters; /* indexed by a breaker's subject */
	struct event_ring *events;         /* NULL: nobody wants to know */
	struct prng *prng;                 /* for the jitter */
};

/* The report's figures; all five states, everything on. Times are multiples of `second_ns` (at
 * least 1,000), so that the same figures serve a faster scale. */
void breaker_options_report(struct breaker_options *o, uint64_t second_ns);
/* NULL, or which option is out of bounds and what they are. */
const char *breaker_options_check(const struct breaker_options *o);

/* CLOSED, nothing known. Options have been checked. */
void breaker_init(struct breaker *b, uint32_t subject);

/* Slow parts of what follows. */
struct breaker_grant breaker_allow_slow(struct breaker *b, const struct breaker_context *c,
                                        uint64_t now_ns);
void breaker_on_success_slow(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                             uint64_t latency_ns, uint64_t now_ns);
void breaker_on_latency_slow(struct breaker *b, const struct breaker_context *c, uint64_t now_ns);

/* To be called before an operation (not before each of its attempts). May move OPEN to HALF_OPEN.
 */
static inline struct breaker_grant breaker_allow(struct breaker *b, const struct breaker_context *c,
                                                 uint64_t now_ns)
{
	if (__builtin_expect(b->gate == BREAKER_GATE_FREE, 1))
		return (struct breaker_grant){BREAKER_ALLOW, b->epoch};
	if (b->gate == BREAKER_GATE_SHUT && now_ns < b->until_ns) {
		c->counters[b->subject].rejected++;
		return (struct breaker_grant){BREAKER_REJECT, 0};
	}
	return breaker_allow_slow(b, c, now_ns);
}

/* To be called when an operation succeeded; latency_ns is that of the attempt that did it. */
static inline void breaker_on_success(struct breaker *b, const struct breaker_context *c,
                                      uint32_t ticket, uint64_t latency_ns, uint64_t now_ns)
{
	const struct breaker_options *o = c->options;
	uint32_t busy;

	memcpy(&busy, &b->state, sizeof(busy));
	if (__builtin_expect((busy | (ticket ^ b->epoch)) == 0 && b->samples >= o->samples_min,
	                     1)) {
		/* CLOSED, nothing to attend to, and a rate that can only fall: it stays so. */
		b->fail = window_push(b->fail, false, o->window);
		b->samples = window_seen(b->samples, o->window);
		b->fail_rate = window_rate_push(b->fail_rate, false, o->rate_shift);
		b->consecutive = 0;
		return;
	}
	breaker_on_success_slow(b, c, ticket, latency_ns, now_ns);
}

/* To be called when an operation failed: all its attempts did, or its time was over. */
void breaker_on_failure(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                        uint64_t now_ns);
/* To be called when an operation ended and tells nothing about the service: never sent, withdrawn
 * by its owner. Gives a probe's lease back. */
void breaker_on_cancel(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                       uint64_t now_ns);

/* To be called for every attempt, once, when its reply came (even late), before the outcome of the
 * operation that it decides; or, censored, when nobody waits for it any longer. A reply after that
 * is measured too. The ticket is its operation's. */
static inline void breaker_on_latency(struct breaker *b, const struct breaker_context *c,
                                      uint32_t ticket, uint64_t latency_ns,
                                      enum breaker_measure measure, uint64_t now_ns)
{
	const struct breaker_options *o = c->options;
	uint64_t clamp = o->ultra_latency_ns * BREAKER_LATENCY_CLAMP;
	uint64_t x = latency_ns < clamp ? latency_ns : clamp;

	if (__builtin_expect(measure == BREAKER_CENSORED, 0)) {
		c->counters[b->subject].censored++;
		return;
	}
	if (__builtin_expect((ticket ^ b->epoch) >> 8 != 0 || b->state == BREAKER_OPEN, 0)) {
		c->counters[b->subject].stale++;
		return;
	}
	if (b->latency_samples < 1u << o->latency_shift)
		b->latency_samples++;
	else
		b->latency_sum -= b->latency_sum >> o->latency_shift;
	b->latency_sum += x;
	if (b->state != BREAKER_HALF_OPEN)
		b->slow = window_push(b->slow, x >= o->ultra_latency_ns, WINDOW_BITS_MAX);
	if (b->state == BREAKER_ULTRA_RESILIENT ||
	    b->latency_sum > o->ultra_latency_ns * b->latency_samples)
		breaker_on_latency_slow(b, c, now_ns);
}

/* To be called when the forecast's level changed. */
void breaker_on_forecast(struct breaker *b, const struct breaker_context *c, uint8_t level,
                         uint64_t now_ns);
/* To be called when the number of nodes that are not ejected changed. */
void breaker_on_nodes(struct breaker *b, const struct breaker_context *c, uint32_t available,
                      uint64_t now_ns);
/* To be called at breaker_deadline_ns() or later. */
void breaker_tick(struct breaker *b, const struct breaker_context *c, uint64_t now_ns);
/* When a tick may change something; BREAKER_NEVER: only a fact will. */
uint64_t breaker_deadline_ns(const struct breaker *b, const struct breaker_options *o);

/* Whether these bytes can be a breaker's with these options. */
bool breaker_is_sound(const struct breaker *b, const struct breaker_options *o);
/* To be called with bytes that come from elsewhere: an earlier run, another core. False: they are
 * no breaker, which is then as new. The clock may be another one: no time lies further ahead than
 * one that was set now. Probes of the other life are out until their leases expire. */
bool breaker_restore(struct breaker *b, const struct breaker_options *o, uint32_t subject,
                     uint64_t now_ns);

/* Attempts at once, at least; 0: other rules decide. */
static inline uint32_t breaker_parallel(const struct breaker *b, const struct breaker_options *o)
{
	return o->parallel[b->state];
}

static inline uint64_t breaker_base_timeout_ns(const struct breaker *b,
                                               const struct breaker_options *o)
{
	return o->base_timeout_ns[b->state];
}

/* Whether a fallback may answer for an operation that failed or was rejected now. */
static inline bool breaker_may_fall_back(const struct breaker *b, const struct breaker_options *o)
{
	return (o->fallback & BREAKER_BIT(b->state)) != 0;
}

/* Of attempts; 0: nothing measured. */
static inline uint64_t breaker_latency_mean_ns(const struct breaker *b)
{
	return b->latency_samples == 0 ? 0 : b->latency_sum / b->latency_samples;
}

/* Of the operations in the window. */
static inline uint32_t breaker_failure_ppm(const struct breaker *b)
{
	return b->samples == 0 ? 0 : window_ppm(b->fail, b->samples);
}

/* Slow ones of the last 64 attempts. */
static inline uint32_t breaker_slow_count(const struct breaker *b)
{
	return b->state == BREAKER_HALF_OPEN ? 0 : window_count(b->slow);
}

/* Probes that are out. */
uint32_t breaker_probes_out(const struct breaker *b);

#endif
