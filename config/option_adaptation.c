/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The option table's part on what the engine as a whole has of resilience (modes, tuning,
 * processing, recovery), on profiles, and on services.
 */
#include <assert.h>

#include "config/option_row.h"

#define TIME_MAX  HOUR
#define PPM       1000000u
#define NEVER     UINT64_MAX
#define COUNT_MAX 1000000000u
#define SHIFT_MAX 16u
#define MILLI     1000u
#define MILLI_MAX 1000000u

#define INNER(path_, help_)                                                          \
	{                                                                            \
		.path = "resilience." path_, .help = (help_), .type = OPTION_MAPPING \
	}
#define NUMBER(path_, type_, member_, min_, max_, default_, help_)             \
	{                                                                      \
		.path = "resilience." path_, .help = (help_), .type = (type_), \
		AT(resilience_options, member_), .min = (min_), .max = (max_), \
		.fallback = (default_)                                         \
	}
#define SWITCH(path_, member_, default_, help_)                                    \
	{                                                                          \
		.path = "resilience." path_, .help = (help_), .type = OPTION_BOOL, \
		AT(resilience_options, member_), .fallback = (default_)            \
	}

/* A cause of modes, or a guard: from where it holds and below where it ends. */
#define ENTER(name_, type_, member_, max_, default_, help_)                                \
	{                                                                                  \
		.path = "resilience.modes.enter." name_, .help = (help_), .type = (type_), \
		AT(resilience_options, mode.member_.enter), .min = 1, .max = (max_),       \
		.word = "never", .word_value = NEVER, .fallback = (default_)               \
	}
#define ENTER_GUARD(name_, member_, default_, help_)                                              \
	{                                                                                         \
		.path = "resilience.modes.enter." name_, .help = (help_), .type = OPTION_PERCENT, \
		AT(resilience_options, mode.member_.enter), .min = 1, .max = PPM,                 \
		.fallback = (default_)                                                            \
	}
#define LEAVE(name_, type_, member_, max_, default_, help_)                                \
	{                                                                                  \
		.path = "resilience.modes.leave." name_, .help = (help_), .type = (type_), \
		AT(resilience_options, mode.member_.leave), .min = 1, .max = (max_),       \
		.fallback = (default_)                                                     \
	}
#define DWELL(name_, id_, default_)                                                            \
	{                                                                                      \
		.path = "resilience.modes.dwell." name_,                                       \
		.help = "How long nothing must hold it before it is left.",                    \
		.type = OPTION_DURATION, AT(resilience_options, mode.dwell_ns[id_]), .min = 1, \
		.max = TIME_MAX, .fallback = (default_)                                        \
	}

/* What a mode does: a value for each class, the first at `member`. */
#define BY_CLASS(mode_, id_, key_, type_, member_, min_, max_, default_, help_)             \
	{                                                                                   \
		.path = "resilience.modes.policy." mode_ "." key_, .help = (help_),         \
		.type = (type_), AT(resilience_options, policy.mode[id_].class[0].member_), \
		.min = (min_), .max = (max_), .values = WORK_CLASSES,                       \
		.item_bytes = sizeof(struct mode_class_policy), .fallback = (default_)      \
	}
