/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The option table's part on what a service may have of its own: breaker, timeouts, retries,
 * hedges, parallel attempts, fallback, node health, forecast, throttle, estimators. The fields lie
 * in a struct service_options. Defaults are the report's figures with everything on.
 */
#include <assert.h>

#include "config/option_row.h"

#define TIME_MAX      HOUR
#define PPM           1000000u
#define NEVER         UINT64_MAX
#define SHIFT_MAX     15u
#define RTT_SHIFT_MAX 12u
#define MILLI_MAX     1000000u /* 1000 times */
#define HALF_MAX      65535u
#define COUNT_MAX     1000000000u

#define SECTION(path_, help_)                                                         \
	{                                                                             \
		.path = "resilience." path_, .help = (help_), .type = OPTION_MAPPING, \
		.offset = offsetof(struct resilience_options, service)                \
	}
#define INNER(path_, help_)                                                          \
	{                                                                            \
		.path = "resilience." path_, .help = (help_), .type = OPTION_MAPPING \
	}
#define TIME(path_, member_, default_, help_)                                                   \
	{                                                                                       \
		.path = "resilience." path_, .help = (help_), .type = OPTION_DURATION,          \
		AT(service_options, member_), .min = 1, .max = TIME_MAX, .fallback = (default_) \
	}
#define TIME_OR(path_, member_, word_, value_, default_, help_)                           \
	{                                                                                 \
		.path = "resilience." path_, .help = (help_), .type = OPTION_DURATION,    \
		AT(service_options, member_), .min = 1, .max = TIME_MAX, .word = (word_), \
		.word_value = (value_), .fallback = (default_)                            \
	}
#define COUNT(path_, member_, min_, max_, default_, help_)                                         \
	{                                                                                          \
		.path = "resilience." path_, .help = (help_), .type = OPTION_COUNT,                \
		AT(service_options, member_), .min = (min_), .max = (max_), .fallback = (default_) \
	}
#define SHARE(path_, member_, min_, max_, default_, help_)                                         \
	{                                                                                          \
		.path = "resilience." path_, .help = (help_), .type = OPTION_PERCENT,              \
		AT(service_options, member_), .min = (min_), .max = (max_), .fallback = (default_) \
	}
#define TIMES(path_, member_, min_, max_, default_, help_)                                         \
	{                                                                                          \
		.path = "resilience." path_, .help = (help_), .type = OPTION_MULTIPLIER,           \
		AT(service_options, member_), .min = (min_), .max = (max_), .fallback = (default_) \
	}
#define TIMES_OR(path_, member_, min_, max_, word_, default_, help_)                         \
	{                                                                                    \
		.path = "resilience." path_, .help = (help_), .type = OPTION_MULTIPLIER,     \
		AT(service_options, member_), .min = (min_), .max = (max_), .word = (word_), \
		.word_value = 0, .fallback = (default_)                                      \
	}
#define SWITCH(path_, member_, default_, help_)                                    \
	{                                                                          \
		.path = "resilience." path_, .help = (help_), .type = OPTION_BOOL, \
		AT(service_options, member_), .fallback = (default_)               \
	}
#define FLAGS(path_, member_, words_, always_, default_, help_)                     \
	{                                                                           \
		.path = "resilience." path_, .help = (help_), .type = OPTION_FLAGS, \
		AT(service_options, member_), .words = (words_), .min = (always_),  \
		.max = UINT32_MAX, .fallback = (default_)                           \
	}
#define BUDGET(path_, member_, burst_, earn_, per_, period_, of_)                      \
	INNER(path_, "A token bucket for " of_ "; an empty one stops new ones only."), \
	        SWITCH(path_ ".unlimited", member_.is_unlimited, "no",                 \
	               "Grants all of them, and counts."),                             \
	        COUNT(path_ ".burst", member_.burst, 0, MILLI_MAX, burst_,             \
	              "Tokens it holds, full at the start; 0: nothing is granted."),   \
	        SHARE(path_ ".earn", member_.earn_ppm, 0, PPM, earn_,                  \
	              "Of a token, for each " per_ "."),                               \
	        TIME_OR(path_ ".period", member_.period_ns, "none", 0, period_,        \
	                "Time earns a token each; `none`: it earns nothing.")

