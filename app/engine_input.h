/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inputs of an engine's components: each shard that has such components has an input log
 * (dataplane/shard/input.h) in the segment pool, and what they ask goes through the requester of
 * the shard's core. Where there is none (files are replayed), every request is rejected in the next
 * turn.
 *
 * Order of a turn, for no request may leave before it is written down: shards step and close their
 * turns; then, for each request, SENT is written; then the log is published; then the requester is
 * told, whose frames another core may send at any moment.
 *
 * Thread rule: build: control. step, done: the shard's core.
 */
#ifndef APP_ENGINE_INPUT_H
#define APP_ENGINE_INPUT_H

#include "app/engine.h"
#include "dataplane/request/requester.h"

struct engine_flight {   /* a request that the requester has */
	uint64_t number; /* 0: free */
	uint32_t actor;
	uint32_t slot;
	uint32_t next; /* while free */
	uint32_t reserved;
};

struct engine_input { /* of a shard */
	struct log_writer log;
	struct engine_flight *flights; /* NULL: none of its components has inputs */
	uint32_t flight_count;
	uint32_t free;
	uint16_t services[CONFIG_SERVICES_MAX]; /* their numbers in the core's requester */
};

/* Bytes of state that the shard's inputs take. */
uint64_t engine_input_bytes(const struct shard_options *o);
/* Before the shard is built. 0 or -errno with one clear line. */
int engine_input_build(struct engine *e, uint32_t shard, const struct shard_options *o,
                       char error[ENGINE_ERROR_BYTES]);
/* After the requesters are: which of their services are whose. */
void engine_input_connect(struct engine *e, uint32_t shard);

/* After the shard's step: what its components ask. Returns how much. */
uint32_t engine_input_step(struct engine *e, uint32_t shard, uint64_t now_ns);
/* A call of REQUESTER_COMPONENT ended. */
void engine_input_done(struct engine *e, const struct requester_done *done);

#endif
