/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "dataplane/feed/directory.h"
#include "dataplane/shard/group.h"

#define SYMBOL_BYTES 8u

/* The symbol's bytes without the padding on its right; returns how many. */
static uint32_t selector_trim(uint64_t symbol, uint8_t text[SYMBOL_BYTES])
{
	uint32_t bytes = SYMBOL_BYTES;

	for (uint32_t i = 0; i < SYMBOL_BYTES; i++)
		text[i] = (uint8_t)(symbol >> (8 * i));
	while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == '\0'))
		bytes--;
	return bytes;
}

/* One bracket expression, p just behind its '['. Returns what follows it, or NULL when it does not
 * end: then the '[' is an ordinary character. */
static const char *selector_bracket(const char *p, uint8_t c, bool *matches)
{
	bool negated = *p == '!' || *p == '^';
	bool found = false;

	p += negated;
	for (bool first = true; *p != '\0' && (first || *p != ']'); first = false) {
		uint8_t low = (uint8_t)*p++;
		uint8_t high = low;

		if (p[0] == '-' && p[1] != '\0' && p[1] != ']') {
			high = (uint8_t)p[1];
			p += 2;
		}
		found = found || (c >= low && c <= high);
	}
	if (*p != ']')
		return NULL;
	*matches = found != negated;
	return p + 1;
}

/* One pattern element that is not '*' against one byte; returns what follows it, NULL: no match. */
static const char *selector_element(const char *p, uint8_t c)
{
	if (*p == '\0')
		return NULL;
	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		bool matches = false;
		const char *next = selector_bracket(p + 1, c, &matches);

		if (next != NULL)
			return matches ? next : NULL;
	}
	return (uint8_t)*p == c ? p + 1 : NULL;
}

/* A shell pattern of *, ? and [...]. After a failure only the last '*' needs another try, so the
 * cost is at most length x length. */
static bool selector_pattern(const char *p, const uint8_t *text, uint32_t bytes)
{
	const char *retry = NULL;
	uint32_t retry_at = 0;
	uint32_t i = 0;

	for (;;) {
		if (*p == '*') {
			retry = ++p;
			retry_at = i;
			continue;
		}
		if (i == bytes) {
			if (*p == '\0')
				return true;
			return false;
		}
		const char *next = selector_element(p, text[i]);

		if (next != NULL) {
			p = next;
			i++;
		} else if (retry != NULL) {
			p = retry;
			i = ++retry_at;
		} else {
			return false;
		}
	}
}

bool selector_matches(const struct selector *s, uint64_t symbol)
{
	uint8_t text[SYMBOL_BYTES];

	switch (s->kind) {
	case SELECT_ALL:
		return true;
	case SELECT_LIST:
		for (uint32_t i = 0; i < s->name_count; i++)
			if (s->names[i] == symbol)
				return true;
		return false;
	case SELECT_PATTERN:
		assert(s->pattern != NULL);
		return selector_pattern(s->pattern, text, selector_trim(symbol, text));
	case SELECT_HASH:
		assert(s->parts != 0);
		return symbol_hash(symbol) % s->parts == s->part;
	}
	assert(false);
	return false;
}
