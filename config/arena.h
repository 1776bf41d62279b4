/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Arena: everything one configuration owns, given back in one go.
 *
 * Memory only grows until arena_destroy(), and never beyond ARENA_BYTES_MAX, so that no file,
 * however hostile, can take more. Control side, before the loops start.
 */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stdint.h>

#define ARENA_BYTES_MAX (32ull << 20)

struct arena;

struct arena *arena_create(void);    /* NULL: out of memory */
void arena_destroy(struct arena *a); /* accepts NULL */

/* Zeroed, aligned for any type, valid until arena_destroy(). NULL: out of memory, or the bound is
 * reached. */
void *arena_take(struct arena *a, uint64_t bytes);
/* A copy of bytes[0..count) with a terminator. NULL as above. */
char *arena_text(struct arena *a, const char *bytes, uint64_t count);

#endif
