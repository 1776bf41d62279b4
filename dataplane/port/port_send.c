/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "dataplane/port/port_private.h"

/* How many of the frames fit a buffer, up to the first that does not. */
static uint32_t fitting(const struct port_queue *q, const struct port_frame *frames, uint32_t count)
{
	uint32_t n = 0;

	while (n < count && frames[n].bytes <= q->send_bytes_max)
		n++;
	return n;
}

static void fill(struct rte_mbuf *m, const struct port_frame *f)
{
	memcpy(rte_pktmbuf_mtod(m, void *), f->data, f->bytes);
	m->data_len = (uint16_t)f->bytes;
	m->pkt_len = f->bytes;
}

/* As many buffers as there are: all of them, or what is left one by one. */
static uint32_t take_buffers(struct port_queue *q, struct rte_mbuf **buffers, uint32_t count)
{
	uint32_t n = 0;

	if (rte_pktmbuf_alloc_bulk(q->send_pool, buffers, count) == 0)
		return count;
	while (n < count && (buffers[n] = rte_pktmbuf_alloc(q->send_pool)) != NULL)
		n++;
	return n;
}

static void count_frames(struct port_queue *q, const struct port_frame *frames, uint32_t sent,
                         uint32_t count)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < sent; i++)
		bytes += frames[i].bytes;
	port_count(&q->sent, sent);
	port_count(&q->sent_bytes, bytes);
	port_count(&q->send_refused, count - sent);
}

enum port_send port_send_burst(struct port_queue *q, const struct port_frame *frames,
                               uint32_t count, uint32_t *sent)
{
	struct rte_mbuf *buffers[PACKET_BURST_MAX];

	assert(q->send_pool != NULL);
	assert(count <= PACKET_BURST_MAX);
	uint32_t fit = fitting(q, frames, count);
	/* 0 too: drivers push out what they hold, and take back what the kernel has sent. */
	uint32_t filled = fit == 0 ? 0 : take_buffers(q, buffers, fit);

	for (uint32_t i = 0; i < filled; i++)
		fill(buffers[i], &frames[i]);
	uint32_t taken = rte_eth_tx_burst(q->ethdev, q->queue, buffers, (uint16_t)filled);

	assert(taken <= filled);
	if (taken < filled)
		rte_pktmbuf_free_bulk(buffers + taken, filled - taken);
	count_frames(q, frames, taken, count);
	*sent = taken;
	if (taken == count)
		return PORT_SEND_DONE;
	if (taken < filled)
		return PORT_SEND_FULL;
	return filled < fit ? PORT_SEND_NO_BUFFER : PORT_SEND_TOO_LONG;
}
