/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mode tables: the seven modes as data. The first table says for which cause a mode is entered: one
 * row per cause, a measure of the facts that is compared with two thresholds, and a guard that must
 * hold too. The second says what a mode does: a row per mode and class. `mode.c` executes them,
 * docs/resilience/modes.md is generated from them.
 *
 * Modes are numbered by precedence: a greater number wins. A policy is plain data and is swapped by
 * pointer; one that was checked by mode_policy_check() needs no other test on its way.
 */
#ifndef RESILIENCE_MODE_TABLE_H
#define RESILIENCE_MODE_TABLE_H

#include <stdint.h>

#include "resilience/work_class.h"

enum mode_id {
	MODE_NORMAL,    /* everything healthy */
	MODE_PRE_SAFE,  /* caution, watched closely */
	MODE_LATENCY,   /* slow, not failing */
	MODE_SAFE,      /* shed what can wait */
	MODE_ULTRA,     /* much is broken, all of it can be brought back */
	MODE_RECOVERY,  /* components are being restored */
	MODE_EMERGENCY, /* critical work only */
};

#define MODE_COUNT   7u
#define MODE_ALL     ((1u << MODE_COUNT) - 1)
#define MODE_BIT(id) (1u << (unsigned)(id))

/* Why a mode is entered; MODE_CAUSE_OVER is the reason of a step down. */
enum mode_cause {
	MODE_CAUSE_FORECAST,    /* a service or component is forecast to degrade */
	MODE_CAUSE_DEGRADED,    /* >= 10 % of components or of services unhealthy (report scale) */
	MODE_CAUSE_SLOW,        /* slow attempts while most succeed */
	MODE_CAUSE_UNHEALTHY,   /* >= 30 % unhealthy */
	MODE_CAUSE_BACKLOG,     /* more waits than the limit */
	MODE_CAUSE_RECOVERABLE, /* >= 50 % unhealthy, what is needed to bring them back is there */
	MODE_CAUSE_RESTORING,   /* components are being restored */
	MODE_CAUSE_COLLAPSED,   /* >= 80 % unhealthy */
	MODE_CAUSE_STALLED,     /* work waits and nothing moves */
	MODE_CAUSE_OVER,        /* nothing holds the old mode any longer */
};

#define MODE_CAUSES 9u /* those that can hold a mode; not MODE_CAUSE_OVER */

/* What is compared with a cause's thresholds, computed from `struct mode_facts`. */
enum mode_measure {
	MODE_MEASURE_FORECASTS,     /* subjects that are warned of */
	MODE_MEASURE_UNHEALTHY_PPM, /* the greater of the components' and the services' share */
	MODE_MEASURE_BACKLOG,
	MODE_MEASURE_RESTORING,
	MODE_MEASURE_SLOW_ATTEMPTS,
	MODE_MEASURE_IDLE_NS, /* since the progress stamp moved, while work waits */
};

/* What must hold besides. */
enum mode_guard {
	MODE_GUARD_NONE,
	MODE_GUARD_RECOVERABLE, /* images present, nodes answering: share of the unhealthy ones */
	MODE_GUARD_SUCCEEDING,  /* success rate of attempts */
};

#define MODE_GUARDS 3u

struct mode_condition {
	enum mode_cause cause;
	enum mode_id mode;
	enum mode_measure measure;
	enum mode_guard guard;
	const char *name; /* of the cause, in events and configuration */
	const char *text; /* for people; the generated page shows it */
};

extern const struct mode_condition mode_conditions[MODE_CAUSES]; /* indexed by cause */

const char *mode_name(enum mode_id id);
const char *mode_cause_name(enum mode_cause cause);

/* What a mode does to one class. Factors in thousandths: 1000 leaves things as they are. */
struct mode_class_policy {
	uint32_t admit_ppm;           /* of new operations and of output that may be conflated */
	uint32_t budget_milli;        /* times the retry, hedge and parallel budgets */
	uint32_t checkpoint_milli;    /* times the checkpoint interval; 250: four times as often */
	uint8_t parallel;             /* attempts at once, at least; 1 to MODE_PARALLEL_MAX */
	uint8_t hedge;                /* whether hedges may follow a single attempt */
	uint8_t latency_optimization; /* on for all operations, not only for those that ask */
	uint8_t probes;               /* a breaker's probes pass a throttle that is closed */
};

struct mode_policy_row {
	struct mode_class_policy class[WORK_CLASSES];
	uint32_t publish_milli;         /* times the interval at which counters are published */
	uint8_t restore_critical_first; /* components of the critical class are restored first */
	uint8_t dynamic_timeout;        /* timeouts follow learned latency even where it is off */
	uint8_t reserved[2];
};

struct mode_policy {
	struct mode_policy_row mode[MODE_COUNT];
};

#define MODE_PARALLEL_MAX 3u
#define MODE_FACTOR_MAX   16000u /* milli */

/* The modes' effects as the project documents them. */
extern const struct mode_policy mode_policy_standard;

/* NULL, or what is wrong with the policy. */
const char *mode_policy_check(const struct mode_policy *p);

static inline const struct mode_class_policy *mode_policy_of(const struct mode_policy *p,
                                                             enum mode_id id, enum work_class class)
{
	return &p->mode[id].class[class];
}

#endif
