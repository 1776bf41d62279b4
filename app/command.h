/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The commands of `genesis`. Each reads its own options, prints its own help and returns an exit
 * code: 0 done, 1 it could not be done (an input cannot be read, a check failed), 2 wrong usage or
 * configuration.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include <stdint.h>

#include "config/config.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* argv[0] is the command's name. */
int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_books(int argc, char **argv);
int command_status(int argc, char **argv);
int command_simulate(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_exchange(int argc, char **argv);
int command_version(int argc, char **argv);

/* "genesis COMMAND: text" on stderr, with where to look for help; returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int command_usage(const char *command, const char *format,
                                                        ...);
/* The same without the pointer to help; returns EXIT_FAILED. */
__attribute__((format(printf, 2, 3))) int command_failed(const char *command, const char *format,
                                                         ...);

/* Loads a configuration against this program's protocols; EXIT_OK, or EXIT_USAGE with the message
 * printed. */
int command_load_config(const char *command, const char *path, struct config *c);

/* A whole number in [min, max] out of text; 0, or -EINVAL. */
int command_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* "ADDR:PORT" -> host order. 0 or -EINVAL. */
int command_address(const char *text, uint32_t *address, uint16_t *port);

#endif
