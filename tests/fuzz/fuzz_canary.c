/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The canary: a target with a planted bug that needs a little search. The test rig is sound only if
 * this one fails.
 */
#include <stdlib.h>

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (bytes > 3 && data[0] == 'G' && (data[1] & 1) != 0)
		abort();
	return 0;
}
