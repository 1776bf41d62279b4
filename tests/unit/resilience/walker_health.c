/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every state that two nodes can get into. Attempts go where health_best() says, one or two at a
 * time, and end as they like.
 *
 * Checked in every step: the nodes are sound; no ejected node is asked, nor one on probation twice
 * as long as there is another; nothing is asked only when all are ejected; what changed a node's
 * state is a row of the table. From every state: where all succeeds, all nodes get admitted again
 * and past ejections are forgotten; where all fails, all get ejected; an ejection ends by time
 * alone.
 */
#include "resilience/event.h"
#include "resilience/health.h"
#include "resilience/prng.h"

#include "tests/unit/resilience/walker.h"

#define NOW     1000000ull /* always */
#define UNIT_NS 64ull      /* of time: a half-life */
#define FAST    1ull
#define SLOW    4ull
#define NODES   2u

enum choice {
	CHOICE_TIME,
	CHOICE_TICK,
	CHOICE_SEND,
	CHOICE_FAST, /* of either node, from here */
	CHOICE_FAST_2,
	CHOICE_SLOW,
	CHOICE_SLOW_2,
	CHOICE_FAIL,
	CHOICE_FAIL_2,
	CHOICE_CANCEL,
	CHOICE_CANCEL_2,
	CHOICE_COUNT
};

static const char *const choice_names[CHOICE_COUNT] = {"time",
                                                       "tick",
                                                       "send",
                                                       "node 0 fast",
                                                       "node 1 fast",
                                                       "node 0 slow",
                                                       "node 1 slow",
                                                       "node 0 fails",
                                                       "node 1 fails",
                                                       "node 0 cancelled",
                                                       "node 1 cancelled"};

struct state {
	struct health health;
	uint8_t moves[NODES]; /* of the last step: 1 + row, or 0 */
	uint8_t asked;        /* by the last step: 1 + node, or 0; UINT8_MAX: nobody could be */
	uint8_t reserved[5];
};

static_assert(sizeof(struct state) == sizeof(struct health) + 8, "no padding");

struct small {
	struct health_options options;
	struct health_counters counters[1];
};

static void canonical(const struct small *m, struct health_node *n)
{
	const struct health_options *o = &m->options;
	struct health one = {.count = 1, .available = 1, .nodes = {*n}};

	if (n->measured != 0 && health_latency_ns(&one, o, 0, NOW) == 0) {
		n->latency_ns = 0;
		n->stamp_ns = NOW;
	}
	if (n->ejected_until_ns < NOW)
		n->ejected_until_ns = NOW;
	if (n->good > o->settle_successes)
		n->good = o->settle_successes;
	if (n->bad > o->eject_after)
		n->bad = o->eject_after;
	if (n->samples > o->samples_min)
		n->samples = o->samples_min;
	if (n->ejections > 2) /* 2 doublings are the longest */
		n->ejections = 2;
}

static bool outcome(struct state *s, const struct health_context *c, enum choice choice)
{
	uint32_t node = (choice - CHOICE_FAST) % NODES;
	enum choice kind = (enum choice)(choice - node);

	if (s->health.nodes[node].pending == 0)
		return false;
	if (kind == CHOICE_FAST || kind == CHOICE_SLOW)
		health_on_success(&s->health, c, node, kind == CHOICE_FAST ? FAST : SLOW, NOW);
	else if (kind == CHOICE_FAIL)
		health_on_failure(&s->health, c, node, NOW);
	else
		health_on_cancel(&s->health, c, node);
	return true;
}

static bool act(struct state *s, const struct health_context *c, enum choice choice)
{
	uint32_t node;

	switch (choice) {
	case CHOICE_TIME:
		for (uint32_t i = 0; i < NODES; i++) {
			struct health_node *n = &s->health.nodes[i];

			n->stamp_ns -= n->measured != 0 ? UNIT_NS : 0;
			n->ejected_until_ns -= n->ejected_until_ns != UINT64_MAX ? UNIT_NS : 0;
		}
		return true;
	case CHOICE_TICK:
		health_tick(&s->health, c, NOW);
		return true;
	case CHOICE_SEND:
		if (s->health.nodes[0].pending + s->health.nodes[1].pending >= 2)
			return false;
		node = health_best(&s->health, c->options, 0, NOW);
		s->asked = node == HEALTH_NONE ? UINT8_MAX : (uint8_t)(1 + node);
		if (node != HEALTH_NONE)
			health_on_send(&s->health, node);
		return true;
	case CHOICE_FAST:
	case CHOICE_FAST_2:
	case CHOICE_SLOW:
	case CHOICE_SLOW_2:
	case CHOICE_FAIL:
	case CHOICE_FAIL_2:
	case CHOICE_CANCEL:
	case CHOICE_CANCEL_2:
		return outcome(s, c, choice);
	case CHOICE_COUNT:
		break;
	}
	abort();
}

