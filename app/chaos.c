/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/chaos_world.h"
#include "app/clock.h"

static void plan(struct chaos_world *w)
{
	const struct scenario *s = w->scenario;

	for (uint32_t i = 0; i < s->load_count; i++)
		if (s->loads[i].from_ns < s->loads[i].until_ns)
			chaos_queue_put(&w->queue,
			                &(struct chaos_event){.time_ns = s->loads[i].from_ns,
			                                      .kind = CHAOS_BURST,
			                                      .a = i});
	chaos_life_plan(w);
	if (w->day != NULL)
		world_day_plan(w);
	chaos_queue_put(&w->queue,
	                &(struct chaos_event){.time_ns = w->control_ns, .kind = CHAOS_CONTROL});
	for (uint32_t i = 0; s->service_count > 0 && i < s->cores; i++)
		chaos_item_arm(w, i);
}

static void happen(struct chaos_world *w, const struct chaos_event *e)
{
	switch ((enum chaos_happening)e->kind) {
	case CHAOS_BURST:
		chaos_core_burst(w, e);
		return;
	case CHAOS_LINE:
		chaos_core_line(w, e);
		return;
	case CHAOS_TURN:
		chaos_core_turn(w, e->a);
		return;
	case CHAOS_TURN_END:
		chaos_core_turn_end(w, e->a);
		return;
	case CHAOS_REPLY:
		chaos_item_reply(w, e);
		return;
	case CHAOS_REQUEST:
		chaos_item_request(w, e);
		return;
	case CHAOS_POLL:
		chaos_item_poll(w, e);
		return;
	case CHAOS_KILL:
		chaos_life_kill(w, e);
		return;
	case CHAOS_RESTART:
		chaos_life_restart(w, e->a);
		return;
	case CHAOS_CONTROL:
		chaos_control_look(w);
		return;
	case CHAOS_PACKET:
		world_day_packet(w);
		return;
	}
}

static void live(struct chaos_world *w)
{
	uint64_t start_ns = clock_cpu_ns();
	struct chaos_event e;

	while (w->result->broken[0] == '\0' && chaos_queue_take(&w->queue, &e) &&
	       e.time_ns < w->scenario->end_ns) {
		assert(e.time_ns >= w->now_ns);
		w->now_ns = e.time_ns;
		w->steps++;
		happen(w, &e);
	}
	w->now_ns = w->scenario->end_ns;
	w->result->cpu_ns = clock_cpu_ns() - start_ns;
}

int chaos_run(const struct chaos_options *o, struct chaos_result *result)
{
	struct chaos_options options = *o;
	struct chaos_world *w = malloc(sizeof(*w));

	memset(result, 0, sizeof(*result));
	result->forecast_ns = UINT64_MAX;
	result->failed_ns = UINT64_MAX;
	if (options.seed == 0)
		options.seed = o->scenario->seed;
	result->seed = options.seed;
	int rc = w == NULL ? -ENOMEM : chaos_world_create(w, &options, result);

	if (rc != 0) {
		free(w);
		return rc;
	}
	plan(w);
	live(w);
	rc = chaos_check_end(w);
	chaos_world_destroy(w);
	free(w);
	return rc;
}
