/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/forecast.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "resilience/event.h"

#define FINE_BITS   8 /* below a Q16 octave or a ppm */
#define FINE(value) ((int64_t)(value) * (1 << FINE_BITS))
#define SHIFT_MAX   16u
/* An outlier teaches no more than this many deviations. */
#define TEACH_DEVIATIONS 3
/* While WARNING baselines learn 2^2 times slower. */
#define WARNING_SHIFT 2u

void forecast_options_standard(struct forecast_options *o, uint64_t interval_ns)
{
	assert(interval_ns > 0);
	assert(interval_ns <= UINT64_MAX / 1024);
	*o = (struct forecast_options){
	        .interval_ns = interval_ns,
	        .horizon_ns = 60 * interval_ns,
	        .leave_ns = 10 * interval_ns,
	        .latency_bound_ns = 0,
	        .bound_milli = 2000,
	        .error_bound_ppm = 50000,
	        .detectors = FORECAST_DETECTORS_ALL,
	        .samples_min = 8,
	        .warm_up = 60,
	        .baseline_shift = 8,
	        .level_shift = 3,
	        .slope_shift = 4,
	        .deviation_floor = FORECAST_OCTAVE / 32,
	        .latency_slack_milli = 2000,
	        .latency_limit_milli = 20000,
	        .error_slack_ppm = 10000,
	        .error_limit_milli = 8000,
	        .trend_gate_milli = 4000,
	        .trend_confirm = 4,
	};
}

const char *forecast_options_check(const struct forecast_options *o)
{
	assert(o != NULL);
	if (o->interval_ns == 0 || o->leave_ns == 0)
		return "interval and leave: more than 0";
	if (o->samples_min == 0)
		return "samples_min: 1 or more";
	if (o->warm_up == 0 || o->warm_up > FORECAST_WARM_UP_MAX)
		return "warm_up: 1 to 65535 intervals";
	if (o->baseline_shift > SHIFT_MAX || o->level_shift > SHIFT_MAX ||
	    o->slope_shift > SHIFT_MAX)
		return "baseline_shift, level_shift, slope_shift: 0 to 16";
	if (o->deviation_floor == 0)
		return "deviation_floor: more than 0";
	if (o->latency_limit_milli == 0 || o->error_limit_milli == 0)
		return "latency_limit and error_limit: more than 0";
	if (o->error_bound_ppm == 0 || o->error_bound_ppm > 1000000)
		return "error_bound: more than 0, at most 1000000 ppm";
	if (o->latency_bound_ns == 0 && o->bound_milli <= 1000)
		return "bound: a learned bound is above the level, 1000 milli";
	if (o->trend_confirm == 0)
		return "trend_confirm: 1 or more intervals";
	if ((o->detectors & ~FORECAST_DETECTORS_ALL) != 0)
		return "detectors: there are six";
	return NULL;
}

int forecast_init(struct forecast *f, const struct forecast_options *o, uint64_t now_ns)
{
	if (forecast_options_check(o) != NULL)
		return -EINVAL;
	memset(f, 0, sizeof(*f));
	f->interval_start_ns = now_ns;
	f->since_ns = now_ns;
	f->quiet_since_ns = UINT64_MAX;
	f->level = FORECAST_CALM;
	f->latency.bound =
	        o->latency_bound_ns > 0 ? FINE(forecast_octaves(o->latency_bound_ns)) : INT64_MAX;
	f->error.bound = FINE(o->error_bound_ppm);
	return 0;
}

static int64_t magnitude(int64_t v)
{
	return v < 0 ? -v : v;
}

static int64_t clamped(int64_t v, int64_t limit)
{
	return v > limit ? limit : v < -limit ? -limit : v;
}

/* The first intervals: plain means. */
static void warm_up(struct forecast_metric *m, int64_t x)
{
	int64_t seen = m->taught++;

	m->baseline += (x - m->baseline) / (seen + 1);
	if (seen > 0)
		m->deviation += (magnitude(x - m->baseline) - m->deviation) / seen;
	m->level = m->baseline;
	m->slope = 0;
	m->last[0] = m->baseline;
	m->last[1] = m->baseline;
}

static int64_t median(int64_t a, int64_t b, int64_t c)
{
	int64_t low = a < b ? a : b;
	int64_t high = a < b ? b : a;

	return c < low ? low : c > high ? high : c;
}

static void learn_baseline(struct forecast_metric *m, int64_t x, int64_t floor, uint32_t shift)
{
	int64_t deviation = m->deviation > floor ? m->deviation : floor;
	int64_t away = clamped(x - m->baseline, TEACH_DEVIATIONS * deviation);

	m->baseline += away / (1 << shift);
	m->deviation += (magnitude(away) - m->deviation) / (1 << shift);
}

static void follow_trend(struct forecast_metric *m, const struct forecast_options *o, int64_t x)
{
	int64_t expected = m->level + m->slope;
	int64_t seen = median(x, m->last[0], m->last[1]);
	int64_t level = expected + (seen - expected) / (1 << o->level_shift);

	m->last[1] = m->last[0];
	m->last[0] = x;
	m->slope += (level - m->level - m->slope) / (1 << o->slope_shift);
	m->level = level;
}

