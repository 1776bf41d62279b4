/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Report of servers: what was asked of each, and what came of it.
 */
#ifndef APP_EXCHANGE_REPORT_SERVERS_H
#define APP_EXCHANGE_REPORT_SERVERS_H

#include <stdio.h>

#include "app/exchange_servers.h"

/* Members of an object: `"servers": [...],`, and `"glimpse": {...},` where there is one. */
void exchange_report_servers_json(const struct exchange_servers *s, FILE *out);
/* A line each. */
void exchange_report_servers_text(const struct exchange_servers *s, FILE *out);

#endif
