/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A mode and a breaker that act on each other, every state of both: a service, one of three, of
 * two, or the only one, which only normal work uses. What its breaker says is a fact for the mode;
 * what the mode lets in is all that the breaker ever hears. So an only service that is
 * down is an EMERGENCY, which lets nothing in by which it could be seen to be up again, but for the
 * probes.
 *
 * Checked in every step: no step down before the dwell time, by the walk's own clock; EMERGENCY
 * only while, or a dwell time after, the breaker lets nobody in. From every state: a good world
 * leads to NORMAL and CLOSED, a bad one to EMERGENCY (by an only service). And with a policy by
 * which probes do not pass a closed throttle, the walker must find the way into the trap.
 *
 * usage: walker_mode [large]
 */
#include <stddef.h>

#include "resilience/breaker.h"
#include "resilience/mode.h"
#include "resilience/prng.h"
#include "resilience/throttle.h"
#include "tests/unit/resilience/walker.h"

#define NOW      1000000ull /* always: time that passes moves all times into the past */
#define FAST     1ull
#define SLOW     5ull
#define DWELL    2u
#define AGE_NONE 255u

enum choice {
	CHOICE_TIME,     /* a unit passes */
	CHOICE_CONTROL,  /* the control core looks; the breaker is polled */
	CHOICE_ASK_GOOD, /* an operation, if it is let in, succeeds at once */
	CHOICE_ASK_SLOW,
	CHOICE_ASK_BAD,
	CHOICE_ASK_LOST, /* never heard of again */
	CHOICE_FORECAST,
	CHOICE_FORECAST_OVER,
	CHOICE_COUNT
};

static const char *const choice_names[CHOICE_COUNT] = {"time",      "control",      "ask, good",
                                                       "ask, slow", "ask, bad",     "ask, lost",
                                                       "forecast",  "forecast over"};

struct state {
	struct breaker breaker;
	uint32_t credit_ppm; /* the throttle's */
	uint16_t causes;
	uint8_t mode;
	uint8_t calm;  /* how long; AGE_NONE: a cause holds */
	uint8_t age;   /* the walk's: in this mode, up to DWELL */
	uint8_t moved; /* the mode, in the last step */
	uint8_t filling[54];
};

static_assert(sizeof(struct state) == 128, "no padding");

struct small {
	struct breaker_options breaker;
	struct mode_options mode;
	struct mode_policy policy;
	uint32_t services; /* the others are healthy */
	struct breaker_counters counters[1];
};

static bool lets_in(const struct breaker *b)
{
	return b->state != BREAKER_OPEN && b->state != BREAKER_HALF_OPEN;
}

static uint64_t aged(uint64_t time_ns, uint64_t past)
{
	return time_ns != BREAKER_NEVER && time_ns < NOW - past ? NOW - past : time_ns;
}

/* What makes no difference any more is made equal. */
static void canonical(const struct small *m, struct breaker *b)
{
	b->epoch = 0;
	if (b->state == BREAKER_HALF_OPEN) {
		for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
			b->lease_until_ns[i] = aged(b->lease_until_ns[i], 0);
	} else {
		b->slow = 0;
		b->calm_since_ns = aged(b->calm_since_ns, m->breaker.dwell_ns);
		b->until_ns = aged(b->until_ns, 0);
	}
	b->fail_rate = 0;
	if (b->consecutive > m->breaker.open_after)
		b->consecutive = m->breaker.open_after;
	if (b->openings > 1)
		b->openings = 1;
}

static void pass(const struct small *m, struct state *s)
{
	struct breaker *b = &s->breaker;

	if (b->state == BREAKER_HALF_OPEN) {
		for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
			b->lease_until_ns[i] -= b->lease_until_ns[i] != BREAKER_NEVER;
	} else {
		b->calm_since_ns -= b->calm_since_ns != BREAKER_NEVER;
		b->until_ns -= b->until_ns != BREAKER_NEVER;
	}
	if (s->calm != AGE_NONE && s->calm < m->mode.dwell_ns[s->mode])
		s->calm++;
	s->age = s->age < DWELL ? (uint8_t)(s->age + 1) : s->age;
}

static void control(struct small *m, const struct breaker_context *c, struct state *s)
{
	struct breaker *b = &s->breaker;

	breaker_tick(b, c, NOW);
	struct mode mode = {
	        .since_ns = NOW - s->age,
	        .calm_since_ns = s->calm == AGE_NONE ? UINT64_MAX : NOW - s->calm,
	        .progress_ns = NOW,
	        .causes = s->causes,
	        .id = s->mode,
	        .reason = MODE_CAUSE_OVER,
	};
	bool slow = b->state == BREAKER_ULTRA_RESILIENT;
	struct mode_facts f = {
	        .services = m->services,
	        .services_unhealthy = !lets_in(b),
	        .services_answering = !lets_in(b),
	        .forecasts = b->forecast != 0,
	        .attempts = 10,
	        .attempts_succeeded = 10,
	        .attempts_slow = slow ? 3 : 0,
	};

	s->moved = mode_update(&mode, &m->mode, &f, NOW, NULL);
	s->age = s->moved ? 0 : s->age;
	s->mode = mode.id;
	/* Bits of other modes' causes are not read. */
	s->causes = 0;
	for (uint32_t i = 0; i < MODE_CAUSES; i++)
		if (mode_conditions[i].mode == mode.id)
			s->causes |= (uint16_t)(mode.causes & 1u << i);
	s->calm = mode.calm_since_ns == UINT64_MAX ? AGE_NONE : (uint8_t)(NOW - mode.calm_since_ns);
}

