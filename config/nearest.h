/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Nearest: which of the allowed words did the user mean? Counts the letters to insert, drop, change
 * or swap; upper and lower case are the same letter.
 */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include <stdint.h>

#define NEAREST_WORD_MAX 64u

struct nearest {
	const char *word;
	const char *best; /* NULL: none is near enough */
	uint32_t distance;
};

/* Letters to insert, drop, change or swap; UINT32_MAX when a word is longer than NEAREST_WORD_MAX.
 */
uint32_t nearest_distance(const char *a, const char *b);

/* word must outlive n. */
void nearest_init(struct nearest *n, const char *word);
/* Offers a candidate; it becomes best when it is nearer than what was offered before and near
 * enough: one letter in three may differ, and at least one. */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
