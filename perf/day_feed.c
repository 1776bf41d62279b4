/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_feed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "perf/day.h"
#include "perf/day_line.h"

#define SECOND_NS   1000000000ull
#define TOGETHER_NS 1000000u

static_assert(DAY_SOURCE_BYTES_MAX >= DAY_MESSAGE_BYTES_MAX, "a source can hold any message");

struct day_feed {
	struct day_feed_options options;
	struct day_source source;
	struct day_packet_source packets; /* next NULL: messages */
	struct day_line line[DAY_FEED_LINES_MAX];
	uint64_t now_ns; /* of the newest message */
	uint32_t run;
	bool begun;
	bool ended; /* the source has no more */
};

static int create(struct day_feed **out, const struct day_feed_options *o)
{
	if (o->lines < 1 || o->lines > DAY_FEED_LINES_MAX || o->transport > DAY_IEXTP_TOPS)
		return -EINVAL;
	for (uint32_t i = 0; i < o->lines; i++) {
		uint32_t max = o->line[i].payload_bytes_max;

		if (max != 0 && (max < 256 || max > DAY_FEED_PAYLOAD_MAX))
			return -EINVAL;
	}
	struct day_feed *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -ENOMEM;
	f->options = *o;
	if (f->options.heartbeat_ns == 0)
		f->options.heartbeat_ns = SECOND_NS;
	if (f->options.heartbeats_max == 0)
		f->options.heartbeats_max = 3;
	if (f->options.together_ns == 0)
		f->options.together_ns = TOGETHER_NS;
	for (uint32_t i = 0; i < o->lines; i++)
		day_line_init(&f->line[i], &f->options, i);
	*out = f;
	return 0;
}

int day_feed_create(struct day_feed **out, const struct day_feed_options *o,
                    const struct day_source *source)
{
	int result = create(out, o);

	if (result == 0)
		(*out)->source = *source;
	return result;
}

int day_feed_create_packets(struct day_feed **out, const struct day_feed_options *o,
                            const struct day_packet_source *source)
{
	int result = create(out, o);

	if (result == 0)
		(*out)->packets = *source;
	return result;
}

void day_feed_destroy(struct day_feed *f)
{
	if (f == NULL)
		return;
	for (uint32_t i = 0; i < f->options.lines; i++)
		day_line_finish(&f->line[i]);
	free(f);
}

static void end_run(struct day_feed *f)
{
	for (uint32_t i = 0; i < f->options.lines; i++)
		day_line_end_run(&f->line[i], f->now_ns + 1);
}

/* What happens between the last message and one at time_ns. */
static void pass_time(struct day_feed *f, uint32_t run, uint64_t time_ns)
{
	if (!f->begun || run != f->run) {
		if (f->begun)
			end_run(f);
		f->begun = true;
		f->run = run;
		for (uint32_t i = 0; i < f->options.lines; i++)
			day_line_begin_run(&f->line[i], run, time_ns);
		return;
	}
	for (uint32_t n = 1; n <= f->options.heartbeats_max; n++) {
		uint64_t at_ns = f->now_ns + n * f->options.heartbeat_ns;

		if (at_ns >= time_ns)
			break;
		for (uint32_t i = 0; i < f->options.lines; i++)
			day_line_heartbeat(&f->line[i], at_ns);
	}
}

/* Takes the next message of the source into the lines. */
static void advance(struct day_feed *f)
{
	struct day_source_message m;

	if (!f->source.next(f->source.state, &m)) {
		if (f->begun)
			end_run(f);
		f->ended = true;
		return;
	}
	uint64_t time_ns = m.time_ns + f->options.time_offset_ns;

	assert(time_ns >= f->now_ns);
	pass_time(f, m.run, time_ns);
	f->now_ns = time_ns;
	for (uint32_t i = 0; i < f->options.lines; i++)
		day_line_message(&f->line[i], &m, time_ns);
}

/* Takes the next packet of the source into its line. */
static void advance_packets(struct day_feed *f)
{
	struct day_source_packet p;

	if (!f->packets.next(f->packets.state, &p)) {
		for (uint32_t i = 0; i < f->options.lines; i++)
			day_line_release(&f->line[i], f->now_ns);
		f->ended = true;
		return;
	}
	assert(p.line < f->options.lines);
	p.time_ns += f->options.time_offset_ns;
	assert(p.time_ns >= f->now_ns);
	f->now_ns = p.time_ns;
	day_line_packet_in(&f->line[p.line], &p);
}

/* The line whose packet comes next and cannot be overtaken any more, or NULL. */
static struct day_line *ready(struct day_feed *f)
{
	uint64_t frontier_ns = UINT64_MAX;
	struct day_line *best = NULL;

