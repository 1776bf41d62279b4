/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an IEX DEEP 1.0 message does. Semantics: IEX DEEP Specification 1.0. Besides what
 * apply_iex.h says:
 *
 *     8 5      quantity of a price level, 0 removes it
 *     E        security event
 *
 * A level update without the event flag is followed by more of the same event. Books and components
 * get each at once; the board's row is written when the event is complete, so nobody outside sees a
 * book that is crossed for the moment.
 */
#include "dataplane/shard/apply_iex.h"
#include "dataplane/wire/deep.h"

static const char no_reason[4] = {' ', ' ', ' ', ' '};

static bool deep_book(struct walk *w, struct member *m, uint32_t slot)
{
	struct book_set *s = &m->group->books;
	const uint8_t *b = w->bytes;
	struct book_change c;

	switch (iex_type(b)) {
	case DEEP_LEVEL_BUY:
	case DEEP_LEVEL_SELL:
		book_level_update(s, slot, iex_type(b) == DEEP_LEVEL_BUY ? BOOK_BID : BOOK_ASK,
		                  deep_level_price(b), deep_level_size(b), &c);
		break;
	case DEEP_SECURITY_EVENT:
		book_status(s, slot, BOOK_WORD_SECURITY_EVENT, (char)iex_flags(b), no_reason, &c);
		break;
	default:
		return apply_iex_common(w, m, slot);
	}
	return walk_change(w, m, slot, &c);
}

void apply_deep(struct walk *w)
{
	const uint8_t *m = w->bytes;

	if (w->length == 0 || deep_length(m[0]) == 0 || w->length < deep_length(m[0]))
		return;
	if (m[0] == IEX_SYSTEM_EVENT) {
		apply_iex_system(w);
		return;
	}
	if (m[0] == DEEP_LEVEL_BUY || m[0] == DEEP_LEVEL_SELL)
		w->event = deep_level_event_complete(m) ? EVENT_COMPLETE : EVENT_OPEN;
	apply_iex_routed(w, deep_book);
}
