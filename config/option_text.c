/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table's rows in words: what error messages and docs/config.md say about a key.
 */
#include "config/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/load.h"
#include "config/value.h"

const char *option_target_text(enum option_target t)
{
	switch (t) {
	case OPTION_TO_CORE:
		return "core";
	case OPTION_TO_PORT:
		return "port";
	case OPTION_TO_FEED:
		return "feed";
	case OPTION_TO_SHARD:
		return "shard";
	}
	return "";
}

const char *option_type_text(const struct option *o)
{
	switch (o->type) {
	case OPTION_TEXT:
		return "text";
	case OPTION_NAME:
	case OPTION_PROTOCOL:
		return "name";
	case OPTION_BOOL:
		return "yes or no";
	case OPTION_COUNT:
		return o->values != 0 ? "counts" : "count";
	case OPTION_DURATION:
		return o->values != 0 ? "durations" : "duration";
	case OPTION_BYTES:
		return "size";
	case OPTION_PERCENT:
		return o->values != 0 ? "percentages" : "percentage";
	case OPTION_MULTIPLIER:
		return o->values != 0 ? "multipliers" : "multiplier";
	case OPTION_ENUM:
		return o->values != 0 ? "words" : "word";
	case OPTION_FLAGS:
		return "set of words";
	case OPTION_CPU:
		return "CPU";
	case OPTION_ADDRESS:
		return "address:port";
	case OPTION_STATION:
		return "address";
	case OPTION_PREFIX:
		return "address/bits";
	case OPTION_REFERENCE:
		return option_target_text(o->target);
	case OPTION_REFERENCES:
		return o->max == 1 ? option_target_text(o->target) : "list of shards";
	case OPTION_TEXTS:
		return "list of texts";
	case OPTION_SYMBOLS:
		return "symbols";
	case OPTION_SETTINGS:
		return "mapping of texts";
	case OPTION_MAPPING:
		return "section";
	case OPTION_MAPPINGS:
		return "list of sections";
	}
	return "";
}

const char *option_unit_text(const struct option *o)
{
	if (o->type == OPTION_DURATION)
		return "ns, us, ms, s, m, h";
	if (o->type == OPTION_BYTES)
		return "B, KiB, MiB, GiB";
	if (o->type == OPTION_PERCENT)
		return "%";
	return "";
}

static void words_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	size_t used = 0;

	out[0] = '\0';
	for (const char *const *w = o->words; *w != NULL && used < OPTION_ALLOWED_BYTES; w++) {
		const char *joint = w == o->words ? "" : w[1] == NULL ? " or " : ", ";

		used += (size_t)snprintf(out + used, OPTION_ALLOWED_BYTES - used, "%s%s", joint,
		                         *w);
	}
}

static void range_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	char min[VALUE_TEXT_BYTES];
	char max[VALUE_TEXT_BYTES];
	char step[VALUE_TEXT_BYTES];

	if (o->type == OPTION_DURATION) {
		value_print_duration(o->min, min);
		value_print_duration(o->max, max);
	} else if (o->type == OPTION_BYTES) {
		value_print_bytes(o->min, min);
		value_print_bytes(o->max, max);
	} else if (o->type == OPTION_PERCENT) {
		value_print_percent(o->min, min);
		value_print_percent(o->max, max);
	} else if (o->type == OPTION_MULTIPLIER) {
		value_print_multiplier(o->min, min);
		value_print_multiplier(o->max, max);
	} else {
		snprintf(min, sizeof(min), "%" PRIu64, o->min);
		snprintf(max, sizeof(max), "%" PRIu64, o->max);
	}
	int used = snprintf(out, OPTION_ALLOWED_BYTES, "%s to %s", min, max);

	if (o->word != NULL)
		used += snprintf(out + used, OPTION_ALLOWED_BYTES - (size_t)used, ", or %s",
		                 o->word);
	if (o->step == 0)
		return;
	value_print_bytes(o->step, step);
	snprintf(out + used, OPTION_ALLOWED_BYTES - (size_t)used, " in steps of %s", step);
}

