/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The writer may be in the middle of anything, and the region may hold garbage: every index is
 * checked against the options as they were at the attach before it is used.
 */
#include "dataplane/book/book_read.h"

#include <errno.h>
#include <string.h>

#include "dataplane/book/book_state.h"

enum copy_verdict { COPY_OK, COPY_TORN, COPY_TOO_DEEP };

static bool part_fits(const struct book_view *v, uint64_t offset, uint64_t count, uint64_t size)
{
	return offset % 8 == 0 && offset <= v->bytes && count * size <= v->bytes - offset;
}

int book_view_attach(struct book_view *v, const void *base, uint64_t bytes, uint64_t state_offset)
{
	*v = (struct book_view){.base = base, .bytes = bytes};
	if ((uintptr_t)base % 8 != 0 ||
	    !part_fits(v, state_offset, 1, sizeof(struct book_set_state)))
		return -EPROTO;
	const struct book_set_state *state =
	        (const struct book_set_state *)(const void *)(v->base + state_offset);
	/* Once each: what is checked is what is used. */
	uint64_t books = __atomic_load_n(&state->books_offset, __ATOMIC_RELAXED);
	uint64_t levels = __atomic_load_n(&state->levels_offset, __ATOMIC_RELAXED);
	uint64_t rungs = __atomic_load_n(&state->rungs_offset, __ATOMIC_RELAXED);

	v->options = state->options;
	if (__atomic_load_n(&state->magic, __ATOMIC_RELAXED) != BOOK_SET_MAGIC)
		return -EPROTO;
	if (!part_fits(v, books, v->options.symbols_max, sizeof(struct book)) ||
	    !part_fits(v, levels, v->options.levels_max, sizeof(struct book_level)) ||
	    !part_fits(v, rungs, v->options.levels_max, sizeof(uint32_t)))
		return -EPROTO;
	v->state = state;
	v->books = (const struct book *)(const void *)(v->base + books);
	v->levels = (const struct book_level *)(const void *)(v->base + levels);
	v->rungs = (const uint32_t *)(const void *)(v->base + rungs);
	return 0;
}

uint32_t book_view_count(const struct book_view *v)
{
	/* Pairs with the release store in book_slot(). */
	uint32_t count = atomic_load_explicit(&v->state->count, memory_order_acquire);

	return count < v->options.symbols_max ? count : v->options.symbols_max;
}

/* Whole words, each of them read once. */
static void copy_words(void *to, const void *from, uint64_t bytes)
{
	const uint64_t *source = from;
	uint64_t *target = to;

	for (uint64_t i = 0; i < bytes / 8; i++)
		target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

static enum copy_verdict side_copy(const struct book_view *v, const struct book_side *side,
                                   struct book_level *levels, uint32_t levels_max)
{
	if (side->first > v->options.levels_max ||
	    side->count > v->options.levels_max - side->first)
		return COPY_TORN;
	if (side->count > levels_max)
		return COPY_TOO_DEEP;
	for (uint32_t n = 0; n < side->count; n++) {
		const uint32_t *rung = &v->rungs[side->first + side->count - 1 - n];
		uint32_t level = __atomic_load_n(rung, __ATOMIC_RELAXED);

		if (level >= v->options.levels_max)
			return COPY_TORN;
		copy_words(&levels[n], &v->levels[level], sizeof(levels[n]));
	}
	return COPY_OK;
}

static enum copy_verdict copy_once(const struct book_view *v, const struct book *from,
                                   struct book *book, struct book_level *levels[2],
                                   uint32_t levels_max)
{
	/* Pairs with the release store in book_end(). */
	uint32_t version = atomic_load_explicit(&from->version, memory_order_acquire);

	if (version & 1)
		return COPY_TORN;
	copy_words(book, from, sizeof(*book));
	enum copy_verdict bid = side_copy(v, &book->side[BOOK_BID], levels[BOOK_BID], levels_max);
	enum copy_verdict ask = side_copy(v, &book->side[BOOK_ASK], levels[BOOK_ASK], levels_max);

	/* Pairs with the release fence in book_begin(): whoever read a word of a later change reads
	 * a later version, too. */
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&from->version, memory_order_relaxed) != version)
		return COPY_TORN;
	if (bid == COPY_TORN || ask == COPY_TORN)
		return COPY_TORN;
	return bid == COPY_OK ? ask : bid;
}

int book_view_copy(const struct book_view *v, uint32_t slot, struct book *book,
                   struct book_level *levels[2], uint32_t levels_max, uint32_t tries)
{
	if (slot >= book_view_count(v))
		return -EINVAL;
	for (uint32_t i = 0; i < tries; i++) {
		switch (copy_once(v, &v->books[slot], book, levels, levels_max)) {
		case COPY_OK:
			return 0;
		case COPY_TOO_DEEP:
			return -ENOSPC;
		case COPY_TORN:
			break;
		}
	}
	return -EAGAIN;
}
