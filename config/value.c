/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* Smallest first. */
static const struct unit durations[] = {
        {"ns", 1},
        {"us", 1000},
        {"ms", 1000000},
        {"s", 1000000000ull},
        {"m", 60000000000ull},
        {"h", 3600000000000ull},
};
static const struct unit sizes[] = {
        {"B", 1},
        {"KiB", 1ull << 10},
        {"MiB", 1ull << 20},
        {"GiB", 1ull << 30},
};
static const char *const decimal_units[] = {"k",  "K",  "M",  "G",  "T",  "kB",  "KB",  "MB",
                                            "GB", "TB", "kb", "mb", "gb", "kib", "mib", "gib"};

#define PERCENT_PLACES    4u /* 10^-4 % is a millionth */
#define MULTIPLIER_PLACES 3u

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* The digits at the start; *end is behind them. */
static enum value_verdict digits(const char *text, uint64_t *out, const char **end)
{
	uint64_t n = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '9'; c++) {
		uint64_t digit = (uint64_t)(*c - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return VALUE_OVERFLOW;
		n = n * 10 + digit;
	}
	*out = n;
	*end = c;
	/* 010 is 8 to some readers of YAML and 10 to others. */
	return c == text || (text[0] == '0' && c - text > 1) ? VALUE_MALFORMED : VALUE_OK;
}

enum value_verdict value_count(const char *text, uint64_t *out)
{
	const char *end;
	enum value_verdict v = digits(text, out, &end);

	return v == VALUE_OK && *end != '\0' ? VALUE_MALFORMED : v;
}

static bool is_letters(const char *text)
{
	for (; *text != '\0'; text++)
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')))
			return false;
	return true;
}

static enum value_verdict with_unit(const char *text, const struct unit *units, size_t count,
                                    uint64_t *out)
{
	const char *end;
	uint64_t n;
	enum value_verdict v = digits(text, &n, &end);

	if (v != VALUE_OK)
		return v;
	if (*end == '\0') {
		*out = n;
		return n == 0 ? VALUE_OK : VALUE_UNIT_MISSING;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		return __builtin_mul_overflow(n, units[i].factor, out) ? VALUE_OVERFLOW : VALUE_OK;
	}
	return is_letters(end) ? VALUE_UNIT_UNKNOWN : VALUE_MALFORMED;
}

enum value_verdict value_duration(const char *text, uint64_t *out_ns)
{
	return with_unit(text, durations, COUNT_OF(durations), out_ns);
}

enum value_verdict value_bytes(const char *text, uint64_t *out_bytes)
{
	enum value_verdict v = with_unit(text, sizes, COUNT_OF(sizes), out_bytes);

	if (v != VALUE_UNIT_UNKNOWN)
		return v;
	const char *unit = text + strspn(text, "0123456789");

	for (size_t i = 0; i < COUNT_OF(decimal_units); i++)
		if (strcmp(unit, decimal_units[i]) == 0)
			return VALUE_UNIT_DECIMAL;
	return v;
}

/* Digits and, behind a point, up to `places` more, as a whole number of 10^-places. */
static enum value_verdict decimal(const char *text, uint32_t places, uint64_t *out,
                                  const char **end)
{
	enum value_verdict v = digits(text, out, end);
	const char *at = *end;
	uint32_t given = 0;

	if (v != VALUE_OK)
		return v;
	if (*at == '.' && (at[1] < '0' || at[1] > '9'))
		return VALUE_MALFORMED;
	at += *at == '.';
	for (; given < places; given++) {
		uint64_t digit = 0;

		if (at > *end && *at >= '0' && *at <= '9')
			digit = (uint64_t)(*at++ - '0');
		if (__builtin_mul_overflow(*out, 10u, out) ||
		    __builtin_add_overflow(*out, digit, out))
			return VALUE_OVERFLOW;
	}
	if (at > *end && *at >= '0' && *at <= '9')
		return VALUE_DECIMALS;
	*end = at;
	return VALUE_OK;
}

enum value_verdict value_percent(const char *text, uint64_t *out_ppm)
{
	const char *end;
	enum value_verdict v = decimal(text, PERCENT_PLACES, out_ppm, &end);

	if (v != VALUE_OK)
		return v;
	if (*end == '\0')
		return *out_ppm == 0 ? VALUE_OK : VALUE_UNIT_MISSING;
	end += *end == ' '; /* "10 %" */
	if (strcmp(end, "%") == 0)
		return VALUE_OK;
	return is_letters(end) ? VALUE_UNIT_UNKNOWN : VALUE_MALFORMED;
}

enum value_verdict value_multiplier(const char *text, uint64_t *out_milli)
{
	const char *end;
	enum value_verdict v = decimal(text, MULTIPLIER_PLACES, out_milli, &end);

	return v == VALUE_OK && *end != '\0' ? VALUE_MALFORMED : v;
}

bool value_bool(const char *text, bool *out)
{
	*out = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
	return *out || strcmp(text, "no") == 0 || strcmp(text, "false") == 0;
}

/* Four numbers and what ends them; *rest is behind it. */
static bool four_parts(const char *text, char end, uint32_t *out, const char **rest)
{
	uint32_t address = 0;
	const char *at = text;
	uint64_t part;

	for (int i = 0; i < 4; i++) {
		if (digits(at, &part, &at) != VALUE_OK || part > 255 || *at != (i < 3 ? '.' : end))
			return false;
		address = address << 8 | (uint32_t)part;
		at++;
	}
	*out = address;
	*rest = at;
	return true;
}

