/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/world_messages.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/day.h"

#define ROOM_MORE 1024u /* a day may end with so many more messages than asked for */

static int gather(struct world_messages *m, struct day *day, uint64_t room)
{
	uint8_t message[DAY_MESSAGE_BYTES_MAX];
	uint64_t time_ns;
	uint32_t bytes;

	while ((bytes = day_next(day, message, &time_ns)) > 0) {
		if (m->count == room)
			return -E2BIG;
		memcpy(m->bytes + m->offsets[m->count], message, bytes);
		m->times_ns[m->count] = time_ns;
		m->offsets[m->count + 1] = m->offsets[m->count] + bytes;
		m->count++;
	}
	return 0;
}

static int write_books(struct world_messages *m, struct day *day)
{
	FILE *f = open_memstream(&m->books, &m->books_bytes);

	if (f == NULL)
		return -ENOMEM;
	int rc = day_write_books_csv(day, f);

	return fclose(f) == 0 ? rc : -ENOMEM;
}

int world_messages_make(struct world_messages *m, uint64_t seed, uint64_t count, uint32_t symbols)
{
	struct day_options d = {.seed = seed, .messages = count, .symbols = symbols};
	struct day *day;
	uint64_t room = count + ROOM_MORE;

	*m = (struct world_messages){0};
	int rc = day_create(&day, &d);

	if (rc != 0)
		return rc;
	m->bytes = malloc(room * DAY_MESSAGE_BYTES_MAX);
	m->offsets = malloc((room + 1) * sizeof(*m->offsets));
	m->times_ns = malloc(room * sizeof(*m->times_ns));
	if (m->bytes == NULL || m->offsets == NULL || m->times_ns == NULL) {
		rc = -ENOMEM;
	} else {
		m->offsets[0] = 0;
		rc = gather(m, day, room);
	}
	if (rc == 0)
		rc = write_books(m, day);
	day_destroy(day);
	if (rc != 0)
		world_messages_free(m);
	return rc;
}

void world_messages_free(struct world_messages *m)
{
	free(m->bytes);
	free(m->offsets);
	free(m->times_ns);
	free(m->books);
	*m = (struct world_messages){0};
}

static bool next(void *state, struct day_source_message *out)
{
	struct world_messages *m = state;

	if (m->next == m->count)
		return false;
	uint64_t i = m->next++;
	uint64_t first_ns = m->times_ns[0];
	uint64_t day_ns = m->times_ns[m->count - 1] - first_ns + 1;

	out->bytes = (uint32_t)(m->offsets[i + 1] - m->offsets[i]);
	memcpy(out->data, m->bytes + m->offsets[i], out->bytes);
	out->run = 0;
	/* A product of two spans would not fit: so many times longer is the day, in thousandths. */
	uint64_t longer_milli = day_ns * 1000 / (m->until_ns - m->from_ns) + 1;

	out->time_ns = m->from_ns + (m->times_ns[i] - first_ns) * 1000 / longer_milli;
	return true;
}

struct day_source world_messages_source(struct world_messages *m, uint64_t from_ns,
                                        uint64_t until_ns)
{
	assert(m->count > 0);
	assert(from_ns < until_ns);
	m->next = 0;
	m->from_ns = from_ns;
	m->until_ns = until_ns;
	return (struct day_source){.next = next, .state = m};
}
