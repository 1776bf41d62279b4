/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Compares the text of messages, given as hexadecimal vectors, line by line with a golden file in
 * tests/golden/.
 */
#ifndef TESTS_UNIT_WIRE_GOLDEN_H
#define TESTS_UNIT_WIRE_GOLDEN_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*describe_function)(const uint8_t *message, uint32_t bytes, char *text,
                                 uint32_t text_bytes);

static inline uint32_t golden_bytes(const char *hex, uint8_t *out)
{
	uint32_t bytes = (uint32_t)strlen(hex) / 2;

	for (uint32_t i = 0; i < bytes; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return bytes;
}

/* Number of lines that differ; prints both sides of each. */
static inline unsigned golden_compare(const char *file, const char *const *vectors, unsigned count,
                                      describe_function describe)
{
	char path[1024];
	char want[1024];
	char got[1024];
	uint8_t message[256];
	unsigned differ = 0;

	snprintf(path, sizeof(path), "%s/tests/golden/%s", GENESIS_SOURCE_ROOT, file);
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		return count;
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t bytes = golden_bytes(vectors[i], message);

		describe(message, bytes, got, sizeof(got));
		if (fgets(want, sizeof(want), f) == NULL)
			want[0] = '\0';
		want[strcspn(want, "\n")] = '\0';
		if (strcmp(want, got) == 0)
			continue;
		printf("%s:%u\n  want %s\n  got  %s\n", file, i + 1, want, got);
		differ++;
	}
	if (fgets(want, sizeof(want), f) != NULL) {
		printf("%s: more lines than vectors\n", file);
		differ++;
	}
	fclose(f);
	return differ;
}

#endif
