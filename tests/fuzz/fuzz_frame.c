/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "dataplane/wire/frame.h"
#include "tests/fuzz/target.h"

static void check(const uint8_t *data, size_t bytes, const struct frame_options *o)
{
	struct datagram d;
	struct datagram plain;
	bool is_plain = frame_parse_plain(data, (uint32_t)bytes, o, &plain);

	if (frame_parse(data, (uint32_t)bytes, o, &d) != FRAME_OK) {
		if (is_plain)
			abort();
		return;
	}
	if (is_plain && (plain.payload != d.payload || plain.payload_bytes != d.payload_bytes))
		abort();
	if (d.payload < data || d.payload_bytes > bytes ||
	    (size_t)(d.payload - data) > bytes - d.payload_bytes || d.vlan_count > FRAME_VLAN_MAX)
		abort();
	uint8_t sum = 0; /* every byte of the payload can be read */

	for (uint32_t i = 0; i < d.payload_bytes; i++)
		sum ^= d.payload[i];
	if (d.payload_bytes == 0 && sum != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	check(data, bytes, &(struct frame_options){false, false});
	check(data, bytes, &(struct frame_options){true, true});
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static uint8_t plain[FRAME_HEADER_BYTES + 20];
	static uint8_t tagged[FRAME_HEADER_BYTES + 20 + 8 + 6];
	static struct fuzz_seed seeds[] = {{plain, sizeof(plain)}, {tagged, sizeof(tagged)}};
	const struct frame_address a = {0x0a000001, 0xe9360c6f, 4000, 26477};

	frame_build(plain, 20, &a);
	for (size_t i = 0; i < 12; i++)
		tagged[i] = plain[i];
	tagged[12] = 0x88; /* two tags, and a trailer of 6 bytes */
	tagged[13] = 0xa8;
	tagged[16] = 0x81;
	for (size_t i = 12; i < sizeof(plain); i++)
		tagged[i + 8] = plain[i];
	*count = 2;
	return seeds;
}
