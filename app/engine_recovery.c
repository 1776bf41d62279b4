/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Recovery: between a feed's ladder (dataplane/feed/ladder.h), which says what is missing and what
 * to ask for, and the requester of its core, which asks. What servers bring goes to the arbiter
 * like a line's packets, and counts as brought by none.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/clock.h"
#include "app/engine_request.h"

#define OUTPUTS_MAX 16u

static_assert(LADDER_TAG_BITS + 8 <= REQUESTER_TAG_SHIFT, "a feed's number stands between them");

int engine_recovery_init(struct engine *e, uint32_t feed, char error[ENGINE_ERROR_BYTES])
{
	const struct config_feed *c = &e->config->feeds[feed];
	struct engine_feed *f = &e->feeds[feed];
	struct ladder_options o;

	if (strcmp(f->receive.protocol->transport, "moldudp64") != 0) {
		snprintf(error, ENGINE_ERROR_BYTES,
		         "feed %s: its recovery servers speak MoldUDP64, and %s comes by %s",
		         c->name, c->protocol, f->receive.protocol->transport);
		return -EINVAL;
	}
	ladder_options_standard(&o, c->gap_hold_max_ns);
	o.wait_ns = c->recovery.wait_ns;
	o.deadline_ns = c->recovery.deadline_ns;
	o.recover_max = c->recovery.recover_max;
	o.snapshot_above = c->recovery.snapshot_above;
	o.pieces = c->recovery.pieces;
	o.reply_messages = c->recovery.reply_messages;
	const char *why = ladder_options_check(&o);

	if (why == NULL &&
	    ladder_init(&f->ladder, &o,
	                requester_tag(REQUESTER_LADDER, (uint64_t)feed << LADDER_TAG_BITS),
	                clock_now_ns()) != 0)
		why = "out of bounds";
	if (why != NULL) {
		snprintf(error, ENGINE_ERROR_BYTES, "feed %s: its recovery: %s", c->name, why);
		return -EINVAL;
	}
	f->has_ladder = true;
	return 0;
}

static struct engine_feed *feed_of(const struct engine_requester *r, uint64_t tag)
{
	return &r->core->engine->feeds[tag >> LADDER_TAG_BITS & 0xff];
}

bool engine_recovery_expects(void *context, uint64_t tag, const struct service_answer *answer)
{
	const struct engine_requester *r = context;
	struct feed_packet p;

	if (requester_asker(tag) != REQUESTER_LADDER)
		return true;
	struct engine_feed *f = feed_of(r, tag);

	return f->receive.protocol->parse(answer->payload, answer->payload_bytes, &p) == FEED_OK &&
	       ladder_expects(&f->ladder, tag, &f->receive.arbiter, &p);
}

/* Before the ladder hears of it, what it brought is where it belongs. */
void engine_recovery_done(struct engine_requester *r, const struct requester_done *done,
                          uint64_t now_ns)
{
	struct engine_feed *f = feed_of(r, done->tag);
	struct ladder_end end = {.tag = done->tag,
	                         .outcome = (enum operation_outcome)done->outcome};
	struct feed_packet p;

	if (done->outcome == OPERATION_SUCCESS && done->payload != NULL &&
	    f->receive.protocol->parse(done->payload, done->payload_bytes, &p) == FEED_OK) {
		end.messages = done->code;
		end.fresh = arbiter_on_recovered(&f->receive.arbiter, &p, now_ns, TIME_TURN);
		f->receive.touched = true;
	}
	ladder_on_done(&f->ladder, &end, now_ns);
}

static void ask(struct engine_requester *r, struct engine_feed *f, uint32_t service,
                const struct ladder_output *x, uint64_t now_ns)
{
	struct requester_done done;
	const struct requester_call call = {.request = {.first_sequence = x->first_sequence,
	                                                .session = x->session,
	                                                .count = (uint32_t)x->count,
	                                                .method = SERVICE_GET},
	                                    .tag = x->tag,
	                                    .deadline_ns = x->deadline_ns,
	                                    .service = service,
	                                    .class = WORK_CRITICAL,
	                                    .max_retries = OPERATION_ROUNDS_AS_SERVICE};
	enum operation_verdict verdict = requester_submit(&r->requester, &call, now_ns, &done);

	ladder_on_verdict(&f->ladder, x->tag, verdict, done.operation, now_ns);
	if (verdict == OPERATION_ACCEPTED && done.outcome != REQUESTER_UNDER_WAY)
		engine_recovery_done(r, &done, now_ns);
}

static uint32_t step_feed(struct engine_requester *r, uint32_t service, uint64_t now_ns)
{
	struct engine_feed *f = &r->core->engine->feeds[r->asked[service].feed];
	struct ladder_output out[OUTPUTS_MAX];
	uint32_t count = ladder_poll(&f->ladder, &f->receive.arbiter, now_ns, out, OUTPUTS_MAX);

	for (uint32_t i = 0; i < count; i++) {
		struct requester_done done;

		switch ((enum ladder_output_kind)out[i].kind) {
		case LADDER_ASK:
			ask(r, f, service, &out[i], now_ns);
			break;
		case LADDER_RECALL:
			if (requester_recall(&r->requester, out[i].operation, now_ns, &done))
				engine_recovery_done(r, &done, now_ns);
			break;
		case LADDER_WANT_SNAPSHOT: /* counted by the ladder; nobody fetches them yet */
			break;
		}
	}
	return count;
}

uint32_t engine_recovery_step(struct engine_requester *r, uint64_t now_ns)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < r->service_count; i++)
		if (r->asked[i].service == CONFIG_NONE)
			moved += step_feed(r, i, now_ns);
	return moved;
}
