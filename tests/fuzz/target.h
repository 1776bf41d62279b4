/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a fuzz target defines: libFuzzer's entry point, and optionally good examples to mutate.
 */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_seed {
	const void *data;
	size_t bytes;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
/* Optional: examples to start from. */
const struct fuzz_seed *fuzz_seeds(uint32_t *count);

#endif
