/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The kernel's interface under a port: its link, its speed, and what its packet sockets dropped.
 * System calls, on the control core only.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"

#define FILES_MAX 4096

static bool kernel_knows_better(const char *driver)
{
	return strcmp(driver, "net_af_packet") == 0 || strcmp(driver, "net_af_xdp") == 0 ||
	       strcmp(driver, "net_pcap") == 0;
}

void port_kernel_open(struct port_kernel *k, const struct rte_eth_dev_info *info)
{
	*k = (struct port_kernel){.socket = -1};
	if (info->if_index == 0 || !kernel_knows_better(info->driver_name) ||
	    if_indextoname(info->if_index, k->name) == NULL)
		return;
	k->interface = info->if_index;
	k->packet_sockets = strcmp(info->driver_name, "net_af_packet") == 0;
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

static bool is_packet_socket_of(int file, unsigned int interface)
{
	struct sockaddr_ll address = {0};
	socklen_t bytes = sizeof(int);
	int domain = 0;

	if (getsockopt(file, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) != 0 || domain != AF_PACKET)
		return false;
	bytes = sizeof(address);
	return getsockname(file, (struct sockaddr *)&address, &bytes) == 0 &&
	       address.sll_ifindex == (int)interface;
}

/* The AF_PACKET driver keeps its sockets to itself and does not ask them what they dropped, so they
 * are looked for among the files of the process. Reading the count clears it. */
uint64_t port_kernel_drops(const struct port_kernel *k)
{
	struct rlimit limit = {.rlim_cur = FILES_MAX};
	uint64_t drops = 0;

	if (!k->packet_sockets)
		return 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int file = 0; file < FILES_MAX && (rlim_t)file < limit.rlim_cur; file++) {
		struct tpacket_stats counts = {0};
		socklen_t bytes = sizeof(counts);

		if (is_packet_socket_of(file, k->interface) &&
		    getsockopt(file, SOL_PACKET, PACKET_STATISTICS, &counts, &bytes) == 0)
			drops += counts.tp_drops;
	}
	return drops;
}

void port_kernel_close(struct port_kernel *k)
{
	if (k->socket >= 0)
		close(k->socket);
	k->socket = -1;
}
