/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Requester: where operations meet packets. One per core. The clerk (resilience/operation.h) says
 * "send this to that node"; here the request is put into the service's words (service_codec.h),
 * into a frame, and into the ring of the port that the service is reached by. What comes back is
 * held against who was asked and what was asked, and told to the clerk, until he says that the
 * operation is done.
 *
 *   verdict = requester_submit(r, &call, now, &done)     perhaps ended by that: done->outcome
 *   requester_on_datagram(r, &datagram, port, now, &done)  1: an operation ended
 *   requester_poll(r, now, done, max)                      what ended by time
 *
 * A call that was accepted ends exactly once: in submit itself, in on_datagram, or in poll. A
 * reply counts only if it came to the source port and the address of the service from the address
 * and the port of one of its nodes, and the codec knows the attempt: anything else is counted by
 * what was wrong with it and completes nothing.
 *
 * What cannot be sent (no message id, no room in the ring, a node whose MAC is not known yet) is
 * nobody's failure, and the operation goes on as its retries allow; a node whose station does not
 * answer ARP is unreachable. Frames wait in the ring of their port until app/ sends them.
 *
 * A write (PUT, POST, DELETE) is never sent again once a later write to the same path was
 * submitted: its late copy would undo the newer one. Such an operation ends abandoned. Paths are
 * told apart by a hash; where two meet, a retry too many is given up, never sent.
 *
 * One owner, a core, except for the rings' other ends and the neighbours' writer. Pure: time and
 * memory are given.
 */
#ifndef DATAPLANE_REQUEST_REQUESTER_H
#define DATAPLANE_REQUEST_REQUESTER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/request/neighbours.h"
#include "dataplane/request/service_codec.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/frame_ring.h"
#include "resilience/operation.h"

#define REQUESTER_PORTS_MAX    16u
#define REQUESTER_SERVICES_MAX 512u
#define REQUESTER_ALIGN        64u
#define REQUESTER_DONE_MIN     8u
/* done->outcome of a call that goes on. */
#define REQUESTER_UNDER_WAY UINT8_MAX

/* Who asks: the top 8 bits of a tag. The rest is theirs. */
enum requester_asker { REQUESTER_COMPONENT, REQUESTER_LADDER, REQUESTER_PROBE };

#define REQUESTER_TAG_SHIFT 56u

static inline uint64_t requester_tag(enum requester_asker asker, uint64_t rest)
{
	return (uint64_t)asker << REQUESTER_TAG_SHIFT |
	       (rest & ((1ull << REQUESTER_TAG_SHIFT) - 1));
}

static inline enum requester_asker requester_asker(uint64_t tag)
{
	return (enum requester_asker)(tag >> REQUESTER_TAG_SHIFT);
}

struct requester_call {
	struct service_request request; /* its bytes stay as they are until the call has ended */
	uint64_t tag;
	uint64_t deadline_ns; /* UINT64_MAX: none */
	uint64_t expected_ns; /* latency of an attempt; 0: what the service has learned */
	uint32_t service;
	uint8_t class;                /* enum work_class */
	uint8_t parallel_attempts;    /* 0: the service's */
	uint8_t max_retries;          /* OPERATION_ROUNDS_AS_SERVICE */
	uint8_t latency_optimization; /* enum operation_choice */
	bool fallback;                /* the caller has another answer ready */
	bool reorder_safe;            /* of this one, whatever its service is */
};

struct requester_done {
	uint64_t tag;
	uint64_t operation; /* 0: it was not accepted */
	uint64_t latency_ns;
	const uint8_t *payload; /* into the datagram that ended it; NULL: none did */
	uint32_t payload_bytes;
	uint32_t service;
	uint16_t code;   /* of that datagram, as the codec has it */
	uint8_t outcome; /* enum operation_outcome, or REQUESTER_UNDER_WAY */
	uint8_t verdict; /* enum operation_verdict, of one that was not accepted */
	uint8_t node;    /* who answered; OPERATION_NODE_UNKNOWN: nobody */
};

struct requester_node {
	uint32_t address;   /* host order */
	uint32_t neighbour; /* the station it is reached through */
	uint16_t udp_port;
};

struct requester_service_options {
	const struct service_options *resilience;
	const struct service_codec *codec;
	struct service_coap_options coap;
	struct requester_node nodes[SERVICE_NODES_MAX]; /* resilience->nodes of them */
	uint64_t slow_ns;                               /* from here a success counts as slow */
	uint32_t attempts_max;                          /* under way at a time; more: unsent */
	uint16_t source_port;                           /* the first */
	uint16_t source_ports;
	uint8_t port; /* by which its nodes are reached */
	bool reorder_safe;
};

/* All of it outlives the requester. */
struct requester_options {
	const struct requester_service_options *services;
	struct neighbours *neighbours;
	/* Whether a good reply can be what the call with this tag wants, asked before it completes
	 * it; one that cannot is unexpected. NULL: the codec's word is enough. */
	bool (*expects)(void *context, uint64_t tag, const struct service_answer *answer);
	void *context;
	uint64_t tick_ns;   /* of the wheel */
	uint64_t late_ns;   /* how long replies are awaited that come late */
	uint64_t first_use; /* of tokens: another for every start */
	uint64_t seed;
	uint32_t service_count; /* 1 to REQUESTER_SERVICES_MAX */
	uint32_t operations_max;
	uint32_t attempts_max; /* operations_max or more */
	uint32_t frame_bytes_max;
};

