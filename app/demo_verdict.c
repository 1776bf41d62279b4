/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/status_text.h"

struct got { /* the engine's account */
	uint64_t messages;
	uint64_t lost;
	uint64_t gaps;
	uint64_t late;
	uint64_t healed;
	uint64_t packets[2];
	uint64_t dropped[2]; /* by the ports' own counts */
	uint64_t latency_ns[4];
};

static uint64_t number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static json_t *report(const struct demo_plan *p, const char *name)
{
	char path[DEMO_PATH_BYTES];
	json_error_t error;

	demo_plan_path(p, name, path);
	return json_load_file(path, 0, &error);
}

int demo_sent_read(const struct demo_plan *p, struct demo_sent *s)
{
	static const char *const names[2] = {"A", "B"};
	json_t *o = report(p, "exchange.json");

	if (o == NULL)
		return -EPROTO;
	*s = (struct demo_sent){.messages = number(o, "messages"),
	                        .lost = number(o, "lost_messages"),
	                        .gaps = number(o, "gaps")};
	for (uint32_t i = 0; i < 2; i++) {
		const json_t *line = json_object_get(json_object_get(o, "lines"), names[i]);

		s->packets[i] = number(json_object_get(line, "port"), "sent");
		s->lost_by_line[i] = number(json_object_get(line, "made"), "lost_messages");
	}
	json_decref(o);
	return 0;
}

static int read_engine(const struct demo_plan *p, struct got *g)
{
	json_t *o = report(p, "engine.json");

	if (o == NULL)
		return -EPROTO;
	const json_t *feed = json_array_get(json_object_get(o, "feeds"), 0);
	const json_t *a = json_object_get(feed, "arbiter");
	const json_t *shard = json_array_get(json_object_get(o, "shards"), 0);
	const json_t *l = json_object_get(shard, "latency_ns");

	*g = (struct got){.messages = number(feed, "messages"),
	                  .lost = number(a, "lost_messages"),
	                  .gaps = number(a, "gaps"),
	                  .late = number(a, "late"),
	                  .healed = number(a, "healed"),
	                  .latency_ns = {number(l, "p50"), number(l, "p99"), number(l, "p999"),
	                                 number(l, "max")}};
	for (uint32_t i = 0; i < 2; i++) {
		const json_t *line = json_array_get(json_object_get(feed, "lines"), i);
		const json_t *port = json_array_get(json_object_get(o, "ports"), i);

		g->packets[i] = number(line, "packets");
		g->dropped[i] = number(port, "missed") + number(port, "errors") +
		                number(port, "no_buffer") + number(port, "multi_segment");
	}
	json_decref(o);
	return 0;
}

struct checks {
	FILE *out;
	uint32_t failed;
};

__attribute__((format(printf, 3, 4))) static void check(struct checks *c, bool good,
                                                        const char *format, ...)
{
	va_list arguments;

	fprintf(c->out, "  %-7s ", good ? "ok" : "FAILED");
	va_start(arguments, format);
	vfprintf(c->out, format, arguments);
	va_end(arguments);
	fputc('\n', c->out);
	c->failed += !good;
}

/* Every packet: received, or dropped by somebody who says so. Returns how many were dropped. */
static uint64_t check_line(struct checks *c, const struct demo_sent *s, const struct got *g,
                           const struct demo_outside *o, uint32_t i)
{
	uint64_t missing = s->packets[i] - g->packets[i];
	uint64_t told = g->dropped[i] + o->kernel_drops[i];

	if (s->packets[i] == g->packets[i])
		check(c, true, "line %c: all %" PRIu64 " packets sent were received", 'A' + (int)i,
		      s->packets[i]);
	else
		check(c, g->packets[i] < s->packets[i] && missing <= told,
		      "line %c: of %" PRIu64 " packets sent %" PRIu64
		      " were received; the kernel counts %" PRIu64 " dropped",
		      'A' + (int)i, s->packets[i], g->packets[i], told);
	return missing;
}

/* NULL: the files are the same; else what is wrong. */
static const char *difference(const struct demo_plan *p, uint64_t *line, uint64_t *bytes)
{
	static char text[160];
	char path[2][DEMO_PATH_BYTES];
	char row[2][256] = {"", ""};
	FILE *f[2];

	demo_plan_path(p, "exchange.csv", path[0]);
	demo_plan_path(p, "engine.csv", path[1]);
	for (uint32_t i = 0; i < 2; i++)
		f[i] = fopen(path[i], "r");
	const char *result = f[0] == NULL || f[1] == NULL ? "there are none" : NULL;
	bool more = result == NULL;

	*line = 0;
	*bytes = 0;
	while (more) {
		char *a = fgets(row[0], sizeof(row[0]), f[0]);
		char *b = fgets(row[1], sizeof(row[1]), f[1]);

		++*line;
		*bytes += a == NULL ? 0 : strlen(row[0]);
		more = a != NULL && b != NULL;
		if ((a == NULL) != (b == NULL) || (more && strcmp(row[0], row[1]) != 0)) {
			snprintf(text, sizeof(text), "line %" PRIu64 ": %.*s", *line,
			         (int)strcspn(row[a == NULL], "\n"), row[a == NULL]);
			result = text;
			more = false;
		}
	}
	for (uint32_t i = 0; i < 2; i++)
		if (f[i] != NULL)
			fclose(f[i]);
	return result;
}

