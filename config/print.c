/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A configuration as YAML again, everything said: along the option table, so that no key is
 * forgotten.
 */
#include "config/config.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "config/load.h"
#include "config/option.h"
#include "config/value.h"

#define INDENT_BYTES 2u

struct printer {
	const struct config *config;
	FILE *out;
	uint32_t indent; /* columns */
	bool dash;       /* the next key begins an item of a list */
};

static void start_line(struct printer *p)
{
	for (uint32_t i = p->dash ? INDENT_BYTES : 0; i < p->indent; i++)
		fputc(' ', p->out);
	if (p->dash)
		fputs("- ", p->out);
	p->dash = false;
}

/* In quotes: whatever stands in it, it reads back as the same text. */
static void print_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (*text == '\t')
			fputs("\\t", out);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static const char *target_name(const struct config *c, enum option_target target, uint32_t index)
{
	switch (target) {
	case OPTION_TO_CORE:
		return c->cores[index].name;
	case OPTION_TO_PORT:
		return c->ports[index].name;
	case OPTION_TO_FEED:
		return c->feeds[index].name;
	case OPTION_TO_SHARD:
		break;
	}
	return c->shards[index].name;
}

static void print_number(const struct printer *p, const struct option *o, const void *base)
{
	char text[VALUE_TEXT_BYTES];

	option_value_text(o, base, text);
	fputs(text, p->out);
}

static void print_references(const struct printer *p, const struct option *o, const char *base)
{
	const uint32_t *indices;
	uint32_t count;

	memcpy(&indices, base + o->offset, sizeof(indices));
	memcpy(&count, base + o->offset_second, sizeof(count));
	fputc('[', p->out);
	for (uint32_t i = 0; i < count; i++)
		fprintf(p->out, "%s%s", i == 0 ? "" : ", ",
		        target_name(p->config, o->target, indices[i]));
	fputc(']', p->out);
}

static void print_texts(const struct printer *p, const char *const *texts, uint32_t count)
{
	fputc('[', p->out);
	for (uint32_t i = 0; i < count; i++) {
		fputs(i == 0 ? "" : ", ", p->out);
		print_text(p->out, texts[i]);
	}
	fputc(']', p->out);
}

static void print_symbols(const struct printer *p, const struct config_group *g)
{
	switch (g->select) {
	case CONFIG_SELECT_ALL:
		fputs("all", p->out);
		break;
	case CONFIG_SELECT_LIST:
		print_texts(p, g->symbols, g->symbol_count);
		break;
	case CONFIG_SELECT_PATTERN:
		print_text(p->out, g->pattern);
		break;
	case CONFIG_SELECT_HASH:
		fputs("hash", p->out);
		break;
	}
}

static void print_settings(struct printer *p, const struct config_component *c)
{
	p->indent += INDENT_BYTES;
	for (uint32_t i = 0; i < c->setting_count; i++) {
		fputc('\n', p->out);
		start_line(p);
		print_text(p->out, c->settings[i].key);
		fputs(": ", p->out);
		print_text(p->out, c->settings[i].value);
	}
	p->indent -= INDENT_BYTES;
}

static void print_address(const struct printer *p, const struct option *o, const char *base)
{
	uint32_t address;
	uint16_t port;
	char text[VALUE_TEXT_BYTES];

	memcpy(&address, base + o->offset, sizeof(address));
	memcpy(&port, base + o->offset_second, sizeof(port));
	value_print_address(address, port, text);
	fputs(text, p->out);
}

static void print_station(const struct printer *p, const struct option *o, const char *base)
{
	uint32_t address;
	uint32_t bits = 0;
	char text[VALUE_TEXT_BYTES] = "none";

	memcpy(&address, base + o->offset, sizeof(address));
	if (o->type == OPTION_PREFIX)
		memcpy(&bits, base + o->offset_second, sizeof(bits));
	if (address != 0 && bits != 0)
		value_print_prefix(address, bits, text);
	else if (address != 0)
		value_print_station(address, text);
	fputs(text, p->out);
}

