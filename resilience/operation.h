/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Operation: one request of a component to a service, with a deadline. Picture a clerk with a pile
 * of letters: for each he writes to the likeliest office, to a second and third when he is told to
 * or the answer is slow in coming, takes the first good answer, tears up the other letters, and
 * when time is up says so. He never licks a stamp and has no watch: he says "send this there" (an
 * output), and is told what happened and when (a fact).
 *
 * An accepted operation ends exactly once, with a DONE, before its deadline plus one tick of the
 * wheel (given a poll at least every tick). One that is not accepted has ended with the verdict.
 * What may not be repeated is sent at most once. A reply completes an operation only while its own
 * attempt is under way; any other feeds statistics at most.
 *
 *   verdict = operation_submit(t, &request, now, out)       -> SEND ...
 *   operation_on_sent / _on_unsent / _on_reply / _on_unreachable / operation_poll
 *                                                           -> SEND, CANCEL, DONE ...
 *
 * One owner, a core; its services (service.h), their options, the slots and the wheel's memory are
 * the caller's and live as long as the table does. Time is given and never goes back. No function
 * allocates, asks a clock or loops over more than its own operation; poll's work is bounded by the
 * room in `out`.
 */
#ifndef RESILIENCE_OPERATION_H
#define RESILIENCE_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/mode_table.h"
#include "resilience/operation_pool.h"
#include "resilience/service.h"
#include "resilience/wheel.h"
#include "resilience/work_class.h"

/* What the codec says of repeating the request. */
enum operation_repeat {
	OPERATION_ONCE,   /* not after it may have reached a node */
	OPERATION_AGAIN,  /* one after the other, never two at a time */
	OPERATION_FREELY, /* two at a time and at any node: parallel attempts and hedges too */
};

enum operation_choice { OPERATION_AS_SERVICE, OPERATION_ON, OPERATION_OFF };

#define OPERATION_SERVICES_MAX      65535u
#define OPERATION_ROUNDS_AS_SERVICE UINT8_MAX
#define OPERATION_NODE_UNKNOWN      UINT8_MAX

struct operation_request {
	uint64_t tag;         /* the caller's; comes back in every output */
	uint64_t deadline_ns; /* UINT64_MAX: none */
	uint64_t expected_ns; /* latency of an attempt; 0: what the service has learned */
	uint32_t service;
	uint8_t class;                /* enum work_class */
	uint8_t repeat;               /* enum operation_repeat */
	uint8_t parallel_attempts;    /* 0: the service's */
	uint8_t max_retries;          /* rounds after the first; OPERATION_ROUNDS_AS_SERVICE */
	uint8_t latency_optimization; /* enum operation_choice */
	bool fallback;                /* the caller has another answer ready */
};

enum operation_verdict {
	OPERATION_ACCEPTED,           /* a DONE will come */
	OPERATION_ANSWERED,           /* ended: use the fallback */
	OPERATION_REJECTED_OPEN,      /* ended: the breaker is open or no node is left */
	OPERATION_REJECTED_THROTTLED, /* ended: the mode sheds its class */
	OPERATION_REJECTED_FULL,      /* ended: no slot */
	OPERATION_REJECTED_EXPIRED,   /* ended: its deadline has passed */
	OPERATION_REJECTED_HOPELESS,  /* ended, abandoned: too unlikely in its time */
	OPERATION_REJECTED_INVALID,   /* ended: no such service, class, ... */
};

#define OPERATION_VERDICTS 8u

enum operation_outcome {
	OPERATION_SUCCESS,
	OPERATION_FALLBACK,  /* it failed, and the caller's other answer is to be used */
	OPERATION_FAILURE,   /* every attempt failed */
	OPERATION_TIMEOUT,   /* by the deadline, or the last round's attempts by theirs */
	OPERATION_REJECTED,  /* only of verdicts */
	OPERATION_ABANDONED, /* too unlikely, or recalled */
	OPERATION_UNKNOWN, /* may not be repeated, was sent, and no reply tells what became of it */
};

#define OPERATION_OUTCOMES 7u

enum operation_output_kind {
	OPERATION_SEND,   /* an attempt to a node */
	OPERATION_CANCEL, /* nobody waits for it any more; if it is not sent, it need not be */
	OPERATION_DONE,
};

/* Why an attempt is sent (the first OPERATION_SEND_REASONS) or cancelled. */
enum operation_reason {
	OPERATION_FIRST,    /* SEND: the first of the operation's first round */
	OPERATION_PARALLEL, /* SEND: beside the first of its round */
	OPERATION_HEDGE,    /* SEND: the first one is slow */
	OPERATION_RETRY,    /* SEND: the first of a later round */
	OPERATION_LOST,     /* CANCEL: another one won */
	OPERATION_OVERDUE,  /* CANCEL: its own timeout */
	OPERATION_ENDED,    /* CANCEL: its operation ended without a success */
};

#define OPERATION_SEND_REASONS 4u

struct operation_output {
	uint64_t token;     /* of the attempt; DONE: of the one that won, else 0 */
	uint64_t operation; /* for operation_recall() */
	uint64_t tag;
	uint64_t time_ns; /* SEND: the attempt's deadline; DONE: how long the operation took */
	uint32_t service;
	uint8_t kind;    /* enum operation_output_kind */
	uint8_t node;    /* DONE: of the one that won, else OPERATION_NODE_UNKNOWN */
	uint8_t reason;  /* SEND, CANCEL: enum operation_reason; DONE: attempts given out */
	uint8_t outcome; /* DONE: enum operation_outcome; CANCEL: 1 if it was sent */
};

/* The most that one fact or one operation of a poll adds. */
#define OPERATION_OUTPUTS_PER_FACT 8u

