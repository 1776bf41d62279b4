/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A shared block as text or JSON: what `status` shows of a running engine and `run` prints at its
 * end. Names, units and helps come from the counter tables (dataplane/stats.h); nothing is listed
 * twice.
 */
#ifndef APP_STATUS_TEXT_H
#define APP_STATUS_TEXT_H

#include <stdio.h>

#include "app/shared.h"

void status_text(const struct shared *s, FILE *out);
/* Every counter there is, by table. 0 or -EIO. */
int status_json(const struct shared *s, FILE *out);
/* Every counter's id, unit, kind and help, for people. */
void status_counters(FILE *out);

/* "1.234 us": nanoseconds for people, into text[16]. */
const char *status_duration(uint64_t ns, char text[16]);

#endif
