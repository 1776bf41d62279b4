/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include <rte_mbuf_dyn.h>
#include <rte_prefetch.h>

#include "dataplane/port/port_private.h"

#define NS_PER_US 1000u

/* Puts the device's times in the place of turn time, packet by packet where there is one. */
static void stamp(const struct port_queue *q, struct packet *packets, uint32_t count)
{
	struct port_clock_map map = {0};
	const bool hardware = q->time == PORT_TIME_HARDWARE;

	if (hardware && !port_clock_board_read(q->clock, &map))
		return;
	for (uint32_t i = 0; i < count; i++) {
		if ((q->held[i]->ol_flags & q->time_flag) == 0)
			continue;
		uint64_t ticks = *RTE_MBUF_DYNFIELD(q->held[i], q->time_offset, uint64_t *);

		packets[i].time_ns = hardware ? port_clock_time_ns(&map, ticks) : ticks * NS_PER_US;
		packets[i].time_source = hardware ? TIME_HARDWARE : TIME_CAPTURE;
	}
}

void port_release(struct port_queue *q)
{
	if (q->held_count > 0)
		rte_pktmbuf_free_bulk(q->held, q->held_count);
	q->held_count = 0;
}

uint32_t port_receive(struct port_queue *q, struct packet *out, uint32_t max, uint64_t now_ns)
{
	uint32_t count = 0;
	uint64_t bytes = 0;

	port_release(q);
	if (max > PACKET_BURST_MAX)
		max = PACKET_BURST_MAX;
	uint16_t got = rte_eth_rx_burst(q->ethdev, q->queue, q->held, (uint16_t)max);

	if (got == 0)
		return 0;
	for (uint16_t i = 0; i < got; i++)
		rte_prefetch0(rte_pktmbuf_mtod(q->held[i], const void *));
	for (uint16_t i = 0; i < got; i++) {
		struct rte_mbuf *m = q->held[i];

		bytes += m->pkt_len;
		if (m->nb_segs != 1) {
			rte_pktmbuf_free(m);
			port_count(&q->multi_segment, 1);
			continue;
		}
		out[count] = (struct packet){
		        .data = rte_pktmbuf_mtod(m, const uint8_t *),
		        .bytes = m->data_len,
		        .port = q->index,
		        .time_source = TIME_TURN,
		        .time_ns = now_ns,
		};
		q->held[count++] = m; /* closes the gaps of dropped ones */
	}
	q->held_count = (uint16_t)count;
	port_count(&q->received, got);
	port_count(&q->received_bytes, bytes);
	if (q->time_flag != 0)
		stamp(q, out, count);
	return count;
}
