/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus_vdev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/port/eal.h"
#include "dataplane/wire/packet.h"

#define DRIVER_PREFIX   "net_ring_" /* what the ring PMD puts before the names of its devices */
#define NAME_BYTES      20u         /* with what is put around it it still is the name of a ring */
#define CAPACITY_MAX    (1u << 20)
#define FRAME_BYTES_MAX 9216u
#define STASH           32u
#define UNUSED_CAPACITY 64u

struct eal_ring_port {
	struct rte_ring *ring;
	struct rte_ring *unused; /* the driver refuses a device that cannot send */
	struct rte_mempool *pool;
	uint32_t stashed; /* buffers taken from the pool in one go, used from the end */
	struct rte_mbuf *stash[STASH];
	char name[NAME_BYTES];
};

static void drain(struct rte_ring *ring)
{
	void *mbuf;

	while (ring != NULL && rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

static void destroy_parts(struct eal_ring_port *p)
{
	char device[RTE_ETH_NAME_MAX_LEN];

	snprintf(device, sizeof(device), DRIVER_PREFIX "%s", p->name);
	rte_vdev_uninit(device);
	drain(p->ring);
	drain(p->unused);
	while (p->stashed > 0)
		rte_pktmbuf_free(p->stash[--p->stashed]);
	rte_ring_free(p->ring);
	rte_ring_free(p->unused);
	rte_mempool_free(p->pool);
	free(p);
}

/* The sender takes buffers and the receiver gives them back from another core, so a per-core cache
 * would only collect them where nobody takes any; the sender's stash does its work. */
static int create_parts(struct eal_ring_port *p, uint32_t capacity)
{
	const uint32_t buffers = capacity + STASH + 2 * PACKET_BURST_MAX;
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "eal_%s", p->name);
	p->ring = rte_ring_create(name, capacity, SOCKET_ID_ANY,
	                          RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	if (p->ring == NULL)
		return -rte_errno;
	snprintf(name, sizeof(name), "eal_%s_tx", p->name);
	p->unused = rte_ring_create(name, UNUSED_CAPACITY, SOCKET_ID_ANY,
	                            RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (p->unused == NULL)
		return -rte_errno;
	p->pool = rte_pktmbuf_pool_create(name, buffers, 0, 0,
	                                  FRAME_BYTES_MAX + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	if (p->pool == NULL)
		return -rte_errno;
	return rte_eth_from_rings(p->name, &p->ring, 1, &p->unused, 1, 0) >= 0 ? 0 : -rte_errno;
}

static int check(const char *name, uint32_t capacity, char error[EAL_ERROR_BYTES])
{
	error[0] = '\0';
	if (!eal_is_running())
		snprintf(error, EAL_ERROR_BYTES, "%s: DPDK is not running", name);
	else if (name[0] == '\0' || strlen(name) >= NAME_BYTES)
		snprintf(error, EAL_ERROR_BYTES, "%s: the name must have 1 to %u characters", name,
		         NAME_BYTES - 1);
	else if (capacity == 0 || capacity > CAPACITY_MAX)
		snprintf(error, EAL_ERROR_BYTES, "%s: capacity %u is not between 1 and %u", name,
		         capacity, CAPACITY_MAX);
	return error[0] == '\0' ? 0 : -EINVAL;
}

int eal_ring_port_create(struct eal_ring_port **out, const char *device, uint32_t capacity,
                         char error[EAL_ERROR_BYTES])
{
	const size_t prefix = strlen(DRIVER_PREFIX);
	const char *name = strncmp(device, DRIVER_PREFIX, prefix) == 0 ? device + prefix : device;
	int result = check(name, capacity, error);

	*out = NULL;
	if (result != 0)
		return result;
	struct eal_ring_port *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -ENOMEM;
	snprintf(p->name, sizeof(p->name), "%s", name);
	result = create_parts(p, capacity);
	if (result == 0) {
		*out = p;
		return 0;
	}
	snprintf(error, EAL_ERROR_BYTES, "%s: a ring of %u frames: %s", device, capacity,
	         rte_strerror(-result));
	destroy_parts(p);
	return result;
}

int eal_ring_port_send(struct eal_ring_port *p, const uint8_t *frame, uint32_t bytes)
{
	if (bytes > FRAME_BYTES_MAX)
		return -EMSGSIZE;
	if (rte_ring_full(p->ring))
		return -ENOBUFS;
	if (p->stashed == 0) {
		if (rte_pktmbuf_alloc_bulk(p->pool, p->stash, STASH) != 0)
			return -ENOBUFS;
		p->stashed = STASH;
	}
	struct rte_mbuf *m = p->stash[--p->stashed];

	memcpy(rte_pktmbuf_mtod(m, void *), frame, bytes);
	m->data_len = (uint16_t)bytes;
	m->pkt_len = bytes;
	int result = rte_ring_sp_enqueue(p->ring, m);

	assert(result == 0); /* one sender, and it was not full */
	(void)result;
	return 0;
}

void eal_ring_port_destroy(struct eal_ring_port *p)
{
	if (p != NULL)
		destroy_parts(p);
}
