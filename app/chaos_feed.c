/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_feed.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/iex.h"
#include "dataplane/wire/packet.h"

#define SESSION        "CHAOS00001"
#define SYMBOLS_MAX    1024u /* of a feed */
#define ALIGN_BYTES    4096u
#define PARKING_LEAST  2u
#define PARKING_PIECES 64u

void *chaos_memory(uint64_t bytes, uint64_t align)
{
	/* Aligned by taking more and giving the rest back. */
	uint64_t whole = bytes + align;
	uint8_t *p = mmap(NULL, whole, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert(bytes % CHAOS_PAGE_BYTES == 0);
	assert(align % CHAOS_PAGE_BYTES == 0);
	if (p == MAP_FAILED)
		return NULL;
	uint64_t before = (align - (uintptr_t)p % align) % align;

	if (before > 0)
		munmap(p, before);
	if (align - before > 0)
		munmap(p + before + bytes, align - before);
	return p + before;
}

void chaos_memory_free(void *p, uint64_t bytes)
{
	if (p != NULL)
		munmap(p, bytes);
}

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + ALIGN_BYTES - 1) & ~(uint64_t)(ALIGN_BYTES - 1);
}

uint64_t chaos_feed_symbol(uint32_t component)
{
	char text[9];
	uint64_t symbol;

	snprintf(text, sizeof(text), "C%04u   ", component % 10000);
	memcpy(&symbol, text, sizeof(symbol));
	return symbol;
}

static struct arbiter_options arbiter_options(const struct chaos_feed_options *o)
{
	return (struct arbiter_options){.hold_ns = o->gap_hold_ns,
	                                .parking_segments_max = PARKING_LEAST,
	                                .parking_pieces_max = PARKING_PIECES,
	                                .line_count = o->lines,
	                                .join = ARBITER_JOIN_FROM_ONE};
}

/* One packet with the message at hand. */
static void put(struct chaos_feed *f, uint32_t bytes, uint64_t sequence, uint32_t line,
                uint64_t now_ns)
{
	struct feed_packet p = {.session = {SESSION},
	                        .first_sequence = sequence,
	                        .blocks = f->block,
	                        .block_bytes = bytes + 2,
	                        .claimed_count = 1,
	                        .block_count = 1};

	put_le16(f->block, (uint16_t)bytes);
	arbiter_on_packet(&f->arbiter, line, &p, now_ns, TIME_TURN);
	log_writer_publish(&f->log);
}

static void announce(struct chaos_feed *f, uint32_t component)
{
	uint8_t *m = f->block + 2;
	uint64_t symbol = chaos_feed_symbol(component);

	memset(m, 0, IEX_DIRECTORY_BYTES);
	m[IEX_AT_TYPE] = IEX_DIRECTORY;
	put_le64(m + IEX_AT_SYMBOL, symbol);
	f->announced++;
	put(f, IEX_DIRECTORY_BYTES, f->sequence++, 0, 0);
}

static int build(struct chaos_feed *f, const struct chaos_feed_options *o)
{
	struct arbiter_setup setup = {.region = &f->region,
	                              .pool = f->pool,
	                              .log = &f->log,
	                              .protocol = &protocol_tops16,
	                              .options = arbiter_options(o)};
	struct log_options lo = {
	        .log_id = o->id, .segments_min = o->segments_min, .segments_max = o->segments_max};
	uint64_t log_bytes = page_up(log_control_bytes(o->segments_max));
	uint64_t region_bytes = page_up(arbiter_bytes(&setup.options) + ALIGN_BYTES) +
	                        page_up(directory_bytes(SYMBOLS_MAX));
	uint64_t epoch_bytes = page_up(region_bytes / REGION_PAGE_BYTES);
	uint64_t scan_bytes = page_up(sizeof(*f->scan));

	f->memory_bytes = log_bytes + region_bytes + epoch_bytes + scan_bytes + (1u << 16);
	f->memory = chaos_memory(f->memory_bytes, ALIGN_BYTES);
	if (f->memory == NULL)
		return -ENOMEM;
	uint8_t *at = f->memory;
	int rc = region_init(&f->region, at, region_bytes, at + region_bytes);

	at += region_bytes + epoch_bytes;
	f->scan = (struct message_scan *)(void *)at;
	setup.scan = f->scan;
	at += scan_bytes;
	f->block = at + log_bytes;
	if (rc == 0)
		rc = log_writer_init(&f->log, at, log_bytes, f->pool, &lo);
	if (rc == 0)
		rc = directory_init(&f->directory, &f->region, SYMBOLS_MAX);
	if (rc != 0)
		return rc;
	/* Zeroed memory is a scan that has seen nothing; to write that would touch all of it. */
	f->scan->directory = &f->directory;
	return arbiter_init(&f->arbiter, &setup);
}

