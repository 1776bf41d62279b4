/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_packets.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define CHUNK_BYTES       (8u << 20)
#define MOLD_HEADER_BYTES 20u
#define MOLD_END          0xffffu

struct exchange_chunk {
	struct exchange_chunk *older;
	uint64_t used;
	uint8_t bytes[CHUNK_BYTES];
};

static uint8_t *place(struct exchange_packets *s, uint32_t bytes)
{
	struct exchange_chunk *c = s->chunks;

	assert(bytes <= CHUNK_BYTES);
	if (c == NULL || c->used + bytes > CHUNK_BYTES) {
		c = malloc(sizeof(*c));
		if (c == NULL)
			return NULL;
		c->older = s->chunks;
		c->used = 0;
		s->chunks = c;
	}
	uint8_t *at = c->bytes + c->used;

	c->used += bytes;
	return at;
}

int exchange_packets_add(struct exchange_packets *s, const struct exchange_packet *p,
                         const uint8_t *frame)
{
	if (s->count == s->room) {
		uint64_t room = s->room == 0 ? 1024 : s->room * 2;
		struct exchange_packet *list = realloc(s->list, room * sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		s->list = list;
		s->room = room;
	}
	uint8_t *copy = place(s, p->bytes);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, frame, p->bytes);
	s->list[s->count] = *p;
	s->list[s->count++].frame = copy;
	return 0;
}

void exchange_packets_finish(struct exchange_packets *s)
{
	while (s->chunks != NULL) {
		struct exchange_chunk *c = s->chunks;

		s->chunks = c->older;
		free(c);
	}
	free(s->list);
	*s = (struct exchange_packets){0};
}

bool exchange_mold_read(struct exchange_mold *m, const uint8_t *payload, uint32_t bytes)
{
	if (bytes < MOLD_HEADER_BYTES || be64(payload + 10) == 0)
		return false;
	uint16_t count = be16(payload + 18);
	uint32_t at = MOLD_HEADER_BYTES;

	*m = (struct exchange_mold){.sequence = be64(payload + 10)};
	memcpy(m->session, payload, sizeof(m->session));
	if (count == 0 || count == MOLD_END) {
		m->kind = count == 0 ? DAY_PACKET_HEARTBEAT : DAY_PACKET_END;
		return true;
	}
	if (m->sequence > UINT64_MAX - count)
		return false;
	m->kind = DAY_PACKET_DATA;
	m->claimed = count;
	while (m->whole < count && at + 2 <= bytes && at + 2 + be16(payload + at) <= bytes) {
		at += 2u + be16(payload + at);
		m->whole++;
	}
	return true;
}
