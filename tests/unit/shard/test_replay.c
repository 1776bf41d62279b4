/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lives of components, and the same lives once more from the logs: byte for byte the same, nothing
 * sent twice, no request without an end: test_replay [SEED [LIVES]].
 */
#include "tests/unit/shard/asker.h"
#include "tests/unit/shard/random_day.h"
#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

static uint64_t seed = 1;
static uint32_t lives = 6;

#define GROUPS     4u /* the last one has no inputs */
#define PENDING    64u
#define NUMBER_MAX 65536u

struct pending { /* a request in the hands of the owner */
	struct shard_request request;
	bool used;
	bool sent;
};

struct life {
	struct world world;
	struct input_world inputs[2]; /* of the first life and the second */
	struct script script;
	struct shard_box box[2];
	struct prng prng;
	struct pending pending[PENDING];
	uint64_t now_ns;
	uint32_t at;
	uint8_t sent[GROUPS][NUMBER_MAX]; /* how often a request that may be sent once was */
};

static void some_groups(struct group_options o[GROUPS])
{
	o[0] = asker_group(CLASS_CRITICAL,
	                   (struct selector){.kind = SELECT_HASH, .part = 0, .parts = 2});
	o[1] = asker_group(CLASS_CRITICAL, (struct selector){.kind = SELECT_ALL});
	o[2] = asker_group(CLASS_NORMAL,
	                   (struct selector){.kind = SELECT_HASH, .part = 1, .parts = 2});
	o[3] = group_all(64, 4096);
}

static struct life *life_create(uint64_t life_seed)
{
	struct life *l = calloc(1, sizeof(*l));
	struct group_options o[GROUPS];

	some_groups(o);
	prng_init(&l->prng, life_seed);
	world_init(&l->world, &protocol_itch50, 256);
	input_world_init(&l->inputs[0]);
	input_world_init(&l->inputs[1]);
	day_make(&l->script, (struct day_options){.seed = life_seed,
	                                          .symbols = 40,
	                                          .messages = 4000,
	                                          .hostile = true,
	                                          .sessions = true});
	shard_box_start_with(&l->box[0], &l->world, 0, o, GROUPS, false, &l->inputs[0].log);
	return l;
}

static void life_destroy(struct life *l)
{
	shard_box_finish(&l->box[0]);
	if (l->box[1].memory != NULL)
		shard_box_finish(&l->box[1]);
	input_world_finish(&l->inputs[0]);
	input_world_finish(&l->inputs[1]);
	script_free(&l->script);
	world_finish(&l->world);
	free(l);
}

static void answer(struct life *l, struct shard *s, struct pending *p, uint8_t outcome)
{
	uint8_t payload[32];
	const struct shard_reply r = {.number = p->request.number,
	                              .actor = p->request.actor,
	                              .slot = p->request.slot,
	                              .payload = payload,
	                              .payload_bytes = (uint32_t)prng_below(&l->prng, 32),
	                              .code = (uint16_t)prng_below(&l->prng, 200),
	                              .outcome = outcome};

	memset(payload, (int)prng_below(&l->prng, 256), sizeof(payload));
	CU_ASSERT(shard_on_reply(s, &r));
	p->used = false;
}

static struct pending *keep(struct life *l, const struct shard_request *r)
{
	for (uint32_t i = 0; i < PENDING; i++)
		if (!l->pending[i].used) {
			l->pending[i] = (struct pending){.request = *r, .used = true};
			return &l->pending[i];
		}
	abort();
}

static void send(struct life *l, struct shard *s, struct pending *p)
{
	bool once = p->request.what->method == COMPONENT_POST;

	CU_ASSERT(shard_on_sent(s, &p->request));
	p->sent = true;
	l->sent[p->request.actor][p->request.number % NUMBER_MAX] += once;
	CU_ASSERT(l->sent[p->request.actor][p->request.number % NUMBER_MAX] <= 1);
}

/* What the owner does after a turn: most requests are sent, some refused. */
static void own(struct life *l, struct shard *s)
{
	struct shard_request r;

	while (shard_next_request(s, &r)) {
		struct pending *p = keep(l, &r);

		if (r.may_have_been_sent && r.what->method == COMPONENT_POST)
			answer(l, s, p, COMPONENT_UNKNOWN);
		else if (prng_below(&l->prng, 8) == 0)
			answer(l, s, p, COMPONENT_REJECTED);
		else
			send(l, s, p);
	}
	shard_publish_inputs(s);
	for (uint32_t i = 0; i < PENDING; i++)
		if (l->pending[i].used && prng_below(&l->prng, 6) == 0)
			answer(l, s, &l->pending[i],
			       prng_below(&l->prng, 3) == 0 ? COMPONENT_TIMEOUT
			                                    : COMPONENT_SUCCESS);
}

