/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every codec against a network that does what it likes: replies come late, twice, from the wrong
 * node, at the wrong port, cut, with bits flipped, or are made up. Whatever comes, a token that is
 * told was given to that node through that port; and a good reply is never refused.
 */
#include <stdio.h>

#include "dataplane/feed/mold.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/coap.h"
#include "resilience/prng.h"
#include "tests/unit/request/codec_fixture.h"

#define RUN       4000u
#define REMEMBERS 64u /* the fixture's attempts_max */

struct asked {
	uint8_t request[128];
	uint32_t bytes;
	uint32_t node;
	uint32_t port;
	bool is_live;
};

static struct asked asked[RUN + 1]; /* by token */
static uint64_t live[REMEMBERS];
static uint32_t live_count;
static uint64_t counts[SERVICE_DECODINGS];
static struct prng dice;
/* Few ranges, asked for over and over: a reply is then the last asker's, if it is anybody's. */
static bool asks_again;

static uint32_t below(uint32_t bound)
{
	return (uint32_t)prng_below(&dice, bound);
}

/* ---- nodes that answer ---- */

static uint32_t reply_coap(const struct asked *q, uint8_t *out)
{
	static const uint8_t codes[] = {COAP_CONTENT, COAP_CHANGED, COAP_NOT_FOUND,
	                                COAP_INTERNAL_ERROR};
	struct coap_message m;
	struct coap_writer w;
	uint32_t bytes;
	uint8_t type = (uint8_t)below(3);

	CU_ASSERT_EQUAL_FATAL(coap_parse(q->request, q->bytes, &m), COAP_OK);
	const struct coap_header h = {.token = m.token,
	                              .id = type == COAP_ACK ? m.id : (uint16_t)below(65536),
	                              .type = type,
	                              .code = codes[below(4)],
	                              .token_bytes = m.token_bytes};

	coap_write(&w, out, CODEC_DATAGRAM, &h);
	coap_write_option_uint(&w, COAP_CONTENT_FORMAT, below(100));
	coap_write_payload(&w, q->request, below(10));
	coap_write_end(&w, &bytes);
	return bytes;
}

static uint32_t reply_text(const struct asked *q, uint8_t *out)
{
	const uint8_t *token = memchr(q->request, ' ', q->bytes);

	memcpy(out, token + 1, 16);
	return 16 + (uint32_t)snprintf((char *)out + 16, 100, " %u\n", 200 + below(400));
}

static uint32_t reply_mold(const struct asked *q, uint8_t *out)
{
	struct mold_request r;

	CU_ASSERT_TRUE_FATAL(mold_request_parse(q->request, q->bytes, &r));
	uint32_t count = 1 + below(r.count);

	memcpy(out, q->request, MOLD_COUNT);
	put_be16(out + MOLD_COUNT, (uint16_t)count);
	for (uint32_t i = 0; i < count; i++)
		put_be16(out + MOLD_HEADER_BYTES + 2 * i, 0);
	return MOLD_HEADER_BYTES + 2 * count;
}

/* ---- the network ---- */

static bool is_good; /* the reply is whole, of a live attempt, from where it was sent to */

/* Some reply, good or bad, and where it comes from. */
static uint32_t make_reply(uint32_t (*reply)(const struct asked *, uint8_t *), uint64_t newest,
                           uint8_t *out, uint32_t *node, uint32_t *port)
{
	/* Of any attempt, long ended ones too. */
	uint64_t token = below(4) == 0 ? 1 + below((uint32_t)newest)
	                               : newest - below(newest < 32 ? (uint32_t)newest : 32);
	const struct asked *q = &asked[token];
	uint32_t bytes = 0;

	*node = q->node;
	*port = q->port;
	is_good = false;
	if (q->bytes == 0 || below(20) == 0) {
		for (bytes = 0; bytes < 40; bytes++)
			out[bytes] = (uint8_t)below(256);
		return below(40);
	}
	bytes = reply(q, out);
	is_good = q->is_live && !asks_again;
	if (below(2) == 0)
		return bytes;
	is_good = false;
	switch (below(5)) {
	case 0:
		*node = below(3);
		break;
	case 1:
		*port = below(2);
		break;
	case 2:
		return below(bytes);
	case 3: /* somewhere in token, id or sequence */
		out[below(bytes < 20 ? bytes : 20)] ^= (uint8_t)(1u << below(8));
		break;
	default:
		out[below(bytes)] = (uint8_t)below(256);
		break;
	}
	return bytes;
}

