/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/tree.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct tree_node *member(const struct tree_node *mapping, const char *key,
                                      size_t bytes)
{
	for (const struct tree_node *n = mapping->first; n != NULL; n = n->next)
		if (strncmp(n->key, key, bytes) == 0 && n->key[bytes] == '\0')
			return n;
	return NULL;
}

const struct tree_node *tree_member(const struct tree_node *mapping, const char *key)
{
	assert(mapping->kind == TREE_MAPPING);
	return member(mapping, key, strlen(key));
}

static const struct tree_node *item(const struct tree_node *list, unsigned long index)
{
	const struct tree_node *n = list->first;

	while (n != NULL && index-- > 0)
		n = n->next;
	return n;
}

/* One step down; *path moves behind it. NULL: there is nothing. */
static const struct tree_node *step(const struct tree_node *n, const char **path)
{
	const char *at = *path;

	if (*at == '[') {
		char *end;
		unsigned long index = strtoul(at + 1, &end, 10);

		*path = *end == ']' ? end + 1 : end;
		return n->kind == TREE_LIST ? item(n, index) : NULL;
	}
	at += *at == '.';
	size_t bytes = strcspn(at, ".[");

	*path = at + bytes;
	return n->kind == TREE_MAPPING ? member(n, at, bytes) : NULL;
}

const struct tree_node *tree_at(const struct tree_node *root, const char *path)
{
	const struct tree_node *n = root;

	while (n != NULL && *path != '\0')
		n = step(n, &path);
	return n;
}

uint32_t tree_line(const struct tree_node *root, const char *path)
{
	const struct tree_node *n = root;
	uint32_t line = root->line;

	while (*path != '\0') {
		n = step(n, &path);
		if (n == NULL)
			break;
		/* A value that begins below its key (a block list) is found by its key. */
		line = n->key != NULL ? n->key_line : n->line;
	}
	return line;
}
