/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Backoff: how long to wait before trying again: a base, doubled with every failure up to a
 * greatest time, less a random part, so that those who failed together do not return together. The
 * random part is taken off at the greatest time too. Pure, integers only.
 */
#ifndef RESILIENCE_BACKOFF_H
#define RESILIENCE_BACKOFF_H

#include <stdint.h>

struct prng;

#define BACKOFF_TIME_MAX   (1ull << 53) /* ns; three months */
#define BACKOFF_JITTER_MAX 900000u      /* ppm; something is always waited for */

struct backoff_options {
	uint64_t base_ns; /* 1 to max_ns */
	uint64_t max_ns;  /* up to BACKOFF_TIME_MAX */
	uint32_t jitter_ppm;
};

/* At least 1; `prng` is not asked when there is no jitter. */
uint64_t backoff_ns(const struct backoff_options *o, uint32_t doublings, struct prng *prng);

#endif
