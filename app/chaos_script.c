/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_script.h"

#include <assert.h>

#include "perf/distribution.h"
#include "perf/trouble.h"
#include "resilience/prng.h"

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

/* False: it is none of a service. */
static bool trouble_of(const struct scenario_fault *f, enum trouble_kind *kind)
{
	switch (f->kind) {
	case SCENARIO_STALL:
		*kind = TROUBLE_STALL;
		return true;
	case SCENARIO_FAIL:
		*kind = TROUBLE_FAIL;
		return true;
	case SCENARIO_BLACK_HOLE:
		*kind = TROUBLE_BLACK_HOLE;
		return true;
	case SCENARIO_SLOW:
		*kind = TROUBLE_SLOW;
		return true;
	case SCENARIO_SLOW_START:
		*kind = TROUBLE_SLOW_START;
		return true;
	case SCENARIO_SLOW_DOWN:
		*kind = TROUBLE_SLOW_DOWN;
		return true;
	case SCENARIO_LOSS:
		*kind = TROUBLE_LOSS;
		return true;
	case SCENARIO_KILL:
	case SCENARIO_CORE_STALL:
		return false;
	}
	return false;
}

/* The trouble that the fault is for the attempt, if it is any. */
static bool concerns(const struct scenario_fault *f, const struct chaos_attempt *a,
                     struct trouble *t)
{
	*t = (struct trouble){.at_ns = f->at_ns,
	                      .for_ns = f->for_ns,
	                      .share_ppm = f->share_ppm,
	                      .factor_milli = f->factor_milli};
	return trouble_of(f, &t->kind) && trouble_holds(t, a->now_ns) &&
	       (f->service == SCENARIO_NONE || f->service == a->service) &&
	       (f->node == SCENARIO_NONE || f->node == a->node);
}

bool chaos_script_is_lost(const struct scenario *s, const struct chaos_attempt *a)
{
	struct prng p;
	bool lost;

	dice(&p, a->seed, a->event, (uint64_t)a->attempt << 8 | 1);
	lost = prng_chance_ppm(&p, s->services[a->service].loss_ppm);
	for (uint32_t i = 0; i < s->fault_count; i++) {
		struct trouble t;

		if (concerns(&s->faults[i], a, &t) && trouble_loses(&t, &p))
			lost = true;
	}
	return lost;
}

/* What the faults make of an answer that would come after latency_ns. */
static struct chaos_fate troubled(const struct scenario *s, const struct chaos_attempt *a,
                                  uint64_t latency_ns, bool is_good)
{
	struct trouble_answer answer = {
	        .latency_ns = latency_ns, .held_until_ns = a->now_ns, .is_good = is_good};

	for (uint32_t i = 0; i < s->fault_count; i++) {
		struct trouble t;

		if (concerns(&s->faults[i], a, &t))
			trouble_meet(&t, a->now_ns, &answer);
	}
	return (struct chaos_fate){.time_ns = answer.held_until_ns + answer.latency_ns,
	                           .is_good = answer.is_good};
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
