/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Chaos: a scenario lived through by a profile, on a virtual clock, from a seed. The real log,
 * shards, operation engine, breakers and modes; made-up services, faults, deaths. The same options
 * give the same result, bit for bit, on every machine and build type: integers only.
 *
 * Checked on the way and at the end (numbers of docs/invariants.md): 1 every event at most once and
 * in order, and state byte for byte that of an undisturbed twin; 2 what did not arrive is known; 4
 * every operation ends once, by its deadline; 5 what may not be repeated is sent once; 7 nothing
 * outgrows its bounds; 9 modes keep their dwell times. What a profile gives up is counted as its
 * result.
 */
#ifndef APP_CHAOS_H
#define APP_CHAOS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/world.h"
#include "perf/scenario.h"
#include "resilience/mode_table.h"
#include "resilience/breaker_table.h"
#include "resilience/operation.h"
#include "resilience/options.h"

#define CHAOS_ERROR_BYTES 512u

/* Memory of logs, kept from one run to the next: the system takes longer to give it than most runs
 * take to use it. Zeroed at the start; one owner. */
struct chaos_reuse {
	void *memory[2]; /* of the world, of its twin */
	uint64_t bytes[2];
};

void chaos_reuse_finish(struct chaos_reuse *r);

struct chaos_options {
	const struct scenario *scenario;
	const struct resilience_options *profile; /* at the scenario's scale */
	const char *profile_name;
	uint64_t seed;                       /* 0: the scenario's */
	const struct world_day_options *day; /* market data; NULL: there is none */
	struct chaos_reuse *reuse;           /* NULL: nothing is kept */
};

struct chaos_service_result {
	uint64_t operations;
	uint64_t succeeded; /* within the budget */
	uint64_t fallbacks;
	uint64_t latency_ns; /* sum over those that succeeded, from the event's arrival */
};

/* Of the events of components of a class, and of what these asked. */
struct chaos_class_result {
	uint64_t events;
	uint64_t in_time;
	uint64_t operations;
	uint64_t succeeded; /* within the budget */
	uint64_t fallbacks;
	uint64_t shed; /* refused for the mode's sake */
};

struct chaos_result {
	uint64_t seed;
	uint64_t events;      /* of the plan, that came */
	uint64_t given_up;    /* for lack of room: GAPs */
	uint64_t processed;   /* and everything they asked has ended */
	uint64_t in_time;     /* of these, and well */
	uint64_t critical;    /* events of critical components, processed... */
	uint64_t critical_ns; /* ... after so long, all together */
	uint64_t operations;  /* asked by events */
	uint64_t succeeded;
	uint64_t fallbacks;
	uint64_t outcomes[OPERATION_OUTCOMES];
	uint64_t verdicts[OPERATION_VERDICTS];
	uint64_t orphans; /* ended after their component had died */
	uint64_t p50_ns;  /* of operations that succeeded, from their submission */
	uint64_t p99_ns;
	uint64_t attempts;
	uint64_t attempt_ns; /* how long attempts held a slot, all together */
	uint64_t hedges;
	uint64_t cancelled;
	uint64_t overdue;
	uint64_t killed; /* deaths */
	uint64_t restored;
	uint64_t killed_events; /* of components that were killed */
	uint64_t killed_processed;
	uint64_t state_equal; /* components whose state is the twin's */
	uint64_t state_differs;
	uint64_t replayed; /* events walked again */
	uint32_t components;
	uint32_t healthy; /* at the end */
	uint32_t healthy_least;
	uint32_t modes_visited; /* MODE_BIT()s */
	uint32_t mode_transitions;
	uint8_t mode_last;
	uint64_t mode_ns[MODE_COUNT];
	uint32_t mode_entered[MODE_COUNT];
	uint64_t breaker_entered[BREAKER_STATES];
	uint64_t recovered_ns; /* from the first fault until all were healthy for good; UINT64_MAX:
	                          never */
	uint64_t done_ns;      /* when the last event had been processed */
	uint64_t memory_bytes; /* of logs and operations, at the most */
	uint64_t steps;        /* happenings */
	uint64_t given_up_invariants[RESILIENCE_INVARIANTS + 1];
	struct chaos_service_result services[SCENARIO_SERVICES_MAX];
	struct chaos_class_result classes[WORK_CLASSES];
	uint64_t forecast_ns;  /* when a forecast first changed the mode; UINT64_MAX: never */
	uint64_t failed_ns;    /* when it was first seen that an attempt had failed, likewise */
	uint64_t denied_retry; /* rounds, hedges, parallel attempts that no budget was left for */
	uint64_t denied_hedge;
	uint64_t denied_parallel;
	uint64_t tuning_changes[TUNING_PARAMETERS]; /* of all services; each is an event */
	uint64_t tuning_events;                     /* of them, read back from the ring */
	uint64_t tuning_reasons[TUNING_REASONS];    /* the same, by reason */
	uint64_t tuning_value[TUNING_PARAMETERS];   /* of the first service, at the end */
	uint32_t success_ppm;                       /* by the scenario's score */
	uint64_t hash;   /* of all above, the components' state, the day */
	uint64_t cpu_ns; /* of this machine, of living through it: neither building nor checking */
	struct world_day_result day;
	char broken[CHAOS_ERROR_BYTES];
};

/* 0, and result->broken says whether an invariant broke; or -errno: it could not be run. */
int chaos_run(const struct chaos_options *o, struct chaos_result *result);

#endif
