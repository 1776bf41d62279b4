/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Configuring an ethdev: queues, RSS, buffers, descriptors; each refusal in one clear line.
 */
#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ether.h>

#include "dataplane/port/port_private.h"

#define FRAME_DEFAULT_BYTES (RTE_ETHER_MTU + PORT_FRAME_OVERHEAD_BYTES)
#define BUFFER_MIN_BYTES    2048u
#define CACHE_MAX           256u
#define TX_DESCRIPTORS      256u
#define SEND_DESCRIPTORS    1024u /* where sending is meant */
#define AF_XDP_FILL         4096u /* buffers that its driver keeps ready for receiving, per queue */
#define AF_XDP_SENDING      512u  /* and those it may have on their way out */
#define RSS_WANTED          (RTE_ETH_RSS_UDP | RTE_ETH_RSS_IP)

static uint32_t frame_bytes(const struct port *p)
{
	return p->options.frame_bytes_max != 0 ? p->options.frame_bytes_max : FRAME_DEFAULT_BYTES;
}

uint32_t port_send_bytes_max(const struct port *p)
{
	return frame_bytes(p);
}

static int check_queues(const struct port *p, char error[PORT_ERROR_BYTES])
{
	if (p->options.queues > p->info.max_rx_queues)
		return port_error(p, -EINVAL, error,
		                  "device %s: %u receive queues asked for, it has %u", p->device,
		                  p->options.queues, p->info.max_rx_queues);
	if (p->options.transmit && p->options.queues > p->info.max_tx_queues)
		return port_error(p, -EINVAL, error,
		                  "device %s: %u send queues asked for, it has %u", p->device,
		                  p->options.queues, p->info.max_tx_queues);
	return 0;
}

static int check_frame(const struct port *p, char error[PORT_ERROR_BYTES])
{
	uint32_t mtu = frame_bytes(p) - PORT_FRAME_OVERHEAD_BYTES;

	if (frame_bytes(p) > FRAME_DEFAULT_BYTES && p->info.max_mtu != 0 && mtu > p->info.max_mtu)
		return port_error(p, -EINVAL, error,
		                  "device %s: frames of %u bytes asked for, its MTU ends at %u",
		                  p->device, frame_bytes(p), p->info.max_mtu);
	return 0;
}

/* RSS keeps a flow, and so a line, on one queue. Virtual devices with several queues have no RSS
 * of their own: there the kernel or the peer spreads. */
static int configure(struct port *p, char error[PORT_ERROR_BYTES])
{
	struct rte_eth_conf conf = {0};
	const uint64_t rss = p->info.flow_type_rss_offloads & RSS_WANTED;

	if (frame_bytes(p) > FRAME_DEFAULT_BYTES)
		conf.rxmode.mtu = frame_bytes(p) - PORT_FRAME_OVERHEAD_BYTES;
	conf.rxmode.offloads = port_time_offload(p);
	if (p->options.queues > 1 && rss != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = rss;
	}
	/* Where nothing is sent some drivers still want as many queues that way. */
	p->tx_queues = p->options.queues < p->info.max_tx_queues ? p->options.queues
	                                                         : p->info.max_tx_queues;
	int result = rte_eth_dev_configure(p->ethdev, p->options.queues, p->tx_queues, &conf);

	if (result != 0)
		return port_error(p, result, error, "device %s: cannot be configured: %s",
		                  p->device, port_reason(p, result));
	return 0;
}

static uint32_t cache_buffers(const struct port *p)
{
	uint32_t share = p->options.buffers / (4u * p->options.queues);

	return share < CACHE_MAX ? share : CACHE_MAX;
}

/* The AF_XDP driver copies what is sent into buffers of the receive pool. */
static bool sends_from_receive_pool(const struct port *p)
{
	return p->options.transmit && strcmp(p->info.driver_name, "net_af_xdp") == 0;
}

/* Descriptors hold buffers, so do the packets handed out, and a core's cache may keep 1.5 times its
 * size: with fewer the device would starve while nothing is wrong. */
static uint32_t buffers_needed(const struct port *p, uint16_t descriptors)
{
	uint32_t held = sends_from_receive_pool(p) ? AF_XDP_FILL + AF_XDP_SENDING : descriptors;

	return p->options.queues *
	       (held + PACKET_BURST_MAX + cache_buffers(p) + cache_buffers(p) / 2);
}

