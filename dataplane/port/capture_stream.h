/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Capture stream: the bytes of a capture, read once from front to end, from a file or from memory,
 * unpacked on the way when they are gzipped (also several members one after the other; what follows
 * the last member is ignored, as gzip does). Private to capture.
 *
 * The inflating is done here and not by gzread(), because of a damaged file every byte before the
 * damage is wanted, and gzread() drops what it had unpacked in the call that failed.
 */
#ifndef DATAPLANE_PORT_CAPTURE_STREAM_H
#define DATAPLANE_PORT_CAPTURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#define CAPTURE_STREAM_INPUT_BYTES 262144u

struct capture_stream {
	int fd;              /* -1: memory */
	const uint8_t *next; /* input not yet consumed: in input[], or the caller's memory */
	size_t left;
	uint8_t *input; /* files: CAPTURE_STREAM_INPUT_BYTES, owned */
	z_stream inflate;
	bool gzipped;
	bool member_open; /* gzipped: inside a member */
	bool ended;       /* nothing more will come */
	bool damaged;     /* it ended inside a gzip member, by damage, or by a read error */
	int error;        /* -errno of a failed read */
};

/* 0, or -errno: cannot be opened or read, no memory. On error there is nothing to close. */
int capture_stream_open(struct capture_stream *s, const char *path);
int capture_stream_open_memory(struct capture_stream *s, const void *data, size_t bytes);
/* Fills out[0..bytes) as far as the stream goes; fewer only at its end. */
size_t capture_stream_read(struct capture_stream *s, uint8_t *out, size_t bytes);
void capture_stream_close(struct capture_stream *s);

#endif