static const char *text_at(const struct option *o, const char *base)
{
	const char *text;

	memcpy(&text, base + o->offset, sizeof(text));
	return text;
}

static uint32_t text_count(const char *const *texts)
{
	uint32_t count = 0;

	while (texts[count] != NULL)
		count++;
	return count;
}

/* What is not there is not printed: it has no way to be said but to be left out. */
static bool is_absent(const struct option *o, const char *base)
{
	const char *const *texts;
	uint32_t count;

	switch (o->type) {
	case OPTION_TEXT:
		return o->alias || text_at(o, base) == NULL;
	case OPTION_TEXTS:
		memcpy(&texts, base + o->offset, sizeof(texts));
		return texts[0] == NULL;
	case OPTION_SETTINGS:
	case OPTION_MAPPINGS:
		memcpy(&count, base + o->offset_second, sizeof(count));
		return count == 0;
	case OPTION_MAPPING:
		return o->if_given && base[o->offset_second] == 0;
	case OPTION_NAME:
	case OPTION_PROTOCOL:
	case OPTION_BOOL:
	case OPTION_COUNT:
	case OPTION_DURATION:
	case OPTION_BYTES:
	case OPTION_PERCENT:
	case OPTION_MULTIPLIER:
	case OPTION_ENUM:
	case OPTION_FLAGS:
	case OPTION_CPU:
	case OPTION_ADDRESS:
	case OPTION_STATION:
	case OPTION_PREFIX:
	case OPTION_REFERENCE:
	case OPTION_REFERENCES:
	case OPTION_SYMBOLS:
		break;
	}
	return o->alias;
}

static void print_flags(const struct printer *p, const struct option *o, const char *base)
{
	uint64_t bits = store_read_number(o, base);
	const char *joint = "";

	fputc('[', p->out);
	for (uint32_t i = 0; o->words[i] != NULL; i++) {
		if ((bits & 1ull << i) == 0)
			continue;
		fprintf(p->out, "%s%s", joint, o->words[i]);
		joint = ", ";
	}
	fputc(']', p->out);
}

static void print_value(struct printer *p, const struct option *o, const char *base)
{
	const char *const *texts;
	bool yes;

	switch (o->type) {
	case OPTION_TEXT:
		print_text(p->out, text_at(o, base));
		break;
	case OPTION_NAME:
	case OPTION_PROTOCOL:
		fputs(text_at(o, base), p->out);
		break;
	case OPTION_BOOL:
		memcpy(&yes, base + o->offset, sizeof(yes));
		fputs(yes ? "yes" : "no", p->out);
		break;
	case OPTION_COUNT:
	case OPTION_DURATION:
	case OPTION_BYTES:
	case OPTION_PERCENT:
	case OPTION_MULTIPLIER:
	case OPTION_CPU:
		print_number(p, o, base);
		break;
	case OPTION_ENUM:
		fputs(o->words[store_read_number(o, base)], p->out);
		break;
	case OPTION_FLAGS:
		print_flags(p, o, base);
		break;
	case OPTION_ADDRESS:
		print_address(p, o, base);
		break;
	case OPTION_STATION:
	case OPTION_PREFIX:
		print_station(p, o, base);
		break;
	case OPTION_REFERENCE:
		fputs(target_name(p->config, o->target, (uint32_t)store_read_number(o, base)),
		      p->out);
		break;
	case OPTION_REFERENCES:
		print_references(p, o, base);
		break;
	case OPTION_TEXTS:
		memcpy(&texts, base + o->offset, sizeof(texts));
		print_texts(p, texts, text_count(texts));
		break;
	case OPTION_SYMBOLS:
		print_symbols(p, (const struct config_group *)base);
		break;
	case OPTION_SETTINGS:
		print_settings(p, (const struct config_component *)base);
		break;
	case OPTION_MAPPING:
	case OPTION_MAPPINGS:
		break;
	}
}

