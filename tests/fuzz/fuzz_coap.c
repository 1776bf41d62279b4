/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A message that is parsed keeps inside the datagram, and says the same when it is written again.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/coap.h"
#include "tests/fuzz/target.h"

#define OUT_BYTES 8192u

static void check_path(const struct coap_message *m)
{
	static char path[OUT_BYTES];
	static uint8_t out[OUT_BYTES];
	struct coap_writer w;
	struct coap_message back;
	uint32_t bytes = coap_path(m, path, sizeof(path));
	uint32_t written;

	if (bytes == UINT32_MAX)
		return;
	coap_write(&w, out, sizeof(out), &(struct coap_header){.code = COAP_GET});
	coap_write_path(&w, (const uint8_t *)path, bytes);
	if (coap_write_end(&w, &written) != COAP_WRITTEN)
		return; /* more segments than ours have */
	char again[OUT_BYTES];

	if (coap_parse(out, written, &back) != COAP_OK ||
	    coap_path(&back, again, sizeof(again)) != bytes || memcmp(again, path, bytes) != 0)
		abort();
}

static void check_again(const struct coap_message *m, enum coap_verdict v)
{
	static uint8_t out[OUT_BYTES];
	struct coap_writer w;
	struct coap_walk walk = {0};
	struct coap_option o;
	struct coap_message back;
	uint32_t bytes;
	const struct coap_header h = {.token = m->token,
	                              .id = m->id,
	                              .type = m->type,
	                              .code = m->code,
	                              .token_bytes = m->token_bytes};

	coap_write(&w, out, sizeof(out), &h);
	while (coap_option_next(m, &walk, &o))
		coap_write_option(&w, o.number, o.value, o.bytes);
	if (walk.at != m->option_bytes)
		abort();
	coap_write_payload(&w, m->payload, m->payload_bytes);
	if (coap_write_end(&w, &bytes) != COAP_WRITTEN || coap_parse(out, bytes, &back) != v)
		abort();
	if (back.critical != m->critical || back.content_format != m->content_format ||
	    back.block2.number != m->block2.number || back.block2.more != m->block2.more ||
	    back.payload_bytes != m->payload_bytes ||
	    (m->payload_bytes > 0 && memcmp(back.payload, m->payload, m->payload_bytes) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct coap_message m;
	enum coap_verdict v = coap_parse(data, (uint32_t)bytes, &m);

	if (v == COAP_MALFORMED || v == COAP_OTHER_VERSION)
		return 0;
	const uint8_t *end = data + bytes;

	if (m.token_bytes > COAP_TOKEN_BYTES_MAX || m.token + m.token_bytes != m.options ||
	    m.options + m.option_bytes > end || (v == COAP_CRITICAL) != ((m.critical & 1) != 0))
		abort();
	if (m.payload != NULL ? m.payload + m.payload_bytes != end || m.payload_bytes == 0
	                      : m.options + m.option_bytes != end || m.payload_bytes != 0)
		abort();
	check_again(&m, v);
	check_path(&m);
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static const char get[] = "\x48\x01\x7d\x34tokenabc\xb1"
	                          "a\x0d\x02long-of-fifteen\x01"
	                          "c";
	static const char reply[] = "\x68\x45\x7d\x34tokenabc\xc1\x2a\xd1\x0a\x0e\xff"
	                            "22.3 C";
	static const char far[] = "\x50\x45\0\1\xe1\xfe\xf0x\xff.";
	static const char empty[] = "\x70\0\0\1";
	static const struct fuzz_seed seeds[] = {
	        {get, sizeof(get) - 1},
	        {reply, sizeof(reply) - 1},
	        {far, sizeof(far) - 1},
	        {empty, sizeof(empty) - 1},
	};

	*count = 4;
	return seeds;
}
