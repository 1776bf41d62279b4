/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A reader's place in a log: a follower, the copy of the record it stands in, and what is needed to
 * say whom a message is about and exactly what was missed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/genesis_private.h"
#include "dataplane/wire/packet.h"

#define OVERTAKEN_MAX 16u /* in one call; then the caller hears "nothing new" and calls again */

static_assert((int)GENESIS_GAP_AGE == (int)GAP_AGE, "the log's format, published");
static_assert((int)GENESIS_GAP_REFUSED == (int)GAP_REFUSED && GAP_REASON_COUNT == 7, "");
static_assert((int)GENESIS_TIME_TURN == (int)TIME_TURN, "");
static_assert((int)GENESIS_TIME_CAPTURE == (int)TIME_CAPTURE, "");

int genesis_log_open(struct genesis_log **out, const struct genesis *g, uint32_t feed, char *error)
{
	if (feed >= g->source_count) {
		snprintf(error, GENESIS_ERROR_BYTES, "there is no feed %u, the engine has %u", feed,
		         g->source_count);
		return -ENOENT;
	}
	struct genesis_log *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		snprintf(error, GENESIS_ERROR_BYTES, "out of memory");
		return -ENOMEM;
	}
	l->source = &g->sources[feed];
	follower_init(&l->follower, &l->source->log, false);
	int rc = genesis_log_to_head(l);

	if (rc != 0) {
		snprintf(error, GENESIS_ERROR_BYTES, "the log of feed %.40s is damaged",
		         l->source->shared->name);
		free(l);
		return rc;
	}
	error[0] = '\0';
	*out = l;
	return 0;
}

void genesis_log_close(struct genesis_log *l)
{
	free(l);
}

/* ---- symbols ---- */

static void locates_enter(struct genesis_log *l, uint32_t epoch)
{
	if (l->locates_epoch == epoch)
		return;
	memset(l->locates, 0, sizeof(l->locates));
	l->locates_epoch = epoch;
}

/* A symbol told by name binds its locate; one told by locate is known from before, or from the
 * engine's own table while that is of the same session. */
static uint32_t symbol_of(struct genesis_log *l, const uint8_t *message, uint32_t bytes)
{
	const struct genesis_source *s = l->source;
	struct message_subject subject = s->protocol->subject(message, bytes);

	if (subject.locate == 0 && subject.name == 0)
		return GENESIS_NONE;
	uint32_t *known = &l->locates[subject.locate];

	if (subject.name == 0 && *known != 0)
		return *known - 1;
	if (subject.name == 0)
		subject.name = message_scan_locate(s->scan, subject.locate, l->locates_epoch - 1u);
	uint32_t id = directory_find(&s->directory, subject.name);

	if (subject.locate != 0 && id != SYMBOL_NONE)
		*known = id + 1;
	return id;
}

/* ---- records ---- */

uint64_t reader_gap(const struct genesis_log *l, uint32_t *reason)
{
	struct record_gap gap;

	memcpy(&gap, record_payload(reader_record(l)), sizeof(gap));
	*reason = gap.reason;
	return gap.missing;
}

/* What a record has to have for its kind; lengths were checked by the follower. */
static bool is_whole(const struct record *r)
{
	switch ((enum record_kind)r->kind) {
	case RECORD_GAP:
		return r->payload_bytes >= sizeof(struct record_gap);
	case RECORD_RESET:
		return r->payload_bytes >= sizeof(struct record_reset);
	case RECORD_DATA:
	case RECORD_END:
		return true;
	case RECORD_PAD:
		break;
	}
	return false;
}

int reader_fetch(struct genesis_log *l)
{
	if (l->is_corrupt)
		return -EPROTO;
	for (uint32_t i = 0; !l->has_record && i < OVERTAKEN_MAX; i++) {
		uint64_t missed_bytes = l->follower.missed_bytes;
		enum follower_verdict v =
		        follower_next(&l->follower, (void *)l->copy, sizeof(l->copy));

		switch (v) {
		case FOLLOWER_AT_HEAD:
			return 0;
		case FOLLOWER_RECORD:
			l->is_corrupt = !is_whole(reader_record(l));
			l->has_record = !l->is_corrupt;
			l->left =
			        reader_record(l)->kind == RECORD_DATA ? reader_record(l)->count : 0;
			l->offset = 0;
			break;
		case FOLLOWER_MISSED:
			missed_bytes = l->follower.missed_bytes - missed_bytes;
			l->missed_bytes += missed_bytes;
			l->has_missed = true;
			break;
		case FOLLOWER_CORRUPT:
			l->is_corrupt = true;
			break;
		}
		if (l->is_corrupt)
			return -EPROTO;
	}
	return l->has_record;
}

