/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/port.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>

#include "dataplane/port/eal.h"
#include "dataplane/port/eal_log.h"
#include "dataplane/port/port_private.h"

/* Virtual drivers whose receive function makes no system call; of PCI devices all are so. */
static const char *const syscall_free_drivers[] = {"net_null", "net_ring", "net_memif"};

int port_error(const struct port *p, int result, char error[PORT_ERROR_BYTES], const char *format,
               ...)
{
	va_list list;
	int bytes = snprintf(error, PORT_ERROR_BYTES, "port %s: ", p->name);

	assert(result < 0);
	assert(bytes > 0 && bytes < (int)PORT_ERROR_BYTES);
	va_start(list, format);
	vsnprintf(error + bytes, PORT_ERROR_BYTES - (size_t)bytes, format, list);
	va_end(list);
	return result;
}

/* Takes over what the options point to. */
static int copy_options(struct port *p, const struct port_options *o, char error[PORT_ERROR_BYTES])
{
	snprintf(p->name, sizeof(p->name), "%s", o->name);
	if (strlen(o->name) >= sizeof(p->name))
		return port_error(p, -EINVAL, error, "the name is too long");
	if (o->device == NULL || o->device[0] == '\0' || strlen(o->device) >= sizeof(p->device))
		return port_error(p, -EINVAL, error,
		                  "the device string has no or too many characters");
	if (o->queues == 0 || o->queues > PORT_QUEUES_MAX)
		return port_error(p, -EINVAL, error, "%u queues, it must be 1 to %u", o->queues,
		                  PORT_QUEUES_MAX);
	if (o->group_count > PORT_GROUPS_MAX)
		return port_error(p, -EINVAL, error, "%u multicast groups, at most %u",
		                  o->group_count, PORT_GROUPS_MAX);
	if (o->descriptors == 0 || o->buffers == 0)
		return port_error(p, -EINVAL, error, "descriptors and buffers must not be 0");
	p->options = *o;
	p->options.name = p->name;
	p->options.device = p->device;
	p->options.groups = p->groups;
	snprintf(p->device, sizeof(p->device), "%s", o->device);
	if (o->group_count > 0)
		memcpy(p->groups, o->groups, o->group_count * sizeof(o->groups[0]));
	return 0;
}

static void describe(struct port *p)
{
	snprintf(p->description, sizeof(p->description), "%s, %u queue%s, %s, %s",
	         p->info.driver_name, p->options.queues, p->options.queues == 1 ? "" : "s",
	         p->started ? p->multicast : "not started", p->started ? p->time_text : "no time");
}

static void init_queues(struct port *p)
{
	for (uint16_t q = 0; q < p->options.queues; q++) {
		p->queues[q].ethdev = p->ethdev;
		p->queues[q].queue = q;
		p->queues[q].index = p->options.index;
		p->queues[q].clock = &p->clock_board;
		p->queues[q].send_pool = p->send_pool;
		p->queues[q].send_bytes_max = port_send_bytes_max(p);
	}
}

static int open_device(struct port *p, const struct port_options *o, char error[PORT_ERROR_BYTES])
{
	struct port_kernel_files before;
	int result = copy_options(p, o, error);

	if (result != 0)
		return result;
	if (!eal_is_running())
		return port_error(p, -ENODEV, error, "DPDK is not running");
	port_kernel_files_get(&before);
	result = port_device_attach(p, error);
	if (result != 0)
		return result;
	result = port_setup(p, error);
	if (result != 0)
		port_device_detach(p);
	else
		port_kernel_open(&p->kernel, &p->info, &before);
	return result;
}

int port_open(struct port **out, const struct port_options *o, char error[PORT_ERROR_BYTES])
{
	struct port *p = aligned_alloc(alignof(struct port), sizeof(*p));

	*out = NULL;
	error[0] = '\0';
	if (p == NULL)
		return -ENOMEM;
	memset(p, 0, sizeof(*p));
	p->kernel.socket = -1;
	eal_log_hold();
	int result = open_device(p, o, error);

	eal_log_release(result == 0);
	if (result != 0) {
		rte_mempool_free(p->pool);
		rte_mempool_free(p->send_pool);
		free(p);
		return result;
	}
	init_queues(p);
	describe(p);
	*out = p;
	return 0;
}

int port_start(struct port *p, char error[PORT_ERROR_BYTES])
{
	assert(!p->started);
	error[0] = '\0';
	eal_log_hold();
	int result = rte_eth_dev_start(p->ethdev);

	if (result != 0)
		port_error(p, result, error, "device %s: cannot be started: %s", p->device,
		           port_reason(p, result));
	eal_log_release(result == 0);
	if (result != 0)
		return result;
	p->started = true;
	port_multicast_apply(p);
	port_time_start(p);
	port_stats_start(p);
	describe(p);
	return 0;
}

void port_stop(struct port *p)
{
	if (!p->started)
		return;
	for (uint16_t q = 0; q < p->options.queues; q++)
		port_release(&p->queues[q]);
	rte_eth_dev_stop(p->ethdev);
	p->started = false;
	describe(p);
}

void port_close(struct port *p)
{
	if (p == NULL)
		return;
	port_stop(p);
	port_device_detach(p);
	port_kernel_close(&p->kernel);
	rte_mempool_free(p->pool);
	rte_mempool_free(p->send_pool);
	free(p);
}

struct port_queue *port_queue(struct port *p, uint16_t queue)
{
	assert(queue < p->options.queues);
	return &p->queues[queue];
}

uint64_t port_mac(const struct port *p)
{
	struct rte_ether_addr mac = {0};
	uint64_t address = 0;

	if (rte_eth_macaddr_get(p->ethdev, &mac) != 0)
		return 0;
	for (uint32_t i = 0; i < RTE_ETHER_ADDR_LEN; i++)
		address = address << 8 | mac.addr_bytes[i];
	return address;
}

const char *port_name(const struct port *p)
{
	return p->name;
}

const char *port_description(const struct port *p)
{
	return p->description;
}

bool port_is_syscall_free(const struct port *p)
{
	for (uint32_t i = 0; i < sizeof(syscall_free_drivers) / sizeof(syscall_free_drivers[0]);
	     i++)
		if (strcmp(p->info.driver_name, syscall_free_drivers[i]) == 0)
			return true;
	return strcmp(rte_bus_name(rte_dev_bus(p->info.device)), "pci") == 0;
}
