/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_script.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"

#define PPM         1000000u
#define MILLI       1000u
#define ITEM_BYTES  96u
#define WORDS_MAX   4u
#define TIME_MAX_NS 86400000000000ull
#define LATE_NS     1000000000u

static const char *const wrong_names[SERVE_WRONG_COUNT] = {
        [SERVE_WRONG_TOKEN] = "token", [SERVE_WRONG_TRUNCATED] = "truncated",
        [SERVE_WRONG_RANGE] = "range", [SERVE_WRONG_DUPLICATE] = "duplicate",
        [SERVE_WRONG_LATE] = "late",
};

const char *serve_wrong_name(enum serve_wrong w)
{
	return w < SERVE_WRONG_COUNT ? wrong_names[w] : "right";
}

void serve_script_init(struct serve_script *s)
{
	*s = (struct serve_script){
	        .latency = {.kind = DISTRIBUTION_CONSTANT, .scale_ns = 1},
	        .seed = 1,
	        .late_ns = LATE_NS,
	};
}

/* An item's value in words, cut at the colons. */
struct words {
	char *word[WORDS_MAX];
	uint32_t count; /* WORDS_MAX + 1: there are more */
};

static void cut(struct words *w, char *text)
{
	w->count = 0;
	for (char *at = text; at != NULL;) {
		if (w->count == WORDS_MAX) {
			w->count++;
			return;
		}
		w->word[w->count++] = at;
		at = strchr(at, ':');
		if (at != NULL)
			*at++ = '\0';
	}
}

static bool percent(const char *text, uint32_t *ppm)
{
	uint64_t v;

	if (value_percent(text, &v) != VALUE_OK || v > PPM)
		return false;
	*ppm = (uint32_t)v;
	return true;
}

static bool multiplier(const char *text, uint32_t *milli)
{
	uint64_t v;

	if (value_multiplier(text, &v) != VALUE_OK || v > DISTRIBUTION_FACTOR_MILLI_MAX)
		return false;
	*milli = (uint32_t)v;
	return true;
}

static bool duration(const char *text, uint64_t *ns)
{
	return value_duration(text, ns) == VALUE_OK && *ns <= TIME_MAX_NS;
}

static bool slow(struct serve_script *s, const char *share, const char *factor)
{
	return percent(share, &s->latency.slow_ppm) && multiplier(factor, &s->latency.slow_milli);
}

static bool take_latency(struct serve_script *s, const struct words *w)
{
	static const struct {
		const char *name;
		enum distribution_kind kind;
	} laws[] = {{"uniform", DISTRIBUTION_UNIFORM},
	            {"lognormal", DISTRIBUTION_LOGNORMAL},
	            {"pareto", DISTRIBUTION_PARETO}};
	struct distribution *d = &s->latency;

	d->kind = DISTRIBUTION_CONSTANT;
	d->shape_milli = 0;
	if (w->count == 1)
		return duration(w->word[0], &d->scale_ns);
	if (!duration(w->word[1], &d->scale_ns))
		return false;
	if (w->count == 2)
		return strcmp(w->word[0], "constant") == 0;
	if (w->count == 4)
		return strcmp(w->word[0], "bimodal") == 0 && slow(s, w->word[2], w->word[3]);
	for (uint32_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++)
		if (strcmp(w->word[0], laws[i].name) == 0) {
			d->kind = laws[i].kind;
			return w->count == 3 && multiplier(w->word[2], &d->shape_milli);
		}
	return false;
}

static bool take_wrong(struct serve_script *s, const struct words *w)
{
	for (uint32_t i = 0; i < SERVE_WRONG_COUNT && w->count >= 2; i++) {
		if (strcmp(w->word[0], wrong_names[i]) != 0)
			continue;
		if (!percent(w->word[1], &s->wrong_ppm[i]))
			return false;
		if (w->count == 3)
			return i == SERVE_WRONG_LATE && duration(w->word[2], &s->late_ns);
		return w->count == 2;
	}
	return false;
}

/* "T+D", with a factor behind it where the kind has one. */
static bool take_trouble(struct serve_script *s, enum trouble_kind kind, const struct words *w)
{
	bool has_factor =
	        kind == TROUBLE_SLOW || kind == TROUBLE_SLOW_START || kind == TROUBLE_SLOW_DOWN;
	struct trouble t = {.kind = kind};
	char *length = strchr(w->word[0], '+');

	if (length == NULL || s->trouble_count == SERVE_TROUBLES_MAX)
		return false;
	*length++ = '\0';
	if (!duration(w->word[0], &t.at_ns) || !duration(length, &t.for_ns) || t.for_ns == 0)
		return false;
	if (w->count != (has_factor ? 2u : 1u) ||
	    (has_factor && !multiplier(w->word[1], &t.factor_milli)))
		return false;
	s->troubles[s->trouble_count++] = t;
	return true;
}

