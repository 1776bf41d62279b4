/* SPDX-License-Identifier: BSD-3-Clause
 *
 * File: all of a file into memory that is given. Control side.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdint.h>

/* At most `room` bytes. 0; -errno; */
int file_read(const char *path, char *out, uint64_t room, uint64_t *bytes);

#endif
