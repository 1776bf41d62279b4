/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The services' part of a status: who is asked, by which core, and how that goes.
 */
#ifndef APP_STATUS_SERVICE_H
#define APP_STATUS_SERVICE_H

#include <jansson.h>
#include <stdio.h>

#include "app/shared.h"

/* Of an engine that asks nobody: nothing. */
void status_services_text(const struct shared *s, FILE *out);
json_t *status_services_json(const struct shared *s);
/* "normal", ...: what the engine's mode is called. */
const char *status_mode_text(const struct shared *s);

#endif
