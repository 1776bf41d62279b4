/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/engine_input.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/engine_request.h"
#include "dataplane/shard/component_inputs.h"

#define SEGMENTS_MIN 2u
#define SEGMENTS_MAX 4u
#define BATCH        32u
#define NONE         UINT32_MAX
#define NO_SERVICE   UINT16_MAX
#define SHARD_SHIFT  32u /* in a tag; a flight's number below */

static_assert(CONFIG_SHARDS_MAX <= 1u << (REQUESTER_TAG_SHIFT - SHARD_SHIFT), "");
static_assert((int)OPERATION_SUCCESS == (int)COMPONENT_SUCCESS &&
                      (int)OPERATION_FALLBACK == (int)COMPONENT_FALLBACK &&
                      (int)OPERATION_FAILURE == (int)COMPONENT_FAILURE &&
                      (int)OPERATION_TIMEOUT == (int)COMPONENT_TIMEOUT &&
                      (int)OPERATION_REJECTED == (int)COMPONENT_REJECTED &&
                      (int)OPERATION_ABANDONED == (int)COMPONENT_ABANDONED &&
                      (int)OPERATION_UNKNOWN == (int)COMPONENT_UNKNOWN &&
                      OPERATION_OUTCOMES == COMPONENT_OUTCOMES,
              "the same outcomes");
static_assert((int)SERVICE_GET == (int)COMPONENT_GET && (int)SERVICE_PUT == (int)COMPONENT_PUT &&
                      (int)SERVICE_POST == (int)COMPONENT_POST &&
                      (int)SERVICE_DELETE == (int)COMPONENT_DELETE,
              "the same methods");
static_assert((int)OPERATION_AS_SERVICE == (int)COMPONENT_AS_SERVICE &&
                      (int)OPERATION_ON == (int)COMPONENT_YES &&
                      (int)OPERATION_OFF == (int)COMPONENT_NO &&
                      (int)OPERATION_ON == (int)CONFIG_ON && (int)OPERATION_OFF == (int)CONFIG_OFF,
              "the same choices");
static_assert(COMPONENT_RETRIES_AS_SERVICE == OPERATION_ROUNDS_AS_SERVICE &&
                      CONFIG_RETRIES_AS_SERVICE == OPERATION_ROUNDS_AS_SERVICE,
              "");

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

uint64_t engine_input_bytes(const struct shard_options *o)
{
	uint32_t components;
	uint32_t requests;

	shard_count_inputs(o, &components, &requests);
	if (components == 0)
		return 0;
	return page_up(log_control_bytes(SEGMENTS_MAX)) +
	       page_up((requests + 1) * sizeof(struct engine_flight)) + 2 * REGION_PAGE_BYTES;
}

int engine_input_build(struct engine *e, uint32_t shard, const struct shard_options *o,
                       char error[ENGINE_ERROR_BYTES])
{
	struct engine_input *in = &e->inputs[shard];
	const struct log_options lo = {.log_id = CONFIG_FEEDS_MAX + shard,
	                               .segments_min = SEGMENTS_MIN,
	                               .segments_max = SEGMENTS_MAX};
	uint64_t bytes = log_control_bytes(SEGMENTS_MAX);
	uint32_t components;

	shard_count_inputs(o, &components, &in->flight_count);
	if (components == 0)
		return 0;
	int rc = log_writer_init(&in->log, memory_place(&e->state, bytes, REGION_PAGE_BYTES), bytes,
	                         &e->pool, &lo);

	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES,
		         "shard %s: no room for the input log of its components (%s): engine.pool "
		         "needs 4MiB more for each such shard",
		         e->config->shards[shard].name, strerror(-rc));
		return rc;
	}
	in->flights = memory_place(&e->state, (in->flight_count + 1) * sizeof(*in->flights),
	                           REGION_PAGE_BYTES);
	in->free = in->flight_count == 0 ? NONE : 0;
	for (uint32_t i = 0; i < in->flight_count; i++)
		in->flights[i].next = i + 1 < in->flight_count ? i + 1 : NONE;
	return 0;
}

void engine_input_connect(struct engine *e, uint32_t shard)
{
	struct engine_input *in = &e->inputs[shard];
	const struct engine_requester *r = e->cores[e->config->shards[shard].core].requester;

	memset(in->services, 0xff, sizeof(in->services));
	for (uint32_t i = 0; r != NULL && i < r->service_count; i++)
		if (r->asked[i].service != CONFIG_NONE)
			in->services[r->asked[i].service] = (uint16_t)i;
}

static void reply(struct engine *e, uint32_t shard, const struct shard_request *q, uint8_t outcome)
{
	const struct shard_reply r = {
	        .number = q->number, .actor = q->actor, .slot = q->slot, .outcome = outcome};

	shard_on_reply(e->shards[shard], &r);
}

static void give_back(struct engine_input *in, struct engine_flight *f)
{
	f->number = 0;
	f->next = in->free;
	in->free = (uint32_t)(f - in->flights);
}

/* A flight that the requester has for this very request: a group that lived through its past once
 * more asks again for what is under way. */
static bool is_under_way(const struct engine_input *in, const struct shard_request *q)
{
	for (uint32_t i = 0; i < in->flight_count; i++)
		if (in->flights[i].number == q->number && in->flights[i].actor == q->actor)
			return true;
	return false;
}

