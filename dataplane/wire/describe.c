/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/describe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "dataplane/wire/bytes.h"

struct line { /* text being written; length goes on counting when the room is used up */
	char *text;
	uint32_t bytes;
	uint32_t length;
};

__attribute__((format(printf, 2, 3))) static void line_add(struct line *l, const char *format, ...)
{
	uint32_t used = l->length < l->bytes ? l->length : l->bytes;
	va_list arguments;

	va_start(arguments, format);
	int n = vsnprintf(used < l->bytes ? l->text + used : NULL, l->bytes - used, format,
	                  arguments);

	va_end(arguments);
	assert(n >= 0);
	l->length += (uint32_t)n;
}

static void add_char(struct line *l, uint8_t c)
{
	if (c > 0x20 && c < 0x7f && c != '\\')
		line_add(l, "%c", c);
	else
		line_add(l, "\\x%02x", c);
}

static void add_text(struct line *l, const uint8_t *p, uint32_t bytes)
{
	while (bytes > 0 && p[bytes - 1] == ' ')
		bytes--;
	for (uint32_t i = 0; i < bytes; i++)
		add_char(l, p[i]);
}

static uint64_t number_at(const uint8_t *p, uint32_t bytes, bool big_endian)
{
	uint64_t v = 0;

	assert(bytes <= 8);
	for (uint32_t i = 0; i < bytes; i++)
		v = v << 8 | p[big_endian ? i : bytes - 1 - i];
	return v;
}

static void add_value(struct line *l, const struct field *f, const uint8_t *message,
                      bool big_endian)
{
	const uint8_t *p = message + f->offset;

	if (f->kind == FIELD_TEXT) {
		add_text(l, p, f->bytes);
		return;
	}
	uint64_t v = number_at(p, f->bytes, big_endian);
	bool negative = f->kind == FIELD_PRICE_SIGNED && v >> 63 != 0;

	if (negative)
		v = 0 - v;
	switch ((enum field_kind)f->kind) {
	case FIELD_NUMBER:
		line_add(l, "%" PRIu64, v);
		break;
	case FIELD_FLAGS:
		line_add(l, "0x%0*" PRIx64, (int)f->bytes * 2, v);
		break;
	case FIELD_CHAR:
		add_char(l, (uint8_t)v);
		break;
	case FIELD_PRICE4:
	case FIELD_PRICE_SIGNED:
		line_add(l, "%s%" PRIu64 ".%04" PRIu64, negative ? "-" : "", v / 10000, v % 10000);
		break;
	case FIELD_PRICE8:
		line_add(l, "%" PRIu64 ".%08" PRIu64, v / 100000000, v % 100000000);
		break;
	case FIELD_TEXT:
		break;
	}
}

static void add_fields(struct line *l, const struct field *f, const uint8_t *message,
                       bool big_endian)
{
	for (; f->name != NULL; f++) {
		line_add(l, " %s=", f->name);
		add_value(l, f, message, big_endian);
	}
}

int describe_message(const uint8_t *message, uint32_t bytes, const struct describe_format *f,
                     char *text, uint32_t text_bytes)
{
	struct line l = {.text = text, .bytes = text_bytes};

	if (bytes == 0) {
		line_add(&l, "empty");
		return (int)l.length;
	}
	add_char(&l, message[0]);
	if (f->length == 0) {
		line_add(&l, " unknown bytes=%" PRIu32, bytes);
	} else if (bytes < f->length) {
		line_add(&l, " short bytes=%" PRIu32 " of=%" PRIu32, bytes, f->length);
	} else {
		assert(f->fields != NULL);
		add_fields(&l, f->prefix, message, f->big_endian);
		add_fields(&l, f->fields, message, f->big_endian);
		if (bytes > f->length)
			line_add(&l, " extra_bytes=%" PRIu32, bytes - f->length);
	}
	return (int)l.length;
}
