/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/protocol.h"

#include <stddef.h>
#include <string.h>

#include "dataplane/feed/iextp.h"
#include "dataplane/feed/mold.h"
#include "dataplane/feed/scan.h"
#include "dataplane/wire/deep.h"
#include "dataplane/wire/itch.h"

const struct protocol protocol_itch50 = {
        .name = "itch50",
        .transport = "moldudp64",
        .blocks_big_endian = true,
        .restarts_at_one = false,
        .by_order = true,
        .header_bytes = MOLD_HEADER_BYTES,
        .parse = mold_parse,
        .recognise = mold_recognise,
        .scan = scan_itch,
        .describe = itch_describe,
};

const struct protocol protocol_deep10 = {
        .name = "deep10",
        .transport = "iextp",
        .blocks_big_endian = false,
        .restarts_at_one = true,
        .by_order = false,
        .header_bytes = IEXTP_HEADER_BYTES,
        .parse = iextp_parse_deep,
        .recognise = iextp_recognise_deep,
        .scan = scan_deep,
        .describe = deep_describe,
};

static const struct protocol *const protocols[] = {&protocol_itch50, &protocol_deep10, NULL};

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
	memset(s->locate_symbol, 0, sizeof(s->locate_symbol));
	memset(s->locate_listed, 0, sizeof(s->locate_listed));
}
