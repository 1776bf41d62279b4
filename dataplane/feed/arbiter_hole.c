/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the ladder asks the arbiter: where messages are missing, and since when. Each hole ends at a
 * waiting piece (parking.h), so holes are what lies between pieces.
 */
#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/arbiter_state.h"

/* The first position at or after `at` that no piece covers; *next: the piece behind it, 0: none. */
static uint64_t arbiter_hole_begin(const struct parking_room *k, uint64_t at, uint32_t *next)
{
	struct parking_path path;

	parking_seek(k, at, &path);
	if (k->pieces[path.before[0]].end > at)
		at = k->pieces[path.before[0]].end;
	*next = parking_after(k, &path);
	return at;
}

uint32_t arbiter_holes(const struct arbiter *a, uint64_t *from, struct arbiter_hole *out,
                       uint32_t max)
{
	const struct arbiter_state *s = a->state;
	struct parking_room k = arbiter_parking(a);
	uint64_t at = *from > s->expected ? *from : s->expected;
	uint32_t count = 0;
	uint32_t i;

	at = arbiter_hole_begin(&k, at, &i);
	for (uint32_t n = 0; i != 0 && n < ARBITER_HOLES_PIECES && count < max; n++) {
		const struct parking_piece *piece = &k.pieces[i];

		if (piece->first > at)
			out[count++] = (struct arbiter_hole){
			        .first = at,
			        .end = piece->first,
			        .since_ns = piece->absence.ns,
			        .line = piece->absence.line,
			        .is_joining = piece->first <= s->join_end,
			};
		at = piece->end;
		i = piece->next[0];
	}
	*from = at;
	return count;
}

bool arbiter_missing(const struct arbiter *a, uint64_t *first, uint64_t *end)
{
	struct parking_room k = arbiter_parking(a);
	uint64_t at = *first > a->state->expected ? *first : a->state->expected;
	uint32_t i;

	at = arbiter_hole_begin(&k, at, &i);
	for (; i != 0 && k.pieces[i].first == at && at < *end; i = k.pieces[i].next[0])
		at = k.pieces[i].end;
	/* Nobody claims what lies behind the last piece. */
	if (i == 0 || at >= *end)
		return false;
	*first = at;
	*end = *end < k.pieces[i].first ? *end : k.pieces[i].first;
	return true;
}

uint64_t arbiter_line_wait_ns(const struct arbiter *a, uint64_t max_ns)
{
	const struct arbiter_state *s = a->state;
	uint32_t lines = 0;

	for (uint32_t i = 0; i < a->options.line_count; i++)
		lines += line_is_waited_for(&s->health, i);
	if (lines < 2)
		return 0;
	return a->options.learned_wait ? line_wait_ns(&s->health, s->lines, max_ns) : max_ns;
}

void arbiter_note_asked(struct arbiter *a, uint64_t end)
{
	if (end <= a->state->asked_end)
		return;
	a->state->asked_end = end;
	region_mark(a->region, a->state, ARBITER_HOT_BYTES);
}

uint64_t arbiter_expected(const struct arbiter *a)
{
	return a->state->joined == 0 ? 0 : a->state->expected;
}
