/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The end of a world's market data: every message is accounted for, every question has ended, and
 * the books are those of a second engine and of the referee.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/chaos_world.h"
#include "app/world_asker.h"
#include "app/world_day.h"
#include "dataplane/wire/bytes.h"

#define REFERENCE_BYTES    8192u /* of a packet's blocks */
#define REFERENCE_MESSAGES 60u   /* in a packet, at most */
#define SESSION            "SIMULATE01"

struct missing { /* ranges of messages that no line brought */
	struct day_range *ranges;
	uint64_t count;
	uint64_t messages;
};

static bool is_brought(const struct world_day *d, uint64_t i)
{
	return (d->brought[i / 8] >> i % 8 & 1) != 0;
}

static int find_missing(const struct world_day *d, struct missing *out)
{
	uint64_t room = 0;

	*out = (struct missing){0};
	for (uint64_t i = 0; i < d->messages.count; i++) {
		if (is_brought(d, i))
			continue;
		out->messages++;
		if (i > 0 && !is_brought(d, i - 1)) {
			out->ranges[out->count - 1].count++;
			continue;
		}
		if (out->count == room) {
			room = room == 0 ? 16 : 2 * room;
			struct day_range *more = realloc(out->ranges, room * sizeof(*more));

			if (more == NULL)
				return -ENOMEM;
			out->ranges = more;
		}
		out->ranges[out->count++] =
		        (struct day_range){.ordinal = i, .sequence = i + 1, .count = 1};
	}
	return 0;
}

/* ---- accounts ---- */

static void check_messages(struct chaos_world *w, const struct missing *missing)
{
	const struct world_day *d = w->day;
	const struct engine *e = d->engine.engine;
	const struct arbiter_stats *a = arbiter_stats(&e->feeds[0].receive.arbiter);
	struct world_day_result *r = &w->result->day;

	r->delivered = e->feeds[0].scan->counts.messages;
	r->lost = a->lost_messages;
	r->gaps = a->gaps;
	r->duplicates = a->duplicates;
	r->healed = a->healed;
	r->handed_over = e->cores[0].receiver.stats.taken_over;
	if (r->delivered + r->lost != r->messages)
		chaos_broken(w, 2, "%" PRIu64 " delivered + %" PRIu64 " lost, the day has %" PRIu64,
		             r->delivered, r->lost, r->messages);
	if (r->lost != missing->messages)
		chaos_broken(w, 2, "%" PRIu64 " lost, no line brought %" PRIu64, r->lost,
		             missing->messages);
	if (r->gaps != missing->count)
		chaos_broken(w, 2, "%" PRIu64 " gaps, %" PRIu64 " ranges were brought by no line",
		             r->gaps, missing->count);
}

static void check_questions(struct chaos_world *w)
{
	struct world_day_result *r = &w->result->day;
	uint64_t out = 0;

	for (uint32_t i = 0; i < w->item_count; i++)
		out += w->items[i].state != CHAOS_ITEM_FREE && !w->items[i].is_request &&
		       w->members[w->items[i].component].group != NULL;
	for (uint32_t i = w->scenario->components; i < w->member_count; i++) {
		r->asked += w->members[i].seen_ever;
		r->unasked += w->members[i].pending;
		r->groups_lost += !w->members[i].is_alive;
	}
	if (r->asked != r->ended + out)
		chaos_broken(w, 4,
		             "groups asked %" PRIu64 " questions, %" PRIu64 " ended, %" PRIu64
		             " are under way",
		             r->asked, r->ended, out);
}

/* ---- the reference engine ---- */

/* As many of the messages from i on as the dice and the packet allow; none beyond `end`. */
static uint64_t fill(const struct world_messages *m, uint64_t i, uint64_t end, uint64_t want,
                     struct feed_packet *packet, uint8_t blocks[REFERENCE_BYTES])
{
	*packet = (struct feed_packet){
	        .session = {SESSION}, .first_sequence = i + 1, .blocks = blocks};
	for (; i < end && packet->block_count < want; i++, packet->block_count++) {
		uint32_t bytes = (uint32_t)(m->offsets[i + 1] - m->offsets[i]);

		put_be16(blocks + packet->block_bytes, (uint16_t)bytes);
		memcpy(blocks + packet->block_bytes + 2, m->bytes + m->offsets[i], bytes);
		packet->block_bytes += 2 + bytes;
	}
	packet->claimed_count = packet->block_count;
	return i;
}

