/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Store: the messages of a day by session and sequence, as a re-request server keeps them, and how
 * far each session has been told of: what lies beyond was not sent yet, and nobody may have it.
 *
 * Allocates as it grows. One owner.
 */
#ifndef PERF_DAY_STORE_H
#define PERF_DAY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_STORE_RUNS_MAX      64u
#define DAY_STORE_SESSION_BYTES 10u
/* A session's sequences lie within so many of its first one. */
#define DAY_STORE_SPAN_MAX (1ull << 30)

struct day_store;

/* 0 or -ENOMEM. */
int day_store_create(struct day_store **out);
void day_store_destroy(struct day_store *s); /* NULL is fine */

/* Names a run, counted from 0; once more changes nothing. 0, -EINVAL (too many), -ENOMEM. */
int day_store_open(struct day_store *s, uint32_t run, const char session[DAY_STORE_SESSION_BYTES]);
/* A message of an open run, in any order; one that is there stays as it is. 0, -ENOMEM, or -ERANGE:
 * out of the span, or longer than 65,535 bytes. */
int day_store_add(struct day_store *s, uint32_t run, uint64_t sequence, const uint8_t *data,
                  uint32_t bytes);
/* The messages before `end` of the run were sent, on some line or on none. Never goes back. */
void day_store_tell(struct day_store *s, uint32_t run, uint64_t end);

/* Which run has this name; UINT32_MAX: none. */
uint32_t day_store_run(const struct day_store *s, const uint8_t *session);
const char *day_store_session(const struct day_store *s, uint32_t run); /* not terminated */
/* The sequence that comes next: all before it were told of. 1 or more. */
uint64_t day_store_told(const struct day_store *s, uint32_t run);
/* The first sequence that a message of the run was added for, or a little before it; 1: none was.
 */
uint64_t day_store_first(const struct day_store *s, uint32_t run);
/* The run told of last; UINT32_MAX: nothing was. */
uint32_t day_store_run_now(const struct day_store *s);
/* A message that was told of; NULL: not that, or not here. Stays where it is. */
const uint8_t *day_store_find(const struct day_store *s, uint32_t run, uint64_t sequence,
                              uint32_t *bytes);
uint64_t day_store_messages(const struct day_store *s);

#endif
