/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_coap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define ROOM      32u
#define RESOURCES 8u
#define S         1000000000ull

static uint64_t seed = 1;
static const struct serve_peer peer = {.mac = 1, .address = 0x0a000001, .port = 4000};

struct world {
	struct serve_resources resources;
	struct serve_script script;
	struct serve_coap node;
	void *memory[2];
	uint64_t now_ns;
	uint16_t id; /* of the next request */
};

static void make(struct world *w, const char *script)
{
	char error[SERVE_TEXT_BYTES];

	memset(w, 0, sizeof(*w));
	CU_ASSERT_EQUAL_FATAL(serve_script_parse(&w->script, script, error), 0);
	w->memory[0] = malloc(serve_resources_bytes(RESOURCES));
	w->memory[1] = malloc(serve_coap_bytes(ROOM));
	serve_resources_init(&w->resources, w->memory[0], RESOURCES);
	serve_coap_init(&w->node, &w->resources, &w->script, w->memory[1], ROOM);
}

static void finish(struct world *w)
{
	free(w->memory[0]);
	free(w->memory[1]);
}

struct ask {
	uint8_t type;
	uint8_t code;
	const char *path;
	const char *payload;
	const char *token;
	uint32_t format; /* 0: none */
	uint32_t accept; /* 0: any */
	uint16_t id;     /* 0: a new one */
};

static uint32_t write(struct world *w, const struct ask *a, uint8_t *out)
{
	const char *token = a->token == NULL ? "tk" : a->token;
	const struct coap_header h = {.token = (const uint8_t *)token,
	                              .id = a->id != 0 ? a->id : ++w->id,
	                              .type = a->type,
	                              .code = a->code,
	                              .token_bytes = (uint8_t)strlen(token)};
	struct coap_writer writer;
	uint32_t bytes;

	coap_write(&writer, out, 1400, &h);
	coap_write_path(&writer, (const uint8_t *)a->path, (uint32_t)strlen(a->path));
	if (a->format != 0)
		coap_write_option_uint(&writer, COAP_CONTENT_FORMAT, a->format);
	if (a->accept != 0)
		coap_write_option_uint(&writer, COAP_ACCEPT, a->accept);
	if (a->payload != NULL)
		coap_write_payload(&writer, (const uint8_t *)a->payload,
		                   (uint32_t)strlen(a->payload));
	CU_ASSERT_EQUAL_FATAL(coap_write_end(&writer, &bytes), COAP_WRITTEN);
	return bytes;
}

static void say(struct world *w, const struct ask *a)
{
	uint8_t out[1400];

	serve_coap_on_request(&w->node, out, write(w, a, out), &peer, w->now_ns);
}

/* The next answer, taken apart; its code, or 0: none. */
static uint8_t hear(struct world *w, struct coap_message *m)
{
	const struct serve_reply *r = serve_coap_poll(&w->node, w->now_ns);

	if (r == NULL)
		return 0;
	CU_ASSERT_TRUE(r->peer.port == peer.port && r->peer.address == peer.address);
	CU_ASSERT_EQUAL_FATAL(coap_parse(r->data, r->bytes, m), COAP_OK);
	return m->code;
}

/* What it answers to this, at once; a content is left in *m. */
static uint8_t asked(struct world *w, uint8_t code, const char *path, const char *payload,
                     struct coap_message *m)
{
	w->now_ns += 10;
	say(w, &(struct ask){.type = COAP_CON, .code = code, .path = path, .payload = payload});
	w->now_ns += 10;
	uint8_t answered = hear(w, m);

	if (answered != 0) {
		CU_ASSERT_EQUAL(m->type, COAP_ACK);
		CU_ASSERT_EQUAL(m->id, w->id);
		CU_ASSERT_TRUE(m->token_bytes == 2 && memcmp(m->token, "tk", 2) == 0);
	}
	return answered;
}

static bool is(const struct coap_message *m, const char *text)
{
	return m->payload_bytes == strlen(text) &&
	       (m->payload_bytes == 0 || memcmp(m->payload, text, m->payload_bytes) == 0);
}

