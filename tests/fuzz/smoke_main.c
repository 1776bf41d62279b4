/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Runs a fuzz target without libFuzzer: seeded inputs, random and mutated from the target's own
 * seeds, so that every build and compiler smoke-tests it. usage: smoke_NAME SEED COUNT [FILE...]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/fuzz/target.h"

#define INPUT_BYTES_MAX 4096u

/* Targets without good examples leave this out: random bytes only. */
__attribute__((weak)) const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	*count = 0;
	return NULL;
}

static size_t mutate(struct prng *p, uint8_t *out, const struct fuzz_seed *seeds,
                     uint32_t seed_count)
{
	size_t bytes;

	if (seed_count == 0 || prng_below(p, 8) == 0) {
		bytes = prng_below(p, prng_below(p, 4) == 0 ? INPUT_BYTES_MAX : 128);
		for (size_t i = 0; i < bytes; i++)
			out[i] = (uint8_t)prng_next(p);
		return bytes;
	}
	const struct fuzz_seed *s = &seeds[prng_below(p, seed_count)];

	bytes = s->bytes < INPUT_BYTES_MAX ? s->bytes : INPUT_BYTES_MAX;
	memcpy(out, s->data, bytes);
	for (uint64_t n = prng_below(p, 6); n > 0 && bytes > 0; n--) {
		size_t at = prng_below(p, bytes);

		switch (prng_below(p, 5)) {
		case 0:
			out[at] ^= (uint8_t)(1u << prng_below(p, 8));
			break;
		case 1:
			out[at] = (uint8_t)(prng_below(p, 2) ? 0xff : 0);
			break;
		case 2:
			out[at] = (uint8_t)prng_next(p);
			break;
		case 3:
			bytes = at;
			break;
		default:
			if (bytes + 16 <= INPUT_BYTES_MAX) {
				memmove(out + at + 16, out + at, bytes - at);
				bytes += 16;
			}
			break;
		}
	}
	return bytes;
}

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		return 1;
	}
	static uint8_t data[1u << 20];
	size_t bytes = fread(data, 1, sizeof(data), f);

	fclose(f);
	LLVMFuzzerTestOneInput(data, bytes);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: %s SEED COUNT [FILE...]\n", argv[0]);
		return 2;
	}
	uint64_t seed = strtoull(argv[1], NULL, 10);
	uint64_t count = strtoull(argv[2], NULL, 10);
	uint32_t seed_count;
	const struct fuzz_seed *seeds = fuzz_seeds(&seed_count);

	for (int i = 3; i < argc; i++)
		if (run_file(argv[i]) != 0)
			return 1;
	for (uint64_t i = 0; i < count; i++) {
		struct prng p;
		/* An exact-size heap block, so that a sanitizer sees the first byte read beyond it.
		 */
		static uint8_t work[INPUT_BYTES_MAX];

		prng_init(&p, seed + i);
		size_t bytes = mutate(&p, work, seeds, seed_count);
		uint8_t *input = malloc(bytes + (bytes == 0));

		if (input == NULL)
			return 1;
		memcpy(input, work, bytes);
		LLVMFuzzerTestOneInput(input, bytes);
		free(input);
	}
	printf("%" PRIu64 " inputs from seed %" PRIu64 "\n", count, seed);
	return 0;
}
