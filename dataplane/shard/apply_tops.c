/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an IEX TOPS 1.6 message does. Semantics: IEX TOPS Specification 1.6. Besides what
 * apply_iex.h says:
 *
 *     Q        the whole book of the symbol: one level per side, or none where the size is 0
 *
 * A quote moves both sides at once. The book takes it in one step, and only then do components hear
 * of it, level by level: what was quoted and is not any more, then what is.
 */
#include "dataplane/shard/apply_iex.h"
#include "dataplane/wire/tops.h"

static bool tops_quote(struct walk *w, struct member *m, uint32_t slot)
{
	const uint8_t *b = w->bytes;
	struct book_quote q = {
	        .price = {tops_quote_bid_price(b), tops_quote_ask_price(b)},
	        .quantity = {tops_quote_bid_size(b), tops_quote_ask_size(b)},
	};
	struct book_change c[BOOK_QUOTE_CHANGES_MAX];
	uint32_t count = book_level_quote(&m->group->books, slot, &q, c);

	if (count == 0) {
		/* Nothing is new, but the book may be confirmed by it. */
		c[0] = (struct book_change){.kind = BOOK_CHANGE_NONE};
		return walk_change(w, m, slot, &c[0]);
	}
	for (uint32_t i = 0; i < count; i++)
		if (!walk_change(w, m, slot, &c[i]))
			return false;
	return true;
}

static bool tops_book(struct walk *w, struct member *m, uint32_t slot)
{
	return iex_type(w->bytes) == TOPS_QUOTE ? tops_quote(w, m, slot)
	                                        : apply_iex_common(w, m, slot);
}

void apply_tops(struct walk *w)
{
	const uint8_t *m = w->bytes;

	if (w->length == 0 || tops_length(m[0]) == 0 || w->length < tops_length(m[0]))
		return;
	if (m[0] == IEX_SYSTEM_EVENT)
		apply_iex_system(w);
	else
		apply_iex_routed(w, tops_book);
}