#define POLICY(mode_, id_, text_, publish_, first_, dynamic_, admit_, budget_, checkpoint_,        \
               parallel_, hedge_, optimize_)                                                       \
	INNER("modes.policy." mode_, text_),                                                       \
	        NUMBER("modes.policy." mode_ ".publish", OPTION_MULTIPLIER,                        \
	               policy.mode[id_].publish_milli, 1, MODE_FACTOR_MAX, publish_,               \
	               "Times the interval at which counters are published."),                     \
	        SWITCH("modes.policy." mode_ ".restore_critical_first",                            \
	               policy.mode[id_].restore_critical_first, first_,                            \
	               "Whether components of the critical class are restored first."),            \
	        SWITCH("modes.policy." mode_ ".dynamic_timeout", policy.mode[id_].dynamic_timeout, \
	               dynamic_,                                                                   \
	               "Whether timeouts follow learned latency even where they do not."),         \
	        BY_CLASS(mode_, id_, "admit", OPTION_PERCENT, admit_ppm, 0, PPM, admit_,           \
	                 "Part of new operations and of output that may be conflated that is let " \
	                 "in; no "                                                                 \
	                 "more of a later class."),                                                \
	        BY_CLASS(mode_, id_, "budget", OPTION_MULTIPLIER, budget_milli, 1,                 \
	                 MODE_FACTOR_MAX, budget_,                                                 \
	                 "Times the budgets of retries, hedges and parallel attempts."),           \
	        BY_CLASS(mode_, id_, "checkpoint", OPTION_MULTIPLIER, checkpoint_milli, 1,         \
	                 MODE_FACTOR_MAX, checkpoint_, "Times the interval of checkpoints."),      \
	        BY_CLASS(mode_, id_, "parallel", OPTION_COUNT, parallel, 1, MODE_PARALLEL_MAX,     \
	                 parallel_, "Attempts at once, at least."),                                \
	        BY_CLASS(mode_, id_, "hedge", OPTION_BOOL, hedge, 0, 0, hedge_,                    \
	                 "Whether hedges may follow a single attempt."),                           \
	        BY_CLASS(mode_, id_, "latency_optimization", OPTION_BOOL, latency_optimization, 0, \
	                 0, optimize_,                                                             \
	                 "Whether all operations are parallel by expected latency."),              \
	        BY_CLASS(mode_, id_, "probes", OPTION_BOOL, probes, 0, 0, "yes",                   \
	                 "Whether a breaker's probes pass where the class is shed.")

#define TUNED(name_, id_, type_, min_, max_, least_, most_, text_)                           \
	INNER("tuning." name_, text_),                                                       \
	        SWITCH("tuning." name_ ".auto", tuning.rule[id_].automatic, "no",            \
	               "Whether it follows what is observed; `no`: it stays as it is set."), \
	        NUMBER("tuning." name_ ".min", type_, tuning.rule[id_].min, 1, max_, least_, \
	               "Never less."),                                                       \
	        NUMBER("tuning." name_ ".max", type_, tuning.rule[id_].max, 1, max_, most_,  \
	               "Never more.")
#define TUNED_RULE(name_, id_, step_, samples_)                                                   \
	NUMBER("tuning." name_ ".interval", OPTION_DURATION, tuning.rule[id_].interval_ns, 1,     \
	       TIME_MAX, "10s", "At most one change in this time."),                              \
	        NUMBER("tuning." name_ ".step", OPTION_PERCENT, tuning.rule[id_].step_ppm, 1,     \
	               999999, step_, "A change is at most this part of the value."),             \
	        NUMBER("tuning." name_ ".samples", OPTION_COUNT, tuning.rule[id_].samples_min, 1, \
	               COUNT_MAX, samples_, "Observations that a change needs.")
#define TUNED_LOW(name_, id_, low_, help_)                                                     \
	NUMBER("tuning." name_ ".low", OPTION_PERCENT, tuning.rule[id_].low_ppm, 0, PPM, low_, \
	       help_)
#define TUNED_HIGH(name_, id_, high_, help_)                                                      \
	NUMBER("tuning." name_ ".high", OPTION_PERCENT, tuning.rule[id_].high_ppm, 1, PPM, high_, \
	       help_)
#define TUNED_FACTOR(name_, id_, factor_, help_)                                               \
	NUMBER("tuning." name_ ".factor", OPTION_MULTIPLIER, tuning.rule[id_].factor_milli, 1, \
	       MILLI_MAX, factor_, help_)

#define LIKE(key_)                                                                          \
	{                                                                                   \
		.path = "services[]." key_,                                                 \
		.help = "Its own: the keys of `resilience." key_                            \
		        "`. What is left out is as there.",                                 \
		.type = OPTION_MAPPING, .offset = offsetof(struct config_service, options), \
		.like = "resilience." key_                                                  \
	}
