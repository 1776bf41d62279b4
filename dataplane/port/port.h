/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Port: a DPDK ethdev, whatever its PMD: PCI NIC, AF_XDP, AF_PACKET, pcap, memif, ring, null, tap.
 * The only place, with eal.h, that knows DPDK.
 *
 * A port has queues; each queue is polled by one core, in bursts: port_receive() hands out packets
 * that stay valid until the next port_receive() on the queue. Link changes are survived: a port
 * that is down delivers nothing, is shown as down, and goes on when it is up again. Every drop has
 * a counter: what the NIC missed (imissed), what found no buffer (no_mbuf), errors, and packets in
 * more than one segment, which Genesis does not take.
 *
 * A port opened with `transmit` sends as well, in bursts: port_send_burst() copies frames into
 * buffers of a pool of its own, so the caller's memory is free again when it returns, and hands
 * them to the device. What the device has no room for, or what finds no buffer, is not sent, and
 * the verdict says which: the caller decides whether to wait or to drop. A frame that is "sent" was
 * taken by the device; what the device then makes of it only its own counters know (send_errors).
 *
 * Thread rule: port_open/start/stop/poll: control core. port_receive: the queue's core.
 * port_send_burst: one thread per queue, its sender; it may be another than the one that receives.
 */
#ifndef DATAPLANE_PORT_PORT_H
#define DATAPLANE_PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/packet.h"

#define PORT_NAME_BYTES  32u
#define PORT_QUEUES_MAX  16u
#define PORT_GROUPS_MAX  65u /* 64 lines', and 224.0.0.1 */
#define PORT_ERROR_BYTES 256u
/* Of frame_bytes_max: Ethernet header, two tags, checksum; the rest is the MTU. */
#define PORT_FRAME_OVERHEAD_BYTES 26u

struct port_options {
	const char *name;   /* in the engine: "a" */
	const char *device; /* EAL device string: "0000:17:00.0", "net_af_xdp0,iface=eth1", or an
	                       existing ethdev name */
	uint16_t queues;
	uint16_t descriptors;     /* per queue; the PMD may round it */
	uint32_t buffers;         /* mbufs of the port's pool */
	uint16_t frame_bytes_max; /* MTU + Ethernet + tags */
	const uint32_t *groups;   /* multicast groups to let in (host order); the filter list */
	uint32_t group_count;
	bool all_multicast; /* else filter list, falling back to all multicast where the PMD has
	                       none */
	bool promiscuous;
	bool hardware_timestamps; /* use them where the device has them */
	int socket;               /* NUMA node of the buffers; -1: the device's */
	uint8_t index;            /* of the port in the engine; goes into packet.port */
	bool transmit; /* port_send_burst() will be used: as many send queues as `queues` */
};

/* Control core's view, refreshed by port_poll(); ids, units and help in dataplane/stats.h. */
struct port_stats {
	uint64_t received; /* delivered to port_receive(), multi_segment included */
	uint64_t received_bytes;
	uint64_t missed; /* by the device or the kernel: no descriptor or ring slot was free */
	uint64_t errors; /* by the device */
	uint64_t no_buffer;
	uint64_t multi_segment; /* dropped: packet in more than one buffer */
	uint64_t link_up;       /* gauge: 1 up, 0 down */
	uint64_t link_changes;
	uint64_t link_mbps; /* gauge */
	uint64_t sent;      /* frames the device took */
	uint64_t sent_bytes;
	uint64_t send_refused; /* frames it did not take: no room, no buffer, too long; a frame
	                          offered again counts again */
	uint64_t send_errors;  /* taken, but not sent: by the device's own count */
};

/* What port_send_burst() says about the first frame that was not sent. */
enum port_send {
	PORT_SEND_DONE,      /* all were */
	PORT_SEND_FULL,      /* the device has no room now */
	PORT_SEND_NO_BUFFER, /* the pool is empty: what was sent before is not out yet */
	PORT_SEND_TOO_LONG,  /* longer than frame_bytes_max; it will never go */
};

struct port_frame {
	const uint8_t *data; /* from the Ethernet header on, without checksum */
	uint32_t bytes;
};

struct port_queue; /* opaque: port.c */
struct port;       /* opaque: port.c */

/* Opens, configures and sets up the device; not yet started. 0 or -errno with one clear line in
 * error[]. */
int port_open(struct port **out, const struct port_options *o, char error[PORT_ERROR_BYTES]);
int port_start(struct port *p, char error[PORT_ERROR_BYTES]);
void port_stop(struct port *p);
void port_close(struct port *p);

struct port_queue *port_queue(struct port *p, uint16_t queue);

/* Up to PACKET_BURST_MAX packets; frees those of the call before. now_ns stamps packets without
 * hardware time; index goes into packet.port. */
uint32_t port_receive(struct port_queue *q, struct packet *out, uint32_t max, uint64_t now_ns);
/* Gives back the packets of the last call (before stopping). */
void port_release(struct port_queue *q);

/* Sends frames[0..*sent), in order, count being at most PACKET_BURST_MAX. count 0 gives the driver
 * an opportunity to push out what it still holds. Only for ports with `transmit`. */
enum port_send port_send_burst(struct port_queue *q, const struct port_frame *frames,
                               uint32_t count, uint32_t *sent);

/* Control core, a few times per second: counters, link. For TIME_HARDWARE also the clock mapping.
 */
void port_poll(struct port *p, uint64_t now_ns);
const struct port_stats *port_stats(const struct port *p);
/* The device's own Ethernet address, the first octet in bits 40-47; 0: it has none. */
uint64_t port_mac(const struct port *p);
const char *port_name(const struct port *p);
/* What was negotiated, one line for people: driver, queues, multicast filter or all, timestamps. */
const char *port_description(const struct port *p);
/* True where receiving needs no system call (PCI, ring, null, memif), false for AF_*, pcap, tap. */
bool port_is_syscall_free(const struct port *p);

#endif
