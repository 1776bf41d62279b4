/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/report.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 160u /* of a path; the rest of the line is for the message */

static_assert(NAME_BYTES_MAX < CONFIG_ERROR_BYTES / 2, "the message must find room");

static int head(const struct report *r, uint32_t line, const char *key)
{
	struct config_error *e = r->error;
	size_t bytes = strlen(r->name);
	const char *cut = bytes > NAME_BYTES_MAX ? "..." : "";
	const char *name = bytes > NAME_BYTES_MAX ? r->name + bytes - NAME_BYTES_MAX : r->name;

	if (line == 0)
		return snprintf(e->text, sizeof(e->text), "%s%s: ", cut, name);
	if (key == NULL)
		return snprintf(e->text, sizeof(e->text), "%s%s:%" PRIu32 ": ", cut, name, line);
	return snprintf(e->text, sizeof(e->text), "%s%s:%" PRIu32 ": %.200s: ", cut, name, line,
	                key);
}

int report_error(const struct report *r, uint32_t line, const char *key, const char *format, ...)
{
	struct config_error *e = r->error;
	int used = head(r, line, key);
	va_list args;

	e->line = line;
	va_start(args, format);
	if (used >= 0 && (size_t)used < sizeof(e->text))
		vsnprintf(e->text + used, sizeof(e->text) - (size_t)used, format, args);
	va_end(args);
	/* A file's name may hold anything; the error stays one line. */
	for (char *c = e->text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return -EINVAL;
}

int report_no_memory(const struct report *r)
{
	report_error(r, 0, NULL, "out of memory; a configuration takes up to 32MiB");
	return -ENOMEM;
}

struct report_quote report_quote(const char *text)
{
	struct report_quote q;
	size_t bytes = strlen(text);
	size_t most = sizeof(q.text) - 1;

	if (bytes <= most) {
		memcpy(q.text, text, bytes + 1);
		return q;
	}
	most -= 3;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	memcpy(q.text, text, most);
	memcpy(q.text + most, "...", 4);
	return q;
}
