/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The scenario's time and size: every key that is a duration, brought to another scale.
 */
#include <assert.h>
#include <string.h>

#include "perf/scenario_keys.h"

static void rescale(uint64_t *ns, uint64_t from, uint64_t to)
{
	if (*ns != 0 && *ns != UINT64_MAX) {
		uint64_t scaled = *ns / from * to + *ns % from * to / from;

		*ns = scaled == 0 ? 1 : scaled;
	}
}

void scenario_rescale(struct scenario *s, uint64_t second_ns)
{
	uint64_t from = s->second_ns;

	assert(second_ns >= 1000);
	for (uint32_t i = 0; i < scenario_key_count; i++) {
		const struct scenario_key *k = &scenario_keys[i];
		uint32_t count = k->part == SCENARIO_TOP       ? 1
		                 : k->part == SCENARIO_SERVICE ? s->service_count
		                 : k->part == SCENARIO_LOAD    ? s->load_count
		                                               : s->fault_count;

		for (uint32_t j = 0; k->type == SCENARIO_DURATION && j < count; j++) {
			uint8_t *base = k->part == SCENARIO_TOP       ? (uint8_t *)s
			                : k->part == SCENARIO_SERVICE ? (uint8_t *)&s->services[j]
			                : k->part == SCENARIO_LOAD    ? (uint8_t *)&s->loads[j]
			                                              : (uint8_t *)&s->faults[j];
			uint64_t ns;

			memcpy(&ns, base + k->offset, sizeof(ns));
			rescale(&ns, from, second_ns);
			memcpy(base + k->offset, &ns, sizeof(ns));
		}
	}
	s->second_ns = second_ns;
}

uint64_t scenario_events(const struct scenario *s)
{
	uint64_t events = 0;

	for (uint32_t i = 0; i < s->load_count; i++) {
		const struct scenario_load *l = &s->loads[i];

		if (l->until_ns > l->from_ns)
			events += ((l->until_ns - l->from_ns - 1) / l->every_ns + 1) * l->burst;
	}
	return events;
}
