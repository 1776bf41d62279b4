/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_mold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define ROOM     16u
#define MESSAGES 500u
#define SESSION  "GENESIS001"

static uint64_t seed = 1;
static const struct serve_peer peer = {.mac = 1, .address = 0x0a000001, .port = 4000};

struct world {
	struct day_store *store;
	struct serve_script script;
	struct serve_mold mold;
	void *memory;
};

/* Message n is 30 + n % 20 bytes of value n. */
static void make(struct world *w, const char *script)
{
	char error[SERVE_TEXT_BYTES];

	CU_ASSERT_EQUAL_FATAL(serve_script_parse(&w->script, script, error), 0);
	CU_ASSERT_EQUAL_FATAL(day_store_create(&w->store), 0);
	CU_ASSERT_EQUAL_FATAL(day_store_open(w->store, 0, SESSION), 0);
	for (uint64_t n = 1; n <= MESSAGES; n++) {
		uint8_t data[64];

		memset(data, (int)n, sizeof(data));
		CU_ASSERT_EQUAL_FATAL(day_store_add(w->store, 0, n, data, 30 + (uint32_t)(n % 20)),
		                      0);
	}
	day_store_tell(w->store, 0, MESSAGES + 1);
	w->memory = malloc(serve_queue_bytes(ROOM));
	serve_mold_init(&w->mold, w->store, &w->script, w->memory, ROOM);
}

static void finish(struct world *w)
{
	day_store_destroy(w->store);
	free(w->memory);
}

static void ask(struct world *w, const char *session, uint64_t sequence, uint16_t count,
                uint64_t now_ns)
{
	uint8_t q[20];

	memcpy(q, session, 10);
	put_be64(q + 10, sequence);
	put_be16(q + 18, count);
	serve_mold_on_request(&w->mold, q, sizeof(q), &peer, now_ns);
}

/* Whether the packet holds its messages rightly; *count: how many. */
static bool is_right(const struct serve_reply *r, uint64_t sequence, uint32_t *count)
{
	uint32_t at = 20;

	*count = be16(r->data + 18);
	if (memcmp(r->data, SESSION, 10) != 0 || be64(r->data + 10) != sequence)
		return false;
	for (uint32_t i = 0; i < *count; i++) {
		uint64_t n = sequence + i;

		if (at + 2 > r->bytes || be16(r->data + at) != 30 + n % 20 ||
		    at + 2 + be16(r->data + at) > r->bytes || r->data[at + 2] != (uint8_t)n)
			return false;
		at += 2u + be16(r->data + at);
	}
	return at == r->bytes;
}

static void what_is_asked_for_is_given(void)
{
	struct world w;
	uint32_t count;

	make(&w, "");
	ask(&w, SESSION, 10, 5, 100);
	const struct serve_reply *r = serve_mold_poll(&w.mold, 101);

	CU_ASSERT_TRUE_FATAL(r != NULL);
	CU_ASSERT_TRUE(is_right(r, 10, &count) && count == 5);
	CU_ASSERT_TRUE(r->peer.port == 4000 && r->peer.address == 0x0a000001);
	CU_ASSERT_PTR_NULL(serve_mold_poll(&w.mold, 1000));
	/* As many as fit, and no more than there are. */
	ask(&w, SESSION, 1, 400, 2000);
	r = serve_mold_poll(&w.mold, 3000);
	CU_ASSERT_TRUE(r != NULL && is_right(r, 1, &count) && count < 400);
	CU_ASSERT_TRUE(r->bytes <= SERVE_MOLD_PAYLOAD_BYTES &&
	               r->bytes + 2 + 30 + (1 + count) % 20 > SERVE_MOLD_PAYLOAD_BYTES);
	ask(&w, SESSION, MESSAGES - 1, 100, 2000);
	r = serve_mold_poll(&w.mold, 3000);
	CU_ASSERT_TRUE(r != NULL && is_right(r, MESSAGES - 1, &count) && count == 2);
	CU_ASSERT_EQUAL(w.mold.counts.replies, 3);
	CU_ASSERT_EQUAL(w.mold.counts.requests, 3);
	finish(&w);
}