	for (uint32_t i = 0; i < f->options.lines; i++) {
		struct day_line *l = &f->line[i];
		uint64_t line_ns = day_line_frontier_ns(l, f->now_ns);
		const struct day_line_packet *p = day_line_first(l);

		if (l->failed)
			abort(); /* a tool for tests: without memory there is no feed */
		if (!f->ended && line_ns < frontier_ns)
			frontier_ns = line_ns;
		if (p != NULL &&
		    (best == NULL || p->packet.time_ns < day_line_first(best)->packet.time_ns))
			best = l;
	}
	if (best == NULL || day_line_first(best)->packet.time_ns > frontier_ns)
		return NULL;
	return best;
}

bool day_feed_next(struct day_feed *f, uint8_t *buffer, struct day_packet *p)
{
	struct day_line *l = ready(f);

	while (l == NULL && !f->ended) {
		if (f->packets.next != NULL)
			advance_packets(f);
		else
			advance(f);
		l = ready(f);
	}
	if (l == NULL)
		return false;
	struct day_line_packet next = day_line_take(l);

	memcpy(buffer + FRAME_HEADER_BYTES, next.payload, next.packet.payload_bytes);
	free(next.payload);
	*p = next.packet;
	return true;
}

uint32_t day_feed_frame(const struct day_feed *f, uint8_t *buffer, const struct day_packet *p)
{
	uint32_t bytes = frame_build(buffer, p->payload_bytes, day_feed_address(f, p->line));

	if (p->corrupt) {
		assert(p->corrupt_bit / 8 < p->payload_bytes);
		buffer[FRAME_HEADER_BYTES + p->corrupt_bit / 8] ^=
		        (uint8_t)(1u << p->corrupt_bit % 8);
	}
	return bytes;
}

const struct frame_address *day_feed_address(const struct day_feed *f, uint32_t line)
{
	assert(line < f->options.lines);
	return &f->line[line].options.address;
}

/* What is in both lists, each ordered and without overlap. */
static uint64_t intersect(const struct day_line *a, const struct day_line *b, struct day_range *out)
{
	uint64_t i = 0, j = 0, n = 0;

	while (i < a->lost_count && j < b->lost_count) {
		const struct day_range *x = &a->lost[i];
		const struct day_range *y = &b->lost[j];
		uint64_t x_end = x->ordinal + x->count;
		uint64_t y_end = y->ordinal + y->count;
		uint64_t first = x->ordinal > y->ordinal ? x->ordinal : y->ordinal;
		uint64_t end = x_end < y_end ? x_end : y_end;

		if (first < end) {
			struct day_range r = {.ordinal = first,
			                      .sequence = x->sequence + (first - x->ordinal),
			                      .count = end - first,
			                      .run = x->run};

			out[n++] = r;
		}
		if (x_end < y_end)
			i++;
		else
			j++;
	}
	return n;
}

int day_feed_missing(const struct day_feed *f, struct day_range **ranges, uint64_t *count)
{
	const struct day_line *a = &f->line[0];
	const struct day_line *b = f->options.lines == 2 ? &f->line[1] : a;
	struct day_range *out = calloc(a->lost_count + b->lost_count + 1, sizeof(*out));

	if (out == NULL)
		return -ENOMEM;
	*count = intersect(a, b, out);
	*ranges = out;
	return 0;
}

uint64_t day_feed_messages(const struct day_feed *f)
{
	return f->line[0].next_ordinal;
}

const struct day_line_counts *day_feed_line_counts(const struct day_feed *f, uint32_t line)
{
	assert(line < f->options.lines);
	return &f->line[line].counts;
}

bool day_ranges_hold(const struct day_range *ranges, uint64_t count, uint64_t ordinal)
{
	uint64_t low = 0;
	uint64_t high = count;

	while (low < high) { /* the first range that ends after the message */
		uint64_t middle = low + (high - low) / 2;

		if (ranges[middle].ordinal + ranges[middle].count > ordinal)
			high = middle;
		else
			low = middle + 1;
	}
	return low < count && ranges[low].ordinal <= ordinal;
}

uint64_t day_ranges_messages(const struct day_range *ranges, uint64_t count)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < count; i++)
		sum += ranges[i].count;
	return sum;
}

static bool next_of_day(void *state, struct day_source_message *m)
{
	m->run = 0;
	m->bytes = day_next(state, m->data, &m->time_ns);
	return m->bytes != 0;
}

struct day_source day_source_of(struct day *d)
{
	return (struct day_source){.next = next_of_day, .state = d};
}