static void methods_do_what_they_say(void)
{
	struct world w;
	struct coap_message m;

	make(&w, "");
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "a/b", NULL, &m), COAP_NOT_FOUND);
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "a/b", "one", &m), COAP_CREATED);
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "a/b", NULL, &m), COAP_CONTENT);
	CU_ASSERT_TRUE(is(&m, "one"));
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "a/b", "two", &m), COAP_CHANGED);
	CU_ASSERT_EQUAL(asked(&w, COAP_POST, "a/b", "+3", &m), COAP_CHANGED);
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "a/b", NULL, &m), COAP_CONTENT);
	CU_ASSERT_TRUE(is(&m, "two+3"));
	CU_ASSERT_EQUAL(asked(&w, COAP_POST, "c", NULL, &m), COAP_CREATED);
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, ".well-known/core", NULL, &m), COAP_CONTENT);
	CU_ASSERT_TRUE(is(&m, "</a/b>,</c>") && m.content_format == 40);
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, ".well-known/core", "x", &m), COAP_METHOD_NOT_ALLOWED);
	CU_ASSERT_EQUAL(asked(&w, 5, "a/b", NULL, &m), COAP_METHOD_NOT_ALLOWED);
	CU_ASSERT_EQUAL(asked(&w, COAP_DELETE, "a/b", NULL, &m), COAP_DELETED);
	CU_ASSERT_EQUAL(asked(&w, COAP_DELETE, "a/b", NULL, &m), COAP_DELETED);
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "a/b", NULL, &m), COAP_NOT_FOUND);
	CU_ASSERT_EQUAL(w.node.more.methods[COAP_GET], 5);
	CU_ASSERT_EQUAL(w.node.more.methods[5], 1);
	CU_ASSERT_EQUAL(w.node.counts.unknown, 2);
	CU_ASSERT_EQUAL(w.node.more.client_errors, 4);
	finish(&w);
}

static void memory_is_bounded(void)
{
	struct world w;
	struct coap_message m;
	char path[16];
	char text[SERVE_CONTENT_BYTES + 2];

	make(&w, "");
	for (uint32_t i = 0; i < RESOURCES; i++) {
		snprintf(path, sizeof(path), "r%u", i);
		CU_ASSERT_EQUAL(asked(&w, COAP_PUT, path, "x", &m), COAP_CREATED);
	}
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "more", "x", &m), COAP_UNAVAILABLE);
	CU_ASSERT_EQUAL(asked(&w, COAP_DELETE, "r3", NULL, &m), COAP_DELETED);
	memset(text, 'x', sizeof(text));
	text[SERVE_CONTENT_BYTES + 1] = '\0';
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "more", text, &m), COAP_TOO_LARGE);
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "more", text + 1, &m), COAP_CREATED);
	CU_ASSERT_EQUAL(asked(&w, COAP_POST, "more", "y", &m), COAP_TOO_LARGE);
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "more", NULL, &m), COAP_CONTENT);
	CU_ASSERT_TRUE(is(&m, text + 1));
	finish(&w);
}

static void formats_are_kept(void)
{
	struct world w;
	struct coap_message m;

	make(&w, "");
	say(&w, &(struct ask){.code = COAP_PUT, .path = "j", .payload = "{}", .format = COAP_JSON});
	w.now_ns = 10;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_CREATED);
	say(&w, &(struct ask){.code = COAP_GET, .path = "j", .accept = COAP_JSON});
	w.now_ns = 20;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_CONTENT);
	CU_ASSERT_EQUAL(m.content_format, COAP_JSON);
	say(&w, &(struct ask){.code = COAP_GET, .path = "j", .accept = COAP_OCTETS});
	w.now_ns = 30;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_CODE(4, 6));
	finish(&w);
}

static void a_message_takes_effect_once(void)
{
	struct world w;
	struct coap_message m;
	struct ask post = {.code = COAP_POST, .path = "a", .payload = "x", .id = 7};

	make(&w, "latency=1s");
	say(&w, &post);
	w.now_ns = S / 2;
	say(&w, &post); /* its answer has not left yet: it will */
	w.now_ns = 2 * S;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_CREATED);
	CU_ASSERT_EQUAL(hear(&w, &m), 0);
	say(&w, &post); /* it was lost, perhaps: once more, the same */
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_CREATED);
	CU_ASSERT_EQUAL(m.id, 7);
	CU_ASSERT_EQUAL(w.node.counts.repeated, 2);
	/* Of a NON nothing is repeated. */
	post.type = COAP_NON;
	post.id = 8;
	say(&w, &post);
	w.now_ns = 4 * S;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_CHANGED);
	CU_ASSERT_TRUE(m.type == COAP_NON && m.token_bytes == 2);
	say(&w, &post);
	w.now_ns = 6 * S;
	CU_ASSERT_EQUAL(hear(&w, &m), 0);
	/* The same id of another client, and much later, is another message. */
	CU_ASSERT_EQUAL(serve_resources_find(&w.resources, "a", 1)->content_bytes, 2);
	uint8_t out[1400];
	struct serve_peer other = peer;

	other.port++;
	serve_coap_on_request(&w.node, out, write(&w, &post, out), &other, w.now_ns);
	CU_ASSERT_EQUAL(serve_resources_find(&w.resources, "a", 1)->content_bytes, 3);
	w.now_ns += SERVE_COAP_LIFETIME_NS;
	say(&w, &post);
	CU_ASSERT_EQUAL(serve_resources_find(&w.resources, "a", 1)->content_bytes, 4);
	finish(&w);
}

