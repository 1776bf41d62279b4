/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The engine's clock: nanoseconds since the Unix epoch that never jump: the monotonic clock plus an
 * offset taken once, at clock_start(). Read once per turn; on Linux this is no system call.
 */
#ifndef APP_CLOCK_H
#define APP_CLOCK_H

#include <stdint.h>
#include <time.h>

extern uint64_t clock_offset_ns;

void clock_start(void);

static inline uint64_t clock_monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* CPU time that this process has used. */
static inline uint64_t clock_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_now_ns(void)
{
	return clock_monotonic_ns() + clock_offset_ns;
}

#endif
