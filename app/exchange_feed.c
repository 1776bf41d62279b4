/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_feed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/exchange_capture.h"
#include "app/exchange_source.h"

#define MIDNIGHT_NS 1767589200000000000ull /* of 2026-01-05 in New York */

/* One run over the source. */
struct making {
	const struct exchange_options *options;
	struct exchange_pace pace;
	bool is_capture; /* packets, not messages */
	struct exchange_source source;
	struct exchange_capture capture;
	struct day_feed *feed;
	struct day_store *store; /* NULL: nobody will ask for messages again */
};

static int say(char error[EXCHANGE_ERROR_BYTES], int result, const char *text)
{
	snprintf(error, EXCHANGE_ERROR_BYTES, "%s", text);
	return result;
}

static void feed_options(const struct making *m, struct day_feed_options *f, bool clean)
{
	const struct exchange_options *o = m->options;

	*f = (struct day_feed_options){.seed = o->seed,
	                               .transport = DAY_MOLDUDP64,
	                               .lines = o->line_count,
	                               .heartbeat_ns = o->heartbeat_ns,
	                               .heartbeats_max = UINT32_MAX};
	for (uint32_t i = 0; i < o->line_count; i++) {
		if (!clean)
			f->line[i] = o->line[i].impairments;
		f->line[i].address =
		        (struct frame_address){.source_address = 0x0a000001u + i,
		                               .destination_address = o->line[i].address,
		                               .source_port = 30000,
		                               .destination_port = o->line[i].udp_port};
	}
	/* Only as recorded times tell what belonged together; elsewhere the rate would decide. */
	if (m->pace.rate != EXCHANGE_TIMES)
		f->together_ns = UINT64_MAX;
}

/* clean: to learn how the source is cut. Otherwise what was asked for. */
static int open_feed(struct making *m, bool clean, FILE *binary, char error[EXCHANGE_ERROR_BYTES])
{
	struct day_feed_options f;
	char text[CAPTURE_ERROR_BYTES];
	int rc;

	feed_options(m, &f, clean);
	if (m->is_capture) {
		rc = exchange_capture_open(&m->capture, m->options, &m->pace, text);
		if (rc != 0)
			return say(error, rc, text);
		m->capture.store = clean ? NULL : m->store;
		struct day_packet_source packets = exchange_capture_packets(&m->capture);

		rc = day_feed_create_packets(&m->feed, &f, &packets);
	} else {
		rc = exchange_source_open(&m->source, m->options, &m->pace);
		if (rc != 0)
			return say(error, rc, m->source.text);
		m->source.binary = binary;
		m->source.store = clean ? NULL : m->store;
		struct day_source messages = exchange_source_messages(&m->source);

		rc = day_feed_create(&m->feed, &f, &messages);
	}
	return rc == 0 ? 0 : say(error, rc, strerror(-rc));
}

static int close_feed(struct making *m, char error[EXCHANGE_ERROR_BYTES])
{
	int rc = 0;

	day_feed_destroy(m->feed);
	m->feed = NULL;
	if (m->is_capture)
		exchange_capture_close(&m->capture);
	else
		rc = exchange_source_close(&m->source);
	return rc == 0 ? 0 : say(error, rc, m->source.text);
}

/* How the source is cut when nothing goes wrong, for a pace by packets. */
static int learn_cut(struct making *m, char error[EXCHANGE_ERROR_BYTES])
{
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	uint64_t packets = 0;
	uint64_t messages = 0;
	int rc = open_feed(m, true, NULL, error);

	while (rc == 0 && day_feed_next(m->feed, buffer, &p)) {
		packets += p.kind == DAY_PACKET_DATA;
		messages += p.line == 0 ? p.messages : 0;
	}
	if (rc == 0 && messages > 0)
		exchange_pace_packets(&m->pace, packets, messages);
	int closed = close_feed(m, error);

	return rc != 0 ? rc : closed;
}

static int add(struct exchange_made *made, const struct day_packet *p, uint64_t due_ns,
               const uint8_t *frame, uint32_t bytes)
{
	struct exchange_packet x = {.due_ns = due_ns,
	                            .run = p->run,
	                            .bytes = (uint16_t)bytes,
	                            .line = p->line,
	                            .kind = p->kind,
	                            .corrupt = p->corrupt};
	struct exchange_mold m;

	/* A damaged one may say anything; nobody takes its word. */
	if (exchange_mold_read(&m, frame + FRAME_HEADER_BYTES, p->payload_bytes)) {
		x.sequence = m.sequence;
		x.claimed = m.claimed;
		x.whole = m.whole;
	}
	return exchange_packets_add(&made->packets, &x, frame);
}