static void the_last_are_remembered(void)
{
	struct world w;
	struct ask post = {
	        .type = COAP_NON, .code = COAP_POST, .path = "a", .payload = "x", .id = 1};

	make(&w, "");
	say(&w, &post);
	for (uint16_t i = 2; i <= SERVE_COAP_SEEN_MAX; i++)
		say(&w, &(struct ask){.type = COAP_NON, .code = COAP_GET, .path = "b", .id = i});
	say(&w, &post);
	CU_ASSERT_EQUAL(serve_resources_find(&w.resources, "a", 1)->content_bytes, 1);
	say(&w, &(struct ask){.type = COAP_NON, .code = COAP_GET, .path = "b", .id = 9999});
	say(&w, &post); /* forgotten */
	CU_ASSERT_EQUAL(serve_resources_find(&w.resources, "a", 1)->content_bytes, 2);
	finish(&w);
}

/* One datagram; what came back, 0: nothing. */
static uint32_t sent(struct world *w, const char *bytes, uint32_t count, uint8_t out[16])
{
	serve_coap_on_request(&w->node, (const uint8_t *)bytes, count, &peer, w->now_ns);
	const struct serve_reply *r = serve_coap_poll(&w->node, w->now_ns);

	if (r == NULL)
		return 0;
	memcpy(out, r->data, r->bytes < 16 ? r->bytes : 16);
	return r->bytes;
}

static void what_is_no_request_is_rejected(void)
{
	struct world w;
	uint8_t out[16];

	make(&w, "");
	w.now_ns = 5;
	CU_ASSERT_EQUAL(sent(&w, "\x40\x00\x12\x34", 4, out), 4); /* ping */
	CU_ASSERT_EQUAL(memcmp(out, "\x70\x00\x12\x34", 4), 0);
	CU_ASSERT_EQUAL(sent(&w, "\x4f\x01\x12\x35", 4, out), 4); /* token of 15 */
	CU_ASSERT_EQUAL(sent(&w, "\x40\x45\x12\x36", 4, out), 4); /* an answer */
	CU_ASSERT_EQUAL(sent(&w, "\x5f\x01\x12\x35", 4, out), 0);
	CU_ASSERT_EQUAL(sent(&w, "\x60\x00\x12\x35", 4, out), 0); /* ACK */
	CU_ASSERT_EQUAL(sent(&w, "\x70\x00\x12\x35", 4, out), 0); /* RST */
	CU_ASSERT_EQUAL(sent(&w, "\x00\x01\x12\x35", 4, out), 0); /* version 0 */
	CU_ASSERT_EQUAL(sent(&w, "", 0, out), 0);
	CU_ASSERT_EQUAL(w.node.counts.malformed, 8);
	CU_ASSERT_EQUAL(w.node.more.resets, 3);
	/* An option that must be understood and is not: If-Match. */
	CU_ASSERT_EQUAL(sent(&w, "\x40\x01\x12\x40\x10", 5, out), 0);
	w.now_ns = 100;
	const struct serve_reply *r = serve_coap_poll(&w.node, w.now_ns);

	CU_ASSERT_TRUE(r != NULL && r->data[1] == COAP_BAD_OPTION);
	CU_ASSERT_EQUAL(sent(&w, "\x50\x01\x12\x41\x10", 5, out), 0);
	CU_ASSERT_PTR_NULL(serve_coap_poll(&w.node, S));
	finish(&w);
}

static void the_script_is_followed(void)
{
	struct world w;
	struct coap_message m;

	make(&w, "failing=1s+1s,blackhole=3s+1s,stall=5s+1s");
	w.now_ns = S;
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "a", "x", &m), COAP_UNAVAILABLE);
	CU_ASSERT_EQUAL(w.resources.count, 0);
	w.now_ns = 3 * S;
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "a", "x", &m), 0);
	CU_ASSERT_EQUAL(w.resources.count, 0);
	w.now_ns = 5 * S;
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "a", "x", &m), 0);
	CU_ASSERT_EQUAL(w.resources.count, 1); /* done, and told when it is over */
	w.now_ns = 6 * S + 1;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_CREATED);
	CU_ASSERT_TRUE(w.node.counts.failed == 1 && w.node.counts.lost == 1);
	finish(&w);
}

