/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What DEEP and TOPS do alike. Semantics: IEX DEEP Specification 1.0, IEX TOPS Specification 1.6.
 *
 *     T        trade, printable
 *     B        components hear of the broken trade; volume stays
 *     H O P    trading state, operational halt, short-sale state
 *     S        system event: view, board, raw to every group
 *     others   raw to the symbol's groups
 *
 * Every T counts as volume: IEX reports each execution once and counts extended-hours, odd-lot and
 * trade-through-exempt executions as its volume; whoever wants only some of them reads the sale
 * condition flags in on_message. Auction and official prices (A, X) are no executions.
 */
#ifndef DATAPLANE_SHARD_APPLY_IEX_H
#define DATAPLANE_SHARD_APPLY_IEX_H

#include "dataplane/shard/shard_private.h"
#include "dataplane/wire/iex.h"

/* A message's effect on one member's book, news of it included. False: the group was quarantined.
 */
typedef bool apply_iex_book(struct walk *w, struct member *m, uint32_t slot);

/* The message at w, which the protocol knows, to every group that takes its symbol. */
void apply_iex_routed(struct walk *w, apply_iex_book *book);
/* S: a message about the feed, not a symbol. */
void apply_iex_system(struct walk *w);
/* The types that both have. */
bool apply_iex_common(struct walk *w, struct member *m, uint32_t slot);

#endif
