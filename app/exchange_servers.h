/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Servers: what the exchange is beside its lines, for as long as it sends and lingers: re-request
 * servers and nodes of services on stations (exchange_station.h), a snapshot server on TCP
 * (exchange_glimpse.h). Everything of one name shares its resources.
 *
 * They know of the day what the store was told of, and behave by their scripts, whose times begin
 * with the sending.
 *
 * Thread rule: the thread that sends, which calls exchange_servers_turn() beside it.
 */
#ifndef APP_EXCHANGE_SERVERS_H
#define APP_EXCHANGE_SERVERS_H

#include "app/exchange_glimpse.h"
#include "app/exchange_options.h"
#include "app/exchange_send.h"
#include "app/exchange_station.h"
#include "perf/serve_coap.h"
#include "perf/serve_mold.h"

struct exchange_server {
	const struct exchange_server_options *options;
	struct exchange_station *station;
	struct serve_mold mold; /* of a re-request server */
	struct serve_coap coap; /* of a node */
	void *memory;
};

struct exchange_servers {
	struct exchange_station stations[EXCHANGE_SERVERS_MAX];
	uint32_t station_count;
	struct exchange_server list[EXCHANGE_SERVERS_MAX];
	uint32_t count;
	struct serve_resources resources[EXCHANGE_NODES_MAX];
	const char *names[EXCHANGE_NODES_MAX]; /* whose they are */
	uint32_t name_count;
	struct exchange_glimpse *glimpse; /* NULL: there is none */
	uint64_t unclaimed;               /* datagrams to their addresses that no server is at */
	uint64_t poll_ns;
};

/* Opens what the options ask for, beside the lines' ports of the sender, and makes itself its
 * aside. *out NULL: nothing was asked for. 0 or -errno with one line in error[]. */
int exchange_servers_open(struct exchange_servers **out, const struct exchange_options *o,
                          const struct day_store *store, struct exchange_sender *sender,
                          char error[EXCHANGE_ERROR_BYTES]);
/* The scripts' times begin. */
void exchange_servers_start(struct exchange_servers *s, uint64_t now_ns);
/* state: struct exchange_servers. As an aside (exchange_send.h). */
uint64_t exchange_servers_turn(void *state, uint64_t now_ns);
const struct serve_counts *exchange_server_counts(const struct exchange_server *s);
void exchange_servers_close(struct exchange_servers *s); /* NULL is fine */

#endif
