/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What fuzz targets of codecs do: six requests are under way, two of them have ended; the input is
 * what comes back, its first byte says from which node and to which port. A token that is told must
 * be one that was given to that node through that port.
 */
#ifndef TESTS_FUZZ_CODEC_H
#define TESTS_FUZZ_CODEC_H

#include <stdlib.h>

#include "dataplane/request/service_codec.h"

#define CODEC_TOKEN       0x0102030405060700ull /* and so on */
#define CODEC_REQUESTS    6u
#define CODEC_NODES       3u
#define CODEC_PORTS       2u
#define CODEC_STATE_BYTES (1u << 18)

/* The request with this number: node number % CODEC_NODES, port number % CODEC_PORTS. Of its range:
 * from 100 x number, number + 1 messages of session "000010059B". */
static inline void codec_ask(const struct service_codec *codec, void *state, uint32_t number)
{
	const struct service_attempt a = {.token = CODEC_TOKEN + number,
	                                  .now_ns = 1000,
	                                  .node = number % CODEC_NODES,
	                                  .source_port_index = number % CODEC_PORTS};
	struct service_request r = {.path = (const uint8_t *)"a/b", .path_bytes = 3};
	uint8_t out[64];
	uint32_t bytes;

	if (codec == &service_codec_mold)
		r = (struct service_request){.session = {"000010059B"},
		                             .first_sequence = 100 * number + 1,
		                             .count = number + 1};
	if (codec->encode(state, &r, &a, out, sizeof(out), &bytes) != SERVICE_ENCODED)
		abort();
	if (number >= 4)
		codec->forget(state, a.token);
}

static inline void codec_check(const struct service_codec *codec, const uint8_t *data, size_t bytes)
{
	static _Alignas(SERVICE_STATE_ALIGN) uint8_t state[CODEC_STATE_BYTES];
	struct service_codec_options o;
	struct service_answer out;

	service_codec_defaults(&o);
	o.nodes = CODEC_NODES;
	o.source_ports = CODEC_PORTS;
	o.attempts_max = 8;
	if (bytes == 0)
		return;
	if (codec->state_bytes(&o) > sizeof(state) || codec->init(state, &o) != 0)
		abort();
	for (uint32_t i = 0; i < CODEC_REQUESTS; i++)
		codec_ask(codec, state, i);
	const struct service_arrival d = {.bytes = data + 1,
	                                  .now_ns = 2000,
	                                  .count = (uint32_t)bytes - 1,
	                                  .node = data[0] % CODEC_NODES,
	                                  .source_port_index = data[0] / 4 % CODEC_PORTS};
	enum service_decoding v = codec->decode(state, &d, &out);
	uint64_t number = out.token - CODEC_TOKEN;

	if (out.receipt_bytes != 0 && out.receipt_bytes != SERVICE_RECEIPT_BYTES)
		abort();
	if (out.receipt_bytes > d.count) /* nobody is made to shout */
		abort();
	if (v == SERVICE_MALFORMED || v == SERVICE_UNEXPECTED) {
		if (out.token != 0 || out.payload != NULL)
			abort();
		return;
	}
	if (number >= CODEC_REQUESTS || number % CODEC_NODES != d.node ||
	    number % CODEC_PORTS != d.source_port_index)
		abort();
	if (out.payload_bytes > 0 &&
	    (out.payload < d.bytes || out.payload + out.payload_bytes > d.bytes + d.count))
		abort();
}

#endif