#define OF_CLASS(key_, type_, member_, min_, max_, default_, help_)              \
	.path = "services[].operations." key_, .help = (help_), .type = (type_), \
	AT(config_service, operations[0].member_), .min = (min_), .max = (max_), \
	.values = WORK_CLASSES, .item_bytes = sizeof(struct config_operations),  \
	.fallback = (default_)

static const char *const modes[] = {"normal", "pre_safe", "latency",   "safe",
                                    "ultra",  "recovery", "emergency", NULL};
static const char *const invariants[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", NULL};
static const char *const orders[] = {"sequential", "asynchronous", NULL};
static const char *const waits[] = {"deadline", "unbounded", NULL};
static const char *const checkpoints[] = {"none", "full", "differential", NULL};
static const char *const codecs[] = {"coap", "text", NULL};
static const char *const classes[] = {"critical", "normal", "background", NULL};
static const char *const optional[] = {"service", "yes", "no", NULL};

static_assert(MODE_PRE_SAFE == 1 && MODE_LATENCY == 2 && MODE_SAFE == 3, "words follow the enum");
static_assert(MODE_ULTRA == 4 && MODE_RECOVERY == 5 && MODE_EMERGENCY == 6, "words follow it");
static_assert(PROCESSING_ASYNCHRONOUS == 1 && RECOVERY_DIFFERENTIAL == 2, "words follow the enum");
static_assert(WORK_BACKGROUND == 2 && CONFIG_OFF == 2, "words follow the enum");
static_assert(sizeof(bool) == 1, "switches are stored as one byte");

static const struct option rows[] = {
        {"resilience.gives_up",
         "The invariants (docs/invariants.md) that are given up: that one of them breaks is then "
         "a result, not a fault.",
         .type = OPTION_FLAGS, AT(resilience_options, invariants_given_up), .words = invariants,
         .max = UINT32_MAX, .fallback = "none"},

        /* modes */
        INNER("modes", "How the whole engine behaves. The highest mode that something holds is "
                       "taken, in the order normal, pre_safe, latency, safe, ultra, recovery, "
                       "emergency."),
        {"resilience.modes.available",
         "Those there are; `normal` always is. The others are as if they did not exist.",
         .type = OPTION_FLAGS, AT(resilience_options, mode.modes), .words = modes,
         .min = MODE_BIT(MODE_NORMAL), .max = UINT32_MAX, .fallback = "all"},
        INNER("modes.enter", "From where a mode's cause holds."),
        ENTER("forecast", OPTION_COUNT, cause[MODE_CAUSE_FORECAST], COUNT_MAX, "1",
              "PRE_SAFE: services and components forecast to degrade."),
        ENTER("degraded", OPTION_PERCENT, cause[MODE_CAUSE_DEGRADED], PPM, "10%",
              "PRE_SAFE: components or services that are unhealthy."),
        ENTER("slow", OPTION_COUNT, cause[MODE_CAUSE_SLOW], COUNT_MAX, "3",
              "LATENCY: attempts of at least `breaker.ultra_latency`, while `success` holds."),
        ENTER("unhealthy", OPTION_PERCENT, cause[MODE_CAUSE_UNHEALTHY], PPM, "30%",
              "SAFE: components or services that are unhealthy."),
        ENTER("backlog", OPTION_COUNT, cause[MODE_CAUSE_BACKLOG], COUNT_MAX, "65536",
              "SAFE: records that wait at the worst shard."),
        ENTER("recoverable", OPTION_PERCENT, cause[MODE_CAUSE_RECOVERABLE], PPM, "50%",
              "ULTRA: components or services that are unhealthy, while `recoverable_share` "
              "holds."),
        ENTER("restoring", OPTION_COUNT, cause[MODE_CAUSE_RESTORING], COUNT_MAX, "1",
              "RECOVERY: components being restored."),
        ENTER("collapsed", OPTION_PERCENT, cause[MODE_CAUSE_COLLAPSED], PPM, "80%",
              "EMERGENCY: components or services that are unhealthy."),
        ENTER("stalled", OPTION_DURATION, cause[MODE_CAUSE_STALLED], TIME_MAX, "5s",
              "EMERGENCY: time without progress, while work waits."),
        ENTER_GUARD("recoverable_share", guard[MODE_GUARD_RECOVERABLE], "50%",
                    "Of the unhealthy: those that have an image or a node that answers."),
        ENTER_GUARD("success", guard[MODE_GUARD_SUCCEEDING], "90%",
                    "Of the attempts: those that succeed."),
        INNER("modes.leave", "Below where a mode's cause ends; at most what `enter` says."),
        LEAVE("forecast", OPTION_COUNT, cause[MODE_CAUSE_FORECAST], COUNT_MAX, "1",
              "PRE_SAFE, forecast."),
        LEAVE("degraded", OPTION_PERCENT, cause[MODE_CAUSE_DEGRADED], PPM, "5%",
              "PRE_SAFE, unhealthy."),
        LEAVE("slow", OPTION_COUNT, cause[MODE_CAUSE_SLOW], COUNT_MAX, "2", "LATENCY, slow."),
        LEAVE("unhealthy", OPTION_PERCENT, cause[MODE_CAUSE_UNHEALTHY], PPM, "20%",
              "SAFE, unhealthy."),
        LEAVE("backlog", OPTION_COUNT, cause[MODE_CAUSE_BACKLOG], COUNT_MAX, "32768",
              "SAFE, backlog."),
        LEAVE("recoverable", OPTION_PERCENT, cause[MODE_CAUSE_RECOVERABLE], PPM, "40%",
              "ULTRA, unhealthy."),
        LEAVE("restoring", OPTION_COUNT, cause[MODE_CAUSE_RESTORING], COUNT_MAX, "1",
              "RECOVERY, restoring."),
        LEAVE("collapsed", OPTION_PERCENT, cause[MODE_CAUSE_COLLAPSED], PPM, "70%",
              "EMERGENCY, unhealthy."),
        LEAVE("stalled", OPTION_DURATION, cause[MODE_CAUSE_STALLED], TIME_MAX, "2500ms",
              "EMERGENCY, stalled."),
        LEAVE("recoverable_share", OPTION_PERCENT, guard[MODE_GUARD_RECOVERABLE], PPM, "40%",
              "ULTRA, what can be brought back."),
        LEAVE("success", OPTION_PERCENT, guard[MODE_GUARD_SUCCEEDING], PPM, "80%",
              "LATENCY, what succeeds."),
        INNER("modes.dwell", "How soon a mode is left."),
        DWELL("pre_safe", MODE_PRE_SAFE, "2s"),
        DWELL("latency", MODE_LATENCY, "2s"),
        DWELL("safe", MODE_SAFE, "2s"),
        DWELL("ultra", MODE_ULTRA, "2s"),
        DWELL("recovery", MODE_RECOVERY, "1s"),
        DWELL("emergency", MODE_EMERGENCY, "2s"),
        INNER("modes.policy", "What the modes do. Lists are for critical, normal and background "
                              "work."),
        POLICY("normal", MODE_NORMAL, "All is well.", "1", "no", "no", "100%", "1", "1", "1", "yes",
               "no"),
        POLICY("pre_safe", MODE_PRE_SAFE, "Caution, watched closely.", "0.25", "no", "no",
               "[100%, 100%, 80%]", "1", "0.5", "1", "yes", "no"),
        POLICY("latency", MODE_LATENCY, "Slow, not failing.", "1", "no", "yes", "[100%, 70%, 70%]",
               "1", "1", "[2, 1, 1]", "yes", "[yes, no, no]"),
        POLICY("safe", MODE_SAFE, "Shed what can wait.", "1", "no", "no", "[100%, 50%, 0]", "1",
               "1", "1", "[yes, no, no]", "no"),
        POLICY("ultra", MODE_ULTRA, "Much is broken, all of it can be brought back.", "1", "no",
               "no", "100%", "3", "0.25", "[3, 2, 1]", "yes", "no"),
        POLICY("recovery", MODE_RECOVERY, "Components are being restored.", "1", "yes", "no",
               "[100%, 50%, 0]", "1", "1", "1", "yes", "no"),
        POLICY("emergency", MODE_EMERGENCY, "Critical work only.", "1", "no", "no", "[100%, 0, 0]",
               "1", "1", "1", "[yes, no, no]", "no"),

        /* tuning */
        INNER("tuning", "Settings that follow what is observed, within bounds; every change is "
                        "an event with its reason."),
        SWITCH("tuning.frozen", tuning_is_frozen, "no",
               "Nothing is changed and nothing learned for it."),
        NUMBER("tuning.level_shift", OPTION_COUNT, tuning.level_shift, 0, SHIFT_MAX, "6",
               "Long-run levels move by 1 / 2^n of the difference."),
        TUNED("expected_multiplier", TUNING_LATENCY_MULTIPLIER, OPTION_MULTIPLIER, 1, MILLI_MAX,
              "1", "5", "`timeout.expected_multiplier`."),
        TUNED_RULE("expected_multiplier", TUNING_LATENCY_MULTIPLIER, "5%", "5000"),
        TUNED_LOW("expected_multiplier", TUNING_LATENCY_MULTIPLIER, "0.02%",
                  "Lowered when fewer attempts than this time out although the reply comes; less "
                  "than `high`."),
        TUNED_HIGH("expected_multiplier", TUNING_LATENCY_MULTIPLIER, "0.1%",
                   "Raised when more do."),
        TUNED("ultra_latency", TUNING_ULTRA_LATENCY, OPTION_DURATION, 1, TIME_MAX, "100ms", "2s",
              "`breaker.ultra_latency`."),
        TUNED_RULE("ultra_latency", TUNING_ULTRA_LATENCY, "10%", "1000"),
        TUNED_LOW("ultra_latency", TUNING_ULTRA_LATENCY, "10%",
                  "Nothing changes while it is no further from where it belongs."),
        TUNED_FACTOR("ultra_latency", TUNING_ULTRA_LATENCY, "4",
                     "It belongs at so many times the long-run latency."),
        TUNED("resilient_at", TUNING_RESILIENT_AT, OPTION_PERCENT, 1, PPM, "5%", "25%",
              "`breaker.resilient_at`."),
        TUNED_RULE("resilient_at", TUNING_RESILIENT_AT, "10%", "1000"),
        TUNED_LOW("resilient_at", TUNING_RESILIENT_AT, "10%",
                  "Nothing changes while it is no further from where it belongs."),
        TUNED_FACTOR("resilient_at", TUNING_RESILIENT_AT, "5",
                     "It belongs at so many times the long-run failure rate."),
        TUNED("hedge_quantile", TUNING_HEDGE_QUANTILE, OPTION_PERCENT, 1, 999999, "90%", "99%",
              "`hedge.quantile`."),
        TUNED_RULE("hedge_quantile", TUNING_HEDGE_QUANTILE, "10%", "200"),
        TUNED_LOW("hedge_quantile", TUNING_HEDGE_QUANTILE, "5%",
                  "Raised when fewer of the hedges win; less than `high`."),
        TUNED_HIGH("hedge_quantile", TUNING_HEDGE_QUANTILE, "20%", "Lowered when more win."),
        NUMBER("tuning.hedge_quantile.extra_max", OPTION_PERCENT,
               tuning.rule[TUNING_HEDGE_QUANTILE].extra_max_ppm, 0, PPM, "5%",
               "Raised when there are more hedges than this per operation."),

        /* processing */
        INNER("processing", "How a component's events are worked off. Used by the simulator; "
                            "`genesis run` has its own: `shards`, `groups[].class` and "
                            "`feeds[].log`."),
        {"resilience.processing.order",
         "`sequential`: the next event when all operations of this one have ended; "
         "`asynchronous`: without waiting for them.",
         .type = OPTION_ENUM, AT(resilience_options, processing.order), .words = orders,
         .fallback = "asynchronous"},
        {"resilience.processing.wait",
         "`deadline`: an operation ends by its deadline; `unbounded`: it has none, however long "
         "it takes.",
         .type = OPTION_ENUM, AT(resilience_options, processing.waits_unbounded), .words = waits,
         .fallback = "deadline"},
        SWITCH("processing.priorities", processing.has_priorities, "yes",
               "Whether events of an earlier class go first."),
        NUMBER("processing.batch", OPTION_COUNT, processing.batch, 1, 65536, "64",
               "Events taken from a queue at a time; 1: one by one."),
        NUMBER("processing.segments_min", OPTION_COUNT, processing.segments_min, 1, 65536, "4",
               "Segments that a queue keeps; at most `segments_max`."),
        NUMBER("processing.segments_max", OPTION_COUNT, processing.segments_max, 1, 65536, "64",
               "Segments that it may take under load; as `segments_min`: a fixed queue."),
        NUMBER("processing.parallelism_min", OPTION_COUNT, processing.parallelism_min, 1, 65536,
               "8", "Events under way at a time; at most `parallelism_max`."),
        NUMBER("processing.parallelism_max", OPTION_COUNT, processing.parallelism_max, 1, 65536,
               "64", "... under load; as `parallelism_min`: it does not adapt."),

        /* checkpoint */
        INNER("checkpoint", "How a component that died comes back. Not used by `genesis run` "
                            "yet; in the simulator by `replay` alone, images join later."),
        {"resilience.checkpoint.kind",
         "`full`: all of the state each time; `differential`: what has changed.",
         .type = OPTION_ENUM, AT(resilience_options, recovery.checkpoint), .words = checkpoints,
         .fallback = "differential"},
        NUMBER("checkpoint.interval", OPTION_DURATION, recovery.interval_ns, 1, TIME_MAX, "1s",
               "Between two of a component; modes shorten it."),
        SWITCH("checkpoint.compressed", recovery.is_compressed, "yes",
               "Whether images are compressed."),
        SWITCH("checkpoint.replica", recovery.has_replica, "yes",
               "Whether a partner holds the images too."),
        SWITCH("checkpoint.critical_first", recovery.critical_first, "yes",
               "Whether images are taken and components restored in order of class."),
        SWITCH("checkpoint.replay", recovery.may_replay, "yes",
               "Whether a component without an image is restored by its log from the start; "
               "`no`: it is lost."),

        /* profile, services */
        {"profile",
         "The profile whose settings `resilience` begins with: a name (`original`, `optimized`, "
         "`extreme`, `ultra`, `ultimate`, `us-scale`, or NAME.yaml beside this file), or a path. "
         "What stands in this file comes before it, key by key.",
         .type = OPTION_TEXT, AT(config, profile), .min = 1, .max = TEXT_MAX, .alias = true,
         .computed = "none: everything is on, as in `ultimate`"},
        {"services",
         "The upstreams that requests go to. `genesis run` needs their nodes as addresses, and "
         "asks "
         "those that have a `probe`.",
         .type = OPTION_MAPPINGS, AT_TWO(config, services, service_count), .min = 1,
         .max = CONFIG_SERVICES_MAX, .item_bytes = sizeof(struct config_service), .last = true,
         .computed = "none"},
        {"services[].name", "What components call it.", SECTION_NAME(config_service, "service{n}")},
        {"services[].nodes",
         "Its nodes, the primary first: each as \"ADDRESS:PORT\"; or by any name, for simulations "
         "alone.",
         .type = OPTION_TEXTS, AT(config_service, nodes), .min = 1, .max = CONFIG_NODES_MAX,
         .required = true},
        {"services[].port",
         "The port they are reached by; `genesis run` needs one with an address.",
         .type = OPTION_REFERENCE, AT(config_service, port), .target = OPTION_TO_PORT,
         .computed = "the first port with an address"},
        {"services[].codec", "What is spoken: `coap` (RFC 7252), or `text` (docs/services.md).",
         .type = OPTION_ENUM, AT(config_service, codec), .words = codecs, .fallback = "coap"},
        {"services[].source_port",
         "The first of the UDP ports that it is asked from; `auto`: some that are not used "
         "otherwise. Each core has its own.",
         .type = OPTION_COUNT, AT(config_service, source_port), .min = 1024, .max = 65535,
         .word = "auto", .word_value = 0, .fallback = "auto"},
        {"services[].source_ports", "How many of them each core has.", .type = OPTION_COUNT,
         AT(config_service, source_ports), .min = 1, .max = 64, .fallback = "1"},
        {"services[].attempts_max", "Most attempts of a core under way at a time.",
         .type = OPTION_COUNT, AT(config_service, attempts_max), .min = 1, .max = 1048576,
         .fallback = "1024"},
        {"services[].reorder_safe",
         "Whether it bears a late copy of an older write: only then are PUT and DELETE repeated.",
         .type = OPTION_BOOL, AT(config_service, reorder_safe), .fallback = "no"},
        {"services[].coap", "Of the codec `coap`; names as in RFC 7252, 4.8.",
         .type = OPTION_MAPPING, .offset = offsetof(struct config_service, coap)},
        {"services[].coap.max_latency", "MAX_LATENCY: the longest time a datagram is under way.",
         .type = OPTION_DURATION, AT(config_coap, max_latency_ns), .min = 1, .max = HOUR,
         .fallback = "1s"},
        {"services[].coap.non_lifetime",
         "NON_LIFETIME: until a message id is used again; 0: as `max_latency`.",
         .type = OPTION_DURATION, AT(config_coap, non_lifetime_ns), .max = HOUR, .fallback = "0"},
        {"services[].coap.nstart",
         "NSTART: requests under way to one node; 0: no bound of its own.", .type = OPTION_COUNT,
         AT(config_coap, nstart), .max = 65536, .fallback = "0"},
        {"services[].coap.content_format", "Of payloads sent; `none`: not said.",
         .type = OPTION_COUNT, AT(config_coap, content_format), .max = 65535, .word = "none",
         .word_value = CONFIG_FORMAT_NONE, .fallback = "42"},
        {"services[].probe",
         "Each core that has it asks by itself, with GET, whether it is well; that feeds its "
         "breaker.",
         .type = OPTION_MAPPING, .offset = offsetof(struct config_service, probe)},
        {"services[].probe.path", "What is asked for, as \"health\". Left out: nothing is.",
         .type = OPTION_TEXT, AT(config_probe, path), .min = 1, .max = TEXT_MAX,
         .computed = "none"},
        {"services[].probe.every", "How often; a probe has as long to be answered.",
         .type = OPTION_DURATION, AT(config_probe, every_ns), .min = 1000000, .max = HOUR,
         .fallback = "1s"},
        {"services[].class", "Of operations that do not say.", .type = OPTION_ENUM,
         AT(config_service, class), .words = classes, .fallback = "normal"},
        {"services[].operations",
         "What its operations have when whoever submits them does not say. Lists are for "
         "critical, normal and background ones.",
         .type = OPTION_MAPPING},
        {OF_CLASS("deadline", OPTION_DURATION, deadline_ns, 1, TIME_MAX, "none",
                  "From submission to the end."),
         .word = "none", .word_value = NEVER},
        {OF_CLASS("attempts", OPTION_COUNT, parallel_attempts, 1, SERVICE_PARALLEL_MAX, "service",
                  "Attempts at once; `service`: its `parallel.attempts`."),
         .word = "service", .word_value = 0},
        {OF_CLASS("retries", OPTION_COUNT, max_retries, 0, SERVICE_ROUNDS_MAX, "service",
                  "Rounds after the first; `service`: its `retry.max`."),
         .word = "service", .word_value = CONFIG_RETRIES_AS_SERVICE},
        {OF_CLASS("latency_optimization", OPTION_ENUM, latency_optimization, 0, 0, "service",
                  "Whether expected latency asks for more attempts; `service`: its "
                  "`parallel.latency_optimization`."),
         .words = optional},
        LIKE("breaker"),
        LIKE("timeout"),
        LIKE("retry"),
        LIKE("hedge"),
        LIKE("parallel"),
        LIKE("fallback"),
        LIKE("health"),
        LIKE("forecast"),
        LIKE("throttle"),
        LIKE("estimate"),
};

const struct option_part option_adaptation = {rows, sizeof(rows) / sizeof(rows[0])};
