/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the configuration tests check files against.
 */
#ifndef TESTS_UNIT_CONFIG_CONTEXT_H
#define TESTS_UNIT_CONFIG_CONTEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static const char *const context_protocols[] = {"itch50", "deep10", "tops16", NULL};
static const struct config_context context = {.protocols = context_protocols};

/* The least that loads; tests put more behind it. */
#define CONTEXT_PORTS "ports:\n  - device: net_null0\n"
#define CONTEXT_FEEDS "feeds:\n  - protocol: itch50\n    lines:\n      - address: 239.0.0.1:26477\n"
#define CONTEXT_LEAST CONTEXT_PORTS CONTEXT_FEEDS

static inline int context_load(struct config *c, const char *text, struct config_error *e)
{
	return config_load_text(c, text, strlen(text), "t.yaml", &context, e);
}

/* config_print() into memory; free() it. */
static inline char *context_print(const struct config *c)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	if (f == NULL)
		abort();
	config_print(c, f);
	fclose(f);
	return text;
}

/* A file, terminated; free() it. NULL: it cannot be read. */
static inline char *context_read(const char *path, size_t *bytes)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return NULL;
	const size_t room = 1u << 20;
	char *text = calloc(1, room + 1);

	if (text == NULL)
		abort();
	*bytes = fread(text, 1, room, f);
	fclose(f);
	return text;
}

#endif
