/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The control core's view of a port: counters and link.
 */
#include <string.h>

#include "dataplane/port/port_private.h"

/* Adds what came since the last poll. A driver that starts again from 0 (on restart, or when
 * another counter wraps) does not take back what was counted. */
static void advance(uint64_t *total, uint64_t *last, uint64_t now)
{
	*total += now >= *last ? now - *last : now;
	*last = now;
}

/* What came is counted by the queues themselves: some drivers count no bytes (ring), some forget
 * and remember again (memif, as its peer goes and comes). What did not come only the device knows.
 */
static void poll_queues(struct port *p)
{
	struct port_stats *s = &p->stats;

	s->received = s->received_bytes = s->multi_segment = 0;
	s->sent = s->sent_bytes = s->send_refused = 0;
	for (uint16_t i = 0; i < p->options.queues; i++) {
		const struct port_queue *q = &p->queues[i];

		s->received += atomic_load_explicit(&q->received, memory_order_relaxed);
		s->received_bytes += atomic_load_explicit(&q->received_bytes, memory_order_relaxed);
		s->multi_segment += atomic_load_explicit(&q->multi_segment, memory_order_relaxed);
		s->sent += atomic_load_explicit(&q->sent, memory_order_relaxed);
		s->sent_bytes += atomic_load_explicit(&q->sent_bytes, memory_order_relaxed);
		s->send_refused += atomic_load_explicit(&q->send_refused, memory_order_relaxed);
	}
}

static void poll_device(struct port *p)
{
	struct rte_eth_stats now;

	p->stats.missed += port_kernel_drops(&p->kernel);
	if (rte_eth_stats_get(p->ethdev, &now) != 0)
		return;
	advance(&p->stats.missed, &p->last.imissed, now.imissed);
	advance(&p->stats.errors, &p->last.ierrors, now.ierrors);
	advance(&p->stats.no_buffer, &p->last.rx_nombuf, now.rx_nombuf);
	advance(&p->stats.send_errors, &p->last.oerrors, now.oerrors);
}

void port_stats_start(struct port *p)
{
	/* What the device counted before is none of this port's. */
	if (rte_eth_stats_get(p->ethdev, &p->last) != 0)
		memset(&p->last, 0, sizeof(p->last));
}

static void poll_link(struct port *p)
{
	struct rte_eth_link link = {0};
	const bool kernel = p->kernel.socket >= 0;
	bool up = rte_eth_link_get_nowait(p->ethdev, &link) == 0 &&
	          link.link_status == RTE_ETH_LINK_UP;
	uint32_t mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;

	if (kernel) {
		up = up && port_kernel_link_is_up(&p->kernel);
		mbps = port_kernel_mbps(&p->kernel);
	}
	p->stats.link_changes += up != (p->stats.link_up != 0);
	p->stats.link_up = up;
	p->stats.link_mbps = up ? mbps : 0;
}

void port_poll(struct port *p, uint64_t now_ns)
{
	/* First of all: the mapping takes now_ns for the time of this line. */
	port_time_poll(p, now_ns);
	poll_queues(p);
	poll_device(p);
	poll_link(p);
}

const struct port_stats *port_stats(const struct port *p)
{
	return &p->stats;
}
