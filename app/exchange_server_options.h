/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Servers that the exchange was asked to be beside its lines: re-request servers and nodes of
 * services, on ports under addresses of their own, and a snapshot server on the kernel's TCP. Their
 * words of the command line as structs.
 */
#ifndef APP_EXCHANGE_SERVER_OPTIONS_H
#define APP_EXCHANGE_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/serve_script.h"

#define EXCHANGE_DEVICE_BYTES   256u
#define EXCHANGE_NAME_BYTES     32u
#define EXCHANGE_REREQUESTS_MAX 8u
#define EXCHANGE_NODES_MAX      16u
#define EXCHANGE_SERVERS_MAX    (EXCHANGE_REREQUESTS_MAX + EXCHANGE_NODES_MAX)

enum exchange_server_kind { EXCHANGE_REREQUEST, EXCHANGE_NODE };

struct exchange_server_options {
	char device[EXCHANGE_DEVICE_BYTES]; /* empty: line A's */
	char name[EXCHANGE_NAME_BYTES];     /* of a node's service */
	uint32_t kind;                      /* enum exchange_server_kind */
	uint32_t address;                   /* host order */
	uint16_t udp_port;
	struct serve_script script;
};

struct exchange_glimpse_options {
	uint32_t address; /* host order; 0: there is none */
	uint16_t tcp_port;
	struct serve_script script;
};

struct exchange_servers_options {
	struct exchange_server_options list[EXCHANGE_SERVERS_MAX];
	uint32_t count;
	struct exchange_glimpse_options glimpse;
};

static inline bool exchange_servers_any(const struct exchange_servers_options *o)
{
	return o->count > 0 || o->glimpse.address != 0;
}

/* "[DEVICE=]ADDR:PORT[,SCRIPT]", "NAME=" before it for a node; adds to *o. 0, or -EINVAL with one
 * line in error[]. */
int exchange_servers_parse(struct exchange_servers_options *o, enum exchange_server_kind kind,
                           const char *text, char error[SERVE_TEXT_BYTES]);
/* "ADDR:PORT[,SCRIPT]". */
int exchange_servers_parse_glimpse(struct exchange_servers_options *o, const char *text,
                                   char error[SERVE_TEXT_BYTES]);

#endif