bool value_address(const char *text, uint32_t *out_address, uint16_t *out_port)
{
	const char *rest;
	uint32_t address;
	uint64_t port;

	if (!four_parts(text, ':', &address, &rest) || value_count(rest, &port) != VALUE_OK ||
	    port == 0 || port > UINT16_MAX)
		return false;
	*out_address = address;
	*out_port = (uint16_t)port;
	return true;
}

static bool is_station(uint32_t address)
{
	return address != 0 && address != UINT32_MAX && address >> 28 != 0xe;
}

bool value_station(const char *text, uint32_t *out_address)
{
	const char *rest;
	uint32_t address;

	if (!four_parts(text, '\0', &address, &rest) || !is_station(address))
		return false;
	*out_address = address;
	return true;
}

bool value_prefix(const char *text, uint32_t *out_address, uint32_t *out_bits)
{
	const char *rest;
	uint32_t address;
	uint64_t bits;

	if (!four_parts(text, '/', &address, &rest) || value_count(rest, &bits) != VALUE_OK ||
	    bits == 0 || bits > 32 || !is_station(address))
		return false;
	*out_address = address;
	*out_bits = (uint32_t)bits;
	return true;
}

bool value_is_name(const char *text)
{
	static const char first[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	if (*text == '\0' || strchr(first, *text) == NULL)
		return false;
	while (*text != '\0' && (strchr(first, *text) != NULL || strchr("_-.", *text) != NULL))
		text++;
	return *text == '\0';
}

static bool is_graphic(const char *text)
{
	while (*text > 0x20 && *text < 0x7f)
		text++;
	return *text == '\0';
}

bool value_is_symbol(const char *text)
{
	size_t bytes = strlen(text);

	return bytes >= 1 && bytes <= CONFIG_SYMBOL_BYTES && is_graphic(text);
}

bool value_has_wildcard(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* The set that begins behind '['; *end is behind its ']'. */
static const char *set_fault(const char *set, const char **end)
{
	if (*set == '!' || *set == '^')
		set++;
	const char *close = *set == ']' ? strchr(set + 1, ']') : strchr(set, ']');

	if (close == NULL)
		return "a [ without its ]";
	for (const char *c = set; c < close; c++) {
		if (*c == '[')
			return "a [ inside of [ ]";
		if (c[1] != '-' || c + 2 >= close)
			continue;
		if (c[0] > c[2])
			return "a range that runs backwards";
		c += 2;
	}
	*end = close + 1;
	return NULL;
}

const char *value_pattern_fault(const char *text)
{
	uint32_t characters = 0; /* that a match has at least */

	if (strlen(text) > VALUE_PATTERN_BYTES)
		return "more than 64 characters";
	if (!is_graphic(text))
		return "a blank, or a character that is not ASCII";
	if (strchr(text, '\\') != NULL)
		return "a backslash, which means nothing here";
	while (*text != '\0') {
		characters += *text != '*';
		if (*text++ != '[')
			continue;
		const char *fault = set_fault(text, &text);

		if (fault != NULL)
			return fault;
	}
	if (characters > CONFIG_SYMBOL_BYTES)
		return "more characters than a symbol has (8)";
	return NULL;
}

static void print_unit(uint64_t n, const struct unit *units, size_t count,
                       char out[VALUE_TEXT_BYTES])
{
	const struct unit *u = &units[0];

	for (size_t i = 1; n != 0 && i < count; i++)
		if (n % units[i].factor == 0)
			u = &units[i];
	if (n == 0)
		snprintf(out, VALUE_TEXT_BYTES, "0");
	else
		snprintf(out, VALUE_TEXT_BYTES, "%" PRIu64 "%s", n / u->factor, u->name);
}

void value_print_duration(uint64_t ns, char out[VALUE_TEXT_BYTES])
{
	print_unit(ns, durations, COUNT_OF(durations), out);
}

void value_print_bytes(uint64_t bytes, char out[VALUE_TEXT_BYTES])
{
	print_unit(bytes, sizes, COUNT_OF(sizes), out);
}

/* Without zeros at the end. */
static void print_decimal(uint64_t n, uint32_t places, const char *unit, char out[VALUE_TEXT_BYTES])
{
	uint64_t one = 1;

	for (uint32_t i = 0; i < places; i++)
		one *= 10;
	uint64_t rest = n % one;

	while (places > 0 && rest % 10 == 0) {
		rest /= 10;
		places--;
	}
	if (places == 0)
		snprintf(out, VALUE_TEXT_BYTES, "%" PRIu64 "%s", n / one, unit);
	else
		snprintf(out, VALUE_TEXT_BYTES, "%" PRIu64 ".%0*" PRIu64 "%s", n / one, (int)places,
		         rest, unit);
}

void value_print_percent(uint64_t ppm, char out[VALUE_TEXT_BYTES])
{
	print_decimal(ppm, PERCENT_PLACES, "%", out);
}

void value_print_multiplier(uint64_t milli, char out[VALUE_TEXT_BYTES])
{
	print_decimal(milli, MULTIPLIER_PLACES, "", out);
}

void value_print_station(uint32_t address, char out[VALUE_TEXT_BYTES])
{
	snprintf(out, VALUE_TEXT_BYTES, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
	         address >> 8 & 255, address & 255);
}

void value_print_prefix(uint32_t address, uint32_t bits, char out[VALUE_TEXT_BYTES])
{
	snprintf(out, VALUE_TEXT_BYTES, "%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255,
	         address >> 8 & 255, address & 255, bits);
}

void value_print_address(uint32_t address, uint16_t port, char out[VALUE_TEXT_BYTES])
{
	snprintf(out, VALUE_TEXT_BYTES, "%u.%u.%u.%u:%u", address >> 24, address >> 16 & 255,
	         address >> 8 & 255, address & 255, port);
}