static bool step(void *context, const void *from, uint32_t choice, void *next)
{
	struct small *m = context;
	struct state *s = next;
	struct event events[8];
	struct event_ring ring;
	struct prng prng;
	const struct health_context c = {&m->options, m->counters, &ring, &prng};

	memcpy(s, from, sizeof(*s));
	memset(s->moves, 0, sizeof(s->moves));
	s->asked = 0;
	prng_init(&prng, 1);
	event_ring_init(&ring, events, 8);
	if (!act(s, &c, (enum choice)choice))
		return false;
	for (uint64_t i = 0; i < ring.head; i++)
		for (uint32_t r = 0; r < health_transition_count; r++)
			if (health_transitions[r].from == events[i].from &&
			    health_transitions[r].to == events[i].to &&
			    health_transitions[r].cause == events[i].reason)
				s->moves[events[i].value] = (uint8_t)(1 + r);
	for (uint32_t i = 0; i < NODES; i++)
		canonical(m, &s->health.nodes[i]);
	return true;
}

static const char *check_asked(const struct health *h, uint32_t node)
{
	const struct health_node *n = &h->nodes[node];
	const struct health_node *other = &h->nodes[1 - node];

	if (n->state == HEALTH_EJECTED)
		return "an ejected node is asked";
	if (n->state == HEALTH_PROBATION && n->pending > 0 &&
	    (other->state == HEALTH_ADMITTED ||
	     (other->state == HEALTH_PROBATION && other->pending == 0)))
		return "a node on probation is asked twice though there is another";
	return NULL;
}

static const char *check(void *context, const void *from, uint32_t choice, const void *next)
{
	const struct state *a = from;
	const struct state *b = next;

	(void)context;
	if (!health_is_sound(&b->health))
		return "unsound";
	for (uint32_t i = 0; i < NODES; i++) {
		const struct health_node *n = &a->health.nodes[i];
		uint8_t to = b->health.nodes[i].state;

		if (n->state != to && b->moves[i] == 0)
			return "a change that is not in the table";
		if (n->state == HEALTH_EJECTED && to != HEALTH_EJECTED &&
		    (choice != CHOICE_TICK || n->ejected_until_ns > NOW))
			return "an ejection that ended too early";
	}
	if (b->asked == UINT8_MAX)
		return a->health.available == 0 ? NULL : "nobody is asked though one could be";
	return b->asked == 0 ? NULL : check_asked(&a->health, b->asked - 1u);
}

static void print(void *context, const void *state)
{
	const struct state *s = state;

	(void)context;
	for (uint32_t i = 0; i < NODES; i++) {
		const struct health_node *n = &s->health.nodes[i];

		printf("%s pending %u bad %u good %u ejections %u latency %u   ",
		       health_state_name((enum health_state)n->state), n->pending, n->bad, n->good,
		       n->ejections, (unsigned)n->latency_ns);
	}
	printf("\n");
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
	return choice == CHOICE_TIME || choice == CHOICE_TICK || choice == CHOICE_SEND ||
	       choice == CHOICE_FAST || choice == CHOICE_FAST_2;
}

static bool bad(void *context, uint32_t choice)
{
	(void)context;
	return choice == CHOICE_TIME || choice == CHOICE_SEND || choice == CHOICE_FAIL ||
	       choice == CHOICE_FAIL_2;
}

static bool is_home(void *context, const void *state)
{
	const struct health *h = &((const struct state *)state)->health;
	bool home = true;

	(void)context;
	for (uint32_t i = 0; i < NODES; i++)
		home = home && h->nodes[i].state == HEALTH_ADMITTED && h->nodes[i].ejections == 0;
	return home;
}

static bool is_out(void *context, const void *state)
{
	(void)context;
	return ((const struct state *)state)->health.available == 0;
}

static void check_ejections(struct walker *w)
{
	for (uint32_t s = 0; s < w->count && w->wrong == NULL; s++) {
		uint32_t at = s;

		for (uint32_t i = 0; i < 4; i++)
			at = walker_next(w, at, CHOICE_TIME);
		at = walker_next(w, at, CHOICE_TICK);
		const struct state *state = walker_state(w, at);

		if (state->health.available != NODES)
			walker_blame(w, s, "an ejection that time does not end");
	}
}

int main(int argc, char **argv)
{
	uint32_t room = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1u << 18;
	static struct small m;
	struct walker_world world = {
	        .context = &m,
	        .bytes = sizeof(struct state),
	        .choices = CHOICE_COUNT,
	        .step = step,
	        .check = check,
	        .print = print,
	        .choice_name = choice_name,
	};
	struct state first;
	struct walker w;

	m.options = (struct health_options){
	        .eject_ns = 2 * UNIT_NS,
	        .eject_max_ns = 4 * UNIT_NS,
	        .half_life_ns = UNIT_NS,
	        .latency_initial_ns = 2,
	        .settle_successes = 2,
	        .eject_after = 2,
	        .samples_min = 1,
	};
	if (health_options_check(&m.options) != NULL) {
		printf("%s\n", health_options_check(&m.options));
		return 1;
	}
	memset(&first, 0, sizeof(first));
	health_init(&first.health, 0, NODES);
	walker_open(&w, &world, room);
	bool right = walker_run(&w, &first) &&
	             walker_can_reach(&w, "no way to admit all", all, good, is_home) &&
	             walker_can_reach(&w, "no way to eject all", all, bad, is_out);

	if (right)
		check_ejections(&w);
	right = w.wrong == NULL;
	printf("walker_health: %u states, %llu steps, %s\n", w.count, (unsigned long long)w.steps,
	       right ? "all right" : "wrong");
	walker_close(&w);
	return right ? 0 : 1;
}
