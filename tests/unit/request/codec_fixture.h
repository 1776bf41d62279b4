/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A codec at work: its state in a block of exactly its size, one call a line.
 */
#ifndef TESTS_UNIT_REQUEST_CODEC_FIXTURE_H
#define TESTS_UNIT_REQUEST_CODEC_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "dataplane/request/service_codec.h"
#include "tests/unit/suite.h"

#define CODEC_DATAGRAM 1472u
#define BYTES(text)    (const uint8_t *)(text), sizeof(text) - 1

static struct {
	const struct service_codec *codec;
	struct service_codec_options options;
	void *state;
	uint64_t now_ns;
	uint8_t out[CODEC_DATAGRAM];
	uint32_t bytes;
	struct service_answer answer;
} the;

static inline void codec_start(const struct service_codec *codec)
{
	free(the.state);
	uint64_t bytes = codec->state_bytes(&the.options);

	CU_ASSERT_FATAL(bytes > 0);
	the.codec = codec;
	the.state = aligned_alloc(SERVICE_STATE_ALIGN, (bytes + SERVICE_STATE_ALIGN - 1) /
	                                                       SERVICE_STATE_ALIGN *
	                                                       SERVICE_STATE_ALIGN);
	memset(the.state, 0xee, bytes);
	the.now_ns = 1000;
	CU_ASSERT_EQUAL_FATAL(codec->init(the.state, &the.options), 0);
}

static inline void codec_start_standard(const struct service_codec *codec)
{
	service_codec_defaults(&the.options);
	the.options.nodes = 3;
	the.options.source_ports = 2;
	the.options.attempts_max = 64;
	codec_start(codec);
}

static inline struct service_request codec_request(uint8_t method, const char *path)
{
	return (struct service_request){.path = (const uint8_t *)path,
	                                .path_bytes = (uint32_t)strlen(path),
	                                .method = method};
}

static inline enum service_encoding codec_encode_at(const struct service_request *r, uint64_t token,
                                                    uint32_t node, uint32_t port)
{
	const struct service_attempt a = {
	        .token = token, .now_ns = the.now_ns, .node = node, .source_port_index = port};

	return the.codec->encode(the.state, r, &a, the.out, sizeof(the.out), &the.bytes);
}

static inline enum service_encoding codec_encode(const struct service_request *r, uint64_t token)
{
	return codec_encode_at(r, token, 0, 0);
}

static inline enum service_decoding codec_decode_at(const uint8_t *p, uint32_t bytes, uint32_t node,
                                                    uint32_t port)
{
	/* A block of exactly that size, so that a sanitizer sees a byte too many. */
	static uint8_t *exact;

	free(exact);
	exact = malloc(bytes + 1);
	memcpy(exact + 1, p, bytes);
	memset(&the.answer, 0xee, sizeof(the.answer));
	const struct service_arrival d = {.bytes = exact + 1,
	                                  .now_ns = the.now_ns,
	                                  .count = bytes,
	                                  .node = node,
	                                  .source_port_index = port};

	return the.codec->decode(the.state, &d, &the.answer);
}

static inline enum service_decoding codec_decode(const uint8_t *p, uint32_t bytes)
{
	return codec_decode_at(p, bytes, 0, 0);
}

#endif
