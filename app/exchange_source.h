/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Source: the messages that the exchange sends, session after session, at the times they are to
 * leave: a day made up from a seed (each session another one), or a BinaryFILE (each session the
 * same). On the way they can be written into a BinaryFILE. The end of a session and the start of
 * the next lie further apart than the lines.
 *
 * Thread rule: control.
 */
#ifndef APP_EXCHANGE_SOURCE_H
#define APP_EXCHANGE_SOURCE_H

#include <stdio.h>

#include "app/exchange_options.h"
#include "dataplane/port/capture.h"
#include "perf/day.h"
#include "perf/day_store.h"

struct exchange_source {
	const struct exchange_options *options;
	const struct exchange_pace *pace;
	struct day *day;         /* one of these two */
	struct capture *capture; /* a BinaryFILE */
	const uint8_t *blocks;
	uint32_t blocks_bytes;
	uint32_t run;
	uint64_t ordinal;     /* in this session */
	uint64_t recorded_ns; /* since midnight, of the last message */
	uint64_t first_ns;    /* of the session's first */
	uint64_t start_ns;    /* of the very first */
	uint64_t base_ns;     /* when the session starts to be sent */
	uint64_t last_ns;     /* when the last message is sent */
	bool begun;
	FILE *binary;            /* NULL: not written */
	struct day_store *store; /* NULL: not kept */
	int error;               /* what stopped it early */
	char text[CAPTURE_ERROR_BYTES];
};

/* 0 or -errno with one line in s->text. pace and options must outlive it. */
int exchange_source_open(struct exchange_source *s, const struct exchange_options *o,
                         const struct exchange_pace *pace);
/* For day_feed_create(). */
struct day_source exchange_source_messages(struct exchange_source *s);
/* 0, or why it ended early (s->text): a message that fits no packet, a full disk, no memory. */
int exchange_source_close(struct exchange_source *s);

#endif