static struct requester_call call_of(const struct engine *e, uint32_t number,
                                     const struct component_slot *s, uint64_t now_ns)
{
	const struct config_service *c = &e->config->services[s->service];
	uint8_t class = s->critical == COMPONENT_YES  ? WORK_CRITICAL
	                : s->critical == COMPONENT_NO ? WORK_NORMAL
	                                              : (uint8_t)c->class;
	const struct config_operations *o = &c->operations[class];
	uint64_t deadline_ns = s->deadline_ns;

	if (deadline_ns == UINT64_MAX && o->deadline_ns < UINT64_MAX - now_ns)
		deadline_ns = now_ns + o->deadline_ns;
	return (struct requester_call){
	        .request = {.path = (const uint8_t *)s->path,
	                    .path_bytes = s->path_bytes,
	                    .payload = s->payload,
	                    .payload_bytes = s->payload_bytes,
	                    .method = s->method},
	        .deadline_ns = deadline_ns,
	        .expected_ns = s->expected_ns,
	        .service = number,
	        .class = class,
	        .parallel_attempts =
	                s->parallel_attempts != 0 ? s->parallel_attempts : o->parallel_attempts,
	        .max_retries = s->max_retries != COMPONENT_RETRIES_AS_SERVICE ? s->max_retries
	                                                                      : o->max_retries,
	        .latency_optimization = s->latency_optimization != COMPONENT_AS_SERVICE
	                                        ? s->latency_optimization
	                                        : o->latency_optimization,
	        .fallback = s->fallback != 0,
	};
}

/* Whether the request may leave now; it is answered if not. */
static bool may_leave(struct engine *e, uint32_t shard, const struct shard_request *q)
{
	const struct engine_input *in = &e->inputs[shard];
	const struct engine_requester *r = e->cores[e->config->shards[shard].core].requester;
	uint32_t number = in->services[q->what->service];

	if (q->may_have_been_sent && is_under_way(in, q))
		return false;
	if (r == NULL || number == NO_SERVICE || in->free == NONE) {
		reply(e, shard, q, q->may_have_been_sent ? COMPONENT_UNKNOWN : COMPONENT_REJECTED);
		return false;
	}
	const struct requester_service_options *o = &r->services[number];
	const struct service_request request = {.method = q->what->method};

	if (q->may_have_been_sent &&
	    o->codec->repeat(&request, o->reorder_safe) == OPERATION_ONCE) {
		reply(e, shard, q, COMPONENT_UNKNOWN);
		return false;
	}
	if (!shard_on_sent(e->shards[shard], q)) {
		reply(e, shard, q, COMPONENT_REJECTED);
		return false;
	}
	return true;
}

static void submit(struct engine *e, uint32_t shard, const struct shard_request *q, uint64_t now_ns)
{
	struct engine_input *in = &e->inputs[shard];
	struct engine_requester *r = e->cores[e->config->shards[shard].core].requester;
	struct requester_call call = call_of(e, in->services[q->what->service], q->what, now_ns);
	struct requester_done done;

	if (in->free == NONE) { /* requests of a group's former life hold them */
		reply(e, shard, q, COMPONENT_REJECTED);
		return;
	}
	struct engine_flight *f = &in->flights[in->free];

	call.tag = requester_tag(REQUESTER_COMPONENT, (uint64_t)shard << SHARD_SHIFT | in->free);
	in->free = f->next;
	*f = (struct engine_flight){.number = q->number, .actor = q->actor, .slot = q->slot};
	requester_submit(&r->requester, &call, now_ns, &done);
	if (done.outcome != REQUESTER_UNDER_WAY)
		engine_input_done(e, &done);
}

uint32_t engine_input_step(struct engine *e, uint32_t shard, uint64_t now_ns)
{
	struct shard_request batch[BATCH];
	uint32_t asked = 0;
	uint32_t count;

	do {
		struct shard_request q;

		for (count = 0; count < BATCH && shard_next_request(e->shards[shard], &q); asked++)
			if (may_leave(e, shard, &q))
				batch[count++] = q;
		if (count != 0)
			shard_publish_inputs(e->shards[shard]);
		for (uint32_t i = 0; i < count; i++)
			submit(e, shard, &batch[i], now_ns);
	} while (count == BATCH);
	return asked;
}

void engine_input_done(struct engine *e, const struct requester_done *done)
{
	uint64_t rest = done->tag & ((1ull << REQUESTER_TAG_SHIFT) - 1);
	uint32_t shard = (uint32_t)(rest >> SHARD_SHIFT);
	struct engine_input *in = &e->inputs[shard];
	struct engine_flight *f = &in->flights[(uint32_t)rest];
	const struct shard_reply r = {
	        .number = f->number,
	        .payload = done->payload,
	        .actor = f->actor,
	        .slot = f->slot,
	        .payload_bytes = done->payload == NULL ? 0 : done->payload_bytes,
	        .code = done->code,
	        .outcome = done->outcome,
	};

	assert((uint32_t)rest < in->flight_count);
	assert(f->number != 0);
	shard_on_reply(e->shards[shard], &r);
	give_back(in, f);
}
