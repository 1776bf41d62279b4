/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/scenario_keys.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SECOND SCENARIO_SECOND_NS
#define HOUR   (3600 * SECOND)

#define TOP(member)                                                        \
	.part = SCENARIO_TOP, .offset = offsetof(struct scenario, member), \
	.width = sizeof(((struct scenario *)0)->member)
#define SERVICE(member)                                                                \
	.part = SCENARIO_SERVICE, .offset = offsetof(struct scenario_service, member), \
	.width = sizeof(((struct scenario_service *)0)->member)
#define LOAD(member)                                                             \
	.part = SCENARIO_LOAD, .offset = offsetof(struct scenario_load, member), \
	.width = sizeof(((struct scenario_load *)0)->member)
#define FAULT(member)                                                              \
	.part = SCENARIO_FAULT, .offset = offsetof(struct scenario_fault, member), \
	.width = sizeof(((struct scenario_fault *)0)->member)
#define DURATION(min_, max_) .type = SCENARIO_DURATION, .min = (min_), .max = (max_)
#define COUNT(min_, max_)    .type = SCENARIO_COUNT, .min = (min_), .max = (max_)
#define SHARE                .type = SCENARIO_SHARE, .max = 1000000
#define FACTOR(max_)         .type = SCENARIO_FACTOR, .max = (max_)

static const char *const scores[] = {"operations", "events", "restored", "recovery", "modes", NULL};
static const char *const laws[] = {"constant", "uniform", "lognormal", "pareto", NULL};
static const char *const repeats[] = {"once", "again", "freely", NULL};
static const char *const faults[] = {"stall", "fail", "black_hole", "slow",      "slow_start",
                                     "loss",  "kill", "core_stall", "slow_down", NULL};

static_assert(SCENARIO_MODES == 4 && SCENARIO_PARETO == 3, "words follow the enum");
static_assert(SCENARIO_SLOW_DOWN == SCENARIO_FAULT_KINDS - 1, "words follow the enum");
static_assert(SCENARIO_SLOW_DOWN == 8 && SCENARIO_FREELY == 2, "words follow the enum");

