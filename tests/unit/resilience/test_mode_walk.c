/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every state that modes can reach, walked: breadth first over the machine's state (times as ages,
 * capped where they no longer matter) x all combinations of facts that it can tell apart x steps of
 * time, for each set of modes. A monitor beside the machine keeps its own clock of when the mode
 * was entered. Shown on every edge: no step down before the dwell time; only available modes; every
 * available mode is reached. Shown from every state with facts that stay as they are, whichever:
 * the mode settles, and where it settles it has a cause that holds, and none above has. That is: no
 * oscillation, no mode without a way out, EMERGENCY left whenever its cause is gone, NORMAL where
 * nothing holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/mode.h"
#include "tests/unit/resilience/mode_world.h"
#include "tests/unit/suite.h"

/* In units of the walk's clock. */
#define IDLE_ENTER 4u
#define IDLE_LEAVE 2u
#define DWELL_MAX  3u
#define AGE_BITS   3u
#define AGE_MASK   7u
#define CALM_NONE  7u
#define NODES      (1u << 14)
#define NODE_NONE  UINT16_MAX
#define BASE       1000u
/* No way to a resting place is longer: a stall, and a step down through each mode. */
#define SETTLE_MAX (IDLE_ENTER + MODE_COUNT * (DWELL_MAX + 2))

/* A state: mode, own causes that hold (2 bits), age, calm, idle. */
struct node {
	enum mode_id id;
	uint32_t held;
	uint32_t age; /* the monitor's: since the mode was entered */
	uint32_t calm;
	uint32_t idle;
};

struct fact {
	struct mode_facts facts;
	struct seen seen;
	bool stuck; /* work waits and the stamp stands still */
};

struct walk {
	struct mode_options options;
	struct fact facts[4096];
	uint32_t fact_count;
	uint16_t queue[NODES];
	bool known[NODES];
	uint32_t queued;
	uint64_t edges;
	uint64_t wrong;
	uint32_t reached; /* modes */
};

static struct walk w;

/* Which bits are the first and the second cause of a mode. */
static uint32_t pack_held(enum mode_id id, uint32_t causes)
{
	uint32_t packed = 0;
	uint32_t bit = 0;

	for (uint32_t i = 0; i < MODE_CAUSES; i++)
		if ((causes_of_mode(id) & 1u << i) != 0)
			packed |= (causes >> i & 1u) << bit++;
	return packed;
}

static uint32_t unpack_held(enum mode_id id, uint32_t packed)
{
	uint32_t causes = 0;
	uint32_t bit = 0;

	for (uint32_t i = 0; i < MODE_CAUSES; i++)
		if ((causes_of_mode(id) & 1u << i) != 0)
			causes |= (packed >> bit++ & 1u) << i;
	return causes;
}

static uint32_t pack(const struct node *n)
{
	return (uint32_t)n->id | n->held << 3 | n->age << 5 | n->calm << 8 | n->idle << 11;
}

static struct node unpack(uint32_t key)
{
	return (struct node){
	        .id = (enum mode_id)(key & 7),
	        .held = key >> 3 & 3,
	        .age = key >> 5 & AGE_MASK,
	        .calm = key >> 8 & AGE_MASK,
	        .idle = key >> 11 & AGE_MASK,
	};
}

static uint32_t capped(uint64_t age, uint32_t cap)
{
	return age < cap ? (uint32_t)age : cap;
}

static struct mode machine(const struct node *n)
{
	return (struct mode){
	        .since_ns = BASE - n->age,
	        .calm_since_ns = n->calm == CALM_NONE ? UINT64_MAX : BASE - n->calm,
	        .progress = 1,
	        .progress_ns = BASE - n->idle,
	        .causes = (uint16_t)unpack_held(n->id, n->held),
	        .id = (uint8_t)n->id,
	        .reason = MODE_CAUSE_OVER,
	};
}

/* One edge: `step` later the control core looks, and sees these facts. */
static uint32_t follow(uint32_t key, const struct fact *f, uint32_t step)
{
	struct node n = unpack(key);
	struct mode m = machine(&n);
	struct mode_facts facts = f->facts;
	uint64_t now = BASE + step;
	uint32_t age = capped(n.age + step, DWELL_MAX);

	facts.waiting = f->stuck;
	facts.progress = 1;
	bool changed = mode_update(&m, &w.options, &facts, now, NULL);

	w.wrong += changed != (m.id != n.id);
	w.wrong += (w.options.modes & MODE_BIT(m.id)) == 0;
	/* Down: not before the dwell time, by the monitor's clock. */
	w.wrong += m.id < n.id && age < w.options.dwell_ns[n.id];
	return pack(&(struct node){
	        .id = (enum mode_id)m.id,
	        .held = pack_held((enum mode_id)m.id, m.causes),
	        .age = changed ? 0 : age,
	        .calm = m.calm_since_ns == UINT64_MAX ? CALM_NONE
	                                              : capped(now - m.calm_since_ns, DWELL_MAX),
	        .idle = capped(now - m.progress_ns, IDLE_ENTER),
	});
}

