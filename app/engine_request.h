/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Requests of an engine: who asks whom from which core, and how frames come and go. Each core that
 * asks has a requester (dataplane/request/requester.h) in its memory: for the services, every core
 * with a shard, since components live there; for the servers of a feed, the feed's core.
 *
 * A port has one sender, the core that polls it. So each requester has a ring of frames for each
 * port that it sends by, and the polling core sends what is in them at the end of its turn, be they
 * its own or another core's. Answers come to UDP ports that are a core's alone; the polling core's
 * receiver knows them and hands them over (engine_lines.c).
 *
 * The control core resolves the stations (engine_host.c), merges what the cores published into the
 * facts of modes, and publishes the mode as one word, which each core reads once per turn.
 *
 * Thread rule: plan, build, open, close, free, control: control. step, on_reply: the requester's
 * core. send: the polling core.
 */
#ifndef APP_ENGINE_REQUEST_H
#define APP_ENGINE_REQUEST_H

#include "app/engine.h"
#include "dataplane/request/requester.h"

/* Frames that wait for a port, of each core that sends by it. */
#define ENGINE_REQUEST_SLOTS 512u

struct engine_asked {     /* a service of a requester, by its number there */
	uint32_t service; /* in the configuration; CONFIG_NONE: the servers of a feed */
	uint32_t feed;    /* then */
	uint32_t shown;   /* in the shared block */
	bool is_probed;   /* a probe is under way */
	uint64_t probe_ns;
};

struct engine_requester { /* of a core; the core's alone once it turns */
	struct requester requester;
	struct requester_options options;
	struct requester_service_options *services;
	struct engine_asked *asked;
	struct engine_core *core;
	struct engine_sender
	        senders[CONFIG_PORTS_MAX]; /* by port; ring NULL: it sends none there */
	uint64_t bytes;
	uint64_t mode_word; /* last seen */
	uint32_t service_count;
};

/* Works out who asks whom. 0, or -errno with one clear line. */
int engine_requests_plan(struct engine *e, char error[ENGINE_ERROR_BYTES]);
uint64_t engine_requests_bytes(const struct engine *e);
/* Places requesters in the state memory. */
int engine_requests_build(struct engine *e, char error[ENGINE_ERROR_BYTES]);
/* Tells each polling core's receiver where answers come. */
int engine_requests_build_replies(struct engine *e, char error[ENGINE_ERROR_BYTES]);
void engine_requests_describe(struct engine *e);
/* All ports are open. */
void engine_requests_open(struct engine *e);
void engine_requests_close(struct engine *e);
void engine_requests_free(struct engine *e);

/* Whether the core asks by the port. */
bool engine_requests_use(const struct engine *e, uint32_t core, uint32_t port);
/* Once per turn, after the turn's packets and before gaps age. Returns what ended. */
uint32_t engine_request_step(struct engine_requester *r, uint64_t now_ns);
void engine_request_publish(struct engine_requester *r);
/* At the end of the polling core's turn. */
void engine_request_send(struct engine_sender *s);

/* Control, a few times per second: the mode. */
void engine_requests_control(struct engine *e, uint64_t now_ns);

/* engine_recovery.c: the ladders of the core's feeds. */
uint32_t engine_recovery_step(struct engine_requester *r, uint64_t now_ns);
void engine_recovery_done(struct engine_requester *r, const struct requester_done *done,
                          uint64_t now_ns);
bool engine_recovery_expects(void *context, uint64_t tag, const struct service_answer *answer);
int engine_recovery_init(struct engine *e, uint32_t feed, char error[ENGINE_ERROR_BYTES]);

#endif