static void nothing_is_said_of_the_future_or_of_nonsense(void)
{
	struct world w;
	uint8_t junk[40] = {0};

	make(&w, "");
	ask(&w, SESSION, MESSAGES + 1, 1, 0);
	ask(&w, SESSION, UINT64_MAX - 200000, 65534, 0);
	ask(&w, "GENESIS002", 1, 1, 0);
	ask(&w, SESSION, UINT64_MAX, 1, 0);
	CU_ASSERT_EQUAL(w.mold.counts.unknown, 4);
	ask(&w, SESSION, 1, 0, 0);
	ask(&w, SESSION, 1, 65535, 0);
	ask(&w, SESSION, 0, 1, 0);
	ask(&w, SESSION, UINT64_MAX, 2, 0); /* beyond the last number there is */
	for (uint32_t n = 0; n < 40; n++)
		if (n != 20)
			serve_mold_on_request(&w.mold, junk, n, &peer, 0);
	CU_ASSERT_EQUAL(w.mold.counts.malformed, 4 + 39);
	CU_ASSERT_PTR_NULL(serve_mold_poll(&w.mold, UINT64_MAX - 1));
	finish(&w);
}

static void a_message_of_its_own_goes_alone(void)
{
	struct world w;
	uint8_t data[1451] = {7};

	make(&w, "");
	CU_ASSERT_EQUAL(day_store_add(w.store, 0, MESSAGES + 1, data, 1450), 0);
	CU_ASSERT_EQUAL(day_store_add(w.store, 0, MESSAGES + 2, data, 1451), 0);
	day_store_tell(w.store, 0, MESSAGES + 3);
	ask(&w, SESSION, MESSAGES + 1, 2, 0);
	const struct serve_reply *r = serve_mold_poll(&w.mold, 10);

	CU_ASSERT_TRUE(r != NULL && r->bytes == 1472 && be16(r->data + 18) == 1);
	ask(&w, SESSION, MESSAGES + 2, 1, 0); /* fits no packet */
	CU_ASSERT_PTR_NULL(serve_mold_poll(&w.mold, 10));
	CU_ASSERT_EQUAL(w.mold.counts.unknown, 1);
	finish(&w);
}

static void the_script_is_followed(void)
{
	struct world w;

	make(&w, "latency=5ms,blackhole=1s+1s,failing=3s+1s");
	w.mold.start_ns = 1000000000;
	ask(&w, SESSION, 1, 1, 1000000000);
	CU_ASSERT_PTR_NULL(serve_mold_poll(&w.mold, 1004999999));
	CU_ASSERT_PTR_NOT_NULL(serve_mold_poll(&w.mold, 1005000000));
	ask(&w, SESSION, 1, 1, 2500000000);
	CU_ASSERT_EQUAL(w.mold.counts.lost, 1);
	ask(&w, SESSION, 1, 1, 4500000000);
	CU_ASSERT_EQUAL(w.mold.counts.failed, 1);
	CU_ASSERT_PTR_NULL(serve_mold_poll(&w.mold, UINT64_MAX - 1));
	for (uint32_t i = 0; i <= ROOM; i++)
		ask(&w, SESSION, 1, 1, 6000000000);
	CU_ASSERT_EQUAL(w.mold.counts.full, 1);
	finish(&w);
}

