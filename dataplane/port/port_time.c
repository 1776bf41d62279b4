/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Packet times: which a device offers, and the mapping of its clock from the control core to the
 * queues' cores.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_mbuf_dyn.h>

#include "dataplane/port/port_private.h"

/* The pcap driver does not offer the offload, but stamps what it plays from a file with the times
 * recorded there; from an interface it is the kernel's time, which turn time does as well. */
static bool plays_file(const struct port *p)
{
	return strcmp(p->info.driver_name, "net_pcap") == 0 &&
	       strstr(p->device, "rx_pcap=") != NULL;
}

uint64_t port_time_offload(struct port *p)
{
	p->time = PORT_TIME_TURN;
	if (!p->options.hardware_timestamps)
		return 0;
	if (plays_file(p))
		p->time = PORT_TIME_CAPTURE;
	else if ((p->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0)
		p->time = PORT_TIME_HARDWARE;
	return p->time == PORT_TIME_HARDWARE ? RTE_ETH_RX_OFFLOAD_TIMESTAMP : 0;
}

/* The device's clock: free-running ticks where the driver reads them, else its PTP clock. */
static bool read_ticks(const struct port *p, uint64_t *ticks)
{
	struct timespec t;

	if (!p->timesync)
		return rte_eth_read_clock(p->ethdev, ticks) == 0;
	if (rte_eth_timesync_read_time(p->ethdev, &t) != 0)
		return false;
	*ticks = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	return true;
}

static bool clock_can_be_read(struct port *p)
{
	uint64_t ticks;

	p->timesync = false;
	if (read_ticks(p, &ticks))
		return true;
	p->timesync = true;
	return rte_eth_timesync_enable(p->ethdev) == 0 && read_ticks(p, &ticks);
}

void port_time_start(struct port *p)
{
	int offset = -1;
	uint64_t flag = 0;
	const char *text =
	        p->options.hardware_timestamps ? "turn time, the device stamps none" : "turn time";

	if (p->time != PORT_TIME_TURN && rte_mbuf_dyn_rx_timestamp_register(&offset, &flag) != 0)
		p->time = PORT_TIME_TURN;
	if (p->time == PORT_TIME_HARDWARE && !clock_can_be_read(p)) {
		p->time = PORT_TIME_TURN;
		text = "turn time, the device's clock cannot be read";
	}
	if (p->time == PORT_TIME_HARDWARE)
		text = "hardware time";
	else if (p->time == PORT_TIME_CAPTURE)
		text = "time of the file";
	snprintf(p->time_text, sizeof(p->time_text), "%s", text);
	port_clock_init(&p->clock);
	for (uint16_t q = 0; q < p->options.queues; q++) {
		p->queues[q].time = (uint8_t)p->time;
		p->queues[q].time_offset = (uint32_t)offset;
		p->queues[q].time_flag = p->time == PORT_TIME_TURN ? 0 : flag;
	}
}

void port_time_poll(struct port *p, uint64_t now_ns)
{
	uint64_t ticks;

	if (p->time != PORT_TIME_HARDWARE || !read_ticks(p, &ticks))
		return;
	port_clock_on_read(&p->clock, now_ns, ticks);
	port_clock_board_publish(&p->clock_board, &p->clock.map);
}
