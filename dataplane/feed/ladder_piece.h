/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ladder's pieces: parts of ranges that fit a reply, each an operation under way or one to
 * come. Part of the ladder (ladder.h).
 */
#ifndef DATAPLANE_FEED_LADDER_PIECE_H
#define DATAPLANE_FEED_LADDER_PIECE_H

#include "dataplane/feed/ladder.h"

/* Asks for pieces that wait for it, then cuts new ones from the range while there is room. */
void ladder_piece_ask_waiting(struct ladder *l, struct arbiter *a, uint64_t now_ns,
                              struct ladder_output *out, uint32_t *count, uint32_t max);
/* False: no more asks now. */
bool ladder_piece_cut(struct ladder *l, struct arbiter *a, struct ladder_range *r, uint64_t now_ns,
                      struct ladder_output *out, uint32_t *count, uint32_t max);
/* Forgets pieces of which nothing is missing any more, and recalls their asks. False: no room. */
bool ladder_piece_prune(struct ladder *l, const struct arbiter *a, struct ladder_output *out,
                        uint32_t *count, uint32_t max);
/* All of them. False: no room. */
bool ladder_piece_clear(struct ladder *l, struct ladder_output *out, uint32_t *count, uint32_t max);
/* To be given up for that reason as soon as the stream comes to it. */
void ladder_piece_give_up(struct ladder *l, struct ladder_piece *p, enum gap_reason reason);
void ladder_piece_free(struct ladder *l, struct ladder_piece *p);

#endif
