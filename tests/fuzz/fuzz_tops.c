/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/tops.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	messages_check(&protocol_tops16, data, (uint32_t)bytes);
	return 0;
}

/* One message of each type, and all of them in a row. */
const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static uint8_t all[TOPS_TYPES * 82];
	static struct fuzz_seed seeds[TOPS_TYPES + 1];
	uint32_t at = 0;
	uint32_t n = 0;

	for (uint32_t type = 0; type < 256; type++) {
		uint32_t length = tops_length((uint8_t)type);

		if (length == 0)
			continue;
		seeds[n++] = (struct fuzz_seed){all + at, 2 + length};
		put_le16(all + at, (uint16_t)length);
		memset(all + at + 2, 'A' + (int)n, length);
		all[at + 2] = (uint8_t)type;
		at += 2 + length;
	}
	seeds[n++] = (struct fuzz_seed){all, at};
	*count = n;
	return seeds;
}
