/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_script.h"

#include <assert.h>

#include "perf/distribution.h"
#include "resilience/prng.h"

#define MILLI 1000u

static_assert((int)SCENARIO_PARETO == (int)DISTRIBUTION_PARETO, "laws are distributions");
static_assert((int)SCENARIO_UNIFORM == (int)DISTRIBUTION_UNIFORM, "laws are distributions");

static struct distribution law_of(const struct scenario_service *v, uint64_t base_ns)
{
	return (struct distribution){
	        .kind = (enum distribution_kind)v->law,
	        .scale_ns = base_ns,
	        .shape_milli = v->shape_milli,
	        .slow_ppm = v->slow_ppm,
	        .slow_milli = v->slow_milli,
	};
}

const char *chaos_script_check(const struct scenario *s)
{
	for (uint32_t i = 0; i < s->service_count; i++) {
		struct distribution d = law_of(&s->services[i], s->services[i].latency_max_ns);

		if (!distribution_is_valid(&d))
			return s->services[i].name;
	}
	return NULL;
}

static void dice(struct prng *p, uint64_t seed, uint64_t event, uint64_t what)
{
	prng_init(p, seed ^ event * 0x9e3779b97f4a7c15ull ^ what * 0xc2b2ae3d27d4eb4full);
}

uint64_t chaos_script_base_ns(const struct scenario *s, uint64_t seed, uint32_t service,
                              uint64_t event)
{
	const struct scenario_service *v = &s->services[service];
	struct prng p;

	assert(service < s->service_count);
	if (v->latency_max_ns == v->latency_min_ns)
		return v->latency_min_ns;
	dice(&p, seed, event, UINT32_MAX);
	return v->latency_min_ns + prng_below(&p, v->latency_max_ns - v->latency_min_ns + 1);
}

static bool concerns(const struct scenario_fault *f, const struct chaos_attempt *a)
{
	return a->now_ns >= f->at_ns && a->now_ns < f->at_ns + f->for_ns &&
	       (f->service == SCENARIO_NONE || f->service == a->service) &&
	       (f->node == SCENARIO_NONE || f->node == a->node);
}

static uint64_t times(uint64_t ns, uint64_t milli)
{
	return ns / MILLI * milli + ns % MILLI * milli / MILLI;
}

/* Factor that falls from the fault's to 1 over its time. */
static uint64_t falling_milli(const struct scenario_fault *f, uint64_t now_ns)
{
	uint64_t left_ns = f->at_ns + f->for_ns - now_ns;
	uint64_t over = f->factor_milli > MILLI ? f->factor_milli - MILLI : 0;

	assert(left_ns <= f->for_ns);
	return MILLI + over * (left_ns / (f->for_ns / MILLI + 1)) / MILLI;
}

/* Factor that rises from 1 to the fault's over its time. */
static uint64_t rising_milli(const struct scenario_fault *f, uint64_t now_ns)
{
	uint64_t over = f->factor_milli > MILLI ? f->factor_milli - MILLI : 0;

	assert(now_ns >= f->at_ns);
	return MILLI + over * ((now_ns - f->at_ns) / (f->for_ns / MILLI + 1)) / MILLI;
}

bool chaos_script_is_lost(const struct scenario *s, const struct chaos_attempt *a)
{
	struct prng p;
	bool lost;

	dice(&p, a->seed, a->event, (uint64_t)a->attempt << 8 | 1);
	lost = prng_chance_ppm(&p, s->services[a->service].loss_ppm);
	for (uint32_t i = 0; i < s->fault_count; i++) {
		const struct scenario_fault *f = &s->faults[i];

		if (f->kind == SCENARIO_BLACK_HOLE && concerns(f, a))
			lost = true;
		if (f->kind == SCENARIO_LOSS && concerns(f, a) && prng_chance_ppm(&p, f->share_ppm))
			lost = true;
	}
	return lost;
}

/* What the faults make of an answer that would come after latency_ns. */
static struct chaos_fate troubled(const struct scenario *s, const struct chaos_attempt *a,
                                  uint64_t latency_ns, bool is_good)
{
	uint64_t held_until_ns = a->now_ns;

	for (uint32_t i = 0; i < s->fault_count; i++) {
		const struct scenario_fault *f = &s->faults[i];

		if (!concerns(f, a))
			continue;
		switch (f->kind) {
		case SCENARIO_STALL:
			if (f->at_ns + f->for_ns > held_until_ns)
				held_until_ns = f->at_ns + f->for_ns;
			break;
		case SCENARIO_FAIL:
			is_good = false;
			break;
		case SCENARIO_SLOW:
			latency_ns = times(latency_ns, f->factor_milli);
			break;
		case SCENARIO_SLOW_START:
			latency_ns = times(latency_ns, falling_milli(f, a->now_ns));
			break;
		case SCENARIO_SLOW_DOWN:
			latency_ns = times(latency_ns, rising_milli(f, a->now_ns));
			break;
		case SCENARIO_BLACK_HOLE:
		case SCENARIO_LOSS:
		case SCENARIO_KILL:
		case SCENARIO_CORE_STALL:
			break;
		}
	}
	return (struct chaos_fate){.time_ns = held_until_ns + latency_ns, .is_good = is_good};
}

struct chaos_fate chaos_script_fate(const struct scenario *s, const struct chaos_attempt *a)
{
	const struct scenario_service *v = &s->services[a->service];
	struct distribution d = law_of(v, a->base_ns);
	struct prng p;

	assert(a->service < s->service_count);
	if (chaos_script_is_lost(s, a))
		return (struct chaos_fate){.time_ns = CHAOS_NEVER};
	dice(&p, a->seed, a->event, (uint64_t)a->attempt << 8);
	uint64_t latency_ns = distribution_sample_ns(&d, &p, a->now_ns);
	bool is_good = !prng_chance_ppm(&p, v->failure_ppm);

	return troubled(s, a, latency_ns, is_good);
}

uint64_t chaos_script_core_ns(const struct scenario *s, uint32_t core, uint64_t now_ns)
{
	uint64_t turn_ns = now_ns;

	for (uint32_t i = 0; i < s->fault_count; i++) {
		const struct scenario_fault *f = &s->faults[i];

		if (f->kind == SCENARIO_CORE_STALL && turn_ns >= f->at_ns &&
		    turn_ns < f->at_ns + f->for_ns && (f->core == SCENARIO_NONE || f->core == core))
			turn_ns = f->at_ns + f->for_ns;
	}
	return turn_ns;
}
