/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A book set in memory of its own, for the tests of this room, and references that collide in the
 * index on purpose.
 */
#ifndef TESTS_UNIT_BOOK_FIXTURE_H
#define TESTS_UNIT_BOOK_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/book/book.h"
#include "dataplane/book/book_state.h"
#include "dataplane/book/order_index.h"
#include "tests/unit/suite.h"

struct fixture {
	struct region region;
	struct book_set set;
	void *memory;
	uint8_t *page_epoch;
	uint64_t bytes;
};

static inline int fixture_region(struct fixture *f, uint64_t bytes)
{
	*f = (struct fixture){.bytes = bytes};
	f->memory = mmap(NULL, bytes + REGION_PAGE_BYTES, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	f->page_epoch = calloc(bytes / REGION_PAGE_BYTES, 1);
	if (f->memory == MAP_FAILED || f->page_epoch == NULL)
		abort();
	/* Whoever reads past the end is caught. */
	if (mprotect((uint8_t *)f->memory + bytes, REGION_PAGE_BYTES, PROT_NONE) != 0)
		abort();
	return region_init(&f->region, f->memory, bytes, f->page_epoch);
}

static inline void fixture_init(struct fixture *f, const struct book_options *o)
{
	if (fixture_region(f, book_set_bytes(o)) != 0)
		abort();
	if (book_set_init(&f->set, &f->region, o) != 0)
		abort();
}

static inline void fixture_finish(struct fixture *f)
{
	munmap(f->memory, f->bytes + REGION_PAGE_BYTES);
	free(f->page_epoch);
}

static inline uint64_t inverse_mod_2_64(uint64_t odd)
{
	uint64_t x = odd;

	for (int i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

/* The reference whose 64-bit hash is `hash` (order_hash() gives its upper half). */
static inline uint64_t reference_of_hash(uint64_t hash)
{
	uint64_t h = hash * inverse_mod_2_64(0xc4ceb9fe1a85ec53ull);

	h ^= h >> 33;
	h *= inverse_mod_2_64(0xff51afd7ed558ccdull);
	h ^= h >> 33;
	return h;
}

#endif
