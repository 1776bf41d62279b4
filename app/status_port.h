/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ports' part of a status, as text and as JSON, and how any table of counters is shown.
 */
#ifndef APP_STATUS_PORT_H
#define APP_STATUS_PORT_H

#include <jansson.h>
#include <stdio.h>

#include "app/shared.h"
#include "dataplane/stats.h"

/* The counters that are not zero, wrapped; the first line of them behind `indent`. */
void status_counters_text(FILE *out, const struct counter_table *t, const _Atomic uint64_t *words,
                          const char *indent);
/* All of them, as a new object. */
json_t *status_counters_json(const struct counter_table *t, const _Atomic uint64_t *words);

void status_port_text(const struct shared *s, uint32_t port, FILE *out);
json_t *status_port_json(const struct shared *s, uint32_t port);

#endif
