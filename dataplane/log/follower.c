/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/follower.h"

#include "dataplane/log/fence.h"

/* The writer fills records with plain stores and does not know who copies. A follower's load may
 * therefore meet a store of the segment's next life; what it got is thrown away then, unparsed, by
 * still_held(). That is the one race of the log, wanted and confined to this function, so thread
 * sanitizer is told to look away here and nowhere else. Words, because a word is loaded in one go.
 */
#if defined(__clang__)
#if __has_attribute(disable_sanitizer_instrumentation)
#define FOLLOWER_COPY __attribute__((noinline, disable_sanitizer_instrumentation))
#else
#define FOLLOWER_COPY __attribute__((noinline, no_sanitize("thread")))
#endif
#else
#define FOLLOWER_COPY __attribute__((noinline, no_sanitize_thread))
#endif

FOLLOWER_COPY static void copy_words(uint64_t *to, const uint8_t *from, uint32_t bytes)
{
	const uint64_t *words = (const uint64_t *)(const void *)from;

	for (uint32_t i = 0; i < bytes / 8; i++)
		to[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
}

struct place { /* where the position lies, and in which life of the segment */
	const uint8_t *address;
	const struct segment_header *header;
	uint32_t generation;
};

/* True while nothing copied so far can have been overwritten. The acquire fence pairs with the
 * fence in tail_move() (log.c) and the one in segment_take(): a byte of the segment's next life
 * comes with a tail beyond us. The generation says the same again, from the segment itself. */
static bool still_held(const struct log_follower *f, const struct place *p)
{
	fence_acquire();
	return atomic_load_explicit(&f->log.control->tail, memory_order_relaxed) <= f->position &&
	       __atomic_load_n(&p->header->generation, __ATOMIC_RELAXED) == p->generation;
}

static enum follower_verdict overtaken(struct log_follower *f)
{
	uint64_t tail = log_tail(&f->log);

	if (tail <= f->position)
		return FOLLOWER_CORRUPT;
	f->missed_bytes += tail - f->position;
	f->missed_times++;
	f->position = tail;
	return FOLLOWER_MISSED;
}

/* Looks the position up; false: it is not in the log (any more). */
static bool find_place(const struct log_follower *f, struct place *p)
{
	const struct log *l = &f->log;
	uint64_t in = f->position & (SEGMENT_BYTES - 1);
	uint32_t segment = atomic_load_explicit(
	        &l->control->directory[(f->position >> SEGMENT_SHIFT) & l->mask],
	        memory_order_relaxed);

	if (segment >= l->pool->count)
		return false;
	p->header = (const struct segment_header *)(const void *)segment_at(l->pool, segment);
	p->address = segment_at(l->pool, segment) + in;
	p->generation = __atomic_load_n(&p->header->generation, __ATOMIC_RELAXED);
	return __atomic_load_n(&p->header->magic, __ATOMIC_RELAXED) == SEGMENT_MAGIC &&
	       __atomic_load_n(&p->header->base_offset, __ATOMIC_RELAXED) == f->position - in;
}

/* Nothing in a record is believed before this: lengths agree and stay within segment and head. */
static bool is_record(const struct log_follower *f, const struct record *r, uint64_t head)
{
	uint64_t in = f->position & (SEGMENT_BYTES - 1);

	if (r->bytes < sizeof(*r) || r->bytes % RECORD_ALIGN != 0 ||
	    r->bytes > SEGMENT_BYTES - in || r->bytes > head - f->position)
		return false;
	if (r->kind == RECORD_PAD)
		return r->bytes == SEGMENT_BYTES - in;
	return r->kind <= RECORD_END && r->payload_bytes <= LOG_RECORD_PAYLOAD_MAX &&
	       r->bytes == record_bytes(r->payload_bytes);
}

void follower_init(struct log_follower *f, const struct log *l, bool from_tail)
{
	*f = (struct log_follower){.log = *l, .position = from_tail ? log_tail(l) : log_head(l)};
}

enum follower_verdict follower_next(struct log_follower *f, struct record *buffer,
                                    uint32_t buffer_bytes)
{
	assert(buffer_bytes >= record_bytes(LOG_RECORD_PAYLOAD_MAX));
	assert((uintptr_t)buffer % 8 == 0);
	uint64_t head = log_head(&f->log);
	struct place p;

	for (;;) {
		if (f->position >= head)
			return FOLLOWER_AT_HEAD;
		if (log_tail(&f->log) > f->position)
			return overtaken(f);
		f->position = log_record_position(f->position);
		if (f->position >= head)
			return FOLLOWER_CORRUPT;
		if (!find_place(f, &p))
			return overtaken(f);
		copy_words((uint64_t *)(void *)buffer, p.address, sizeof(*buffer));
		if (!still_held(f, &p))
			return overtaken(f);
		if (!is_record(f, buffer, head))
			return FOLLOWER_CORRUPT;
		if (buffer->kind != RECORD_PAD)
			break;
		f->position += buffer->bytes;
	}
	copy_words((uint64_t *)(void *)(buffer + 1), p.address + sizeof(*buffer),
	           buffer->bytes - (uint32_t)sizeof(*buffer));
	if (!still_held(f, &p))
		return overtaken(f);
	f->position += buffer->bytes;
	return FOLLOWER_RECORD;
}
