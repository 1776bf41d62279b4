/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/world_asker.h"

#include <assert.h>

static uint64_t state_bytes(const struct component_settings *s, uint32_t symbols_max,
                            const char **error)
{
	(void)s;
	(void)symbols_max;
	(void)error;
	return sizeof(struct world_asker_state);
}

static void digest(struct world_asker_state *s, uint64_t what)
{
	s->digest = (s->digest ^ what) * 0x9e3779b97f4a7c15ull + 1;
}

static enum component_verdict on_message(struct component_context *c,
                                         const struct component_message *m)
{
	struct world_asker_state *s = c->state;

	if (m->epoch != s->epoch) {
		s->epoch = m->epoch;
		s->last_sequence = 0;
	}
	s->disorder += m->sequence <= s->last_sequence;
	s->last_sequence = m->sequence;
	s->messages++;
	digest(s, m->sequence << 8 ^ m->bytes[0]);
	component_mark(c, s, sizeof(*s));
	return COMPONENT_OK;
}

static bool is_trade(const struct book_change *b)
{
	return b->kind == BOOK_EXECUTED || b->kind == BOOK_TRADED;
}

static enum component_verdict on_book_change(struct component_context *c,
                                             const struct book_change *b)
{
	struct world_asker_state *s = c->state;

	if (!is_trade(b) && !b->best_changed)
		return COMPONENT_OK;
	if (++s->changes % WORLD_ASKER_EVERY == 0)
		s->asks++;
	digest(s, b->reference ^ (uint64_t)b->price);
	component_mark(c, s, sizeof(*s));
	return COMPONENT_OK;
}

static enum component_verdict on_event(struct component_context *c, const struct component_event *e)
{
	struct world_asker_state *s = c->state;

	/* One range that is missing may be told in parts, as it was given up: only the sum is the
	 * same for everybody. */
	if (e->kind == COMPONENT_GAP)
		s->missing += e->missing;
	else
		digest(s, e->kind);
	component_mark(c, s, sizeof(*s));
	return COMPONENT_OK;
}

const struct component_ops world_asker_ops = {
        .abi = COMPONENT_ABI,
        .name = WORLD_ASKER_NAME,
        .help = "notes every n-th trade or change of the best prices as a question",
        .depends_on = {"book"},
        .state_bytes = state_bytes,
        .on_message = on_message,
        .on_book_change = on_book_change,
        .on_event = on_event,
};

const struct world_asker_state *world_asker_state(const struct group *g)
{
	assert(g->options.components[0].ops == &world_asker_ops);
	return g->contexts[0].state;
}
