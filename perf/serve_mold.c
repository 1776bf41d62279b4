/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_mold.h"

#include <assert.h>
#include <string.h>

#include "dataplane/feed/mold.h"
#include "dataplane/wire/bytes.h"

#define HEADER_BYTES MOLD_HEADER_BYTES

static_assert(DAY_STORE_SESSION_BYTES == MOLD_SESSION_BYTES, "one name for both");

struct request {
	uint32_t run;
	uint64_t sequence;
	uint32_t count;
};

struct answer {
	uint8_t data[SERVE_REPLY_BYTES];
	uint32_t bytes;
	uint32_t messages;
};

void serve_mold_init(struct serve_mold *m, const struct day_store *store,
                     const struct serve_script *script, void *memory, uint32_t room)
{
	*m = (struct serve_mold){.store = store, .script = script};
	serve_queue_init(&m->queue, memory, room);
}

/* False: nothing of it is known. */
static bool build(const struct serve_mold *m, const struct request *q, struct answer *a)
{
	a->bytes = HEADER_BYTES;
	a->messages = 0;
	while (a->messages < q->count) {
		uint32_t bytes;
		const uint8_t *data =
		        day_store_find(m->store, q->run, q->sequence + a->messages, &bytes);
		uint32_t end = a->bytes + 2 + (data == NULL ? 0 : bytes);
		uint32_t most = a->messages == 0 ? SERVE_REPLY_BYTES : SERVE_MOLD_PAYLOAD_BYTES;

		if (data == NULL || end > most)
			break;
		put_be16(a->data + a->bytes, (uint16_t)bytes);
		memcpy(a->data + a->bytes + 2, data, bytes);
		a->bytes = end;
		a->messages++;
	}
	if (a->messages == 0)
		return false;
	memcpy(a->data, day_store_session(m->store, q->run), DAY_STORE_SESSION_BYTES);
	put_be64(a->data + 10, q->sequence);
	put_be16(a->data + 18, (uint16_t)a->messages);
	return true;
}

/* Messages of the same session that were not asked for; false: there are none. */
static bool build_elsewhere(const struct serve_mold *m, const struct request *q, struct answer *a)
{
	struct request other = *q;

	other.sequence = q->sequence + q->count;
	if (build(m, &other, a))
		return true;
	other.sequence = q->sequence > q->count ? q->sequence - q->count : 1;
	other.count = (uint32_t)(q->sequence - other.sequence);
	return other.count > 0 && build(m, &other, a);
}

static void push(struct serve_mold *m, const struct answer *a, const struct serve_peer *peer,
                 uint64_t time_ns)
{
	if (!serve_queue_push(&m->queue, time_ns, peer, a->data, a->bytes))
		m->counts.full++;
}

/* Makes the answer wrong; SERVE_RIGHT: it could not be. */
static enum serve_wrong spoil(const struct serve_mold *m, const struct request *q,
                              enum serve_wrong wrong, struct answer *a)
{
	struct answer other;

	switch (wrong) {
	case SERVE_WRONG_TOKEN:
		a->data[0] ^= 1;
		break;
	case SERVE_WRONG_TRUNCATED:
		a->bytes -= (a->bytes - HEADER_BYTES + 1) / 2;
		break;
	case SERVE_WRONG_RANGE:
		if (!build_elsewhere(m, q, &other))
			return SERVE_RIGHT;
		*a = other;
		break;
	case SERVE_WRONG_DUPLICATE:
	case SERVE_WRONG_LATE:
	case SERVE_RIGHT:
		break;
	}
	return wrong;
}

static void answer(struct serve_mold *m, const struct request *q, const struct serve_peer *peer,
                   const struct serve_fate *fate)
{
	struct answer a;

	if (!build(m, q, &a)) {
		m->counts.unknown++;
		return;
	}
	enum serve_wrong wrong = spoil(m, q, fate->wrong, &a);

	if (wrong != SERVE_RIGHT)
		m->counts.wrong[wrong]++;
	if (wrong == SERVE_RIGHT || wrong == SERVE_WRONG_DUPLICATE || wrong == SERVE_WRONG_LATE)
		m->counts.messages += a.messages;
	push(m, &a, peer, fate->time_ns);
	if (wrong == SERVE_WRONG_DUPLICATE)
		push(m, &a, peer, fate->time_ns);
}

void serve_mold_on_request(struct serve_mold *m, const uint8_t *payload, uint32_t bytes,
                           const struct serve_peer *peer, uint64_t now_ns)
{
	struct mold_request asked;

	assert(now_ns >= m->start_ns);
	m->counts.requests++;
	if (!mold_request_parse(payload, bytes, &asked)) {
		m->counts.malformed++;
		return;
	}
	struct request q = {.run = day_store_run(m->store, payload),
	                    .sequence = asked.first_sequence,
	                    .count = asked.count};
	struct serve_fate fate =
	        serve_script_fate(m->script, m->counts.requests, now_ns - m->start_ns);

	if (fate.time_ns == SERVE_NEVER) {
		m->counts.lost++;
		return;
	}
	fate.time_ns += m->start_ns;
	if (q.run == UINT32_MAX)
		m->counts.unknown++;
	else if (!fate.is_good)
		m->counts.failed++;
	else
		answer(m, &q, peer, &fate);
}

const struct serve_reply *serve_mold_poll(struct serve_mold *m, uint64_t now_ns)
{
	const struct serve_reply *r = serve_queue_pop(&m->queue, now_ns);

	m->counts.replies += r != NULL;
	return r;
}
