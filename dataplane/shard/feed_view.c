/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/feed_view.h"

#include <string.h>

#include "dataplane/shard/route.h"

static_assert(ROUTE_NONE == UINT32_MAX, "an untouched entry is all ones");
static_assert(VIEW_NONE == UINT32_MAX, "an untouched entry is all ones");

uint64_t feed_view_bytes(bool by_locate)
{
	return by_locate ? (uint64_t)VIEW_LOCATES * sizeof(struct view_locate) : 0;
}

static void feed_view_forget_locates(struct feed_view *v, uint32_t count)
{
	if (v->locates != NULL)
		memset(v->locates, 0xff, count * sizeof(*v->locates));
	v->locates_used = 0;
}

void feed_view_init(struct feed_view *v, struct view_locate *locates, bool takes_all,
                    uint64_t interest)
{
	*v = (struct feed_view){
	        .next_sequence = 1,
	        .interest = takes_all ? UINT64_MAX : interest | VIEW_INTEREST_LEAST,
	        .takes_all = takes_all,
	        .locates = locates,
	};
	feed_view_forget_locates(v, VIEW_LOCATES);
}

void feed_view_reset(struct feed_view *v, uint32_t epoch, uint64_t first_sequence,
                     const char session[24])
{
	v->epoch = epoch;
	v->next_sequence = first_sequence;
	memcpy(v->session.name, session, sizeof(v->session.name));
	v->system_event = 0;
	if (v->locates != NULL && !v->takes_all)
		v->interest = VIEW_INTEREST_LEAST;
	feed_view_forget_locates(v, v->locates_used);
}

void feed_view_gap(struct feed_view *v, uint64_t first_sequence, uint64_t missing)
{
	v->gap_epoch = v->epoch;
	v->gap_end_sequence = first_sequence + missing;
	v->next_sequence = first_sequence + missing;
}

void feed_view_copy(struct feed_view *to, const struct feed_view *from)
{
	struct view_locate *locates = to->locates;
	uint32_t touched = to->locates_used;

	assert((locates == NULL) == (from->locates == NULL));
	*to = *from;
	to->locates = locates;
	if (locates == NULL)
		return;
	memcpy(locates, from->locates, from->locates_used * sizeof(*locates));
	if (touched > from->locates_used)
		memset(locates + from->locates_used, 0xff,
		       (touched - from->locates_used) * sizeof(*locates));
}
