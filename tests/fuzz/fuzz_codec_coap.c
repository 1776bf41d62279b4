/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/codec.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	codec_check(&service_codec_coap, data, bytes);
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static const char reply[] = "\0\x58\x45\xab\xcd\1\2\3\4\5\6\7\0\xc1\x2a\xffhello";
	static const char confirmable[] = "\1\x48\x84\xab\xcd\1\2\3\4\5\6\7\4";
	static const char piggybacked[] = "\0\x68\x45\0\0\1\2\3\4\5\6\7\0";
	static const char reset[] = "\0\x70\0\0\0";
	static const char empty[] = "\5\x60\0\0\0";
	static const char blocks[] = "\0\x48\x45\0\7\1\2\3\4\5\6\7\0\xd1\x0a\x0e\xffx";
	static const struct fuzz_seed seeds[] = {
	        {reply, sizeof(reply) - 1},
	        {confirmable, sizeof(confirmable) - 1},
	        {piggybacked, sizeof(piggybacked) - 1},
	        {reset, sizeof(reset) - 1},
	        {empty, sizeof(empty) - 1},
	        {blocks, sizeof(blocks) - 1},
	};

	*count = 6;
	return seeds;
}