static const char *const states[] = {"closed",    "resilient", "ultra_resilient",
                                     "half_open", "open",      NULL};
static const char *const terms[] = {"base", "expected", "deviation", "tail", NULL};
static const char *const detectors[] = {"latency_shift",
                                        "latency_trend",
                                        "latency_bound",
                                        "error_shift",
                                        "error_trend",
                                        "error_bound",
                                        NULL};
static const char *const choices[] = {"primary", "in_turn", "best", NULL};

static_assert(BREAKER_CLOSED == 0 && BREAKER_OPEN == 4 && BREAKER_STATES == 5, "words follow it");
static_assert(BREAKER_RESILIENT == 1 && BREAKER_HALF_OPEN == 3, "words follow the enum");
static_assert(DEADLINE_BASE == 1 && DEADLINE_EXPECTED == 2, "words follow the bits");
static_assert(DEADLINE_RTT == 4 && DEADLINE_TAIL == 8, "words follow the bits");
static_assert(FORECAST_LATENCY_BOUND == 2 && FORECAST_ERROR_BOUND == 5, "words follow the enum");
static_assert(SERVICE_CHOOSE_PRIMARY == 0 && SERVICE_CHOOSE_BEST == 2, "words follow the enum");

static const struct option rows[] = {
        {"resilience",
         "How services and components that fail or are slow are dealt with. Times are at the "
         "report's scale, seconds.",
         .type = OPTION_MAPPING, .offset = offsetof(struct config, resilience), .if_given = true,
         .offset_second = offsetof(struct config, has_resilience)},
        {"resilience.poll",
         "Ramps, ejections, forecasts and cached quantiles are looked at this often, at least.",
         .type = OPTION_DURATION, AT(resilience_options, service.poll_ns), .min = 1,
         .max = TIME_MAX, .fallback = "10ms"},

        /* breaker */
        SECTION("breaker", "Whether a service is asked, and with how much care."),
        FLAGS("breaker.states", breaker.states, states, BREAKER_BIT(BREAKER_CLOSED), "all",
              "Those there are; `closed` always is. Without `open` nothing is rejected; without "
              "`resilient` and `ultra_resilient` they are skipped. `half_open` needs `open`."),
        COUNT("breaker.window", breaker.window, 1, WINDOW_BITS_MAX, "64",
              "Operations that the failure rate is taken over."),
        COUNT("breaker.samples", breaker.samples_min, 1, WINDOW_BITS_MAX, "10",
              "Operations from which a rate counts; at most `window`."),
        SHARE("breaker.resilient_at", breaker.resilient_at_ppm, 2, PPM, "10%",
              "Failure rate from which it is RESILIENT."),
        SHARE("breaker.clear_at", breaker.clear_at_ppm, 1, PPM, "5%",
              "Failure rate below which it is CLOSED again after `dwell`; less than "
              "`resilient_at`."),
        SHARE("breaker.open_at", breaker.open_at_ppm, 2, PPM, "50%",
              "Failure rate from which it is OPEN; at least `resilient_at`."),
        COUNT("breaker.open_after", breaker.open_after, 0, UINT8_MAX, "5",
              "Failed operations in a row after which it is OPEN; 0: never for this."),
        COUNT("breaker.rate_shift", breaker.rate_shift, 0, SHIFT_MAX, "6",
              "The failure rate with longer memory moves by 1 / 2^n of the difference."),
        TIME("breaker.ultra_latency", breaker.ultra_latency_ns, "2s",
             "Mean latency of attempts above which it is ULTRA_RESILIENT."),
        {"resilience.breaker.ultra_leave",
         "Mean latency below which it is not any longer after `dwell`; less than `ultra_latency`.",
         .type = OPTION_DURATION, AT(service_options, breaker.ultra_leave_ns), .max = TIME_MAX,
         .fallback = "1600ms"},
        COUNT("breaker.ultra_samples", breaker.ultra_min, 1, 128, "3",
              "Measurements from which the mean counts; slow ones among successful probes. At "
              "most 2^`latency_shift`."),
        COUNT("breaker.latency_shift", breaker.latency_shift, 0, 7, "4",
              "The mean latency is over the last 2^n measurements."),
        TIME("breaker.dwell", breaker.dwell_ns, "5s",
             "How long relief must last before RESILIENT or ULTRA_RESILIENT is left."),
        TIME("breaker.open", breaker.open_ns, "1s",
             "How long it stays OPEN; doubled by every re-opening. At most `open_max`."),
        TIME("breaker.open_max", breaker.open_max_ns, "30s", "The longest of these."),
        SHARE("breaker.open_jitter", breaker.open_jitter_ppm, 0, BACKOFF_JITTER_MAX, "20%",
              "Up to this part of the open time is taken off, at random."),
        COUNT("breaker.probes", breaker.probes, 1, BREAKER_PROBES_MAX, "3",
              "Operations that must succeed in HALF_OPEN."),
        COUNT("breaker.leases", breaker.leases, 1, BREAKER_LEASES_MAX, "3",
              "Probes that may be out at once."),
        TIME("breaker.lease", breaker.lease_ns, "10s",
             "A probe that has not reported by then has failed; at least an operation's whole "
             "time."),
        SWITCH("breaker.forecast", breaker.forecast_level, "yes",
               "Whether a forecast of degradation makes it RESILIENT, or where there is no such "
               "state OPEN and probing."),
        INNER("breaker.ramp", "After HALF_OPEN operations are let in by and by."),
        TIME_OR("breaker.ramp.interval", breaker.ramp_interval_ns, "none", 0, "100ms",
                "The steps' length; `none`: no ramp, all at once."),
        COUNT("breaker.ramp.start", breaker.ramp_start, 1, UINT16_MAX, "4",
              "Operations in the first interval."),
        COUNT("breaker.ramp.step", breaker.ramp_step, 1, UINT16_MAX, "4",
              "More in the next, after successes only; half as many after a failure."),
        COUNT("breaker.ramp.end", breaker.ramp_end, 2, UINT16_MAX, "64",
              "Free from here; more than `start`."),

        /* timeout */
        SECTION("timeout", "How long an attempt and an operation may take: the greatest of the "
                           "terms that are known, and never more than the time that is left."),
        FLAGS("timeout.terms", deadline.terms, terms, 0, "all",
              "`base`: by the breaker's state; `expected`: `expected_multiplier` x expected "
              "latency; `deviation`: SRTT + `deviation_multiplier` x RTTVAR; `tail`: "
              "`tail_multiplier` x q99.9, at most `tail_cap` x SRTT. `none`: no timeout of "
              "attempts."),
        TIME_OR("timeout.closed", breaker.base_timeout_ns[BREAKER_CLOSED], "none", NEVER, "1s",
                "The base while the breaker is CLOSED."),
        TIME_OR("timeout.resilient", breaker.base_timeout_ns[BREAKER_RESILIENT], "none", NEVER,
                "1500ms", "The base while it is RESILIENT."),
        TIME_OR("timeout.ultra_resilient", breaker.base_timeout_ns[BREAKER_ULTRA_RESILIENT], "none",
                NEVER, "3s", "The base while it is ULTRA_RESILIENT."),
        TIME_OR("timeout.half_open", breaker.base_timeout_ns[BREAKER_HALF_OPEN], "none", NEVER,
                "1s", "The base of probes."),
        TIME_OR("timeout.operation", operation_timeout_ns, "none", NEVER, "none",
                "Of a whole operation, whatever its deadline."),
        TIME_OR("timeout.expected", expected_ns, "unknown", 0, "unknown",
                "Expected latency of an attempt while nothing is learned."),
        SWITCH("timeout.learn", learn_expected, "yes",
               "Whether the expected latency is learned: the mean of attempts."),
        TIMES("timeout.expected_multiplier", deadline.expected_multiplier_milli, 1, MILLI_MAX,
              "2.5", "Times the expected latency."),
        TIMES("timeout.deviation_multiplier", deadline.deviation_multiplier_milli, 0, MILLI_MAX,
              "4", "Times the mean deviation RTTVAR."),
        TIMES("timeout.tail_multiplier", deadline.tail_multiplier_milli, 0, MILLI_MAX, "1.25",
              "Times the quantile 99.9 %."),
        TIMES_OR("timeout.tail_cap", deadline.tail_cap_milli, 1, MILLI_MAX, "none", "32",
                 "The tail's term is at most this many SRTT; `none`: no cap."),

        /* retry */
        SECTION("retry", "Further rounds of an operation whose attempts failed."),
        COUNT("retry.max", max_retries, 0, SERVICE_ROUNDS_MAX, "3",
              "Rounds after the first; 0: no retry."),
        TIME_OR("retry.backoff", backoff.base_ns, "none", 0, "100ms",
                "Pause before the second round, doubled before each further one; at most "
                "`backoff_max`."),
        TIME("retry.backoff_max", backoff.max_ns, "2s", "The longest pause."),
        SHARE("retry.jitter", backoff.jitter_ppm, 0, BACKOFF_JITTER_MAX, "50%",
              "Up to this part of a pause is taken off, at random."),
        {"resilience.retry.nodes",
         "Who is asked: `primary`: the first node, always; `in_turn`: the first, a later round "
         "the next; `best`: the least latency x (pending + 1), never an ejected one.",
         .type = OPTION_ENUM, AT(service_options, choice), .words = choices, .fallback = "best"},
        SHARE("retry.abandon_below", abandon_below_ppm, 0, PPM, "5%",
              "An operation whose chance of success in its time is less ends abandoned; 0: none "
              "does."),
        COUNT("retry.abandon_try_every", abandon_try_every, 0, COUNT_MAX, "16",
              "Of those so many one is sent all the same, to see whether it is still so; 0: none."),
        BUDGET("retry.budget", retry_budget, "10", "20%", "success", "1s", "retries"),

        /* hedge */
        SECTION("hedge", "A second attempt to another node when the only one is late; switches "
                         "itself off where that gains nothing."),
        SWITCH("hedge.enabled", hedge.is_enabled, "yes", "Whether there are hedges."),
        SHARE("hedge.quantile", hedge.delay.level_ppm, 10000, 990000, "94.5%",
              "Sent when the first attempt takes longer than this part of them."),
        COUNT("hedge.gain_shift", hedge.delay.gain_shift, 2, 12, "5",
              "That moving quantile moves by 1 / 2^n of itself."),
        COUNT("hedge.samples", hedge.delay.samples_min, 1, COUNT_MAX, "64",
              "First attempts from which it is known."),
        SHARE("hedge.target", hedge.target_ppm, 1, 999999, "1%",
              "Hedges should shorten the latency that this part exceeds."),
        TIMES("hedge.gain_on", hedge.gain_on_milli, 0, 1000, "0.15",
              "Switched on when it becomes shorter by this part."),
        TIMES("hedge.gain_off", hedge.gain_off_milli, 0, 1000, "0.08",
              "Switched off under this; at most `gain_on`."),
        COUNT("hedge.latency_samples", hedge.samples_min, 0, COUNT_MAX, "256",
              "Measurements from which that is judged."),
        TIME_OR("hedge.delay_min", hedge.delay_min_ns, "none", 0, "none", "Never sent earlier."),
        BUDGET("hedge.budget", hedge_budget, "10", "5%", "operation", "none", "hedges"),

        /* parallel */
        SECTION("parallel", "Attempts to several nodes at once; the first success ends it."),
        COUNT("parallel.max", parallel_max, 1, SERVICE_PARALLEL_MAX, "3",
              "At most so many, whatever asks for more; 1: one at a time, and no hedge."),
        COUNT("parallel.attempts", parallel_attempts, 1, SERVICE_PARALLEL_MAX, "1",
              "So many for an operation that does not say."),
        COUNT("parallel.closed", breaker.parallel[BREAKER_CLOSED], 0, BREAKER_PARALLEL_MAX, "0",
              "At least so many while the breaker is CLOSED; 0: other rules decide."),
        COUNT("parallel.resilient", breaker.parallel[BREAKER_RESILIENT], 0, BREAKER_PARALLEL_MAX,
              "2", "At least so many while it is RESILIENT."),
        COUNT("parallel.ultra_resilient", breaker.parallel[BREAKER_ULTRA_RESILIENT], 0,
              BREAKER_PARALLEL_MAX, "3", "At least so many while it is ULTRA_RESILIENT."),
        COUNT("parallel.half_open", breaker.parallel[BREAKER_HALF_OPEN], 0, 1, "1",
              "A probe is one attempt."),
        SWITCH("parallel.latency_optimization", latency_optimization, "yes",
               "Whether the expected latency asks for more: above `two_above` two, above "
               "`three_above` three."),
        TIME("parallel.two_above", parallel_two_ns, "1s", "At most `three_above`."),
        TIME("parallel.three_above", parallel_three_ns, "2s",
             "Expected latency above which three attempts start at once."),
        SWITCH("parallel.same_node", same_node_parallel, "no",
               "Whether a node is asked twice where there are fewer nodes than attempts."),
        SWITCH("parallel.cancel_losers", cancel_losers, "yes",
               "Whether the others are given up at the first success, or hold their slots."),
        BUDGET("parallel.budget", parallel_budget, "100", "100%", "operation", "100ms",
               "parallel attempts beside the first"),

        /* fallback */
        SECTION("fallback", "An answer that the caller has ready when the service has none."),
        FLAGS("fallback.states", breaker.fallback, states, 0, "all",
              "The breaker's states in which it may answer, for operations that failed, were "
              "rejected, or were shed by a mode."),

        /* health */
        SECTION("health", "Which nodes of a service are asked, and which are left alone."),
        COUNT("health.eject_after", health.eject_after, 0, UINT8_MAX, "5",
              "Failures in a row that eject a node; 0: none do."),
        SHARE("health.outlier", health.outlier_ppm, 0, PPM, "50%",
              "A success rate so much below the best other node's ejects it; 0: none does."),
        TIME("health.eject", health.eject_ns, "1s",
             "How long an ejection lasts; doubled every time. At most `eject_max`."),
        TIME("health.eject_max", health.eject_max_ns, "30s", "The longest ejection."),
        SHARE("health.eject_jitter", health.eject_jitter_ppm, 0, BACKOFF_JITTER_MAX, "20%",
              "Up to this part of it is taken off, at random."),
        {"resilience.health.half_life", "Of a node's peak latency.", .type = OPTION_DURATION,
         AT(service_options, health.half_life_ns), .min = 64, .max = TIME_MAX, .fallback = "5s"},
        {"resilience.health.latency_initial", "Taken for a node that was never measured.",
         .type = OPTION_DURATION, AT(service_options, health.latency_initial_ns), .max = TIME_MAX,
         .fallback = "1s"},
        COUNT("health.settle", health.settle_successes, 1, UINT16_MAX, "16",
              "Successes in a row that take one doubling back."),
        COUNT("health.samples", health.samples_min, 1, UINT8_MAX, "10",
              "Attempts from which a node's rate counts."),
        COUNT("health.rate_shift", health.rate_shift, 0, SHIFT_MAX, "5",
              "A node's success rate moves by 1 / 2^n of the difference."),

        /* forecast */
        SECTION("forecast", "Degradation is seen coming: in latency and in the failure rate."),
        FLAGS("forecast.detectors", forecast.detectors, detectors, 0, "all",
              "`shift`: a CUSUM against a slow baseline; `trend`: Holt's line reaches the bound "
              "in time; `bound`: the level is beyond what is healthy. `none`: no forecast."),
        TIME("forecast.interval", forecast.interval_ns, "1s", "Measurements are one step each."),
        {"resilience.forecast.horizon", "A trend that reaches the bound within this warns.",
         .type = OPTION_DURATION, AT(service_options, forecast.horizon_ns), .max = TIME_MAX,
         .fallback = "1m"},
        TIME("forecast.leave", forecast.leave_ns, "10s", "All quiet for so long ends a warning."),
        TIME_OR("forecast.latency_bound", forecast.latency_bound_ns, "learned", 0, "learned",
                "Latency is healthy below; `learned`: `bound` x that of the warm-up."),
        TIMES("forecast.bound", forecast.bound_milli, 1001, MILLI_MAX, "2",
              "Times the latency of the warm-up."),
        SHARE("forecast.error_bound", forecast.error_bound_ppm, 1, PPM, "5%",
              "A failure rate is healthy below."),
        COUNT("forecast.samples", forecast.samples_min, 1, COUNT_MAX, "8",
              "An interval with fewer goes on."),
        COUNT("forecast.warm_up", forecast.warm_up, 1, FORECAST_WARM_UP_MAX, "60",
              "Intervals that only teach."),
        COUNT("forecast.baseline_shift", forecast.baseline_shift, 0, SHIFT_MAX, "8",
              "A baseline moves by 1 / 2^n of the difference."),
        COUNT("forecast.level_shift", forecast.level_shift, 0, SHIFT_MAX, "3",
              "Holt's level, likewise."),
        COUNT("forecast.slope_shift", forecast.slope_shift, 0, SHIFT_MAX, "4",
              "Holt's slope, likewise."),
        COUNT("forecast.deviation_floor", forecast.deviation_floor, 1, 64u * FORECAST_OCTAVE,
              "2048", "No service's latency is steadier than this, in 1/65536 of a doubling."),
        TIMES("forecast.latency_slack", forecast.latency_slack_milli, 0, MILLI_MAX, "2",
              "Deviations above the baseline that do not count."),
        TIMES("forecast.latency_limit", forecast.latency_limit_milli, 1, MILLI_MAX, "20",
              "Sum of deviations that warns."),
        SHARE("forecast.error_slack", forecast.error_slack_ppm, 0, PPM, "1%",
              "Failures above twice the baseline's that do not count."),
        TIMES("forecast.error_limit", forecast.error_limit_milli, 1, MILLI_MAX, "8",
              "Sum of failures that warns."),
        TIMES("forecast.trend_gate", forecast.trend_gate_milli, 0, MILLI_MAX, "4",
              "Deviations above the baseline below which no trend counts."),
        COUNT("forecast.trend_confirm", forecast.trend_confirm, 1, COUNT_MAX, "4",
              "Intervals in a row that must say so."),

        /* throttle */
        SECTION("throttle", "Modes let in a part of the operations of each class."),
        SWITCH("throttle.enabled", throttle.enabled, "yes",
               "Whether they do; `no`: all are let in, whatever the mode."),
        TIME_OR("throttle.ramp_up", throttle.ramp_up_ns, "none", 0, "1s",
                "From nothing to all, when a mode lets in more; `none`: at once."),
        TIME_OR("throttle.ramp_down", throttle.ramp_down_ns, "none", 0, "100ms",
                "From all to nothing, when it lets in less; `none`: at once."),

        /* estimate */
        SECTION("estimate", "How latency is learned. Its quantiles are 50, 95, 99 and 99.9 %."),
        COUNT("estimate.rtt_samples", rtt.samples_min, 1, COUNT_MAX, "1",
              "Replies from which SRTT and RTTVAR are known."),
        COUNT("estimate.smooth_shift", rtt.smooth_shift, 0, RTT_SHIFT_MAX, "3",
              "SRTT moves by 1 / 2^n of the difference (RFC 6298: 3)."),
        COUNT("estimate.deviation_shift", rtt.deviation_shift, 0, RTT_SHIFT_MAX, "2",
              "RTTVAR, likewise (RFC 6298: 2)."),
        COUNT("estimate.half_samples", latency.half_samples, 1, HALF_MAX, "4096",
              "Measurements in one of the distribution's two halves."),
        TIME_OR("estimate.half", latency.half_ns, "none", NEVER, "none",
                "A half lasts no longer; `none`: by count only."),
        COUNT("estimate.refresh", latency.refresh_samples, 1, COUNT_MAX, "256",
              "Measurements after which the quantiles are worked out anew."),
        COUNT("estimate.samples", latency.samples_min, 1, COUNT_MAX, "64",
              "Measurements from which they are known."),
};

const struct option_part option_resilience = {rows, sizeof(rows) / sizeof(rows[0])};