/* As an operation is submitted: breaker first, then the throttle, which a probe may pass. */
static void ask(struct small *m, const struct breaker_context *c, struct state *s,
                enum choice choice)
{
	const struct mode_class_policy *p =
	        mode_policy_of(&m->policy, (enum mode_id)s->mode, WORK_NORMAL);
	struct breaker *b = &s->breaker;
	struct breaker_grant g = breaker_allow(b, c, NOW);
	struct throttle t = {
	        .class[WORK_NORMAL] = {.fraction_ppm = p->admit_ppm, .credit_ppm = s->credit_ppm}};

	if (g.verdict == BREAKER_REJECT)
		return;
	if (!(g.verdict == BREAKER_PROBE && p->probes) && !throttle_admit(&t, WORK_NORMAL)) {
		s->credit_ppm = t.class[WORK_NORMAL].credit_ppm;
		breaker_on_cancel(b, c, g.ticket, NOW);
		return;
	}
	s->credit_ppm = t.class[WORK_NORMAL].credit_ppm;
	uint64_t latency = choice == CHOICE_ASK_SLOW ? SLOW : FAST;

	if (choice == CHOICE_ASK_LOST)
		return;
	if (choice == CHOICE_ASK_BAD) {
		breaker_on_failure(b, c, g.ticket, NOW);
		return;
	}
	breaker_on_latency(b, c, g.ticket, latency, BREAKER_MEASURED, NOW);
	breaker_on_success(b, c, g.ticket, latency, NOW);
}

static bool step(void *context, const void *from, uint32_t choice, void *next)
{
	struct small *m = context;
	struct state *s = next;
	struct prng prng;
	const struct breaker_context c = {&m->breaker, m->counters, NULL, &prng};

	memcpy(s, from, sizeof(*s));
	s->moved = 0;
	prng_init(&prng, 0);
	switch ((enum choice)choice) {
	case CHOICE_TIME:
		pass(m, s);
		break;
	case CHOICE_CONTROL:
		control(m, &c, s);
		break;
	case CHOICE_ASK_GOOD:
	case CHOICE_ASK_SLOW:
	case CHOICE_ASK_BAD:
	case CHOICE_ASK_LOST:
		ask(m, &c, s, (enum choice)choice);
		break;
	case CHOICE_FORECAST:
		breaker_on_forecast(&s->breaker, &c, 1, NOW);
		break;
	case CHOICE_FORECAST_OVER:
		breaker_on_forecast(&s->breaker, &c, 0, NOW);
		break;
	case CHOICE_COUNT:
		return false;
	}
	canonical(m, &s->breaker);
	return true;
}

static const char *check(void *context, const void *from, uint32_t choice, const void *next)
{
	const struct small *m = context;
	const struct state *a = from;
	const struct state *b = next;

	if (!breaker_is_sound(&b->breaker, &m->breaker))
		return "unsound";
	if ((m->mode.modes & MODE_BIT(b->mode)) == 0)
		return "a mode that is not available";
	if (b->mode < a->mode && a->age < DWELL)
		return "a step down before the dwell time";
	if (b->mode != a->mode && choice != CHOICE_CONTROL)
		return "a mode that changed by itself";
	/* The control core looked twice: when it was well again, and a dwell time later. */
	if (choice == CHOICE_CONTROL && b->mode == MODE_EMERGENCY && lets_in(&b->breaker) &&
	    a->calm != AGE_NONE && a->calm >= DWELL)
		return "EMERGENCY without its cause";
	return NULL;
}

static void print(void *context, const void *state)
{
	const struct state *s = state;

	(void)context;
	printf("%s, %s gate %u, calm %u age %u credit %u\n", mode_name((enum mode_id)s->mode),
	       breaker_state_name((enum breaker_state)s->breaker.state), s->breaker.gate, s->calm,
	       s->age, s->credit_ppm);
}

static const char *choice_name(void *context, uint32_t choice)
{
	(void)context;
	return choice_names[choice];
}

static bool all(void *context, const void *state)
{
	(void)context;
	(void)state;
	return true;
}

static bool good(void *context, uint32_t choice)
{
	(void)context;
	return choice == CHOICE_TIME || choice == CHOICE_CONTROL || choice == CHOICE_ASK_GOOD ||
	       choice == CHOICE_FORECAST_OVER;
}

static bool bad(void *context, uint32_t choice)
{
	(void)context;
	return choice == CHOICE_TIME || choice == CHOICE_CONTROL || choice == CHOICE_ASK_BAD;
}

