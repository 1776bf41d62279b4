/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/port_clock.h"

#define LETTING_GO_SHIFT 4 /* an old point loses 1/16 of its lead per reading */

void port_clock_init(struct port_clock *c)
{
	*c = (struct port_clock){0};
}

static void start(struct port_clock *c, struct port_clock_point p)
{
	const uint64_t restarts = c->restarts + c->started;

	*c = (struct port_clock){.anchor = p,
	                         .best = p,
	                         .best_error_ns = INT64_MIN,
	                         .stretch_start_ns = p.now_ns,
	                         .stretch_ns = PORT_CLOCK_STRETCH_FIRST_NS,
	                         .restarts = restarts,
	                         .started = true};
}

/* Slope from the anchor to the best point; 0: it has none (clocks that stand or run back). */
static uint64_t slope_q32(const struct port_clock *c)
{
	if (c->best.now_ns <= c->anchor.now_ns || c->best.ticks <= c->anchor.ticks)
		return 0;
	port_clock_wide ns = c->best.now_ns - c->anchor.now_ns;
	port_clock_wide slope = (ns << 32) / (c->best.ticks - c->anchor.ticks);

	return slope > (port_clock_wide)UINT64_MAX ? 0 : (uint64_t)slope;
}

static void end_stretch(struct port_clock *c, uint64_t now_ns)
{
	uint64_t slope = slope_q32(c);

	if (slope == 0)
		return;
	c->map.ns_per_tick_q32 = slope;
	c->reference = c->map;
	c->anchor = c->best;
	c->best_error_ns = INT64_MIN;
	c->stretch_start_ns = now_ns;
	if (c->stretch_ns < PORT_CLOCK_STRETCH_NS)
		c->stretch_ns *= 2;
}

/* Before the first rate every point is as good as another: the last one is taken. */
static void on_first_stretch(struct port_clock *c, struct port_clock_point p)
{
	c->best = p;
	c->map = (struct port_clock_map){.ticks = p.ticks, .time_ns = p.now_ns};
	if (p.now_ns - c->stretch_start_ns >= c->stretch_ns)
		end_stretch(c, p.now_ns);
}

/* error: how far the point lies above the line; positive is better than all before. */
static void follow(struct port_clock *c, struct port_clock_point p, int64_t error_ns)
{
	uint64_t on_line_ns = port_clock_time_ns(&c->map, p.ticks);
	int64_t step = error_ns > 0 ? error_ns : error_ns / (1 << LETTING_GO_SHIFT);

	c->map.ticks = p.ticks;
	c->map.time_ns = on_line_ns + (uint64_t)step;
}

static void choose(struct port_clock *c, struct port_clock_point p)
{
	int64_t error_ns = (int64_t)(p.now_ns - port_clock_time_ns(&c->reference, p.ticks));

	if (p.now_ns - c->stretch_start_ns < c->stretch_ns / 2)
		return;
	if (error_ns > c->best_error_ns) {
		c->best = p;
		c->best_error_ns = error_ns;
	}
}

void port_clock_on_read(struct port_clock *c, uint64_t now_ns, uint64_t ticks)
{
	const struct port_clock_point p = {now_ns, ticks};

	if (!c->started || now_ns < c->stretch_start_ns || ticks < c->anchor.ticks) {
		start(c, p);
		return;
	}
	if (!port_clock_is_known(&c->map)) {
		on_first_stretch(c, p);
		return;
	}
	int64_t error_ns = (int64_t)(now_ns - port_clock_time_ns(&c->map, ticks));

	if (error_ns > (int64_t)PORT_CLOCK_STEP_NS || error_ns < -(int64_t)PORT_CLOCK_STEP_NS) {
		start(c, p);
		return;
	}
	choose(c, p);
	follow(c, p, error_ns);
	if (now_ns - c->stretch_start_ns >= c->stretch_ns)
		end_stretch(c, now_ns);
}
