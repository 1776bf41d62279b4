/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_queue.h"

#include <assert.h>
#include <string.h>

uint64_t serve_queue_bytes(uint32_t room)
{
	assert(room > 0 && room <= SERVE_QUEUE_MAX);
	return (uint64_t)room * (sizeof(struct serve_reply) + sizeof(uint32_t));
}

void serve_queue_init(struct serve_queue *q, void *memory, uint32_t room)
{
	assert(room > 0 && room <= SERVE_QUEUE_MAX);
	*q = (struct serve_queue){.replies = memory, .room = room};
	q->heap = (uint32_t *)(void *)(q->replies + room);
	for (uint32_t i = 0; i < room; i++)
		q->heap[i] = i;
}

static bool is_before(const struct serve_queue *q, uint32_t a, uint32_t b)
{
	const struct serve_reply *x = &q->replies[q->heap[a]];
	const struct serve_reply *y = &q->replies[q->heap[b]];

	return x->time_ns != y->time_ns ? x->time_ns < y->time_ns : x->ordinal < y->ordinal;
}

static void swap(struct serve_queue *q, uint32_t a, uint32_t b)
{
	uint32_t place = q->heap[a];

	q->heap[a] = q->heap[b];
	q->heap[b] = place;
}

bool serve_queue_push(struct serve_queue *q, uint64_t time_ns, const struct serve_peer *peer,
                      const uint8_t *data, uint32_t bytes)
{
	assert(bytes <= SERVE_REPLY_BYTES);
	if (q->count == q->room) {
		q->dropped++;
		return false;
	}
	struct serve_reply *r = &q->replies[q->heap[q->count]];

	r->time_ns = time_ns;
	r->ordinal = q->pushed++;
	r->peer = *peer;
	r->bytes = bytes;
	memcpy(r->data, data, bytes);
	for (uint32_t i = q->count++; i > 0 && is_before(q, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(q, i, (i - 1) / 2);
	return true;
}

static void sink(struct serve_queue *q)
{
	uint32_t i = 0;

	for (;;) {
		uint32_t least = i;

		for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->count; child++)
			if (is_before(q, child, least))
				least = child;
		if (least == i)
			return;
		swap(q, i, least);
		i = least;
	}
}

const struct serve_reply *serve_queue_pop(struct serve_queue *q, uint64_t now_ns)
{
	if (serve_queue_next_ns(q) > now_ns)
		return NULL;
	/* The place that became free is the first that a push will take. */
	swap(q, 0, --q->count);
	sink(q);
	return &q->replies[q->heap[q->count]];
}
