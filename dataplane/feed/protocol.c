/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/protocol.h"

#include <stddef.h>
#include <string.h>

#include "dataplane/feed/iextp.h"
#include "dataplane/feed/mold.h"
#include "dataplane/feed/scan.h"
#include "dataplane/wire/deep.h"
#include "dataplane/wire/itch.h"
#include "dataplane/wire/tops.h"

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
	memset(s->locate_symbol, 0, sizeof(s->locate_symbol));
	memset(s->locate_listed, 0, sizeof(s->locate_listed));
}
