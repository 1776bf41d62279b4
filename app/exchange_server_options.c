/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_server_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"
#include "dataplane/wire/ipv4.h"

#define WORD_BYTES 64u

static int say(char error[SERVE_TEXT_BYTES], const char *text)
{
	snprintf(error, SERVE_TEXT_BYTES, "%s", text);
	return -EINVAL;
}

/* "ADDR:PORT" up to a comma or the end, of one station; *rest: what follows the comma, or "". */
static bool address(const char *text, uint32_t *address, uint16_t *port, const char **rest)
{
	char word[WORD_BYTES];
	size_t bytes = strcspn(text, ",");

	if (bytes >= sizeof(word))
		return false;
	memcpy(word, text, bytes);
	word[bytes] = '\0';
	*rest = text[bytes] == ',' ? text + bytes + 1 : text + bytes;
	return value_address(word, address, port) && *address != 0 && *address != UINT32_MAX &&
	       !ipv4_is_multicast(*address);
}

/* Devices and scripts both have '=' and ',' in them: the device ends at the first '=' that an
 * address follows. */
static int place(struct exchange_server_options *s, const char *text, const char **script,
                 char error[SERVE_TEXT_BYTES])
{
	const char *device = text;

	if (address(text, &s->address, &s->udp_port, script))
		return 0;
	for (const char *at = strchr(text, '='); at != NULL; at = strchr(at + 1, '=')) {
		size_t bytes = (size_t)(at - device);

		if (!address(at + 1, &s->address, &s->udp_port, script))
			continue;
		if (bytes >= sizeof(s->device))
			return say(error, "the device is too long");
		memcpy(s->device, device, bytes);
		s->device[bytes] = '\0';
		return 0;
	}
	return say(error, "no ADDR:PORT of one station");
}

static int take_name(struct exchange_server_options *s, const char **text,
                     char error[SERVE_TEXT_BYTES])
{
	const char *end = strchr(*text, '=');
	size_t bytes = end == NULL ? 0 : (size_t)(end - *text);

	if (bytes == 0 || bytes >= sizeof(s->name))
		return say(error, "no NAME= of up to 31 characters in front");
	memcpy(s->name, *text, bytes);
	s->name[bytes] = '\0';
	if (!value_is_name(s->name))
		return say(error, "the name is letters, digits, and then also _ - .");
	*text = end + 1;
	return 0;
}

static uint32_t count_of(const struct exchange_servers_options *o, uint32_t kind)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < o->count; i++)
		count += o->list[i].kind == kind;
	return count;
}

int exchange_servers_parse(struct exchange_servers_options *o, enum exchange_server_kind kind,
                           const char *text, char error[SERVE_TEXT_BYTES])
{
	struct exchange_server_options s = {.kind = kind};
	const char *script = "";
	int rc = 0;

	if (kind == EXCHANGE_REREQUEST && count_of(o, kind) == EXCHANGE_REREQUESTS_MAX)
		return say(error, "there are 8 already");
	if (kind == EXCHANGE_NODE && count_of(o, kind) == EXCHANGE_NODES_MAX)
		return say(error, "there are 16 already");
	if (kind == EXCHANGE_NODE)
		rc = take_name(&s, &text, error);
	if (rc == 0)
		rc = place(&s, text, &script, error);
	if (rc == 0)
		rc = serve_script_parse(&s.script, script, error);
	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < o->count; i++)
		if (o->list[i].address == s.address && o->list[i].udp_port == s.udp_port)
			return say(error, "another server has this address and port");
	o->list[o->count++] = s;
	return 0;
}

int exchange_servers_parse_glimpse(struct exchange_servers_options *o, const char *text,
                                   char error[SERVE_TEXT_BYTES])
{
	struct exchange_glimpse_options g = {0};
	const char *script;

	if (!address(text, &g.address, &g.tcp_port, &script))
		return say(error, "no ADDR:PORT of one station");
	int rc = serve_script_parse(&g.script, script, error);

	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < SERVE_WRONG_COUNT; i++)
		if (i != SERVE_WRONG_TRUNCATED && g.script.wrong_ppm[i] != 0)
			return say(error, "of wrong answers a snapshot knows `truncated` only");
	o->glimpse = g;
	return 0;
}
