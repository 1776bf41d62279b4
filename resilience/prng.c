/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/prng.h"

static uint64_t splitmix64(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

void prng_init(struct prng *p, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		p->s[i] = splitmix64(&seed);
}

uint64_t prng_next(struct prng *p)
{
	uint64_t result = rotate_left(p->s[1] * 5, 7) * 9;
	uint64_t t = p->s[1] << 17;

	p->s[2] ^= p->s[0];
	p->s[3] ^= p->s[1];
	p->s[1] ^= p->s[2];
	p->s[0] ^= p->s[3];
	p->s[2] ^= t;
	p->s[3] = rotate_left(p->s[3], 45);
	return result;
}

__extension__ typedef unsigned __int128 uint128;

uint64_t prng_below(struct prng *p, uint64_t bound)
{
	uint128 m = (uint128)prng_next(p) * bound;

	if ((uint64_t)m < bound) {
		uint64_t threshold = -bound % bound;

		while ((uint64_t)m < threshold)
			m = (uint128)prng_next(p) * bound;
	}
	return (uint64_t)(m >> 64);
}

double prng_unit(struct prng *p)
{
	return (double)(prng_next(p) >> 11) * 0x1.0p-53;
}

bool prng_chance_ppm(struct prng *p, uint32_t parts_per_million)
{
	return prng_below(p, 1000000) < parts_per_million;
}