static int observe(struct chaos_feed *f)
{
	int slot = log_cursor_register(&f->log.log, LOG_CLAIM_LIVE, true);

	if (slot < 0)
		return slot;
	cursor_init(&f->observer, &f->log.log, (uint32_t)slot);
	return 0;
}

int chaos_feed_create(struct chaos_feed *f, struct segment_pool *pool,
                      const struct chaos_feed_options *o)
{
	*f = (struct chaos_feed){
	        .pool = pool, .sequence = 1, .event_bytes = o->event_bytes, .hold = -1};
	assert(o->event_bytes >= CHAOS_MESSAGE_BYTES_MIN);
	assert(o->event_bytes + 2 <= 1u << 16);
	int rc = build(f, o);

	if (rc == 0)
		rc = observe(f);
	if (rc == 0 && o->hold)
		f->hold = log_cursor_register(&f->log.log, LOG_CLAIM_IMAGE, true);
	for (uint32_t i = 0; rc == 0 && i < o->components; i++)
		announce(f, i);
	if (rc != 0)
		chaos_feed_destroy(f);
	return rc;
}

void chaos_feed_destroy(struct chaos_feed *f)
{
	chaos_memory_free(f->memory, f->memory_bytes);
	*f = (struct chaos_feed){0};
}

uint64_t chaos_feed_next(struct chaos_feed *f)
{
	return f->sequence++;
}

void chaos_feed_bring(struct chaos_feed *f, const struct chaos_ask *a, uint64_t sequence,
                      uint32_t line, uint64_t now_ns)
{
	uint8_t *m = f->block + 2;
	uint64_t symbol = chaos_feed_symbol(a->component);

	assert(sequence < f->sequence);
	memset(m, 0, IEX_TRADE_BYTES);
	m[IEX_AT_TYPE] = IEX_TRADE;
	put_le64(m + IEX_AT_TIMESTAMP, a->arrival_ns);
	put_le64(m + IEX_AT_SYMBOL, symbol);
	put_le32(m + IEX_AT_TRADE_SIZE, a->service);
	put_le64(m + IEX_AT_TRADE_PRICE, a->component);
	put_le64(m + IEX_AT_TRADE_ID, a->event);
	put(f, f->event_bytes, sequence, line, now_ns);
}

void chaos_feed_poll(struct chaos_feed *f, uint64_t now_ns)
{
	arbiter_poll(&f->arbiter, now_ns);
	log_writer_publish(&f->log);
}

void chaos_feed_end(struct chaos_feed *f, uint64_t now_ns)
{
	struct feed_packet p = {
	        .session = {SESSION}, .first_sequence = f->sequence, .kind = FEED_HEARTBEAT};

	/* Whoever lost the last events hears of them by the next number. */
	arbiter_on_packet(&f->arbiter, 0, &p, now_ns, TIME_TURN);
	arbiter_on_input_end(&f->arbiter, now_ns);
	log_writer_publish(&f->log);
}

/* Moves the observer to the next record with messages. */
static bool next_record(struct chaos_feed *f)
{
	const struct record *r;

	do {
		r = cursor_next(&f->observer);
	} while (r != NULL && r->kind != RECORD_DATA);
	cursor_release(&f->observer);
	if (r == NULL)
		return false;
	f->block_next = record_payload(r);
	f->block_end = f->block_next + r->payload_bytes;
	return true;
}

bool chaos_feed_appended(struct chaos_feed *f, struct chaos_ask *out)
{
	for (;;) {
		while (f->block_next < f->block_end) {
			const uint8_t *message = f->block_next + 2;
			uint32_t bytes = le16(f->block_next);

			f->block_next = message + bytes;
			if (chaos_feed_read(message, bytes, out))
				return true;
		}
		if (!next_record(f))
			return false;
	}
}

uint64_t chaos_feed_lost(const struct chaos_feed *f)
{
	return arbiter_stats(&f->arbiter)->lost_messages;
}

bool chaos_feed_is_whole(const struct chaos_feed *f)
{
	return f->hold >= 0 && !log_claim_revoked(&f->log.log, (uint32_t)f->hold);
}

void chaos_feed_trim(struct chaos_feed *f)
{
	log_writer_trim(&f->log);
}

bool chaos_feed_read(const uint8_t *message, uint32_t bytes, struct chaos_ask *out)
{
	if (bytes < IEX_TRADE_BYTES || iex_type(message) != IEX_TRADE)
		return false;
	*out = (struct chaos_ask){
	        .event = iex_trade_id(message),
	        .arrival_ns = iex_timestamp_ns(message),
	        .component = (uint32_t)iex_trade_price(message),
	        .service = iex_trade_size(message),
	};
	return true;
}
