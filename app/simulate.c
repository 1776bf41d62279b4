/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/simulate.h"

#include <stdlib.h>

#include "perf/day.h"
#include "resilience/prng.h"

#define MS                 (SCENARIO_SECOND_NS / 1000)
#define PLAIN_MESSAGES     50000u
#define PLAIN_SYMBOLS      50u
#define PLAIN_PORT         65536u
#define PLAIN_STALLS       3u
#define PLAIN_KILL_PPM     250000u
#define SWARM_MESSAGES     300u
#define SWARM_MORE         1700u
#define SWARM_SYMBOLS      5u
#define SWARM_MORE_OF_THEM 20u
#define SWARM_PORT         64u
#define SWARM_KILL_PPM     500000u

/* Nothing goes wrong with services; cores stall for moments. */
static void make_plain(struct scenario *s, struct prng *p)
{
	*s = (struct scenario){.name = "plain",
	                       .text = "",
	                       .row = "",
	                       .score = SCENARIO_OPERATIONS,
	                       .cores = 2,
	                       .components = 4,
	                       .critical_ppm = 500000,
	                       .end_ns = 60000 * MS,
	                       .budget_ns = 2000 * MS,
	                       .deadline_ns = 2000 * MS,
	                       .event_ns = MS / 5,
	                       .turn_ns = MS / 10,
	                       .tick_ns = 10 * MS,
	                       .restart_ns = 200 * MS,
	                       .hop_ns = MS / 10,
	                       .window_ns = 3000 * MS,
	                       .gap_hold_ns = 100 * MS,
	                       .event_bytes = 64,
	                       .segments_max = 16,
	                       .backlog_events = 2000,
	                       .lines = 1,
	                       .keep_log = true,
	                       .service_count = 1,
	                       .load_count = 1,
	                       .fault_count = PLAIN_STALLS,
	                       .second_ns = SCENARIO_SECOND_NS};
	s->services[0] = (struct scenario_service){.name = "orders",
	                                           .nodes = 2,
	                                           .law = SCENARIO_LOGNORMAL,
	                                           .latency_min_ns = 5 * MS,
	                                           .latency_max_ns = 40 * MS,
	                                           .shape_milli = 300,
	                                           .loss_ppm = 2000,
	                                           .failure_ppm = 2000,
	                                           .repeat = SCENARIO_FREELY,
	                                           .hosts = SCENARIO_NONE,
	                                           .asks = SCENARIO_NONE};
	s->loads[0] = (struct scenario_load){.until_ns = 50000 * MS,
	                                     .every_ns = 100 * MS,
	                                     .burst = 1,
	                                     .count = s->components,
	                                     .asks = 1};
	for (uint32_t i = 0; i < PLAIN_STALLS; i++)
		s->faults[i] = (struct scenario_fault){.kind = SCENARIO_CORE_STALL,
		                                       .at_ns = prng_below(p, 50000) * MS,
		                                       .for_ns = prng_below(p, 500) * MS + 1,
		                                       .core = (uint32_t)prng_below(p, s->cores),
		                                       .service = SCENARIO_NONE,
		                                       .node = SCENARIO_NONE,
		                                       .factor_milli = 1000};
}

/* The day ends well before the world, so that what it asks and whom it killed come to an end. */
static void make_day(struct simulate_world *w, const struct simulate_options *o, struct prng *p)
{
	bool is_small = o->is_swarm;
	uint32_t symbols = is_small ? SWARM_SYMBOLS + (uint32_t)prng_below(p, SWARM_MORE_OF_THEM)
	                            : PLAIN_SYMBOLS;
	uint64_t messages = is_small ? SWARM_MESSAGES + prng_below(p, SWARM_MORE) : PLAIN_MESSAGES;

	w->day = (struct world_day_options){
	        .cut_seed = o->cut_seed,
	        .symbols = o->symbols != 0 ? o->symbols : symbols,
	        .messages = o->messages != 0 ? o->messages : messages,
	        .until_ns = w->scenario.end_ns / 4 * 3,
	        .port_packets = is_small ? SWARM_PORT << prng_below(p, 5) : PLAIN_PORT,
	        .kill_ppm = is_small && prng_below(p, 2) == 0 ? SWARM_KILL_PPM
	                    : is_small                        ? 0
	                                                      : PLAIN_KILL_PPM,
	        .receive = o->receive,
	        .lossless = o->lossless,
	        .plant = o->plant,
	};
	if (w->day.messages < day_messages_min(w->day.symbols))
		w->day.messages = day_messages_min(w->day.symbols);
}

void simulate_make(struct simulate_world *w, const struct simulate_options *o)
{
	struct prng p;

	prng_init(&p, o->seed ^ 0x3e7d);
	w->faults[0] = '\0';
	if (o->scenario != NULL)
		w->scenario = *o->scenario;
	else if (o->is_swarm)
		chaos_swarm_make(&w->scenario, o->seed, w->faults);
	else
		make_plain(&w->scenario, &p);
	make_day(w, o, &p);
}

int simulate_run(const struct simulate_world *w, const struct simulate_options *o,
                 struct chaos_result *result)
{
	return chaos_run(&(struct chaos_options){.scenario = &w->scenario,
	                                         .profile = o->profile,
	                                         .profile_name = o->profile_name,
	                                         .seed = o->seed,
	                                         .day = &w->day,
	                                         .reuse = o->reuse},
	                 result);
}

int simulate(const struct simulate_options *o, struct chaos_result *result)
{
	struct simulate_world w;

	simulate_make(&w, o);
	return simulate_run(&w, o, result);
}
