/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Describe: a message as one line of text, from a table of its fields: "A locate=1 ...
 * price=87.3900".
 *
 * For people and for tests against other decoders; nothing here is on a hot path. Text fields are
 * trimmed on the right; a byte that would break the line (blank, control, backslash) is shown as
 * \xNN, so every line splits at blanks and every value can be told from every other.
 */
#ifndef DATAPLANE_WIRE_DESCRIBE_H
#define DATAPLANE_WIRE_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
	FIELD_NUMBER,       /* unsigned */
	FIELD_FLAGS,        /* unsigned, in hexadecimal */
	FIELD_CHAR,         /* one ASCII byte */
	FIELD_TEXT,         /* ASCII, left-justified, blank-padded */
	FIELD_PRICE4,       /* unsigned, 4 decimals */
	FIELD_PRICE8,       /* unsigned, 8 decimals */
	FIELD_PRICE_SIGNED, /* signed 64 bit, 4 decimals */
};

struct field {
	const char *name;
	uint8_t offset;
	uint8_t bytes; /* 1, 2, 4, 6 or 8, any for text */
	uint8_t kind;  /* enum field_kind */
};

/* Ends a table of fields. */
#define FIELDS_END           \
	{                    \
		.name = NULL \
	}

struct describe_format {
	uint32_t length; /* by specification; 0: unknown type */
	bool big_endian;
	const struct field *prefix; /* fields of every type, after the type itself */
	const struct field *fields; /* NULL only for an unknown type */
};

/* Writes the line (as snprintf: returns its whole length, cuts it to text_bytes, ends it with a
 * zero). An unknown type, a message shorter than its length and an empty one get a line as well. */
int describe_message(const uint8_t *message, uint32_t bytes, const struct describe_format *f,
                     char *text, uint32_t text_bytes);

#endif
