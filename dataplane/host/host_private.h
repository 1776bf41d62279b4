/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of a host share.
 */
#ifndef DATAPLANE_HOST_HOST_PRIVATE_H
#define DATAPLANE_HOST_HOST_PRIVATE_H

#include "dataplane/host/host.h"
#include "dataplane/wire/ether.h"
#include "dataplane/wire/ipv4.h"

#define HOST_SECOND_NS 1000000000ull

/* host.c: Ethernet header of a frame to a station; where its payload stands. */
uint8_t *host_begin(const struct host *h, uint64_t mac, uint16_t type, uint8_t *out);
/* host.c: an address that is everybody's, nobody's or a group's. */
bool host_is_no_host(const struct host *h, uint32_t address);
/* host.c: pads; the frame's length, the payload of which ends before `end`. */
uint32_t host_end(uint8_t *out, uint8_t *end);

/* host_arp.c */
uint32_t host_on_arp(struct host *h, const struct ether *e, uint64_t now_ns, uint8_t *out);
uint32_t host_poll_arp(struct host *h, uint64_t now_ns, uint8_t *out);
void host_start_arp(struct host *h, uint64_t now_ns);

/* host_resolve.c */
struct arp;
void host_start_resolve(struct host *h, uint64_t now_ns);
uint32_t host_poll_resolve(struct host *h, uint64_t now_ns, uint8_t *out);
bool host_hear_neighbour(struct host *h, const struct arp *a, uint64_t now_ns);

/* host_echo.c */
uint32_t host_on_icmp(struct host *h, const struct ether *e, const struct ipv4 *ip, uint64_t now_ns,
                      uint8_t *out);

/* host_igmp.c */
void host_init_igmp(struct host *h);
void host_start_igmp(struct host *h, uint64_t now_ns);
void host_on_igmp(struct host *h, const struct ipv4 *ip, uint64_t now_ns);
uint32_t host_poll_igmp(struct host *h, uint64_t now_ns, uint8_t *out);
void host_leave_igmp(struct host *h);

/* host_report.c: the next frame of the sweep under way; 0: it is over. */
uint32_t host_report_sweep(struct host *h, uint8_t *out);
/* host_report.c: the answer to a query for one group; 0: nothing to say. */
uint32_t host_report_group(struct host *h, struct host_group *g, uint8_t *out);

#endif