static void wrong_answers_are_wrong(void)
{
	struct world w;
	struct coap_message m;
	const struct serve_reply *r;

	make(&w, "wrong=token:100%");
	say(&w, &(struct ask){.code = COAP_GET, .path = "a"});
	w.now_ns = 10;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_NOT_FOUND);
	CU_ASSERT_NOT_EQUAL(memcmp(m.token, "tk", 2), 0);
	say(&w, &(struct ask){.code = COAP_GET, .path = "a", .token = ""});
	w.now_ns = 20;
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_NOT_FOUND); /* none to be wrong */
	CU_ASSERT_EQUAL(w.node.counts.wrong[SERVE_WRONG_TOKEN], 1);
	finish(&w);
	static const char *const tokens[] = {"", "t", "tk", "tktktktk"};

	make(&w, "wrong=truncated:100%");
	for (uint32_t i = 0; i < 4; i++) {
		say(&w, &(struct ask){.code = COAP_GET, .path = "a", .token = tokens[i]});
		w.now_ns += 10;
		r = serve_coap_poll(&w.node, w.now_ns);
		CU_ASSERT_TRUE_FATAL(r != NULL);
		CU_ASSERT_EQUAL(coap_parse(r->data, r->bytes, &m), COAP_MALFORMED);
	}
	finish(&w);
	make(&w, "wrong=range:100%");
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "a", "x", &m), COAP_CREATED);
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "a", NULL, &m), COAP_CONTENT);
	CU_ASSERT_TRUE(is(&m, "x")); /* there is no other */
	CU_ASSERT_EQUAL(asked(&w, COAP_PUT, "b", "other", &m), COAP_CREATED);
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "a", NULL, &m), COAP_CONTENT);
	CU_ASSERT_TRUE(is(&m, "other"));
	CU_ASSERT_EQUAL(w.node.counts.wrong[SERVE_WRONG_RANGE], 1);
	finish(&w);
	make(&w, "wrong=duplicate:100%");
	CU_ASSERT_EQUAL(asked(&w, COAP_GET, "a", NULL, &m), COAP_NOT_FOUND);
	CU_ASSERT_EQUAL(hear(&w, &m), COAP_NOT_FOUND);
	CU_ASSERT_EQUAL(hear(&w, &m), 0);
	finish(&w);
}

/* Whatever comes, every answer but a reset is a message, and every request is accounted for. */
static void any_bytes_are_taken(void)
{
	struct world w;
	struct prng p;

	prng_init(&p, seed);
	make(&w, "latency=lognormal:1ms:1,loss=10%,fail=10%");
	for (uint32_t i = 0; i < 30000; i++) {
		uint8_t q[1400];
		const struct serve_reply *r;
		struct coap_message m;
		const char *paths[] = {"a", "b/c", "d", "e/f/g", "h", "i", "j", "k", "l", "m"};
		uint32_t bytes =
		        write(&w,
		              &(struct ask){.type = (uint8_t)prng_below(&p, 4),
		                            .code = (uint8_t)prng_below(&p, 6),
		                            .path = paths[prng_below(&p, 10)],
		                            .payload = prng_below(&p, 2) ? "content" : NULL,
		                            .id = (uint16_t)(1 + prng_below(&p, 60000))},
		              q);

		for (uint64_t n = prng_below(&p, 3); n > 0; n--)
			q[prng_below(&p, bytes)] = (uint8_t)prng_next(&p);
		if (prng_below(&p, 10) == 0)
			bytes = (uint32_t)prng_below(&p, bytes + 1);
		w.now_ns += prng_below(&p, 500000);
		serve_coap_on_request(&w.node, q, bytes, &peer, w.now_ns);
		while ((r = serve_coap_poll(&w.node, w.now_ns)) != NULL)
			CU_ASSERT_EQUAL(coap_parse(r->data, r->bytes, &m), COAP_OK);
		CU_ASSERT_TRUE(w.resources.count <= RESOURCES);
	}
	const struct serve_counts *c = &w.node.counts;
	const struct serve_coap_counts *more = &w.node.more;
	uint64_t said = more->success + more->client_errors + more->server_errors + more->resets;

	CU_ASSERT_TRUE(more->success > 1000 && more->client_errors > 1000 && c->lost > 1000);
	CU_ASSERT_TRUE(c->malformed > 1000 && more->resets > 100 && c->failed > 500);
	CU_ASSERT_EQUAL(c->requests, c->lost + c->malformed + c->repeated + said - more->resets);
	CU_ASSERT_TRUE(c->replies + c->full + w.node.queue.count >= said);
	CU_ASSERT_TRUE(c->replies + c->full + w.node.queue.count <= said + c->repeated);
	finish(&w);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"methods do what they say", methods_do_what_they_say},
	        {"memory is bounded", memory_is_bounded},
	        {"formats are kept", formats_are_kept},
	        {"a message takes effect once", a_message_takes_effect_once},
	        {"the last are remembered", the_last_are_remembered},
	        {"what is no request is rejected", what_is_no_request_is_rejected},
	        {"the script is followed", the_script_is_followed},
	        {"wrong answers are wrong", wrong_answers_are_wrong},
	        {"any bytes are taken", any_bytes_are_taken},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	return SUITE_RUN("serve_coap", tests);
}
