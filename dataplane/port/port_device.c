/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From a device string to an ethdev: one that exists already, a PCI device, or a virtual one that
 * is attached now. What can be checked beforehand is, for the drivers' own words are often none.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_pci.h>

#include "dataplane/port/eal.h"
#include "dataplane/port/eal_log.h"
#include "dataplane/port/port_private.h"

/* Arguments that name something which must exist. */
enum argument_kind { ARGUMENT_INTERFACE, ARGUMENT_FILE };

static const struct {
	const char *driver;
	const char *key;
	enum argument_kind kind;
} arguments[] = {
        {"net_af_packet", "iface", ARGUMENT_INTERFACE},
        {"net_af_xdp", "iface", ARGUMENT_INTERFACE},
        {"net_pcap", "iface", ARGUMENT_INTERFACE},
        {"net_pcap", "rx_iface", ARGUMENT_INTERFACE},
        {"net_pcap", "rx_iface_in", ARGUMENT_INTERFACE},
        {"net_pcap", "tx_iface", ARGUMENT_INTERFACE},
        {"net_pcap", "rx_pcap", ARGUMENT_FILE},
        {"net_tap", "remote", ARGUMENT_INTERFACE},
};

/* What a driver needs that an ordinary user has not. */
static const struct {
	const char *driver;
	const char *needs;
} privileges[] = {
        {"net_af_packet", "CAP_NET_RAW"},
        {"net_af_xdp", "CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF"},
        {"net_tap", "CAP_NET_ADMIN"},
        {"net_pcap", "CAP_NET_RAW for interfaces"},
};

/* "net_pcap" of "net_pcap0": digits or an underscore may follow, not more letters. */
static bool is_driver(const char *device, const char *driver)
{
	size_t length = strlen(driver);

	return strncmp(device, driver, length) == 0 &&
	       strchr("0123456789_,", device[length]) != NULL;
}

/* The value of the next KEY= at or after *at; false: none. Moves *at behind it. */
static bool next_value(const char **at, const char *key, char *value, size_t value_bytes)
{
	size_t key_bytes = strlen(key);

	for (const char *comma = strchr(*at, ','); comma != NULL; comma = strchr(comma + 1, ',')) {
		const char *start = comma + 1 + key_bytes;

		if (strncmp(comma + 1, key, key_bytes) != 0 || *start != '=')
			continue;
		size_t bytes = strcspn(start + 1, ",");

		snprintf(value, value_bytes, "%.*s", (int)bytes, start + 1);
		*at = start + 1 + bytes;
		return true;
	}
	return false;
}

static int check_argument(const struct port *p, uint32_t i, const char *value,
                          char error[PORT_ERROR_BYTES])
{
	switch (arguments[i].kind) {
	case ARGUMENT_INTERFACE:
		if (if_nametoindex(value) == 0)
			return port_error(p, -ENODEV, error, "device %s: no such interface",
			                  p->device);
		return 0;
	case ARGUMENT_FILE:
		if (access(value, R_OK) != 0) {
			int cause = errno;

			return port_error(p, -cause, error, "device %s: %s", p->device,
			                  strerror(cause));
		}
		return 0;
	}
	return 0;
}

static int check_arguments(const struct port *p, char error[PORT_ERROR_BYTES])
{
	char value[PORT_DEVICE_BYTES];

	for (uint32_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		const char *at = p->device;

		if (!is_driver(p->device, arguments[i].driver))
			continue;
		while (next_value(&at, arguments[i].key, value, sizeof(value))) {
			int result = check_argument(p, i, value, error);

			if (result != 0)
				return result;
		}
	}
	return 0;
}

static const char *missing_privilege(const struct port *p)
{
	for (uint32_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++)
		if (geteuid() != 0 && is_driver(p->device, privileges[i].driver))
			return privileges[i].needs;
	return NULL;
}

const char *port_reason(struct port *p, int result)
{
	const char *reason = eal_log_reason();
	const char *needs = missing_privilege(p);

	if (reason[0] == '\0')
		reason = rte_strerror(-result);
	if (needs == NULL)
		snprintf(p->reason, sizeof(p->reason), "%s", reason);
	else
		snprintf(p->reason, sizeof(p->reason), "%s (needs %s)", reason, needs);
	return p->reason;
}

static bool find_by_name(const char *name, uint16_t *ethdev)
{
	return rte_eth_dev_get_port_by_name(name, ethdev) == 0;
}

/* Most drivers name the ethdev after the device, some do not. */
static bool find_by_device(const char *name, uint16_t *ethdev)
{
	for (uint16_t i = 0; i < RTE_MAX_ETHPORTS; i++) {
		struct rte_eth_dev_info info;

		if (rte_eth_dev_is_valid_port(i) && rte_eth_dev_info_get(i, &info) == 0 &&
		    info.device != NULL && strcmp(rte_dev_name(info.device), name) == 0) {
			*ethdev = i;
			return true;
		}
	}
	return false;
}

/* In-process rings (eal_ring_port_create()) are named without their driver's prefix. */
static bool find_existing(const char *name, uint16_t *ethdev)
{
	char ring[PORT_DEVICE_BYTES + 16];

	snprintf(ring, sizeof(ring), "net_ring_%s", name);
	return find_by_name(name, ethdev) || find_by_name(ring, ethdev) ||
	       find_by_device(name, ethdev);
}

static int probe(struct port *p, const char *name, char error[PORT_ERROR_BYTES])
{
	struct rte_pci_addr address;

	if (!eal_has_pci() && rte_pci_addr_parse(name, &address) == 0)
		return port_error(p, -ENODEV, error,
		                  "device %s: a PCI device must be allowed when DPDK starts",
		                  p->device);
	int result = check_arguments(p, error);

	if (result != 0)
		return result;
	result = rte_dev_probe(p->device);
	if (result == 0 && !find_by_name(name, &p->ethdev) && !find_by_device(name, &p->ethdev))
		result = -ENODEV;
	if (result != 0)
		port_error(p, result, error, "device %s: %s", p->device, port_reason(p, result));
	return result;
}

int port_device_attach(struct port *p, char error[PORT_ERROR_BYTES])
{
	char name[PORT_DEVICE_BYTES];
	const char *comma = strchr(p->device, ',');

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(p->device, ","), p->device);
	bool exists = find_existing(name, &p->ethdev);

	if (exists && comma != NULL)
		return port_error(p, -EEXIST, error, "device %s: %s exists already", p->device,
		                  name);
	int result = exists ? 0 : probe(p, name, error);

	if (result != 0)
		return result;
	result = rte_eth_dev_info_get(p->ethdev, &p->info);
	if (result != 0)
		return port_error(p, result, error, "device %s: %s", p->device,
		                  port_reason(p, result));
	if (!exists)
		p->attached = p->info.device;
	return 0;
}

void port_device_detach(struct port *p)
{
	rte_eth_dev_close(p->ethdev);
	if (p->attached != NULL)
		rte_dev_remove(p->attached);
	p->attached = NULL;
}
