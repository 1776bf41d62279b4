/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Manual: man pages and bash completion, from the commands' tables and the configuration's.
 */
#ifndef APP_MANUAL_H
#define APP_MANUAL_H

#include <stdio.h>

#include "app/argument.h"

/* commands: up to NULL. */
void manual_program(const struct command *const *commands, FILE *out); /* genesis.1 */
void manual_command(const struct command *c, FILE *out);               /* genesis-COMMAND.1 */
void manual_config(FILE *out);                                         /* genesis.yaml.5 */

void completion_bash(const struct command *const *commands, FILE *out);

#endif