static bool check_reply(uint32_t bytes, uint32_t node, uint32_t port, uint64_t newest)
{
	static uint8_t reply[CODEC_DATAGRAM];

	memcpy(reply, the.out, bytes);
	enum service_decoding v = codec_decode_at(reply, bytes, node, port);
	uint64_t token = the.answer.token;

	counts[v]++;
	if (the.answer.receipt_bytes != 0 && the.answer.receipt_bytes != SERVICE_RECEIPT_BYTES)
		return false;
	if (v == SERVICE_MALFORMED || v == SERVICE_UNEXPECTED)
		return !is_good;
	return token >= 1 && token <= newest && asked[token].bytes > 0 &&
	       asked[token].node == node && asked[token].port == port &&
	       the.answer.payload_bytes <= bytes;
}

/* Asks with the next token; false: something is wrong. */
static bool ask_next(uint64_t token)
{
	struct service_request r = codec_request(SERVICE_GET, "a/b");

	if (the.codec == &service_codec_mold) {
		r = (struct service_request){.session = {"000010059B"},
		                             .first_sequence = asks_again ? 1 + below(10) : token,
		                             .count = 1 + below(20)};
	}
	struct asked *q = &asked[token];

	*q = (struct asked){.node = below(3), .port = below(2)};
	enum service_encoding v = codec_encode_at(&r, token, q->node, q->port);

	if (live_count == REMEMBERS)
		return v == SERVICE_NO_ID && the.bytes == 0;
	if (v != SERVICE_ENCODED || the.bytes > sizeof(q->request))
		return false;
	memcpy(q->request, the.out, the.bytes);
	q->bytes = the.bytes;
	q->is_live = true;
	live[live_count++] = token;
	return true;
}

static void end_some(void)
{
	while (live_count > 0 && below(REMEMBERS) < live_count) {
		uint32_t i = below(live_count);
		uint64_t token = live[i];

		the.codec->forget(the.state, token);
		asked[token].is_live = false;
		live[i] = live[--live_count];
		if (below(3) == 0) /* once more does no harm */
			the.codec->forget(the.state, token);
	}
}

static void run(const struct service_codec *codec,
                uint32_t (*reply)(const struct asked *, uint8_t *))
{
	memset(counts, 0, sizeof(counts));
	for (uint64_t seed = 1; seed <= 10; seed++) {
		bool good = true;

		prng_init(&dice, seed);
		codec_start_standard(codec);
		live_count = 0;
		for (uint64_t token = 1; good && token <= RUN; token++) {
			the.now_ns += below(1000);
			good = ask_next(token);
			for (uint32_t i = below(4); good && i > 0; i--) {
				uint32_t node;
				uint32_t port;
				uint32_t bytes = make_reply(reply, token, the.out, &node, &port);

				good = check_reply(bytes, node, port, token);
			}
			end_some();
		}
		if (!good)
			printf("%s: seed %llu\n", codec->name, (unsigned long long)seed);
		CU_ASSERT_TRUE(good);
	}
	CU_ASSERT_TRUE(counts[SERVICE_REPLY] > 1000);
	CU_ASSERT_TRUE(counts[SERVICE_MALFORMED] > 100);
	CU_ASSERT_TRUE(counts[SERVICE_UNEXPECTED] > 100);
}

static void test_coap(void)
{
	run(&service_codec_coap, reply_coap);
}

static void test_text(void)
{
	run(&service_codec_text, reply_text);
}

static void test_mold(void)
{
	run(&service_codec_mold, reply_mold);
}

static void test_mold_asked_again(void)
{
	asks_again = true;
	run(&service_codec_mold, reply_mold);
	asks_again = false;
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"coap", test_coap},
	        {"text", test_text},
	        {"mold", test_mold},
	        {"mold asked again", test_mold_asked_again},
	};
	int rc = SUITE_RUN("request_codec_property", tests);

	free(the.state);
	return rc;
}
