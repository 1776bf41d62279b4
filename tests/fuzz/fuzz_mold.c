/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/target.h"
#include "tests/fuzz/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	transport_check(&protocol_itch50, data, (uint32_t)bytes);
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static const char data[] = "000010059B\0\0\0\0\0\0\0\x07\0\x03\0\x05hello\0\0\0\x05world";
	static const char heartbeat[] = "000010059B\0\0\0\0\0\0\0\x07\0\0";
	static const char end[] = "000010059B\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
	static const struct fuzz_seed seeds[] = {
	        {data, sizeof(data) - 1},
	        {heartbeat, sizeof(heartbeat) - 1},
	        {end, sizeof(end) - 1},
	};

	*count = 3;
	return seeds;
}