static void disturb(struct life *l, struct shard *s)
{
	uint8_t bytes[8] = {(uint8_t)l->at};
	const struct input_place to = {.group = (uint32_t)prng_below(&l->prng, 3)};

	if (prng_below(&l->prng, 10) == 0)
		shard_on_command(s, &to, bytes, (uint32_t)prng_below(&l->prng, 8));
	if (prng_below(&l->prng, 25) == 0)
		shard_detach(s, (uint32_t)prng_below(&l->prng, GROUPS));
	for (uint32_t i = 0; i < GROUPS; i++)
		if (prng_below(&l->prng, 12) == 0)
			shard_reattach(s, i);
}

static void play(struct life *l)
{
	uint32_t to = l->at + (uint32_t)prng_below(&l->prng, 60);

	to = to < l->script.count ? to : l->script.count;
	world_play_part(&l->world, &l->script, l->at, to, 0, &l->prng);
	l->at = to;
}

static void turns(struct life *l, struct shard *s, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (prng_below(&l->prng, 2) == 0)
			play(l);
		disturb(l, s);
		l->now_ns += prng_below(&l->prng, 300);
		shard_step(s, l->now_ns);
		own(l, s);
	}
}

static struct log_cursor reader(struct log_writer *w)
{
	struct log l = w->log;
	struct log_cursor c;

	cursor_init(&c, &l, (uint32_t)log_cursor_register(&l, LOG_CLAIM_LIVE, true));
	return c;
}

static void replay_group(struct life *l, uint32_t group)
{
	struct shard *s = l->box[1].shard;
	struct log_cursor c = reader(&l->inputs[0].log);
	const struct record *r;

	CU_ASSERT_EQUAL(shard_replay_begin(s, group), 0);
	CU_ASSERT_EQUAL(shard_replay_begin(s, group), -EBUSY);
	while ((r = cursor_next(&c)) != NULL)
		CU_ASSERT_EQUAL(shard_replay_input(s, r), SHARD_REPLAYED);
	CU_ASSERT(box_equal(&l->box[0].groups[group], &l->box[1].groups[group]));
	/* Others live on meanwhile; the one that is replayed is left alone. */
	shard_step(s, l->now_ns);
	CU_ASSERT(box_equal(&l->box[0].groups[group], &l->box[1].groups[group]));
	shard_replay_end(s);
	log_cursor_unregister(&c.log, c.slot);
}

/* What the dead owner had under way and what the new one is handed must be the same. */
static void check_handed(struct life *l, uint32_t group)
{
	struct shard_request r;
	uint32_t count = 0;
	uint32_t open = 0;

	for (uint32_t i = 0; i < PENDING; i++)
		open += l->pending[i].used && l->pending[i].request.actor == group;
	while (shard_next_request(l->box[1].shard, &r)) {
		bool found = false;

		CU_ASSERT_EQUAL(r.actor, group);
		count++;
		for (uint32_t i = 0; i < PENDING; i++) {
			struct pending *p = &l->pending[i];

			if (!p->used || p->request.actor != group || p->request.number != r.number)
				continue;
			found = true;
			CU_ASSERT_EQUAL(p->sent, r.may_have_been_sent);
			p->request = r;
		}
		/* Its reply had come, and was not written down yet. */
		if (!found)
			*keep(l, &r) = (struct pending){
			        .request = r, .used = true, .sent = r.may_have_been_sent};
	}
	CU_ASSERT(count >= open);
}

/* The first life ends between two turns; a second shard replays it from the logs. */
static void replay_all(struct life *l)
{
	struct group_options o[GROUPS];

	some_groups(o);
	shard_box_start_with(&l->box[1], &l->world, 1, o, GROUPS, false, &l->inputs[1].log);
	for (uint32_t i = 0; i < GROUPS - 1; i++)
		shard_detach(l->box[1].shard, i);
	for (uint32_t i = 0; i < GROUPS - 1; i++) {
		replay_group(l, i);
		if (i == 0) { /* it dies again, with all it had */
			shard_detach(l->box[1].shard, i);
			while (shard_step(l->box[1].shard, l->now_ns) > 0)
				;
			CU_ASSERT_EQUAL(shard_restart(l->box[1].shard, i), 0);
			replay_group(l, i);
		}
		check_handed(l, i);
	}
	CU_ASSERT_EQUAL(shard_stats(l->box[1].shard)->requests_sent, 0);
	/* What may be asked again is, the rest is unknown. */
	for (uint32_t i = 0; i < PENDING; i++) {
		struct pending *p = &l->pending[i];

		if (!p->used)
			continue;
		if (p->sent && p->request.what->method == COMPONENT_POST)
			answer(l, l->box[1].shard, p, COMPONENT_UNKNOWN);
		else if (!p->sent)
			send(l, l->box[1].shard, p);
	}
}