const struct scenario_key scenario_keys[] = {
        {"name", "What it is called; the file's name without `.yaml`.", NULL, .type = SCENARIO_TEXT,
         TOP(name), .min = 1, .max = 40},
        {"text", "One line about it.", "", .type = SCENARIO_TEXT, TOP(text), .max = 400},
        {"row", "The report's row beside which it is shown.", "", .type = SCENARIO_TEXT, TOP(row),
         .max = 40},
        {"score",
         "What counts as success: operations within their budget, events before their deadline, "
         "events of killed components, components healthy at the end, modes visited.",
         "operations", scores, .type = SCENARIO_WORD, TOP(score)},
        {"seed", "Everything random follows from it and `--seed`.", "20260105",
         COUNT(0, UINT64_MAX / 2), TOP(seed)},
        {"cores", "Each with a feed, a log and its share of the components.", "4",
         COUNT(1, SCENARIO_CORES_MAX), TOP(cores)},
        {"components", "Each a shard with a group of its own, on core (number mod `cores`).", "20",
         COUNT(1, SCENARIO_COMPONENTS_MAX), TOP(components)},
        {"critical", "Share of the components, and of their operations, that are critical.", "30%",
         SHARE, TOP(critical_ppm)},
        {"background",
         "Share of the components, and of their operations, that are background work; of those "
         "that "
         "are not critical.",
         "0%", SHARE, TOP(background_ppm)},
        {"large", "Not one of those that run when no scenario is named.", "no",
         .type = SCENARIO_FLAG, TOP(is_large)},
        {"end", "What is not done by then never will be.", NULL, DURATION(1, HOUR), TOP(end_ns)},
        {"budget", "Global time budget of an operation.", "6s", DURATION(1, HOUR), TOP(budget_ns)},
        {"deadline", "By when an event is to be processed, from its arrival.", "6s",
         DURATION(1, HOUR), TOP(deadline_ns)},
        {"event_cost", "CPU time that an event takes.", "1ms", DURATION(1000, HOUR), TOP(event_ns)},
        {"turn_cost", "CPU time that a component's turn takes besides, however many events it has.",
         "1ms", DURATION(0, HOUR), TOP(turn_ns)},
        {"tick", "Of timers, and of the control core's look at things.", "10ms",
         DURATION(1000, HOUR), TOP(tick_ns)},
        {"restart", "From a component's death to the first turn of its successor.", "500ms",
         DURATION(0, HOUR), TOP(restart_ns)},
        {"event_bytes", "Size of an event's message.", "64", COUNT(44, 60000), TOP(event_bytes)},
        {"fallback", "Events have another answer ready, where the profile may use it.", "no",
         .type = SCENARIO_FLAG, TOP(has_fallback)},
        {"hop", "From a component to another.", "1ms", DURATION(1000, HOUR), TOP(hop_ns)},
        {"window", "Over which attempts are counted for modes.", "3s", DURATION(1000, HOUR),
         TOP(window_ns)},
        {"backlog", "Events waiting at a core from which it is overload.", "200",
         COUNT(1, UINT32_MAX), TOP(backlog_events)},
        {"lines", "That bring the events to their core.", "1", COUNT(1, SCENARIO_LINES_MAX),
         TOP(lines)},
        {"line_loss", "Events that a line loses.", "0%", SHARE, TOP(line_loss_ppm)},
        {"line_double", "Events that a line brings twice.", "0%", SHARE, TOP(line_double_ppm)},
        {"line_delay", "A line is late by up to this, each event by its own dice.", "0s",
         DURATION(0, HOUR), TOP(line_delay_ns)},
        {"gap_hold", "How long a hole in the stream waits for a line.", "200ms", DURATION(0, HOUR),
         TOP(gap_hold_ns)},
        {"segments", "2 MiB segments that all logs share.", "64", COUNT(4, 4096),
         TOP(segments_max)},
        {"keep_log", "The logs hold the whole run, so that a dead component can be restored.", "no",
         .type = SCENARIO_FLAG, TOP(keep_log)},

        {"name", "What loads and faults call it.", NULL, .type = SCENARIO_TEXT, SERVICE(name),
         .min = 1, .max = 40},
        {"nodes", "The first is the primary.", "3", COUNT(1, SCENARIO_NODES_MAX), SERVICE(nodes)},
        {"law", "How attempts differ from their operation's latency.", "uniform", laws,
         .type = SCENARIO_WORD, SERVICE(law)},
        {"latency_min", "An operation's latency lies evenly between this ...", "100ms",
         DURATION(1000, HOUR), SERVICE(latency_min_ns)},
        {"latency_max", "... and this.", "100ms", DURATION(1000, HOUR), SERVICE(latency_max_ns)},
        {"shape", "Of the law: uniform +- this much of it; lognormal sigma; Pareto alpha.", "0.2",
         FACTOR(4000), SERVICE(shape_milli)},
        {"loss", "Attempts that are never heard of again.", "0%", SHARE, SERVICE(loss_ppm)},
        {"failure", "Attempts that are answered with an error.", "0%", SHARE, SERVICE(failure_ppm)},
        {"slow", "Attempts that take `slow_factor` times as long.", "0%", SHARE, SERVICE(slow_ppm)},
        {"slow_factor", "See `slow`.", "1", FACTOR(100000), SERVICE(slow_milli)},
        {"repeat",
         "What may be done with its requests: once: nothing after one may have arrived; again: one "
         "after the other; freely: two at a time.",
         "freely", repeats, .type = SCENARIO_WORD, SERVICE(repeat)},
        {"says_expected", "Operations come with their expected latency.", "no",
         .type = SCENARIO_FLAG, SERVICE(says_expected)},
        {"served_by",
         "The first of the components (as many as `nodes`) that answer for it; left out: its "
         "answers are made up.",
         "", .type = SCENARIO_PLACE, SERVICE(hosts), .max = SCENARIO_COMPONENTS_MAX - 1},
        {"asks", "What its components ask before they answer.", "", .type = SCENARIO_NAMED,
         SERVICE(asks)},

        {"from", "Of the first burst.", "0s", DURATION(0, HOUR), LOAD(from_ns)},
        {"until", "No burst then and later.", NULL, DURATION(1, HOUR), LOAD(until_ns)},
        {"every", "Between two bursts.", NULL, DURATION(1000, HOUR), LOAD(every_ns)},
        {"burst", "Events of one, over the components in turn.", "1", COUNT(1, 1000000),
         LOAD(burst)},
        {"first", "Component.", "0", COUNT(0, SCENARIO_COMPONENTS_MAX - 1), LOAD(first)},
        {"count", "Components that get them; 0: all from `first` on.", "0",
         COUNT(0, SCENARIO_COMPONENTS_MAX), LOAD(count)},
        {"asks", "Services that the events ask, in turn; none: they ask nothing.", "",
         .type = SCENARIO_NAMES, LOAD(asks)},

        {"kind",
         "stall: nodes answer nothing until it is over, then everything; fail: errors; black_hole: "
         "attempts vanish; slow: latency times `factor`; slow_start: the same, falling to 1; loss: "
         "`share` of the attempts vanishes; kill: `share` of the components dies; core_stall: a "
         "core has no turn; slow_down: latency times a factor that rises from 1 to `factor`.",
         NULL, faults, .type = SCENARIO_WORD, FAULT(kind)},
        {"at", "When it begins.", NULL, DURATION(0, HOUR), FAULT(at_ns)},
        {"for", "How long it lasts; kill: the deaths are spread over it.", "0s", DURATION(0, HOUR),
         FAULT(for_ns)},
        {"service", "Whose nodes; left out: of all.", "", .type = SCENARIO_NAMED, FAULT(service)},
        {"node", "Which one; left out: all of them.", "", .type = SCENARIO_PLACE, FAULT(node),
         .max = SCENARIO_NODES_MAX - 1},
        {"core", "Which one; left out: all.", "", .type = SCENARIO_PLACE, FAULT(core),
         .max = SCENARIO_CORES_MAX - 1},
        {"share", "Of attempts or components.", "100%", SHARE, FAULT(share_ppm)},
        {"factor", "See `kind`.", "10", FACTOR(1000000), FAULT(factor_milli)},
        {"twice", "Share of those killed that are killed again ...", "0%", SHARE, FAULT(twice_ppm)},
        {"again", "... so much later.", "2s", DURATION(0, HOUR), FAULT(again_ns)},
};

