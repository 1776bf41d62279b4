/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/parking.h"

#include <string.h>

#define PARKING_ALIGN 64u
#define PARKING_SEED  0x67656e65736973ull /* any constant: equal input must give equal bytes */

static uint64_t parking_align(uint64_t bytes)
{
	return (bytes + PARKING_ALIGN - 1) & ~(uint64_t)(PARKING_ALIGN - 1);
}

static uint64_t parking_segments_offset(void)
{
	return parking_align(sizeof(struct parking));
}

static uint64_t parking_pieces_offset(uint32_t segments_max)
{
	return parking_segments_offset() +
	       parking_align((uint64_t)segments_max * sizeof(struct parking_segment));
}

uint64_t parking_bytes(uint32_t segments_max, uint32_t pieces_max)
{
	return parking_pieces_offset(segments_max) +
	       parking_align(((uint64_t)pieces_max + 1) * sizeof(struct parking_piece));
}

void parking_init(struct parking *p, uint32_t segments_max, uint32_t pieces_max)
{
	assert(segments_max > 0 && segments_max <= PARKING_SEGMENTS_MAX);
	assert(pieces_max > 0 && pieces_max <= PARKING_PIECES_MAX);
	*p = (struct parking){
	        .segments_max = segments_max,
	        .pieces_max = pieces_max,
	        .fresh = 1,
	};
	prng_init(&p->random, PARKING_SEED);
}

struct parking_room parking_room(struct parking *p, struct region *r, struct segment_pool *pool,
                                 uint32_t user)
{
	uint8_t *base = (uint8_t *)p;

	return (struct parking_room){
	        .state = p,
	        .segments = (struct parking_segment *)(void *)(base + parking_segments_offset()),
	        .pieces = (struct parking_piece *)(void *)(base +
	                                                   parking_pieces_offset(p->segments_max)),
	        .region = r,
	        .pool = pool,
	        .user = user,
	};
}

static void parking_mark(struct parking_room *k, uint32_t piece)
{
	region_mark(k->region, &k->pieces[piece], sizeof(k->pieces[piece]));
}

static void parking_mark_state(struct parking_room *k)
{
	region_mark(k->region, k->state, sizeof(*k->state));
}

/* A segment with nothing in it to fill next. Once per 2 MiB, so a walk over the table is fine. */
static bool parking_open_segment(struct parking_room *k)
{
	struct parking *p = k->state;

	if (p->segments_held == p->segments_max)
		return false;
	uint32_t segment = segment_take(k->pool, k->user);

	if (segment == SEGMENT_NONE)
		return false;
	uint32_t slot = 0;

	while (k->segments[slot].used != 0)
		slot++;
	assert(slot < p->segments_max);
	k->segments[slot] =
	        (struct parking_segment){.segment = segment, .used = SEGMENT_FIRST_RECORD};
	region_mark(k->region, &k->segments[slot], sizeof(k->segments[slot]));
	p->segments_held++;
	p->filling = slot + 1;
	return true;
}

bool parking_store(struct parking_room *k, const void *bytes, uint32_t count,
                   struct parking_spot *spot)
{
	struct parking *p = k->state;
	uint32_t needed = (count + 7) & ~7u;

	assert(count > 0);
	assert(count <= PARKING_BYTES_MAX);
	if (p->filling == 0 || k->segments[p->filling - 1].used > SEGMENT_BYTES - needed)
		if (!parking_open_segment(k))
			return false;
	struct parking_segment *s = &k->segments[p->filling - 1];

	*spot = (struct parking_spot){.slot = p->filling - 1, .offset = s->used};
	memcpy(segment_at(k->pool, s->segment) + s->used, bytes, count);
	s->used += needed;
	s->live++;
	p->bytes += count;
	region_mark(k->region, s, sizeof(*s));
	parking_mark_state(k);
	return true;
}

void parking_unstore(struct parking_room *k, struct parking_spot spot, uint32_t count)
{
	struct parking *p = k->state;

	assert(spot.slot < p->segments_max);
	struct parking_segment *s = &k->segments[spot.slot];

	assert(s->live > 0);
	assert(p->bytes >= count);
	p->bytes -= count;
	s->live--;
	if (s->live == 0) {
		segment_give(k->pool, k->user, s->segment);
		*s = (struct parking_segment){0};
		p->segments_held--;
		if (p->filling == spot.slot + 1)
			p->filling = 0;
	}
	region_mark(k->region, s, sizeof(*s));
	parking_mark_state(k);
}

uint32_t parking_take(struct parking_room *k)
{
	struct parking *p = k->state;
	uint32_t piece = p->free;

	if (piece != 0)
		p->free = k->pieces[piece].next[0];
	else if (p->fresh <= p->pieces_max)
		piece = p->fresh++;
	else
		return 0;
	k->pieces[piece] = (struct parking_piece){0};
	parking_mark(k, piece);
	parking_mark_state(k);
	return piece;
}

void parking_put(struct parking_room *k, uint32_t piece)
{
	assert(piece > 0 && piece <= k->state->pieces_max);
	k->pieces[piece] = (struct parking_piece){.next = {k->state->free}};
	k->state->free = piece;
	parking_mark(k, piece);
	parking_mark_state(k);
}

void parking_seek(const struct parking_room *k, uint64_t position, struct parking_path *path)
{
	uint32_t at = 0;

	for (uint32_t level = PARKING_LEVELS; level-- > 0;) {
		for (;;) {
			uint32_t next = k->pieces[at].next[level];

			if (next == 0 || k->pieces[next].first >= position)
				break;
			at = next;
		}
		path->before[level] = at;
	}
}

/* 1 with probability 3/4, 2 with 3/16, ... */
static uint8_t parking_levels(struct parking *p)
{
	uint64_t bits = prng_next(&p->random) | 1ull << (2 * (PARKING_LEVELS - 1));

	return (uint8_t)(1 + __builtin_ctzll(bits) / 2);
}

void parking_link(struct parking_room *k, const struct parking_path *path, uint32_t piece)
{
	struct parking_piece *n = &k->pieces[piece];
	uint32_t after = parking_after(k, path);

	assert(piece != 0);
	assert(n->first <= n->end);
	assert(path->before[0] == 0 || k->pieces[path->before[0]].end <= n->first);
	assert(after == 0 || n->end <= k->pieces[after].first);
	n->levels = parking_levels(k->state);
	for (uint32_t level = 0; level < n->levels; level++) {
		uint32_t before = path->before[level];

		n->next[level] = k->pieces[before].next[level];
		k->pieces[before].next[level] = piece;
		parking_mark(k, before);
	}
	if (after == 0)
		k->state->last = piece;
	k->state->pieces++;
	parking_mark(k, piece);
	parking_mark_state(k);
}

void parking_unlink(struct parking_room *k, const struct parking_path *path)
{
	uint32_t piece = parking_after(k, path);

	assert(piece != 0);
	for (uint32_t level = 0; level < k->pieces[piece].levels; level++) {
		struct parking_piece *before = &k->pieces[path->before[level]];

		assert(before->next[level] == piece);
		before->next[level] = k->pieces[piece].next[level];
		parking_mark(k, path->before[level]);
	}
	if (k->state->last == piece)
		k->state->last = path->before[0];
	k->state->pieces--;
	parking_mark_state(k);
}

void parking_unlink_first(struct parking_room *k)
{
	static const struct parking_path head = {{0}};

	parking_unlink(k, &head);
}
