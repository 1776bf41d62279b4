/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Store, of what is a number in its field: counts, times, shares, words, switches.
 */
#include "config/load.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"

void store_number(const struct option *o, void *base, uint64_t value)
{
	char *at = (char *)base + o->offset;
	uint8_t byte = (uint8_t)value;
	uint16_t half = (uint16_t)value;
	uint32_t word = (uint32_t)value;

	if (o->width == sizeof(byte)) {
		assert(byte == value);
		memcpy(at, &byte, sizeof(byte));
	} else if (o->width == sizeof(half)) {
		assert(half == value);
		memcpy(at, &half, sizeof(half));
	} else if (o->width == sizeof(word)) {
		assert(word == value);
		memcpy(at, &word, sizeof(word));
	} else {
		assert(o->width == sizeof(value));
		memcpy(at, &value, sizeof(value));
	}
}

uint64_t store_read_number(const struct option *o, const void *base)
{
	const char *at = (const char *)base + o->offset;
	uint8_t byte;
	uint16_t half;
	uint32_t word;
	uint64_t value;

	if (o->width == sizeof(byte)) {
		memcpy(&byte, at, sizeof(byte));
		return byte;
	}
	if (o->width == sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		return half;
	}
	if (o->width == sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		return word;
	}
	assert(o->width == sizeof(value));
	memcpy(&value, at, sizeof(value));
	return value;
}

static const char *malformed_text(enum option_type type)
{
	if (type == OPTION_DURATION || type == OPTION_BYTES)
		return "is not a whole number and its unit";
	if (type == OPTION_PERCENT)
		return "is not a percentage";
	return type == OPTION_MULTIPLIER ? "is not a number" : "is not a whole number";
}

static int refuse_number(struct load *l, const struct load_value *v, enum value_verdict verdict)
{
	switch (verdict) {
	case VALUE_MALFORMED:
		return load_refuse_text(l, v, malformed_text(v->option->type));
	case VALUE_UNIT_MISSING:
		return load_refuse_text(l, v, "has no unit");
	case VALUE_UNIT_UNKNOWN:
		return load_refuse_text(l, v, "has a unit that is not known");
	case VALUE_UNIT_DECIMAL:
		return load_refuse_text(l, v, "has a unit that may mean 1000 or 1024");
	case VALUE_DECIMALS:
		return load_refuse_text(l, v, "has too many decimals");
	case VALUE_OVERFLOW:
	case VALUE_OK:
		break;
	}
	return load_refuse_text(l, v, "is out of range");
}

static enum value_verdict read_number(enum option_type type, const char *text, uint64_t *out)
{
	if (type == OPTION_DURATION)
		return value_duration(text, out);
	if (type == OPTION_BYTES)
		return value_bytes(text, out);
	if (type == OPTION_PERCENT)
		return value_percent(text, out);
	return type == OPTION_MULTIPLIER ? value_multiplier(text, out) : value_count(text, out);
}

static int store_count(struct load *l, const struct load_value *v)
{
	const struct option *o = v->option;
	uint64_t value;

	if (o->word != NULL && strcmp(v->node->text, o->word) == 0) {
		store_number(o, v->base, o->word_value);
		return 0;
	}
	enum value_verdict verdict = read_number(o->type, v->node->text, &value);

	if (verdict != VALUE_OK)
		return refuse_number(l, v, verdict);
	if (value < o->min || value > o->max)
		return load_refuse_text(l, v, "is out of range");
	if (o->step != 0 && value % o->step != 0)
		return load_refuse_text(l, v, "is not a whole number of steps");
	store_number(o, v->base, o->divisor == 0 ? value : value / o->divisor);
	return 0;
}

static int store_cpu(struct load *l, const struct load_value *v)
{
	if (strcmp(v->node->text, "none") != 0)
		return store_count(l, v);
	store_number(v->option, v->base, CONFIG_NONE);
	return 0;
}

/* The place of the node's text in the option's words; it stands for `v` in what is said. */
static int read_word(struct load *l, const struct load_value *v, uint32_t *out)
{
	struct nearest near;
	char what[NEAREST_WORD_MAX + 64];

	nearest_init(&near, v->node->text);
	for (uint32_t i = 0; v->option->words[i] != NULL; i++) {
		if (strcmp(v->option->words[i], v->node->text) == 0) {
			*out = i;
			return 0;
		}
		nearest_offer(&near, v->option->words[i]);
	}
	if (near.best == NULL)
		return load_refuse_text(l, v, "is not one of its words");
	snprintf(what, sizeof(what), "is not one of its words, did you mean \"%s\"?", near.best);
	return load_refuse_text(l, v, what);
}

static int store_word(struct load *l, const struct load_value *v)
{
	uint32_t index = 0;
	int status = read_word(l, v, &index);

	if (status == 0)
		store_number(v->option, v->base, index);
	return status;
}

/* all, none, one word, or a list of words. */
static int store_flags(struct load *l, const struct load_value *v)
{
	const struct option *o = v->option;
	const struct tree_node *n = v->node->kind == TREE_LIST ? v->node->first : v->node;
	bool is_alone = v->node->kind == TREE_SCALAR;
	uint64_t bits = o->min;

	if (is_alone && strcmp(n->text, "all") == 0) {
		for (uint32_t i = 0; o->words[i] != NULL; i++)
			bits |= 1ull << i;
		n = NULL;
	} else if (is_alone && strcmp(n->text, "none") == 0) {
		n = NULL;
	}
	for (; n != NULL; n = is_alone ? NULL : n->next) {
		const struct load_value one = {.option = o, .node = n, .base = v->base};
		uint32_t index = 0;

		if (n->kind != TREE_SCALAR)
			return load_refuse(l, v, "has an item that is no word");
		int status = read_word(l, &one, &index);

		if (status != 0)
			return status;
		bits |= 1ull << index;
	}
	store_number(o, v->base, bits);
	return 0;
}

static int store_bool(struct load *l, const struct load_value *v)
{
	bool value;

	if (!value_bool(v->node->text, &value))
		return load_refuse_text(l, v, "is neither yes nor no");
	store_number(v->option, v->base, value);
	return 0;
}

int store_number_value(struct load *l, const struct load_value *v)
{
	assert(v->option->width > 0);
	switch (v->option->type) {
	case OPTION_BOOL:
		return store_bool(l, v);
	case OPTION_COUNT:
	case OPTION_DURATION:
	case OPTION_BYTES:
	case OPTION_PERCENT:
	case OPTION_MULTIPLIER:
		return store_count(l, v);
	case OPTION_ENUM:
		return store_word(l, v);
	case OPTION_FLAGS:
		return store_flags(l, v);
	case OPTION_CPU:
		return store_cpu(l, v);
	case OPTION_TEXT:
	case OPTION_NAME:
	case OPTION_PROTOCOL:
	case OPTION_ADDRESS:
	case OPTION_STATION:
	case OPTION_PREFIX:
	case OPTION_REFERENCE:
	case OPTION_REFERENCES:
	case OPTION_TEXTS:
	case OPTION_SYMBOLS:
	case OPTION_SETTINGS:
	case OPTION_MAPPING:
	case OPTION_MAPPINGS:
		break;
	}
	return 0; /* no number */
}