/* Gives it what was brought, in order, cut by other dice, and the same ranges missing. */
static void feed_reference(struct world_engine *reference, const struct world_messages *m,
                           const struct missing *missing, uint64_t seed)
{
	struct receiver_feed *f = &reference->engine->feeds[0].receive;
	struct feed_packet packet;
	uint8_t blocks[REFERENCE_BYTES];
	struct prng p;
	uint64_t range = 0;
	uint64_t i = 0;

	prng_init(&p, seed);
	/* As lines do: a session is joined at its first number, though that message may be missing.
	 */
	packet = (struct feed_packet){
	        .session = {SESSION}, .first_sequence = 1, .kind = FEED_HEARTBEAT};
	arbiter_on_packet(&f->arbiter, 0, &packet, 0, TIME_CAPTURE);
	while (i < m->count) {
		if (range < missing->count && missing->ranges[range].ordinal == i) {
			i += missing->ranges[range++].count;
			continue;
		}
		uint64_t end = range < missing->count ? missing->ranges[range].ordinal : m->count;
		uint64_t most = prng_below(&p, 8) == 0 ? REFERENCE_MESSAGES : 3;

		i = fill(m, i, end, 1 + prng_below(&p, most), &packet, blocks);
		arbiter_on_packet(&f->arbiter, 0, &packet, i, TIME_CAPTURE);
		log_writer_publish(&f->log);
		if (prng_below(&p, 16) == 0)
			world_engine_drain(reference, i);
	}
	packet = (struct feed_packet){
	        .session = {SESSION}, .first_sequence = m->count + 1, .kind = FEED_END};
	arbiter_on_packet(&f->arbiter, 0, &packet, i, TIME_CAPTURE);
	arbiter_on_input_end(&f->arbiter, i);
	log_writer_publish(&f->log);
	world_engine_drain(reference, i);
}

static int compare_books(struct chaos_world *w, const struct world_engine *reference,
                         uint32_t groups, const struct missing *missing)
{
	const struct world_messages *m = &w->day->messages;
	size_t bytes[2] = {0, 0};
	char *ours = world_engine_books(&w->day->engine, groups, &bytes[0]);
	char *theirs = world_engine_books(reference, groups, &bytes[1]);
	int rc = 0;

	if (ours == NULL || theirs == NULL)
		rc = -ENOMEM;
	else if (bytes[0] != bytes[1] || memcmp(ours, theirs, bytes[0]) != 0)
		chaos_broken(w, 1, "books differ from those of the same messages in other packets");
	else if (missing->count == 0 && groups == WORLD_GROUPS_ALL &&
	         (bytes[0] != m->books_bytes || memcmp(ours, m->books, bytes[0]) != 0))
		chaos_broken(w, 1, "books differ from the referee's");
	free(ours);
	free(theirs);
	return rc;
}

static uint64_t gaps_told(const struct world_engine *e)
{
	return shard_stats(e->engine->shards[0])->gaps_seen;
}

/* What components make of the messages; and all bytes, unless a range that is missing was told in
 * other parts here than there: book sets number what they are told. */
static void compare_state(struct chaos_world *w, const struct world_engine *reference,
                          uint32_t groups)
{
	const struct world_engine *ours = &w->day->engine;
	uint64_t at = 0;

	for (uint32_t i = 0; i < WORLD_GROUPS; i++) {
		const struct world_asker_state *a =
		        world_asker_state(&ours->engine->groups[i].group);
		const struct world_asker_state *b =
		        world_asker_state(&reference->engine->groups[i].group);

		if ((groups & 1u << i) != 0 && memcmp(a, b, sizeof(*a)) != 0)
			chaos_broken(w, 1,
			             "group %s: its component had %" PRIu64
			             " messages, in a second engine %" PRIu64 ", or others",
			             ours->engine->groups[i].name, a->messages, b->messages);
	}
	if (gaps_told(ours) != gaps_told(reference))
		return;
	const char *name = world_engine_differs(ours, reference, groups, &at);

	if (name != NULL)
		chaos_broken(w, 1,
		             "same messages, other packets, other bytes: group %s at byte %" PRIu64,
		             name, at);
}

static int compare_reference(struct chaos_world *w, uint32_t groups, const struct missing *missing)
{
	const struct world_day *d = w->day;
	struct world_engine reference;
	int rc = world_engine_create(&reference,
	                             &(struct world_engine_options){.messages = d->options.messages,
	                                                            .symbols = d->options.symbols,
	                                                            .cores = 1,
	                                                            .budget = 64});

	if (rc != 0)
		return rc;
	feed_reference(&reference, &d->messages, missing, w->options->seed ^ 0x5eed);
	rc = compare_books(w, &reference, groups, missing);
	compare_state(w, &reference, groups);
	world_engine_destroy(&reference);
	return rc;
}

int world_check_end(struct chaos_world *w)
{
	struct missing missing;

	if (w->day == NULL)
		return 0;
	world_day_finish(w);
	uint32_t groups = world_group_whole(w);
	const char *what = world_engine_check(&w->day->engine, groups);
	int rc = find_missing(w->day, &missing);

	if (what != NULL)
		chaos_broken(w, 1, "%s", what);
	if (rc == 0) {
		check_messages(w, &missing);
		check_questions(w);
		rc = compare_reference(w, groups, &missing);
	}
	w->result->day.state_hash = world_engine_hash(&w->day->engine, groups);
	free(missing.ranges);
	return rc;
}
