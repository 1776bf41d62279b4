/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_glimpse.h"

#include <assert.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define SNAPSHOT_BYTES (1u + SOUP_SEQUENCE_BYTES)

static_assert(SERVE_GLIMPSE_OUT_BYTES >= SOUP_ACCEPTED_BYTES, "an answer fits");
static_assert(SERVE_GLIMPSE_OUT_BYTES >= 2 * SOUP_HEADER_BYTES + SNAPSHOT_BYTES, "the end fits");
static_assert(SERVE_GLIMPSE_OUT_BYTES >= SOUP_HEADER_BYTES + 40u, "any message of one fits");

static const char *const ends[SERVE_GLIMPSE_ENDS] = {
        [SERVE_GLIMPSE_NOT_YET] = "open",    [SERVE_GLIMPSE_DONE] = "done",
        [SERVE_GLIMPSE_REFUSED] = "refused", [SERVE_GLIMPSE_NO_SESSION] = "no_session",
        [SERVE_GLIMPSE_CUT] = "cut",         [SERVE_GLIMPSE_LEFT] = "left",
        [SERVE_GLIMPSE_SILENT] = "silent",   [SERVE_GLIMPSE_NONSENSE] = "nonsense",
};

const char *serve_glimpse_end_name(enum serve_glimpse_end e)
{
	assert(e < SERVE_GLIMPSE_ENDS);
	return ends[e];
}

void serve_glimpse_init(struct serve_glimpse *g, const struct serve_script *script,
                        uint64_t ordinal, uint64_t start_ns, uint64_t now_ns)
{
	assert(now_ns >= start_ns);
	*g = (struct serve_glimpse){.script = script,
	                            .ordinal = ordinal,
	                            .start_ns = start_ns,
	                            .came_ns = now_ns,
	                            .heard_ns = now_ns,
	                            .answer_ns = UINT64_MAX};
	soup_reader_init(&g->reader, g->in, sizeof(g->in));
}

static void finish(struct serve_glimpse *g, enum serve_glimpse_end end)
{
	if (g->state == SERVE_GLIMPSE_OVER)
		return;
	g->state = SERVE_GLIMPSE_OVER;
	g->end = (uint8_t)end;
}

static void on_login(struct serve_glimpse *g, const struct soup_packet *p, uint64_t now_ns)
{
	struct soup_login login;

	if (g->state != SERVE_GLIMPSE_LOGIN || !soup_parse_login(p, &login)) {
		finish(g, SERVE_GLIMPSE_NONSENSE);
		return;
	}
	g->fate = serve_script_fate(g->script, g->ordinal, now_ns - g->start_ns);
	g->answer_ns = g->fate.time_ns == SERVE_NEVER ? UINT64_MAX : g->start_ns + g->fate.time_ns;
	memcpy(g->wanted, login.session, sizeof(g->wanted));
	g->wants_beginning = login.sequence <= 1;
	g->state = SERVE_GLIMPSE_ANSWER;
}

static void on_packet(struct serve_glimpse *g, const struct soup_packet *p, uint64_t now_ns)
{
	switch (p->type) {
	case SOUP_LOGIN_REQUEST:
		on_login(g, p, now_ns);
		break;
	case SOUP_LOGOUT_REQUEST:
		finish(g, SERVE_GLIMPSE_LEFT);
		break;
	case SOUP_CLIENT_HEARTBEAT:
	case SOUP_UNSEQUENCED:
	case SOUP_DEBUG:
		break;
	default:
		finish(g, SERVE_GLIMPSE_NONSENSE);
		break;
	}
}

static void take_packets(struct serve_glimpse *g, uint64_t now_ns)
{
	while (g->state != SERVE_GLIMPSE_OVER) {
		struct soup_packet p;

		switch (soup_reader_next(&g->reader, &p)) {
		case SOUP_PACKET:
			on_packet(g, &p, now_ns);
			break;
		case SOUP_MORE:
			return;
		case SOUP_TOO_LONG:
		case SOUP_EMPTY:
			finish(g, SERVE_GLIMPSE_NONSENSE);
			return;
		}
	}
}

