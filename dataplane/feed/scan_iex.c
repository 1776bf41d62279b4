/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "dataplane/feed/directory.h"
#include "dataplane/feed/scan.h"
#include "dataplane/wire/iex.h"

/* Off the fast path: a symbol that the directory does not (yet) hold. */
static __attribute__((noinline)) uint64_t scan_new(struct message_scan *s, uint64_t symbol)
{
	directory_learn(s->directory, symbol, NULL);
	return INTEREST_ALL;
}

static inline uint64_t scan_symbol(struct message_scan *s, uint64_t symbol)
{
	/* 0 marks a free entry, so it must not be looked up. */
	if (__builtin_expect(symbol == 0 || directory_find(s->directory, symbol) == SYMBOL_NONE, 0))
		return scan_new(s, symbol);
	return 1ull << (symbol_hash(symbol) & 63);
}

uint64_t scan_iex(struct message_scan *s, const uint8_t *blocks, uint32_t bytes, uint32_t count,
                  const uint8_t lengths[256])
{
	const uint8_t *p = blocks;
	const uint8_t *end = blocks + bytes;
	uint64_t interest = 0;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *m = p + 2;
		uint32_t length = le16(p);

		p = m + length;
		assert(p <= end);
		if (length == 0) {
			s->counts.empty++;
			continue;
		}
		uint8_t type = m[IEX_AT_TYPE];
		uint32_t known_length = lengths[type];

		if (known_length == 0 || length < known_length) {
			s->counts.unknown++;
			continue;
		}
		s->counts.by_type[type]++;
		interest |= iex_has_symbol(type) ? scan_symbol(s, iex_symbol(m)) : INTEREST_ALL;
	}
	s->counts.messages += count;
	return interest;
}

struct message_subject scan_iex_subject(const uint8_t *message, uint32_t bytes,
                                        const uint8_t lengths[256])
{
	uint8_t type = bytes == 0 ? 0 : message[IEX_AT_TYPE];

	if (bytes == 0 || lengths[type] == 0 || bytes < lengths[type] || !iex_has_symbol(type))
		return (struct message_subject){0};
	return (struct message_subject){.name = iex_symbol(message)};
}