void option_value_text(const struct option *o, const void *base, char out[VALUE_TEXT_BYTES])
{
	uint64_t value = store_read_number(o, base);

	if (o->word != NULL && value == o->word_value)
		snprintf(out, VALUE_TEXT_BYTES, "%s", o->word);
	else if (o->type == OPTION_DURATION)
		value_print_duration(value, out);
	else if (o->type == OPTION_PERCENT)
		value_print_percent(value, out);
	else if (o->type == OPTION_MULTIPLIER)
		value_print_multiplier(value, out);
	else if (o->type == OPTION_BYTES)
		value_print_bytes(value * (o->divisor == 0 ? 1 : o->divisor), out);
	else if (o->type == OPTION_CPU && value == CONFIG_NONE)
		snprintf(out, VALUE_TEXT_BYTES, "none");
	else
		snprintf(out, VALUE_TEXT_BYTES, "%" PRIu64, value);
}

void option_bounds_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	const size_t room = OPTION_ALLOWED_BYTES;

	out[0] = '\0';
	switch (o->type) {
	case OPTION_COUNT:
	case OPTION_DURATION:
	case OPTION_BYTES:
	case OPTION_PERCENT:
	case OPTION_MULTIPLIER:
		range_text(o, out);
		break;
	case OPTION_ENUM:
	case OPTION_FLAGS:
		words_text(o, out);
		break;
	case OPTION_TEXT:
	case OPTION_NAME:
		snprintf(out, room, "up to %" PRIu64 " characters", o->max);
		break;
	case OPTION_CPU:
		snprintf(out, room, "0 to %" PRIu64 ", or none", o->max);
		break;
	case OPTION_ADDRESS:
		snprintf(out, room, "IPv4, port 1 to 65535");
		break;
	case OPTION_STATION:
		snprintf(out, room, "IPv4 of one station, or none");
		break;
	case OPTION_PREFIX:
		snprintf(out, room, "IPv4 of one station and 1 to 32, or none");
		break;
	case OPTION_TEXTS:
	case OPTION_SETTINGS:
		snprintf(out, room, "up to %" PRIu64, o->max);
		break;
	case OPTION_REFERENCES:
		if (o->max > 1)
			snprintf(out, room, "1 to %" PRIu64, o->max);
		break;
	case OPTION_MAPPINGS:
		snprintf(out, room, "1 to %" PRIu64, o->max);
		break;
	case OPTION_SYMBOLS:
		snprintf(out, room, "a list has 1 to %" PRIu64, o->max);
		break;
	case OPTION_BOOL:
	case OPTION_PROTOCOL:
	case OPTION_REFERENCE:
	case OPTION_MAPPING:
		break;
	}
}

void option_default_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	const char *f = o->fallback;

	if (o->required)
		snprintf(out, OPTION_ALLOWED_BYTES, "required");
	else if (o->computed != NULL)
		snprintf(out, OPTION_ALLOWED_BYTES, "%s", o->computed);
	else if (f == NULL)
		out[0] = '\0';
	else if (strcmp(f, "{L}") == 0)
		snprintf(out, OPTION_ALLOWED_BYTES, "`A`, `B`, ...");
	else if (strchr(f, '{') != NULL)
		snprintf(out, OPTION_ALLOWED_BYTES, "`%.*s0`, `%.*s1`, ...", (int)strcspn(f, "{"),
		         f, (int)strcspn(f, "{"), f);
	else
		snprintf(out, OPTION_ALLOWED_BYTES, "`%s`", f);
}

/* "a duration, 0 to 1h, with its unit (ns, us, ms, s, m, h)" */
static void allowed_number_text(const struct option *o, const char *noun, const char *unit,
                                char out[OPTION_ALLOWED_BYTES])
{
	char bounds[OPTION_ALLOWED_BYTES];

	option_bounds_text(o, bounds);
	snprintf(out, OPTION_ALLOWED_BYTES, "%s, %.160s%s", noun, bounds, unit);
}

