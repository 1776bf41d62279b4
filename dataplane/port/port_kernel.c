/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The kernel's interface under a port: its link, its speed, and what its packet sockets dropped.
 * System calls, on the control core only.
 */
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"

static int domain_of(int file)
{
	socklen_t bytes = sizeof(int);
	int domain = AF_UNSPEC;

	return getsockopt(file, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 ? domain : AF_UNSPEC;
}

void port_kernel_files_get(struct port_kernel_files *f)
{
	memset(f, 0, sizeof(*f));
	for (uint32_t i = 0; i < PORT_KERNEL_FILES_MAX; i++) {
		int domain = domain_of((int)i);

		if (domain == AF_PACKET || domain == AF_XDP)
			f->bits[i / 64] |= 1ull << (i % 64);
	}
}

/* Packets that the kernel dropped for this socket; what it counts is cleared by reading for
 * AF_PACKET and runs on for AF_XDP. The AF_XDP driver tells of drops for want of a buffer, but not
 * of those for want of room in the receive ring. */
static uint64_t drops_of(int file, uint64_t before)
{
	struct tpacket_stats packet = {0};
	struct xdp_statistics xdp = {0};
	socklen_t bytes = sizeof(packet);

	if (domain_of(file) == AF_PACKET &&
	    getsockopt(file, SOL_PACKET, PACKET_STATISTICS, &packet, &bytes) == 0)
		return before + packet.tp_drops;
	bytes = sizeof(xdp);
	if (domain_of(file) == AF_XDP &&
	    getsockopt(file, SOL_XDP, XDP_STATISTICS, &xdp, &bytes) == 0)
		return xdp.rx_ring_full;
	return before;
}

static bool kernel_knows_better(const char *driver)
{
	return strcmp(driver, "net_af_packet") == 0 || strcmp(driver, "net_af_xdp") == 0 ||
	       strcmp(driver, "net_pcap") == 0;
}

static void find_files(struct port_kernel *k, const struct port_kernel_files *before)
{
	struct port_kernel_files now;

	port_kernel_files_get(&now);
	for (uint32_t i = 0; i < PORT_KERNEL_FILES_MAX; i++) {
		uint64_t bit = 1ull << (i % 64);

		if ((now.bits[i / 64] & ~before->bits[i / 64] & bit) != 0 &&
		    k->file_count < PORT_QUEUES_MAX)
			k->files[k->file_count++] = (int)i;
	}
}

void port_kernel_open(struct port_kernel *k, const struct rte_eth_dev_info *info,
                      const struct port_kernel_files *before)
{
	*k = (struct port_kernel){.socket = -1};
	if (info->if_index == 0 || !kernel_knows_better(info->driver_name) ||
	    if_indextoname(info->if_index, k->name) == NULL)
		return;
	/* libpcap's socket is its own affair: the driver asks libpcap what was dropped. */
	if (strcmp(info->driver_name, "net_pcap") != 0)
		find_files(k, before);
	k->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

bool port_kernel_link_is_up(const struct port_kernel *k)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, k->name, IFNAMSIZ);
	if (ioctl(k->socket, SIOCGIFFLAGS, &request) != 0)
		return false; /* the interface is gone */
	return (request.ifr_flags & IFF_UP) != 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

uint32_t port_kernel_mbps(const struct port_kernel *k)
{
	struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
	struct ifreq request = {.ifr_data = (void *)&command};

	memcpy(request.ifr_name, k->name, IFNAMSIZ);
	if (ioctl(k->socket, SIOCETHTOOL, &request) != 0)
		return 0;
	uint32_t mbps = ethtool_cmd_speed(&command);

	return mbps == (uint32_t)SPEED_UNKNOWN ? 0 : mbps;
}

uint64_t port_kernel_drops(struct port_kernel *k)
{
	uint64_t drops = 0;

	for (uint32_t i = 0; i < k->file_count; i++) {
		uint64_t dropped = drops_of(k->files[i], k->dropped[i]);

		drops += dropped - k->dropped[i];
		k->dropped[i] = dropped;
	}
	return drops;
}

void port_kernel_close(struct port_kernel *k)
{
	if (k->socket >= 0)
		close(k->socket);
	k->socket = -1;
}
