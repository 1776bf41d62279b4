/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_queue.h"

#include <assert.h>
#include <stdlib.h>

#define CAPACITY_FIRST 1024u

static bool before(const struct chaos_event *a, const struct chaos_event *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->order < b->order;
}

void chaos_queue_init(struct chaos_queue *q)
{
	*q = (struct chaos_queue){0};
}

void chaos_queue_finish(struct chaos_queue *q)
{
	free(q->events);
	*q = (struct chaos_queue){0};
}

static bool grow(struct chaos_queue *q)
{
	uint64_t capacity = q->capacity == 0 ? CAPACITY_FIRST : 2 * q->capacity;
	struct chaos_event *events = realloc(q->events, capacity * sizeof(*events));

	if (events == NULL) {
		q->failed = true;
		return false;
	}
	q->events = events;
	q->capacity = capacity;
	return true;
}

void chaos_queue_put(struct chaos_queue *q, const struct chaos_event *e)
{
	struct chaos_event put = *e;

	if (q->count == q->capacity && !grow(q))
		return;
	put.order = q->order++;
	uint64_t at = q->count++;

	while (at > 0) {
		uint64_t above = (at - 1) / 2;

		if (!before(&put, &q->events[above]))
			break;
		q->events[at] = q->events[above];
		at = above;
	}
	q->events[at] = put;
}

bool chaos_queue_take(struct chaos_queue *q, struct chaos_event *out)
{
	if (q->count == 0)
		return false;
	*out = q->events[0];
	struct chaos_event last = q->events[--q->count];
	uint64_t at = 0;

	for (;;) {
		uint64_t child = 2 * at + 1;

		if (child >= q->count)
			break;
		if (child + 1 < q->count && before(&q->events[child + 1], &q->events[child]))
			child++;
		if (!before(&q->events[child], &last))
			break;
		q->events[at] = q->events[child];
		at = child;
	}
	if (q->count > 0)
		q->events[at] = last;
	assert(q->count < q->capacity);
	return true;
}
