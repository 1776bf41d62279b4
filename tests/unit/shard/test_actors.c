/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A shard's components are told what came for them: in which turn, in what order, and what is
 * written before.
 */
#include "tests/unit/shard/asker.h"
#include "tests/unit/shard/random_day.h"
#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

struct scene {
	struct world world;
	struct input_world inputs;
	struct shard_box box;
	struct component_settings settings;
	struct component_setting setting;
	struct group_component part;
};

/* A critical group 0 and a normal group 1, each with an asker that may fail. */
static struct scene *scene_create(const char *key, const char *value)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct group_options o[2] = {
	        asker_group(CLASS_CRITICAL, (struct selector){.kind = SELECT_ALL}),
	        asker_group(CLASS_NORMAL, (struct selector){.kind = SELECT_ALL}),
	};

	s->setting = (struct component_setting){.key = key, .value = value};
	s->settings = (struct component_settings){
	        .name = "asker", .items = &s->setting, .count = key != NULL};
	s->part = (struct group_component){.ops = &asker_ops, .settings = &s->settings};
	o[0].components = &s->part;
	world_init(&s->world, &protocol_itch50, 64);
	input_world_init(&s->inputs);
	shard_box_start_with(&s->box, &s->world, 0, o, 2, false, &s->inputs.log);
	return s;
}

static void scene_destroy(struct scene *s)
{
	shard_box_finish(&s->box);
	input_world_finish(&s->inputs);
	world_finish(&s->world);
	free(s);
}

static struct asker_state *state(struct scene *s, uint32_t group)
{
	return asker_of(&s->box.groups[group].group);
}

static uint64_t ask(struct scene *s, uint32_t group)
{
	const struct component_request r = {.method = COMPONENT_POST, .tag = 40 + group};

	state(s, group)->asked++;
	return component_request(&s->box.groups[group].group.contexts[0], &r);
}

static struct shard_reply reply_to(const struct shard_request *r)
{
	return (struct shard_reply){.number = r->number,
	                            .actor = r->actor,
	                            .slot = r->slot,
	                            .payload = (const uint8_t *)"yes",
	                            .payload_bytes = 3,
	                            .code = 69,
	                            .outcome = COMPONENT_SUCCESS};
}

static void drain(struct scene *s)
{
	struct shard_request r;

	while (shard_next_request(s->box.shard, &r))
		;
}

static void test_ask_and_reply(void)
{
	struct scene *s = scene_create(NULL, NULL);
	struct shard_request r;

	shard_step(s->box.shard, 10);
	drain(s);
	uint64_t number = ask(s, 1);

	CU_ASSERT(shard_next_request(s->box.shard, &r));
	CU_ASSERT_EQUAL(r.number, number);
	CU_ASSERT_EQUAL(r.actor, 1);
	CU_ASSERT_EQUAL(r.what->tag, 41);
	CU_ASSERT_EQUAL(r.what->method, COMPONENT_POST);
	CU_ASSERT_FALSE(r.may_have_been_sent);
	CU_ASSERT(shard_on_sent(s->box.shard, &r));
	CU_ASSERT_EQUAL(r.what->state, COMPONENT_SLOT_SENT);

	const struct shard_reply answer = reply_to(&r);
	uint64_t replies = state(s, 1)->replies;

	CU_ASSERT(shard_on_reply(s->box.shard, &answer));
	CU_ASSERT_FALSE(shard_on_reply(s->box.shard, &answer)); /* it has its reply */
	CU_ASSERT_EQUAL(state(s, 1)->replies, replies);         /* not before the next turn */
	shard_step(s->box.shard, 20);
	CU_ASSERT_EQUAL(state(s, 1)->replies, replies + 1);
	CU_ASSERT_EQUAL(state(s, 1)->twice, 0);
	CU_ASSERT_FALSE(shard_on_reply(s->box.shard, &answer)); /* it is over */
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->replies_unexpected, 2);
	scene_destroy(s);
}

static void test_replies_to_nobody(void)
{
	struct scene *s = scene_create(NULL, NULL);
	struct shard_request r;

	ask(s, 0);
	CU_ASSERT(shard_next_request(s->box.shard, &r));
	struct shard_reply a = reply_to(&r);

	a.number++;
	CU_ASSERT_FALSE(shard_on_reply(s->box.shard, &a));
	a = reply_to(&r);
	a.actor = 2;
	CU_ASSERT_FALSE(shard_on_reply(s->box.shard, &a));
	a = reply_to(&r);
	a.slot = ASKER_OPEN;
	CU_ASSERT_FALSE(shard_on_reply(s->box.shard, &a));
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->replies_unexpected, 3);
	scene_destroy(s);
}

/* A reply that has no room is told as a failure, with its code. */
static void test_reply_too_long(void)
{
	struct scene *s = scene_create(NULL, NULL);
	static const uint8_t bytes[COMPONENT_BYTES_MAX + 1];
	struct shard_request r;

	ask(s, 0);
	CU_ASSERT(shard_next_request(s->box.shard, &r));
	struct shard_reply a = reply_to(&r);

	a.payload = bytes;
	a.payload_bytes = sizeof(bytes);
	CU_ASSERT(shard_on_reply(s->box.shard, &a));
	shard_step(s->box.shard, 10);
	CU_ASSERT_EQUAL(state(s, 0)->outcomes[COMPONENT_FAILURE], 1);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->replies_too_long, 1);
	scene_destroy(s);
}

