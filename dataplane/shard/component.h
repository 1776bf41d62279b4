/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Component: what a user plugs into the engine. A book is one; strategies stand on top of it.
 *
 * A component lives in a group: one book set and the components that depend on it, of one class
 * (critical or normal), on one shard, in one region. It is called synchronously, in sequence order,
 * each message at most once. Its state is the block `state`, given to it zeroed, inside the group's
 * region: no pointers in it, and every write is marked (component_mark), so that it can be
 * checkpointed, moved and compared byte by byte. State may depend on sequence and message bytes,
 * and on the inputs below, only: no clock, no randomness, no addresses. Callbacks must not block,
 * allocate or make system calls.
 *
 * Inputs are what else may reach a component: replies to its requests, its timers, commands. Each
 * is written to the shard's input log before it is delivered, at the boundary between two turns, so
 * that a replay delivers the same at the same place (input.h). The time is one of them: a component
 * knows no other now than its turn's.
 *
 * A strategy is a shared object that exports `const struct component_ops genesis_component`; a
 * configuration names it (docs/components.md shows VWAP per symbol). This header and what it
 * includes are its whole interface; the functions of book.h that only read are there for it too.
 */
#ifndef DATAPLANE_SHARD_COMPONENT_H
#define DATAPLANE_SHARD_COMPONENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dataplane/book/book.h"
#include "dataplane/memory/region.h"

#define COMPONENT_ABI         3u
#define COMPONENT_VALUES_MAX  8u
#define COMPONENT_DEPENDS_MAX 4u
#define COMPONENT_TIMERS_MAX  8u
#define COMPONENT_OPEN_MAX    1024u /* requests of a component that are under way at a time */
#define COMPONENT_PATH_MAX    128u
#define COMPONENT_BYTES_MAX   1024u /* payload of a request, a reply or a command */

enum component_verdict {
	COMPONENT_OK,
	COMPONENT_FAILED, /* its state can no longer be trusted: the group is quarantined, counted,
	                     shown */
};

/* Settings from the configuration, text as written there; the component parses and checks its own.
 */
struct component_setting {
	const char *key;
	const char *value;
};

struct component_settings {
	const char *name; /* of this component in the configuration */
	const struct component_setting *items;
	uint32_t count;
};

/* NULL when absent. */
const char *component_setting(const struct component_settings *s, const char *key);

struct component_inputs; /* component_inputs.h: in the region, beside the state */
struct component_watch;  /* the shard's */

struct component_context {
	void *state;
	const struct component_settings *settings;
	const struct book_set *books; /* the group's */
	struct region *region;
	uint64_t values[COMPONENT_VALUES_MAX]; /* published with the counters; labels in
	                                          component_ops.values */
	uint32_t symbols_max;                  /* slots are 0 .. symbols_max - 1 */
	/* Only for components that have inputs. */
	struct component_inputs *inputs;
	struct component_watch *watch;
	const char *const *services; /* names, as configured */
	uint32_t service_count;
	uint32_t actor;  /* the shard's number of it */
	uint64_t now_ns; /* of the turn */
};

static inline void component_mark(struct component_context *c, const void *p, uint64_t bytes)
{
	region_mark_range(c->region, p, bytes);
}

struct component_message { /* a raw message of one of the group's symbols, or a feed-wide one (slot
	                      BOOK_NONE) */
	const uint8_t *bytes;
	uint32_t length;
	uint32_t slot;
	uint32_t epoch;
	uint32_t reserved;
	uint64_t sequence;
};

enum component_event_kind {
	COMPONENT_GAP,   /* [sequence, sequence + missing) will not come: books may be wrong */
	COMPONENT_RESET, /* a new session begins: books are empty */
	COMPONENT_END,   /* the exchange ended the session */
};

struct component_event {
	uint8_t kind; /* enum component_event_kind */
	uint32_t epoch;
	uint64_t sequence;
	uint64_t missing;
};

/* ---- inputs ---- */

enum component_method { COMPONENT_GET, COMPONENT_PUT, COMPONENT_POST, COMPONENT_DELETE };

enum component_choice { COMPONENT_AS_SERVICE, COMPONENT_YES, COMPONENT_NO };

#define COMPONENT_SERVICE_NONE       UINT32_MAX
#define COMPONENT_RETRIES_AS_SERVICE UINT8_MAX

/* A request to a service; the bytes are copied. Whether it may be repeated is said by its method
 * and the service (docs/services.md): POST is sent at most once, whatever happens. */
