/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pace: when the exchange sends what. Every rate comes down to one question: at which time, from
 * the start of a session, does the message with this number leave, recorded at that time? Skew,
 * black-outs and delays are then in the time of sending, whatever the rate.
 *
 * Packets per second are a matter of how messages are cut, which is known only afterwards:
 * exchange_pace_packets() is told the cut's outcome, and sets the messages' pace so that the
 * packets come out right in the mean. Flat out there is no pace; the nominal one (a message per
 * microsecond) only gives skew and black-outs a meaning.
 *
 * Messages per second may be another number for a while, in windows of a session's time.
 *
 * Pure; integers only, so the same options give the same packets on every machine.
 */
#ifndef APP_EXCHANGE_PACE_H
#define APP_EXCHANGE_PACE_H

#include <stdint.h>

#define EXCHANGE_RATE_MAX      1000000000u /* packets or messages per second */
#define EXCHANGE_TIMES_MAX     1000000u
#define EXCHANGE_FLAT_MESSAGES 1000000u
#define EXCHANGE_WINDOWS_MAX   8u

enum exchange_rate { EXCHANGE_PACKETS, EXCHANGE_MESSAGES, EXCHANGE_TIMES, EXCHANGE_FLAT };

struct exchange_pace_window { /* another number of messages per second in [from_ns, to_ns) */
	uint64_t from_ns;
	uint64_t to_ns;
	uint64_t per_s;
};

struct exchange_pace {
	uint32_t rate;         /* enum exchange_rate */
	uint64_t per_s;        /* packets or messages; nominal when flat */
	uint64_t factor_milli; /* of EXCHANGE_TIMES: 1000 is as recorded, 2000 twice as fast */
	uint64_t packets;      /* EXCHANGE_PACKETS: so many packets ... */
	uint64_t messages;     /* ... hold so many messages */
	struct exchange_pace_window windows[EXCHANGE_WINDOWS_MAX]; /* of EXCHANGE_MESSAGES */
	uint32_t window_count;                                     /* in order, apart */
};

/* "packets/s:N", "messages/s:N", "times:X" (up to three decimals), "flat"; "messages/s:N@T:D" adds
 * a window, which stays whatever is said of the rest. 0 or -EINVAL. */
int exchange_pace_parse(struct exchange_pace *p, const char *text);
/* "2", "0.5": a decimal number of at most `digits` (0 to 6) digits behind the point, times
 * 10^digits. max bounds what stands before the point, at most 10^9. 0 or -EINVAL. */
int exchange_decimal(const char *text, uint32_t digits, uint64_t max, uint64_t *out);
/* EXCHANGE_PACKETS: what the messages were cut into. messages > 0. */
void exchange_pace_packets(struct exchange_pace *p, uint64_t packets, uint64_t messages);
/* The time of message `ordinal` of its session, recorded_ns after the session's first. */
uint64_t exchange_pace_message_ns(const struct exchange_pace *p, uint64_t ordinal,
                                  uint64_t recorded_ns);
/* EXCHANGE_PACKETS: the time of packet `ordinal`, over all lines and sessions. */
uint64_t exchange_pace_packet_ns(const struct exchange_pace *p, uint64_t ordinal);

#endif
