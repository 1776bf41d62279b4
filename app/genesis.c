/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/genesis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/genesis_private.h"

#define TOP_TRIES 1000u

static_assert(GENESIS_ERROR_BYTES == ATTACH_ERROR_BYTES, "");
static_assert(GENESIS_NAME_BYTES == SHARED_NAME_BYTES, "");
static_assert((int)GENESIS_SUSPECT == (int)BOARD_SUSPECT, "the board's flags, published");
static_assert((int)GENESIS_STALE == (int)BOARD_STALE, "");
static_assert((int)GENESIS_DEGRADED == (int)BOARD_DEGRADED, "");
static_assert((int)GENESIS_HALTED == (int)BOARD_HALTED, "");
static_assert((int)GENESIS_HEURISTIC == (int)BOARD_HEURISTIC, "");

const char *genesis_version(void)
{
	return GENESIS_VERSION;
}

static int open_source(struct genesis *g, uint32_t feed)
{
	struct genesis_source *s = &g->sources[feed];
	int rc;

	s->shared = &g->attach.shared->feeds[feed];
	s->protocol = protocol_find(s->shared->protocol);
	s->scan = attach_scan(&g->attach, feed);
	if (s->protocol == NULL || s->scan == NULL)
		return -EPROTO;
	rc = attach_directory(&g->attach, feed, &s->directory);
	if (rc == 0)
		rc = attach_board(&g->attach, feed, &s->board);
	if (rc == 0)
		rc = attach_log(&g->attach, feed, &s->log);
	return rc;
}

static int open_all(struct genesis *g, const char *name, char *error)
{
	int rc = attach_open(&g->attach, name, error);

	if (rc == 0)
		rc = attach_segments(&g->attach, error);
	if (rc != 0)
		return rc;
	g->source_count = g->attach.shared->feed_count;
	if (g->source_count > SHARED_FEEDS_MAX)
		rc = -EPROTO;
	for (uint32_t i = 0; rc == 0 && i < g->source_count; i++)
		rc = open_source(g, i);
	if (rc != 0)
		snprintf(
		        error, GENESIS_ERROR_BYTES,
		        "engine %.40s: its feeds' memory makes no sense; is it of this build (%s)?",
		        g->attach.shared->engine, GENESIS_VERSION);
	return rc;
}

int genesis_open(struct genesis **out, const char *name, char *error)
{
	struct genesis *g = calloc(1, sizeof(*g));
	int rc = -ENOMEM;

	snprintf(error, GENESIS_ERROR_BYTES, "out of memory");
	if (g != NULL)
		rc = open_all(g, name, error);
	if (rc != 0) {
		genesis_close(g);
		return rc;
	}
	error[0] = '\0';
	*out = g;
	return 0;
}

void genesis_close(struct genesis *g)
{
	if (g == NULL)
		return;
	attach_close(&g->attach);
	free(g);
}

/* The engine is gone: does another one go by its name? */
static bool is_replaced(const struct genesis *g)
{
	const struct memory *control = &g->attach.control;
	struct stat opened;
	struct stat named;

	return fstat(control->fd, &opened) == 0 && stat(control->path, &named) == 0 &&
	       (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino) &&
	       memory_control_is_held(control->path) > 0;
}

enum genesis_state genesis_state(const struct genesis *g)
{
	/* Asked in this order: one that stops says so before it lets go of the lock. */
	bool alive = attach_is_alive(&g->attach);
	uint64_t state = atomic_load_explicit(&g->attach.shared->state, memory_order_acquire);

	if (alive && state != SHARED_STOPPED)
		return state == SHARED_RUNNING ? GENESIS_RUNNING : GENESIS_STARTING;
	if (is_replaced(g))
		return GENESIS_REPLACED;
	return state == SHARED_STOPPED ? GENESIS_STOPPED : GENESIS_DEAD;
}

int genesis_engine_read(const struct genesis *g, struct genesis_engine *e, size_t bytes)
{
	const struct shared *s = g->attach.shared;
	struct genesis_engine own = {
	        .pid = s->pid,
	        .started_ns = s->started_ns,
	        .heartbeat_ns = atomic_load_explicit(&s->heartbeat_ns, memory_order_relaxed),
	        .feeds = g->source_count,
	};

	snprintf(own.name, sizeof(own.name), "%.39s", s->engine);
	snprintf(own.version, sizeof(own.version), "%.15s", s->genesis_version);
	reader_give(e, bytes, &own, sizeof(own));
	return 0;
}

