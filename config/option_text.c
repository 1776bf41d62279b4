/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table's rows in words: what error messages and docs/config.md say about a key.
 */
#include "config/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
		return "count";
	case OPTION_DURATION:
		return "duration";
	case OPTION_BYTES:
		return "size";
	case OPTION_ENUM:
		return "word";
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
	} else {
		snprintf(min, sizeof(min), "%" PRIu64, o->min);
		snprintf(max, sizeof(max), "%" PRIu64, o->max);
	}
	int used = snprintf(out, OPTION_ALLOWED_BYTES, "%s to %s", min, max);

	if (o->step == 0)
		return;
	value_print_bytes(o->step, step);
	snprintf(out + used, OPTION_ALLOWED_BYTES - (size_t)used, " in steps of %s", step);
}

void option_bounds_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	const size_t room = OPTION_ALLOWED_BYTES;

	out[0] = '\0';
	switch (o->type) {
	case OPTION_COUNT:
	case OPTION_DURATION:
	case OPTION_BYTES:
		range_text(o, out);
		break;
	case OPTION_ENUM:
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

void option_allowed_text(const struct option *o, char out[OPTION_ALLOWED_BYTES])
{
	const size_t room = OPTION_ALLOWED_BYTES;
	char bounds[OPTION_ALLOWED_BYTES];

	option_bounds_text(o, bounds);
	switch (o->type) {
	case OPTION_TEXT:
		snprintf(out, room, "a text of 1 to %" PRIu64 " characters", o->max);
		break;
	case OPTION_NAME:
		snprintf(out, room, "a name of up to %" PRIu64 " %s", o->max,
		         o->lower ? "of a-z 0-9 _ - that begins with a letter or digit"
		                  : "letters, digits, _ - . that begins with a letter or digit");
		break;
	case OPTION_PROTOCOL:
		snprintf(out, room, "the name of a protocol");
		break;
	case OPTION_BOOL:
		snprintf(out, room, "yes or no");
		break;
	case OPTION_COUNT:
		snprintf(out, room, "a whole number, %.200s", bounds);
		break;
	case OPTION_DURATION:
		snprintf(out, room, "a duration, %.160s, with its unit (%s)", bounds,
		         option_unit_text(o));
		break;
	case OPTION_BYTES:
		snprintf(out, room, "a size, %.160s, with its unit (%s)", bounds,
		         option_unit_text(o));
		break;
	case OPTION_ENUM:
		snprintf(out, room, "%.200s", bounds);
		break;
	case OPTION_CPU:
		snprintf(out, room, "a CPU number, %.200s", bounds);
		break;
	case OPTION_ADDRESS:
		snprintf(out, room,
		         "an IPv4 address and a port from 1 to 65535, as 233.54.12.111:26477");
		break;
	case OPTION_STATION:
		snprintf(out, room, "the IPv4 address of one station, as 10.1.2.3, or none");
		break;
	case OPTION_PREFIX:
		snprintf(out, room,
		         "the IPv4 address of one station and the bits of its network, as "
		         "10.1.2.3/24, or none");
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
	case OPTION_SYMBOLS:
		snprintf(out, room,
		         "all, hash, a pattern with * ? or [ ] in quotes, or a list as [AAPL, "
		         "MSFT]");
		break;
	case OPTION_SETTINGS:
		snprintf(out, room, "a mapping of up to %" PRIu64 " keys to texts", o->max);
		break;
	case OPTION_MAPPING:
		snprintf(out, room, "a mapping of keys");
		break;
	case OPTION_MAPPINGS:
		snprintf(out, room, "a list of 1 to %" PRIu64 " mappings", o->max);
		break;
	}
}
