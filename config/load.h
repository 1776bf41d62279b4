/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Load: from tree to structs, in two steps. load.c walks the tree along the option table and fills
 * the structs, value by value (store.c); what names something is noted as a reference. Then
 * resolve.c turns names into indices and works out what was left out, and check.c and
 * check_resilience.c look at what only shows across keys.
 *
 * A profile is walked first (profile.c), into the same struct; then the file itself, in which
 * settings of resilience that are left out stay as the profile has them.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <stdint.h>

#include "config/arena.h"
#include "config/config.h"
#include "config/option.h"
#include "config/report.h"
#include "config/tree.h"

#define LOAD_PATH_BYTES 192u

struct load_reference { /* "this field is the index of the port called A" */
	struct load_reference *next;
	const struct option *option;
	uint32_t *target;
	const char *name;
	const char *path;
	uint32_t line;
};

struct load {
	struct config *config;
	struct arena *arena;
	const struct config_context *context;
	struct report report;
	const struct tree_node *root;
	const struct tree_node *profile;   /* its tree, NULL: none */
	struct report profile_report;      /* for what stands there */
	struct load_reference *references; /* in the file's order */
	struct load_reference **references_end;
	char path[LOAD_PATH_BYTES]; /* of the key at hand, for messages */
};

/* A value to be stored: a node of the tree, or the default of an option. */
struct load_value {
	const struct option *option;
	const struct tree_node *node;
	void *base; /* the struct of the section */
};

/* Each: 0, or -EINVAL or -ENOMEM with the error reported. */
int load_tree(struct load *l);
/* The same for one section, whose mapping the node is (or nothing: all of it is left out). */
int load_section(struct load *l, const struct option *section, const struct tree_node *node,
                 void *base);
/* Fills a section's struct with the defaults, as if its mapping were empty; it must not have
 * required keys. */
int load_defaults(struct load *l, const struct option *section, void *base);
int resolve_config(struct load *l);
int check_config(struct load *l);
/* Of resilience: before any walk, what no key says; after it, what follows from keys; and what only
 * shows across them. (resolve_resilience.c, check_resilience.c) */
void begin_resilience(struct resilience_options *o);
void resolve_tuning(struct resilience_options *o);
int resolve_resilience(struct load *l);
int check_resilience(struct load *l);
/* Of who is asked: addresses, ports, source ports. (resolve_request.c, check_request.c) */
int resolve_requests(struct load *l);
int check_requests(struct load *l);
/* Finds the profile that the file names, and walks it. (profile.c) */
int profile_take(struct load *l);
int store_value(struct load *l, const struct load_value *v); /* not for sections */
/* What is a number in its field. (store_number.c) */
int store_number_value(struct load *l, const struct load_value *v);

/* A number of the field's width. */
void store_number(const struct option *o, void *base, uint64_t value);
uint64_t store_read_number(const struct option *o, const void *base);

/* "PATH: what; allowed" about a value that is not what the option wants. */
int load_refuse(struct load *l, const struct load_value *v, const char *what);
/* "PATH: "50KB": what; allowed", with the text that the file has. */
int load_refuse_text(struct load *l, const struct load_value *v, const char *what);

#endif
