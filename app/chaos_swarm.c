/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_swarm.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "perf/figures.h"
#include "resilience/prng.h"

#define MS (SCENARIO_SECOND_NS / 1000)

struct swarm {
	struct scenario *s;
	struct prng p;
	char *text;
};

static uint64_t between(struct swarm *w, uint64_t least, uint64_t most)
{
	assert(least <= most);
	return least + prng_below(&w->p, most - least + 1);
}

/* An even chance; what there is is noted by its name. */
static bool flip(struct swarm *w, const char *name)
{
	size_t used = strlen(w->text);

	if (prng_below(&w->p, 2) == 0)
		return false;
	if (used < CHAOS_SWARM_TEXT_BYTES)
		snprintf(w->text + used, CHAOS_SWARM_TEXT_BYTES - used, "%s%s",
		         used == 0 ? "" : " ", name);
	return true;
}

static void make_size(struct swarm *w)
{
	struct scenario *s = w->s;

	s->cores = (uint32_t)between(w, 1, 4);
	s->components = (uint32_t)between(w, s->cores + 3, 16);
	s->critical_ppm = (uint32_t)between(w, 0, 1000000);
	s->background_ppm = flip(w, "background") ? (uint32_t)between(w, 1, 1000000) : 0;
	s->end_ns = between(w, 15000, 30000) * MS;
	s->budget_ns = between(w, 500, 6000) * MS;
	s->deadline_ns = s->budget_ns;
	s->event_ns = between(w, 1, 5) * MS / 2;
	s->turn_ns = between(w, 0, 4) * MS / 2;
	s->tick_ns = 10 * MS;
	s->restart_ns = between(w, 10, 1000) * MS;
	s->hop_ns = between(w, 1, 20) * MS / 10;
	s->window_ns = 3000 * MS;
	s->gap_hold_ns = between(w, 0, 500) * MS;
	/* Large ones fill queues; what is twice as large and has twice the room costs twice. */
	s->event_bytes = flip(w, "large") ? (uint32_t)between(w, 3000, 15000) : 64;
	s->segments_max = (uint32_t)between(w, 4, 12);
	s->backlog_events = (uint32_t)between(w, 50, 500);
	s->has_fallback = flip(w, "fallback");
	s->keep_log = flip(w, "keep");
	s->lines = flip(w, "lines") ? 2 : 1;
	s->line_loss_ppm = flip(w, "line-loss") ? (uint32_t)between(w, 1, 50000) : 0;
	s->line_double_ppm = flip(w, "line-double") ? (uint32_t)between(w, 1, 50000) : 0;
	s->line_delay_ns = flip(w, "line-delay") ? between(w, 1, 100) * MS : 0;
}

static void make_services(struct swarm *w)
{
	struct scenario *s = w->s;
	static const char *const names[] = {"a", "b", "c"};

	s->service_count = (uint32_t)between(w, 1, 2);
	for (uint32_t i = 0; i < s->service_count; i++) {
		struct scenario_service *v = &s->services[i];

		*v = (struct scenario_service){
		        .name = names[i],
		        .nodes = (uint32_t)between(w, 1, 4),
		        .law = (enum scenario_law)between(w, SCENARIO_CONSTANT, SCENARIO_LOGNORMAL),
		        .latency_min_ns = between(w, 1, 500) * MS,
		        .shape_milli = (uint32_t)between(w, 0, 900),
		        .loss_ppm = flip(w, "loss") ? (uint32_t)between(w, 1, 100000) : 0,
		        .failure_ppm = flip(w, "failure") ? (uint32_t)between(w, 1, 200000) : 0,
		        .slow_ppm = flip(w, "tail") ? (uint32_t)between(w, 1, 100000) : 0,
		        .slow_milli = 10000,
		        .repeat = flip(w, "once") ? SCENARIO_ONCE : SCENARIO_FREELY,
		        .says_expected = prng_below(&w->p, 2) == 0,
		        .hosts = SCENARIO_NONE,
		        .asks = SCENARIO_NONE,
		};
		v->latency_max_ns = v->latency_min_ns + between(w, 0, 1000) * MS;
	}
	if (!flip(w, "hosted"))
		return;
	struct scenario_service *h = &s->services[s->service_count];

	*h = s->services[0];
	h->name = names[2];
	h->nodes = (uint32_t)between(w, 1, 3);
	h->hosts = 0;
	h->asks = 0;
	s->service_count++;
}

static void make_loads(struct swarm *w)
{
	struct scenario *s = w->s;

	s->loads[0] = (struct scenario_load){.until_ns = s->end_ns - 5000 * MS,
	                                     .every_ns = between(w, 5, 100) * MS,
	                                     .burst = (uint32_t)between(w, 1, 3),
	                                     .count = s->components,
	                                     .asks = (1ull << s->service_count) - 1};
	s->load_count = 1;
	if (!flip(w, "burst"))
		return;
	s->loads[s->load_count++] =
	        (struct scenario_load){.from_ns = between(w, 0, 8000) * MS,
	                               .until_ns = s->end_ns / 2,
	                               .every_ns = between(w, 100, 3000) * MS,
	                               .burst = (uint32_t)between(w, 10, 200),
	                               .count = (uint32_t)between(w, 1, s->components),
	                               .asks = prng_below(&w->p, 2)};
}

static void make_faults(struct swarm *w)
{
	struct scenario *s = w->s;

	for (uint32_t i = 0; i < SCENARIO_FAULT_KINDS; i++) {
		enum scenario_fault_kind k = (enum scenario_fault_kind)i;

		if (!flip(w, scenario_fault_name(k)))
			continue;
		s->faults[s->fault_count++] = (struct scenario_fault){
		        .kind = k,
		        .at_ns = between(w, 1000, 9000) * MS,
		        .for_ns = between(w, 1, 5000) * MS,
		        .service = prng_below(&w->p, 2) == 0 ? SCENARIO_NONE : 0,
		        .node = prng_below(&w->p, 2) == 0 ? SCENARIO_NONE : 0,
		        .core = prng_below(&w->p, 2) == 0 ? SCENARIO_NONE : 0,
		        .share_ppm = (uint32_t)between(w, 1, 1000000),
		        .factor_milli = (uint32_t)between(w, 1000, 50000),
		        .twice_ppm = (uint32_t)between(w, 0, 1000000),
		        .again_ns = between(w, 0, 4000) * MS,
		};
	}
}

void chaos_swarm_make(struct scenario *s, uint64_t seed, char text[CHAOS_SWARM_TEXT_BYTES])
{
	struct swarm w = {.s = s, .text = text};

	*s = (struct scenario){.name = "swarm",
	                       .text = "",
	                       .row = "",
	                       .score = SCENARIO_OPERATIONS,
	                       .seed = seed,
	                       .second_ns = SCENARIO_SECOND_NS};
	text[0] = '\0';
	prng_init(&w.p, seed ^ 0x5a4a3);
	make_size(&w);
	make_services(&w);
	make_loads(&w);
	make_faults(&w);
}

const char *chaos_swarm_profile(uint64_t seed)
{
	struct prng p;

	prng_init(&p, seed ^ 0xf11e);
	return figures_versions[prng_below(&p, FIGURES_VERSIONS)];
}