static void check_equal(struct checks *c, const struct demo_plan *p, const struct demo_sent *s,
                        const struct got *g, const struct demo_outside *o)
{
	uint64_t line;
	uint64_t bytes;
	const char *different = difference(p, &line, &bytes);

	check(c, g->messages == s->messages,
	      "%" PRIu64 " messages were applied, each once, in order; %" PRIu64 " are due",
	      g->messages, s->messages);
	check(c, g->lost == s->lost && g->gaps == s->gaps,
	      "lost: %" PRIu64 " messages in %" PRIu64 " gap%s; no line carried %" PRIu64
	      " in %" PRIu64,
	      g->lost, g->gaps, g->gaps == 1 ? "" : "s", s->lost, s->gaps);
	check(c, s->lost == 0 || o->suspect == o->books,
	      "the gap was told: %" PRIu64 " of %" PRIu64 " books are marked suspect", o->suspect,
	      o->books);
	if (different == NULL)
		check(c, true,
		      "all %" PRIu64 " books are the exchange's own, level by level (%" PRIu64
		      " bytes of CSV)",
		      o->books, bytes);
	else
		check(c, false, "the books are not the exchange's: %s", different);
}

/* Something came too late or not at all: what must hold even so. */
static void check_consistent(struct checks *c, const struct demo_sent *s, const struct got *g,
                             uint64_t dropped)
{
	uint64_t all = s->messages + s->lost;

	check(c, g->messages + g->lost == all,
	      "%" PRIu64 " messages applied and %" PRIu64 " told as lost are all %" PRIu64,
	      g->messages, g->lost, all);
	check(c, g->lost >= s->lost, "no line carried %" PRIu64 " of those", s->lost);
	fprintf(c->out,
	        "  %-7s the machine was too busy: %" PRIu64
	        " packets dropped by the kernel, %" PRIu64
	        " messages later than 1 s;\n          the books cannot be compared\n",
	        "-", dropped, g->late);
}

static void print_latency(const char *when, const uint64_t ns[4], FILE *out)
{
	char text[4][16];

	for (uint32_t i = 0; i < 4; i++)
		status_duration(ns[i], text[i]);
	fprintf(out, "Wire to book, %-18s p50 %s  p99 %s  p99.9 %s  max %s\n", when, text[0],
	        text[1], text[2], text[3]);
}

static void print_work(const struct demo_sent *s, const struct got *g, const struct demo_outside *o,
                       FILE *out)
{
	const struct histogram *h = &o->until_gap;
	const uint64_t ns[4] = {histogram_quantile(h, 500000), histogram_quantile(h, 990000),
	                        histogram_quantile(h, 999000), h->max};

	fprintf(out,
	        "\nLine A lost %" PRIu64 " messages, line B %" PRIu64 "; %" PRIu64
	        " were missing until the other brought them.\n",
	        s->lost_by_line[0], s->lost_by_line[1], g->healed);
	print_latency("before the gap:", ns, out);
	print_latency("with the 1 s wait:", g->latency_ns, out);
}

int demo_verdict(const struct demo_plan *p, const struct demo_sent *s, const struct demo_outside *o,
                 FILE *out)
{
	struct checks c = {.out = out};
	struct got g = {0};
	uint64_t dropped = 0;
	bool read = read_engine(p, &g) == 0;

	if (read)
		print_work(s, &g, o, out);
	fprintf(out, "\nWhat was checked\n");
	check(&c, o->engine_status == 0 && o->exchange_status == 0 && read,
	      "engine and exchange ended cleanly (exit codes %d and %d)", o->engine_status,
	      o->exchange_status);
	for (uint32_t i = 0; read && i < 2; i++)
		dropped += check_line(&c, s, &g, o, i);
	/* What no line carried cannot have come: an equal sum means the very same messages. */
	if (read && (g.lost == s->lost || (dropped == 0 && g.late == 0)))
		check_equal(&c, p, s, &g, o);
	else if (read)
		check_consistent(&c, s, &g, dropped);
	return c.failed == 0 ? EXIT_OK : EXIT_FAILED;
}
