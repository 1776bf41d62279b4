/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One message of each type of a protocol, in hexadecimal: checks that hold for every protocol, and
 * a message by its type.
 */
#ifndef TESTS_UNIT_WIRE_VECTORS_H
#define TESTS_UNIT_WIRE_VECTORS_H

#include "tests/unit/suite.h"
#include "tests/unit/wire/golden.h"

struct vectors {
	const char *const *hex;
	unsigned count;
	const char *golden; /* file of their text */
	describe_function describe;
	uint32_t (*length)(uint8_t type); /* 0: no such type */
};

/* The message of a type, good until the next call; NULL: none. */
static inline const uint8_t *vector(const struct vectors *v, char type)
{
	static uint8_t message[128];

	for (unsigned i = 0; i < v->count; i++) {
		golden_bytes(v->hex[i], message);
		if (message[0] == (uint8_t)type)
			return message;
	}
	return NULL;
}

static inline void vectors_check_text(const struct vectors *v)
{
	CU_ASSERT_EQUAL(golden_compare(v->golden, v->hex, v->count, v->describe), 0);
}

/* Every type's length is its message's; there are no other types. */
static inline void vectors_check_lengths(const struct vectors *v)
{
	uint8_t message[128];
	unsigned known = 0;

	for (unsigned i = 0; i < v->count; i++) {
		uint32_t bytes = golden_bytes(v->hex[i], message);

		CU_ASSERT_EQUAL(v->length(message[0]), bytes);
	}
	for (unsigned type = 0; type < 256; type++)
		known += v->length((uint8_t)type) != 0;
	CU_ASSERT_EQUAL(known, v->count);
}

#endif
