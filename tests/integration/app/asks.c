/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A component that asks the service `coap` for what its timer says: every method in turn, and now
 * and then a path that is not there. For test_services_live.py.
 */
#include <string.h>

#include "dataplane/shard/component.h"

#define EVERY_NS   20000000ull
#define TIMEOUT_NS 200000000ull
#define STEPS      6u

struct asks_state {
	uint64_t step;
	uint64_t wrong; /* replies that are not what the step's request deserves */
	uint64_t by_step[STEPS];
	uint64_t other; /* ends without a success */
	uint64_t refused;
	uint64_t unknown;
	uint32_t service;
	uint32_t reserved;
};

struct step {
	const char *path;
	const char *payload;
	uint8_t method;
	uint16_t code; /* class * 100 + detail of a good answer */
};

static const struct step steps[STEPS] = {
        {"time", "", COMPONENT_GET, 205},    {"made", "first", COMPONENT_PUT, 0},
        {"made", "", COMPONENT_GET, 205},    {"made", "", COMPONENT_DELETE, 202},
        {"nowhere", "", COMPONENT_GET, 404}, {"time", "x", COMPONENT_POST, 405},
};

static uint64_t asks_state_bytes(const struct component_settings *s, uint32_t symbols_max,
                                 const char **error)
{
	(void)s;
	(void)symbols_max;
	(void)error;
	return sizeof(struct asks_state);
}

static int asks_start(struct component_context *c)
{
	struct asks_state *a = c->state;

	a->service = component_service(c, "coap");
	component_timer(c, 0, 0);
	component_mark(c, a, sizeof(*a));
	return 0;
}

static enum component_verdict asks_on_timer(struct component_context *c, uint32_t timer)
{
	struct asks_state *a = c->state;
	const struct step *s = &steps[a->step % STEPS];
	const struct component_request r = {.tag = a->step % STEPS,
	                                    .timeout_ns = TIMEOUT_NS,
	                                    .service = a->service,
	                                    .method = s->method,
	                                    .path = s->path,
	                                    .path_bytes = (uint32_t)strlen(s->path),
	                                    .payload = s->payload,
	                                    .payload_bytes = (uint32_t)strlen(s->payload),
	                                    .max_retries = COMPONENT_RETRIES_AS_SERVICE};

	if (component_request(c, &r) == 0)
		a->refused++;
	component_timer(c, timer, c->now_ns + EVERY_NS);
	component_mark(c, a, sizeof(*a));
	return COMPONENT_OK;
}

static enum component_verdict asks_on_reply(struct component_context *c,
                                            const struct component_reply *r)
{
	struct asks_state *a = c->state;
	const struct step *s = &steps[r->tag];
	uint32_t code = (r->code >> 5) * 100u + (r->code & 31u);

	/* The next step waits for this one: what it makes is what that one asks for. */
	if (r->code == 0) {
		a->other++;
		a->unknown += r->outcome == COMPONENT_UNKNOWN;
	} else {
		bool is_good = s->code == 0 ? code == 201 || code == 204 : code == s->code;

		a->by_step[r->tag] += is_good;
		a->wrong += !is_good || (code < 400) != (r->outcome == COMPONENT_SUCCESS);
		a->step++;
	}
	if (r->tag == 2 && code == 205 &&
	    (r->payload_bytes != 5 || memcmp(r->payload, "first", 5) != 0))
		a->wrong++;
	for (uint32_t i = 0; i < STEPS; i++)
		c->values[i] = a->by_step[i];
	c->values[6] = a->wrong;
	c->values[7] = a->other;
	component_mark(c, a, sizeof(*a));
	return COMPONENT_OK;
}

extern const struct component_ops genesis_component;

const struct component_ops genesis_component = {
        .abi = COMPONENT_ABI,
        .name = "asks",
        .help = "Asks a service by all methods.",
        .values = {{"gets", "replies", "GETs answered."},
                   {"puts", "replies", "PUTs answered."},
                   {"got", "replies", "GETs of what was put."},
                   {"deletes", "replies", "DELETEs answered."},
                   {"missing", "replies", "4.04 where there is nothing."},
                   {"forbidden", "replies", "4.05 where it is not allowed."},
                   {"wrong", "replies", "Other answers than these."},
                   {"other", "replies", "Ends without an answer."}},
        .state_bytes = asks_state_bytes,
        .start = asks_start,
        .on_timer = asks_on_timer,
        .on_reply = asks_on_reply,
        .requests_max = 1,
};