/* Of what is neither a text nor a number: its form. */
static const char *form_text(enum option_type type)
{
	switch (type) {
	case OPTION_PROTOCOL:
		return "the name of a protocol";
	case OPTION_BOOL:
		return "yes or no";
	case OPTION_ADDRESS:
		return "an IPv4 address and a port from 1 to 65535, as 233.54.12.111:26477";
	case OPTION_STATION:
		return "the IPv4 address of one station, as 10.1.2.3, or none";
	case OPTION_PREFIX:
		return "the IPv4 address of one station and the bits of its network, as "
		       "10.1.2.3/24, or none";
	case OPTION_SYMBOLS:
		return "all, hash, a pattern with * ? or [ ] in quotes, or a list as [AAPL, MSFT]";
	case OPTION_MAPPING:
		return "a mapping of keys";
	case OPTION_TEXT:
	case OPTION_NAME:
	case OPTION_COUNT:
	case OPTION_DURATION:
	case OPTION_BYTES:
	case OPTION_PERCENT:
	case OPTION_MULTIPLIER:
	case OPTION_ENUM:
	case OPTION_FLAGS:
	case OPTION_CPU:
	case OPTION_REFERENCE:
	case OPTION_REFERENCES:
	case OPTION_TEXTS:
	case OPTION_SETTINGS:
	case OPTION_MAPPINGS:
		break;
	}
	return "";
}

/* Of a single value. */
static void allowed_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	const size_t room = OPTION_ALLOWED_BYTES;
	char words[OPTION_ALLOWED_BYTES];

	switch (o->type) {
	case OPTION_TEXT:
		snprintf(out, room, "a text of 1 to %" PRIu64 " characters", o->max);
		break;
	case OPTION_NAME:
		snprintf(out, room, "a name of up to %" PRIu64 " %s", o->max,
		         o->lower ? "of a-z 0-9 _ - that begins with a letter or digit"
		                  : "letters, digits, _ - . that begins with a letter or digit");
		break;
	case OPTION_COUNT:
		allowed_number_text(o, "a whole number", "", out);
		break;
	case OPTION_DURATION:
		allowed_number_text(o, "a duration", ", with its unit (ns, us, ms, s, m, h)", out);
		break;
	case OPTION_BYTES:
		allowed_number_text(o, "a size", ", with its unit (B, KiB, MiB, GiB)", out);
		break;
	case OPTION_PERCENT:
		allowed_number_text(o, "a percentage", ", with its sign (%)", out);
		break;
	case OPTION_MULTIPLIER:
		allowed_number_text(o, "a number", ", with up to 3 decimals", out);
		break;
	case OPTION_CPU:
		allowed_number_text(o, "a CPU number", "", out);
		break;
	case OPTION_ENUM:
		option_bounds_text(o, out);
		break;
	case OPTION_FLAGS:
		option_bounds_text(o, words);
		snprintf(out, room, "all, none, or a list of %.200s", words);
		break;
	case OPTION_REFERENCE:
		snprintf(out, room, "the name of a %s", option_target_text(o->target));
		break;
	case OPTION_REFERENCES:
		if (o->max == 1)
			snprintf(out, room, "the name of a %s", option_target_text(o->target));
		else
			snprintf(out, room, "the name of a %s, or a list of 1 to %" PRIu64,
			         option_target_text(o->target), o->max);
		break;
	case OPTION_TEXTS:
		snprintf(out, room, "a list of up to %" PRIu64 " texts", o->max);
		break;
	case OPTION_SETTINGS:
		snprintf(out, room, "a mapping of up to %" PRIu64 " keys to texts", o->max);
		break;
	case OPTION_MAPPINGS:
		snprintf(out, room, "a list of 1 to %" PRIu64 " mappings", o->max);
		break;
	case OPTION_PROTOCOL:
	case OPTION_BOOL:
	case OPTION_ADDRESS:
	case OPTION_STATION:
	case OPTION_PREFIX:
	case OPTION_SYMBOLS:
	case OPTION_MAPPING:
		snprintf(out, room, "%s", form_text(o->type));
		break;
	}
}

void option_allowed_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	allowed_text(o, out);
	size_t used = strlen(out);

	if (o->values != 0)
		snprintf(out + used, OPTION_ALLOWED_BYTES - used, "; or a list of %u of these",
		         o->values);
}
