/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/ladder_range.h"

#include <string.h>

#include "resilience/deadline.h"

#define LADDER_RANGE_CHUNK 16u

static uint64_t ladder_range_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void ladder_range_add(struct ladder *l, const struct arbiter_hole *h, uint64_t now_ns)
{
	const struct ladder_options *o = &l->options;
	uint64_t time_ns =
	        h->is_joining ? o->deadline_ns : ladder_range_min(o->hold_ns, o->deadline_ns);

	assert(l->range_count < LADDER_RANGES_MAX);
	assert(h->first < h->end);
	l->ranges[l->range_count++] = (struct ladder_range){
	        .first = h->first,
	        .end = h->end,
	        .since_ns = h->since_ns,
	        .deadline_ns = deadline_at_ns(h->since_ns, time_ns),
	        .step = LADDER_LINES,
	        .is_self_inflicted = now_ns < l->overload_until_ns,
	};
	l->stats.ranges++;
}

void ladder_range_scan(struct ladder *l, const struct arbiter *a, uint64_t now_ns)
{
	struct arbiter_hole holes[LADDER_RANGE_CHUNK];
	uint32_t room = LADDER_RANGES_MAX - l->range_count;

	if (room == 0) {
		l->stats.table_waits++;
		return;
	}
	uint32_t count = arbiter_holes(a, &l->seen, holes,
	                               room < LADDER_RANGE_CHUNK ? room : LADDER_RANGE_CHUNK);

	for (uint32_t i = 0; i < count; i++)
		ladder_range_add(l, &holes[i], now_ns);
}

void ladder_range_give_up(struct ladder *l, uint32_t range, enum gap_reason reason)
{
	struct ladder_range *r = &l->ranges[range];

	assert(range < l->range_count);
	if (r->step == LADDER_GAP)
		return;
	r->step = LADDER_GAP;
	r->gap = (uint8_t)reason;
	l->gap_count++;
}

/* What is too long is not asked, and what is very long wants another remedy. False: no room to say
 * so. */
static bool ladder_range_measure(struct ladder *l, const struct arbiter *a, uint32_t range,
                                 struct ladder_output *out, uint32_t *count, uint32_t max)
{
	struct ladder_range *r = &l->ranges[range];
	uint64_t messages = r->end - r->first;
	bool is_storm = messages > l->options.recover_max;

	r->step = LADDER_SERVERS;
	if (messages > l->options.snapshot_above) {
		if (*count == max) {
			r->step = LADDER_LINES;
			return false;
		}
		r->step = LADDER_SNAPSHOT;
		l->stats.snapshots++;
		out[(*count)++] = (struct ladder_output){
		        .first_sequence = r->first + 1,
		        .count = messages,
		        .session = *arbiter_session(a),
		        .kind = LADDER_WANT_SNAPSHOT,
		        .reason = is_storm ? LADDER_SNAPSHOT_UNASKED : LADDER_SNAPSHOT_LONG,
		};
	}
	if (is_storm) {
		l->stats.storms++;
		if (__builtin_add_overflow(l->stats.storm_messages, messages,
		                           &l->stats.storm_messages))
			l->stats.storm_messages = UINT64_MAX;
		ladder_range_give_up(l, range, GAP_REFUSED);
	}
	return true;
}

bool ladder_range_climb(struct ladder *l, const struct arbiter *a, uint32_t range, uint64_t now_ns,
                        struct ladder_output *out, uint32_t *count, uint32_t max)
{
	struct ladder_range *r = &l->ranges[range];

	if (r->step == LADDER_GAP)
		return false;
	if (now_ns >= r->deadline_ns) {
		ladder_range_give_up(l, range, r->step == LADDER_LINES ? GAP_AGE : GAP_UNANSWERED);
		return false;
	}
	l->due_ns = ladder_range_min(l->due_ns, r->deadline_ns);
	if (r->step != LADDER_LINES)
		return true;
	uint64_t wait_ns = arbiter_line_wait_ns(a, l->options.wait_ns);
	uint64_t ask_ns = deadline_at_ns(r->since_ns, wait_ns);

	if (now_ns < ask_ns) {
		l->due_ns = ladder_range_min(l->due_ns, ask_ns);
		return false;
	}
	if (r->is_self_inflicted) {
		l->stats.overload_messages += r->end - r->first;
		ladder_range_give_up(l, range, GAP_OVERLOAD);
		return false;
	}
	if (!ladder_range_measure(l, a, range, out, count, max)) {
		l->due_ns = now_ns;
		return false;
	}
	return r->step != LADDER_GAP;
}

void ladder_range_prune(struct ladder *l, const struct arbiter *a)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->range_count; i++) {
		struct ladder_range r = l->ranges[i];
		uint64_t end = r.end;

		if (r.first == r.end || !arbiter_missing(a, &r.first, &end)) {
			l->gap_count -= r.step == LADDER_GAP;
			continue;
		}
		l->ranges[kept++] = r;
	}
	l->range_count = kept;
}

void ladder_range_clear(struct ladder *l)
{
	for (uint32_t i = 0; i < l->range_count; i++)
		l->gap_count -= l->ranges[i].step == LADDER_GAP;
	l->range_count = 0;
	l->seen = 0;
}
