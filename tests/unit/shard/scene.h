/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A scene: a world, a script, and a shard over it that is stepped until nothing moves.
 */
#ifndef TESTS_UNIT_SHARD_SCENE_H
#define TESTS_UNIT_SHARD_SCENE_H

#include "tests/unit/shard/shard_world.h"
#include "tests/unit/suite.h"

#define SCENE_SHARD 3u

struct scene {
	struct world world;
	struct script script;
	struct shard_box box;
};

/* symbols_max: of feed and board. */
static inline struct scene *scene_create(const struct protocol *p,
                                         const struct group_options *groups, uint32_t count,
                                         uint32_t symbols_max)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	world_init(&s->world, p, symbols_max);
	shard_box_start(&s->box, &s->world, SCENE_SHARD, groups, count, true);
	script_reset(&s->script);
	return s;
}

static inline void scene_play(struct scene *s, uint32_t per_record)
{
	world_play(&s->world, &s->script, per_record);
	s->script.count = 0;
	shard_box_run(&s->box, 1);
}

static inline void scene_destroy(struct scene *s)
{
	for (uint32_t i = 0; i < s->box.count; i++)
		CU_ASSERT_PTR_NULL(book_set_check(&s->box.groups[i].group.books));
	shard_box_finish(&s->box);
	script_free(&s->script);
	world_finish(&s->world);
	free(s);
}

/* A row of the board. */
static inline struct board_top top(const struct scene *s, uint32_t row)
{
	struct board_top t = {0};

	CU_ASSERT_EQUAL(board_read(&s->world.board, row, &t, 1), 0);
	return t;
}

#endif
