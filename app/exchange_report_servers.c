/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_report_servers.h"

#include <inttypes.h>

#include "config/value.h"

static const char *kind_of(const struct exchange_server *s)
{
	return s->options->kind == EXCHANGE_REREQUEST ? "rerequest" : "service";
}

static void coap_json(const struct exchange_server *s, FILE *out)
{
	static const char *const methods[SERVE_COAP_METHODS] = {
	        "other", "get", "post", "put", "delete", "fetch", "patch", "ipatch"};
	const struct serve_coap_counts *c = &s->coap.more;

	fprintf(out,
	        ", \"success\": %" PRIu64 ", \"client_errors\": %" PRIu64
	        ", \"server_errors\": %" PRIu64 ", \"resets\": %" PRIu64 ", \"methods\": {",
	        c->success, c->client_errors, c->server_errors, c->resets);
	for (uint32_t i = 0; i < SERVE_COAP_METHODS; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i == 0 ? "" : ", ", methods[i], c->methods[i]);
	fprintf(out, "}, \"resources\": %" PRIu32, s->coap.resources->count);
}

static void server_json(const struct exchange_server *s, FILE *out)
{
	const struct serve_counts *c = exchange_server_counts(s);
	char address[VALUE_TEXT_BYTES];

	value_print_address(s->options->address, s->options->udp_port, address);
	fprintf(out,
	        "    {\"kind\": \"%s\", \"name\": \"%s\", \"address\": \"%s\", \"requests\": "
	        "%" PRIu64 ", \"replies\": %" PRIu64 ", \"malformed\": %" PRIu64
	        ", \"unknown\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"failed\": %" PRIu64
	        ", \"repeated\": %" PRIu64 ", \"full\": %" PRIu64 ", \"messages\": %" PRIu64
	        ", \"wrong\": {",
	        kind_of(s), s->options->name, address, c->requests, c->replies, c->malformed,
	        c->unknown, c->lost, c->failed, c->repeated, c->full, c->messages);
	for (uint32_t i = 0; i < SERVE_WRONG_COUNT; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i == 0 ? "" : ", ",
		        serve_wrong_name((enum serve_wrong)i), c->wrong[i]);
	fprintf(out, "}");
	if (s->options->kind == EXCHANGE_NODE)
		coap_json(s, out);
	fprintf(out, "}");
}

static void glimpse_json(const struct exchange_glimpse_counts *c, FILE *out)
{
	fprintf(out,
	        "  \"glimpse\": {\"clients\": %" PRIu64 ", \"turned_away\": %" PRIu64
	        ", \"logins\": %" PRIu64 ", \"messages\": %" PRIu64 ", \"bytes\": %" PRIu64,
	        c->clients, c->turned_away, c->logins, c->messages, c->bytes);
	for (uint32_t i = SERVE_GLIMPSE_DONE; i < SERVE_GLIMPSE_ENDS; i++)
		fprintf(out, ", \"%s\": %" PRIu64,
		        serve_glimpse_end_name((enum serve_glimpse_end)i), c->ends[i]);
	fprintf(out, "},\n");
}

static uint64_t refused(const struct exchange_servers *s)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->station_count; i++)
		sum += s->stations[i].stats.refused;
	return sum;
}

void exchange_report_servers_json(const struct exchange_servers *s, FILE *out)
{
	fprintf(out, "  \"servers\": [");
	for (uint32_t i = 0; i < s->count; i++) {
		fprintf(out, "%s\n", i == 0 ? "" : ",");
		server_json(&s->list[i], out);
	}
	fprintf(out,
	        "%s],\n  \"unclaimed_datagrams\": %" PRIu64 ", \"frames_refused\": %" PRIu64 ",\n",
	        s->count == 0 ? "" : "\n  ", s->unclaimed, refused(s));
	if (s->glimpse != NULL)
		glimpse_json(exchange_glimpse_counts(s->glimpse), out);
}

static void server_text(const struct exchange_server *s, FILE *out)
{
	const struct serve_counts *c = exchange_server_counts(s);
	char address[VALUE_TEXT_BYTES];
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < SERVE_WRONG_COUNT; i++)
		wrong += c->wrong[i];
	value_print_address(s->options->address, s->options->udp_port, address);
	fprintf(out,
	        "%-9s %s%s%s: %" PRIu64 " requests, %" PRIu64 " replies (%" PRIu64
	        " wrong); lost %" PRIu64 ", failed %" PRIu64 ", unknown %" PRIu64
	        ", malformed %" PRIu64 ", repeated %" PRIu64 "\n",
	        kind_of(s), s->options->name, s->options->name[0] == '\0' ? "" : " at ", address,
	        c->requests, c->replies, wrong, c->lost, c->failed, c->unknown, c->malformed,
	        c->repeated);
}

void exchange_report_servers_text(const struct exchange_servers *s, FILE *out)
{
	for (uint32_t i = 0; i < s->count; i++)
		server_text(&s->list[i], out);
	if (s->glimpse == NULL)
		return;
	const struct exchange_glimpse_counts *c = exchange_glimpse_counts(s->glimpse);

	fprintf(out,
	        "glimpse   %" PRIu64 " clients, %" PRIu64 " snapshots of %" PRIu64
	        " messages in all; refused %" PRIu64 ", cut %" PRIu64 "\n",
	        c->clients, c->ends[SERVE_GLIMPSE_DONE], c->messages,
	        c->ends[SERVE_GLIMPSE_REFUSED] + c->ends[SERVE_GLIMPSE_NO_SESSION],
	        c->ends[SERVE_GLIMPSE_CUT]);
}
