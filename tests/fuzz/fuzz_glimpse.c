/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A stream to a snapshot client, cut as the input's first byte says: it ends well only with a
 * sequence, badly only with a reason, and never otherwise; logins that come out right say the same
 * when they are written again. The framing of SoupBinTCP lies beneath.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/glimpse.h"
#include "tests/fuzz/target.h"

#define MESSAGES_MAX 50u

static uint8_t buffer[GLIMPSE_BUFFER_MIN];

static void check_login(const uint8_t *data, size_t bytes)
{
	struct soup_reader r;
	struct soup_packet p;
	struct soup_login l;
	uint8_t out[SOUP_LOGIN_BYTES];
	struct soup_login again;

	soup_reader_init(&r, buffer, sizeof(buffer));
	soup_reader_take(&r, data, (uint32_t)bytes);
	while (soup_reader_next(&r, &p) == SOUP_PACKET) {
		if (p.payload < buffer || p.payload + p.payload_bytes > buffer + sizeof(buffer))
			abort();
		if (!soup_parse_login(&p, &l))
			continue;
		soup_build_login(out, &l);
		p.payload = out + SOUP_HEADER_BYTES;
		if (!soup_parse_login(&p, &again) || strcmp(l.user, again.user) != 0 ||
		    strcmp(l.password, again.password) != 0 ||
		    strcmp(l.session, again.session) != 0 || l.sequence != again.sequence)
			abort();
	}
}

/* Takes messages until there is nothing more; returns how it stands. */
static enum glimpse_step drain(struct glimpse *g, uint64_t *seen)
{
	struct glimpse_message m;
	enum glimpse_step step;

	while ((step = glimpse_next(g, &m)) == GLIMPSE_MESSAGE) {
		if (m.number != ++*seen || m.data < buffer ||
		    m.data + m.bytes > buffer + sizeof(buffer))
			abort();
	}
	return step;
}

static void check_end(const struct glimpse *g, enum glimpse_step step, uint64_t seen)
{
	if (step == GLIMPSE_WAIT || seen > MESSAGES_MAX)
		abort();
	if ((step == GLIMPSE_DONE) != (g->feed_sequence != 0) ||
	    (step == GLIMPSE_DONE) != (g->fault == GLIMPSE_NO_FAULT))
		abort();
	if (step == GLIMPSE_FAILED && (g->text[0] == 0 || strchr(g->text, '\n') != NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct glimpse_options o;
	struct glimpse g;
	enum glimpse_step step = GLIMPSE_WAIT;
	uint64_t seen = 0;
	uint32_t out_bytes;

	if (bytes == 0)
		return 0;
	check_login(data + 1, bytes - 1);
	glimpse_defaults(&o);
	o.messages_max = MESSAGES_MAX;
	if (glimpse_init(&g, &o, buffer, sizeof(buffer)) != 0)
		abort();
	glimpse_on_connected(&g, 1);
	for (size_t at = 1; at < bytes && step == GLIMPSE_WAIT;) {
		uint32_t room;
		uint8_t *to = glimpse_room(&g, &room);
		size_t piece = 1u + data[0];

		piece = piece < room ? piece : room;
		piece = piece < bytes - at ? piece : bytes - at;
		if (piece == 0) /* a full buffer without a whole packet cannot be */
			abort();
		memcpy(to, data + at, piece);
		at += piece;
		glimpse_on_bytes(&g, (uint32_t)piece, at * 1000000u);
		step = drain(&g, &seen);
		glimpse_poll(&g, at * 1000000u);
		if (glimpse_outgoing(&g, &out_bytes) != NULL && at % 3 == 0)
			glimpse_sent(&g, out_bytes);
	}
	glimpse_on_closed(&g);
	check_end(&g, drain(&g, &seen), seen);
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
#define LOGGED_IN  \
	"\x00\x1f" \
	"A       DAY                   1"
	static const char snapshot[] = "\x05" LOGGED_IN "\x00\x03SAa\x00\x01H\x00\x02SB"
	                               "\x00\x16SG            12345678";
	static const char ended[] = "\xff" LOGGED_IN "\x00\x03SAa\x00\x01Z";
	static const char rejected[] = "\x02\x00\x02JS";
	static const char login[] = "\x40\x00\x2fLuser  secret    "
	                            "       DAY"
	                            "                   1";
	static const struct fuzz_seed seeds[] = {
	        {snapshot, sizeof(snapshot) - 1},
	        {ended, sizeof(ended) - 1},
	        {rejected, sizeof(rejected) - 1},
	        {login, sizeof(login) - 1},
	};

	*count = 4;
	return seeds;
}