/* One interval cannot fire alone: it adds at most half of the limit. Above the limit the sum is
 * cut, so that leaving does not depend on how long it lasted. */
static void add_up(struct forecast_metric *m, int64_t excess_milli, uint32_t limit_milli)
{
	int64_t limit = (int64_t)limit_milli;
	int64_t sum = (int64_t)m->cusum_milli + clamped(excess_milli, limit / 2);

	sum = sum > limit + limit / 4 ? limit + limit / 4 : sum;
	m->cusum_milli = sum < 0 ? 0 : (uint64_t)sum;
}

/* Intervals until the bound is reached; 0: it is; INT64_MAX: not on the way. */
static int64_t intervals_until(const struct forecast_metric *m)
{
	if (m->bound == INT64_MAX)
		return INT64_MAX;
	if (m->level >= m->bound)
		return 0;
	return m->slope > 0 ? (m->bound - m->level) / m->slope : INT64_MAX;
}

struct judged {
	int64_t floor; /* of the deviation */
	int64_t room;  /* how far below the bound a level is healthy again */
	uint32_t limit_milli;
	enum forecast_detector shift; /* the metric's three */
	enum forecast_detector trend;
	enum forecast_detector bound;
};

static uint32_t judge(struct forecast_metric *m, const struct forecast_options *o,
                      const struct judged *j, uint32_t fired)
{
	uint32_t fires = 0;
	int64_t deviation = m->deviation > j->floor ? m->deviation : j->floor;
	int64_t gate = deviation * o->trend_gate_milli / 1000;
	int64_t horizon = (int64_t)(o->horizon_ns / o->interval_ns);
	int64_t above = m->level - m->baseline;
	int64_t until = intervals_until(m);
	/* What fired goes on firing down to its lower threshold. */
	bool shifted = (fired & FORECAST_BIT(j->shift)) != 0;
	bool trending = (fired & FORECAST_BIT(j->trend)) != 0;
	bool beyond = (fired & FORECAST_BIT(j->bound)) != 0;

	if (m->cusum_milli >= (shifted ? j->limit_milli / 4 : j->limit_milli))
		fires |= FORECAST_BIT(j->shift);
	m->confirmed = above >= gate && until <= horizon ? m->confirmed + 1 : 0;
	if (m->confirmed >= o->trend_confirm ||
	    (trending && above >= gate / 2 && until / 2 <= horizon))
		fires |= FORECAST_BIT(j->trend);
	if (m->bound != INT64_MAX && m->level >= (beyond ? m->bound - j->room : m->bound))
		fires |= FORECAST_BIT(j->bound);
	return fires;
}

static struct judged judged_error(const struct forecast_options *o)
{
	return (struct judged){
	        .floor = FINE(o->error_slack_ppm) / 2 + 1,
	        .room = FINE(o->error_bound_ppm) / 4,
	        .limit_milli = o->error_limit_milli,
	        .shift = FORECAST_ERROR_SHIFT,
	        .trend = FORECAST_ERROR_TREND,
	        .bound = FORECAST_ERROR_BOUND,
	};
}

static struct judged judged_latency(const struct forecast_options *o)
{
	return (struct judged){
	        .floor = FINE(o->deviation_floor),
	        .room = FINE(FORECAST_OCTAVE / 8),
	        .limit_milli = o->latency_limit_milli,
	        .shift = FORECAST_LATENCY_SHIFT,
	        .trend = FORECAST_LATENCY_TREND,
	        .bound = FORECAST_LATENCY_BOUND,
	};
}

static uint32_t step_latency(struct forecast *f, const struct forecast_options *o, uint32_t shift)
{
	struct forecast_metric *m = &f->latency;
	const struct judged j = judged_latency(o);

	/* Nothing succeeded: nothing new is known of latency. */
	if (f->latencies == 0)
		return f->firing;
	int64_t x = (int64_t)((f->latency_sum << FINE_BITS) / f->latencies);

	if (m->taught < o->warm_up) {
		warm_up(m, x);
		if (m->taught == o->warm_up && o->latency_bound_ns == 0)
			m->bound = m->baseline +
			           FINE(forecast_octaves(o->bound_milli) - forecast_octaves(1000));
		return 0;
	}
	int64_t deviation = m->deviation > j.floor ? m->deviation : j.floor;

	add_up(m, (x - m->baseline) * 1000 / deviation - o->latency_slack_milli, j.limit_milli);
	follow_trend(m, o, x);
	learn_baseline(m, x, j.floor, shift);
	return judge(m, o, &j, f->firing);
}

static uint32_t step_error(struct forecast *f, const struct forecast_options *o, uint32_t shift)
{
	struct forecast_metric *m = &f->error;
	const struct judged j = judged_error(o);
	int64_t x = FINE((uint64_t)f->failures * 1000000 / f->samples);

	if (m->taught < o->warm_up) {
		warm_up(m, x);
		return 0;
	}
	int64_t allowed_ppm = 2 * m->baseline / (1 << FINE_BITS) + o->error_slack_ppm;

	add_up(m, (int64_t)f->failures * 1000 - (int64_t)f->samples * allowed_ppm / 1000,
	       j.limit_milli);
	follow_trend(m, o, x);
	learn_baseline(m, x, j.floor, shift);
	return judge(m, o, &j, f->firing);
}

