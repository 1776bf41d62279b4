/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/clock.h"

uint64_t clock_offset_ns;

void clock_start(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	clock_offset_ns =
	        (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec - clock_monotonic_ns();
}
