/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Station: a port of the exchange that also listens, under one address or several: each answers ARP
 * and ping (dataplane/host), datagrams to its addresses are handed out, answers are sent to where
 * they came from. A port may be a line's, which is sent on besides, by the same thread.
 *
 * IP's checksum is verified, UDP's is not: over virtual devices kernels leave it to hardware that
 * is not there. Frames with a VLAN tag are left alone.
 *
 * Thread rule: the thread that sends.
 */
#ifndef APP_EXCHANGE_STATION_H
#define APP_EXCHANGE_STATION_H

#include <stdbool.h>
#include <stdint.h>

#include "app/exchange_server_options.h"
#include "dataplane/host/host.h"
#include "dataplane/port/port.h"
#include "dataplane/wire/frame.h"
#include "perf/serve_queue.h"

struct exchange_station_stats {
	uint64_t frames;
	uint64_t datagrams; /* to one of its addresses */
	uint64_t refused;   /* frames that the port did not take, and nobody sends again */
};

struct exchange_station {
	struct port *port;
	const char *device;
	bool is_own; /* opened here, not a line's */
	bool link_up;
	uint64_t mac;
	struct host *hosts[EXCHANGE_SERVERS_MAX];
	uint32_t host_count;
	struct exchange_station_stats stats;
};

/* Who is told of datagrams to the station's addresses. */
struct exchange_listener {
	void (*hear)(void *state, const struct datagram *d, const struct serve_peer *from,
	             uint64_t now_ns);
	void *state;
};

/* device: kept. port: a line's, or NULL: its own is opened. 0 or -errno with one line in error[].
 */
int exchange_station_open(struct exchange_station *s, const char *device, struct port *port,
                          char error[PORT_ERROR_BYTES]);
/* Listens under this address too; once more is fine. 0 or -errno. */
int exchange_station_add(struct exchange_station *s, uint32_t address);
/* Receives what is there and answers what hosts answer. Returns the number of frames. */
uint32_t exchange_station_receive(struct exchange_station *s, const struct exchange_listener *l,
                                  uint64_t now_ns);
/* What hosts say unasked. */
void exchange_station_poll(struct exchange_station *s, uint64_t now_ns);
/* An answer, from the server's address and port. */
void exchange_station_send(struct exchange_station *s, uint32_t address, uint16_t port,
                           const struct serve_reply *r);
void exchange_station_close(struct exchange_station *s); /* accepts a zeroed struct */

#endif