void serve_glimpse_on_bytes(struct serve_glimpse *g, const uint8_t *bytes, uint32_t count,
                            uint64_t now_ns)
{
	g->heard_ns = now_ns;
	if (count == 0)
		finish(g, SERVE_GLIMPSE_LEFT);
	while (count > 0 && g->state != SERVE_GLIMPSE_OVER) {
		uint32_t taken = soup_reader_take(&g->reader, bytes, count);

		bytes += taken;
		count -= taken;
		take_packets(g, now_ns);
	}
}

bool serve_glimpse_wants(const struct serve_glimpse *g, uint64_t now_ns)
{
	return g->state == SERVE_GLIMPSE_ANSWER && g->session[0] == '\0' && now_ns >= g->answer_ns;
}

void serve_glimpse_give(struct serve_glimpse *g, const char *session,
                        const struct day_snapshot *snapshot, uint64_t sequence)
{
	assert(g->state == SERVE_GLIMPSE_ANSWER);
	memcpy(g->session, session, SOUP_SESSION_BYTES);
	g->snapshot = snapshot;
	g->sequence = sequence;
}

static uint32_t answer_login(struct serve_glimpse *g, uint8_t *out)
{
	bool is_current = g->wanted[0] == '\0' || strcmp(g->wanted, g->session) == 0;

	if (!g->fate.is_good) {
		finish(g, SERVE_GLIMPSE_REFUSED);
		return soup_build_rejected(out, SOUP_NOT_AUTHORISED);
	}
	if (!is_current || !g->wants_beginning) {
		finish(g, SERVE_GLIMPSE_NO_SESSION);
		return soup_build_rejected(out, SOUP_NO_SESSION);
	}
	struct soup_accepted a = {.sequence = 1};

	memcpy(a.session, g->session, sizeof(a.session));
	g->state = SERVE_GLIMPSE_SENDING;
	return soup_build_accepted(out, &a);
}

static uint32_t put_end(struct serve_glimpse *g, uint8_t *out, uint32_t capacity)
{
	uint8_t m[SNAPSHOT_BYTES] = {'G'};

	soup_put_number(m + 1, g->sequence);
	uint32_t bytes = soup_build(out, capacity, SOUP_SEQUENCED, m, sizeof(m));

	bytes += soup_build_empty(out + bytes, SOUP_END_OF_SESSION);
	finish(g, SERVE_GLIMPSE_DONE);
	return bytes;
}

/* The next message, and the end behind the last one; 0: no room. */
static uint32_t put_next(struct serve_glimpse *g, uint8_t *out, uint32_t capacity)
{
	bool cut = g->fate.wrong == SERVE_WRONG_TRUNCATED && g->at >= g->snapshot->bytes / 2;

	if (capacity < SERVE_GLIMPSE_OUT_BYTES)
		return 0;
	if (cut) {
		finish(g, SERVE_GLIMPSE_CUT);
		put_be16(out, 1 + SNAPSHOT_BYTES);
		return SOUP_LENGTH_BYTES;
	}
	if (g->at == g->snapshot->bytes)
		return put_end(g, out, capacity);
	const uint8_t *block = g->snapshot->blocks + g->at;

	g->at += 2u + be16(block);
	g->sent++;
	return soup_build(out, capacity, SOUP_SEQUENCED, block + 2, be16(block));
}

uint32_t serve_glimpse_output(struct serve_glimpse *g, uint8_t *out, uint32_t capacity,
                              uint64_t now_ns)
{
	uint32_t bytes = 0;

	assert(capacity >= SERVE_GLIMPSE_OUT_BYTES);
	if (serve_script_is_held(g->script, now_ns - g->start_ns))
		return 0;
	if (g->state == SERVE_GLIMPSE_ANSWER && g->session[0] != '\0')
		bytes = answer_login(g, out);
	while (g->state == SERVE_GLIMPSE_SENDING) {
		uint32_t more = put_next(g, out + bytes, capacity - bytes);

		if (more == 0)
			break;
		bytes += more;
	}
	return bytes;
}

void serve_glimpse_poll(struct serve_glimpse *g, uint64_t now_ns)
{
	bool has_login = g->state != SERVE_GLIMPSE_LOGIN;

	if (!has_login && now_ns - g->came_ns >= SERVE_GLIMPSE_LOGIN_NS)
		finish(g, SERVE_GLIMPSE_SILENT);
	if (has_login && now_ns - g->heard_ns >= SOUP_DEAD_NS)
		finish(g, SERVE_GLIMPSE_SILENT);
}
