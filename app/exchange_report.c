/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_report.h"

#include <inttypes.h>

#include "app/exchange_report_servers.h"
#include "dataplane/stats.h"

static uint64_t per_second(uint64_t n, uint64_t ns)
{
	return ns == 0 ? 0 : (uint64_t)((double)n * 1e9 / (double)ns);
}

static uint64_t elapsed_ns(const struct exchange_report *r)
{
	return r->sender->end_ns - r->sender->start_ns;
}

static uint64_t packets_sent(const struct exchange_report *r)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < r->options->line_count; i++)
		sum += r->account->line[i].packets;
	return sum;
}

static void port_json(const struct exchange_report *r, uint32_t line, FILE *out)
{
	const uint64_t *values = (const uint64_t *)exchange_sender_stats(r->sender, line);

	fprintf(out, ", \"port\": {");
	for (uint32_t i = 0; i < counters_port.count; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i == 0 ? "" : ", ", counters_port.counters[i].id,
		        values[i]);
	fprintf(out, "}");
}

static void line_json(const struct exchange_report *r, uint32_t i, FILE *out)
{
	const struct exchange_line_account *a = &r->account->line[i];
	const struct day_line_counts *c = &r->made->line[i];

	fprintf(out,
	        "    \"%c\": {\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64
	        ", \"messages\": %" PRIu64 ", \"corrupt_packets\": %" PRIu64,
	        'A' + (int)i, a->packets, a->bytes, a->messages, a->corrupt_packets);
	fprintf(out,
	        ", \"made\": {\"packets\": %" PRIu64 ", \"messages\": %" PRIu64
	        ", \"heartbeats\": %" PRIu64 ", \"lost_packets\": %" PRIu64
	        ", \"lost_messages\": %" PRIu64 ", \"corrupt_packets\": %" PRIu64
	        ", \"blackout_packets\": %" PRIu64 ", \"repeated_packets\": %" PRIu64
	        ", \"delayed_packets\": %" PRIu64 "}",
	        c->packets, c->messages, c->heartbeats, c->lost_packets, c->lost_messages,
	        c->corrupt_packets, c->blackout_packets, c->repeated_packets, c->delayed_packets);
	if (r->sender != NULL)
		port_json(r, i, out);
	fprintf(out, "}%s\n", i + 1 < r->options->line_count ? "," : "");
}

static void sending_json(const struct exchange_report *r, FILE *out)
{
	const struct exchange_sender *s = r->sender;

	fprintf(out,
	        "  \"sending\": {\"packets\": %" PRIu64 ", \"elapsed_ns\": %" PRIu64
	        ", \"packets_per_s\": %" PRIu64 ", \"lag_ns_max\": %" PRIu64
	        ", \"bursts_full\": %" PRIu64 ", \"bursts_no_buffer\": %" PRIu64
	        ", \"interrupted\": %s},\n",
	        s->sent, elapsed_ns(r), per_second(s->sent, elapsed_ns(r)), s->lag_ns_max, s->full,
	        s->no_buffer, s->interrupted ? "true" : "false");
}

void exchange_report_json(const struct exchange_report *r, FILE *out)
{
	const struct exchange_account *a = r->account;
	const struct day_referee_counts *c = day_referee_counts(a->books);

	fprintf(out,
	        "{\n  \"seed\": %" PRIu64 ", \"sessions\": %" PRIu64 ", \"packets\": %" PRIu64
	        ", \"source_messages\": %" PRIu64 ", \"ignored_packets\": %" PRIu64
	        ", \"limited\": %s,\n",
	        r->options->seed, a->sessions, packets_sent(r), r->made->messages, r->made->ignored,
	        r->made->limited ? "true" : "false");
	fprintf(out,
	        "  \"messages\": %" PRIu64 ", \"lost_messages\": %" PRIu64 ", \"gaps\": %" PRIu64
	        ", \"stale_packets\": %" PRIu64 ", \"orphan_references\": %" PRIu64
	        ", \"symbols\": %" PRIu64 ", \"orders_live\": %" PRIu64 ",\n",
	        a->delivered, a->lost, a->range_count, a->stale_packets, c->orphan_references,
	        c->symbols, c->orders_live);
	if (r->sender != NULL)
		sending_json(r, out);
	fprintf(out, "  \"lines\": {\n");
	for (uint32_t i = 0; i < r->options->line_count; i++)
		line_json(r, i, out);
	fprintf(out, "  },\n");
	if (r->servers != NULL)
		exchange_report_servers_json(r->servers, out);
	fprintf(out, "  \"lost\": [");
	for (uint64_t i = 0; i < a->range_count; i++)
		fprintf(out,
		        "%s\n    {\"session\": %" PRIu32 ", \"sequence\": %" PRIu64
		        ", \"count\": %" PRIu64 "}",
		        i == 0 ? "" : ",", a->ranges[i].run + 1, a->ranges[i].sequence,
		        a->ranges[i].count);
	fprintf(out, "%s]\n}\n", a->range_count == 0 ? "" : "\n  ");
}

static void line_text(const struct exchange_report *r, uint32_t i, FILE *out)
{
	const struct exchange_line_account *a = &r->account->line[i];
	const struct day_line_counts *c = &r->made->line[i];

	fprintf(out,
	        "line %c    %" PRIu64 " packets, %" PRIu64 " messages; lost %" PRIu64
	        " packets (%" PRIu64 " messages), doubled %" PRIu64 ", held back %" PRIu64
	        ", damaged %" PRIu64 ", in black-outs %" PRIu64 "\n",
	        'A' + (int)i, a->packets, a->messages, c->lost_packets, c->lost_messages,
	        c->repeated_packets, c->delayed_packets, c->corrupt_packets, c->blackout_packets);
}

void exchange_report_text(const struct exchange_report *r, FILE *out)
{
	const struct exchange_account *a = r->account;
	const struct exchange_sender *s = r->sender;

	for (uint32_t i = 0; i < r->options->line_count; i++)
		line_text(r, i, out);
	fprintf(out,
	        "messages  %" PRIu64 " in %" PRIu64 " session%s; %" PRIu64 " in %" PRIu64
	        " ranges were on no line\n",
	        a->delivered, a->sessions, a->sessions == 1 ? "" : "s", a->lost, a->range_count);
	if (s == NULL)
		return;
	fprintf(out,
	        "sent      %" PRIu64 " packets in %.3f s: %" PRIu64 " packets/s, %" PRIu64
	        " messages/s; at most %.3f ms behind the pace\n",
	        s->sent, (double)elapsed_ns(r) / 1e9, per_second(s->sent, elapsed_ns(r)),
	        per_second(a->delivered, elapsed_ns(r)), (double)s->lag_ns_max / 1e6);
	for (uint32_t i = 0; i < s->line_count; i++) {
		const struct port_stats *p = exchange_sender_stats(s, i);

		if (!s->line[i].port_shared)
			fprintf(out, "port %c    refused %" PRIu64 ", errors %" PRIu64 ": %s\n",
			        'A' + (int)i, p->send_refused, p->send_errors,
			        port_description(s->line[i].port));
	}
	if (s->interrupted)
		fprintf(out, "ended by a signal\n");
}
