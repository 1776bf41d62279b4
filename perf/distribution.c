/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/distribution.h"

#include <assert.h>
#include <stdbool.h>

#define ONE          (1ull << DISTRIBUTION_FRACTION_BITS)
#define ROOT_BITS    62u
#define PPM          1000000u
#define MILLI        1000u
#define EXPONENT_MAX 40 /* of 2, either way: further out nothing is drawn */
#define VALUE_MAX    (1ull << 62)
#define BODY_NS_MAX  (1ull << 48) /* leaves room for both factors */

__extension__ typedef unsigned __int128 uint128;

/* log2(e) and ln(2), times 2^32. */
static const uint64_t log2_e = 6196328019u;
static const uint64_t ln_2 = 2977044472u;

/* 2^(2^-k) x 2^62 for k = 1 .. 32: each is the root of the one before it. */
static const uint64_t roots[DISTRIBUTION_FRACTION_BITS] = {
        0x5a827999fcef3242u, 0x4c1bf828c6dc54b8u, 0x45cae0f1f545eb73u, 0x42d561b3e6243d8au,
        0x4166c34c5615d0ecu, 0x40b268f9de0183bau, 0x4058f6a7ecccd5b6u, 0x402c6be96af2fb58u,
        0x4016321b687027a8u, 0x400b18178ba33b14u, 0x40058bce410147e8u, 0x4002c5d7bff71dafu,
        0x400162e807ee7e5bu, 0x4000b1730df6a524u, 0x400058b9497b8152u, 0x40002c5c955dd701u,
        0x4000162e46d6f26cu, 0x40000b1722757b1bu, 0x4000058b90fd3e0cu, 0x400002c5c86f3f26u,
        0x40000162e433c79bu, 0x400000b17218edd0u, 0x40000058b90c3968u, 0x4000002c5c860d54u,
        0x400000162e4302d2u, 0x4000000b17218073u, 0x400000058b90bffcu, 0x40000002c5c85fefu,
        0x4000000162e42ff3u, 0x40000000b17217f9u, 0x4000000058b90bfcu, 0x400000002c5c85feu,
};

int64_t distribution_log2(uint64_t x)
{
	uint32_t whole = 63u - (uint32_t)__builtin_clzll(x | 1);
	uint64_t mantissa = x << (63u - whole); /* [1, 2) x 2^63 */
	uint64_t fraction = 0;

	assert(x > 0);
	for (uint32_t i = 0; i < DISTRIBUTION_FRACTION_BITS; i++) {
		uint128 square = (uint128)mantissa * mantissa; /* [1, 4) x 2^126 */
		uint32_t bit = (uint32_t)(square >> 127);

		fraction = fraction << 1 | bit;
		mantissa = (uint64_t)(square >> (63 + bit));
	}
	return (int64_t)((uint64_t)whole << DISTRIBUTION_FRACTION_BITS | fraction);
}

uint64_t distribution_exp2(uint64_t value, int64_t exponent)
{
	const int64_t limit = (int64_t)EXPONENT_MAX << DISTRIBUTION_FRACTION_BITS;

	exponent = exponent > limit ? limit : exponent < -limit ? -limit : exponent;
	/* Towards minus infinity, so that the fraction is positive. */
	uint64_t biased = (uint64_t)(exponent + limit);
	uint32_t whole = (uint32_t)(biased >> DISTRIBUTION_FRACTION_BITS);
	uint64_t fraction = biased & (ONE - 1);
	uint64_t factor = 1ull << ROOT_BITS;

	assert(whole <= 2 * EXPONENT_MAX);
	for (uint32_t k = 0; k < DISTRIBUTION_FRACTION_BITS; k++)
		if ((fraction >> (DISTRIBUTION_FRACTION_BITS - 1 - k) & 1) != 0)
			factor = (uint64_t)((uint128)factor * roots[k] >> ROOT_BITS);
	uint128 product = (uint128)value * factor; /* below 2^(62 + 63) */
	uint32_t down = ROOT_BITS + EXPONENT_MAX - whole;

	assert(value <= VALUE_MAX);
	product >>= down;
	return product < VALUE_MAX ? (uint64_t)product : VALUE_MAX;
}

