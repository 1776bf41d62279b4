/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Scenario: what goes wrong, as a file (perf/chaos/NAME.yaml; docs/chaos.md has all keys). Services
 * with made-up latencies, a plan of events that ask them, faults at their times. A scenario says
 * nothing of how trouble is met: that is a profile's affair, so that five profiles can live through
 * the same one.
 *
 * Times are written at the report's scale, in seconds; scenario_rescale() makes microseconds of
 * them. Read once into plain structs, then const; texts belong to the scenario's arena.
 */
#ifndef PERF_SCENARIO_H
#define PERF_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/config.h"

#define SCENARIO_COMPONENTS_MAX 256u
#define SCENARIO_CORES_MAX      16u
#define SCENARIO_SERVICES_MAX   16u
#define SCENARIO_NODES_MAX      8u
#define SCENARIO_LINES_MAX      2u
#define SCENARIO_LOADS_MAX      32u
#define SCENARIO_FAULTS_MAX     64u
#define SCENARIO_FAULT_KINDS    9u
#define SCENARIO_NONE           UINT32_MAX
#define SCENARIO_SECOND_NS      ((uint64_t)1000000000)

/* What counts as success. */
enum scenario_score {
	SCENARIO_OPERATIONS, /* operations that succeeded within their budget */
	SCENARIO_EVENTS,     /* events processed once, in order, before their deadline */
	SCENARIO_RESTORED,   /* events of the components that were killed, and their state */
	SCENARIO_RECOVERY,   /* components that are healthy at the end */
	SCENARIO_MODES,      /* modes that were visited, and NORMAL at the end */
};

enum scenario_law { SCENARIO_CONSTANT, SCENARIO_UNIFORM, SCENARIO_LOGNORMAL, SCENARIO_PARETO };

/* What may be done twice, as operations mean it. */
enum scenario_repeat { SCENARIO_ONCE, SCENARIO_AGAIN, SCENARIO_FREELY };

struct scenario_service {
	const char *name;
	uint32_t nodes;
	enum scenario_law law; /* of an attempt, around its operation's latency */
	uint64_t latency_min_ns;
	uint64_t latency_max_ns; /* an operation's latency lies evenly between the two */
	uint32_t shape_milli;
	uint32_t loss_ppm;    /* attempts that are never heard of again */
	uint32_t failure_ppm; /* attempts that are answered with an error */
	uint32_t slow_ppm;
	uint32_t slow_milli;
	enum scenario_repeat repeat; /* of its operations */
	bool says_expected;          /* operations come with their latency, as the report's do */
	uint32_t hosts; /* components that are its nodes; SCENARIO_NONE: it is scripted */
	uint32_t asks;  /* hosted: what its components ask to answer; SCENARIO_NONE: nothing */
	uint32_t name_line;
};

struct scenario_load {
	uint64_t from_ns;
	uint64_t until_ns;
	uint64_t every_ns; /* a burst each */
	uint32_t burst;    /* events, spread over the components in turn */
	uint32_t first;    /* component */
	uint32_t count;    /* of components; 0: all from `first` on */
	uint64_t asks;     /* bit per service; each event asks the next one of them. 0: none */
};

enum scenario_fault_kind {
	SCENARIO_STALL,      /* a service's nodes answer nothing until it is over, then all */
	SCENARIO_FAIL,       /* every attempt is answered with an error */
	SCENARIO_BLACK_HOLE, /* attempts vanish */
	SCENARIO_SLOW,       /* latency times factor */
	SCENARIO_SLOW_START, /* latency times factor, falling to 1 over the time */
	SCENARIO_LOSS,       /* a share of the attempts vanishes */
	SCENARIO_KILL,       /* components die, at once or one by one over the time */
	SCENARIO_CORE_STALL, /* a core has no turn */
	SCENARIO_SLOW_DOWN,  /* latency times factor, rising to it over the time */
};

struct scenario_fault {
	enum scenario_fault_kind kind;
	uint64_t at_ns;
	uint64_t for_ns;
	uint32_t service; /* SCENARIO_NONE: all */
	uint32_t node;    /* SCENARIO_NONE: all of them */
	uint32_t core;    /* SCENARIO_NONE: all */
	uint32_t share_ppm;
	uint32_t factor_milli;
	uint32_t twice_ppm; /* of those killed: killed again after `again` */
	uint64_t again_ns;
};

struct scenario {
	const char *name;
	const char *text;
	const char *row; /* of the report's table; "": it has none there */
	enum scenario_score score;
	uint64_t seed;
	uint32_t cores;
	uint32_t components;
	uint32_t critical_ppm;
	uint32_t background_ppm;
	bool is_large;        /* not part of `--scenario all` */
	uint64_t end_ns;      /* what is not done by then never will be */
	uint64_t budget_ns;   /* of an operation */
	uint64_t deadline_ns; /* of an event */
	uint64_t event_ns;    /* CPU that an event takes */
	uint64_t turn_ns;     /* CPU that a component's turn takes, whatever it does */
	uint64_t tick_ns;     /* of timers and of the control core's look at things */
	uint64_t restart_ns;  /* from a death to the first turn of who takes its place */
	uint32_t event_bytes;
	uint32_t backlog_events; /* limit, from which it is overload */
	uint32_t segments_max;   /* of all logs together */
	bool has_fallback;       /* events have another answer ready */
	uint64_t hop_ns;         /* between two components */
	uint64_t window_ns;      /* over which attempts are counted for modes */
	uint32_t lines;          /* that bring the events */
	uint32_t line_loss_ppm;
	uint32_t line_double_ppm;
	uint64_t line_delay_ns; /* at most */
	uint64_t gap_hold_ns;   /* how long a hole waits for a line */
	bool keep_log;          /* logs are sized for the whole run: restoring replays them */
	uint32_t service_count;
	uint32_t load_count;
	uint32_t fault_count;
	struct scenario_service services[SCENARIO_SERVICES_MAX];
	struct scenario_load loads[SCENARIO_LOADS_MAX];
	struct scenario_fault faults[SCENARIO_FAULTS_MAX];
	void *arena;
	uint64_t second_ns; /* what a second of the file is now */
};

/* 0; -errno with *error filled. On success free with scenario_finish(). */
int scenario_load(struct scenario *s, const char *path, struct config_error *error);
int scenario_load_text(struct scenario *s, const char *text, uint64_t bytes, const char *name,
                       struct config_error *error);
void scenario_finish(struct scenario *s); /* accepts a zeroed struct */

/* A second of the file becomes `second_ns`, at least 1,000. */
void scenario_rescale(struct scenario *s, uint64_t second_ns);
/* Events that the plan holds. */
uint64_t scenario_events(const struct scenario *s);
/* The table of keys as markdown. */
void scenario_print_keys(FILE *out);

const char *scenario_score_name(enum scenario_score s);
const char *scenario_fault_name(enum scenario_fault_kind k);

#endif