static int take_packets(struct making *m, struct exchange_made *made)
{
	const struct exchange_options *o = m->options;
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	int rc = 0;

	while (rc == 0 && day_feed_next(m->feed, buffer, &p)) {
		uint64_t ordinal = made->packets.count;
		uint64_t due_ns = p.time_ns;

		if (m->pace.rate == EXCHANGE_PACKETS)
			due_ns = exchange_pace_packet_ns(&m->pace, ordinal);
		/* The rest is not sent, but read: a BinaryFILE has the whole day. */
		if (made->limited || ordinal >= o->count || due_ns > o->duration_ns)
			made->limited = true;
		else
			rc = add(made, &p, due_ns, buffer, day_feed_frame(m->feed, buffer, &p));
	}
	return rc;
}

static int keep_account(const struct making *m, struct exchange_made *made)
{
	struct day_range *ranges = NULL;
	uint64_t count = 0;

	for (uint32_t i = 0; i < m->options->line_count; i++)
		made->line[i] = *day_feed_line_counts(m->feed, i);
	if (m->is_capture) {
		if (m->capture.error != 0)
			return m->capture.error;
		made->start_ns = m->capture.first_ns;
		made->ignored = m->capture.ignored;
		return 0;
	}
	made->start_ns = MIDNIGHT_NS + m->source.start_ns;
	made->messages = day_feed_messages(m->feed);
	int rc = day_feed_missing(m->feed, &ranges, &count);

	if (rc == 0)
		made->missing = day_ranges_messages(ranges, count);
	free(ranges);
	return rc;
}

static int make(struct making *m, struct exchange_made *made, FILE *binary,
                char error[EXCHANGE_ERROR_BYTES])
{
	int rc = m->pace.rate == EXCHANGE_PACKETS ? learn_cut(m, error) : 0;

	if (rc == 0)
		rc = open_feed(m, false, binary, error);
	if (rc == 0) {
		rc = take_packets(m, made);
		if (rc == 0)
			rc = keep_account(m, made);
		if (rc != 0)
			say(error, rc, strerror(-rc));
	}
	int closed = close_feed(m, error);

	return rc != 0 ? rc : closed;
}

static int find_kind(struct making *m, char error[EXCHANGE_ERROR_BYTES])
{
	struct capture *c;
	char text[CAPTURE_ERROR_BYTES];

	if (m->options->input == NULL)
		return 0;
	int rc = capture_open(&c, m->options->input, text);

	if (rc != 0)
		return say(error, rc, text);
	m->is_capture = capture_kind(c) == CAPTURE_PACKETS;
	capture_close(c);
	if (!m->is_capture)
		return 0;
	if (m->options->sessions > 1)
		return say(error, -EINVAL, "--sessions: a capture has those that are in it");
	if (m->options->write_binary != NULL)
		return say(error, -EINVAL,
		           "--write-binary: a capture is sent as packets, not as messages");
	return 0;
}

int exchange_make(struct exchange_made *made, const struct exchange_options *o,
                  char error[EXCHANGE_ERROR_BYTES])
{
	struct making *m = calloc(1, sizeof(*m));
	FILE *binary = NULL;

	*made = (struct exchange_made){0};
	if (m == NULL)
		return say(error, -ENOMEM, strerror(ENOMEM));
	m->options = o;
	m->pace = o->pace;
	int rc = find_kind(m, error);

	if (rc == 0 && o->write_binary != NULL && (binary = fopen(o->write_binary, "wb")) == NULL) {
		rc = -errno;
		snprintf(error, EXCHANGE_ERROR_BYTES, "%s: %s", o->write_binary, strerror(errno));
	}
	if (rc == 0 && exchange_servers_any(&o->servers)) {
		rc = day_store_create(&made->store);
		if (rc != 0)
			say(error, rc, strerror(-rc));
		m->store = made->store;
	}
	if (rc == 0)
		rc = make(m, made, binary, error);
	if (binary != NULL && fclose(binary) != 0 && rc == 0) {
		rc = -errno;
		snprintf(error, EXCHANGE_ERROR_BYTES, "%s: %s", o->write_binary, strerror(errno));
	}
	free(m);
	if (rc != 0)
		exchange_made_finish(made);
	return rc;
}

void exchange_made_finish(struct exchange_made *m)
{
	exchange_packets_finish(&m->packets);
	day_store_destroy(m->store);
	*m = (struct exchange_made){0};
}
