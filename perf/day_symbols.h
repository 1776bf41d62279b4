/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The set of symbols a referee has seen. Blank and zero are no symbols. Grows as it must.
 */
#ifndef PERF_DAY_SYMBOLS_H
#define PERF_DAY_SYMBOLS_H

#include <stdint.h>

struct day_symbols {
	char (*names)[8]; /* open addressing, at most half full; all zero: free */
	uint64_t slots;   /* a power of two, or 0 */
	uint64_t count;
};

/* 0 or -ENOMEM; a zeroed set is empty. */
int day_symbols_add(struct day_symbols *s, const uint8_t symbol[8]);
void day_symbols_finish(struct day_symbols *s);

/* Spreads keys over a table. */
static inline uint64_t day_symbols_mix(uint64_t v)
{
	v ^= v >> 31;
	v *= 0x7fb5d329728ea185ull;
	return v ^ v >> 29;
}

#endif
