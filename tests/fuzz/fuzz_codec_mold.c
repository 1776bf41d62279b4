/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/mold.h"
#include "tests/fuzz/codec.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct mold_request r;
	uint8_t again[MOLD_REQUEST_BYTES];

	codec_check(&service_codec_mold, data, bytes);
	/* A request says the same when it is said again. */
	if (mold_request_parse(data, (uint32_t)bytes, &r) &&
	    (!mold_request_build(again, &r) || memcmp(again, data, sizeof(again)) != 0))
		abort();
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static const char one[] = "\0000000010059B\0\0\0\0\0\0\0\1\0\1\0\5hello";
	static const char five[] = "\1000010059B\0\0\0\0\0\0\1\x91\0\2\0\0\0\1x";
	static const char request[] = "000010059B\0\0\0\0\0\0\0\1\0\1";
	static const struct fuzz_seed seeds[] = {
	        {one, sizeof(one) - 1},
	        {five, sizeof(five) - 1},
	        {request, sizeof(request) - 1},
	};

	*count = 3;
	return seeds;
}