/* A port as the core sends by it. */
struct requester_port {
	struct frame_ring *out; /* NULL: there is none */
	uint64_t mac;
	uint32_t address;
	uint32_t frame_bytes_max;
	uint16_t vlan;
};

/* ids, units and help in dataplane/stats.h. */
struct requester_stats {
	uint64_t sent;
	uint64_t sent_bytes;
	uint64_t unsent_id;   /* no message id was free */
	uint64_t unsent_room; /* the port's ring was full */
	uint64_t unsent_mac;  /* the station's MAC is not known yet */
	uint64_t unsent_port; /* the port has no ring */
	uint64_t unreachable; /* the station does not answer ARP */
	uint64_t too_long;
	uint64_t unspeakable;
	uint64_t superseded; /* writes given up for a later one */
	uint64_t datagrams;  /* that came to a source port */
	uint64_t foreign;    /* of these: not from a node, or not to the service's address */
	uint64_t replies;    /* of these: to an attempt */
	uint64_t progress;
	uint64_t refused;
	uint64_t unusable;
	uint64_t malformed;
	uint64_t unexpected;
	uint64_t receipts;
	uint64_t receipts_unsent;
	uint64_t operations; /* gauge: under way */
};

struct requester_service_stats {
	uint64_t submitted;
	uint64_t refused;                      /* by verdict: not let in */
	uint64_t outcomes[OPERATION_OUTCOMES]; /* of what was let in */
	uint64_t attempts;                     /* sent */
	uint64_t hedges;                       /* of these */
	uint64_t slow;                         /* successes that took slow_ns or longer */
	uint64_t replies;                      /* to attempts, good or bad */
	uint64_t bad_replies;                  /* malformed, unexpected, foreign */
};

struct requester_service {
	const struct requester_service_options *options;
	void *codec_state;
	struct requester_service_stats stats;
	uint32_t source_turn;
	uint8_t silent; /* nodes whose station is known not to answer: a bit each */
};

struct requester_flight { /* by the operation's slot */
	struct service_request request;
	uint64_t serial; /* of a write; 0: it is none */
	uint32_t bucket;
	uint32_t reserved;
};

struct requester_route { /* open addressing; free: source_port 0 */
	uint16_t source_port;
	uint16_t service;
};

/* Room for what a poll, or a fact, makes operations say: see requester_drain(). */
#define REQUESTER_OUTPUTS_MAX 256u

struct requester {
	struct operations operations;
	struct requester_stats stats;
	struct operation_options operation_options;
	const struct requester_options *options;
	struct requester_service *services;
	struct requester_flight *flights;
	uint64_t *writes; /* per bucket of paths: serial of the latest write */
	struct requester_route *routes;
	uint8_t *frame; /* being built */
	struct requester_port ports[REQUESTER_PORTS_MAX];
	struct service *machines; /* of resilience, by service */
	struct prng *prng;
	const struct mode_policy *policy; /* NULL: not yet said */
	uint64_t next_serial;
	uint64_t mode;
	uint32_t write_mask;
	uint32_t route_mask;
	uint32_t first_output; /* not yet read */
	struct operation_outputs out;
	struct operation_output items[REQUESTER_OUTPUTS_MAX];
};

/* 0: the options are out of bounds. */
uint64_t requester_bytes(const struct requester_options *o);
/* memory: REQUESTER_ALIGN aligned, requester_bytes(). 0, or -EINVAL with *why. */
int requester_init(struct requester *r, void *memory, const struct requester_options *o,
                   uint64_t now_ns, const char **why);
/* Before the first turn; what is to be sent by a port that was not set is unsent. */
void requester_set_port(struct requester *r, uint32_t port, const struct requester_port *p);

/* Not ACCEPTED: it has ended, and *done says how. ACCEPTED: *done says so too if it ended at once,
 * else done->outcome is REQUESTER_UNDER_WAY, and done->operation is for requester_recall(). */
enum operation_verdict requester_submit(struct requester *r, const struct requester_call *c,
                                        uint64_t now_ns, struct requester_done *done);
/* A datagram to one of the core's source ports. 1: *done was ended by it, its payload good until
 * the datagram goes; else 0. */
uint32_t requester_on_datagram(struct requester *r, const struct datagram *d, uint8_t port,
                               uint64_t now_ns, struct requester_done *done);
/* Once per turn: how many ended by time, at most `max`, REQUESTER_DONE_MIN or more. What did not
 * fit comes with the next poll. */
uint32_t requester_poll(struct requester *r, uint64_t now_ns, struct requester_done *done,
                        uint32_t max);
/* The caller does not want it any more. True: *done is its end; false: it has ended before. */
bool requester_recall(struct requester *r, uint64_t operation, uint64_t now_ns,
                      struct requester_done *done);
/* Cheap where nothing changed. */
void requester_set_mode(struct requester *r, const struct mode_policy *policy, enum mode_id mode,
                        uint64_t now_ns);

/* Whether the source port is one of this core's. */
bool requester_has_source_port(const struct requester *r, uint16_t source_port);

static inline const struct service *requester_machine(const struct requester *r, uint32_t service)
{
	return &r->machines[service];
}

#endif
