/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inside a world of chaos: cores, each with a real feed and log, the components of its share (real
 * shards), and one real operation engine; scripted services around them; a control core that
 * decides modes. One thread, a virtual clock, a queue of what is to happen.
 *
 * How a core works. A turn takes one component that has something to do, moves it by up to a batch
 * of events, and takes `turn_cost` + n x `event_cost` of virtual time; what the events ask is
 * submitted at the turn's end. A sequential component has one operation under way and its cursor
 * stands meanwhile; an asynchronous one has up to its window, which an adaptive profile moves
 * between two bounds. Everything else is in the real machines.
 *
 * An *item* is a piece of work that waits for an answer: an event's question to a service, or a
 * request that another component made of this one. It ends exactly once.
 *
 *     chaos_world.c    builds and takes apart
 *     chaos_core.c     turns
 *     chaos_item.c     questions, answers, what is counted of them
 *     chaos_life.c     deaths and restarts
 *     chaos_control.c  facts, modes
 *     chaos_tuning.c   thresholds that are `auto`
 *     chaos_check.c    invariants, and the result
 *     chaos.c          what happens next
 */
#ifndef APP_CHAOS_WORLD_H
#define APP_CHAOS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "app/chaos.h"
#include "app/chaos_component.h"
#include "app/chaos_queue.h"
#include "app/chaos_script.h"
#include "app/world_day.h"
#include "resilience/event.h"
#include "resilience/histogram.h"
#include "resilience/mode.h"
#include "resilience/operation.h"
#include "resilience/prng.h"

#define CHAOS_INBOX_MAX   256u
#define CHAOS_OUTPUTS_MAX 256u
#define CHAOS_EVENTS_MAX  4096u
#define CHAOS_NONE        UINT32_MAX
#define CHAOS_HISTORY     8u /* operations by which a component's health is judged */
#define CHAOS_WINDOWS     16u

struct chaos_request { /* of another component to this one */
	uint64_t token;
	uint64_t event;
	uint64_t arrival_ns;
	uint32_t core; /* who asks */
	uint32_t service;
	uint8_t node;
	uint8_t class; /* enum work_class: it is as important as what it is for */
};

enum chaos_item_state { CHAOS_ITEM_FREE, CHAOS_ITEM_READY, CHAOS_ITEM_OUT };

struct chaos_item {
	struct chaos_request request; /* is_request: whom to answer */
	uint64_t event;
	uint64_t arrival_ns;
	uint64_t submit_ns;
	uint64_t deadline_ns; /* of its operation; UINT64_MAX: none */
	uint64_t base_ns;
	uint32_t component;
	uint32_t life;    /* of the component */
	uint32_t service; /* CHAOS_NO_SERVICE: it asks nothing */
	uint32_t sends;
	uint64_t hedge; /* its hedge's token; 0: none */
	uint32_t next;  /* while free */
	uint8_t state;  /* enum chaos_item_state */
	uint8_t class;  /* enum work_class */
	bool is_request;
	bool is_shed; /* refused for the mode's sake */
};

struct chaos_member { /* a component in its world, or a book group (world_day.h) */
	struct chaos_component component;
	struct world_group *group; /* NULL: it is a component; else that part is not used */
	struct chaos_request inbox[CHAOS_INBOX_MAX];
	uint64_t pending;   /* events in the log that it has not seen in this life */
	uint64_t appended;  /* events in the log for it, ever */
	uint64_t seen;      /* in this life */
	uint64_t seen_ever; /* up to here nothing is asked again */
	uint64_t oldest_ns; /* sequential: since when its operation is out */
	uint32_t inbox_first;
	uint32_t inbox_count;
	uint32_t out;    /* items under way, of this life */
	uint32_t window; /* how many there may be */
	uint32_t core;
	uint32_t history; /* last operations, a bit each: failed */
	uint32_t history_count;
	uint64_t heard_ns; /* when the last of them ended */
	uint64_t death;    /* number of the last one */
	bool is_alive;
	bool is_restoring;
	bool is_lost; /* dead, and nothing brings it back */
	bool is_critical;
	uint8_t class;   /* enum work_class, of what it asks */
	bool is_waiting; /* for its restart */
};

struct chaos_window { /* of attempts, for the mode's facts */
	uint64_t attempts;
	uint64_t succeeded;
	uint64_t slow;
};

struct chaos_tuned { /* a service whose thresholds follow what is observed */
	struct tuning tuning;
	struct tuning_options options;
	struct tuning_observation seen; /* of the service so far, but for latency and calm */
	struct tuning_observation told; /* at the last look */
};

struct chaos_core {
	struct chaos_feed feed;
	struct operations operations;
	struct operation_options options;
	struct service *services;
	struct service_state *states;
	struct breaker_counters *breaker_counters;
	struct health_counters *health_counters;
	struct operation *operation_slots;
	struct operation_attempt *attempt_slots;
	void *wheel;
	uint64_t wheel_bytes;
	struct event_ring ring;
	struct event events[CHAOS_EVENTS_MAX];
	uint64_t ring_position;
	struct prng prng;
	uint32_t *members; /* components in order of their class */
	uint32_t member_count;
	uint32_t class_count[WORK_CLASSES]; /* of them */
	uint32_t next[WORK_CLASSES];        /* whose turn it is */
	uint32_t next_any;
	uint64_t poll_at_ns;
	uint32_t turn_items[CHAOS_OUTBOX_MAX];
	uint32_t turn_count;
	bool is_turn_due; /* a TURN or TURN_END is in the queue */
	bool is_restart_due;
	uint64_t busy_ns;
};