static bool is_home(void *context, const void *state)
{
	const struct state *s = state;

	(void)context;
	return s->mode == MODE_NORMAL && s->breaker.state == BREAKER_CLOSED;
}

static bool is_emergency(void *context, const void *state)
{
	const struct state *s = state;

	(void)context;
	return s->mode == MODE_EMERGENCY;
}

static void small_options(struct small *m, uint32_t states, bool large)
{
	struct breaker_options *o = &m->breaker;

	breaker_options_report(o, 1000000);
	o->states = (uint8_t)states;
	o->window = large ? 3 : 2;
	o->samples_min = 2;
	o->resilient_at_ppm = 300000;
	o->clear_at_ppm = 100000;
	o->open_at_ppm = 600000;
	o->open_after = 2;
	o->rate_shift = 0;
	o->ultra_latency_ns = 3;
	o->ultra_leave_ns = 2;
	o->ultra_min = 1;
	o->latency_shift = 0;
	o->dwell_ns = 2;
	o->open_ns = 2;
	o->open_max_ns = 2;
	o->open_jitter_ppm = 0;
	o->lease_ns = 2;
	o->probes = 2;
	o->leases = 1;
	o->ramp_interval_ns = 2;
	o->ramp_start = 1;
	o->ramp_step = 1;
	o->ramp_end = 2;
	mode_options_report(&m->mode, DWELL, 2);
	for (uint32_t id = MODE_NORMAL + 1; id < MODE_COUNT; id++)
		m->mode.dwell_ns[id] = DWELL;
	m->policy = mode_policy_standard;
}

static const char *walk(struct small *m, uint32_t room, bool quiet, uint32_t *modes)
{
	struct walker_world world = {
	        .context = m,
	        .bytes = sizeof(struct state),
	        .choices = CHOICE_COUNT,
	        .step = step,
	        .check = check,
	        .print = print,
	        .choice_name = choice_name,
	};
	struct state first;
	struct walker w;

	memset(&first, 0, sizeof(first));
	breaker_init(&first.breaker, 0);
	first.calm = AGE_NONE;
	first.credit_ppm = THROTTLE_ONE / 2;
	walker_open(&w, &world, room);
	if (walker_run(&w, &first) &&
	    walker_can_reach(&w, "no way to NORMAL and CLOSED", all, good, is_home) &&
	    (m->mode.modes & MODE_BIT(MODE_EMERGENCY)) != 0 && m->services == 1)
		(void)walker_can_reach(&w, "no way to EMERGENCY", all, bad, is_emergency);
	for (uint32_t s = 0; s < w.count; s++)
		*modes |= MODE_BIT(((const struct state *)walker_state(&w, s))->mode);
	if (!quiet)
		printf("walker_mode: modes %02x, breaker %02x, services %u: %u states, %llu "
		       "steps\n",
		       m->mode.modes, m->breaker.states, m->services, w.count,
		       (unsigned long long)w.steps);
	const char *wrong = w.wrong;

	walker_close(&w);
	return wrong;
}

int main(int argc, char **argv)
{
	/* The profiles' sets of breaker states and of modes. */
	static const struct {
		uint8_t states;
		uint32_t modes;
	} sets[] = {
	        {0x19, MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_SAFE)},
	        {0x19, MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_PRE_SAFE) | MODE_BIT(MODE_SAFE)},
	        {0x1b, MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_SAFE) | MODE_BIT(MODE_ULTRA)},
	        {0x1f, MODE_ALL},
	};
	bool large = argc > 1 && strcmp(argv[1], "large") == 0;
	uint32_t room = large ? 1u << 20 : 1u << 17;
	static struct small m;
	uint32_t modes = 0;

	for (uint32_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		for (uint32_t services = 1; services <= 3; services++) {
			small_options(&m, sets[i].states, large);
			m.mode.modes = sets[i].modes;
			m.services = services;
			if (breaker_options_check(&m.breaker) != NULL) {
				printf("walker_mode: %s\n", breaker_options_check(&m.breaker));
				return 1;
			}
			if (walk(&m, room, false, &modes) != NULL)
				return 1;
		}
	/* All but RECOVERY, in which services have no part. */
	if (modes != (MODE_ALL & ~MODE_BIT(MODE_RECOVERY))) {
		printf("walker_mode: modes %02x were visited\n", modes);
		return 1;
	}
	/* Without the probes' privilege an EMERGENCY keeps itself alive. */
	m.services = 1;
	for (uint32_t id = 0; id < MODE_COUNT; id++)
		m.policy.mode[id].class[WORK_NORMAL].probes = 0;
	printf("walker_mode: probes that do not pass a closed throttle; expected:\n");
	const char *wrong = walk(&m, room, true, &modes);

	if (wrong == NULL || strcmp(wrong, "no way to NORMAL and CLOSED") != 0) {
		printf("walker_mode: the trap was not found\n");
		return 1;
	}
	return 0;
}
