/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/status_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/status_number.h"
#include "app/status_port.h"
#include "app/status_service.h"
#include "dataplane/feed/line_health.h"

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

const char *status_duration(uint64_t ns, char text[16])
{
	if (ns < 1000)
		snprintf(text, 16, "%u ns", (unsigned)ns);
	else if (ns < 1000000)
		snprintf(text, 16, "%.2f us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, 16, "%.2f ms", (double)ns / 1e6);
	else
		snprintf(text, 16, "%.2f s", (double)ns / 1e9);
	return text;
}

static const char *line_text(const struct shared_line *l, char text[32])
{
	snprintf(text, 32, "%u.%u.%u.%u:%u", l->address >> 24, l->address >> 16 & 255,
	         l->address >> 8 & 255, l->address & 255, l->udp_port);
	return text;
}

static void session_text(const struct shared_feed *f, char text[25])
{
	uint64_t words[3];

	shared_copy(words, f->session, 3);
	memcpy(text, words, sizeof(words));
	text[24] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
}

static void print_feed(const struct shared *s, uint32_t i, FILE *out)
{
	const struct shared_feed *f = &s->feeds[i];
	char session[25];
	char address[32];
	char skew[16];

	session_text(f, session);
	fprintf(out, "feed %s (%s): session '%s' epoch %" PRIu64 ", next sequence %" PRIu64 "\n",
	        f->name, f->protocol, session, load(&f->epoch), load(&f->next_sequence));
	fprintf(out,
	        "  packets %" PRIu64 "  malformed %" PRIu64 "  messages %" PRIu64
	        "  symbols %" PRIu64 "\n",
	        load(&f->packets), load(&f->malformed_packets), load(&f->messages[0]),
	        load(&f->symbols));
	status_counters_text(out, &counters_arbiter, f->arbiter, "  arbiter: ");
	if (f->has_ladder != 0)
		status_counters_text(out, &counters_ladder, f->ladder, "  recovery: ");
	status_counters_text(out, &counters_log, f->log, "  log: ");
	fprintf(out, "  log may hold %" PRIu64 " to %" PRIu64 " segments of 2 MiB\n",
	        f->log_segments_min, f->log_segments_max);
	for (uint32_t n = 0; n < f->line_count; n++) {
		struct line_stats l;

		SHARED_COPY(&l, f->lines[n].stats);
		fprintf(out,
		        "  line %s %s: packets %" PRIu64 "  first %" PRIu64 "  duplicates %" PRIu64
		        "  lost %" PRIu64 "  skew %s%s\n",
		        f->lines[n].name, line_text(&f->lines[n], address), l.packets, l.wins,
		        l.duplicates, l.lost, status_duration(l.skew_ns, skew),
		        l.state == HEALTH_EJECTED ? "  silent" : "");
	}
}

static void print_latency(const struct shared_shard *s, FILE *out)
{
	static const uint32_t quantiles[] = {500000, 990000, 999000};
	struct histogram h;
	char text[4][16];

	SHARED_COPY(&h, s->latency);
	if (h.count == 0)
		return;
	for (int i = 0; i < 3; i++)
		status_duration(histogram_quantile(&h, quantiles[i]), text[i]);
	fprintf(out, "  wire to book: p50 %s  p99 %s  p99.9 %s  max %s  (%" PRIu64 " records)\n",
	        text[0], text[1], text[2], status_duration(h.max, text[3]), h.count);
}

static void print_groups(const struct shared *s, FILE *out)
{
	static const char *const states[] = {"", " DETACHED", " QUARANTINED"};

	for (uint32_t i = 0; i < s->group_count; i++) {
		const struct shared_group *g = &s->groups[i];
		uint64_t state = load(&g->state);

		/* With hundreds of groups only those that need a look. */
		if (s->group_count > 16 && state == GROUP_ATTACHED)
			continue;
		fprintf(out, "group %s on shard %s, %s%s\n", g->name, s->shards[g->shard].name,
		        g->class == CLASS_CRITICAL ? "critical" : "normal",
		        states[state < 3 ? state : 0]);
		status_counters_text(out, &counters_group, g->stats, "  ");
		status_counters_text(out, &counters_books, g->books, "  books: ");
		for (uint32_t n = 0; n < g->component_count; n++)
			for (uint32_t v = 0; v < COMPONENT_VALUES_MAX; v++)
				if (g->value_names[n][v][0] != '\0')
					fprintf(out, "  %s: %s %" PRIu64 "\n",
					        g->component_names[n], g->value_names[n][v],
					        load(&g->values[n][v]));
	}
	if (s->group_count > 16)
		fprintf(out, "groups: %u, those not named are attached\n", s->group_count);
}

static const char *state_text(const struct shared *s)
{
	static const char *const states[] = {"starting", "running", "stopped"};
	uint64_t state = atomic_load_explicit(&s->state, memory_order_acquire);

	return state < sizeof(states) / sizeof(states[0]) ? states[state] : "?";
}

void status_text(const struct shared *s, FILE *out)
{
	fprintf(out,
	        "engine %s (genesis %s, pid %" PRIu64 ") %s, segments free %" PRIu64 " of %" PRIu64
	        "\n",
	        s->engine, s->genesis_version, s->pid, state_text(s), load(&s->pool_free),
	        s->pool_segments);
	for (uint32_t i = 0; i < s->port_count; i++)
		status_port_text(s, i, out);
	for (uint32_t i = 0; i < s->core_count; i++) {
		const struct shared_core *c = &s->cores[i];
		char longest[16];

		fprintf(out, "core %s", c->name);
		if (c->cpu >= 0)
			fprintf(out, " on CPU %d", c->cpu);
		fprintf(out, ": turns %" PRIu64 "  busy %" PRIu64 "  longest turn %s\n",
		        load(&c->turns), load(&c->busy_turns),
		        status_duration(load(&c->turn_ns_max), longest));
		status_counters_text(out, &counters_receiver, c->receiver, "  ");
	}
	for (uint32_t i = 0; i < s->feed_count; i++)
		print_feed(s, i, out);
	for (uint32_t i = 0; i < s->shard_count; i++) {
		fprintf(out, "shard %s on core %s\n", s->shards[i].name,
		        s->cores[s->shards[i].core].name);
		status_counters_text(out, &counters_shard, s->shards[i].stats, "  ");
		print_latency(&s->shards[i], out);
	}
	print_groups(s, out);
	status_services_text(s, out);
}

static void set(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, status_number(value));
}

