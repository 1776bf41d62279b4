/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What scan tests share: a small directory, a message_scan, and a record under construction.
 */
#ifndef TESTS_UNIT_FEED_SCAN_WORLD_H
#define TESTS_UNIT_FEED_SCAN_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/directory.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/memory/region.h"

struct scan_world {
	struct region region;
	struct directory directory;
	struct message_scan scan;
	uint8_t blocks[16384];
	uint32_t bytes;
	uint32_t count;
};

static inline struct scan_world *scan_world_create(uint32_t symbols_max)
{
	struct scan_world *w = calloc(1, sizeof(*w));
	uint64_t bytes = directory_bytes(symbols_max);
	uint8_t *base = aligned_alloc(REGION_PAGE_BYTES, bytes);
	uint8_t *pages = calloc(1, bytes / REGION_PAGE_BYTES);

	if (w == NULL || base == NULL || pages == NULL)
		abort();
	memset(base, 0, bytes);
	if (region_init(&w->region, base, bytes, pages) != 0 ||
	    directory_init(&w->directory, &w->region, symbols_max) != 0)
		abort();
	message_scan_init(&w->scan, &w->directory);
	return w;
}

static inline void scan_world_destroy(struct scan_world *w)
{
	free(w->region.base);
	free(w->region.page_epoch);
	free(w);
}

/* Appends a block of zeroes and returns its message. */
static inline uint8_t *scan_world_block(struct scan_world *w, const struct protocol *p,
                                        uint32_t bytes)
{
	uint8_t *m = w->blocks + w->bytes + 2;

	w->blocks[w->bytes + !p->blocks_big_endian] = (uint8_t)(bytes >> 8);
	w->blocks[w->bytes + p->blocks_big_endian] = (uint8_t)bytes;
	memset(m, 0, bytes);
	w->bytes += 2 + bytes;
	w->count++;
	return m;
}

/* Scans what was appended since the last time, from a copy of exactly that size. */
static inline uint64_t scan_world_run(struct scan_world *w, const struct protocol *p)
{
	uint8_t *exact = malloc(w->bytes + (w->bytes == 0));

	if (exact == NULL)
		abort();
	memcpy(exact, w->blocks, w->bytes);
	uint64_t interest = p->scan(&w->scan, exact, w->bytes, w->count);

	free(exact);
	w->bytes = 0;
	w->count = 0;
	return interest;
}

#endif