static int make_pool(struct port *p, uint16_t descriptors, int socket, char error[PORT_ERROR_BYTES])
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint32_t room = frame_bytes(p) > BUFFER_MIN_BYTES ? frame_bytes(p) : BUFFER_MIN_BYTES;

	if (p->options.buffers < buffers_needed(p, descriptors))
		return port_error(p, -EINVAL, error,
		                  "%u buffers are too few: %u queues of %u descriptors need %u%s",
		                  p->options.buffers, p->options.queues, descriptors,
		                  buffers_needed(p, descriptors),
		                  sends_from_receive_pool(p)
		                          ? ", since AF_XDP sends out of what it receives into"
		                          : "");
	room = RTE_ALIGN_CEIL(room, 64u) + RTE_PKTMBUF_HEADROOM;
	if (room > UINT16_MAX)
		return port_error(p, -EINVAL, error, "frames of %u bytes are too long",
		                  frame_bytes(p));
	snprintf(name, sizeof(name), "port_%u", p->ethdev);
	p->pool = rte_pktmbuf_pool_create(name, p->options.buffers, cache_buffers(p), 0,
	                                  (uint16_t)room, socket);
	if (p->pool == NULL)
		return port_error(p, -rte_errno, error, "no memory for %u buffers of %u bytes: %s",
		                  p->options.buffers, room, port_reason(p, -rte_errno));
	return 0;
}

/* A send queue keeps buffers until it needs their descriptors again, and so may the peer of a ring;
 * the sender fills a burst meanwhile. */
static int make_send_pool(struct port *p, uint16_t descriptors, int socket,
                          char error[PORT_ERROR_BYTES])
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint32_t room = frame_bytes(p) > BUFFER_MIN_BYTES ? frame_bytes(p) : BUFFER_MIN_BYTES;
	uint32_t buffers =
	        p->options.queues * (2u * descriptors + PACKET_BURST_MAX + 2u * CACHE_MAX);

	if (!p->options.transmit)
		return 0;
	room = RTE_ALIGN_CEIL(room, 64u) + RTE_PKTMBUF_HEADROOM;
	snprintf(name, sizeof(name), "port_%u_send", p->ethdev);
	p->send_pool = rte_pktmbuf_pool_create(name, buffers, CACHE_MAX, 0, (uint16_t)room, socket);
	if (p->send_pool == NULL)
		return port_error(p, -rte_errno, error,
		                  "no memory for %u buffers of %u bytes to send: %s", buffers, room,
		                  port_reason(p, -rte_errno));
	return 0;
}

static int set_up_queues(struct port *p, uint16_t rx, uint16_t tx, int socket,
                         char error[PORT_ERROR_BYTES])
{
	const unsigned int node = socket < 0 ? (unsigned int)SOCKET_ID_ANY : (unsigned int)socket;
	int result = 0;

	for (uint16_t q = 0; q < p->options.queues && result == 0; q++)
		result = rte_eth_rx_queue_setup(p->ethdev, q, rx, node, NULL, p->pool);
	if (result != 0)
		return port_error(p, result, error,
		                  "device %s: a receive queue of %u descriptors: %s", p->device, rx,
		                  port_reason(p, result));
	for (uint16_t q = 0; q < p->tx_queues && result == 0; q++)
		result = rte_eth_tx_queue_setup(p->ethdev, q, tx, node, NULL);
	if (result != 0)
		return port_error(p, result, error, "device %s: a send queue of %u descriptors: %s",
		                  p->device, tx, port_reason(p, result));
	return 0;
}

int port_setup(struct port *p, char error[PORT_ERROR_BYTES])
{
	uint16_t rx = p->options.descriptors;
	uint16_t tx = p->options.transmit ? SEND_DESCRIPTORS : TX_DESCRIPTORS;
	int socket = p->options.socket >= 0 ? p->options.socket : rte_eth_dev_socket_id(p->ethdev);
	int result = check_queues(p, error);

	if (result == 0)
		result = check_frame(p, error);
	if (result == 0)
		result = configure(p, error);
	if (result != 0)
		return result;
	result = rte_eth_dev_adjust_nb_rx_tx_desc(p->ethdev, &rx, &tx);
	if (result != 0)
		return port_error(p, result, error, "device %s: %u descriptors: %s", p->device, rx,
		                  port_reason(p, result));
	result = make_pool(p, rx, socket, error);
	if (result == 0)
		result = make_send_pool(p, tx, socket, error);
	return result != 0 ? result : set_up_queues(p, rx, tx, socket, error);
}