static json_t *by_type_json(const struct shared_feed *f)
{
	struct message_counts m;
	json_t *o = json_object();

	SHARED_COPY(&m, f->messages);
	for (unsigned t = 0; t < 256; t++) {
		char key[2] = {(char)t, '\0'};

		if (m.by_type[t] != 0)
			set(o, key, m.by_type[t]);
	}
	return o;
}

static json_t *feed_json(const struct shared_feed *f)
{
	json_t *o = json_object();
	json_t *lines = json_array();
	struct message_counts m;
	char session[25];
	char address[32];

	session_text(f, session);
	SHARED_COPY(&m, f->messages);
	json_object_set_new(o, "name", json_string(f->name));
	json_object_set_new(o, "protocol", json_string(f->protocol));
	json_object_set_new(o, "session", json_string(session));
	set(o, "epoch", load(&f->epoch));
	set(o, "next_sequence", load(&f->next_sequence));
	set(o, "packets", load(&f->packets));
	set(o, "malformed_packets", load(&f->malformed_packets));
	set(o, "symbols", load(&f->symbols));
	set(o, "symbols_refused", load(&f->symbols_refused));
	set(o, "messages", m.messages);
	set(o, "empty_messages", m.empty);
	set(o, "unknown_messages", m.unknown);
	json_object_set_new(o, "by_type", by_type_json(f));
	json_object_set_new(o, "arbiter", status_counters_json(&counters_arbiter, f->arbiter));
	if (f->has_ladder != 0)
		json_object_set_new(o, "recovery",
		                    status_counters_json(&counters_ladder, f->ladder));
	json_t *log = status_counters_json(&counters_log, f->log);

	set(log, "segments_min", f->log_segments_min);
	set(log, "segments_max", f->log_segments_max);
	json_object_set_new(o, "log", log);
	for (uint32_t n = 0; n < f->line_count; n++) {
		json_t *l = status_counters_json(&counters_line, f->lines[n].stats);

		json_object_set_new(l, "name", json_string(f->lines[n].name));
		json_object_set_new(l, "address", json_string(line_text(&f->lines[n], address)));
		json_array_append_new(lines, l);
	}
	json_object_set_new(o, "lines", lines);
	return o;
}

static json_t *shard_json(const struct shared *s, const struct shared_shard *x)
{
	json_t *o = status_counters_json(&counters_shard, x->stats);
	json_t *l = json_object();
	struct histogram h;

	SHARED_COPY(&h, x->latency);
	set(l, "count", h.count);
	set(l, "p50", histogram_quantile(&h, 500000));
	set(l, "p90", histogram_quantile(&h, 900000));
	set(l, "p99", histogram_quantile(&h, 990000));
	set(l, "p999", histogram_quantile(&h, 999000));
	set(l, "max", h.max);
	json_object_set_new(o, "name", json_string(x->name));
	json_object_set_new(o, "core", json_string(s->cores[x->core].name));
	json_object_set_new(o, "latency_ns", l);
	return o;
}

