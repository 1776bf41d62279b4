/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/mode.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "resilience/event.h"

#define PPM 1000000u

void mode_options_report(struct mode_options *o, uint64_t second_ns, uint64_t backlog_limit)
{
	assert(second_ns >= 2);
	assert(backlog_limit >= 2);
	*o = (struct mode_options){
	        .cause = {[MODE_CAUSE_FORECAST] = {1, 1},
	                  [MODE_CAUSE_DEGRADED] = {100000, 50000},
	                  [MODE_CAUSE_SLOW] = {3, 2},
	                  [MODE_CAUSE_UNHEALTHY] = {300000, 200000},
	                  [MODE_CAUSE_BACKLOG] = {backlog_limit, backlog_limit / 2},
	                  [MODE_CAUSE_RECOVERABLE] = {500000, 400000},
	                  [MODE_CAUSE_RESTORING] = {1, 1},
	                  [MODE_CAUSE_COLLAPSED] = {800000, 700000},
	                  [MODE_CAUSE_STALLED] = {5 * second_ns, 5 * second_ns / 2}},
	        .guard = {[MODE_GUARD_RECOVERABLE] = {500000, 400000},
	                  [MODE_GUARD_SUCCEEDING] = {900000, 800000}},
	        .dwell_ns = {[MODE_PRE_SAFE] = 2 * second_ns,
	                     [MODE_LATENCY] = 2 * second_ns,
	                     [MODE_SAFE] = 2 * second_ns,
	                     [MODE_ULTRA] = 2 * second_ns,
	                     [MODE_RECOVERY] = second_ns,
	                     [MODE_EMERGENCY] = 2 * second_ns},
	        .modes = MODE_ALL,
	};
}

static bool threshold_is_good(const struct mode_threshold *t)
{
	return t->leave >= 1 && t->leave <= t->enter;
}

const char *mode_options_check(const struct mode_options *o)
{
	assert(o != NULL);
	if ((o->modes & MODE_BIT(MODE_NORMAL)) == 0)
		return "modes: NORMAL is always there";
	if ((o->modes & ~MODE_ALL) != 0)
		return "modes: there are seven";
	for (uint32_t i = 0; i < MODE_CAUSES; i++)
		if (!threshold_is_good(&o->cause[i]))
			return "a cause's threshold: leave is 1 to enter";
	for (uint32_t i = MODE_GUARD_NONE + 1; i < MODE_GUARDS; i++)
		if (!threshold_is_good(&o->guard[i]) || o->guard[i].enter > PPM)
			return "a guard's threshold: leave is 1 to enter, enter at most 1000000";
	for (uint32_t id = MODE_NORMAL + 1; id < MODE_COUNT; id++)
		if ((o->modes & MODE_BIT(id)) != 0 && o->dwell_ns[id] == 0)
			return "a mode without a dwell time";
	return NULL;
}

int mode_init(struct mode *m, const struct mode_options *o, uint64_t now_ns)
{
	if (mode_options_check(o) != NULL)
		return -EINVAL;
	memset(m, 0, sizeof(*m));
	m->since_ns = now_ns;
	m->calm_since_ns = UINT64_MAX;
	m->progress_ns = now_ns;
	m->id = MODE_NORMAL;
	m->reason = MODE_CAUSE_OVER;
	m->entered[MODE_NORMAL] = 1;
	return 0;
}

static uint64_t share_ppm(uint64_t part, uint64_t whole)
{
	if (whole == 0)
		return 0;
	if (part >= whole)
		return PPM;
	/* Counters of a long window may be large: scaled down before they would overflow. */
	while (part > UINT64_MAX / PPM) {
		part >>= 1;
		whole >>= 1;
	}
	return part * PPM / whole;
}

static bool facts_are_odd(const struct mode_facts *f)
{
	return f->components_unhealthy > f->components ||
	       f->components_with_image > f->components_unhealthy ||
	       f->services_unhealthy > f->services ||
	       f->services_answering > f->services_unhealthy || f->attempts_succeeded > f->attempts;
}

static uint64_t measure(const struct mode *m, const struct mode_facts *f, enum mode_measure what,
                        uint64_t now_ns)
{
	switch (what) {
	case MODE_MEASURE_FORECASTS:
		return f->forecasts;
	case MODE_MEASURE_UNHEALTHY_PPM: {
		uint64_t components_ppm = share_ppm(f->components_unhealthy, f->components);
		uint64_t services_ppm = share_ppm(f->services_unhealthy, f->services);

		return components_ppm > services_ppm ? components_ppm : services_ppm;
	}
	case MODE_MEASURE_BACKLOG:
		return f->backlog;
	case MODE_MEASURE_RESTORING:
		return f->restoring;
	case MODE_MEASURE_SLOW_ATTEMPTS:
		return f->attempts_slow;
	case MODE_MEASURE_IDLE_NS:
		return now_ns - m->progress_ns;
	}
	assert(false);
	return 0;
}

/* Nothing unhealthy of a kind: then that kind is no obstacle. */
static uint64_t recoverable_ppm(const struct mode_facts *f)
{
	uint64_t components_ppm = f->components_unhealthy == 0 ? PPM
	                                                       : share_ppm(f->components_with_image,
	                                                                   f->components_unhealthy);
	uint64_t services_ppm = f->services_unhealthy == 0
	                                ? PPM
	                                : share_ppm(f->services_answering, f->services_unhealthy);

	return components_ppm < services_ppm ? components_ppm : services_ppm;
}

