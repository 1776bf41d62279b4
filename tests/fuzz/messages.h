/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What fuzz targets of message formats do: take the input as blocks (those that stand whole), scan
 * them into a small directory, describe each message, and check that the counts add up.
 */
#ifndef TESTS_FUZZ_MESSAGES_H
#define TESTS_FUZZ_MESSAGES_H

#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/directory.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/memory/region.h"

#define MESSAGES_SYMBOLS_MAX 64u
#define MESSAGES_REGION      (16u * REGION_PAGE_BYTES)

static inline void messages_describe(const struct protocol *p, const uint8_t *m, uint32_t bytes)
{
	char whole[2048];
	char cut[16];
	int length = p->describe(m, bytes, whole, sizeof(whole));

	if (length <= 0 || (size_t)length != strlen(whole))
		abort();
	if (strchr(whole, '\n') != NULL)
		abort();
	/* Cut as snprintf cuts. */
	if (p->describe(m, bytes, cut, sizeof(cut)) != length || strlen(cut) >= sizeof(cut) ||
	    strncmp(cut, whole, strlen(cut)) != 0)
		abort();
	if (p->describe(m, bytes, NULL, 0) != length)
		abort();
}

static inline void messages_check(const struct protocol *p, const uint8_t *data, uint32_t bytes)
{
	static uint8_t memory[MESSAGES_REGION] __attribute__((aligned(REGION_PAGE_BYTES)));
	static uint8_t pages[MESSAGES_REGION / REGION_PAGE_BYTES];
	static struct message_scan scan;
	struct region region;
	struct directory directory;
	uint32_t count = 0;
	uint32_t at = 0;

	while (bytes - at >= 2) {
		uint32_t length = protocol_block_length(p, data + at);

		if (length > bytes - at - 2)
			break;
		messages_describe(p, data + at + 2, length);
		at += 2 + length;
		count++;
	}
	memset(memory, 0, sizeof(memory));
	if (region_init(&region, memory, sizeof(memory), pages) != 0 ||
	    directory_init(&directory, &region, MESSAGES_SYMBOLS_MAX) != 0)
		abort();
	message_scan_init(&scan, &directory);
	uint64_t first = p->scan(&scan, data, at, count);
	uint64_t again = p->scan(&scan, data, at, count);

	/* What was learned on the way can only narrow the second look. */
	if ((again & ~first) != 0)
		abort();
	uint64_t sum = scan.counts.empty + scan.counts.unknown;

	for (uint32_t i = 0; i < 256; i++)
		sum += scan.counts.by_type[i];
	if (sum != scan.counts.messages || sum != 2ull * count)
		abort();
	if (directory_count(&directory) > MESSAGES_SYMBOLS_MAX)
		abort();
}

#endif
