/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Hosts of an engine: a port with an address has one (dataplane/host). It lives on the control
 * thread; the port's queues belong to their core. Between the two are two rings of frames: what the
 * core's receiver set aside goes to the host, what the host says goes to the core, which sends it
 * at the end of its turn. So a port has one user, and the core neither waits nor parses for it.
 *
 * What the port does not take is dropped: the port counts it, and all that matters is said twice.
 *
 * Thread rule: open, close, poll, leave, publish: control. engine_host_send(): the core that polls
 * queue 0.
 */
#ifndef APP_ENGINE_HOST_H
#define APP_ENGINE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "app/engine.h"
#include "dataplane/host/host.h"
#include "dataplane/wire/frame_ring.h"

/* How often the control thread should poll where there are hosts: a ping takes about as long. */
#define ENGINE_HOST_POLL_NS    1000000
#define ENGINE_HOST_TEXT_BYTES 192u

struct engine_host {
	struct frame_ring received; /* core to control */
	struct frame_ring to_send;  /* control to core */
	struct port_queue *queue;   /* where the core sends */
	struct host host;           /* control's, as all below */
	uint8_t *out;               /* room for a frame */
	bool link_up;
	/* By the host's number of a neighbour, its number in the engine's table. */
	uint16_t neighbours[HOST_NEIGHBOURS_MAX];
	uint32_t neighbour_count;
	uint64_t conflict_told; /* the MAC that people have been told of */
};

/* Gives the port, which was opened with `transmit`, its host. 0 or -errno with one clear line. */
int engine_host_open(struct engine *e, uint32_t port, char error[ENGINE_ERROR_BYTES]);
void engine_host_close(struct engine *e, uint32_t port); /* the core no longer turns */

/* Hears what came and says what is due. */
void engine_hosts_poll(struct engine *e, uint64_t now_ns);
/* Leaves all groups, while the cores still turn: waits a moment until that is sent. */
void engine_hosts_leave(struct engine *e);
bool engine_has_hosts(const struct engine *e);

/* Sends what waits, a burst at most. Call with something waiting. */
void engine_host_send(struct engine_host *h);

static inline void engine_host_step(struct engine_host *h)
{
	if (frame_ring_count(&h->to_send) != 0)
		engine_host_send(h);
}

/* One line for people where a port takes groups that nobody joins for it; else NULL. */
const char *engine_host_note(const struct config *c, uint32_t port,
                             char text[ENGINE_HOST_TEXT_BYTES]);

#endif
