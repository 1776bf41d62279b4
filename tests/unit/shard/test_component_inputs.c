/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/component_inputs.h"

#include "tests/unit/shard/asker.h"
#include "tests/unit/shard/shard_world.h"
#include "tests/unit/suite.h"

static struct group_box box;

static struct component_context *context(void)
{
	const struct group_options o =
	        asker_group(CLASS_CRITICAL, (struct selector){.kind = SELECT_ALL});

	box_init(&box, &o);
	return &box.group.contexts[0];
}

static const struct component_request get = {.method = COMPONENT_GET};

static void test_slots(void)
{
	struct component_context *c = context();
	struct component_inputs *in = c->inputs;

	for (uint64_t n = 1; n <= ASKER_OPEN; n++) {
		CU_ASSERT_EQUAL(component_request(c, &get), n);
		CU_ASSERT(component_inputs_has(in, (uint32_t)n - 1, n));
	}
	CU_ASSERT_EQUAL(component_request(c, &get), 0);
	CU_ASSERT_EQUAL(in->open, ASKER_OPEN);
	component_inputs_free(c, 3);
	component_inputs_free(c, 5);
	CU_ASSERT_FALSE(component_inputs_has(in, 3, 4));
	CU_ASSERT_EQUAL(component_request(c, &get), ASKER_OPEN + 1);
	CU_ASSERT(component_inputs_has(in, 5, ASKER_OPEN + 1)); /* last out first in */
	CU_ASSERT_FALSE(component_inputs_has(in, ASKER_OPEN, 1));
	CU_ASSERT_FALSE(component_inputs_has(in, 3, 0));
	box_finish(&box);
}

static void test_refused(void)
{
	struct component_context *c = context();
	static uint8_t bytes[COMPONENT_BYTES_MAX + 1];
	struct component_request r = get;

	r.service = 1;
	CU_ASSERT_EQUAL(component_request(c, &r), 0);
	r = get;
	r.path_bytes = COMPONENT_PATH_MAX + 1;
	CU_ASSERT_EQUAL(component_request(c, &r), 0);
	r = get;
	r.payload = bytes;
	r.payload_bytes = sizeof(bytes);
	CU_ASSERT_EQUAL(component_request(c, &r), 0);
	r = get;
	r.method = COMPONENT_DELETE + 1;
	CU_ASSERT_EQUAL(component_request(c, &r), 0);
	r = get;
	r.parallel_attempts = 4;
	CU_ASSERT_EQUAL(component_request(c, &r), 0);
	r = get;
	r.payload = bytes;
	r.payload_bytes = COMPONENT_BYTES_MAX;
	r.path = (const char *)bytes;
	r.path_bytes = COMPONENT_PATH_MAX;
	CU_ASSERT_EQUAL(component_request(c, &r), 1);
	CU_ASSERT_EQUAL(component_service(c, "orders"), 0);
	CU_ASSERT_EQUAL(component_service(c, "order"), COMPONENT_SERVICE_NONE);
	box_finish(&box);
}

/* A request's deadline counts from the turn's time; what would pass the end of time has none. */
static void test_deadline(void)
{
	struct component_context *c = context();
	struct component_request r = get;

	c->now_ns = 1000;
	r.timeout_ns = 500;
	component_request(c, &r);
	CU_ASSERT_EQUAL(c->inputs->slots[0].deadline_ns, 1500);
	r.timeout_ns = 0;
	component_request(c, &r);
	CU_ASSERT_EQUAL(c->inputs->slots[1].deadline_ns, UINT64_MAX);
	r.timeout_ns = UINT64_MAX - 1;
	component_request(c, &r);
	CU_ASSERT_EQUAL(c->inputs->slots[2].deadline_ns, UINT64_MAX);
	box_finish(&box);
}

/* A freed slot leaves no bytes behind, so that equal pasts have equal regions. */
static void test_no_trace(void)
{
	struct component_context *c = context();
	struct component_inputs *in = c->inputs;
	struct component_request r = get;

	r.tag = 5;
	r.path = "abc";
	r.path_bytes = 3;
	component_request(c, &r);
	memset(box.group.region.page_epoch, 0, box.bytes / REGION_PAGE_BYTES);
	component_inputs_free(c, 0);
	CU_ASSERT_EQUAL(in->slots[0].tag, 0);
	CU_ASSERT_EQUAL(in->slots[0].path[0], 0);
	uint64_t page = (uint64_t)((uint8_t *)&in->slots[0] - box.base) >> REGION_PAGE_SHIFT;

	CU_ASSERT_EQUAL(box.group.region.page_epoch[page], box.group.region.epoch);
	box_finish(&box);
}

static void test_timers(void)
{
	struct component_context *c = context();

	CU_ASSERT_EQUAL(component_inputs_due_ns(c->inputs), 0); /* armed by start() */
	component_timer(c, 0, UINT64_MAX);
	CU_ASSERT_EQUAL(component_inputs_due_ns(c->inputs), UINT64_MAX);
	component_timer(c, 7, 90);
	component_timer(c, 2, 80);
	CU_ASSERT_EQUAL(component_inputs_due_ns(c->inputs), 80);
	box_finish(&box);
}

/* What a group refuses to begin with. */
static void test_group_checks(void)
{
	struct component_ops ops = asker_ops;
	const struct group_component part = {.ops = &ops, .settings = &asker_settings};
	struct group_options o = asker_group(CLASS_CRITICAL, (struct selector){.kind = SELECT_ALL});
	const char *error;

	o.components = &part;
	ops.requests_max = COMPONENT_OPEN_MAX + 1;
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	CU_ASSERT_STRING_EQUAL(
	        error, "component asker: 1025 requests at a time, at most 1024 are allowed");
	ops.requests_max = 1;
	ops.on_reply = NULL;
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	CU_ASSERT_STRING_EQUAL(error, "component asker makes requests and has no on_reply");
	CU_ASSERT(group_has_inputs(&o));
	ops = probe_ops;
	CU_ASSERT_FALSE(group_has_inputs(&o));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"slots are taken and given back", test_slots},
	        {"what cannot be asked is refused", test_refused},
	        {"deadlines count from the turn", test_deadline},
	        {"a freed slot leaves no trace", test_no_trace},
	        {"the earliest timer", test_timers},
	        {"what a group refuses", test_group_checks},
	};

	return SUITE_RUN("component_inputs", tests);
}
