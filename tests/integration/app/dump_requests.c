/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Prints datagrams of the codecs as lines of "NAME HEX", for another program to read: requests of
 * each method, ranges of messages, and what CoAP answers to a confirmable reply and to a ping.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/request/service_codec.h"

#define DATAGRAM_BYTES 1472u

static void print(const char *name, const uint8_t *p, uint32_t bytes)
{
	printf("%s ", name);
	for (uint32_t i = 0; i < bytes; i++)
		printf("%02x", p[i]);
	printf("\n");
}

static void *start(const struct service_codec *codec)
{
	struct service_codec_options o;

	service_codec_defaults(&o);
	o.coap.first_id = 0x1234;
	uint64_t bytes = codec->state_bytes(&o);
	void *state = aligned_alloc(SERVICE_STATE_ALIGN, (bytes + SERVICE_STATE_ALIGN - 1) /
	                                                         SERVICE_STATE_ALIGN *
	                                                         SERVICE_STATE_ALIGN);

	if (state == NULL || codec->init(state, &o) != 0)
		abort();
	return state;
}

static void encode(const struct service_codec *codec, void *state, const char *name,
                   const struct service_request *r)
{
	static uint64_t token = 0xa1b2c3d4e5f60000;
	uint8_t out[DATAGRAM_BYTES];
	uint32_t bytes;
	const struct service_attempt a = {.token = token++, .now_ns = 1};

	if (codec->encode(state, r, &a, out, sizeof(out), &bytes) != SERVICE_ENCODED)
		abort();
	print(name, out, bytes);
}

static void receipt(void *state, const char *name, const char *reply, uint32_t bytes)
{
	struct service_answer out;
	const struct service_arrival d = {.bytes = (const uint8_t *)reply, .count = bytes};

	service_codec_coap.decode(state, &d, &out);
	print(name, out.receipt, out.receipt_bytes);
}

static void coap(void)
{
	static const char confirmable[] = "\x48\x45\xab\xcd\xa1\xb2\xc3\xd4\xe5\xf6\x00\x00\xffx";
	static const struct {
		const char *name;
		const char *path;
		const char *payload;
		uint8_t method;
	} rows[] = {{"coap-get", "prices/last/EURUSD", "", SERVICE_GET},
	            {"coap-put", "a-segment-of-more-than-13/b%20c", "1.0825", SERVICE_PUT},
	            {"coap-post", "orders", "buy", SERVICE_POST},
	            {"coap-delete", "x", "", SERVICE_DELETE},
	            {"coap-root", "", "", SERVICE_GET}};
	void *state = start(&service_codec_coap);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct service_request r = {.path = (const uint8_t *)rows[i].path,
		                                  .path_bytes = (uint32_t)strlen(rows[i].path),
		                                  .payload = (const uint8_t *)rows[i].payload,
		                                  .payload_bytes =
		                                          (uint32_t)strlen(rows[i].payload),
		                                  .method = rows[i].method};

		encode(&service_codec_coap, state, rows[i].name, &r);
	}
	receipt(state, "coap-ack", confirmable, sizeof(confirmable) - 1);
	receipt(state, "coap-rst", "\x40\x00\xbe\xef", 4);
	free(state);
}

static void mold(void)
{
	static const struct {
		uint64_t first_sequence;
		uint32_t count;
	} rows[] = {
	        {1, 1}, {14764496, 500}, {UINT64_MAX - SERVICE_COUNT_MAX + 1, SERVICE_COUNT_MAX}};
	void *state = start(&service_codec_mold);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct service_request r = {.session = {"000010059B"},
		                                  .first_sequence = rows[i].first_sequence,
		                                  .count = rows[i].count};

		encode(&service_codec_mold, state, "moldudp64", &r);
	}
	free(state);
}

int main(void)
{
	coap();
	mold();
	return 0;
}