struct chaos_world {
	const struct chaos_options *options;
	const struct scenario *scenario;
	const struct resilience_options *profile;
	struct chaos_result *result;
	struct service_options *service_options; /* one per service */
	struct chaos_tuned *tuned;               /* likewise; NULL: nothing is `auto` */
	struct segment_pool pool;
	void *pool_memory;
	uint64_t pool_bytes;
	struct chaos_core *cores;
	struct chaos_member *members; /* the scenario's components, then book groups */
	uint32_t member_count;
	struct world_day *day; /* NULL: no market data */
	struct chaos_item *items;
	uint32_t item_count;
	uint32_t item_free;
	uint32_t items_out;
	struct chaos_queue queue;
	struct mode mode;
	struct event_ring ring;
	struct event events[CHAOS_EVENTS_MAX];
	struct prng prng;
	uint64_t now_ns;
	uint64_t steps; /* happenings so far */
	uint64_t next_event;
	uint64_t progress;
	struct chaos_window window[CHAOS_WINDOWS];
	uint32_t window_at;
	uint64_t window_since_ns;
	uint64_t control_ns; /* between two looks */
	uint64_t sick_ns;    /* last look at which something was unhealthy; 0: never */
	uint64_t fault_ns;   /* the first fault; UINT64_MAX: there is none */
	uint64_t deaths;
	uint64_t overdue; /* at the last look */
	struct histogram latency;
	struct operation_output outputs[CHAOS_OUTPUTS_MAX];
};

/* 0 or -errno. */
int chaos_world_create(struct chaos_world *w, const struct chaos_options *o,
                       struct chaos_result *r);
void chaos_world_destroy(struct chaos_world *w);

/* Memory for a pool of segments: of the world (0) or its twin (1); from the former run, if that is
 * kept and enough. *bytes is rounded up to what there is. NULL: there is none. */
void *chaos_world_take(const struct chaos_options *o, uint32_t which, uint64_t *bytes);
void chaos_world_give(const struct chaos_options *o, uint32_t which, void *memory, uint64_t bytes);

/* "invariant N broke", the first one counts; one that the profile gives up is only counted. */
__attribute__((format(printf, 3, 4))) void chaos_broken(struct chaos_world *w, unsigned invariant,
                                                        const char *format, ...);

/* What the n-th event of a load asks; CHAOS_NO_SERVICE: nothing. */
uint32_t chaos_core_asks(const struct scenario_load *l, uint64_t n);
/* A burst of a load has come. */
void chaos_core_burst(struct chaos_world *w, const struct chaos_event *e);
/* A line brings an event. */
void chaos_core_line(struct chaos_world *w, const struct chaos_event *e);
/* What has come into the core's log since: its components have it to do. */
void chaos_core_collect(struct chaos_world *w, uint32_t core);
/* There may be something to do: a turn, unless one is due. */
void chaos_core_wake(struct chaos_world *w, uint32_t core);
/* How many operations a component may have under way when it begins. */
uint32_t chaos_core_window(const struct chaos_world *w);
void chaos_core_turn(struct chaos_world *w, uint32_t core);
void chaos_core_turn_end(struct chaos_world *w, uint32_t core);

uint32_t chaos_item_take(struct chaos_world *w); /* CHAOS_NONE: there is none left */
void chaos_item_submit(struct chaos_world *w, uint32_t item);
void chaos_item_reply(struct chaos_world *w, const struct chaos_event *e);
void chaos_item_request(struct chaos_world *w, const struct chaos_event *e);
void chaos_item_poll(struct chaos_world *w, const struct chaos_event *e);
/* After anything that may have moved the core's timers. */
void chaos_item_arm(struct chaos_world *w, uint32_t core);
/* Gives the item back without an end: its component is dead. */
void chaos_item_drop(struct chaos_world *w, uint32_t item);

/* All faults that kill, into the queue. */
void chaos_life_plan(struct chaos_world *w);
void chaos_life_kill(struct chaos_world *w, const struct chaos_event *e);
void chaos_life_restart(struct chaos_world *w, uint32_t core);
bool chaos_life_is_recoverable(const struct chaos_world *w, const struct chaos_member *m);

int chaos_control_start(struct chaos_world *w);
void chaos_control_look(struct chaos_world *w);
bool chaos_control_is_healthy(const struct chaos_world *w, const struct chaos_member *m);

/* Where the profile has something that is `auto`. 0 or -errno. */
int chaos_tuning_create(struct chaos_world *w);
void chaos_tuning_destroy(struct chaos_world *w);
/* What happened since the last look may change thresholds, of all cores at once. */
void chaos_tuning_look(struct chaos_world *w);
void chaos_tuning_on_send(struct chaos_world *w, struct chaos_item *x,
                          const struct operation_output *o);
void chaos_tuning_on_done(struct chaos_world *w, const struct chaos_item *x,
                          const struct operation_output *o);

/* At the end: what is left, the twin, the figures. 0 or -errno. */
int chaos_check_end(struct chaos_world *w);

#endif
