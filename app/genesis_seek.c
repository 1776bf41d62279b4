/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Places in a log other than the next one: the head, the oldest, a message's.
 */
#include <errno.h>

#include "app/genesis_private.h"

struct place {
	uint32_t epoch;
	uint64_t sequence;
};

static bool is_before(const struct place *a, const struct place *b)
{
	return a->epoch < b->epoch || (a->epoch == b->epoch && a->sequence < b->sequence);
}

/* What the segment of `position` says of its first record; false: it cannot be had (any more). */
static bool segment_place(const struct log *log, uint64_t position, struct place *p)
{
	const struct log_control *c = log->control;
	uint32_t segment = atomic_load_explicit(
	        &c->directory[(position >> SEGMENT_SHIFT) & log->mask], memory_order_relaxed);

	if (segment >= log->pool->count)
		return false;
	const struct segment_header *h = (const void *)segment_at(log->pool, segment);
	uint64_t base = __atomic_load_n(&h->base_offset, __ATOMIC_ACQUIRE);

	p->epoch = __atomic_load_n(&h->epoch, __ATOMIC_ACQUIRE);
	p->sequence = __atomic_load_n(&h->first_sequence, __ATOMIC_ACQUIRE);
	/* Taken anew meanwhile: the base was cleared before the two, so it shows. */
	return base == position && p->epoch != 0 &&
	       __atomic_load_n(&h->base_offset, __ATOMIC_RELAXED) == base;
}

/* At the start of a segment, or at the head. */
static void stand_at(struct genesis_log *l, uint64_t position)
{
	struct place p;

	l->follower.position = position;
	l->has_record = false;
	l->has_missed = false;
	l->missed_bytes = 0;
	l->epoch = 0;
	l->sequence = 0;
	if (position % SEGMENT_BYTES == 0 && segment_place(&l->source->log, position, &p)) {
		l->epoch = p.epoch;
		l->sequence = p.sequence;
	}
}

/* Stands at the start of the newest segment that does not begin beyond `wanted`; where there is
 * none, at the oldest. */
static void stand_before(struct genesis_log *l, const struct place *wanted)
{
	const struct log *log = &l->source->log;
	uint64_t head = log_head(log);
	uint64_t tail = log_tail(log);
	uint64_t position = head == 0 ? 0 : (head - 1) & ~(uint64_t)(SEGMENT_BYTES - 1);
	struct place p;

	while (position > tail && (!segment_place(log, position, &p) || is_before(wanted, &p)))
		position -= SEGMENT_BYTES;
	stand_at(l, position);
}

/* Reads on, telling nobody, up to the record that holds `wanted` or lies beyond it, or up to
 * `limit`. 1: stands in such a record; 0: at the limit; -EPROTO. */
static int walk(struct genesis_log *l, const struct place *wanted, uint64_t limit)
{
	struct genesis_log_stats stats = l->stats;
	struct genesis_event e;
	int rc = 0;

	while (l->follower.position < limit || l->has_record) {
		rc = reader_fetch(l);
		if (rc <= 0)
			break;
		struct place next = {.epoch = reader_record(l)->epoch,
		                     .sequence = reader_sequence(l)};

		if (!is_before(&next, wanted))
			break;
		/* A GAP that reaches beyond the wanted place is part of the answer. */
		if (reader_record(l)->kind == RECORD_GAP && next.epoch == wanted->epoch &&
		    reader_gap(l, &e.reason) > wanted->sequence - next.sequence)
			break;
		l->has_missed = false;
		if (reader_record(l)->kind == RECORD_DATA && l->left == 0)
			l->has_record = false;
		else if (!reader_take(l, &e))
			rc = -EPROTO;
		if (rc < 0)
			break;
		rc = 0;
	}
	l->stats = stats;
	return rc;
}

int genesis_log_to_head(struct genesis_log *l)
{
	const struct place end = {.epoch = UINT32_MAX, .sequence = UINT64_MAX};
	uint64_t head = log_head(&l->source->log);

	if (l->is_corrupt)
		return -EPROTO;
	stand_before(l, &end);
	int rc = walk(l, &end, head);

	/* The writer may be faster than the walk, or have gone on meanwhile. */
	if (rc == 0 && l->follower.position < head)
		stand_at(l, log_head(&l->source->log));
	l->has_missed = false;
	l->missed_bytes = 0;
	return rc < 0 ? rc : 0;
}

int genesis_log_to_oldest(struct genesis_log *l)
{
	if (l->is_corrupt)
		return -EPROTO;
	stand_at(l, log_tail(&l->source->log));
	return 0;
}

int genesis_log_seek(struct genesis_log *l, uint32_t epoch, uint64_t sequence)
{
	const struct place wanted = {.epoch = epoch, .sequence = sequence};

	if (l->is_corrupt)
		return -EPROTO;
	stand_before(l, &wanted);
	int rc = walk(l, &wanted, log_head(&l->source->log));

	struct place here = {.epoch = l->epoch, .sequence = l->sequence};

	if (rc < 0)
		return rc;
	if (!l->has_record)
		return is_before(&here, &wanted) ? -ERANGE : 0;
	/* Beyond what was wanted, after a walk that was not whole: it is gone. */
	struct place next = {.epoch = reader_record(l)->epoch, .sequence = reader_sequence(l)};

	l->has_missed = is_before(&wanted, &next) && (l->has_missed || is_before(&wanted, &here));
	l->epoch = l->has_missed ? wanted.epoch : next.epoch;
	l->sequence = l->has_missed ? wanted.sequence : next.sequence;
	return 0;
}
