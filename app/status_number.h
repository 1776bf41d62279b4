/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A counter in JSON. The library's integers end at 2^63 - 1, and a real would round; so what is
 * above is a string of its decimal digits: "18446744073709551615". Whoever reads numbers of either
 * kind as text sees the same digits.
 */
#ifndef APP_STATUS_NUMBER_H
#define APP_STATUS_NUMBER_H

#include <jansson.h>
#include <stdint.h>

/* A new value. */
json_t *status_number(uint64_t value);

#endif
