/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The commands of `genesis`. Each has a table (argument.h) that its options, help, man page and
 * completion come from, and returns an exit code: 0 done, 1 it could not be done (an input cannot
 * be read, a check failed), 2 wrong usage or configuration.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include <stdint.h>

#include "app/argument.h"
#include "config/config.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
/* What a command returns when it was asked for its help only; main() makes EXIT_OK of it. */
enum { COMMAND_HELPED = -1 };

extern const struct command command_run;
extern const struct command command_check;
extern const struct command command_replay;
extern const struct command command_books;
extern const struct command command_status;
extern const struct command command_simulate;
extern const struct command command_chaos;
extern const struct command command_demo;
extern const struct command command_exchange;
extern const struct command command_version;
extern const struct command command_help;

/* All of them, up to NULL; by name, or NULL; the list as people see it. */
extern const struct command *const command_all[];
const struct command *command_find(const char *name);
void command_list(FILE *out);

/* "genesis COMMAND: text" on stderr, with where to look for help; returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int command_usage(const char *command, const char *format,
                                                        ...);
/* The same without the pointer to help; returns EXIT_FAILED. */
__attribute__((format(printf, 2, 3))) int command_failed(const char *command, const char *format,
                                                         ...);

/* Loads a configuration against this program's protocols; EXIT_OK, or EXIT_USAGE with the message
 * printed. */
int command_load_config(const char *command, const char *path, struct config *c);
/* The same with another profile than the file's; NULL: that. */
int command_load_profiled(const char *command, const char *path, const char *profile,
                          struct config *c);

/* A whole number in [min, max] out of text; 0, or -EINVAL. */
int command_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* "ADDR:PORT" -> host order. 0 or -EINVAL. */
int command_address(const char *text, uint32_t *address, uint16_t *port);

#endif
