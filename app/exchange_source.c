/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define SESSION_PAUSE_NS  100000000u /* on top of what the lines may differ by */
#define ITCH_TIME_OFFSET  5u
#define ITCH_PREFIX_BYTES 11u

static int fail(struct exchange_source *s, int error, const char *what)
{
	s->error = error;
	snprintf(s->text, sizeof(s->text), "%s: %s", what, strerror(-error));
	return error;
}

/* The session's messages from the front. */
static int open_session(struct exchange_source *s)
{
	const struct exchange_options *o = s->options;
	const struct day_options day = {.seed = o->seed + s->run,
	                                .messages = o->messages,
	                                .symbols = o->symbols,
	                                .orders_live_max = o->live_orders,
	                                .no_referee = true};

	day_destroy(s->day);
	s->day = NULL;
	if (s->capture != NULL)
		capture_close(s->capture);
	s->capture = NULL;
	s->blocks_bytes = 0;
	s->ordinal = 0;
	s->begun = false;
	if (o->input == NULL) {
		int rc = day_create(&s->day, &day);

		return rc == 0 ? 0 : fail(s, rc, "the day cannot be made");
	}
	s->error = capture_open(&s->capture, o->input, s->text);
	return s->error;
}

int exchange_source_open(struct exchange_source *s, const struct exchange_options *o,
                         const struct exchange_pace *pace)
{
	*s = (struct exchange_source){.options = o, .pace = pace};
	return open_session(s);
}

int exchange_source_close(struct exchange_source *s)
{
	day_destroy(s->day);
	if (s->capture != NULL)
		capture_close(s->capture);
	s->day = NULL;
	s->capture = NULL;
	return s->error;
}

/* A message's own time where it has one that goes on; false: the end of the file. */
static bool next_of_file(struct exchange_source *s, struct day_source_message *m)
{
	if (s->blocks_bytes == 0 && capture_blocks(s->capture, &s->blocks, &s->blocks_bytes) == 0)
		return false;
	m->bytes = be16(s->blocks);
	if (m->bytes > DAY_SOURCE_BYTES_MAX) {
		fail(s, -EMSGSIZE, s->options->input);
		return false;
	}
	memcpy(m->data, s->blocks + 2, m->bytes);
	s->blocks += 2 + m->bytes;
	s->blocks_bytes -= 2 + m->bytes;
	m->time_ns = s->recorded_ns;
	if (m->bytes >= ITCH_PREFIX_BYTES && be48(m->data + ITCH_TIME_OFFSET) > s->recorded_ns)
		m->time_ns = be48(m->data + ITCH_TIME_OFFSET);
	return true;
}

static bool next_recorded(struct exchange_source *s, struct day_source_message *m)
{
	if (s->day == NULL)
		return s->capture != NULL && next_of_file(s, m);
	m->bytes = day_next(s->day, m->data, &m->time_ns);
	return m->bytes > 0;
}

static bool write_binary(struct exchange_source *s, const struct day_source_message *m)
{
	uint8_t length[2];

	put_be16(length, (uint16_t)m->bytes);
	if (fwrite(length, 1, 2, s->binary) == 2 &&
	    fwrite(m->data, 1, m->bytes, s->binary) == m->bytes)
		return true;
	fail(s, errno != 0 ? -errno : -EIO, s->options->write_binary);
	return false;
}

static bool keep(struct exchange_source *s, const struct day_source_message *m)
{
	char session[DAY_FEED_SESSION_BYTES];

	day_feed_session(s->run, session);
	int rc = day_store_open(s->store, s->run, session);

	if (rc == 0)
		rc = day_store_add(s->store, s->run, s->ordinal + 1, m->data, m->bytes);
	if (rc != 0)
		fail(s, rc, "the day's messages");
	return rc == 0;
}

/* Lines differ by their skew and by what is held back. */
static uint64_t lines_differ_ns(const struct exchange_options *o)
{
	uint64_t most_ns = 0;

	for (uint32_t i = 0; i < o->line_count; i++) {
		const struct day_line_options *l = &o->line[i].impairments;
		uint64_t ns = l->skew_ns + l->reorder_ns;

		if (ns > most_ns)
			most_ns = ns;
	}
	return most_ns;
}

static bool next_session(struct exchange_source *s)
{
	if (s->error != 0 || s->run + 1 >= s->options->sessions)
		return false;
	s->run++;
	s->recorded_ns = 0;
	s->base_ns = s->last_ns + lines_differ_ns(s->options) + SESSION_PAUSE_NS;
	return open_session(s) == 0;
}

static bool next(void *state, struct day_source_message *m)
{
	struct exchange_source *s = state;

	while (!next_recorded(s, m))
		if (!next_session(s))
			return false;
	if (!s->begun) {
		s->begun = true;
		s->first_ns = m->time_ns;
		if (s->run == 0)
			s->start_ns = m->time_ns;
	}
	s->recorded_ns = m->time_ns;
	if (s->binary != NULL && !write_binary(s, m))
		return false;
	if (s->store != NULL && !keep(s, m))
		return false;
	m->run = s->run;
	m->time_ns = s->base_ns +
	             exchange_pace_message_ns(s->pace, s->ordinal++, s->recorded_ns - s->first_ns);
	s->last_ns = m->time_ns;
	return true;
}

struct day_source exchange_source_messages(struct exchange_source *s)
{
	return (struct day_source){.next = next, .state = s};
}
