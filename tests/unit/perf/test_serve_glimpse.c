/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_glimpse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define S         1000000000ull
#define SESSION   "GENESIS001"
#define BLOCKS    50u
#define OUT_BYTES 8192u

static uint64_t seed = 1;

struct world {
	struct serve_script script;
	struct serve_glimpse g;
	struct day_snapshot *snapshot; /* BLOCKS messages of 1 to 40 bytes */
	uint8_t out[OUT_BYTES];
	uint32_t out_bytes;
};

static void make(struct world *w, const char *script)
{
	char error[SERVE_TEXT_BYTES];
	uint64_t at = 0;

	memset(w, 0, sizeof(*w));
	CU_ASSERT_EQUAL_FATAL(serve_script_parse(&w->script, script, error), 0);
	w->snapshot = malloc(sizeof(*w->snapshot) + BLOCKS * 42);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		put_be16(w->snapshot->blocks + at, (uint16_t)(1 + i % 40));
		memset(w->snapshot->blocks + at + 2, (int)i, 1 + i % 40);
		at += 3 + i % 40;
	}
	w->snapshot->bytes = at;
	w->snapshot->messages = BLOCKS;
	serve_glimpse_init(&w->g, &w->script, 1, 0, 0);
}

static void log_in(struct world *w, const char *session, uint64_t sequence, uint64_t now_ns)
{
	struct soup_login l = {.user = "user", .password = "word", .sequence = sequence};
	uint8_t bytes[SOUP_LOGIN_BYTES];

	snprintf(l.session, sizeof(l.session), "%s", session);
	serve_glimpse_on_bytes(&w->g, bytes, soup_build_login(bytes, &l), now_ns);
}

/* As an owner does, with so much room at a time. */
static void turn(struct world *w, uint32_t room, uint64_t now_ns)
{
	serve_glimpse_poll(&w->g, now_ns);
	if (serve_glimpse_wants(&w->g, now_ns))
		serve_glimpse_give(&w->g, SESSION, w->snapshot, 77);
	CU_ASSERT_FALSE(serve_glimpse_wants(&w->g, now_ns));
	for (;;) {
		uint8_t bytes[OUT_BYTES];
		uint32_t n = serve_glimpse_output(&w->g, bytes, room, now_ns);

		if (n == 0)
			return;
		CU_ASSERT_TRUE_FATAL(n <= room && w->out_bytes + n <= OUT_BYTES);
		memcpy(w->out + w->out_bytes, bytes, n);
		w->out_bytes += n;
	}
}

static bool is_whole(const struct world *w)
{
	uint8_t buffer[OUT_BYTES];
	struct soup_reader r;
	struct soup_packet p;
	struct soup_accepted a;
	uint64_t at = 0;
	uint64_t sequence;

	soup_reader_init(&r, buffer, sizeof(buffer));
	CU_ASSERT_EQUAL(soup_reader_take(&r, w->out, w->out_bytes), w->out_bytes);
	if (soup_reader_next(&r, &p) != SOUP_PACKET || !soup_parse_accepted(&p, &a) ||
	    strcmp(a.session, SESSION) != 0 || a.sequence != 1)
		return false;
	for (uint32_t i = 0; i < BLOCKS; i++) {
		const uint8_t *block = w->snapshot->blocks + at;

		if (soup_reader_next(&r, &p) != SOUP_PACKET || p.type != SOUP_SEQUENCED ||
		    p.payload_bytes != be16(block) ||
		    memcmp(p.payload, block + 2, be16(block)) != 0)
			return false;
		at += 2u + be16(block);
	}
	return soup_reader_next(&r, &p) == SOUP_PACKET && p.type == SOUP_SEQUENCED &&
	       p.payload_bytes == 21 && p.payload[0] == 'G' &&
	       soup_parse_number(p.payload + 1, 20, &sequence) && sequence == 77 &&
	       soup_reader_next(&r, &p) == SOUP_PACKET && p.type == SOUP_END_OF_SESSION &&
	       soup_reader_next(&r, &p) == SOUP_MORE;
}

static void finish(struct world *w)
{
	free(w->snapshot);
}

static void a_login_brings_the_snapshot(void)
{
	struct world w;

	for (uint32_t room = SERVE_GLIMPSE_OUT_BYTES; room <= 4096; room += 333) {
		make(&w, "");
		turn(&w, room, 1);
		CU_ASSERT_EQUAL(w.out_bytes, 0);
		log_in(&w, room % 2 ? "" : SESSION, room % 2, 2);
		CU_ASSERT_FALSE(serve_glimpse_is_over(&w.g));
		turn(&w, room, 3);
		CU_ASSERT_TRUE(serve_glimpse_is_over(&w.g) && w.g.end == SERVE_GLIMPSE_DONE);
		CU_ASSERT_TRUE(is_whole(&w));
		CU_ASSERT_EQUAL(w.g.sent, BLOCKS);
		finish(&w);
	}
}

