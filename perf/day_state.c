/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_state.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define LOCATES   65536u
#define KEPT_MAX  39u /* bytes of the longest type that is kept */
#define ADD_BYTES 36u
#define ADD_MPID  40u /* with attribution */

/* What is kept of a stock, in the order it is told. */
static const uint8_t kept_types[] = {'R', 'H', 'Y', 'N'};

#define KEPT_TYPES sizeof(kept_types)

struct kept { /* the last message of a type; zero: there was none */
	uint8_t bytes[KEPT_MAX];
};

struct day_state {
	struct day_referee *books;
	uint8_t event[12];                 /* the last system event; zero: there was none */
	struct kept (*stocks)[KEPT_TYPES]; /* by locate */
};

int day_state_create(struct day_state **out)
{
	struct day_state *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (s != NULL)
		s->stocks = calloc(LOCATES, sizeof(*s->stocks));
	if (s != NULL && s->stocks != NULL)
		rc = day_referee_create(&s->books);
	if (rc != 0)
		day_state_destroy(s);
	else
		*out = s;
	return rc;
}

void day_state_destroy(struct day_state *s)
{
	if (s == NULL)
		return;
	day_referee_destroy(s->books);
	free(s->stocks);
	free(s);
}

int day_state_apply(struct day_state *s, const uint8_t *message, uint32_t bytes)
{
	uint8_t type = bytes == 0 ? 0 : message[0];

	if (type != 0 && day_message_bytes(type) != 0 && bytes >= day_message_bytes(type)) {
		if (type == 'S')
			memcpy(s->event, message, sizeof(s->event));
		for (uint32_t i = 0; i < KEPT_TYPES; i++)
			if (type == kept_types[i])
				memcpy(s->stocks[be16(message + 1)][i].bytes, message,
				       day_message_bytes(type));
	}
	return day_referee_apply(s->books, message, bytes);
}

void day_state_reset(struct day_state *s)
{
	day_referee_reset(s->books);
	memset(s->event, 0, sizeof(s->event));
	memset(s->stocks, 0, LOCATES * sizeof(*s->stocks));
}

const struct day_referee *day_state_books(const struct day_state *s)
{
	return s->books;
}

/* Where to is NULL only the bytes are counted. */
static uint64_t put(uint8_t *to, uint64_t at, const uint8_t *message, uint32_t bytes)
{
	if (to != NULL) {
		put_be16(to + at, (uint16_t)bytes);
		memcpy(to + at + 2, message, bytes);
	}
	return at + 2 + bytes;
}

/* Event and stocks; *messages is added to. */
static uint64_t put_stocks(const struct day_state *s, uint8_t *to, uint64_t *messages)
{
	uint64_t at = 0;

	if (s->event[0] != 0) {
		at = put(to, at, s->event, sizeof(s->event));
		++*messages;
	}
	for (uint32_t type = 0; type < KEPT_TYPES; type++)
		for (uint32_t locate = 0; locate < LOCATES; locate++) {
			const struct kept *k = &s->stocks[locate][type];

			if (k->bytes[0] == 0)
				continue;
			at = put(to, at, k->bytes, day_message_bytes(kept_types[type]));
			++*messages;
		}
	return at;
}

static uint32_t add_bytes(const struct day_order *o)
{
	return o->attribution[0] == 0 ? ADD_BYTES : ADD_MPID;
}

static void build_add(uint8_t m[ADD_MPID], const struct day_order *o)
{
	memset(m, 0, ADD_MPID);
	m[0] = o->attribution[0] == 0 ? 'A' : 'F';
	put_be16(m + 1, o->locate);
	put_be48(m + 5, o->time_ns);
	put_be64(m + 11, o->reference);
	m[19] = o->side == DAY_BUY ? 'B' : 'S';
	put_be32(m + 20, o->shares);
	memcpy(m + 24, o->symbol, 8);
	put_be32(m + 32, o->price);
	memcpy(m + 36, o->attribution, 4);
}

int day_state_snapshot(const struct day_state *s, struct day_snapshot **out)
{
	struct day_order *orders;
	uint64_t count;
	uint64_t messages = 0;
	int rc = day_referee_orders(s->books, &orders, &count);

	if (rc != 0)
		return rc;
	uint64_t bytes = put_stocks(s, NULL, &messages);

	for (uint64_t i = 0; i < count; i++)
		bytes += 2u + add_bytes(&orders[i]);
	struct day_snapshot *n = malloc(sizeof(*n) + bytes);

	if (n != NULL) {
		uint8_t m[ADD_MPID];
		uint64_t told = 0;
		uint64_t at = put_stocks(s, n->blocks, &told);

		assert(told == messages);
		n->messages = messages + count;
		n->bytes = bytes;
		for (uint64_t i = 0; i < count; i++) {
			build_add(m, &orders[i]);
			at = put(n->blocks, at, m, add_bytes(&orders[i]));
		}
		assert(at == bytes);
		*out = n;
	}
	free(orders);
	return n == NULL ? -ENOMEM : 0;
}
