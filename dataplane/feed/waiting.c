/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/waiting.h"

#include <string.h>

static_assert(sizeof(struct waiting_packet) == 56, "no padding in stored packets");

static struct waiting_packet waiting_read(const struct parking_room *k, struct parking_spot spot)
{
	struct waiting_packet facts;

	memcpy(&facts, parking_at(k, spot), sizeof(facts));
	return facts;
}

/* The last packet learns who comes after it. */
static void waiting_chain(struct waiting *w, const struct parking_room *k, struct parking_spot spot)
{
	struct waiting_packet last = waiting_read(k, w->last);

	last.next = spot;
	last.has_next = 1;
	memcpy(segment_at(k->pool, k->segments[w->last.slot].segment) + w->last.offset, &last,
	       sizeof(last));
}

bool waiting_add(struct waiting *w, struct parking_room *k, const struct feed_packet *p,
                 const struct waiting_packet *facts)
{
	uint64_t limit = (uint64_t)k->state->segments_max * (SEGMENT_BYTES / 2);
	struct waiting_packet stored = *facts;
	struct parking_spot spot;

	stored.first_sequence = p->first_sequence;
	stored.claimed_count = p->claimed_count;
	stored.block_count = p->block_count;
	stored.block_bytes = p->block_bytes;
	stored.kind = p->kind;
	stored.has_next = 0;
	if (p->block_bytes > PARKING_BYTES_MAX ||
	    w->bytes + sizeof(stored) + p->block_bytes > limit)
		return false;
	if (p->block_bytes != 0 && !parking_store(k, p->blocks, p->block_bytes, &stored.blocks))
		return false;
	if (!parking_store(k, &stored, sizeof(stored), &spot)) {
		if (p->block_bytes != 0)
			parking_unstore(k, stored.blocks, p->block_bytes);
		return false;
	}
	if (w->packets == 0)
		w->first = spot;
	else
		waiting_chain(w, k, spot);
	w->last = spot;
	w->packets++;
	w->bytes += sizeof(stored) + p->block_bytes;
	region_mark(k->region, w, sizeof(*w));
	return true;
}

bool waiting_first(const struct waiting *w, const struct parking_room *k, struct feed_packet *p,
                   struct waiting_packet *facts)
{
	if (w->packets == 0)
		return false;
	*facts = waiting_read(k, w->first);
	*p = (struct feed_packet){
	        .first_sequence = facts->first_sequence,
	        .blocks = facts->block_bytes == 0 ? NULL : parking_at(k, facts->blocks),
	        .block_bytes = facts->block_bytes,
	        .claimed_count = facts->claimed_count,
	        .block_count = facts->block_count,
	        .kind = facts->kind,
	};
	return true;
}

void waiting_drop(struct waiting *w, struct parking_room *k)
{
	assert(w->packets > 0);
	struct waiting_packet facts = waiting_read(k, w->first);

	if (facts.block_bytes != 0)
		parking_unstore(k, facts.blocks, facts.block_bytes);
	parking_unstore(k, w->first, sizeof(facts));
	w->first = facts.next;
	w->packets--;
	w->bytes -= sizeof(facts) + facts.block_bytes;
	assert(facts.has_next == (w->packets > 0));
	region_mark(k->region, w, sizeof(*w));
}
