/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is written to an input log is read back, and nothing else is: test_input [SEED].
 */
#include "dataplane/shard/input.h"

#include "dataplane/log/cursor.h"
#include "tests/unit/shard/shard_world.h"
#include "tests/unit/suite.h"

static uint64_t seed = 1;

struct scene {
	struct input_world world;
	struct input_log log;
	struct log_cursor cursor;
};

static struct scene *scene_create(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	input_world_init(&s->world);
	input_log_init(&s->log, &s->world.log, 0);
	struct log l = s->world.log.log;
	int slot = log_cursor_register(&l, LOG_CLAIM_LIVE, true);

	cursor_init(&s->cursor, &l, (uint32_t)slot);
	return s;
}

static void scene_destroy(struct scene *s)
{
	input_world_finish(&s->world);
	free(s);
}

static bool next(struct scene *s, struct input *in)
{
	input_log_publish(&s->log);
	const struct record *r = cursor_next(&s->cursor);

	return r != NULL && input_parse(r, in);
}

static void test_round_trip(void)
{
	struct scene *s = scene_create();
	const struct input_reply reply = {.place = {3, 1},
	                                  .number = 77,
	                                  .slot = 5,
	                                  .payload_bytes = 3,
	                                  .code = 69,
	                                  .outcome = 2};
	const struct input_position positions[2] = {
	        {.offset = 4096, .sequence = 12, .epoch = 2, .group = 3},
	        {.offset = 64, .sequence = 1, .epoch = 1, .group = 9}};
	struct input in;

	input_log_begin(&s->log, 1000);
	CU_ASSERT(input_log_reply(&s->log, &reply, (const uint8_t *)"abc"));
	CU_ASSERT(input_log_timer(&s->log, &(struct input_timer){.place = {3, 1}, .timer = 7}));
	CU_ASSERT(input_log_command(&s->log, &(struct input_command){.place = {3, 2}, .bytes = 0},
	                            NULL));
	CU_ASSERT(s->log.is_open);
	CU_ASSERT(input_log_turn(&s->log, positions, 2));
	CU_ASSERT_FALSE(s->log.is_open);
	CU_ASSERT(input_log_sent(&s->log,
	                         &(struct input_sent){.place = {3, 1}, .number = 78, .slot = 6}));

	CU_ASSERT(next(s, &in));
	CU_ASSERT_EQUAL(in.kind, INPUT_REPLY);
	CU_ASSERT_EQUAL(in.turn, 1);
	CU_ASSERT_EQUAL(in.now_ns, 1000);
	CU_ASSERT_EQUAL(memcmp(&in.of.reply, &reply, sizeof(reply)), 0);
	CU_ASSERT_EQUAL(memcmp(in.bytes, "abc", 3), 0);
	CU_ASSERT(next(s, &in));
	CU_ASSERT_EQUAL(in.kind, INPUT_TIMER);
	CU_ASSERT_EQUAL(in.of.timer.timer, 7);
	CU_ASSERT(next(s, &in));
	CU_ASSERT_EQUAL(in.kind, INPUT_COMMAND);
	CU_ASSERT_EQUAL(in.of.command.place.component, 2);
	CU_ASSERT(next(s, &in));
	CU_ASSERT_EQUAL(in.kind, INPUT_TURN);
	CU_ASSERT_EQUAL(in.turn, 1);
	CU_ASSERT_EQUAL(in.of.turn_end.count, 2);
	CU_ASSERT_EQUAL(memcmp(in.of.turn_end.positions, positions, sizeof(positions)), 0);
	CU_ASSERT(next(s, &in));
	CU_ASSERT_EQUAL(in.kind, INPUT_SENT);
	CU_ASSERT_EQUAL(in.turn, 2);
	CU_ASSERT_EQUAL(in.of.sent.number, 78);
	CU_ASSERT_FALSE(next(s, &in));
	scene_destroy(s);
}

static volatile uint8_t sink; /* all bytes are read */

/* Whatever stands in a record: a verdict, and nothing read beyond it. */
static void test_garbage(void)
{
	struct prng p;
	uint32_t taken = 0;

	prng_init(&p, seed);
	for (uint32_t n = 0; n < 200000; n++) {
		uint32_t bytes = (uint32_t)prng_below(&p, 80);
		struct record *r = malloc(sizeof(*r) + bytes);
		struct input in;

		*r = (struct record){.kind = (uint8_t)(14 + prng_below(&p, 10)),
		                     .payload_bytes = bytes};
		for (uint32_t i = 0; i < bytes; i++)
			((uint8_t *)(r + 1))[i] =
			        (uint8_t)(prng_below(&p, 4) == 0 ? prng_below(&p, 256)
			                                         : prng_below(&p, 3));
		if (input_parse(r, &in)) {
			uint8_t sum = 0;

			if (in.kind == INPUT_REPLY)
				for (uint32_t i = 0; i < in.of.reply.payload_bytes; i++)
					sum ^= in.bytes[i];
			if (in.kind == INPUT_TURN)
				for (uint32_t i = 0; i < in.of.turn_end.count; i++)
					sum ^= (uint8_t)in.of.turn_end.positions[i].group;
			sink = sum;
			taken++;
		}
		free(r);
	}
	CU_ASSERT(taken > 0);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"what is written is read back", test_round_trip},
	        {"garbage has a verdict", test_garbage},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	return SUITE_RUN("input", tests);
}
