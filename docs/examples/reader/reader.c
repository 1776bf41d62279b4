/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An example of a reader (docs/readers.md): follows one symbol of a running engine. Prints every
 * change of its best bid and ask, and once per second which messages came and how many were missed.
 *
 *     cc -o reader reader.c $(pkg-config --cflags --libs genesis)
 *     ./reader SYMBOL [ENGINE [FEED]]
 *
 * It goes on over the engine's death and restart, until SIGINT.
 */
#include <errno.h>
#include <genesis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MILLISECOND_NS 1000000l
#define SECOND_NS      1000000000ull
#define TURN_EVENTS    10000u

struct view {
	struct genesis *engine;
	struct genesis_log *log;
	uint32_t feed;
	const char *name;
	uint32_t symbol; /* GENESIS_NONE until the engine has heard of it */
	struct genesis_top top;
	uint64_t by_type[256];
	uint64_t of_symbol;
	uint64_t next_summary_ns;
};

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
	(void)number;
	is_over = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void wait_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MILLISECOND_NS},
	          NULL);
}

/* The board: cheap enough to look at every turn. */
static void look_at_top(struct view *v)
{
	struct genesis_top t;

	if (v->symbol == GENESIS_NONE)
		v->symbol = genesis_symbol_find(v->engine, v->feed, v->name);
	if (genesis_top_read(v->engine, v->feed, v->symbol, &t, sizeof(t)) != 0)
		return;
	bool is_same = t.bid_price == v->top.bid_price && t.bid_quantity == v->top.bid_quantity &&
	               t.ask_price == v->top.ask_price && t.ask_quantity == v->top.ask_quantity &&
	               t.flags == v->top.flags;

	v->top = t;
	if (!is_same)
		printf("%s #%" PRIu64 "  %" PRIu64 " @ %.4f | %.4f @ %" PRIu64 "%s%s\n", t.name,
		       t.sequence, t.bid_quantity, (double)t.bid_price / 1e4,
		       (double)t.ask_price / 1e4, t.ask_quantity,
		       t.flags & GENESIS_SUSPECT ? "  suspect" : "",
		       t.flags & GENESIS_HALTED ? "  halted" : "");
}

static void tell(struct view *v, const struct genesis_event *e)
{
	switch (e->kind) {
	case GENESIS_MESSAGE:
		if (e->data_bytes != 0)
			v->by_type[e->data[0]]++;
		v->of_symbol += e->symbol == v->symbol && e->symbol != GENESIS_NONE;
		break;
	case GENESIS_GAP:
		printf("gap: the engine has not got %" PRIu64 " messages from %" PRIu64 " on\n",
		       e->messages, e->sequence);
		break;
	case GENESIS_RESET:
		printf("session %.*s begins at %" PRIu64 "\n", (int)e->data_bytes,
		       (const char *)e->data, e->sequence);
		break;
	case GENESIS_END:
		printf("the session ended before %" PRIu64 "\n", e->sequence);
		break;
	case GENESIS_MISSED:
		if (e->messages == GENESIS_UNKNOWN)
			printf("too slow: missed the end of a session, goes on at %" PRIu64 "\n",
			       e->end_sequence);
		else
			printf("too slow: missed %" PRIu64 " messages from %" PRIu64 " on\n",
			       e->messages, e->sequence);
		break;
	default: /* of a newer library */
		break;
	}
}

static void summarise(struct view *v)
{
	struct genesis_log_stats s;

	genesis_log_stats_read(v->log, &s, sizeof(s));
	printf("messages %" PRIu64 ", of %s %" PRIu64 ", given up %" PRIu64 ", missed %" PRIu64
	       " (%" PRIu64 " bytes), behind %" PRIu64 " of %" PRIu64 " bytes;",
	       s.messages, v->name, v->of_symbol, s.gap_messages, s.missed_messages, s.missed_bytes,
	       s.lag_bytes, s.held_bytes);
	for (int i = 0; i < 256; i++)
		if (v->by_type[i] != 0)
			printf(" %c:%" PRIu64, i > 32 && i < 127 ? i : '?', v->by_type[i]);
	printf("\n");
	memset(v->by_type, 0, sizeof(v->by_type));
}

/* Until the engine is gone and all that it left is read. */
static int follow(struct view *v)
{
	for (;;) {
		struct genesis_event e;
		uint32_t events = 0;
		int rc = 1;

		/* Asked before the last look, so that nothing is left behind. */
		enum genesis_state state = genesis_state(v->engine);

		while (events < TURN_EVENTS &&
		       (rc = genesis_log_next(v->log, &e, sizeof(e))) == 1) {
			tell(v, &e);
			events++;
		}
		look_at_top(v);
		if (now_ns() >= v->next_summary_ns) {
			summarise(v);
			v->next_summary_ns = now_ns() + SECOND_NS;
		}
		if (rc < 0)
			return rc;
		if (rc == 0 &&
		    (is_over || (state != GENESIS_RUNNING && state != GENESIS_STARTING))) {
			summarise(v);
			return (int)state;
		}
		if (rc == 0)
			wait_ms(1);
	}
}

static int attach(struct view *v, const char *engine, const char *feed, char *error)
{
	int rc = genesis_open(&v->engine, engine, error);

	if (rc != 0)
		return rc;
	rc = genesis_feed_find(v->engine, feed);
	if (rc < 0) {
		snprintf(error, GENESIS_ERROR_BYTES, "there is no such feed, or several: name one");
		rc = -EINVAL;
	}
	v->feed = (uint32_t)rc;
	if (rc >= 0)
		rc = genesis_log_open(&v->log, v->engine, v->feed, error);
	if (rc != 0)
		genesis_close(v->engine);
	return rc;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: %s SYMBOL [ENGINE [FEED]]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	while (!is_over) {
		struct view v = {.name = argv[1], .symbol = GENESIS_NONE};
		char error[GENESIS_ERROR_BYTES];
		int rc = attach(&v, argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL, error);

		if (rc == -ENOENT || rc == -EAGAIN) {
			wait_ms(100); /* not there (yet) */
			continue;
		}
		if (rc != 0) {
			fprintf(stderr, "%s\n", error);
			return 1;
		}
		rc = follow(&v);
		genesis_log_close(v.log);
		genesis_close(v.engine);
		if (rc < 0) {
			fprintf(stderr, "the log is damaged\n");
			return 1;
		}
		if (rc != GENESIS_RUNNING)
			printf("the engine %s\n", rc == GENESIS_STOPPED ? "stopped" : "died");
	}
	return 0;
}