const uint32_t scenario_key_count = sizeof(scenario_keys) / sizeof(scenario_keys[0]);

const char *scenario_part_key(enum scenario_part part)
{
	switch (part) {
	case SCENARIO_TOP:
		return NULL;
	case SCENARIO_SERVICE:
		return "services";
	case SCENARIO_LOAD:
		return "loads";
	case SCENARIO_FAULT:
		return "faults";
	}
	return NULL;
}

const struct scenario_key *scenario_key_find(enum scenario_part part, const char *name)
{
	assert(name != NULL);
	for (uint32_t i = 0; i < scenario_key_count; i++)
		if (scenario_keys[i].part == part && strcmp(scenario_keys[i].name, name) == 0)
			return &scenario_keys[i];
	return NULL;
}

void scenario_key_allowed(const struct scenario_key *k, char *out, uint32_t bytes)
{
	uint32_t used;

	assert(bytes > 0);
	switch ((enum scenario_type)k->type) {
	case SCENARIO_TEXT:
		snprintf(out, bytes, "a text of up to %" PRIu64 " characters", k->max);
		return;
	case SCENARIO_COUNT:
	case SCENARIO_PLACE:
		snprintf(out, bytes, "a whole number from %" PRIu64 " to %" PRIu64, k->min, k->max);
		return;
	case SCENARIO_DURATION:
		snprintf(out, bytes, "a duration up to %" PRIu64 "s (ns, us, ms, s, m)",
		         k->max / SECOND);
		return;
	case SCENARIO_SHARE:
		snprintf(out, bytes, "a share such as 5%%, 0.5%% or 500ppm");
		return;
	case SCENARIO_FACTOR:
		snprintf(out, bytes, "a number such as 2.5, up to %" PRIu64, k->max / 1000);
		return;
	case SCENARIO_FLAG:
		snprintf(out, bytes, "yes or no");
		return;
	case SCENARIO_WORD:
		used = (uint32_t)snprintf(out, bytes, "one of");
		for (uint32_t i = 0; k->words[i] != NULL && used < bytes; i++)
			used += (uint32_t)snprintf(out + used, bytes - used, "%s %s",
			                           i == 0 ? "" : ",", k->words[i]);
		return;
	case SCENARIO_NAMED:
		snprintf(out, bytes, "the name of a service");
		return;
	case SCENARIO_NAMES:
		snprintf(out, bytes, "a list of names of services");
		return;
	}
}

const char *scenario_score_name(enum scenario_score s)
{
	assert(s <= SCENARIO_MODES);
	return scores[s];
}

const char *scenario_fault_name(enum scenario_fault_kind k)
{
	assert(k < SCENARIO_FAULT_KINDS);
	return faults[k];
}

void scenario_print_keys(FILE *out)
{
	char allowed[256];

	for (enum scenario_part part = SCENARIO_TOP; part <= SCENARIO_FAULT; part++) {
		const char *list = scenario_part_key(part);

		fprintf(out, "%s| key | default | allowed | meaning |\n|---|---|---|---|\n",
		        part == SCENARIO_TOP ? "" : "\n");
		for (uint32_t i = 0; i < scenario_key_count; i++) {
			const struct scenario_key *k = &scenario_keys[i];

			if (k->part != part)
				continue;
			scenario_key_allowed(k, allowed, sizeof(allowed));
			fprintf(out, "| `%s%s%s` | %s%s%s | %s | %s |\n", list == NULL ? "" : list,
			        list == NULL ? "" : "[].", k->name,
			        k->fallback == NULL || k->fallback[0] == '\0' ? "" : "`",
			        k->fallback == NULL      ? "required"
			        : k->fallback[0] == '\0' ? "none"
			                                 : k->fallback,
			        k->fallback == NULL || k->fallback[0] == '\0' ? "" : "`", allowed,
			        k->help);
		}
	}
}