static void other_logins_are_refused(void)
{
	struct world w;

	make(&w, "");
	log_in(&w, "GENESIS002", 1, 0);
	turn(&w, 1000, 1);
	CU_ASSERT_TRUE(w.g.end == SERVE_GLIMPSE_NO_SESSION && w.out_bytes == 4);
	CU_ASSERT_EQUAL(memcmp(w.out, "\0\2JS", 4), 0);
	finish(&w);
	make(&w, "");
	log_in(&w, "", 2, 0);
	turn(&w, 1000, 1);
	CU_ASSERT_EQUAL(w.g.end, SERVE_GLIMPSE_NO_SESSION);
	finish(&w);
	make(&w, "fail=100%");
	log_in(&w, "", 1, 0);
	turn(&w, 1000, 1);
	CU_ASSERT_TRUE(w.g.end == SERVE_GLIMPSE_REFUSED && w.out_bytes == 4);
	CU_ASSERT_EQUAL(memcmp(w.out, "\0\2JA", 4), 0);
	finish(&w);
}

static void the_script_is_followed(void)
{
	struct world w;

	make(&w, "latency=2s,stall=3s+1s");
	log_in(&w, "", 1, S);
	turn(&w, 200, 3 * S - 1);
	CU_ASSERT_EQUAL(w.out_bytes, 0);
	turn(&w, 200, 3 * S); /* held up */
	CU_ASSERT_EQUAL(w.out_bytes, 0);
	turn(&w, 200, 4 * S);
	CU_ASSERT_TRUE(is_whole(&w));
	finish(&w);
	make(&w, "loss=100%");
	log_in(&w, "", 1, 0);
	turn(&w, 200, 14 * S);
	CU_ASSERT_TRUE(w.out_bytes == 0 && !serve_glimpse_is_over(&w.g));
	finish(&w);
	make(&w, "wrong=truncated:100%");
	log_in(&w, "", 1, 0);
	turn(&w, 200, 1);
	CU_ASSERT_EQUAL(w.g.end, SERVE_GLIMPSE_CUT);
	CU_ASSERT_TRUE(!is_whole(&w) && w.g.sent > BLOCKS / 4 && w.g.sent < BLOCKS);
	finish(&w);
}

static void who_leaves_or_says_nothing_is_let_go(void)
{
	struct world w;
	uint8_t bytes[SOUP_HEADER_BYTES];

	make(&w, "");
	serve_glimpse_poll(&w.g, SERVE_GLIMPSE_LOGIN_NS - 1);
	CU_ASSERT_FALSE(serve_glimpse_is_over(&w.g));
	serve_glimpse_poll(&w.g, SERVE_GLIMPSE_LOGIN_NS);
	CU_ASSERT_EQUAL(w.g.end, SERVE_GLIMPSE_SILENT);
	finish(&w);
	make(&w, "latency=100s");
	log_in(&w, "", 1, 0);
	serve_glimpse_on_bytes(&w.g, bytes, soup_build_empty(bytes, SOUP_CLIENT_HEARTBEAT), 14 * S);
	serve_glimpse_poll(&w.g, 29 * S - 1);
	CU_ASSERT_FALSE(serve_glimpse_is_over(&w.g));
	serve_glimpse_poll(&w.g, 29 * S);
	CU_ASSERT_EQUAL(w.g.end, SERVE_GLIMPSE_SILENT);
	finish(&w);
	make(&w, "");
	serve_glimpse_on_bytes(&w.g, bytes, soup_build_empty(bytes, SOUP_LOGOUT_REQUEST), 0);
	CU_ASSERT_EQUAL(w.g.end, SERVE_GLIMPSE_LEFT);
	finish(&w);
	make(&w, "");
	serve_glimpse_on_bytes(&w.g, NULL, 0, 0);
	CU_ASSERT_EQUAL(w.g.end, SERVE_GLIMPSE_LEFT);
	finish(&w);
}

/* Cut anywhere, the stream is the same; what is no SoupBinTCP ends it. */
static void any_bytes_are_taken(void)
{
	struct prng p;

	prng_init(&p, seed);
	for (uint32_t round = 0; round < 2000; round++) {
		struct soup_login l = {.sequence = 1};
		uint8_t bytes[SOUP_LOGIN_BYTES + 16];
		struct world w;
		bool spoilt = prng_below(&p, 2) == 0;
		uint32_t count = soup_build_login(bytes, &l);
		uint32_t at = 0;

		make(&w, "");
		for (; count < sizeof(bytes); count++)
			bytes[count] = (uint8_t)prng_next(&p);
		if (spoilt)
			bytes[prng_below(&p, 4)] = (uint8_t)prng_next(&p);
		else
			count = SOUP_LOGIN_BYTES;
		while (at < count) {
			uint32_t n = 1 + (uint32_t)prng_below(&p, count - at);

			serve_glimpse_on_bytes(&w.g, bytes + at, n, 1);
			at += n;
		}
		turn(&w, 1000, 2);
		if (!spoilt) {
			CU_ASSERT_TRUE(w.g.end == SERVE_GLIMPSE_DONE && is_whole(&w));
		}
		CU_ASSERT_TRUE(w.g.end < SERVE_GLIMPSE_ENDS);
		finish(&w);
	}
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"a login brings the snapshot", a_login_brings_the_snapshot},
	        {"other logins are refused", other_logins_are_refused},
	        {"the script is followed", the_script_is_followed},
	        {"who leaves or says nothing is let go", who_leaves_or_says_nothing_is_let_go},
	        {"any bytes are taken", any_bytes_are_taken},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	return SUITE_RUN("serve_glimpse", tests);
}
