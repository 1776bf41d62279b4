/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/target.h"
#include "tests/fuzz/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	transport_check(&protocol_deep10, data, (uint32_t)bytes);
	transport_check(&protocol_tops16, data, (uint32_t)bytes);
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static const char data[] = "\x01\0\x04\x80\x01\0\0\0\0\0\x81\x43\x10\0\x03\0"
	                           "\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x35\x46\xb8\xac\x14\0\0\0"
	                           "\x05\0hello\0\0\x05\0world";
	static const char heartbeat[] =
	        "\x01\0\x04\x80\x01\0\0\0\0\0\x81\x43\0\0\0\0"
	        "\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x35\x46\xb8\xac\x14\0\0\0";
	static const char tops[] = "\x01\0\x03\x80\x01\0\0\0\0\0\x81\x43\x07\0\x01\0"
	                           "\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x35\x46\xb8\xac\x14\0\0\0"
	                           "\x05\0hello";
	static const struct fuzz_seed seeds[] = {
	        {data, sizeof(data) - 1},
	        {heartbeat, sizeof(heartbeat) - 1},
	        {tops, sizeof(tops) - 1},
	};

	*count = 3;
	return seeds;
}
