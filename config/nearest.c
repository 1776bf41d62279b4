/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/nearest.h"

#include <stddef.h>
#include <string.h>

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t nearest_distance(const char *a, const char *b)
{
	size_t rows = strlen(a);
	size_t columns = strlen(b);
	/* Three rows of the table at a time: this one, the one before, and the one before that. */
	uint32_t table[3][NEAREST_WORD_MAX + 1];

	if (rows > NEAREST_WORD_MAX || columns > NEAREST_WORD_MAX)
		return UINT32_MAX;
	for (size_t j = 0; j <= columns; j++)
		table[0][j] = (uint32_t)j;
	for (size_t i = 1; i <= rows; i++) {
		uint32_t *now = table[i % 3];
		const uint32_t *before = table[(i + 2) % 3];
		const uint32_t *earlier = table[(i + 1) % 3];

		now[0] = (uint32_t)i;
		for (size_t j = 1; j <= columns; j++) {
			uint32_t change = lower(a[i - 1]) != lower(b[j - 1]);

			now[j] = least(before[j - 1] + change, least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return table[rows % 3][columns];
}

void nearest_init(struct nearest *n, const char *word)
{
	size_t bytes = strlen(word);

	n->word = word;
	n->best = NULL;
	n->distance = bytes < 6 ? 2 : (uint32_t)(bytes / 3) + 1;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	uint32_t distance = nearest_distance(n->word, candidate);
	size_t bytes = strlen(candidate);

	/* Words of nothing but different letters are no suggestion. */
	if (distance >= n->distance || distance >= bytes)
		return;
	n->distance = distance;
	n->best = candidate;
}
