/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/line.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static_assert(LINE_WINDOW_MESSAGES % 64 == 0, "the window is whole words");

static void line_lose(struct line *l, uint64_t messages)
{
	l->stats.lost =
	        messages > UINT64_MAX - l->stats.lost ? UINT64_MAX : l->stats.lost + messages;
}

/* The bits of [from, to) that lie in from's word; *next: the first position not covered. */
static uint64_t line_word_mask(uint64_t from, uint64_t to, uint64_t *next)
{
	uint64_t in_word = 64 - from % 64;
	uint64_t count = to - from < in_word ? to - from : in_word;

	*next = from + count;
	return (count == 64 ? UINT64_MAX : (1ull << count) - 1) << from % 64;
}

/* Sets or clears the bits of [from, to), at most the window's size; returns how many changed. */
static uint32_t line_window_fill(struct line_window *w, uint64_t from, uint64_t to, bool missing)
{
	uint32_t changed = 0;

	assert(to - from <= LINE_WINDOW_MESSAGES);
	while (from < to) {
		uint64_t *word = &w->missing[from % LINE_WINDOW_MESSAGES / 64];
		uint64_t mask = line_word_mask(from, to, &from);
		uint64_t turned = (missing ? ~*word : *word) & mask;

		*word ^= turned;
		changed += (uint32_t)__builtin_popcountll(turned);
	}
	return changed;
}

/* The line's next moves up to `to`; the positions on the way were brought or are missing. What
 * falls out of the window is forgotten there and stays lost. */
static void line_advance(struct line *l, struct line_window *w, uint64_t to, bool missing)
{
	uint64_t from = l->next;

	assert(to >= from);
	l->next = to;
	if (missing)
		line_lose(l, to - from);
	if (to - from > LINE_WINDOW_MESSAGES)
		from = to - LINE_WINDOW_MESSAGES;
	if (!missing && l->missing_bits == 0)
		return;
	uint32_t changed = line_window_fill(w, from, to, missing);

	l->missing_bits = missing ? l->missing_bits + changed : l->missing_bits - changed;
	assert(l->missing_bits <= LINE_WINDOW_MESSAGES);
}

/* Messages below next: those once jumped over are no longer lost. */
static void line_return(struct line *l, struct line_window *w, uint64_t from, uint64_t to)
{
	uint64_t window = l->next < LINE_WINDOW_MESSAGES ? 0 : l->next - LINE_WINDOW_MESSAGES;

	if (l->missing_bits == 0)
		return;
	from = from < window ? window : from;
	to = to > l->next ? l->next : to;
	if (from >= to)
		return;
	uint32_t brought = line_window_fill(w, from, to, false);

	assert(brought <= l->missing_bits);
	assert(brought <= l->stats.lost);
	l->missing_bits -= brought;
	l->stats.lost -= brought;
}

void line_on_jump(struct line *l, struct line_window *w, const struct line_span *s)
{
	assert(s->first <= s->present_end);
	assert(s->present_end <= s->claimed_end);
	if (l->joined == 0) {
		l->joined = 1;
		l->next = s->first;
	}
	line_return(l, w, s->first, s->present_end);
	if (s->first > l->next)
		line_advance(l, w, s->first, true);
	if (s->present_end > l->next)
		line_advance(l, w, s->present_end, false);
	if (s->claimed_end > l->next)
		line_advance(l, w, s->claimed_end, true);
}

void line_on_session(struct line *l, struct line_window *w)
{
	l->joined = 0;
	l->next = 0;
	if (l->missing_bits != 0)
		memset(w, 0, sizeof(*w));
	l->missing_bits = 0;
}

/* A few samples, since what is waited for hangs on them; the gains of RFC 6298. */
const struct rtt_options line_skew_options = {
        .samples_min = 8, .smooth_shift = 3, .deviation_shift = 2};

void line_on_skew(struct line *l, uint64_t late_ns)
{
	rtt_on_sample(&l->skew, &line_skew_options, late_ns, SAMPLE_EXACT);
	l->stats.skew_ns = rtt_smoothed_ns(&l->skew);
	l->stats.skew_deviation_ns = rtt_deviation_ns(&l->skew);
	if (late_ns > l->stats.skew_ns_max)
		l->stats.skew_ns_max = late_ns;
}
