/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/trouble.h"

#include <assert.h>

#define MILLI 1000u

static uint64_t times(uint64_t ns, uint64_t milli)
{
	return ns / MILLI * milli + ns % MILLI * milli / MILLI;
}

/* Factor that falls from the trouble's to 1 over its time. */
static uint64_t falling_milli(const struct trouble *t, uint64_t now_ns)
{
	uint64_t left_ns = t->for_ns - (now_ns - t->at_ns);
	uint64_t over = t->factor_milli > MILLI ? t->factor_milli - MILLI : 0;

	assert(left_ns <= t->for_ns);
	return MILLI + over * (left_ns / (t->for_ns / MILLI + 1)) / MILLI;
}

/* Factor that rises from 1 to the trouble's over its time. */
static uint64_t rising_milli(const struct trouble *t, uint64_t now_ns)
{
	uint64_t over = t->factor_milli > MILLI ? t->factor_milli - MILLI : 0;

	assert(now_ns >= t->at_ns);
	return MILLI + over * ((now_ns - t->at_ns) / (t->for_ns / MILLI + 1)) / MILLI;
}

bool trouble_loses(const struct trouble *t, struct prng *p)
{
	if (t->kind == TROUBLE_BLACK_HOLE)
		return true;
	return t->kind == TROUBLE_LOSS && prng_chance_ppm(p, t->share_ppm);
}

void trouble_meet(const struct trouble *t, uint64_t now_ns, struct trouble_answer *a)
{
	assert(trouble_holds(t, now_ns));
	switch (t->kind) {
	case TROUBLE_STALL:
		if (t->at_ns + t->for_ns > a->held_until_ns)
			a->held_until_ns = t->at_ns + t->for_ns;
		break;
	case TROUBLE_FAIL:
		a->is_good = false;
		break;
	case TROUBLE_SLOW:
		a->latency_ns = times(a->latency_ns, t->factor_milli);
		break;
	case TROUBLE_SLOW_START:
		a->latency_ns = times(a->latency_ns, falling_milli(t, now_ns));
		break;
	case TROUBLE_SLOW_DOWN:
		a->latency_ns = times(a->latency_ns, rising_milli(t, now_ns));
		break;
	case TROUBLE_BLACK_HOLE:
	case TROUBLE_LOSS:
		break;
	}
}