static void wrong_answers_are_wrong(void)
{
	struct world w;
	const struct serve_reply *r;
	uint32_t count;

	make(&w, "wrong=token:100%");
	ask(&w, SESSION, 10, 5, 0);
	r = serve_mold_poll(&w.mold, 10);
	CU_ASSERT_TRUE(r != NULL && memcmp(r->data, SESSION, 10) != 0);
	finish(&w);
	make(&w, "wrong=truncated:100%");
	ask(&w, SESSION, 10, 1, 0);
	r = serve_mold_poll(&w.mold, 10);
	CU_ASSERT_TRUE(r != NULL && !is_right(r, 10, &count) && r->bytes > 20);
	CU_ASSERT_EQUAL(w.mold.counts.wrong[SERVE_WRONG_TRUNCATED], 1);
	CU_ASSERT_EQUAL(w.mold.counts.messages, 0);
	finish(&w);
	make(&w, "wrong=range:100%");
	ask(&w, SESSION, 10, 5, 0);
	r = serve_mold_poll(&w.mold, 10);
	CU_ASSERT_TRUE(r != NULL && is_right(r, 15, &count));
	ask(&w, SESSION, MESSAGES - 4, 5, 0); /* nothing behind it */
	r = serve_mold_poll(&w.mold, 10);
	CU_ASSERT_TRUE(r != NULL && is_right(r, MESSAGES - 9, &count) && count == 5);
	ask(&w, SESSION, 1, MESSAGES, 0); /* nothing else: it stays right */
	r = serve_mold_poll(&w.mold, 10);
	CU_ASSERT_TRUE(r != NULL && is_right(r, 1, &count));
	CU_ASSERT_EQUAL(w.mold.counts.wrong[SERVE_WRONG_RANGE], 2);
	finish(&w);
	make(&w, "wrong=duplicate:100%");
	ask(&w, SESSION, 10, 5, 0);
	CU_ASSERT_PTR_NOT_NULL(serve_mold_poll(&w.mold, 10));
	r = serve_mold_poll(&w.mold, 10);
	CU_ASSERT_TRUE(r != NULL && is_right(r, 10, &count));
	finish(&w);
	make(&w, "wrong=late:100%:3s");
	ask(&w, SESSION, 10, 5, 0);
	CU_ASSERT_PTR_NULL(serve_mold_poll(&w.mold, 3000000000));
	r = serve_mold_poll(&w.mold, 3000000001);
	CU_ASSERT_TRUE(r != NULL && is_right(r, 10, &count));
	finish(&w);
}

/* Whatever comes, a server that does nothing wrong says only what is right, and every request is
 * accounted for once. */
static void any_bytes_are_taken(void)
{
	struct world w;
	struct prng p;
	uint64_t now_ns = 0;

	prng_init(&p, seed);
	make(&w, "latency=lognormal:1ms:1,loss=10%,fail=10%");
	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t q[24];
		uint32_t count;
		const struct serve_reply *r;

		for (uint32_t b = 0; b < sizeof(q); b++)
			q[b] = (uint8_t)prng_next(&p);
		if (prng_below(&p, 4) > 0)
			memcpy(q, SESSION, 10);
		if (prng_below(&p, 4) > 0)
			put_be64(q + 10, prng_below(&p, MESSAGES + 20));
		if (prng_below(&p, 4) > 0)
			put_be16(q + 18, (uint16_t)prng_below(&p, 60));
		now_ns += prng_below(&p, 500000);
		serve_mold_on_request(&w.mold, q,
		                      prng_below(&p, 8) > 0 ? 20 : (uint32_t)prng_below(&p, 25),
		                      &peer, now_ns);
		while ((r = serve_mold_poll(&w.mold, now_ns)) != NULL)
			CU_ASSERT_TRUE(is_right(r, be64(r->data + 10), &count) && count > 0);
	}
	const struct serve_counts *c = &w.mold.counts;

	CU_ASSERT_EQUAL(c->requests, c->malformed + c->unknown + c->lost + c->failed + c->full +
	                                     c->replies + w.mold.queue.count);
	CU_ASSERT_TRUE(c->replies > 1000 && c->lost > 100 && c->failed > 100 && c->unknown > 100 &&
	               c->malformed > 100);
	finish(&w);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"what is asked for is given", what_is_asked_for_is_given},
	        {"nothing is said of the future or of nonsense",
	         nothing_is_said_of_the_future_or_of_nonsense},
	        {"a message of its own goes alone", a_message_of_its_own_goes_alone},
	        {"the script is followed", the_script_is_followed},
	        {"wrong answers are wrong", wrong_answers_are_wrong},
	        {"any bytes are taken", any_bytes_are_taken},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	return SUITE_RUN("serve_mold", tests);
}
