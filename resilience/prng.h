/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random numbers by seed: xoshiro256** seeded by splitmix64. Pure; the same seed gives the same
 * numbers on every machine.
 *
 * Spec: D. Blackman, S. Vigna, "Scrambled Linear Pseudorandom Number Generators" (2018).
 */
#ifndef RESILIENCE_PRNG_H
#define RESILIENCE_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
	uint64_t s[4];
};

void prng_init(struct prng *p, uint64_t seed);
uint64_t prng_next(struct prng *p);
/* Uniform in [0, bound); bound > 0. Unbiased (Lemire 2019). */
uint64_t prng_below(struct prng *p, uint64_t bound);
/* Uniform in [0, 1), 53 bits. */
double prng_unit(struct prng *p);
/* True with probability parts_per_million / 10^6. */
bool prng_chance_ppm(struct prng *p, uint32_t parts_per_million);

#endif