struct operation_outputs { /* the caller empties it: count = 0 */
	struct operation_output *items;
	uint32_t count;
	uint32_t capacity;
};

struct operation_reply {
	uint64_t token;
	uint8_t node;   /* who sent it; OPERATION_NODE_UNKNOWN: the token must do */
	bool ok;        /* false: the node says no */
	bool ambiguous; /* the codec sent the attempt's packet more than once (Karn's rule) */
};

enum operation_hearing {
	OPERATION_HEARD_SUCCESS,   /* completed its operation */
	OPERATION_HEARD_FAILURE,   /* its attempt failed */
	OPERATION_HEARD_LATE,      /* its attempt was cancelled or overdue: statistics */
	OPERATION_HEARD_DUPLICATE, /* its attempt had a reply already, or was never sent */
	OPERATION_HEARD_FOREIGN,   /* no such attempt, any more or ever; or from another node */
};

#define OPERATION_HEARINGS 5u

struct operation_stats {
	uint64_t submitted;
	uint64_t verdicts[OPERATION_VERDICTS];
	uint64_t outcomes[OPERATION_OUTCOMES]; /* of accepted ones */
	uint64_t heard[OPERATION_HEARINGS];
	uint64_t attempts[OPERATION_SEND_REASONS]; /* SENDs, by reason */
	uint64_t hedges_won;
	uint64_t overdue;         /* attempts that timed out */
	uint64_t cancelled;       /* losers */
	uint64_t unneeded;        /* of these and of the overdue: not even sent */
	uint64_t unsent;          /* could not be sent */
	uint64_t unreachable;     /* attempts whose node is not reachable */
	uint64_t attempts_full;   /* parallel attempts and hedges that found no slot */
	uint64_t denied_retry;    /* by the budgets */
	uint64_t denied_hedge;    /* likewise */
	uint64_t denied_parallel; /* likewise */
	uint64_t denied_breaker;  /* rounds */
	uint64_t hopeless_tried;  /* would have been abandoned, but somebody has to try */
	uint64_t attempt_time_ns; /* over attempts: how long they held a slot */
	uint64_t operation_time_ns;
};

struct operation_options {
	struct operation_pool_options pool;
	uint64_t tick_ns;   /* of the wheel */
	uint64_t late_ns;   /* how long the reply of a cancelled or overdue attempt is awaited */
	uint32_t moves_max; /* of the wheel in one poll; 0: no bound */
	uint32_t service_count;  /* 1 to OPERATION_SERVICES_MAX */
	bool sends_are_reported; /* operation_on_sent() will be called for each; else a SEND counts
	                            as sent when it is given out */
};

/* Process-local. */
struct operations {
	struct operation_pool pool;
	struct wheel *wheel; /* timers: the operations' slots, then the services */
	struct service *services;
	const struct mode_policy_row *policy;
	const struct operation_options *options;
	struct operation_stats stats;
	uint32_t sweep_at; /* slot; OPERATION_SLOT_NONE: no node was found unreachable */
};

/* Memory, services and options are the caller's and outlive the table. */
struct operation_setup {
	const struct operation_options *options;
	struct operation *operations;       /* options->pool.operations_max */
	struct operation_attempt *attempts; /* options->pool.attempts_max */
	struct service *services;           /* options->service_count, initialised */
	void *wheel;                        /* 8-byte aligned */
	uint64_t wheel_bytes;               /* operation_wheel_bytes() */
};

/* 0: the options are out of bounds. */
uint64_t operation_wheel_bytes(const struct operation_options *o);
/* Mode NORMAL of the standard policy. 0 or -EINVAL. */
int operation_init(struct operations *t, const struct operation_setup *s, uint64_t now_ns);

enum operation_verdict operation_submit(struct operations *t, const struct operation_request *r,
                                        uint64_t now_ns, struct operation_outputs *out);

/* The attempt is on its way: its latency and timeout count from now. */
void operation_on_sent(struct operations *t, uint64_t token, uint64_t now_ns);
/* The attempt could not be sent (no message id, no room in the port): our own fault, nobody's
 * failure. */
void operation_on_unsent(struct operations *t, uint64_t token, uint64_t now_ns,
                         struct operation_outputs *out);
enum operation_hearing operation_on_reply(struct operations *t, const struct operation_reply *r,
                                          uint64_t now_ns, struct operation_outputs *out);
/* The network says that this attempt did not reach its node. */
void operation_on_unreachable(struct operations *t, uint64_t token, uint64_t now_ns,
                              struct operation_outputs *out);
/* Nothing reaches the node now: every attempt to it is as if unreachable, as polls come by. */
void operation_on_node_unreachable(struct operations *t, uint32_t service, uint32_t node,
                                   uint64_t now_ns);
/* The caller does not want the operation any more: it ends abandoned (unknown, if it may have
 * reached a node and may not be repeated). False: no such operation any more. */
bool operation_recall(struct operations *t, uint64_t operation, uint64_t now_ns,
                      struct operation_outputs *out);

/* Once per turn, at least every tick: what is due. True: there is more; `out` had no room, or one
 * poll's work is bounded. */
bool operation_poll(struct operations *t, uint64_t now_ns, struct operation_outputs *out);
/* Until then a poll has nothing to do; 0: it has now. */
static inline uint64_t operation_deadline_ns(const struct operations *t)
{
	return t->sweep_at != OPERATION_SLOT_NONE ? 0 : wheel_next_due_ns(t->wheel);
}

/* To be called when mode or policy change; attempts under way are left alone. `policy` stays the
 * caller's. */
void operation_set_mode(struct operations *t, const struct mode_policy *policy, enum mode_id mode,
                        uint64_t now_ns);

static inline uint32_t operation_live(const struct operations *t)
{
	return t->pool.operations_live;
}

#endif
