/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Figures: the report's three tables as data (perf/chaos/report.yaml), text as it stands there, a
 * row per line and a column per version. Read once, then const.
 */
#ifndef PERF_FIGURES_H
#define PERF_FIGURES_H

#include <stdint.h>

#include "config/config.h"

#define FIGURES_ROWS_MAX 32u
#define FIGURES_VERSIONS 5u

extern const char *const figures_versions[FIGURES_VERSIONS]; /* "original" to "ultimate" */

struct figures_row {
	const char *table; /* "scenarios", "global", "latency" */
	const char *key;
	const char *label;
	const char *cells[FIGURES_VERSIONS]; /* "": the report has none */
};

struct figures {
	struct figures_row rows[FIGURES_ROWS_MAX];
	uint32_t count;
	void *arena;
};

/* 0; -errno with *error filled. On success free with figures_finish(). */
int figures_load(struct figures *f, const char *path, struct config_error *error);
int figures_load_text(struct figures *f, const char *text, uint64_t bytes, const char *name,
                      struct config_error *error);
void figures_finish(struct figures *f); /* accepts a zeroed struct */

/* The row of a table, or NULL. */
const struct figures_row *figures_row(const struct figures *f, const char *table, const char *key);
/* The report's cell for a profile; "" where it has none. */
const char *figures_cell(const struct figures *f, const char *table, const char *key,
                         const char *version);

#endif