#define LATENCY_BITS                                                                   \
	(FORECAST_BIT(FORECAST_LATENCY_SHIFT) | FORECAST_BIT(FORECAST_LATENCY_TREND) | \
	 FORECAST_BIT(FORECAST_LATENCY_BOUND))

static void open_interval(struct forecast *f, uint64_t now_ns)
{
	f->interval_start_ns = now_ns;
	f->latency_sum = 0;
	f->latencies = 0;
	f->samples = 0;
	f->failures = 0;
}

static void close_interval(struct forecast *f, const struct forecast_options *o, uint64_t now_ns)
{
	uint32_t shift = o->baseline_shift + (f->level == FORECAST_WARNING ? WARNING_SHIFT : 0);
	uint32_t latency = step_latency(f, o, shift) & LATENCY_BITS;
	uint32_t error = step_error(f, o, shift) & ~LATENCY_BITS;

	f->firing = (uint8_t)((latency | error) & o->detectors);
	f->intervals += f->intervals < UINT32_MAX;
	open_interval(f, now_ns);
}

/* Too few samples for so long that the last verdict says nothing about now. What was learned stays,
 * what was adding up does not. */
static void forget_verdict(struct forecast *f, uint64_t now_ns)
{
	struct forecast_metric *const metrics[] = {&f->latency, &f->error};

	for (uint32_t i = 0; i < 2; i++) {
		metrics[i]->cusum_milli = 0;
		metrics[i]->confirmed = 0;
		metrics[i]->level = metrics[i]->baseline;
		metrics[i]->slope = 0;
		metrics[i]->last[0] = metrics[i]->baseline;
		metrics[i]->last[1] = metrics[i]->baseline;
	}
	f->firing = 0;
	open_interval(f, now_ns);
}

static void set_level(struct forecast *f, enum forecast_level level, uint32_t subject,
                      uint64_t now_ns, struct event_ring *events)
{
	uint8_t from = f->level;
	uint8_t why = f->firing != 0 ? (uint8_t)__builtin_ctz(f->firing) : f->cause;

	assert(level != from);
	f->level = (uint8_t)level;
	f->cause = why;
	f->warnings += level == FORECAST_WARNING;
	f->quiet_since_ns = UINT64_MAX;
	event_push(events, &(struct event){.time_ns = now_ns,
	                                   .subject = subject,
	                                   .kind = EVENT_FORECAST,
	                                   .from = from,
	                                   .to = (uint8_t)level,
	                                   .reason = why,
	                                   .value = f->firing,
	                                   .detail = now_ns - f->since_ns});
	f->since_ns = now_ns;
}

bool forecast_poll(struct forecast *f, const struct forecast_options *o, uint32_t subject,
                   uint64_t now_ns, struct event_ring *events)
{
	assert(now_ns >= f->interval_start_ns);
	assert(f->failures <= f->samples);
	uint64_t open_ns = now_ns - f->interval_start_ns;

	if (open_ns >= o->interval_ns && f->samples >= o->samples_min)
		close_interval(f, o, now_ns);
	else if (open_ns >= o->interval_ns && open_ns >= o->leave_ns)
		forget_verdict(f, now_ns);
	if (f->level == FORECAST_CALM) {
		if (f->firing == 0)
			return false;
		set_level(f, FORECAST_WARNING, subject, now_ns, events);
		return true;
	}
	if (f->firing != 0) {
		f->quiet_since_ns = UINT64_MAX;
		return false;
	}
	f->quiet_since_ns = f->quiet_since_ns == UINT64_MAX ? now_ns : f->quiet_since_ns;
	if (now_ns - f->quiet_since_ns < o->leave_ns)
		return false;
	set_level(f, FORECAST_CALM, subject, now_ns, events);
	return true;
}

uint64_t forecast_until_ns(const struct forecast *f, const struct forecast_options *o)
{
	int64_t latency = intervals_until(&f->latency);
	int64_t error = intervals_until(&f->error);
	int64_t soonest = latency < error ? latency : error;

	assert(soonest >= 0);
	if (f->intervals < o->warm_up || (uint64_t)soonest > UINT64_MAX / o->interval_ns)
		return UINT64_MAX;
	return (uint64_t)soonest * o->interval_ns;
}

const char *forecast_detector_name(enum forecast_detector d)
{
	switch (d) {
	case FORECAST_LATENCY_SHIFT:
		return "latency_shift";
	case FORECAST_LATENCY_TREND:
		return "latency_trend";
	case FORECAST_LATENCY_BOUND:
		return "latency_bound";
	case FORECAST_ERROR_SHIFT:
		return "error_shift";
	case FORECAST_ERROR_TREND:
		return "error_trend";
	case FORECAST_ERROR_BOUND:
		return "error_bound";
	}
	return "?";
}
