/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Option: THE table. A row per key: where it stands, what it may be, where it goes, what it means.
 *
 * The loader walks a file along it, error messages quote it, config_print() prints along it, and
 * docs/config.md is it. Paths are "feeds[].gap.hold_max": [] for a list of mappings. Rows stand in
 * the order in which they are printed, a section's keys and sections right behind it. The table is
 * in parts: the engine's (option.c), resilience (option_resilience.c, option_adaptation.c).
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "config/nearest.h"
#include "config/value.h"

#define OPTION_ALLOWED_BYTES 256u
#define OPTION_NAME_MAX      31u /* of everything but the engine */

enum option_type {
	OPTION_TEXT,       /* const char * */
	OPTION_NAME,       /* const char * */
	OPTION_PROTOCOL,   /* const char *, one of the context's */
	OPTION_BOOL,       /* bool */
	OPTION_COUNT,      /* unsigned, width as the field's */
	OPTION_DURATION,   /* the same, ns */
	OPTION_BYTES,      /* the same, bytes / divisor */
	OPTION_PERCENT,    /* the same, millionths */
	OPTION_MULTIPLIER, /* the same, thousandths */
	OPTION_ENUM,       /* enum: index in words */
	OPTION_FLAGS,      /* unsigned: of each word named, the bit of its place in words */
	OPTION_CPU,        /* uint32_t; CONFIG_NONE: none */
	OPTION_ADDRESS,    /* uint32_t at offset, uint16_t at offset_second */
	OPTION_STATION,    /* uint32_t; 0: none */
	OPTION_PREFIX,     /* the same at offset, uint32_t at offset_second */
	OPTION_REFERENCE,  /* uint32_t: index of what is named */
	OPTION_REFERENCES, /* const uint32_t * at offset, count at offset_second */
	OPTION_TEXTS,      /* const char *const *, NULL-terminated */
	OPTION_SYMBOLS,    /* the selector of struct config_group */
	OPTION_SETTINGS,   /* const struct config_setting * at offset, count at offset_second */
	OPTION_MAPPING,    /* a section inside the struct of the section above, at offset */
	OPTION_MAPPINGS,   /* a list of sections: array at offset, count at offset_second */
};

enum option_target { OPTION_TO_CORE, OPTION_TO_PORT, OPTION_TO_FEED, OPTION_TO_SHARD };

struct option {
	const char *path;
	const char *help;
	const char *fallback; /* the default as it would stand in the file; {n}: the place in the
	                         list from 0, {L}: the same as a letter */
	const char *computed; /* the default that resolve.c works out, in words */
	const char *const *words; /* ENUM, FLAGS, in the order of the C enum; NULL-terminated */
	const char *word; /* a word that stands for a number beside the bounds; NULL: none */
	uint64_t word_value;
	const char *like; /* MAPPING: path of the section whose keys it has. What is left out is as
	                     it is there: no defaults */
	uint64_t min; /* of the value, the text's bytes, or the list's items; FLAGS: bits that are
	                 always set */
	uint64_t max;
	uint64_t step;    /* BYTES: the value is a multiple of it; 0: any */
	uint64_t divisor; /* BYTES: the field's unit; 0: bytes */
	uint32_t offset;
	uint32_t offset_second;
	uint32_t item_bytes; /* MAPPINGS; of several values */
	uint8_t values;      /* several in a list, each item_bytes behind the one before; one for
	                        all may stand without. 0: a single one */
	uint8_t width;       /* of a number's field */
	enum option_type type;
	enum option_target target;
	bool required;
	bool in_place; /* MAPPINGS: the array is inside the struct, not behind a pointer */
	bool lower;    /* NAME: no capitals, no dots */
	bool alias;    /* another way to say what rows behind it say: not printed, no default */
	bool if_given; /* MAPPING: printed only if the bool at offset_second, which the loader sets,
	                  says that it was given */
	bool last;     /* at the top: walked when all others have been */
};

struct option_part {
	const struct option *rows;
	uint32_t count;
};

extern const struct option_part option_resilience; /* what a service may have of its own */
extern const struct option_part option_adaptation; /* the rest of resilience, and services */

/* All rows in order: the one behind `o`, NULL: the first. NULL: there is none. */
const struct option *option_after(const struct option *o);
/* The row at a path, or NULL. */
const struct option *option_find(const char *path);
/* The next row of the section `parent` (NULL: the top) behind `after` (NULL: the first), or NULL.
 * A section that is like another one has that one's rows. */
const struct option *option_next(const struct option *parent, const struct option *after);
/* The row of a key in a section, or NULL. */
const struct option *option_child(const struct option *parent, const char *key);
/* The section that the row stands in, NULL: the top. */
const struct option *option_parent(const struct option *o);
/* Last part of the path. */
const char *option_key(const struct option *o);
bool option_is_section(const struct option *o);

/* For people. The type in a word or two; the units, "" where there are none; the bounds; and all of
 * them as one phrase, "a duration from 0 to 1h (ns, us, ms, s, m, h)". */
const char *option_type_text(const struct option *o);
const char *option_unit_text(const struct option *o);
void option_bounds_text(const struct option *o, char out[OPTION_ALLOWED_BYTES]);
/* The default with its quotes: "`yes`", "one per port", "`port0`, `port1`, ..."; "required"; "". */
void option_default_text(const struct option *o, char out[OPTION_ALLOWED_BYTES]);
void option_allowed_text(const struct option *o, char out[OPTION_ALLOWED_BYTES]);
/* The number in the field of a struct of the option's section, as it would stand in a file. */
void option_value_text(const struct option *o, const void *base, char out[VALUE_TEXT_BYTES]);
const char *option_target_text(enum option_target t);

#endif