int genesis_feed_find(const struct genesis *g, const char *name)
{
	if (name == NULL)
		return g->source_count == 1 ? 0 : g->source_count == 0 ? -ENOENT : -EINVAL;
	for (uint32_t i = 0; i < g->source_count; i++)
		if (strncmp(name, g->sources[i].shared->name, SHARED_NAME_BYTES) == 0)
			return (int)i;
	return -ENOENT;
}

int genesis_feed_read(const struct genesis *g, uint32_t feed, struct genesis_feed *f, size_t bytes)
{
	if (feed >= g->source_count)
		return -ENOENT;
	const struct genesis_source *s = &g->sources[feed];
	struct message_counts counts;
	struct arbiter_stats arbiter;
	struct session_key key;

	SHARED_COPY(&counts, s->shared->messages);
	SHARED_COPY(&arbiter, s->shared->arbiter);
	SHARED_COPY(&key, s->shared->session);
	struct genesis_feed own = {
	        .symbols_max = s->shared->symbols_max,
	        .symbols = directory_count(&s->directory),
	        .epoch = atomic_load_explicit(&s->shared->epoch, memory_order_relaxed),
	        .next_sequence =
	                atomic_load_explicit(&s->shared->next_sequence, memory_order_relaxed),
	        .messages = counts.messages,
	        .lost_messages = arbiter.lost_messages,
	};

	snprintf(own.name, sizeof(own.name), "%.39s", s->shared->name);
	snprintf(own.protocol, sizeof(own.protocol), "%.15s", s->shared->protocol);
	memcpy(own.session, key.name, sizeof(key.name));
	reader_give(f, bytes, &own, sizeof(own));
	return 0;
}

uint32_t genesis_symbol_find(const struct genesis *g, uint32_t feed, const char *name)
{
	return feed >= g->source_count
	               ? GENESIS_NONE
	               : directory_find(&g->sources[feed].directory, symbol_from_text(name));
}

const char *genesis_symbol_name(const struct genesis *g, uint32_t feed, uint32_t symbol, char *text)
{
	text[0] = '\0';
	if (feed >= g->source_count || symbol >= directory_count(&g->sources[feed].directory))
		return text;
	return symbol_text(directory_name(&g->sources[feed].directory, symbol), text);
}

int genesis_top_read(const struct genesis *g, uint32_t feed, uint32_t symbol,
                     struct genesis_top *top, size_t bytes)
{
	struct board_top t;

	/* A row of no symbol yet is memory that nobody has touched: it should stay so. */
	if (feed >= g->source_count || symbol >= directory_count(&g->sources[feed].directory))
		return -ENOENT;
	const struct board *b = &g->sources[feed].board;
	int rc = board_read(b, symbol, &t, TOP_TRIES);

	if (rc != 0)
		return rc;
	struct genesis_top own = {
	        .trading = t.state,
	        .operational = t.operational,
	        .short_sale = t.short_sale,
	        .security_event = t.security_event,
	        .bid_price = t.bid_price,
	        .bid_quantity = t.bid_quantity,
	        .ask_price = t.ask_price,
	        .ask_quantity = t.ask_quantity,
	        .bid_orders = t.bid_orders,
	        .ask_orders = t.ask_orders,
	        .trade_price = t.trade_price,
	        .trade_quantity = t.trade_quantity,
	        .volume = t.volume,
	        .trades = t.trades,
	        .sequence = t.sequence,
	        .good_sequence = t.good_sequence,
	        .time_ns = t.time_ns,
	        .epoch = t.epoch,
	        .flags = board_flags_now(b, &t),
	};

	symbol_text(t.symbol, own.name);
	reader_give(top, bytes, &own, sizeof(own));
	return 0;
}

int genesis_describe(const struct genesis *g, uint32_t feed, const uint8_t *message, uint32_t bytes,
                     char *text, size_t text_bytes)
{
	uint32_t room = text_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)text_bytes;

	if (feed >= g->source_count)
		return -ENOENT;
	return g->sources[feed].protocol->describe(message, bytes, text, room);
}
