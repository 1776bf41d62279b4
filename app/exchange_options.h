/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What `genesis exchange` was asked to do: its command line as one struct, checked.
 *
 * What is per line is written "A:VALUE", "B:VALUE" or, for both, "both:VALUE" or "VALUE"; an option
 * that comes again adds to what was said. Probabilities are parts per million of the line's packets
 * ("10000", "10000ppm") or percent ("1%", "0.25%"); times carry units ("2ms").
 */
#ifndef APP_EXCHANGE_OPTIONS_H
#define APP_EXCHANGE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/argument.h"
#include "app/exchange_pace.h"
#include "app/exchange_server_options.h"
#include "perf/day_feed.h"

#define EXCHANGE_TIME_MAX_NS  86400000000000ull
#define EXCHANGE_SESSIONS_MAX 50u /* an engine remembers the last 64 names */

struct exchange_line {
	char device[EXCHANGE_DEVICE_BYTES]; /* empty: files only */
	uint32_t address;                   /* host order; 0: there is no such line */
	uint16_t udp_port;
	struct day_line_options impairments;
	uint32_t input_address; /* --input-line: what it takes of a capture; 0: as they show up */
	uint16_t input_port;
};

struct exchange_options {
	uint64_t seed;
	uint64_t messages;
	uint32_t symbols;
	uint32_t live_orders; /* 0: what suits the number of messages */
	uint32_t sessions;
	struct exchange_line line[DAY_FEED_LINES_MAX];
	uint32_t line_count;
	struct exchange_pace pace;
	uint64_t heartbeat_ns;
	uint64_t count;       /* packets to send; UINT64_MAX: all */
	uint64_t duration_ns; /* UINT64_MAX: to the end */
	uint64_t linger_ns;   /* the ports stay open so long when all is sent and written */
	struct exchange_servers_options servers;
	const char *input;
	const char *write_pcap;
	const char *write_binary;
	const char *books;
	const char *report;
	bool quiet;
};

extern const struct argument exchange_arguments[];

/* As argument_parse(); c: whose table exchange_arguments[] is. Strings point into argv. */
int exchange_options_parse(struct exchange_options *o, const struct command *c, int argc,
                           char **argv);

/* "10000", "10000ppm", "1%", "0.25%". 0 or -EINVAL. */
int exchange_parse_ppm(const char *text, uint32_t *ppm);

#endif
