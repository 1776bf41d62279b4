/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A strategy that is too slow: each change of a book costs it `loops` rounds of arithmetic. For
 * test_overload_live.py.
 */
#include <stdlib.h>

#include "dataplane/shard/component.h"

#define LOOPS_MAX 100000000ull

struct burn_state {
	uint64_t changes;
	uint64_t loops;
	uint64_t value;
};

static uint64_t burn_loops(const struct component_settings *s)
{
	const char *text = component_setting(s, "loops");

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static uint64_t burn_state_bytes(const struct component_settings *s, uint32_t symbols_max,
                                 const char **error)
{
	(void)symbols_max;
	if (burn_loops(s) != 0 && burn_loops(s) <= LOOPS_MAX)
		return sizeof(struct burn_state);
	*error = "loops: a number from 1 to 100000000";
	return 0;
}

static int burn_start(struct component_context *c)
{
	struct burn_state *b = c->state;

	b->loops = burn_loops(c->settings);
	component_mark(c, b, sizeof(*b));
	return 0;
}

static enum component_verdict burn_on_book_change(struct component_context *c,
                                                  const struct book_change *change)
{
	struct burn_state *b = c->state;
	volatile uint64_t value = b->value + change->quantity;

	for (uint64_t i = 0; i < b->loops; i++)
		value = value * 6364136223846793005ull + 1442695040888963407ull;
	b->value = value;
	b->changes++;
	component_mark(c, b, sizeof(*b));
	c->values[0] = b->changes;
	return COMPONENT_OK;
}

extern const struct component_ops genesis_component;

const struct component_ops genesis_component = {
        .abi = COMPONENT_ABI,
        .name = "burn",
        .help = "Spends time on each change.",
        .values = {{"changes", "changes", "Changes of books it was told of."}},
        .state_bytes = burn_state_bytes,
        .start = burn_start,
        .on_book_change = burn_on_book_change,
};
