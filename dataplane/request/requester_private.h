/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of a requester share.
 */
#ifndef DATAPLANE_REQUEST_REQUESTER_PRIVATE_H
#define DATAPLANE_REQUEST_REQUESTER_PRIVATE_H

#include "dataplane/request/requester.h"

#define REQUESTER_NO_SERVICE UINT32_MAX
#define REQUESTER_NO_NODE    UINT32_MAX

/* requester_node.c: routes by source port, nodes by address. */
void requester_node_route(struct requester *r, uint16_t source_port, uint32_t service);
uint32_t requester_node_service(const struct requester *r, uint16_t source_port);
uint32_t requester_node_of(const struct requester_service *s, const struct datagram *d);

/* requester_frame.c: what became of a SEND. */
enum requester_sending {
	REQUESTER_SENT,
	REQUESTER_UNSENT,      /* not now */
	REQUESTER_UNREACHABLE, /* its station does not answer */
	REQUESTER_NEVER,       /* it cannot be said */
};

enum requester_sending requester_frame_attempt(struct requester *r,
                                               const struct operation_output *x, uint64_t now_ns);
/* Sends back what the codec wants the node to have. */
void requester_frame_receipt(struct requester *r, const struct datagram *d,
                             const struct requester_service *s, uint32_t node,
                             const struct service_answer *a);

/* requester_drain.c */

/* Room for one more fact's outputs. */
void requester_drain_room(struct requester *r);
/* Does what the outputs say, and what follows from that. Returns how many ended, of which as many
 * as `max` are in done[]; there must not be more. */
uint32_t requester_drain(struct requester *r, uint64_t now_ns, struct requester_done *done,
                         uint32_t max);

static inline uint32_t requester_slot(uint64_t operation)
{
	return (uint32_t)operation;
}

#endif
