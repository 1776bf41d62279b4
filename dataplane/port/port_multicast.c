/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Letting multicast groups in: a filter list where the device has one, else all multicast, else
 * everything. A device without any filter delivers everything anyway.
 */
#include <stdio.h>

#include <rte_ether.h>

#include "dataplane/port/port_private.h"

/* RFC 1112: the low 23 bits of the group; 32 groups share an address. */
static struct rte_ether_addr group_address(uint32_t group)
{
	return (struct rte_ether_addr){.addr_bytes = {0x01, 0x00, 0x5e, (group >> 16) & 0x7f,
	                                              (group >> 8) & 0xff, group & 0xff}};
}

static uint32_t collect_addresses(const struct port *p, struct rte_ether_addr *out)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < p->options.group_count; i++) {
		const struct rte_ether_addr address = group_address(p->groups[i]);
		uint32_t k = 0;

		while (k < count && !rte_is_same_ether_addr(&out[k], &address))
			k++;
		if (k == count)
			out[count++] = address;
	}
	return count;
}

static bool set_filter(const struct port *p, uint32_t *count)
{
	struct rte_ether_addr addresses[PORT_GROUPS_MAX];

	*count = collect_addresses(p, addresses);
	return rte_eth_dev_set_mc_addr_list(p->ethdev, addresses, *count) == 0;
}

void port_multicast_apply(struct port *p)
{
	const char *why = p->options.all_multicast ? "" : ", the device has no filter list";
	uint32_t count;

	if (p->options.promiscuous && rte_eth_promiscuous_enable(p->ethdev) == 0)
		snprintf(p->multicast, sizeof(p->multicast), "promiscuous");
	else if (p->options.group_count == 0 && !p->options.all_multicast)
		snprintf(p->multicast, sizeof(p->multicast), "no multicast asked for");
	else if (!p->options.all_multicast && set_filter(p, &count))
		snprintf(p->multicast, sizeof(p->multicast), "multicast filter of %u addresses",
		         count);
	else if (rte_eth_allmulticast_enable(p->ethdev) == 0)
		snprintf(p->multicast, sizeof(p->multicast), "all multicast%s", why);
	else if (rte_eth_promiscuous_enable(p->ethdev) == 0)
		snprintf(p->multicast, sizeof(p->multicast),
		         "promiscuous, the device has no multicast filter");
	else
		snprintf(p->multicast, sizeof(p->multicast),
		         "everything, the device has no filter");
}
