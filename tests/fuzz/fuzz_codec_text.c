/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/codec.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	codec_check(&service_codec_text, data, bytes);
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static const char reply[] = "0"
	                            "0102030405060700 200\nhello";
	static const char progress[] = "5"
	                               "0102030405060705 100\n";
	static const struct fuzz_seed seeds[] = {
	        {reply, sizeof(reply) - 1},
	        {progress, sizeof(progress) - 1},
	};

	*count = 2;
	return seeds;
}