static bool take_value(struct serve_script *s, const char *key, const struct words *w)
{
	static const struct {
		const char *name;
		enum trouble_kind kind;
	} troubles[] = {{"blackhole", TROUBLE_BLACK_HOLE}, {"failing", TROUBLE_FAIL},
	                {"stall", TROUBLE_STALL},          {"slower", TROUBLE_SLOW},
	                {"slowdown", TROUBLE_SLOW_DOWN},   {"slowstart", TROUBLE_SLOW_START}};

	if (w->count > WORDS_MAX)
		return false;
	if (strcmp(key, "latency") == 0)
		return take_latency(s, w);
	if (strcmp(key, "slow") == 0)
		return w->count == 2 && slow(s, w->word[0], w->word[1]);
	if (strcmp(key, "loss") == 0)
		return w->count == 1 && percent(w->word[0], &s->loss_ppm);
	if (strcmp(key, "fail") == 0)
		return w->count == 1 && percent(w->word[0], &s->failure_ppm);
	if (strcmp(key, "wrong") == 0)
		return take_wrong(s, w);
	if (strcmp(key, "seed") == 0)
		return w->count == 1 && value_count(w->word[0], &s->seed) == VALUE_OK;
	for (uint32_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (strcmp(key, troubles[i].name) == 0)
			return take_trouble(s, troubles[i].kind, w);
	return false;
}

static bool take_item(struct serve_script *s, const char *item, size_t bytes)
{
	char text[ITEM_BYTES];
	struct words w;

	if (bytes >= sizeof(text))
		return false;
	memcpy(text, item, bytes);
	text[bytes] = '\0';
	char *value = strchr(text, '=');

	if (value == NULL)
		return false;
	*value++ = '\0';
	cut(&w, value);
	return take_value(s, text, &w);
}

static uint32_t wrong_sum_ppm(const struct serve_script *s)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < SERVE_WRONG_COUNT; i++)
		sum += s->wrong_ppm[i]; /* five times a million at most */
	return sum;
}

int serve_script_parse(struct serve_script *s, const char *text, char error[SERVE_TEXT_BYTES])
{
	const char *at = text;

	serve_script_init(s);
	while (*at != '\0') {
		size_t bytes = strcspn(at, ",");

		if (!take_item(s, at, bytes)) {
			snprintf(error, SERVE_TEXT_BYTES, "'%.*s' is not understood in a script",
			         bytes > ITEM_BYTES ? (int)ITEM_BYTES : (int)bytes, at);
			return -EINVAL;
		}
		at += bytes;
		if (*at == ',' && *++at == '\0') {
			snprintf(error, SERVE_TEXT_BYTES, "a script does not end with a comma");
			return -EINVAL;
		}
	}
	if (!distribution_is_valid(&s->latency)) {
		snprintf(error, SERVE_TEXT_BYTES,
		         "latency: no time, or a shape that is none (uniform up to 1, lognormal up "
		         "to 4, pareto from 0.5)");
		return -EINVAL;
	}
	if (wrong_sum_ppm(s) > PPM) {
		snprintf(error, SERVE_TEXT_BYTES, "wrong: the shares come to more than 100%%");
		return -EINVAL;
	}
	return 0;
}

static void dice(struct prng *p, uint64_t seed, uint64_t ordinal, uint64_t what)
{
	prng_init(p, seed ^ ordinal * 0x9e3779b97f4a7c15ull ^ what * 0xc2b2ae3d27d4eb4full);
}

static bool is_lost(const struct serve_script *s, uint64_t ordinal, uint64_t now_ns)
{
	struct prng p;

	dice(&p, s->seed, ordinal, 1);
	bool lost = prng_chance_ppm(&p, s->loss_ppm);

	for (uint32_t i = 0; i < s->trouble_count; i++)
		if (trouble_holds(&s->troubles[i], now_ns) && trouble_loses(&s->troubles[i], &p))
			lost = true;
	return lost;
}

static enum serve_wrong wrong_of(const struct serve_script *s, uint64_t ordinal)
{
	struct prng p;

	dice(&p, s->seed, ordinal, 2);
	uint64_t thrown = prng_below(&p, PPM);

	for (uint32_t i = 0; i < SERVE_WRONG_COUNT; i++) {
		if (thrown < s->wrong_ppm[i])
			return (enum serve_wrong)i;
		thrown -= s->wrong_ppm[i];
	}
	return SERVE_RIGHT;
}

struct serve_fate serve_script_fate(const struct serve_script *s, uint64_t ordinal, uint64_t now_ns)
{
	struct trouble_answer a = {.held_until_ns = now_ns};
	struct prng p;

	if (is_lost(s, ordinal, now_ns))
		return (struct serve_fate){.time_ns = SERVE_NEVER, .wrong = SERVE_RIGHT};
	dice(&p, s->seed, ordinal, 0);
	a.latency_ns = distribution_sample_ns(&s->latency, &p, now_ns);
	a.is_good = !prng_chance_ppm(&p, s->failure_ppm);
	for (uint32_t i = 0; i < s->trouble_count; i++)
		if (trouble_holds(&s->troubles[i], now_ns))
			trouble_meet(&s->troubles[i], now_ns, &a);
	struct serve_fate f = {.time_ns = a.held_until_ns + a.latency_ns,
	                       .is_good = a.is_good,
	                       .wrong = wrong_of(s, ordinal)};

	if (f.wrong == SERVE_WRONG_LATE)
		f.time_ns += s->late_ns;
	assert(f.time_ns >= now_ns);
	return f;
}

bool serve_script_is_held(const struct serve_script *s, uint64_t now_ns)
{
	for (uint32_t i = 0; i < s->trouble_count; i++) {
		const struct trouble *t = &s->troubles[i];

		if ((t->kind == TROUBLE_STALL || t->kind == TROUBLE_BLACK_HOLE) &&
		    trouble_holds(t, now_ns))
			return true;
	}
	return false;
}
