/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Capture: a file as a port. pcap (us and ns, both byte orders) and pcapng by libpcap, either also
 * gzipped (zlib); anything else is a BinaryFILE of length-prefixed messages, which has no packets.
 * Not for the hot path: reads ahead of time as a file does.
 */
#ifndef DATAPLANE_PORT_CAPTURE_H
#define DATAPLANE_PORT_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/packet.h"

#define CAPTURE_ERROR_BYTES 256u

enum capture_kind { CAPTURE_PACKETS, CAPTURE_MESSAGES };

struct capture; /* capture.c */

/* 0, or -errno with "PATH: what" in error[]: cannot be opened or read, link type other than
 * Ethernet. */
int capture_open(struct capture **out, const char *path, char error[CAPTURE_ERROR_BYTES]);
/* The same over memory (tests, fuzzing). bytes is not copied. */
int capture_open_memory(struct capture **out, const void *data, uint64_t bytes,
                        char error[CAPTURE_ERROR_BYTES]);
enum capture_kind capture_kind(const struct capture *c);

/* CAPTURE_PACKETS: up to max packets, 0 at the end. A record cut short ends the file
 * (capture_cut()). Valid until the next call. */
uint32_t capture_receive(struct capture *c, struct packet *out, uint32_t max);

/* CAPTURE_MESSAGES: whole blocks {u16 big-endian length, message} back to back, at most 65535 bytes
 * and 65534 blocks; 0 at the end. Valid until the next call. */
uint32_t capture_blocks(struct capture *c, const uint8_t **blocks, uint32_t *bytes);

/* The file ended inside a record. */
bool capture_cut(const struct capture *c);
void capture_close(struct capture *c);

/* Writing: a pcap file with nanosecond times (for generated days and tests). */
struct capture_writer;
int capture_create(struct capture_writer **out, const char *path, char error[CAPTURE_ERROR_BYTES]);
int capture_write(struct capture_writer *w, const uint8_t *frame, uint32_t bytes, uint64_t time_ns);
/* 0 or -errno: everything is in the file only after a close that returned 0. */
int capture_finish(struct capture_writer *w);

#endif
