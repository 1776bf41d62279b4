/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/log.h"

#include <errno.h>
#include <string.h>

#include "dataplane/log/fence.h"

#define LOG_MAGIC 0x315f474f4c4e4547ull /* "GENLOG_1" */

static_assert(sizeof(struct log_cursor_slot) == 64, "one cache line per cursor");
static_assert(offsetof(struct log_control, head) == 64, "own cache line");
static_assert(offsetof(struct log_control, tail) == 128, "own cache line");
static_assert(offsetof(struct log_control, cursors) == 192, "the log's format");
static_assert(SEGMENT_BYTES - SEGMENT_FIRST_RECORD >=
                      sizeof(struct record) + LOG_RECORD_PAYLOAD_MAX + RECORD_ALIGN,
              "the longest record fits into a segment");

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static struct segment_header *header_at(const struct log *l, uint32_t segment)
{
	return (struct segment_header *)(void *)segment_at(l->pool, segment);
}

static _Atomic uint32_t *directory_entry(const struct log *l, uint64_t offset)
{
	return &l->control->directory[(offset >> SEGMENT_SHIFT) & l->mask];
}

uint64_t log_control_bytes(uint32_t segments_max)
{
	assert(segments_max > 0);
	assert(segments_max <= LOG_SEGMENTS_MAX);
	uint64_t bytes = sizeof(struct log_control) +
	                 (uint64_t)power_of_two(segments_max) * sizeof(uint32_t);

	return (bytes + 63) & ~63ull;
}

