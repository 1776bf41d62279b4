/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/board.h"

#include <errno.h>
#include <string.h>

#define BOARD_MAGIC   0x3144524f42534e47ull /* "GNSBORD1" */
#define BOARD_ROW_MAX (1u << 24)

uint64_t board_bytes(uint32_t rows_max)
{
	return sizeof(struct board_control) + (uint64_t)rows_max * sizeof(struct board_row);
}

int board_init(struct board *b, void *base, uint64_t bytes, uint32_t rows_max, uint32_t feed_id)
{
	if (base == NULL || (uintptr_t)base % 64 != 0)
		return -EINVAL;
	if (rows_max == 0 || rows_max > BOARD_ROW_MAX || bytes < board_bytes(rows_max))
		return -EINVAL;
	b->control = base;
	b->control->rows_max = rows_max;
	b->control->feed_id = feed_id;
	b->control->magic = BOARD_MAGIC;
	return 0;
}

int board_attach(struct board *b, void *base, uint64_t bytes)
{
	struct board_control *c = base;

	if (base == NULL || (uintptr_t)base % 64 != 0 || bytes < sizeof(*c))
		return -EPROTO;
	if (c->magic != BOARD_MAGIC || c->rows_max == 0 || c->rows_max > BOARD_ROW_MAX)
		return -EPROTO;
	if (bytes < board_bytes(c->rows_max))
		return -EPROTO;
	b->control = c;
	return 0;
}

bool board_claim(struct board *b, uint32_t row, uint32_t shard)
{
	assert(row < b->control->rows_max);
	assert(shard < BOARD_SHARDS_MAX);
	_Atomic uint64_t *owner = &b->control->rows[row].owner;
	uint64_t nobody = 0;
	uint64_t me = (uint64_t)shard + 1;

	/* Only who writes matters here, what is written is ordered by the version: relaxed. */
	return atomic_compare_exchange_strong_explicit(owner, &nobody, me, memory_order_relaxed,
	                                               memory_order_relaxed) ||
	       nobody == me;
}

void board_write(struct board *b, uint32_t row, const struct board_top *t)
{
	assert(row < b->control->rows_max);
	struct board_row *r = &b->control->rows[row];
	uint64_t version = atomic_load_explicit(&r->version, memory_order_relaxed) + 1;
	uint64_t words[BOARD_WORDS];

	memcpy(words, t, sizeof(words));
	/* Each release pairs with board_read()'s acquire of the same word: a reader that still
	 * copies this slot for the version before the last and meets a new word also meets a new
	 * version afterwards. */
	for (uint32_t i = 0; i < BOARD_WORDS; i++)
		atomic_store_explicit(&r->slot[version & 1][i], words[i], memory_order_release);
	/* Pairs with board_read()'s first load: the slot is whole when its version is seen. */
	atomic_store_explicit(&r->version, version, memory_order_release);
}

int board_read(const struct board *b, uint32_t row, struct board_top *t, uint32_t tries)
{
	if (row >= b->control->rows_max)
		return -ENOENT;
	const struct board_row *r = &b->control->rows[row];
	uint64_t words[BOARD_WORDS];

	for (uint32_t n = 0; n < tries; n++) {
		uint64_t version = atomic_load_explicit(&r->version, memory_order_acquire);

		if (version == 0)
			return -ENOENT;
		for (uint32_t i = 0; i < BOARD_WORDS; i++)
			words[i] = atomic_load_explicit(&r->slot[version & 1][i],
			                                memory_order_acquire);
		if (atomic_load_explicit(&r->version, memory_order_relaxed) == version) {
			memcpy(t, words, sizeof(*t));
			return 0;
		}
	}
	return -EAGAIN;
}

void board_set_position(struct board *b, uint32_t shard, uint32_t class,
                        const struct board_position *p)
{
	assert(shard < BOARD_SHARDS_MAX);
	assert(class < BOARD_CLASSES);
	struct board_class_position *c = &b->control->positions[shard][class];

	/* Epoch before sequence: a reader that meets a new sequence meets its epoch as well. */
	atomic_store_explicit(&c->epoch, p->epoch, memory_order_relaxed);
	atomic_store_explicit(&c->sequence, p->sequence, memory_order_release);
	atomic_store_explicit(&c->lag_bytes, p->lag_bytes, memory_order_relaxed);
}

void board_get_position(const struct board *b, uint32_t shard, uint32_t class,
                        struct board_position *p)
{
	assert(shard < BOARD_SHARDS_MAX);
	assert(class < BOARD_CLASSES);
	const struct board_class_position *c = &b->control->positions[shard][class];

	/* Acquire pairs with the release in board_set_position(). */
	p->sequence = atomic_load_explicit(&c->sequence, memory_order_acquire);
	p->epoch = (uint32_t)atomic_load_explicit(&c->epoch, memory_order_relaxed);
	p->lag_bytes = atomic_load_explicit(&c->lag_bytes, memory_order_relaxed);
}

void board_gap(struct board *b, uint32_t epoch, uint64_t end_sequence)
{
	struct board_control *c = b->control;
	uint64_t old_epoch = atomic_load_explicit(&c->gap_epoch, memory_order_relaxed);
	uint64_t old_end = atomic_load_explicit(&c->gap_end_sequence, memory_order_relaxed);

	/* Ends are compared as positions from zero: an end of 2^64 is written as 0. */
	if (epoch < old_epoch || (epoch == old_epoch && end_sequence - 1 <= old_end - 1))
		return;
	atomic_store_explicit(&c->gap_epoch, epoch, memory_order_relaxed);
	/* Pairs with the acquire in board_gap_read(). */
	atomic_store_explicit(&c->gap_end_sequence, end_sequence, memory_order_release);
	atomic_fetch_add_explicit(&c->gaps, 1, memory_order_relaxed);
}

void board_gap_read(const struct board *b, uint32_t *epoch, uint64_t *end_sequence)
{
	*end_sequence = atomic_load_explicit(&b->control->gap_end_sequence, memory_order_acquire);
	*epoch = (uint32_t)atomic_load_explicit(&b->control->gap_epoch, memory_order_relaxed);
}

uint32_t board_flags_now(const struct board *b, const struct board_top *t)
{
	uint32_t epoch;
	uint64_t end_sequence;

	board_gap_read(b, &epoch, &end_sequence);
	if (epoch == t->epoch && end_sequence > t->good_sequence && !(t->flags & BOARD_HEURISTIC))
		return t->flags | BOARD_SUSPECT;
	return t->flags;
}