/* Until the day is over, everybody is back and nothing is under way. */
static void finish(struct life *l, struct shard_box *b)
{
	for (uint32_t i = 0; i < 4000 && l->at < l->script.count; i++)
		turns(l, b->shard, 1);
	for (uint32_t i = 0; i < GROUPS; i++)
		shard_reattach(b->shard, i);
	for (uint32_t n = 0; n < 400; n++) {
		struct shard_request r;

		shard_step(b->shard, l->now_ns);
		while (shard_next_request(b->shard, &r))
			answer(l, b->shard, keep(l, &r), COMPONENT_REJECTED);
		for (uint32_t i = 0; i < PENDING; i++)
			if (l->pending[i].used)
				answer(l, b->shard, &l->pending[i], COMPONENT_SUCCESS);
	}
	CU_ASSERT(shard_at_head(b->shard));
}

static void check_ends(struct shard_box *b)
{
	for (uint32_t i = 0; i < GROUPS - 1; i++) {
		const struct asker_state *a = asker_of(&b->groups[i].group);
		const struct component_inputs *in = b->groups[i].group.contexts[0].inputs;

		CU_ASSERT_EQUAL(b->groups[i].group.state, GROUP_ATTACHED);
		CU_ASSERT_EQUAL(a->twice, 0);
		CU_ASSERT_EQUAL(a->replies + in->open, a->asked);
		CU_ASSERT(a->asked > 0);
		CU_ASSERT(a->timers > 0);
		CU_ASSERT(a->commands > 0);
	}
}

static void test_lives(void)
{
	uint64_t unknown = 0;

	for (uint32_t n = 0; n < lives; n++) {
		struct life *l = life_create(seed + n);

		turns(l, l->box[0].shard, 60 + (uint32_t)prng_below(&l->prng, 150));
		replay_all(l);
		finish(l, &l->box[1]);
		check_ends(&l->box[1]);
		for (uint32_t i = 0; i < GROUPS - 1; i++)
			unknown +=
			        asker_of(&l->box[1].groups[i].group)->outcomes[COMPONENT_UNKNOWN];
		life_destroy(l);
	}
	CU_ASSERT(unknown > 0);
}

/* Records that cannot be of the group's past are refused, whatever they say. */
static void test_damaged(void)
{
	struct life *l = life_create(seed);
	struct group_options o[GROUPS];

	turns(l, l->box[0].shard, 100);
	some_groups(o);
	shard_box_start_with(&l->box[1], &l->world, 1, o, GROUPS, false, &l->inputs[1].log);
	struct shard *s = l->box[1].shard;

	CU_ASSERT_EQUAL(shard_replay_begin(s, 0), -EINVAL); /* attached */
	for (uint32_t i = 0; i < GROUPS; i++)
		shard_detach(s, i);
	CU_ASSERT_EQUAL(shard_replay_begin(s, 3), -EINVAL); /* has no inputs */
	CU_ASSERT_EQUAL(shard_replay_begin(s, 0), 0);
	struct {
		struct record head;
		uint8_t payload[64];
	} r = {.head = {.first_sequence = 1, .kind = INPUT_SENT, .payload_bytes = 1}};

	CU_ASSERT_EQUAL(shard_replay_input(s, &r.head), SHARD_REPLAY_DAMAGED);
	r.head.payload_bytes = sizeof(struct input_sent);
	memcpy(r.payload, &(struct input_sent){.number = 7}, sizeof(struct input_sent));
	CU_ASSERT_EQUAL(shard_replay_input(s, &r.head), SHARD_REPLAY_DAMAGED); /* never asked */
	r.head.kind = INPUT_TIMER;
	r.head.payload_bytes = sizeof(struct input_timer);
	memcpy(r.payload, &(struct input_timer){.timer = 5}, sizeof(struct input_timer));
	CU_ASSERT_EQUAL(shard_replay_input(s, &r.head), SHARD_REPLAY_DAMAGED); /* not armed */
	r.head.kind = INPUT_TURN;
	r.head.payload_bytes = sizeof(struct input_turn) + sizeof(struct input_position);
	memcpy(r.payload, &(struct input_turn){.count = 1}, sizeof(struct input_turn));
	memcpy(r.payload + sizeof(struct input_turn),
	       &(struct input_position){.offset = 1ull << 40, .group = 0},
	       sizeof(struct input_position));
	CU_ASSERT_EQUAL(shard_replay_input(s, &r.head), SHARD_REPLAY_NOT_YET);
	r.head.first_sequence = 0;
	CU_ASSERT_EQUAL(shard_replay_input(s, &r.head), SHARD_REPLAY_DAMAGED); /* backwards */
	shard_replay_end(s);
	life_destroy(l);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"lives once more", test_lives},
	        {"damaged pasts", test_damaged},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		lives = (uint32_t)strtoul(argv[2], NULL, 0);
	printf("seed %llu, %u lives\n", (unsigned long long)seed, lives);
	return SUITE_RUN("replay", tests);
}
