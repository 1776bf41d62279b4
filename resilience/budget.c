/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/budget.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define MILLI          1000u
#define MULTIPLIER_MAX 1000000u /* 1,000 times */

int budget_options_check(const struct budget_options *o)
{
	assert(o != NULL);
	if (o->earn_ppm > BUDGET_TOKEN || o->period_ns > BUDGET_PERIOD_NS_MAX)
		return -EINVAL;
	return 0;
}

/* Rounded up: a period that is cut would earn too much. */
static uint64_t scaled_period(uint64_t period_ns, uint32_t multiplier_milli)
{
	if (period_ns == 0 || multiplier_milli == 0)
		return 0;
	uint64_t ns = (period_ns * MILLI + multiplier_milli - 1) / multiplier_milli;

	return ns <= BUDGET_PERIOD_NS_MAX ? ns : 0;
}

static void set_size(struct budget *b, const struct budget_options *o, uint32_t multiplier_milli)
{
	uint64_t earn_ppm = (uint64_t)o->earn_ppm * multiplier_milli / MILLI;

	b->capacity_ppm = (uint64_t)o->burst * (BUDGET_TOKEN / MILLI) * multiplier_milli;
	b->earn_ppm = (uint32_t)(earn_ppm < BUDGET_TOKEN ? earn_ppm : BUDGET_TOKEN);
	b->period_ns = scaled_period(o->period_ns, multiplier_milli);
	b->is_unlimited = o->is_unlimited && multiplier_milli != 0;
	b->level_ppm = b->level_ppm < b->capacity_ppm ? b->level_ppm : b->capacity_ppm;
}

void budget_init(struct budget *b, const struct budget_options *o, uint64_t now_ns)
{
	assert(b != NULL);
	assert(budget_options_check(o) == 0);
	memset(b, 0, sizeof(*b));
	set_size(b, o, MILLI);
	b->level_ppm = b->capacity_ppm;
	b->since_ns = now_ns;
}

struct fill {
	uint64_t level_ppm;
	uint64_t since_ns; /* time has been paid for up to here */
};

static struct fill fill_now(const struct budget *b, uint64_t now_ns)
{
	struct fill f = {b->level_ppm, b->since_ns};

	assert(b->level_ppm <= b->capacity_ppm);
	if (now_ns < b->since_ns)
		return f;
	if (b->period_ns == 0)
		return (struct fill){b->level_ppm, now_ns};
	uint64_t room = b->capacity_ppm - b->level_ppm;
	uint64_t tokens = (now_ns - b->since_ns) / b->period_ns;
	uint64_t part_ppm = (now_ns - b->since_ns) % b->period_ns * BUDGET_TOKEN / b->period_ns;

	/* Full: what has passed beyond that is lost. */
	if (tokens > room / BUDGET_TOKEN || tokens * BUDGET_TOKEN + part_ppm >= room)
		return (struct fill){b->capacity_ppm, now_ns};
	/* The time that the millionths have cost, rounded up; the rest stays owed. */
	f.level_ppm += tokens * BUDGET_TOKEN + part_ppm;
	f.since_ns +=
	        tokens * b->period_ns + (part_ppm * b->period_ns + BUDGET_TOKEN - 1) / BUDGET_TOKEN;
	assert(f.since_ns <= now_ns);
	return f;
}

static void fill(struct budget *b, uint64_t now_ns)
{
	struct fill f = fill_now(b, now_ns);

	assert(f.level_ppm <= b->capacity_ppm);
	b->level_ppm = f.level_ppm;
	b->since_ns = f.since_ns;
}

bool budget_take(struct budget *b, uint64_t now_ns)
{
	assert(b->level_ppm <= b->capacity_ppm);
	if (b->is_unlimited) {
		b->granted++;
		return true;
	}
	fill(b, now_ns);
	if (b->level_ppm < BUDGET_TOKEN) {
		b->refused++;
		return false;
	}
	b->level_ppm -= BUDGET_TOKEN;
	b->granted++;
	return true;
}

uint32_t budget_left(const struct budget *b, uint64_t now_ns)
{
	struct fill f = fill_now(b, now_ns);
	uint64_t tokens = f.level_ppm / BUDGET_TOKEN;

	assert(f.level_ppm <= b->capacity_ppm);
	assert(f.since_ns >= b->since_ns);
	if (b->is_unlimited)
		return UINT32_MAX;
	return tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}

void budget_scale(struct budget *b, const struct budget_options *o, uint32_t multiplier_milli,
                  uint64_t now_ns)
{
	assert(budget_options_check(o) == 0);
	assert(multiplier_milli <= MULTIPLIER_MAX);
	fill(b, now_ns);
	set_size(b, o, multiplier_milli);
}

bool budget_is_sound(const struct budget *b)
{
	assert(b != NULL);
	if (b->level_ppm > b->capacity_ppm || b->period_ns > BUDGET_PERIOD_NS_MAX)
		return false;
	return b->earn_ppm <= BUDGET_TOKEN && b->is_unlimited <= 1;
}
