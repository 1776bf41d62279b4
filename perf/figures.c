/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/figures.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/arena.h"
#include "config/nearest.h"
#include "config/report.h"
#include "config/tree.h"

#define PLACES     (3u + FIGURES_VERSIONS)
#define PATH_BYTES 64u

const char *const figures_versions[FIGURES_VERSIONS] = {"original", "optimized", "extreme", "ultra",
                                                        "ultimate"};

static const char *const row_keys[PLACES] = {"table",     "key",     "label", "original",
                                             "optimized", "extreme", "ultra", "ultimate"};

static const char **place(struct figures_row *r, uint32_t i)
{
	assert(i < PLACES);
	switch (i) {
	case 0:
		return &r->table;
	case 1:
		return &r->key;
	case 2:
		return &r->label;
	}
	return &r->cells[i - 3];
}

static int unknown(const struct report *r, const struct tree_node *n, const char *path)
{
	struct nearest near;

	nearest_init(&near, n->key);
	for (uint32_t i = 0; i < PLACES; i++)
		nearest_offer(&near, row_keys[i]);
	return near.best == NULL
	               ? report_error(r, n->key_line, path, "there is no such key")
	               : report_error(r, n->key_line, path,
	                              "there is no such key; did you mean \"%s\"?", near.best);
}

static int take_row(struct figures *f, struct arena *a, const struct report *r,
                    const struct tree_node *n)
{
	struct figures_row *row = &f->rows[f->count];
	char path[PATH_BYTES];

	if (n->kind != TREE_MAPPING)
		return report_error(r, n->line, "rows", "an item is a mapping of keys");
	for (const struct tree_node *m = n->first; m != NULL; m = m->next) {
		uint32_t i = 0;

		while (i < PLACES && strcmp(row_keys[i], m->key) != 0)
			i++;
		snprintf(path, sizeof(path), "rows[%" PRIu32 "].%s", f->count,
		         report_quote(m->key).text);
		if (i == PLACES)
			return unknown(r, m, path);
		if (m->kind != TREE_SCALAR)
			return report_error(r, m->line, path, "is no text");
		*place(row, i) = arena_text(a, m->text, strlen(m->text));
		if (*place(row, i) == NULL)
			return report_no_memory(r);
	}
	for (uint32_t i = 0; i < PLACES; i++)
		if (*place(row, i) == NULL) {
			snprintf(path, sizeof(path), "rows[%" PRIu32 "].%s", f->count, row_keys[i]);
			return report_error(r, n->line, path, "is missing");
		}
	f->count++;
	return 0;
}

static int take(struct figures *f, struct arena *a, const struct report *r,
                const struct tree_node *root)
{
	const struct tree_node *rows = tree_member(root, "rows");
	int rc = 0;

	if (rows == NULL || rows->kind != TREE_LIST)
		return report_error(r, root->line, "rows", "is missing, or no list");
	if (rows->count > FIGURES_ROWS_MAX)
		return report_error(r, rows->line, "rows", "has more than %u items",
		                    FIGURES_ROWS_MAX);
	for (const struct tree_node *n = rows->first; rc == 0 && n != NULL; n = n->next)
		rc = take_row(f, a, r, n);
	return rc;
}

int figures_load_text(struct figures *f, const char *text, uint64_t bytes, const char *name,
                      struct config_error *error)
{
	const struct report r = {.error = error, .name = name};
	struct arena *a = arena_create();
	struct tree_node *root;

	*f = (struct figures){0};
	*error = (struct config_error){0};
	if (a == NULL)
		return report_no_memory(&r);
	int rc = yaml_read(a, &r, text, bytes, &root);

	if (rc == 0)
		rc = root->kind == TREE_MAPPING
		             ? take(f, a, &r, root)
		             : report_error(&r, root->line, "yaml", "the file is not a mapping");
	if (rc != 0) {
		arena_destroy(a);
		*f = (struct figures){0};
		return rc;
	}
	f->arena = a;
	return 0;
}

int figures_load(struct figures *f, const char *path, struct config_error *error)
{
	const struct report r = {.error = error, .name = path};
	static char text[TREE_FILE_BYTES_MAX + 1];

	*f = (struct figures){0};
	*error = (struct config_error){0};
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return report_error(&r, 0, NULL, "cannot be read: %s", strerror(errno));
	size_t bytes = fread(text, 1, sizeof(text), file);
	bool failed = ferror(file) != 0;

	fclose(file);
	if (failed)
		return report_error(&r, 0, NULL, "cannot be read");
	return figures_load_text(f, text, bytes, path, error);
}

void figures_finish(struct figures *f)
{
	arena_destroy(f->arena);
	*f = (struct figures){0};
}

const struct figures_row *figures_row(const struct figures *f, const char *table, const char *key)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (strcmp(f->rows[i].table, table) == 0 && strcmp(f->rows[i].key, key) == 0)
			return &f->rows[i];
	return NULL;
}

const char *figures_cell(const struct figures *f, const char *table, const char *key,
                         const char *version)
{
	const struct figures_row *row = figures_row(f, table, key);

	for (uint32_t i = 0; row != NULL && i < FIGURES_VERSIONS; i++)
		if (strcmp(figures_versions[i], version) == 0)
			return row->cells[i];
	return "";
}
