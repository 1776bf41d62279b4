/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/throttle.h"

#include <assert.h>
#include <string.h>

#include "resilience/event.h"

void throttle_init(struct throttle *t)
{
	memset(t, 0, sizeof(*t));
	for (uint32_t i = 0; i < WORK_CLASSES; i++) {
		struct throttle_class *c = &t->class[i];

		c->from_ppm = THROTTLE_ONE;
		c->target_ppm = THROTTLE_ONE;
		c->fraction_ppm = THROTTLE_ONE;
		/* Rounds to nearest: of the first n requests n x p +- 1/2 are let in. */
		c->credit_ppm = THROTTLE_ONE / 2;
	}
}

static uint32_t fraction_at(const struct throttle_class *c, const struct throttle_options *o,
                            uint64_t now_ns)
{
	bool up = c->target_ppm > c->from_ppm;
	uint64_t full_ns = up ? o->ramp_up_ns : o->ramp_down_ns;
	uint32_t way_ppm = up ? c->target_ppm - c->from_ppm : c->from_ppm - c->target_ppm;
	uint64_t elapsed_ns = now_ns - c->ramp_start_ns;

	assert(now_ns >= c->ramp_start_ns);
	/* Also keeps the product below from overflowing: beyond full scale it is over anyway. */
	if (way_ppm == 0 || elapsed_ns >= full_ns)
		return c->target_ppm;
	/* In two parts, as full scale may be hours. */
	uint64_t gone_ppm = full_ns <= UINT64_MAX / THROTTLE_ONE
	                            ? elapsed_ns * THROTTLE_ONE / full_ns
	                            : elapsed_ns / (full_ns / THROTTLE_ONE);

	if (gone_ppm >= way_ppm)
		return c->target_ppm;
	return up ? c->from_ppm + (uint32_t)gone_ppm : c->from_ppm - (uint32_t)gone_ppm;
}

void throttle_set_target(struct throttle *t, const struct throttle_options *o,
                         enum work_class class, uint32_t target_ppm, uint64_t now_ns)
{
	struct throttle_class *c = &t->class[class];
	uint32_t target = o->enabled ? target_ppm : THROTTLE_ONE;

	assert(class < WORK_CLASSES);
	assert(target <= THROTTLE_ONE);
	if (target == c->target_ppm)
		return;
	c->from_ppm = fraction_at(c, o, now_ns);
	c->ramp_start_ns = now_ns;
	c->target_ppm = target;
	c->fraction_ppm = fraction_at(c, o, now_ns);
}

void throttle_set_mode(struct throttle *t, const struct throttle_options *o,
                       const struct mode_policy *policy, enum mode_id mode, uint64_t now_ns)
{
	assert(mode < MODE_COUNT);
	for (uint32_t i = 0; i < WORK_CLASSES; i++) {
		enum work_class class = (enum work_class)i;

		throttle_set_target(t, o, class, mode_policy_of(policy, mode, class)->admit_ppm,
		                    now_ns);
	}
}

void throttle_poll(struct throttle *t, const struct throttle_options *o, uint64_t now_ns)
{
	for (uint32_t i = 0; i < WORK_CLASSES; i++) {
		struct throttle_class *c = &t->class[i];

		if (c->fraction_ppm != c->target_ppm)
			c->fraction_ppm = fraction_at(c, o, now_ns);
		assert(c->fraction_ppm <= THROTTLE_ONE);
	}
}

bool throttle_is_ramping(const struct throttle *t)
{
	for (uint32_t i = 0; i < WORK_CLASSES; i++)
		if (t->class[i].fraction_ppm != t->class[i].target_ppm)
			return true;
	return false;
}

void throttle_push_events(const struct throttle *t, const struct throttle *before, uint32_t subject,
                          uint64_t now_ns, struct event_ring *events)
{
	for (uint32_t i = 0; i < WORK_CLASSES; i++) {
		const struct throttle_class *c = &t->class[i];
		const struct throttle_class *was = &before->class[i];
		bool over = c->fraction_ppm == c->target_ppm;

		if (c->target_ppm == was->target_ppm &&
		    (!over || was->fraction_ppm == was->target_ppm))
			continue;
		event_push(events, &(struct event){.time_ns = now_ns,
		                                   .subject = subject,
		                                   .kind = EVENT_THROTTLE,
		                                   .from = (uint8_t)i,
		                                   .to = (uint8_t)i,
		                                   .reason = over ? THROTTLE_ENDS : THROTTLE_BEGINS,
		                                   .value = c->target_ppm,
		                                   .detail = c->from_ppm});
	}
}

bool throttle_is_sound(const struct throttle *t)
{
	for (uint32_t i = 0; i < WORK_CLASSES; i++) {
		const struct throttle_class *c = &t->class[i];
		bool up = c->target_ppm > c->from_ppm;
		uint32_t low_ppm = up ? c->from_ppm : c->target_ppm;
		uint32_t high_ppm = up ? c->target_ppm : c->from_ppm;

		if (high_ppm > THROTTLE_ONE || c->credit_ppm >= THROTTLE_ONE)
			return false;
		if (c->fraction_ppm < low_ppm || c->fraction_ppm > high_ppm)
			return false;
	}
	return true;
}

void throttle_resume(struct throttle *t, uint64_t now_ns)
{
	assert(throttle_is_sound(t));
	for (uint32_t i = 0; i < WORK_CLASSES; i++)
		if (t->class[i].ramp_start_ns > now_ns)
			t->class[i].ramp_start_ns = now_ns;
}