/* What comes for a group that is detached waits until it is back. */
static void test_detached_waits(void)
{
	struct scene *s = scene_create(NULL, NULL);
	const struct input_place place = {.group = 0, .component = 0};
	struct shard_request r;

	shard_step(s->box.shard, 10);
	drain(s);
	uint64_t timers = state(s, 0)->timers;

	ask(s, 0);
	CU_ASSERT(shard_next_request(s->box.shard, &r));
	const struct shard_reply a = reply_to(&r);

	shard_detach(s->box.shard, 0);
	CU_ASSERT(shard_on_reply(s->box.shard, &a));
	CU_ASSERT(shard_on_command(s->box.shard, &place, (const uint8_t *)"go", 2));
	for (uint64_t now = 1000; now < 5000; now += 1000)
		shard_step(s->box.shard, now);
	CU_ASSERT_EQUAL(state(s, 0)->replies, 0);
	CU_ASSERT_EQUAL(state(s, 0)->commands, 0);
	CU_ASSERT_EQUAL(state(s, 0)->timers, timers);
	CU_ASSERT(state(s, 1)->timers > timers); /* the others go on */
	shard_reattach(s->box.shard, 0);
	shard_step(s->box.shard, 6000);
	shard_step(s->box.shard, 6001);
	CU_ASSERT_EQUAL(state(s, 0)->replies, 1);
	CU_ASSERT_EQUAL(state(s, 0)->commands, 1);
	CU_ASSERT_EQUAL(state(s, 0)->timers, timers + 1);
	scene_destroy(s);
}

static void test_timer(void)
{
	struct scene *s = scene_create(NULL, NULL);

	shard_step(s->box.shard, 10);
	uint64_t timers = state(s, 0)->timers;

	CU_ASSERT_EQUAL(timers, 1); /* armed by start() */
	component_timer(&s->box.groups[0].group.contexts[0], 0, UINT64_MAX);
	component_timer(&s->box.groups[0].group.contexts[0], 3, 100);
	CU_ASSERT(shard_due_ns(s->box.shard) <= 100);
	shard_step(s->box.shard, 99);
	CU_ASSERT_EQUAL(state(s, 0)->timers, timers);
	shard_step(s->box.shard, 100);
	CU_ASSERT_EQUAL(state(s, 0)->timers, timers + 1);
	shard_step(s->box.shard, 200);
	CU_ASSERT_EQUAL(state(s, 0)->timers, timers + 1);
	scene_destroy(s);
}

static void test_commands(void)
{
	struct scene *s = scene_create(NULL, NULL);
	struct input_place to = {.group = 1, .component = 0};
	static const uint8_t bytes[COMPONENT_BYTES_MAX + 1];

	for (uint32_t i = 0; i < SHARD_COMMANDS_MAX; i++)
		CU_ASSERT(shard_on_command(s->box.shard, &to, bytes, COMPONENT_BYTES_MAX));
	CU_ASSERT_FALSE(shard_on_command(s->box.shard, &to, bytes, 1));
	shard_step(s->box.shard, 10);
	CU_ASSERT_EQUAL(state(s, 1)->commands, SHARD_COMMANDS_MAX);
	CU_ASSERT_FALSE(shard_on_command(s->box.shard, &to, bytes, COMPONENT_BYTES_MAX + 1));
	to.component = 1;
	CU_ASSERT_FALSE(shard_on_command(s->box.shard, &to, bytes, 1));
	to = (struct input_place){.group = 2};
	CU_ASSERT_FALSE(shard_on_command(s->box.shard, &to, bytes, 1));
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->commands_refused, 4);
	scene_destroy(s);
}

/* Failing on an input puts the group into quarantine; the other one goes on. */
static void fails_on(const char *key)
{
	struct scene *s = scene_create(key, "1");
	const struct input_place to = {.group = 0, .component = 0};
	struct shard_request r;

	ask(s, 0);
	while (shard_next_request(s->box.shard, &r)) {
		const struct shard_reply a = reply_to(&r);

		shard_on_reply(s->box.shard, &a);
	}
	shard_on_command(s->box.shard, &to, (const uint8_t *)"go", 2);
	shard_step(s->box.shard, 10);
	CU_ASSERT_EQUAL(s->box.groups[0].group.state, GROUP_QUARANTINED);
	CU_ASSERT_EQUAL(s->box.groups[0].group.stats.failures, 1);
	CU_ASSERT_EQUAL(s->box.groups[1].group.state, GROUP_ATTACHED);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->groups_quarantined, 1);
	uint64_t timers = state(s, 0)->timers;

	shard_step(s->box.shard, 5000);
	CU_ASSERT_EQUAL(state(s, 0)->timers, timers);
	scene_destroy(s);
}

static void test_failures(void)
{
	fails_on("fail_reply");
	fails_on("fail_timer");
	fails_on("fail_command");
}

/* Groups with inputs need a log to write them to. */
static void test_needs_a_log(void)
{
	struct scene *s = scene_create(NULL, NULL);
	struct shard_options o = s->box.shard->options;

	CU_ASSERT(shard_bytes(&o) > 0);
	o.inputs = NULL;
	CU_ASSERT_EQUAL(shard_bytes(&o), 0);
	scene_destroy(s);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"a request and its reply", test_ask_and_reply},
	        {"replies to nobody", test_replies_to_nobody},
	        {"a reply without room", test_reply_too_long},
	        {"a detached group's inputs wait", test_detached_waits},
	        {"timers", test_timer},
	        {"commands", test_commands},
	        {"failing on an input", test_failures},
	        {"inputs need a log", test_needs_a_log},
	};

	return SUITE_RUN("actors", tests);
}
