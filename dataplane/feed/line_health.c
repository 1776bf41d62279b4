/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/line_health.h"

#include <stddef.h>

#include "resilience/deadline.h"

/* A line that comes back should not have to wait long for its next chance. */
static const struct health_options options = {
        .eject_ns = LINE_HEALTH_INTERVAL_NS,
        .eject_max_ns = 8 * LINE_HEALTH_INTERVAL_NS,
        .half_life_ns = 16 * LINE_HEALTH_INTERVAL_NS,
        .latency_initial_ns = 1,
        .settle_successes = 1,
        .eject_after = LINE_HEALTH_EJECT_AFTER,
        .samples_min = LINE_HEALTH_EJECT_AFTER,
        .rate_shift = 4,
};

static const struct deadline_options wait_options = {
        .terms = DEADLINE_BASE | DEADLINE_EXPECTED | DEADLINE_RTT,
        .expected_multiplier_milli = 2500,
        .deviation_multiplier_milli = 4000,
        .tail_multiplier_milli = 1000,
};

/* Lines that are exactly in step still leave a burst of other packets between two copies. */
#define WAIT_MIN_NS 50000u

void line_health_init(struct line_health *h, uint32_t lines)
{
	*h = (struct line_health){0};
	int rc = health_init(&h->health, 0, lines);

	assert(rc == 0);
	assert(health_options_check(&options) == NULL);
	assert(deadline_options_check(&wait_options) == 0);
	(void)rc;
}

static bool line_failed(const struct line *l, const struct line_health_mark *m)
{
	uint64_t messages = l->stats.messages - m->messages;
	uint64_t lost = l->stats.lost > m->lost ? l->stats.lost - m->lost : 0;

	return l->stats.packets == m->packets || lost > messages;
}

void line_health_look(struct line_health *h, struct line *lines, uint64_t now_ns)
{
	struct health_counters counters = {0};
	const struct health_context c = {.options = &options, .counters = &counters};
	uint64_t all = 0;

	for (uint32_t i = 0; i < h->health.count; i++)
		all += lines[i].stats.packets - h->marks[i].packets;
	health_tick(&h->health, &c, now_ns);
	for (uint32_t i = 0; i < h->health.count; i++) {
		struct line *l = &lines[i];
		struct line_health_mark *m = &h->marks[i];
		uint64_t others = all - (l->stats.packets - m->packets);
		bool failed = line_failed(l, m);

		/* A line that nobody is beside, and that is silent with all others, is well. */
		if (others >= LINE_HEALTH_PACKETS_MIN || !failed) {
			health_on_send(&h->health, i);
			if (failed)
				health_on_failure(&h->health, &c, i, now_ns);
			else
				health_on_success(&h->health, &c, i, rtt_smoothed_ns(&l->skew),
				                  now_ns);
		}
		*m = (struct line_health_mark){
		        .packets = l->stats.packets,
		        .messages = l->stats.messages,
		        .lost = l->stats.lost,
		};
		l->stats.state = h->health.nodes[i].state;
	}
	h->due_ns = now_ns + LINE_HEALTH_INTERVAL_NS;
}

uint64_t line_wait_ns(const struct line_health *h, const struct line *lines, uint64_t max_ns)
{
	uint64_t wait_ns = 0;

	for (uint32_t i = 0; i < h->health.count; i++) {
		const struct rtt *skew = &lines[i].skew;

		if (!line_is_waited_for(h, i) || !rtt_is_known(skew, &line_skew_options))
			continue;
		struct deadline_answer a = deadline_timeout(
		        &wait_options, &(struct deadline_facts){
		                               .base_ns = WAIT_MIN_NS,
		                               .expected_ns = rtt_smoothed_ns(skew),
		                               .smoothed_ns = rtt_smoothed_ns(skew),
		                               .deviation_ns = rtt_deviation_ns(skew),
		                               .remaining_ns = max_ns,
		                       });

		wait_ns = a.timeout_ns > wait_ns ? a.timeout_ns : wait_ns;
	}
	return wait_ns == 0 ? max_ns : wait_ns;
}