static void setup(uint32_t set)
{
	memset(&w, 0, sizeof(w));
	mode_options_report(&w.options, 2, BACKLOG_LIMIT);
	w.options.modes = set;
	w.options.cause[MODE_CAUSE_STALLED] = (struct mode_threshold){IDLE_ENTER, IDLE_LEAVE};
	for (uint32_t id = 1; id < MODE_COUNT; id++)
		w.options.dwell_ns[id] = id % 2 == 0 ? 2 : DWELL_MAX;
	/* Facts that no cause tells apart are one. */
	static bool seen_before[1u << 18];

	memset(seen_before, 0, sizeof(seen_before));
	for (uint32_t i = 0; i < SEEN_COUNT; i++) {
		struct seen s = seen_at(i);
		uint32_t enters = causes_expected(&s, 0, 1, 1, false);
		uint32_t stays = causes_expected(&s, 0, 1, 1, true);

		if (seen_before[enters << MODE_CAUSES | stays])
			continue;
		seen_before[enters << MODE_CAUSES | stays] = true;
		for (uint32_t stuck = 0; stuck < 2; stuck++)
			w.facts[w.fact_count++] = (struct fact){facts_of(&s), s, stuck != 0};
	}
}

static void visit(uint32_t key)
{
	if (w.known[key])
		return;
	w.known[key] = true;
	w.reached |= MODE_BIT(unpack(key).id);
	w.queue[w.queued++] = (uint16_t)key;
}

static void walk_all(void)
{
	static const uint32_t steps[] = {1, DWELL_MAX, IDLE_ENTER};

	visit(pack(&(struct node){.id = MODE_NORMAL, .calm = CALM_NONE}));
	for (uint32_t at = 0; at < w.queued; at++)
		for (uint32_t f = 0; f < w.fact_count; f++)
			for (uint32_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
				visit(follow(w.queue[at], &w.facts[f], steps[i]));
				w.edges++;
			}
}

/* Whether a mode may rest there under these facts: it has a cause, no available one above has. */
static bool may_rest(const struct node *n, const struct fact *f)
{
	uint64_t idle = f->stuck ? IDLE_ENTER : 0;
	uint32_t enters = causes_expected(&f->seen, idle, IDLE_ENTER, IDLE_LEAVE, false);
	uint32_t stays = causes_expected(&f->seen, idle, IDLE_ENTER, IDLE_LEAVE, true);

	for (uint32_t id = n->id + 1u; id < MODE_COUNT; id++)
		if ((w.options.modes & MODE_BIT(id)) != 0 &&
		    (causes_of_mode((enum mode_id)id) & enters) != 0)
			return false;
	return n->id == MODE_NORMAL || (causes_of_mode(n->id) & stays) != 0;
}

/* From every state, with these facts for good. next[] is a function, so a way ends in a cycle; a
 * cycle in which the mode changes would be an oscillation. */
static uint64_t settle(const struct fact *f)
{
	static uint16_t next[NODES];
	static bool good[NODES];
	uint64_t wrong = 0;

	memset(good, 0, sizeof(good));
	for (uint32_t i = 0; i < w.queued; i++)
		next[w.queue[i]] = (uint16_t)follow(w.queue[i], f, 1);
	for (uint32_t i = 0; i < w.queued; i++) {
		uint32_t key = w.queue[i];
		uint32_t length = 0;

		while (!good[key] && next[key] != key && length < SETTLE_MAX) {
			key = next[key];
			length++;
		}
		struct node n = unpack(key);

		if (!good[key] && (next[key] != key || !may_rest(&n, f))) {
			wrong++;
			continue;
		}
		/* Settled: so are all on the way. */
		for (uint32_t k = w.queue[i]; !good[k]; k = next[k])
			good[k] = true;
	}
	return wrong;
}

static void test_walk(void)
{
	for (uint32_t k = 0; k < MODE_SETS; k++) {
		uint64_t unsettled = 0;

		setup(mode_sets[k]);
		walk_all();
		CU_ASSERT_EQUAL(w.wrong, 0);
		CU_ASSERT_EQUAL(w.reached, mode_sets[k]);
		for (uint32_t f = 0; f < w.fact_count; f++)
			unsettled += settle(&w.facts[f]);
		CU_ASSERT_EQUAL(unsettled, 0);
		printf("\n    modes %02x: %u states, %llu edges, %u facts", mode_sets[k], w.queued,
		       (unsigned long long)w.edges, w.fact_count);
	}
	printf(" ");
}

/* A walker that finds nothing proves nothing: without a dwell time it must object. */
static void test_walker_objects(void)
{
	setup(MODE_ALL);
	/* The monitor goes on expecting 3, the machine is told 1. */
	struct mode_options expected = w.options;

	for (uint32_t id = 1; id < MODE_COUNT; id++)
		w.options.dwell_ns[id] = 1;
	walk_all();
	CU_ASSERT_EQUAL(w.wrong, 0);
	uint32_t early = 0;

	for (uint32_t at = 0; at < w.queued; at++) {
		struct node n = unpack(w.queue[at]);
		struct node to = unpack(follow(w.queue[at], &w.facts[0], 1));

		early += to.id < n.id && n.age + 1 < expected.dwell_ns[n.id];
	}
	CU_ASSERT(early > 0);
	/* And a fact under which EMERGENCY would be no resting place is seen as such. */
	struct node emergency = {.id = MODE_EMERGENCY, .calm = CALM_NONE};
	struct fact healthy = {.seen = seen_at(0)};

	CU_ASSERT(!may_rest(&emergency, &healthy));
}

static const struct suite_test tests[] = {
        {"all states of all sets of modes", test_walk},
        {"the walker objects", test_walker_objects},
};

int main(void)
{
	return SUITE_RUN("mode_walk", tests);
}
