/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Window: the last up to 64 outcomes as the bits of one word, the newest lowest, counted by
 * popcount; and a failure rate with a longer memory, an exponentially weighted moving average in
 * 30-bit fixed point. Plain words that their owner packs where it likes.
 */
#ifndef RESILIENCE_WINDOW_H
#define RESILIENCE_WINDOW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define WINDOW_BITS_MAX 64u
#define WINDOW_PPM      1000000u
#define WINDOW_RATE_ONE (1u << 30) /* a rate of 1 */

/* size: 1 to WINDOW_BITS_MAX. */
static inline uint64_t window_push(uint64_t bits, bool bit, uint32_t size)
{
	return (bits << 1 | (bit ? 1u : 0u)) & UINT64_MAX >> (WINDOW_BITS_MAX - size);
}

static inline uint32_t window_count(uint64_t bits)
{
	return (uint32_t)__builtin_popcountll(bits);
}

/* Samples seen, up to the window's size. */
static inline uint8_t window_seen(uint8_t samples, uint32_t size)
{
	return samples < size ? (uint8_t)(samples + 1) : samples;
}

/* Whether the share of set bits among the samples is at least `ppm`; never without samples. */
static inline bool window_reaches(uint64_t bits, uint32_t samples, uint32_t ppm)
{
	return samples != 0 && (uint64_t)window_count(bits) * WINDOW_PPM >= (uint64_t)ppm * samples;
}

/* 0 without samples. */
static inline uint32_t window_ppm(uint64_t bits, uint32_t samples)
{
	return samples == 0 ? 0 : window_count(bits) * WINDOW_PPM / samples;
}

/* The rate after one more outcome; it moves by 1 / 2^shift of the difference. */
static inline uint32_t window_rate_push(uint32_t rate, bool bit, uint32_t shift)
{
	assert(rate <= WINDOW_RATE_ONE);
	return bit ? rate + ((WINDOW_RATE_ONE - rate) >> shift) : rate - (rate >> shift);
}

static inline uint32_t window_rate_ppm(uint32_t rate)
{
	return (uint32_t)((uint64_t)rate * WINDOW_PPM / WINDOW_RATE_ONE);
}

#endif