uint64_t reader_sequence(const struct genesis_log *l)
{
	const struct record *r = reader_record(l);

	return r->kind == RECORD_DATA ? r->first_sequence + (r->count - l->left)
	                              : r->first_sequence;
}

static void tell_missed(struct genesis_log *l, struct genesis_event *e)
{
	const struct record *r = reader_record(l);

	*e = (struct genesis_event){
	        .kind = GENESIS_MISSED,
	        .epoch = l->epoch,
	        .sequence = l->sequence,
	        .messages =
	                l->epoch == r->epoch ? reader_sequence(l) - l->sequence : GENESIS_UNKNOWN,
	        .time_ns = r->time_ns,
	        .time_source = r->time_source,
	        .symbol = GENESIS_NONE,
	        .missed_bytes = l->missed_bytes,
	        .end_sequence = reader_sequence(l),
	        .end_epoch = r->epoch,
	};
	l->stats.missed_times++;
	l->stats.missed_bytes += l->missed_bytes;
	if (e->messages != GENESIS_UNKNOWN)
		l->stats.missed_messages += e->messages;
	l->has_missed = false;
	l->missed_bytes = 0;
	l->sequence = e->end_sequence;
	l->epoch = e->end_epoch;
}

/* The next message of a DATA record; false: its blocks do not add up. */
static bool take_message(struct genesis_log *l, struct genesis_event *e)
{
	const struct record *r = reader_record(l);
	const uint8_t *block = record_payload(r) + l->offset;

	if (r->payload_bytes - l->offset < 2)
		return false;
	e->data_bytes = protocol_block_length(l->source->protocol, block);
	if (e->data_bytes > r->payload_bytes - l->offset - 2)
		return false;
	e->sequence = reader_sequence(l);
	e->messages = 1;
	e->data = block + 2;
	e->symbol = symbol_of(l, e->data, e->data_bytes);
	l->offset += 2 + e->data_bytes;
	l->left--;
	l->has_record = l->left != 0;
	l->sequence = e->sequence + 1;
	l->stats.messages++;
	return true;
}

static void take_session(struct genesis_log *l, struct genesis_event *e)
{
	const struct record *r = reader_record(l);

	e->data = record_payload(r);
	while (e->data_bytes < sizeof(struct record_reset) && e->data[e->data_bytes] != '\0')
		e->data_bytes++;
}

bool reader_take(struct genesis_log *l, struct genesis_event *e)
{
	const struct record *r = reader_record(l);

	*e = (struct genesis_event){
	        .epoch = r->epoch,
	        .sequence = r->first_sequence,
	        .time_ns = r->time_ns,
	        .time_source = r->time_source,
	        .symbol = GENESIS_NONE,
	};
	l->epoch = r->epoch;
	locates_enter(l, r->epoch);
	switch ((enum record_kind)r->kind) {
	case RECORD_DATA:
		e->kind = GENESIS_MESSAGE;
		return take_message(l, e);
	case RECORD_GAP:
		e->kind = GENESIS_GAP;
		e->messages = reader_gap(l, &e->reason);
		l->stats.gaps++;
		l->stats.gap_messages += e->messages;
		break;
	case RECORD_RESET:
		e->kind = GENESIS_RESET;
		take_session(l, e);
		break;
	case RECORD_END:
		e->kind = GENESIS_END;
		break;
	case RECORD_PAD:
		break;
	}
	l->has_record = false;
	l->sequence = r->first_sequence + e->messages;
	return true;
}

int genesis_log_next(struct genesis_log *l, struct genesis_event *e, size_t bytes)
{
	struct genesis_event own;
	struct genesis_event *to = bytes == sizeof(own) ? e : &own;
	int rc = reader_fetch(l);

	while (rc > 0 && reader_record(l)->kind == RECORD_DATA && l->left == 0) {
		l->has_record = false;
		rc = reader_fetch(l);
	}
	if (rc <= 0)
		return rc;
	if (l->has_missed) {
		tell_missed(l, to);
	} else if (!reader_take(l, to)) {
		l->is_corrupt = true;
		return -EPROTO;
	}
	if (to != e)
		reader_give(e, bytes, to, sizeof(own));
	return 1;
}

int genesis_log_stats_read(const struct genesis_log *l, struct genesis_log_stats *s, size_t bytes)
{
	struct genesis_log_stats own = l->stats;
	uint64_t head = log_head(&l->source->log);
	uint64_t tail = log_tail(&l->source->log);

	own.lag_bytes = head - l->follower.position;
	own.held_bytes = head - (tail < head ? tail : head);
	reader_give(s, bytes, &own, sizeof(own));
	return 0;
}
