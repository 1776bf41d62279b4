/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tree: a YAML document as nodes that know where they stand. Scalars are text, whatever they look
 * like: what a value means is decided by the option that it belongs to, so a symbol called NO or ON
 * stays a symbol.
 *
 * yaml.c makes it, within bounds: bytes, nodes, depth and members are limited, and anchors, aliases
 * and tags are refused, so a small file cannot unfold into a big tree. Nodes live in the arena.
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/report.h"

#define TREE_FILE_BYTES_MAX (1u << 20)
#define TREE_NODES_MAX      65536u
#define TREE_DEPTH_MAX      16u
#define TREE_MEMBERS_MAX    256u /* of one mapping */

enum tree_kind { TREE_SCALAR, TREE_MAPPING, TREE_LIST };

struct tree_node {
	enum tree_kind kind;
	uint32_t line;   /* where the value begins, from 1 */
	uint32_t column; /* from 1 */
	bool quoted;     /* scalar in quotes, or a block */
	const char *text;
	const char *key; /* of this member, in a mapping */
	uint32_t key_line;
	uint32_t key_column;
	uint32_t count; /* children */
	struct tree_node *first;
	struct tree_node *last;
	struct tree_node *next; /* sibling */
};

/* "the key with nothing behind it" */
static inline bool tree_is_nothing(const struct tree_node *n)
{
	return n->kind == TREE_SCALAR && !n->quoted && n->text[0] == '\0';
}

/* The member of a mapping, or NULL. */
const struct tree_node *tree_member(const struct tree_node *mapping, const char *key);
/* The node at a path such as "feeds[0].lines[1].port", or NULL. */
const struct tree_node *tree_at(const struct tree_node *root, const char *path);
/* The line of the path's node, or of the nearest one above it that is there. */
uint32_t tree_line(const struct tree_node *root, const char *path);

/* Reads the one document of the text. 0, -EINVAL or -ENOMEM with the error reported. (yaml.c) */
int yaml_read(struct arena *a, const struct report *r, const char *text, uint64_t bytes,
              struct tree_node **out);

#endif
