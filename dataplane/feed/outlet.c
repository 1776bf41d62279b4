/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/outlet.h"

#include <assert.h>
#include <string.h>

#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/arbiter_state.h"

static_assert(sizeof(struct outlet_note) == 64, "no padding in the region");
static_assert(sizeof(struct session_key) == sizeof(struct record_reset), "one is the other");

/* Fills what records have in common. */
static struct record *outlet_reserve(struct arbiter *a, uint32_t payload_bytes)
{
	struct record *r = log_writer_reserve(a->log, payload_bytes);

	if (__builtin_expect(r == NULL, 0))
		return NULL;
	r->payload_bytes = payload_bytes;
	r->count = 0;
	r->interest = UINT64_MAX;
	return r;
}

static bool outlet_write(struct arbiter *a, const struct outlet_note *n)
{
	struct record_gap gap = {.missing = n->missing, .reason = n->reason};
	const void *payload = n->kind == RECORD_GAP ? (const void *)&gap : &n->session;
	uint32_t bytes = n->kind == RECORD_GAP     ? (uint32_t)sizeof(gap)
	                 : n->kind == RECORD_RESET ? (uint32_t)sizeof(n->session)
	                                           : 0;
	struct record *r = outlet_reserve(a, bytes);

	if (r == NULL)
		return false;
	r->first_sequence = n->first_sequence;
	r->time_ns = n->time_ns;
	r->epoch = n->epoch;
	r->kind = n->kind;
	r->time_source = n->time_source;
	if (bytes != 0)
		memcpy(r + 1, payload, bytes);
	log_writer_commit(a->log, r);
	return true;
}

static void outlet_forget(struct outlet *o, uint32_t from, uint32_t count)
{
	assert(from + count <= o->count);
	memmove(&o->kept[from], &o->kept[from + count],
	        (o->count - from - count) * sizeof(o->kept[0]));
	o->count -= count;
	memset(&o->kept[o->count], 0, count * sizeof(o->kept[0]));
}

bool outlet_flush(struct arbiter *a)
{
	struct outlet *o = &a->state->outlet;
	uint32_t written = 0;

	while (written < o->count && outlet_write(a, &o->kept[written]))
		written++;
	if (written != 0) {
		outlet_forget(o, 0, written);
		region_mark(a->region, o, sizeof(*o));
	}
	return o->count == 0;
}

/* The log refuses for so long that sessions came and went unseen: keeps what belongs to the session
 * that the log still stands in, and the newest session. */
static void outlet_drop_unseen(struct outlet *o)
{
	uint32_t oldest = o->count;
	uint32_t newest = o->count;

	for (uint32_t i = 0; i < o->count; i++) {
		if (o->kept[i].kind != RECORD_RESET)
			continue;
		oldest = oldest == o->count ? i : oldest;
		newest = i;
	}
	/* A session keeps at most RESET, GAP, END, GAP once gaps merge, so a full list holds two.
	 */
	assert(newest > oldest);
	outlet_forget(o, oldest, newest - oldest);
}

static bool outlet_merge(struct outlet *o, const struct outlet_note *n)
{
	if (o->count == 0 || n->kind != RECORD_GAP)
		return false;
	struct outlet_note *last = &o->kept[o->count - 1];

	if (last->kind != RECORD_GAP || last->epoch != n->epoch)
		return false;
	assert(last->first_sequence + last->missing == n->first_sequence);
	if (last->reason != n->reason) {
		if (o->count < OUTLET_KEPT_EXACT)
			return false;
		last->reason = GAP_OVERLOAD; /* it is why they have to share a record */
	}
	last->missing += n->missing;
	return true;
}

static void outlet_keep(struct arbiter *a, const struct outlet_note *n)
{
	struct outlet *o = &a->state->outlet;

	if (!outlet_merge(o, n)) {
		if (o->count == OUTLET_KEPT_MAX)
			outlet_drop_unseen(o);
		o->kept[o->count++] = *n;
	}
	region_mark(a->region, o, sizeof(*o));
}

void outlet_note(struct arbiter *a, const struct outlet_note *n)
{
	/* What the log has no room for is the very news of an overload: it waits for the next
	 * record that does fit, and grows until then. */
	bool overload = n->kind == RECORD_GAP && n->reason == GAP_OVERLOAD;

	if (overload || !outlet_flush(a) || !outlet_write(a, n))
		outlet_keep(a, n);
}

bool outlet_data(struct arbiter *a, const struct outlet_run *run)
{
	if (__builtin_expect(run->bytes > LOG_RECORD_PAYLOAD_MAX, 0))
		return false;
	/* Asked first for the room the run needs, so that an almost full log does not end in many
	 * small gaps. */
	if (__builtin_expect(a->state->outlet.count != 0, 0) &&
	    (log_writer_reserve(a->log, run->bytes) == NULL || !outlet_flush(a)))
		return false;
	struct record *r = outlet_reserve(a, run->bytes);

	if (__builtin_expect(r == NULL, 0))
		return false;
	assert(run->count <= UINT16_MAX);
	r->first_sequence = run->first_sequence;
	r->time_ns = run->time_ns;
	r->epoch = run->epoch;
	r->count = (uint16_t)run->count;
	r->kind = RECORD_DATA;
	r->time_source = run->time_source;
	memcpy(r + 1, run->blocks, run->bytes);
	r->interest = a->protocol->scan(a->scan, record_payload(r), run->bytes, run->count);
	log_writer_commit(a->log, r);
	return true;
}