static bool all_values_are_equal(const struct option *o, const char *base)
{
	for (uint32_t i = 1; i < o->values; i++)
		if (store_read_number(o, base + (size_t)i * o->item_bytes) !=
		    store_read_number(o, base))
			return false;
	return true;
}

static void print_values(struct printer *p, const struct option *o, const char *base)
{
	fputc('[', p->out);
	for (uint32_t i = 0; i < o->values; i++) {
		fputs(i == 0 ? "" : ", ", p->out);
		print_value(p, o, base + (size_t)i * o->item_bytes);
	}
	fputc(']', p->out);
}

/* A key that is no section. */
static void print_key(struct printer *p, const struct option *o, const char *base)
{
	start_line(p);
	fprintf(p->out, "%s:%s", option_key(o), o->type == OPTION_SETTINGS ? "" : " ");
	if (o->values == 0 || all_values_are_equal(o, base))
		print_value(p, o, base);
	else
		print_values(p, o, base);
	fputc('\n', p->out);
}

#define PRINT_DEPTH_MAX 8u

struct print_frame {
	const struct option *section;
	const struct option *next; /* key to print */
	const char *base;
	uint32_t items; /* of the list, this one included, that are left */
};

static const char *section_base(const struct option *o, const char *base)
{
	const char *items = base + o->offset;

	if (o->type == OPTION_MAPPINGS && !o->in_place)
		memcpy(&items, base + o->offset, sizeof(items));
	return items;
}

static struct print_frame enter(struct printer *p, const struct option *o, const char *base)
{
	struct print_frame f = {.section = o,
	                        .next = option_next(o, NULL),
	                        .base = section_base(o, base),
	                        .items = 1};

	start_line(p);
	fprintf(p->out, "%s:\n", option_key(o));
	p->indent += INDENT_BYTES;
	if (o->type == OPTION_MAPPINGS) {
		memcpy(&f.items, base + o->offset_second, sizeof(f.items));
		p->indent += INDENT_BYTES;
		p->dash = true;
	}
	return f;
}

/* All keys of the frame are printed: on to the list's next item, or out (false). */
static bool advance(struct printer *p, struct print_frame *f)
{
	if (--f->items > 0) {
		f->base += f->section->item_bytes;
		f->next = option_next(f->section, NULL);
		p->dash = true;
		return true;
	}
	p->indent -= f->section == NULL                    ? 0
	             : f->section->type == OPTION_MAPPINGS ? 2 * INDENT_BYTES
	                                                   : INDENT_BYTES;
	return false;
}

static void print_all(struct printer *p, struct print_frame first)
{
	struct print_frame frames[PRINT_DEPTH_MAX] = {first};
	uint32_t depth = 1;

	while (depth > 0) {
		struct print_frame *f = &frames[depth - 1];
		const struct option *o = f->next;

		if (o == NULL) {
			depth -= !advance(p, f);
			continue;
		}
		f->next = option_next(f->section, o);
		if (is_absent(o, f->base))
			continue;
		assert(depth < PRINT_DEPTH_MAX);
		if (option_is_section(o))
			frames[depth++] = enter(p, o, f->base);
		else
			print_key(p, o, f->base);
	}
}

void config_print(const struct config *c, FILE *out)
{
	struct printer p = {.config = c, .out = out};

	print_all(&p, (struct print_frame){.next = option_next(NULL, NULL),
	                                   .base = (const char *)c,
	                                   .items = 1});
}

void config_print_resilience(const struct resilience_options *o, FILE *out)
{
	const struct config c = {.resilience = *o, .has_resilience = true};
	struct printer p = {.config = &c, .out = out};

	print_all(&p, enter(&p, option_find("resilience"), (const char *)&c));
}
