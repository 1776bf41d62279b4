/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Looking ahead in the log: a second reader, before the one that applies, tells the books which
 * orders come (book_ahead.h). It claims nothing, since the lane's cursor behind it does, and
 * decides nothing: where the two differ in what they take for interesting, time is lost and nothing
 * else.
 */
#include <assert.h>

#include "dataplane/shard/shard_private.h"

static void look_restart(struct look_ahead *k)
{
	k->cursor = *k->from;
	k->left = 0;
	k->lead = 0;
	k->dry = false;
}

void look_ahead_begin(struct walk *w, const struct log_cursor *from)
{
	struct look_ahead *k = &w->lane->look;

	w->look = w->lane->setup->protocol->by_order;
	if (!w->look)
		return;
	k->from = from;
	book_ahead_init(&k->books);
	look_restart(k);
}

/* To the next record with messages for this lane, as far as the head is known. */
static bool look_next_record(const struct walk *w, struct look_ahead *k)
{
	while (k->cursor.position < k->cursor.head) {
		const struct record *r = cursor_next(&k->cursor);

		if (r == NULL)
			break;
		if (r->kind != RECORD_DATA || (r->interest & w->view->interest) == 0)
			continue;
		k->at = record_payload(r);
		k->end = k->at + r->payload_bytes;
		k->left = r->count;
		return true;
	}
	return false;
}

static void look_at(const struct walk *w, struct look_ahead *k, const uint8_t *bytes,
                    uint32_t length)
{
	struct book_intent intent;

	if (!apply_itch_intent(w, bytes, length, &intent))
		return;
	const struct book_set *set = w->lane->by_reference
	                                     ? &w->shard->members[w->lane->members[0]].group->books
	                                     : apply_itch_set(w, bytes);

	if (set != NULL)
		book_ahead_add(&k->books, set, &intent);
}

void look_ahead_step(const struct walk *w)
{
	struct look_ahead *k = &w->lane->look;
	const struct protocol *p = w->lane->setup->protocol;

	k->lead -= k->lead != 0;
	if (k->dry && k->cursor.head == k->from->head)
		return;
	if (k->dry) /* the walk has learned of more */
		look_restart(k);
	for (; k->lead < BOOK_AHEAD_MAX; k->lead++) {
		if (k->left == 0 && !look_next_record(w, k)) {
			k->dry = true;
			book_ahead_finish(&k->books);
			return;
		}
		uint32_t length = k->end - k->at < 2 ? 0 : protocol_block_length(p, k->at);

		/* As in walk_data(): lengths were checked when the record was appended. */
		if (k->end - k->at < 2 || (uint64_t)(k->end - k->at) < 2u + (uint64_t)length) {
			k->left = 0;
			continue;
		}
		look_at(w, k, k->at + 2, length);
		k->at += 2u + length;
		k->left--;
	}
}
