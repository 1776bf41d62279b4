/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/event.h"

#include <errno.h>
#include <stdbool.h>

int event_ring_init(struct event_ring *r, struct event *events, uint64_t capacity)
{
	bool power_of_two = capacity != 0 && (capacity & (capacity - 1)) == 0;

	if (events == NULL || !power_of_two)
		return -EINVAL;
	*r = (struct event_ring){.events = events, .mask = capacity - 1};
	return 0;
}

uint32_t event_read(const struct event_ring *r, uint64_t *position, struct event *out,
                    uint32_t count, uint64_t *missed)
{
	uint64_t capacity = r->mask + 1;
	uint64_t oldest = r->head > capacity ? r->head - capacity : 0;
	uint64_t from = *position < oldest ? oldest : *position;

	assert(*position <= r->head);
	if (missed != NULL)
		*missed = from - *position;
	uint64_t waiting = r->head - from;
	uint32_t copied = waiting < count ? (uint32_t)waiting : count;

	assert(waiting <= capacity);
	for (uint32_t i = 0; i < copied; i++)
		out[i] = r->events[(from + i) & r->mask];
	*position = from + copied;
	return copied;
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = {
	        [EVENT_BREAKER] = "breaker",   [EVENT_NODE] = "node",
	        [EVENT_FORECAST] = "forecast", [EVENT_MODE] = "mode",
	        [EVENT_TUNING] = "tuning",     [EVENT_THROTTLE] = "throttle",
	        [EVENT_HEDGE] = "hedge",
	};

	static_assert(sizeof(names) / sizeof(names[0]) == EVENT_KINDS, "a name for every kind");
	assert((unsigned)kind < EVENT_KINDS);
	assert(names[kind] != NULL);
	return names[kind];
}
