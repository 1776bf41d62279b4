/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/port/capture.h"
#include "dataplane/wire/frame.h"
#include "perf/day.h"
#include "perf/day_deep.h"
#include "perf/day_feed.h"

#define NEVER_NS (1ull << 62)

static int add(struct frames *f, const uint8_t *frame, uint32_t bytes, uint32_t messages)
{
	if (f->count == f->count_room) {
		uint64_t room = f->count_room * 2 + 1024;
		struct frame_span *spans = realloc(f->spans, room * sizeof(*spans));

		if (spans == NULL)
			return -ENOMEM;
		f->spans = spans;
		f->count_room = room;
	}
	if (f->used + bytes > f->room) {
		uint64_t room = f->room * 2 + (1u << 20);
		uint8_t *more = realloc(f->bytes, room);

		if (more == NULL)
			return -ENOMEM;
		f->bytes = more;
		f->room = room;
	}
	f->spans[f->count++] =
	        (struct frame_span){.offset = f->used, .bytes = bytes, .messages = messages};
	memcpy(f->bytes + f->used, frame, bytes);
	f->used += (bytes + 63) & ~63u; /* as buffers of a port begin */
	f->messages += messages;
	return 0;
}

static bool parse(const struct protocol *protocol, const uint8_t *frame, uint32_t bytes,
                  struct feed_packet *p)
{
	struct datagram d;

	return frame_parse(frame, bytes, &(struct frame_options){0}, &d) == FRAME_OK &&
	       protocol->recognise(d.payload, d.payload_bytes) &&
	       protocol->parse(d.payload, d.payload_bytes, p) == FEED_OK && p->kind == FEED_DATA;
}

bool frames_packet(const struct frames *f, uint64_t i, struct feed_packet *p)
{
	return parse(f->protocol, frames_at(f, i), f->spans[i].bytes, p);
}

static int add_captured(struct frames *f, const struct packet *packet)
{
	struct feed_packet p;
	bool is_data = parse(f->protocol, packet->data, packet->bytes, &p);

	return add(f, packet->data, packet->bytes, is_data ? p.block_count : 0);
}

static int read_capture(struct frames *f, const char *path, char error[FRAMES_ERROR_BYTES])
{
	struct packet packets[PACKET_BURST_MAX];
	struct capture *c;
	uint32_t n;
	int rc = capture_open(&c, path, error);

	if (rc != 0)
		return rc;
	if (capture_kind(c) != CAPTURE_PACKETS) {
		snprintf(error, FRAMES_ERROR_BYTES, "%.200s: is no capture of packets", path);
		rc = -EINVAL;
	}
	while (rc == 0 && (n = capture_receive(c, packets, PACKET_BURST_MAX)) != 0)
		for (uint32_t i = 0; rc == 0 && i < n; i++)
			rc = add_captured(f, &packets[i]);
	capture_close(c);
	return rc;
}

static int make_packets(struct frames *f, const struct frames_options *o,
                        const struct day_source *source)
{
	static const uint32_t transports[] = {[FORMAT_ITCH] = DAY_MOLDUDP64,
	                                      [FORMAT_DEEP] = DAY_IEXTP_DEEP,
	                                      [FORMAT_TOPS] = DAY_IEXTP_TOPS};
	struct day_feed_options fo = {.seed = o->seed,
	                              .transport = transports[f->protocol->format],
	                              .lines = 1,
	                              .packet_messages = o->packet_messages,
	                              .heartbeat_ns = NEVER_NS,
	                              .together_ns = o->packet_messages > 0 ? NEVER_NS : 0};
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_feed *feed;
	struct day_packet p;
	int rc = day_feed_create(&feed, &fo, source);

	if (rc != 0)
		return rc;
	while (rc == 0 && day_feed_next(feed, buffer, &p))
		if (p.kind != DAY_PACKET_END)
			rc = add(f, buffer, day_feed_frame(feed, buffer, &p), p.messages);
	day_feed_destroy(feed);
	return rc;
}

static int make_itch(struct frames *f, const struct frames_options *o)
{
	struct day_options d = {.seed = o->seed,
	                        .messages = o->messages,
	                        .symbols = o->symbols,
	                        .orders_live_max = o->live,
	                        .no_referee = true};
	struct day *day;
	int rc = day_create(&day, &d);

	if (rc != 0)
		return rc;
	struct day_source source = day_source_of(day);

	rc = make_packets(f, o, &source);
	day_destroy(day);
	return rc;
}

static int make_iex(struct frames *f, const struct frames_options *o)
{
	struct day_deep_options d = {.seed = o->seed,
	                             .messages = o->messages,
	                             .symbols = o->symbols,
	                             .runs = 1,
	                             .tops = f->protocol->format == FORMAT_TOPS};
	struct day_deep *day;
	int rc = day_deep_create(&day, &d);

	if (rc != 0)
		return rc;
	struct day_source source = day_deep_source(day);

	rc = make_packets(f, o, &source);
	day_deep_destroy(day);
	return rc;
}

int frames_make(struct frames *f, const struct frames_options *o, char error[FRAMES_ERROR_BYTES])
{
	int rc;

	*f = (struct frames){.protocol = protocol_find(o->protocol)};
	error[0] = '\0';
	if (f->protocol == NULL) {
		snprintf(error, FRAMES_ERROR_BYTES, "no protocol '%.100s'", o->protocol);
		return -EINVAL;
	}
	if (o->capture != NULL)
		rc = read_capture(f, o->capture, error);
	else
		rc = f->protocol == &protocol_itch50 ? make_itch(f, o) : make_iex(f, o);
	if (rc == 0 && f->messages == 0) {
		snprintf(error, FRAMES_ERROR_BYTES, "no message of %s", o->protocol);
		rc = -ENODATA;
	}
	if (rc != 0) {
		if (error[0] == '\0')
			snprintf(error, FRAMES_ERROR_BYTES, "the day: %s", strerror(-rc));
		frames_free(f);
	}
	return rc;
}

void frames_free(struct frames *f)
{
	free(f->bytes);
	free(f->spans);
	*f = (struct frames){0};
}