static json_t *group_json(const struct shared *s, const struct shared_group *g)
{
	static const char *const states[] = {"attached", "detached", "quarantined"};
	json_t *o = status_counters_json(&counters_group, g->stats);
	json_t *components = json_object();
	uint64_t state = load(&g->state);

	json_object_set_new(o, "name", json_string(g->name));
	json_object_set_new(o, "feed", json_string(s->feeds[g->feed].name));
	json_object_set_new(o, "shard", json_string(s->shards[g->shard].name));
	json_object_set_new(o, "class",
	                    json_string(g->class == CLASS_CRITICAL ? "critical" : "normal"));
	json_object_set_new(o, "state", json_string(state < 3 ? states[state] : "?"));
	json_object_set_new(o, "books", status_counters_json(&counters_books, g->books));
	for (uint32_t n = 0; n < g->component_count; n++) {
		json_t *c = json_object();

		for (uint32_t v = 0; v < COMPONENT_VALUES_MAX; v++)
			if (g->value_names[n][v][0] != '\0')
				set(c, g->value_names[n][v], load(&g->values[n][v]));
		json_object_set_new(components, g->component_names[n], c);
	}
	json_object_set_new(o, "components", components);
	return o;
}

static json_t *core_json(const struct shared_core *c)
{
	json_t *o = status_counters_json(&counters_receiver, c->receiver);

	if (c->asks != 0) {
		json_object_set_new(o, "requests",
		                    status_counters_json(&counters_requester, c->requester));
		json_object_set_new(o, "operations",
		                    status_counters_json(&counters_operations, c->operations));
	}

	json_object_set_new(o, "name", json_string(c->name));
	json_object_set_new(o, "cpu", c->cpu < 0 ? json_null() : json_integer(c->cpu));
	set(o, "turns", load(&c->turns));
	set(o, "busy_turns", load(&c->busy_turns));
	set(o, "turn_ns_max", load(&c->turn_ns_max));
	return o;
}

int status_json(const struct shared *s, FILE *out)
{
	json_t *o = json_object();
	json_t *ports = json_array();
	json_t *cores = json_array();
	json_t *feeds = json_array();
	json_t *shards = json_array();
	json_t *groups = json_array();

	json_object_set_new(o, "engine", json_string(s->engine));
	json_object_set_new(o, "version", json_string(s->genesis_version));
	json_object_set_new(o, "state", json_string(state_text(s)));
	set(o, "pid", s->pid);
	set(o, "started_ns", s->started_ns);
	set(o, "heartbeat_ns", load(&s->heartbeat_ns));
	set(o, "segments", s->pool_segments);
	set(o, "segments_free", load(&s->pool_free));
	for (uint32_t i = 0; i < s->port_count; i++)
		json_array_append_new(ports, status_port_json(s, i));
	for (uint32_t i = 0; i < s->core_count; i++)
		json_array_append_new(cores, core_json(&s->cores[i]));
	for (uint32_t i = 0; i < s->feed_count; i++)
		json_array_append_new(feeds, feed_json(&s->feeds[i]));
	for (uint32_t i = 0; i < s->shard_count; i++)
		json_array_append_new(shards, shard_json(s, &s->shards[i]));
	for (uint32_t i = 0; i < s->group_count; i++)
		json_array_append_new(groups, group_json(s, &s->groups[i]));
	json_object_set_new(o, "ports", ports);
	json_object_set_new(o, "cores", cores);
	json_object_set_new(o, "feeds", feeds);
	json_object_set_new(o, "shards", shards);
	json_object_set_new(o, "groups", groups);
	json_object_set_new(o, "mode", json_string(status_mode_text(s)));
	json_object_set_new(o, "services", status_services_json(s));
	int rc = json_dumpf(o, out, JSON_COMPACT);

	fputc('\n', out);
	json_decref(o);
	return rc == 0 && !ferror(out) ? 0 : -EIO;
}

void status_counters(FILE *out)
{
	static const struct counter_table *const tables[] = {
	        &counters_port,    &counters_host,   &counters_receiver,  &counters_line,
	        &counters_arbiter, &counters_ladder, &counters_log,       &counters_shard,
	        &counters_group,   &counters_books,  &counters_requester, &counters_operations,
	        &counters_service};

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		fprintf(out, "%s\n", tables[t]->name);
		for (uint32_t i = 0; i < tables[t]->count; i++) {
			const struct counter *c = &tables[t]->counters[i];

			fprintf(out, "  %-24s %-9s %-8s %s\n", c->id, c->unit,
			        c->gauge ? "gauge" : "counter", c->help);
		}
	}
}
