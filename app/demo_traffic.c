/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "perf/day.h"
#include "perf/day_feed.h"
#include "resilience/prng.h"

#define SKEW_NS 200000u /* B runs behind A */

/* The show: calm at first, then three times a burst of everything at once, then calm again. The day
 * is laid out evenly by message count, because a real day's seconds before the open would be a
 * boring show. */
static uint64_t due_ns(uint64_t ordinal, uint64_t messages, uint64_t duration_ns)
{
	const uint64_t parts = 16;
	uint64_t per_part = messages / parts + 1;
	uint64_t part = ordinal / per_part;
	uint64_t inside = ordinal % per_part;
	/* Every fourth part is sent in a tenth of its time. */
	uint64_t part_ns = duration_ns / parts;
	uint64_t busy_ns = part % 4 == 3 ? part_ns / 10 : part_ns;

	return part * part_ns + inside * busy_ns / per_part;
}

struct growing {
	uint64_t packet_room;
	uint64_t byte_room;
	uint64_t bytes;
	uint8_t *lost; /* per message: bit per line that lost it */
	struct prng prng;
};

static int add(struct demo_traffic *t, struct growing *g, const struct demo_packet *p,
               const uint8_t *frame)
{
	if (t->packet_count == g->packet_room) {
		uint64_t room = g->packet_room * 2 + 1024;
		struct demo_packet *packets = realloc(t->packets, room * sizeof(*packets));

		if (packets == NULL)
			return -ENOMEM;
		t->packets = packets;
		g->packet_room = room;
	}
	if (g->bytes + p->bytes > g->byte_room) {
		uint64_t room = g->byte_room * 2 + (1u << 20);
		uint8_t *bytes = realloc(t->bytes, room);

		if (bytes == NULL)
			return -ENOMEM;
		t->bytes = bytes;
		g->byte_room = room;
	}
	t->packets[t->packet_count] = *p;
	t->packets[t->packet_count++].offset = g->bytes;
	memcpy(t->bytes + g->bytes, frame, p->bytes);
	g->bytes += p->bytes;
	return 0;
}

/* Dice say the line loses it; it does unless the other line lost any of its messages. */
static bool loses(struct demo_traffic *t, struct growing *g, const struct day_packet *p,
                  uint32_t loss_ppm)
{
	uint8_t mine = (uint8_t)(1u << p->line);

	if (p->kind != DAY_PACKET_DATA || !prng_chance_ppm(&g->prng, loss_ppm))
		return false;
	for (uint64_t i = 0; i < p->messages; i++)
		if ((g->lost[p->sequence - 1 + i] & ~mine) != 0)
			return false;
	for (uint64_t i = 0; i < p->messages; i++)
		g->lost[p->sequence - 1 + i] |= mine;
	t->lost_packets[p->line]++;
	t->lost_messages[p->line] += p->messages;
	return true;
}

static int compare_due(const void *a, const void *b)
{
	const struct demo_packet *x = a;
	const struct demo_packet *y = b;

	/* Ties in the order of making, which offsets keep. */
	if (x->due_ns != y->due_ns)
		return x->due_ns < y->due_ns ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static int collect(struct demo_traffic *t, struct day_feed *feed,
                   const struct demo_traffic_options *o)
{
	struct growing g = {.lost = calloc(o->messages + 1, 1)};
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	int rc = g.lost == NULL ? -ENOMEM : 0;

	prng_init(&g.prng, o->seed ^ 0xd1ce);
	while (rc == 0 && day_feed_next(feed, buffer, &p)) {
		if (loses(t, &g, &p, o->loss_ppm))
			continue;
		/* A packet leaves when its last message is there. */
		uint64_t last = p.sequence - 1 + (p.messages == 0 ? 0 : p.messages - 1);
		struct demo_packet d = {.due_ns = due_ns(last, o->messages, o->duration_ns) +
		                                  p.line * SKEW_NS,
		                        .bytes = day_feed_frame(feed, buffer, &p),
		                        .line = p.line};

		rc = add(t, &g, &d, buffer);
	}
	free(g.lost);
	if (rc == 0)
		qsort(t->packets, t->packet_count, sizeof(*t->packets), compare_due);
	return rc;
}

int demo_traffic_make(struct demo_traffic *t, const struct demo_traffic_options *o)
{
	struct day_options d = {.seed = o->seed, .messages = o->messages, .symbols = o->symbols};
	struct day_feed_options fo = {.seed = o->seed, .transport = DAY_MOLDUDP64, .lines = 2};
	struct day *day = NULL;
	struct day_feed *feed = NULL;
	struct day_source source;

	*t = (struct demo_traffic){0};
	for (uint32_t i = 0; i < 2; i++)
		fo.line[i].address = (struct frame_address){
		        .source_address = 0x0a000001u + i,
		        .destination_address = i == 0 ? DEMO_ADDRESS_A : DEMO_ADDRESS_B,
		        .source_port = 40000,
		        .destination_port = DEMO_UDP_PORT};
	int rc = day_create(&day, &d);

	if (rc == 0) {
		source = day_source_of(day);
		rc = day_feed_create(&feed, &fo, &source);
	}
	if (rc == 0)
		rc = collect(t, feed, o);
	if (rc == 0) {
		FILE *f = open_memstream(&t->books, &t->books_bytes);

		rc = f == NULL ? -ENOMEM : day_write_books_csv(day, f);
		if (f != NULL && fclose(f) != 0 && rc == 0)
			rc = -EIO;
		t->messages = day_feed_messages(feed);
	}
	day_feed_destroy(feed);
	day_destroy(day);
	if (rc != 0)
		demo_traffic_free(t);
	return rc;
}

void demo_traffic_free(struct demo_traffic *t)
{
	free(t->packets);
	free(t->bytes);
	free(t->books);
	*t = (struct demo_traffic){0};
}
