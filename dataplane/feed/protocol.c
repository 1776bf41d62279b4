/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/protocol.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "dataplane/feed/iextp.h"
#include "dataplane/feed/mold.h"
#include "dataplane/feed/scan.h"
#include "dataplane/wire/deep.h"
#include "dataplane/wire/itch.h"
#include "dataplane/wire/tops.h"

#define LOCATES (sizeof(((struct message_scan *)NULL)->locate_symbol) / sizeof(uint64_t))

const struct protocol protocol_itch50 = {
        .name = "itch50",
        .transport = "moldudp64",
        .blocks_big_endian = true,
        .restarts_at_one = false,
        .by_order = true,
        .format = FORMAT_ITCH,
        .header_bytes = MOLD_HEADER_BYTES,
        .parse = mold_parse,
        .recognise = mold_recognise,
        .scan = scan_itch,
        .subject = scan_itch_subject,
        .describe = itch_describe,
};

const struct protocol protocol_deep10 = {
        .name = "deep10",
        .transport = "iextp",
        .blocks_big_endian = false,
        .restarts_at_one = true,
        .by_order = false,
        .format = FORMAT_DEEP,
        .header_bytes = IEXTP_HEADER_BYTES,
        .parse = iextp_parse_deep,
        .recognise = iextp_recognise_deep,
        .scan = scan_deep,
        .subject = scan_deep_subject,
        .describe = deep_describe,
};

const struct protocol protocol_tops16 = {
        .name = "tops16",
        .transport = "iextp",
        .blocks_big_endian = false,
        .restarts_at_one = true,
        .by_order = false,
        .format = FORMAT_TOPS,
        .header_bytes = IEXTP_HEADER_BYTES,
        .parse = iextp_parse_tops,
        .recognise = iextp_recognise_tops,
        .scan = scan_tops,
        .subject = scan_tops_subject,
        .describe = tops_describe,
};

static const struct protocol *const protocols[] = {&protocol_itch50, &protocol_deep10,
                                                   &protocol_tops16, NULL};

const struct protocol *const *protocol_all(void)
{
	return protocols;
}

const struct protocol *protocol_find(const char *name)
{
	for (const struct protocol *const *p = protocols; *p != NULL; p++)
		if (strcmp((*p)->name, name) == 0)
			return *p;
	return NULL;
}

void message_scan_init(struct message_scan *s, struct directory *d)
{
	memset(s, 0, sizeof(*s));
	s->directory = d;
}

void message_scan_reset(struct message_scan *s)
{
	uint64_t resets = atomic_load_explicit(&s->resets, memory_order_relaxed);

	atomic_store_explicit(&s->resets, resets + 1, memory_order_relaxed);
	if (s->counts.messages == 0)
		return; /* the first session: there is nothing to forget */
	/* Release, each: pairs with message_scan_locate(): who sees a word that was cleared or
	 * written since also sees that the session is over. */
	for (uint32_t i = 0; i < LOCATES; i++)
		__atomic_store_n(&s->locate_symbol[i], 0, __ATOMIC_RELEASE);
	memset(s->locate_listed, 0, sizeof(s->locate_listed));
}

uint64_t message_scan_locate(const struct message_scan *s, uint32_t locate, uint64_t resets)
{
	assert(locate < LOCATES);
	/* Acquire: pairs with the release stores of the words. */
	uint64_t name = __atomic_load_n(&s->locate_symbol[locate], __ATOMIC_ACQUIRE);

	return atomic_load_explicit(&s->resets, memory_order_relaxed) == resets ? name : 0;
}
