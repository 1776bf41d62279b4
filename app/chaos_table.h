/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Table: what a suite measured, beside the report's figures: as text for people, as JSON for
 * programs, as a picture. Ours first, the report's in brackets.
 */
#ifndef APP_CHAOS_TABLE_H
#define APP_CHAOS_TABLE_H

#include <stdint.h>
#include <stdio.h>

#include "app/chaos_suite.h"
#include "app/chaos_trial.h"

#define CHAOS_CELL_BYTES 64u

/* The scenario's result in a word or a number: "99.98%", "full in 12.5s", "SAFE, LATENCY". */
void chaos_table_cell(const struct scenario *s, const struct chaos_result *r,
                      char out[CHAOS_CELL_BYTES]);
/* "2.5s", "310us". */
void chaos_table_time(uint64_t ns, char out[CHAOS_CELL_BYTES]);

void chaos_table_print(const struct chaos_suite *s, FILE *out);
void chaos_table_print_trials(const struct chaos_trials *t, FILE *out);

/* One document; trials may be NULL. 0 or -errno. (chaos_json.c) */
int chaos_json_print(const struct chaos_suite *s, const struct chaos_trials *t, FILE *out);

/* Success by scenario and profile, by gnuplot; .svg or .png. 0; -ENOENT: there is no gnuplot;
 * -EINVAL: another ending; -EIO: it failed. (chaos_plot.c) */
int chaos_plot(const struct chaos_suite *s, const char *path);

#endif