struct component_request {
	uint64_t tag;         /* the component's; comes back with the reply */
	uint64_t timeout_ns;  /* from now to its end; 0: as the service says */
	uint64_t expected_ns; /* latency of an attempt; 0: what the service has learned */
	const char *path;     /* "orders/17", at most COMPONENT_PATH_MAX */
	const void *payload;
	uint32_t path_bytes;
	uint32_t payload_bytes;       /* at most COMPONENT_BYTES_MAX */
	uint32_t service;             /* component_service() */
	uint8_t method;               /* enum component_method */
	uint8_t critical;             /* enum component_choice; AS_SERVICE: the service's class */
	uint8_t parallel_attempts;    /* 0: as the service says; 1 to 3 */
	uint8_t max_retries;          /* rounds after the first; COMPONENT_RETRIES_AS_SERVICE */
	uint8_t latency_optimization; /* enum component_choice */
	bool fallback; /* the component has another answer ready: FALLBACK in place of a failure */
};

enum component_outcome {
	COMPONENT_SUCCESS,
	COMPONENT_FALLBACK, /* it failed, and the component's other answer is to be used */
	COMPONENT_FAILURE,  /* every attempt failed, or the reply is no such */
	COMPONENT_TIMEOUT,
	COMPONENT_REJECTED,  /* not sent: breaker open, mode sheds it, no room */
	COMPONENT_ABANDONED, /* too unlikely in its time */
	COMPONENT_UNKNOWN,   /* may not be repeated, was sent, and nobody can tell what became of it
	                      */
};

#define COMPONENT_OUTCOMES 7u

struct component_reply {
	uint64_t number; /* of the request */
	uint64_t tag;
	const uint8_t *payload; /* valid during the call */
	uint32_t payload_bytes;
	uint16_t code;   /* the codec's; 0: there was no reply */
	uint8_t outcome; /* enum component_outcome */
};

struct component_value { /* names one of context->values */
	const char *id;
	const char *unit;
	const char *help;
};

struct component_ops {
	uint32_t abi;                                  /* COMPONENT_ABI */
	const char *name;                              /* type name, "vwap" */
	const char *help;                              /* one line */
	const char *depends_on[COMPONENT_DEPENDS_MAX]; /* type names; must stand before it in the
	                                                  same group */
	struct component_value values[COMPONENT_VALUES_MAX];

	/* Bytes of state for these settings. 0 with *error set (static text) when the settings are
	 * wrong. */
	uint64_t (*state_bytes)(const struct component_settings *s, uint32_t symbols_max,
	                        const char **error);
	/* Before the loops start; 0 or -errno. May be NULL. */
	int (*start)(struct component_context *c);
	/* After the group's book applied a message and something changed. May be NULL. */
	enum component_verdict (*on_book_change)(struct component_context *c,
	                                         const struct book_change *change);
	/* Every message of the group's symbols, after the book. May be NULL. */
	enum component_verdict (*on_message)(struct component_context *c,
	                                     const struct component_message *m);
	/* GAP, RESET, END. May be NULL. */
	enum component_verdict (*on_event)(struct component_context *c,
	                                   const struct component_event *e);
	/* Inputs. May be NULL; a component that has any of these, or requests_max, has inputs. */
	/* A request ended; each does, exactly once. */
	enum component_verdict (*on_reply)(struct component_context *c,
	                                   const struct component_reply *r);
	/* A timer is due; it is no longer armed. */
	enum component_verdict (*on_timer)(struct component_context *c, uint32_t timer);
	/* The engine's owner told it something. */
	enum component_verdict (*on_command)(struct component_context *c, const uint8_t *bytes,
	                                     uint32_t count);
	uint32_t requests_max; /* that it has under way at a time; at most COMPONENT_OPEN_MAX */
	/* Writes a report in CSV, first line the header; called by the control side when the group
	 * is at rest. May be NULL. */
	void (*report)(const struct component_context *c, FILE *out);
};

static inline bool component_has_inputs(const struct component_ops *o)
{
	return o->on_reply != NULL || o->on_timer != NULL || o->on_command != NULL ||
	       o->requests_max != 0;
}

/* Number of the service of that name, for start(); COMPONENT_SERVICE_NONE: there is none. */
uint32_t component_service(const struct component_context *c, const char *name);
/* Asks a service, from any callback but start() and report(). Returns the request's number, from 1
 * on and growing by one; 0: refused, nothing will come (too long, no such service, requests_max are
 * under way): that depends on the component's own doing alone, so a replay refuses the same. */
uint64_t component_request(struct component_context *c, const struct component_request *r);
/* Arms timer 0 .. COMPONENT_TIMERS_MAX - 1 for a time not before due_ns, in place of what it was
 * armed for; UINT64_MAX: not at all. */
void component_timer(struct component_context *c, uint32_t timer, uint64_t due_ns);

#endif
