/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/exchange_packets.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/frame.h"

#define MOLD_HEADER_BYTES 20u

/* The line of a destination, made if there is room. UINT32_MAX: none. */
static uint32_t line_of(struct exchange_capture *c, const struct datagram *d)
{
	for (uint32_t i = 0; i < c->line_count; i++)
		if (c->line[i].address == d->destination_address &&
		    c->line[i].port == d->destination_port)
			return i;
	if (c->options->line[0].input_address != 0 || c->line_count == DAY_FEED_LINES_MAX)
		return UINT32_MAX;
	c->line[c->line_count].address = d->destination_address;
	c->line[c->line_count].port = d->destination_port;
	return c->line_count++;
}

/* Sessions are numbered as they show themselves. UINT32_MAX: too many. */
static uint32_t run_of(struct exchange_capture *c, const struct exchange_mold *m)
{
	for (uint32_t i = 0; i < c->session_count; i++)
		if (memcmp(c->sessions[i], m->session, sizeof(m->session)) == 0)
			return i;
	if (c->session_count == EXCHANGE_CAPTURE_SESSIONS)
		return UINT32_MAX;
	memcpy(c->sessions[c->session_count], m->session, sizeof(m->session));
	return c->session_count++;
}

/* The packet's messages go to the store; of one that is there already the first stays. */
static void keep(struct exchange_capture *c, uint32_t run, const struct exchange_mold *m,
                 const uint8_t *payload)
{
	const uint8_t *at = payload + MOLD_HEADER_BYTES;
	int rc = day_store_open(c->store, run, m->session);

	for (uint32_t i = 0; i < m->whole && (rc == 0 || rc == -ERANGE); i++) {
		rc = day_store_add(c->store, run, m->sequence + i, at + 2, be16(at));
		at += 2u + be16(at);
	}
	if (rc != 0 && rc != -ERANGE)
		c->error = rc;
}

static bool accept(struct exchange_capture *c, const struct packet *p)
{
	const struct frame_options unchecked = {0};
	struct exchange_mold m;
	struct datagram d;

	if (frame_parse(p->data, p->bytes, &unchecked, &d) != FRAME_OK ||
	    d.payload_bytes > DAY_FEED_PAYLOAD_MAX ||
	    !exchange_mold_read(&m, d.payload, d.payload_bytes))
		return false;
	uint32_t line = line_of(c, &d);

	if (line >= c->options->line_count)
		return false;
	uint32_t run = run_of(c, &m);

	if (run == UINT32_MAX)
		return false;
	if (c->store != NULL)
		keep(c, run, &m, d.payload);
	if (!c->begun)
		c->first_ns = c->recorded_ns = p->time_ns;
	c->begun = true;
	if (p->time_ns > c->recorded_ns)
		c->recorded_ns = p->time_ns;
	c->last = (struct day_source_packet){.payload = d.payload,
	                                     .payload_bytes = d.payload_bytes,
	                                     .line = line,
	                                     .run = run,
	                                     .messages = m.claimed,
	                                     .sequence = m.sequence,
	                                     .kind = m.kind};
	c->last.time_ns =
	        exchange_pace_message_ns(c->pace, c->messages, c->recorded_ns - c->first_ns);
	if (line == 0)
		c->messages += m.whole;
	c->packets_taken++;
	return true;
}

static bool next_accepted(struct exchange_capture *c)
{
	for (;;) {
		if (c->packet_next == c->packet_count) {
			c->packet_next = 0;
			c->packet_count = capture_receive(c->capture, c->packets, PACKET_BURST_MAX);
			if (c->packet_count == 0)
				return false;
		}
		if (accept(c, &c->packets[c->packet_next++]))
			return true;
		c->ignored++;
	}
}

static bool next(void *state, struct day_source_packet *p)
{
	struct exchange_capture *c = state;

	if (c->owed) {
		c->owed = false;
		*p = c->last;
		p->line = 1;
		return true;
	}
	if (!next_accepted(c))
		return false;
	c->owed = c->copied;
	*p = c->last;
	return true;
}

static int start(struct exchange_capture *c, char error[CAPTURE_ERROR_BYTES])
{
	const struct exchange_line *a = &c->options->line[0];
	const struct exchange_line *b = &c->options->line[1];

	if (a->input_address != 0) {
		c->line[0].address = a->input_address;
		c->line[0].port = a->input_port;
		c->line_count = 1;
	}
	if (a->input_address != 0 && b->input_address != 0) {
		c->line[1].address = b->input_address;
		c->line[1].port = b->input_port;
		c->line_count = 2;
	}
	return capture_open(&c->capture, c->options->input, error);
}

int exchange_capture_open(struct exchange_capture *c, const struct exchange_options *o,
                          const struct exchange_pace *pace, char error[CAPTURE_ERROR_BYTES])
{
	*c = (struct exchange_capture){.options = o, .pace = pace};
	int rc = start(c, error);

	if (rc != 0)
		return rc;
	while (next_accepted(c))
		continue;
	exchange_capture_close(c);
	bool copied = c->line_count == 1 && o->line_count == 2;
	bool empty = !c->begun;

	*c = (struct exchange_capture){.options = o, .pace = pace, .copied = copied};
	if (empty) {
		snprintf(error, CAPTURE_ERROR_BYTES, "%s: no MoldUDP64 for these lines in it",
		         o->input);
		return -ENODATA;
	}
	return start(c, error);
}

struct day_packet_source exchange_capture_packets(struct exchange_capture *c)
{
	return (struct day_packet_source){.next = next, .state = c};
}

void exchange_capture_close(struct exchange_capture *c)
{
	if (c->capture != NULL)
		capture_close(c->capture);
	c->capture = NULL;
}
