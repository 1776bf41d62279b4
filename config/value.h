/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Value: single values as text, both ways. "250us" is 250000 ns, "64MiB" is 67108864 bytes, "2.5%"
 * is 25000 millionths, and what is printed reads back as the same number. Pure functions, integers
 * only; overflow is a verdict.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#define VALUE_TEXT_BYTES    32u
#define VALUE_PATTERN_BYTES 64u /* longest pattern */

enum value_verdict {
	VALUE_OK,
	VALUE_MALFORMED,    /* not a whole decimal number (and unit) */
	VALUE_UNIT_MISSING, /* a number other than 0 without a unit */
	VALUE_UNIT_UNKNOWN,
	VALUE_UNIT_DECIMAL, /* KB, MB, k, ...: powers of 1000, or nobody knows */
	VALUE_DECIMALS,     /* more of them than are kept */
	VALUE_OVERFLOW,     /* more than 64 bits hold */
};

/* Digits only, no sign, no leading zeros. */
enum value_verdict value_count(const char *text, uint64_t *out);
/* ns, us, ms, s, m, h. */
enum value_verdict value_duration(const char *text, uint64_t *out_ns);
/* B, KiB, MiB, GiB. */
enum value_verdict value_bytes(const char *text, uint64_t *out_bytes);
/* "12.5%", in millionths: up to four decimals. */
enum value_verdict value_percent(const char *text, uint64_t *out_ppm);
/* "2.5", in thousandths: up to three decimals. */
enum value_verdict value_multiplier(const char *text, uint64_t *out_milli);
/* yes, no, true, false. */
bool value_bool(const char *text, bool *out);
/* "233.54.12.111:26477"; the address in host order, the port not 0. */
bool value_address(const char *text, uint32_t *out_address, uint16_t *out_port);

/* "10.1.2.3", in host order; of one station: neither 0.0.0.0 nor 255.255.255.255 nor a multicast
 * group. */
bool value_station(const char *text, uint32_t *out_address);
/* "10.1.2.3/24": a station and the 1 to 32 bits of its network. */
bool value_prefix(const char *text, uint32_t *out_address, uint32_t *out_bits);

/* Letters, digits, and after the first character also _ - . */
bool value_is_name(const char *text);
/* 1 to 8 printable characters, no blanks. */
bool value_is_symbol(const char *text);
/* Does the text have a character that makes it a pattern: * ? or [ */
bool value_has_wildcard(const char *text);
/* NULL: a well-formed pattern that can match a symbol; else what is wrong with it. */
const char *value_pattern_fault(const char *text);

/* With the largest unit that leaves a whole number. */
void value_print_duration(uint64_t ns, char out[VALUE_TEXT_BYTES]);
void value_print_bytes(uint64_t bytes, char out[VALUE_TEXT_BYTES]);
void value_print_percent(uint64_t ppm, char out[VALUE_TEXT_BYTES]);
void value_print_multiplier(uint64_t milli, char out[VALUE_TEXT_BYTES]);
void value_print_station(uint32_t address, char out[VALUE_TEXT_BYTES]);
void value_print_prefix(uint32_t address, uint32_t bits, char out[VALUE_TEXT_BYTES]);
void value_print_address(uint32_t address, uint16_t port, char out[VALUE_TEXT_BYTES]);

#endif
