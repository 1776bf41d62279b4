/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the arbiter's tests share: one world with an arbiter in it, and short words for what it is
 * sent.
 */
#ifndef TESTS_UNIT_FEED_ARBITER_WORLD_H
#define TESTS_UNIT_FEED_ARBITER_WORLD_H

#include "dataplane/feed/arbiter.h"
#include "tests/unit/feed/feed_double.h"
#include "tests/unit/suite.h"

static struct world world;

static inline const struct arbiter_stats *open_with(struct arbiter_options o)
{
	int error = world_open(&world, &double_mold, &o);

	CU_ASSERT_EQUAL_FATAL(error, 0);
	return arbiter_stats(&world.arbiter);
}

static inline const struct arbiter_stats *open_default(void)
{
	return open_with(double_options());
}

#define SEND(...)         world_send_at(&world, 1, (struct send){__VA_ARGS__})
#define AT(now_ns, ...)   world_send_at(&world, now_ns, (struct send){__VA_ARGS__})
#define LINE(line_number) arbiter_line_stats(&world.arbiter, line_number)

#endif
