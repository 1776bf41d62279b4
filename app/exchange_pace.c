/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_pace.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "app/command.h"
#include "config/value.h"

#define SECOND_NS 1000000000u

__extension__ typedef unsigned __int128 wide;

/* a * b / c, as if there were no end of bits. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
	assert(c > 0);
	wide result = (wide)a * b / c;

	return result > UINT64_MAX ? UINT64_MAX : (uint64_t)result;
}

int exchange_decimal(const char *text, uint32_t digits, uint64_t max, uint64_t *out)
{
	char whole[24];
	size_t bytes = strcspn(text, ".");
	uint64_t fraction = 0;
	uint64_t value;

	if (bytes >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, text, bytes);
	whole[bytes] = '\0';
	if (command_number(whole, 0, max, &value) != 0)
		return -EINVAL;
	const char *rest = text[bytes] == '.' ? text + bytes + 1 : NULL;
	size_t given = rest == NULL ? 0 : strlen(rest);

	if (given > digits || (rest != NULL && command_number(rest, 0, UINT64_MAX, &fraction) != 0))
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		value *= 10;
		fraction *= i >= given ? 10 : 1;
	}
	*out = value + fraction;
	return 0;
}

static const char *after(const char *text, const char *prefix)
{
	size_t bytes = strlen(prefix);

	return strncmp(text, prefix, bytes) == 0 ? text + bytes : NULL;
}

/* "N@T:D", in order of time; windows must not touch one another's insides. */
static int parse_window(struct exchange_pace *p, const char *text)
{
	char word[64];
	struct exchange_pace_window w;
	uint64_t for_ns;

	if (strlen(text) >= sizeof(word) || p->window_count == EXCHANGE_WINDOWS_MAX)
		return -EINVAL;
	memcpy(word, text, strlen(text) + 1);
	char *from = strchr(word, '@');
	char *length = strchr(from, ':');

	if (length == NULL)
		return -EINVAL;
	*from++ = '\0';
	*length++ = '\0';
	if (command_number(word, 1, EXCHANGE_RATE_MAX, &w.per_s) != 0 ||
	    value_duration(from, &w.from_ns) != VALUE_OK ||
	    value_duration(length, &for_ns) != VALUE_OK || for_ns == 0 ||
	    w.from_ns > UINT64_MAX - for_ns)
		return -EINVAL;
	w.to_ns = w.from_ns + for_ns;
	uint32_t at = p->window_count;

	while (at > 0 && p->windows[at - 1].from_ns >= w.to_ns)
		at--;
	if (at > 0 && p->windows[at - 1].to_ns > w.from_ns)
		return -EINVAL;
	memmove(&p->windows[at + 1], &p->windows[at], (p->window_count - at) * sizeof(w));
	p->windows[at] = w;
	p->window_count++;
	return 0;
}

int exchange_pace_parse(struct exchange_pace *p, const char *text)
{
	struct exchange_pace pace = {.packets = 1, .messages = 1};
	const char *value;
	int result = -EINVAL;

	value = after(text, "messages/s:");
	if (value != NULL && strchr(value, '@') != NULL)
		return parse_window(p, value);
	memcpy(pace.windows, p->windows, sizeof(pace.windows));
	pace.window_count = p->window_count;
	if ((value = after(text, "packets/s:")) != NULL) {
		pace.rate = EXCHANGE_PACKETS;
		result = command_number(value, 1, EXCHANGE_RATE_MAX, &pace.per_s);
	} else if ((value = after(text, "messages/s:")) != NULL) {
		pace.rate = EXCHANGE_MESSAGES;
		result = command_number(value, 1, EXCHANGE_RATE_MAX, &pace.per_s);
	} else if ((value = after(text, "times:")) != NULL) {
		pace.rate = EXCHANGE_TIMES;
		result = exchange_decimal(value, 3, EXCHANGE_TIMES_MAX, &pace.factor_milli);
		if (pace.factor_milli == 0)
			result = -EINVAL;
	} else if (strcmp(text, "flat") == 0) {
		pace.rate = EXCHANGE_FLAT;
		pace.per_s = EXCHANGE_FLAT_MESSAGES;
		result = 0;
	}
	if (result == 0)
		*p = pace;
	return result;
}

void exchange_pace_packets(struct exchange_pace *p, uint64_t packets, uint64_t messages)
{
	assert(p->rate == EXCHANGE_PACKETS);
	assert(messages > 0);
	p->packets = packets;
	p->messages = messages;
}

/* From window to window, at the common rate in between. */
static uint64_t message_ns(const struct exchange_pace *p, uint64_t ordinal)
{
	uint64_t at_ns = 0;

	for (uint32_t i = 0; i < p->window_count; i++) {
		const struct exchange_pace_window *w = &p->windows[i];
		uint64_t before = scale(w->from_ns - at_ns, p->per_s, SECOND_NS);

		if (ordinal < before)
			break;
		ordinal -= before;
		uint64_t inside = scale(w->to_ns - w->from_ns, w->per_s, SECOND_NS);

		if (ordinal < inside)
			return w->from_ns + scale(ordinal, SECOND_NS, w->per_s);
		ordinal -= inside;
		at_ns = w->to_ns;
	}
	return at_ns + scale(ordinal, SECOND_NS, p->per_s);
}

uint64_t exchange_pace_message_ns(const struct exchange_pace *p, uint64_t ordinal,
                                  uint64_t recorded_ns)
{
	switch ((enum exchange_rate)p->rate) {
	case EXCHANGE_PACKETS:
		return scale(scale(ordinal, p->packets * 1000, p->messages), SECOND_NS / 1000,
		             p->per_s);
	case EXCHANGE_TIMES:
		return scale(recorded_ns, 1000, p->factor_milli);
	case EXCHANGE_MESSAGES:
		return message_ns(p, ordinal);
	case EXCHANGE_FLAT:
		break;
	}
	return scale(ordinal, SECOND_NS, p->per_s);
}

uint64_t exchange_pace_packet_ns(const struct exchange_pace *p, uint64_t ordinal)
{
	assert(p->rate == EXCHANGE_PACKETS);
	return scale(ordinal, SECOND_NS, p->per_s);
}
