/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Option row: how the parts of the option table are written.
 */
#ifndef CONFIG_OPTION_ROW_H
#define CONFIG_OPTION_ROW_H

#include <stddef.h>

#include "config/config.h"
#include "config/option.h"

#define KIB    (1ull << 10)
#define MIB    (1ull << 20)
#define GIB    (1ull << 30)
#define SECOND 1000000000ull
#define HOUR   (3600 * SECOND)

#define TEXT_MAX 255u

/* Where a value goes in the struct of its section. */
#define AT(type, member) \
	.offset = offsetof(struct type, member), .width = sizeof(((struct type *)0)->member)
#define AT_TWO(type, member, second) \
	.offset = offsetof(struct type, member), .offset_second = offsetof(struct type, second)

#define SECTION_NAME(type_, fallback_)                                          \
	.type = OPTION_NAME, AT(type_, name), .min = 1, .max = OPTION_NAME_MAX, \
	.fallback = (fallback_)

#endif
