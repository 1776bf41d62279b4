/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Packet: what a port hands up, whether it is a NIC queue or a capture file. The bytes belong to
 * the port and are valid until the next receive call on it.
 */
#ifndef DATAPLANE_WIRE_PACKET_H
#define DATAPLANE_WIRE_PACKET_H

#include <stdint.h>

enum time_source {
	TIME_NONE,     /* no time known (BinaryFILE) */
	TIME_TURN,     /* the receive core's clock at the start of its turn */
	TIME_HARDWARE, /* stamped by the NIC, mapped to the engine's clock */
	TIME_CAPTURE,  /* recorded in the capture file */
};

#define PACKET_BURST_MAX 64u

struct packet {
	const uint8_t *data; /* from the Ethernet header on */
	uint32_t bytes;      /* captured bytes, trailer included */
	uint8_t port;        /* index of the port in the engine */
	uint8_t time_source; /* enum time_source */
	uint16_t reserved;
	uint64_t time_ns; /* nanoseconds since the Unix epoch, see time_source */
};

#endif
