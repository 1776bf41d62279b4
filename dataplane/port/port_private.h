/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of a port share: the port itself (control core) and its queues (each its core's).
 */
#ifndef DATAPLANE_PORT_PORT_PRIVATE_H
#define DATAPLANE_PORT_PORT_PRIVATE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/port/port.h"
#include "dataplane/port/port_clock.h"
#include "dataplane/port/port_clock_board.h"

#define PORT_DEVICE_BYTES      256u
#define PORT_DESCRIPTION_BYTES 256u

/* Where packet times come from. */
enum port_time {
	PORT_TIME_TURN,
	PORT_TIME_HARDWARE, /* ticks of the device, mapped */
	PORT_TIME_CAPTURE,  /* microseconds since the Unix epoch, out of the file that is played */
};

/* One writer each: the queue's core. The control core reads now and then. */
struct port_queue {
	alignas(64) uint16_t ethdev;
	uint16_t queue;
	uint8_t index;
	uint8_t time; /* enum port_time */
	uint16_t held_count;
	uint32_t time_offset; /* of the dynamic mbuf field */
	uint64_t time_flag;   /* in ol_flags: the field is set */
	const struct port_clock_board *clock;
	_Atomic uint64_t received; /* relaxed: read by port_poll(), as the next two */
	_Atomic uint64_t received_bytes;
	_Atomic uint64_t multi_segment;
	alignas(64) struct rte_mbuf *held[PACKET_BURST_MAX];

	/* The sender's, another thread's perhaps. */
	alignas(64) struct rte_mempool *send_pool; /* NULL: the port does not send */
	uint32_t send_bytes_max;
	_Atomic uint64_t sent; /* relaxed: read by port_poll(), as the next two */
	_Atomic uint64_t sent_bytes;
	_Atomic uint64_t send_refused;
};

/* The kernel's side of an AF_PACKET, AF_XDP or pcap port. These drivers report their link as up
 * whatever happens, and do not count everything that the kernel drops; so the kernel is asked
 * (port_kernel.c). */
struct port_kernel {
	int socket;                        /* for questions; -1: no such interface */
	char name[32];                     /* of the interface */
	int files[PORT_QUEUES_MAX];        /* the driver's sockets */
	uint64_t dropped[PORT_QUEUES_MAX]; /* what they had dropped when last asked */
	uint32_t file_count;
};

struct port {
	struct port_queue queues[PORT_QUEUES_MAX];
	struct port_clock_board clock_board;
	struct port_clock clock;
	struct port_stats stats;
	struct port_options options; /* its pointers are not kept, see below */
	char name[PORT_NAME_BYTES];
	char device[PORT_DEVICE_BYTES];
	uint32_t groups[PORT_GROUPS_MAX];
	uint16_t ethdev;
	uint16_t tx_queues;
	struct rte_device *attached; /* set: this port attached it and will detach it */
	bool started;
	bool timesync; /* the device's clock is read by timesync, not by read_clock */
	enum port_time time;
	struct rte_eth_dev_info info;
	struct rte_mempool *pool;
	struct rte_mempool *send_pool; /* with options.transmit */
	struct port_kernel kernel;
	struct rte_eth_stats last; /* the device's counters at the last poll */
	char multicast[64];        /* what was negotiated */
	char time_text[64];
	char description[PORT_DESCRIPTION_BYTES];
	char reason[PORT_ERROR_BYTES];
};

/* One writer, so no read-modify-write is needed. */
static inline void port_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
	                      memory_order_relaxed);
}

/* Fills error with "port NAME: ..." and returns result. */
int port_error(const struct port *p, int result, char error[PORT_ERROR_BYTES], const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/* port_device.c: why DPDK said no: the driver's own words as far as it had some, else the error
 * number's; and the privilege that an ordinary user lacks. */
const char *port_reason(struct port *p, int result);

/* port_device.c: finds the ethdev of p->device, attaching it if need be. */
int port_device_attach(struct port *p, char error[PORT_ERROR_BYTES]);
void port_device_detach(struct port *p);

/* port_setup.c: configures the ethdev and its queues, makes the pools. */
int port_setup(struct port *p, char error[PORT_ERROR_BYTES]);
uint32_t port_send_bytes_max(const struct port *p); /* of a frame */

/* port_stats.c: after the device was started. */
void port_stats_start(struct port *p);

/* port_multicast.c: lets the groups in; p->multicast says how. */
void port_multicast_apply(struct port *p);

/* port_time.c */
uint64_t port_time_offload(struct port *p); /* what to ask the device for */
void port_time_start(struct port *p);       /* after the device was started */
void port_time_poll(struct port *p, uint64_t now_ns);

/* port_kernel.c. The drivers keep their sockets to themselves; they are those that are new after
 * the device was attached and set up. */
#define PORT_KERNEL_FILES_MAX 4096u
struct port_kernel_files {
	uint64_t bits[PORT_KERNEL_FILES_MAX / 64];
};
void port_kernel_files_get(struct port_kernel_files *f);
void port_kernel_open(struct port_kernel *k, const struct rte_eth_dev_info *info,
                      const struct port_kernel_files *before);
bool port_kernel_link_is_up(const struct port_kernel *k);
uint32_t port_kernel_mbps(const struct port_kernel *k);
/* Packets dropped since the last call that the driver does not count. */
uint64_t port_kernel_drops(struct port_kernel *k);
void port_kernel_close(struct port_kernel *k);

#endif