int log_writer_init(struct log_writer *w, void *control, uint64_t bytes, struct segment_pool *pool,
                    const struct log_options *o)
{
	if (control == NULL || (uintptr_t)control % 64 != 0)
		return -EINVAL;
	if (o->segments_min < 2 || o->segments_max < o->segments_min ||
	    o->segments_max > LOG_SEGMENTS_MAX || bytes < log_control_bytes(o->segments_max))
		return -EINVAL;
	int user = segment_pool_user(pool, o->segments_min, o->segments_max);

	if (user < 0)
		return user;
	struct log_control *c = control;
	uint32_t entries = power_of_two(o->segments_max);

	c->segments_max = entries;
	c->log_id = o->log_id;
	c->user = (uint32_t)user;
	for (uint32_t i = 0; i < entries; i++)
		atomic_store_explicit(&c->directory[i], SEGMENT_NONE, memory_order_relaxed);
	*w = (struct log_writer){
	        .log = {.control = c, .pool = pool, .mask = entries - 1},
	        .user = (uint32_t)user,
	        .segments_min = o->segments_min,
	};
	/* Release: pairs with attach; who sees the magic sees the rest. */
	__atomic_store_n(&c->magic, LOG_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

int log_attach(struct log *l, void *control, uint64_t bytes, struct segment_pool *pool)
{
	if (control == NULL || (uintptr_t)control % 64 != 0 || bytes < log_control_bytes(1))
		return -EPROTO;
	struct log_control *c = control;

	if (__atomic_load_n(&c->magic, __ATOMIC_ACQUIRE) != LOG_MAGIC)
		return -EPROTO;
	uint32_t entries = c->segments_max;

	if (entries == 0 || (entries & (entries - 1)) != 0 || entries > LOG_SEGMENTS_MAX ||
	    bytes < log_control_bytes(entries))
		return -EPROTO;
	*l = (struct log){.control = c, .pool = pool, .mask = entries - 1};
	return 0;
}

/* The lowest position that a claim holds; `limit` when none is lower. An IMAGE claim counts only
 * when asked for, and not once it was revoked. */
static uint64_t claims_min(const struct log_control *c, uint64_t limit, bool images)
{
	uint64_t min = limit;

	for (uint32_t i = 0; i < LOG_CURSORS_MAX; i++) {
		const struct log_cursor_slot *s = &c->cursors[i];
		/* Both acquire: pair with the release stores of register, unregister and
		 * cursor_release(); the owner's reads before the position are done. */
		uint32_t claim = atomic_load_explicit(&s->claim, memory_order_acquire);

		if (claim == LOG_CLAIM_FREE)
			continue;
		if (claim == LOG_CLAIM_IMAGE &&
		    (!images || atomic_load_explicit(&s->revoked, memory_order_relaxed) != 0))
			continue;
		uint64_t position = atomic_load_explicit(&s->position, memory_order_acquire);

		min = position < min ? position : min;
	}
	return min;
}

/* Segments at the tail that lie wholly below what is claimed (and published). */
static uint32_t segments_unclaimed(const struct log_writer *w, bool images)
{
	uint64_t min = claims_min(w->log.control, w->published, images);

	return min < w->tail ? 0 : (uint32_t)((min - w->tail) >> SEGMENT_SHIFT);
}

static uint32_t segments_above_floor(const struct log_writer *w)
{
	uint32_t held = (uint32_t)w->stats.segments_held;

	return held > w->segments_min ? held - w->segments_min : 0;
}

/* Moves the tail up by `segments`; false, and nothing moved, when a claim came up in between.
 *
 * A core that registers claims its slot with position 0 ("holds everything"), fences, and reads the
 * tail afterwards; here the tail is stored, fenced, and the claims are read again. Of the two
 * fences one is first: either the newcomer reads this tail, or its claim is seen here and the tail
 * goes back, before a byte of the old segments was touched. A follower that saw the tail in between
 * takes it that it missed something, which is no lie about what it may read. */
static bool tail_move(struct log_writer *w, uint32_t segments)
{
	struct log_control *c = w->log.control;
	uint64_t tail = w->tail + ((uint64_t)segments << SEGMENT_SHIFT);

	assert(tail <= w->published);
	/* Release: who reads this tail sees a head that is not below it. */
	atomic_store_explicit(&c->tail, tail, memory_order_release);
	/* Pairs with the fence in log_cursor_register() (above) and with the acquire fence in
	 * follower.c: who copied a byte written after this sees the tail it was written under. */
	fence_seq_cst();
	if (claims_min(c, tail, true) < tail) {
		atomic_store_explicit(&c->tail, w->tail, memory_order_release);
		return false;
	}
	w->tail = tail;
	return true;
}

/* Gives the pool the segments of [from, to), which the tail has passed. */
static void segments_give(struct log_writer *w, uint64_t from, uint64_t to)
{
	for (; from < to; from += SEGMENT_BYTES) {
		uint32_t segment =
		        atomic_load_explicit(directory_entry(&w->log, from), memory_order_relaxed);

		assert(w->stats.segments_held > 0);
		segment_give(w->log.pool, w->user, segment);
		w->stats.segments_held--;
		w->stats.segments_given++;
	}
}

/* Takes the oldest segment out of the log for reuse; what else stands unclaimed above the floor
 * goes back to the pool. SEGMENT_NONE: nothing is unclaimed. */
static uint32_t segment_recycle(struct log_writer *w, bool images)
{
	uint32_t unclaimed = segments_unclaimed(w, images);

	if (unclaimed == 0)
		return SEGMENT_NONE;
	uint32_t above = segments_above_floor(w);
	uint32_t extra = unclaimed - 1 < above ? unclaimed - 1 : above;
	uint64_t oldest = w->tail;

	if (!tail_move(w, 1 + extra))
		return SEGMENT_NONE;
	uint32_t segment =
	        atomic_load_explicit(directory_entry(&w->log, oldest), memory_order_relaxed);

	segments_give(w, oldest + SEGMENT_BYTES, w->tail);
	segment_renew(w->log.pool, w->user, segment);
	return segment;
}

/* Takes away the IMAGE claims that hold the oldest segment, if that is all that holds it. */
static bool images_revoke(struct log_writer *w)
{
	struct log_control *c = w->log.control;
	uint64_t end = w->tail + SEGMENT_BYTES;

	if (segments_unclaimed(w, false) == 0)
		return false;
	for (uint32_t i = 0; i < LOG_CURSORS_MAX; i++) {
		struct log_cursor_slot *s = &c->cursors[i];

		if (atomic_load_explicit(&s->claim, memory_order_acquire) != LOG_CLAIM_IMAGE ||
		    atomic_load_explicit(&s->revoked, memory_order_relaxed) != 0 ||
		    atomic_load_explicit(&s->position, memory_order_acquire) >= end)
			continue;
		/* Should the slot change hands right here, its new owner finds its claim revoked
		 * from the start and asks again; a LIVE one never looks. */
		atomic_store_explicit(&s->revoked, 1, memory_order_release);
		w->stats.claims_revoked++;
	}
	return true;
}

/* The next segment's index: below the floor from what the pool keeps for us, then our own oldest,
 * then the pool's common ones, then our own oldest at the cost of image claims. */
static uint32_t segment_find(struct log_writer *w)
{
	uint32_t segment = SEGMENT_NONE;

	if (w->stats.segments_held >= w->segments_min)
		segment = segment_recycle(w, true);
	if (segment != SEGMENT_NONE)
		return segment;
	segment = segment_take(w->log.pool, w->user);
	if (segment != SEGMENT_NONE) {
		w->stats.segments_held++;
		w->stats.segments_taken++;
		return segment;
	}
	return images_revoke(w) ? segment_recycle(w, true) : SEGMENT_NONE;
}

/* What is left of the current segment becomes a PAD, or is too short for any record. */
static void segment_close(struct log_writer *w)
{
	uint64_t left = (uint64_t)(w->segment_end - w->write);

	if (left >= sizeof(struct record)) {
		struct record *pad = (struct record *)(void *)w->write;

		memset(pad, 0, sizeof(*pad));
		pad->kind = RECORD_PAD;
		pad->bytes = (uint32_t)left;
		pad->payload_bytes = (uint32_t)(left - sizeof(*pad));
	}
	w->write_offset += left;
}

/* Goes on in a new segment; false: none can be had and nothing has changed. */
static bool segment_next(struct log_writer *w)
{
	uint32_t segment = segment_find(w);

	if (segment == SEGMENT_NONE)
		return false;
	if (w->write != NULL)
		segment_close(w);
	assert(w->write_offset % SEGMENT_BYTES == 0);
	struct segment_header *h = header_at(&w->log, segment);

	__atomic_store_n(&h->base_offset, w->write_offset, __ATOMIC_RELEASE);
	/* Relaxed: whoever looks an offset up has acquired a head beyond it. */
	atomic_store_explicit(directory_entry(&w->log, w->write_offset), segment,
	                      memory_order_relaxed);
	w->write = segment_at(w->log.pool, segment) + SEGMENT_FIRST_RECORD;
	w->segment_end = segment_at(w->log.pool, segment) + SEGMENT_BYTES;
	w->write_offset += SEGMENT_FIRST_RECORD;
	return true;
}

struct record *log_writer_reserve(struct log_writer *w, uint32_t payload_bytes)
{
	assert(payload_bytes <= LOG_RECORD_PAYLOAD_MAX);
	uint32_t bytes = record_bytes(payload_bytes);

	if (__builtin_expect(w->segment_end - w->write < (ptrdiff_t)bytes, 0) && !segment_next(w)) {
		w->stats.append_refused++;
		atomic_store_explicit(&w->log.control->dropped_appends, w->stats.append_refused,
		                      memory_order_relaxed);
		w->reserved_bytes = 0;
		return NULL;
	}
	w->reserved_bytes = bytes;
	return (struct record *)(void *)w->write;
}

/* Zeroes what lies behind the payload. One store that may reach into the space of the next record,
 * which is nobody's yet; lengths that differ from packet to packet would make a loop guess wrong.
 */
static void padding_zero(struct log_writer *w, const struct record *r, uint32_t bytes)
{
	uint8_t *end = w->write + sizeof(*r) + r->payload_bytes;

	if (__builtin_expect(w->segment_end - end >= 8, 1))
		memset(end, 0, 8);
	else
		memset(end, 0, (size_t)(w->write + bytes - end));
}

void log_writer_commit(struct log_writer *w, struct record *r)
{
	assert((uint8_t *)r == w->write);
	uint32_t bytes = record_bytes(r->payload_bytes);

	assert(bytes <= w->reserved_bytes);
	assert(r->kind != RECORD_PAD);
	r->bytes = bytes;
	padding_zero(w, r, bytes);
	if (__builtin_expect((w->write_offset & (SEGMENT_BYTES - 1)) == SEGMENT_FIRST_RECORD, 0)) {
		struct segment_header *h =
		        (struct segment_header *)(void *)(w->write - SEGMENT_FIRST_RECORD);

		__atomic_store_n(&h->first_sequence, r->first_sequence, __ATOMIC_RELAXED);
		__atomic_store_n(&h->epoch, r->epoch, __ATOMIC_RELAXED);
	}
	w->write += bytes;
	w->write_offset += bytes;
	w->committed = w->write_offset;
	w->reserved_bytes = 0;
	w->dirty = true;
	w->stats.records++;
	w->stats.bytes += bytes;
	w->epoch = r->epoch;
	w->sequence = r->first_sequence + r->count;
	if (__builtin_expect(r->kind == RECORD_GAP, 0))
		w->sequence +=
		        ((const struct record_gap *)(const void *)record_payload(r))->missing;
}

void log_writer_publish(struct log_writer *w)
{
	if (!w->dirty)
		return;
	assert(w->committed > w->published);
	/* Always the end of a record: a reader that has read all stands exactly there, so that the
	 * positions of two readers are equal when what they have read is. */
	w->published = w->committed;
	atomic_store_explicit(&w->log.control->head_sequence, w->sequence, memory_order_relaxed);
	atomic_store_explicit(&w->log.control->head_epoch, w->epoch, memory_order_relaxed);
	/* Release: pairs with the acquire load in log_head(). */
	atomic_store_explicit(&w->log.control->head, w->published, memory_order_release);
	w->dirty = false;
}

void log_writer_trim(struct log_writer *w)
{
	uint32_t above = segments_above_floor(w);

	if (above == 0)
		return;
	uint32_t unclaimed = segments_unclaimed(w, true);
	uint32_t give = unclaimed < above ? unclaimed : above;
	uint64_t oldest = w->tail;

	if (give > 0 && tail_move(w, give))
		segments_give(w, oldest, w->tail);
}

int log_cursor_register(struct log *l, enum log_claim claim, bool from_tail)
{
	struct log_control *c = l->control;

	assert(claim == LOG_CLAIM_LIVE || claim == LOG_CLAIM_IMAGE);
	for (uint32_t i = 0; i < LOG_CURSORS_MAX; i++) {
		struct log_cursor_slot *s = &c->cursors[i];
		uint32_t expected = LOG_CLAIM_FREE;

		/* A free slot's position is 0, so from here on it holds all there is. */
		if (!atomic_compare_exchange_strong_explicit(&s->claim, &expected, (uint32_t)claim,
		                                             memory_order_acq_rel,
		                                             memory_order_relaxed))
			continue;
		/* Pairs with the fence in tail_move(): see there. */
		fence_seq_cst();
		/* Acquire: the head read next is not below this tail. */
		uint64_t position = log_tail(l);

		if (!from_tail)
			position = log_head(l);
		atomic_store_explicit(&s->position, position, memory_order_release);
		return (int)i;
	}
	return -EMFILE;
}

void log_cursor_unregister(struct log *l, uint32_t slot)
{
	assert(slot < LOG_CURSORS_MAX);
	struct log_cursor_slot *s = &l->control->cursors[slot];

	assert(atomic_load_explicit(&s->claim, memory_order_relaxed) != LOG_CLAIM_FREE);
	atomic_store_explicit(&s->position, 0, memory_order_relaxed);
	atomic_store_explicit(&s->revoked, 0, memory_order_relaxed);
	/* Release: pairs with the writer's acquire; the owner's reads are done. */
	atomic_store_explicit(&s->claim, LOG_CLAIM_FREE, memory_order_release);
}

uint32_t log_slowest(const struct log *l, uint64_t *lag_bytes)
{
	uint64_t head = log_head(l);
	uint32_t slowest = LOG_CURSORS_MAX;

	*lag_bytes = 0;
	for (uint32_t i = 0; i < LOG_CURSORS_MAX; i++) {
		const struct log_cursor_slot *s = &l->control->cursors[i];

		if (atomic_load_explicit(&s->claim, memory_order_acquire) != LOG_CLAIM_LIVE)
			continue;
		uint64_t position = atomic_load_explicit(&s->position, memory_order_relaxed);
		uint64_t lag = position < head ? head - position : 0;

		if (slowest == LOG_CURSORS_MAX || lag > *lag_bytes) {
			slowest = i;
			*lag_bytes = lag;
		}
	}
	return slowest;
}
