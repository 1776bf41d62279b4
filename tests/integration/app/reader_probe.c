/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A reader for test_readers.py: reads a log until a sequence is reached or the engine is gone, and
 * says as JSON what it met. It holds the events to their promise: within an epoch each begins where
 * the last one ended.
 *
 * usage: reader_probe ENGINE head|oldest|EPOCH:SEQUENCE UNTIL
 * Prints "ready" once it stands in the log, and "first" at the first event.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/genesis.h"

struct probe {
	struct genesis *g;
	struct genesis_log *log;
	uint64_t next;
	uint64_t epoch;
	uint64_t wrong; /* events that do not begin where the last one ended */
	uint64_t resets;
	uint64_t ends;
	uint64_t unnamed; /* messages that should have a symbol and have none (B: the made-up day
	                     gives it no locate) */
	uint64_t untimed;
	uint64_t by_type[256];
};

static void take(struct probe *p, const struct genesis_event *e)
{
	if (p->epoch == 0) {
		printf("first\n");
		fflush(stdout);
	}
	if (p->epoch == e->epoch && e->sequence != p->next)
		p->wrong++;
	p->epoch = e->epoch;
	p->next = e->sequence + e->messages;
	p->untimed += e->time_ns == 0 || e->time_source == GENESIS_TIME_NONE;
	switch (e->kind) {
	case GENESIS_MESSAGE:
		p->by_type[e->data[0]]++;
		p->unnamed += e->symbol == GENESIS_NONE && strchr("BSVW", e->data[0]) == NULL;
		break;
	case GENESIS_RESET:
		p->resets++;
		break;
	case GENESIS_END:
		p->ends++;
		break;
	case GENESIS_MISSED:
		p->epoch = e->end_epoch;
		p->next = e->end_sequence;
		break;
	default:
		break;
	}
}

static enum genesis_state read_until(struct probe *p, uint64_t until)
{
	for (;;) {
		enum genesis_state state = genesis_state(p->g);
		struct genesis_event e;
		int rc;

		for (int i = 0; i < 10000 && (rc = genesis_log_next(p->log, &e, sizeof(e))) == 1;
		     i++)
			take(p, &e);
		if (rc < 0) {
			fprintf(stderr, "log: %s\n", strerror(-rc));
			exit(1);
		}
		if (rc == 0 && ((p->epoch != 0 && p->next >= until) ||
		                (state != GENESIS_RUNNING && state != GENESIS_STARTING)))
			return state;
		if (rc == 0)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

static void print_tops(const struct probe *p)
{
	struct genesis_feed f;
	const char *comma = "";

	genesis_feed_read(p->g, 0, &f, sizeof(f));
	for (uint32_t i = 0; i < f.symbols; i++) {
		struct genesis_top t;
		char name[GENESIS_SYMBOL_BYTES];

		if (genesis_top_read(p->g, 0, i, &t, sizeof(t)) != 0)
			continue;
		if (strcmp(genesis_symbol_name(p->g, 0, i, name), t.name) != 0 ||
		    genesis_symbol_find(p->g, 0, name) != i)
			fprintf(stderr, "symbol %u is %s and %s\n", i, name, t.name);
		printf("%s[\"%s\",%" PRId64 ",%" PRIu64 ",%" PRId64 ",%" PRIu64 ",%" PRIu64
		       ",%" PRIu64 ",%" PRIu64 "]",
		       comma, t.name, t.bid_price, t.bid_quantity, t.ask_price, t.ask_quantity,
		       t.volume, t.trades, t.sequence);
		comma = ",";
	}
}

static void print(const struct probe *p, enum genesis_state state)
{
	static const char *const states[] = {"starting", "running", "stopped", "dead", "replaced"};
	struct genesis_log_stats s;
	struct genesis_engine e;
	struct genesis_feed f;
	const char *comma = "";

	genesis_log_stats_read(p->log, &s, sizeof(s));
	genesis_engine_read(p->g, &e, sizeof(e));
	genesis_feed_read(p->g, 0, &f, sizeof(f));
	printf("{\"state\":\"%s\",\"engine\":\"%s\",\"pid\":%" PRIu64 ",\"feed\":\"%s\","
	       "\"protocol\":\"%s\",\"session\":\"%s\",",
	       states[state], e.name, e.pid, f.name, f.protocol, f.session);
	printf("\"messages\":%" PRIu64 ",\"gap_messages\":%" PRIu64 ",\"missed_times\":%" PRIu64
	       ",\"missed_bytes\":%" PRIu64 ",\"missed_messages\":%" PRIu64 ",",
	       s.messages, s.gap_messages, s.missed_times, s.missed_bytes, s.missed_messages);
	printf("\"wrong\":%" PRIu64 ",\"resets\":%" PRIu64 ",\"ends\":%" PRIu64
	       ",\"unnamed\":%" PRIu64 ",\"untimed\":%" PRIu64 ",\"epoch\":%" PRIu64
	       ",\"next\":%" PRIu64 ",\"by_type\":{",
	       p->wrong, p->resets, p->ends, p->unnamed, p->untimed, p->epoch, p->next);
	for (int i = 0; i < 256; i++)
		if (p->by_type[i] != 0) {
			printf("%s\"%c\":%" PRIu64, comma, i, p->by_type[i]);
			comma = ",";
		}
	printf("},\"tops\":[");
	print_tops(p);
	printf("]}\n");
}

static int stand(struct probe *p, const char *where)
{
	char *colon;

	if (strcmp(where, "head") == 0)
		return genesis_log_to_head(p->log);
	if (strcmp(where, "oldest") == 0)
		return genesis_log_to_oldest(p->log);
	unsigned long epoch = strtoul(where, &colon, 10);

	return genesis_log_seek(p->log, (uint32_t)epoch, strtoull(colon + 1, NULL, 10));
}

int main(int argc, char **argv)
{
	struct probe p = {0};
	char error[GENESIS_ERROR_BYTES];

	if (argc != 4)
		return 2;
	if (genesis_open(&p.g, argv[1], error) != 0 ||
	    genesis_log_open(&p.log, p.g, 0, error) != 0) {
		printf("%s\n", error);
		genesis_close(p.g);
		return 1;
	}
	int rc = stand(&p, argv[2]);

	if (rc != 0) {
		printf("%s\n", strerror(-rc));
		genesis_log_close(p.log);
		genesis_close(p.g);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	print(&p, read_until(&p, strtoull(argv[3], NULL, 10)));
	genesis_log_close(p.log);
	genesis_close(p.g);
	return 0;
}