static uint64_t guard_ppm(const struct mode_facts *f, enum mode_guard guard)
{
	switch (guard) {
	case MODE_GUARD_NONE:
		return PPM;
	case MODE_GUARD_RECOVERABLE:
		return recoverable_ppm(f);
	case MODE_GUARD_SUCCEEDING:
		return share_ppm(f->attempts_succeeded, f->attempts);
	}
	assert(false);
	return 0;
}

static bool reaches(uint64_t value, const struct mode_threshold *t, bool held)
{
	return value >= (held ? t->leave : t->enter) && t->enter != UINT64_MAX;
}

/* A cause is held by its lower thresholds only in its own mode, and only if it was one before. */
static bool cause_holds(const struct mode *m, const struct mode_options *o,
                        const struct mode_facts *f, const struct mode_condition *c, uint64_t now_ns)
{
	bool held = m->id == c->mode && (m->causes & 1u << c->cause) != 0;

	if ((o->modes & MODE_BIT(c->mode)) == 0)
		return false;
	if (!reaches(measure(m, f, c->measure, now_ns), &o->cause[c->cause], held))
		return false;
	return c->guard == MODE_GUARD_NONE ||
	       reaches(guard_ppm(f, c->guard), &o->guard[c->guard], held);
}

static uint16_t causes_of(const struct mode *m, const struct mode_options *o,
                          const struct mode_facts *f, uint64_t now_ns)
{
	uint32_t causes = 0;

	for (uint32_t i = 0; i < MODE_CAUSES; i++) {
		assert(mode_conditions[i].cause == i);
		if (cause_holds(m, o, f, &mode_conditions[i], now_ns))
			causes |= 1u << i;
	}
	return (uint16_t)causes;
}

static enum mode_id highest(uint16_t causes, enum mode_cause *why)
{
	enum mode_id wanted = MODE_NORMAL;

	*why = MODE_CAUSE_OVER;
	for (uint32_t i = 0; i < MODE_CAUSES; i++)
		if ((causes & 1u << i) != 0 && mode_conditions[i].mode > wanted) {
			wanted = mode_conditions[i].mode;
			*why = mode_conditions[i].cause;
		}
	return wanted;
}

static void change(struct mode *m, enum mode_id to, enum mode_cause why, uint64_t now_ns)
{
	assert(to != m->id);
	assert(to < MODE_COUNT);
	m->spent_ns[m->id] += now_ns - m->since_ns;
	m->since_ns = now_ns;
	m->calm_since_ns = UINT64_MAX;
	m->id = (uint8_t)to;
	m->reason = (uint8_t)why;
	m->entered[to]++;
	m->transitions++;
}

bool mode_update(struct mode *m, const struct mode_options *o, const struct mode_facts *f,
                 uint64_t now_ns, struct event_ring *events)
{
	assert(now_ns >= m->since_ns);
	assert((o->modes & MODE_BIT(m->id)) != 0);
	enum mode_id from = (enum mode_id)m->id;
	enum mode_cause why;

	if (f->progress != m->progress || f->waiting == 0) {
		m->progress = f->progress;
		m->progress_ns = now_ns;
	}
	m->odd_facts += facts_are_odd(f);
	m->causes = causes_of(m, o, f, now_ns);
	enum mode_id wanted = highest(m->causes, &why);

	if (wanted == from) {
		m->calm_since_ns = UINT64_MAX;
		return false;
	}
	if (wanted < from) {
		m->calm_since_ns = m->calm_since_ns == UINT64_MAX ? now_ns : m->calm_since_ns;
		if (now_ns - m->calm_since_ns < o->dwell_ns[from])
			return false;
		why = MODE_CAUSE_OVER;
	}
	struct event e = {
	        .time_ns = now_ns,
	        .subject = o->subject,
	        .kind = EVENT_MODE,
	        .from = (uint8_t)from,
	        .to = (uint8_t)wanted,
	        .reason = (uint8_t)why,
	        .value = why == MODE_CAUSE_OVER
	                         ? 0
	                         : measure(m, f, mode_conditions[why].measure, now_ns),
	        .detail = now_ns - m->since_ns,
	};

	change(m, wanted, why, now_ns);
	event_push(events, &e);
	return true;
}

static uint64_t later_ns(uint64_t time_ns, uint64_t by_ns)
{
	return by_ns > UINT64_MAX - time_ns ? UINT64_MAX : time_ns + by_ns;
}

uint64_t mode_deadline_ns(const struct mode *m, const struct mode_options *o,
                          const struct mode_facts *f)
{
	uint64_t deadline_ns = UINT64_MAX;

	assert(m->id < MODE_COUNT);
	if (m->calm_since_ns != UINT64_MAX)
		deadline_ns = later_ns(m->calm_since_ns, o->dwell_ns[m->id]);
	/* While work waits the measure of a stall grows by itself. */
	const struct mode_threshold *stall = &o->cause[MODE_CAUSE_STALLED];

	if (f->waiting > 0 && m->id < MODE_EMERGENCY &&
	    (o->modes & MODE_BIT(MODE_EMERGENCY)) != 0) {
		uint64_t stalled_ns = later_ns(m->progress_ns, stall->enter);

		deadline_ns = stalled_ns < deadline_ns ? stalled_ns : deadline_ns;
	}
	return deadline_ns;
}

uint64_t mode_word(const struct mode *m)
{
	assert(m->id < MODE_COUNT);
	assert(m->reason <= MODE_CAUSE_OVER);
	return (uint64_t)m->id | (uint64_t)m->reason << 8 | (uint64_t)m->causes << 16 |
	       (uint64_t)m->transitions << 32;
}
