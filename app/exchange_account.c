/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_account.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "dataplane/wire/bytes.h"

#define MOLD_HEADER_BYTES 20u

struct run {
	uint64_t begin; /* sequence of its first packet */
	uint64_t told;  /* every sequence below was claimed */
};

struct sorting {
	const struct exchange_packet **data; /* those that bring messages */
	uint64_t count;
	struct run *runs; /* by number */
	uint64_t run_count;
};

/* Enters runs up to p's; false: no memory. */
static bool enter(struct sorting *s, const struct exchange_packet *p)
{
	struct run *runs = realloc(s->runs, (p->run + 1) * sizeof(*runs));

	if (runs == NULL)
		return false;
	/* Runs in between never showed a packet: nothing is known of them. */
	for (uint64_t i = s->run_count; i < p->run; i++)
		runs[i] = (struct run){0};
	runs[p->run] = (struct run){.begin = p->sequence, .told = p->sequence};
	s->runs = runs;
	s->run_count = p->run + 1;
	return true;
}

static void count_line(struct exchange_account *a, const struct exchange_packet *p)
{
	struct exchange_line_account *l = &a->line[p->line];

	l->packets++;
	l->bytes += p->bytes;
	l->corrupt_packets += p->corrupt;
	l->messages += p->corrupt ? 0 : p->whole;
}

/* Goes through the packets as a reader does, in the order of sending. */
static int collect(struct exchange_account *a, struct sorting *s,
                   const struct exchange_packets *packets, bool all)
{
	for (uint64_t i = 0; i < packets->count; i++) {
		const struct exchange_packet *p = &packets->list[i];

		if (!all && !p->sent)
			continue;
		count_line(a, p);
		if (p->corrupt || p->sequence == 0)
			continue;
		if (p->run + 1 < s->run_count) {
			a->stale_packets++;
			continue;
		}
		if (p->run >= s->run_count) {
			if (!enter(s, p))
				return -ENOMEM;
			a->sessions++;
		}
		struct run *r = &s->runs[p->run];

		if (p->sequence + p->claimed > r->told)
			r->told = p->sequence + p->claimed;
		if (p->whole > 0)
			s->data[s->count++] = p;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct exchange_packet *x = *(const struct exchange_packet *const *)a;
	const struct exchange_packet *y = *(const struct exchange_packet *const *)b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return (x > y) - (x < y); /* of one array: in the order of sending */
}

static int note_lost(struct exchange_account *a, uint32_t run, uint64_t from, uint64_t to)
{
	if (a->range_count == a->range_room) {
		uint64_t room = a->range_room == 0 ? 64 : a->range_room * 2;
		struct day_range *ranges = realloc(a->ranges, room * sizeof(*ranges));

		if (ranges == NULL)
			return -ENOMEM;
		a->ranges = ranges;
		a->range_room = room;
	}
	a->ranges[a->range_count++] =
	        (struct day_range){.sequence = from, .count = to - from, .run = run};
	a->lost += to - from;
	return 0;
}

/* The messages of p from sequence `next` on. */
static int apply(struct exchange_account *a, const struct exchange_packet *p, uint64_t next)
{
	const uint8_t *at = p->frame + FRAME_HEADER_BYTES + MOLD_HEADER_BYTES;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < p->whole; i++) {
		uint32_t bytes = be16(at);

		if (p->sequence + i >= next) {
			rc = day_referee_apply(a->books, at + 2, bytes);
			a->delivered++;
		}
		at += 2 + bytes;
	}
	return rc;
}

static int sweep(struct exchange_account *a, const struct sorting *s)
{
	uint64_t i = 0;
	int rc = 0;

	for (uint32_t run = 0; rc == 0 && run < s->run_count; run++) {
		uint64_t next = s->runs[run].begin;

		if (run > 0)
			day_referee_reset(a->books);
		for (; rc == 0 && i < s->count && s->data[i]->run == run; i++) {
			const struct exchange_packet *p = s->data[i];

			if (p->sequence + p->whole <= next)
				continue;
			if (p->sequence > next)
				rc = note_lost(a, run, next, p->sequence);
			if (rc == 0)
				rc = apply(a, p, next);
			next = p->sequence + p->whole;
		}
		if (rc == 0 && s->runs[run].told > next)
			rc = note_lost(a, run, next, s->runs[run].told);
	}
	return rc;
}

int exchange_account_make(struct exchange_account *a, const struct exchange_packets *packets,
                          bool all)
{
	struct sorting s = {.data = calloc(packets->count + 1, sizeof(const void *))};

	*a = (struct exchange_account){0};
	int rc = s.data == NULL ? -ENOMEM : day_referee_create(&a->books);

	if (rc == 0)
		rc = collect(a, &s, packets, all);
	if (rc == 0) {
		qsort(s.data, s.count, sizeof(const void *), compare);
		rc = sweep(a, &s);
	}
	free(s.data);
	free(s.runs);
	if (rc != 0)
		exchange_account_finish(a);
	return rc;
}

void exchange_account_finish(struct exchange_account *a)
{
	day_referee_destroy(a->books);
	free(a->ranges);
	*a = (struct exchange_account){0};
}