uint32_t distribution_root(uint64_t x)
{
	uint64_t root = 0;

	for (uint64_t bit = 1ull << 31; bit != 0; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	assert(root <= UINT32_MAX);
	return (uint32_t)root;
}

/* A random number with 31 bits and a sign, never 0. */
static int64_t side(struct prng *p)
{
	return (int64_t)(prng_next(p) >> 32 | 1) - (1ll << 31);
}

int64_t distribution_normal(struct prng *p)
{
	int64_t u;
	uint64_t s; /* u^2 + v^2, x 2^62 */

	do {
		int64_t v = side(p);

		u = side(p);
		s = (uint64_t)(u * u) + (uint64_t)(v * v);
	} while (s >= 1ull << 62);
	assert(s > 0);
	/* z = u / sqrt(s) x sqrt(-2 ln s) */
	uint64_t nats = (uint64_t)((uint128)((62ull << DISTRIBUTION_FRACTION_BITS) -
	                                     (uint64_t)distribution_log2(s)) *
	                                   ln_2 >>
	                           DISTRIBUTION_FRACTION_BITS);
	uint64_t radius = distribution_root(2 * nats << 24); /* x 2^28 */
	uint64_t size = (uint64_t)(u < 0 ? -u : u);
	uint64_t share = (size << 32) / distribution_root(s << 2); /* x 2^31 */
	int64_t z = (int64_t)(share * radius >> 27);

	assert(z >= 0);
	return u < 0 ? -z : z;
}

static uint64_t scaled(uint64_t ns, uint32_t milli)
{
	return ns / MILLI * milli + ns % MILLI * milli / MILLI;
}

static uint64_t lognormal(const struct distribution *d, struct prng *p)
{
	int64_t z = distribution_normal(p) * (int64_t)d->shape_milli / (int64_t)MILLI;
	uint64_t size = (uint64_t)((uint128)(uint64_t)(z < 0 ? -z : z) * log2_e >>
	                           DISTRIBUTION_FRACTION_BITS);

	return distribution_exp2(d->scale_ns, z < 0 ? -(int64_t)size : (int64_t)size);
}

static uint64_t pareto(const struct distribution *d, struct prng *p)
{
	uint64_t bits = (64ull << DISTRIBUTION_FRACTION_BITS) -
	                (uint64_t)distribution_log2(prng_next(p) | 1);

	return distribution_exp2(d->scale_ns, (int64_t)(bits * MILLI / d->shape_milli));
}

static uint64_t uniform(const struct distribution *d, struct prng *p)
{
	uint64_t reach_ns = scaled(d->scale_ns, d->shape_milli);

	return d->scale_ns - reach_ns + prng_below(p, 2 * reach_ns + 1);
}

static uint64_t body(const struct distribution *d, struct prng *p)
{
	switch (d->kind) {
	case DISTRIBUTION_CONSTANT:
		return d->scale_ns;
	case DISTRIBUTION_UNIFORM:
		return uniform(d, p);
	case DISTRIBUTION_LOGNORMAL:
		return lognormal(d, p);
	case DISTRIBUTION_PARETO:
		return pareto(d, p);
	}
	return 0;
}

bool distribution_is_valid(const struct distribution *d)
{
	if (d->scale_ns == 0 || d->scale_ns > DISTRIBUTION_SCALE_NS_MAX || d->slow_ppm > PPM)
		return false;
	if (d->slow_milli > DISTRIBUTION_FACTOR_MILLI_MAX ||
	    d->shift_milli > DISTRIBUTION_FACTOR_MILLI_MAX)
		return false;
	switch (d->kind) {
	case DISTRIBUTION_CONSTANT:
		return true;
	case DISTRIBUTION_UNIFORM:
		return d->shape_milli <= MILLI;
	case DISTRIBUTION_LOGNORMAL:
		return d->shape_milli <= 4 * MILLI;
	case DISTRIBUTION_PARETO:
		return d->shape_milli >= MILLI / 2;
	}
	return false;
}

uint64_t distribution_sample_ns(const struct distribution *d, struct prng *p, uint64_t now_ns)
{
	assert(distribution_is_valid(d));
	uint64_t ns = body(d, p);

	ns = ns < BODY_NS_MAX ? ns : BODY_NS_MAX;
	if (d->slow_ppm > 0 && prng_chance_ppm(p, d->slow_ppm))
		ns = scaled(ns, d->slow_milli);
	if (d->shift_milli > 0 && now_ns >= d->shift_at_ns)
		ns = scaled(ns, d->shift_milli);
	assert(ns <= VALUE_MAX);
	return ns == 0 ? 1 : ns;
}
