/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_NS        0xa1b23c4du
#define SNAP_BYTES      262144u
#define LINK_ETHERNET   1u
#define NS_PER_S        1000000000u
#define IO_BUFFER_BYTES (256u * 1024u)

/* The file in the byte order of the machine that writes it, as the format allows. */
struct file_header {
	uint32_t magic;
	uint16_t version_major;
	uint16_t version_minor;
	uint32_t zone;
	uint32_t accuracy;
	uint32_t snap_bytes;
	uint32_t link_type;
};

struct record_header {
	uint32_t time_s;
	uint32_t time_ns;
	uint32_t captured_bytes;
	uint32_t frame_bytes;
};

static_assert(sizeof(struct file_header) == 24, "pcap file format");
static_assert(sizeof(struct record_header) == 16, "pcap file format");

struct capture_writer {
	FILE *file;
	int error; /* the first -errno; sticks until the finish */
	char buffer[IO_BUFFER_BYTES];
};

static int put(struct capture_writer *w, const void *data, size_t bytes)
{
	if (w->error == 0 && fwrite(data, 1, bytes, w->file) != bytes)
		w->error = errno != 0 ? -errno : -EIO;
	return w->error;
}

static int create_file(struct capture_writer *w, const char *path)
{
	static const struct file_header header = {
	        .magic = MAGIC_NS,
	        .version_major = 2,
	        .version_minor = 4,
	        .snap_bytes = SNAP_BYTES,
	        .link_type = LINK_ETHERNET,
	};

	w->file = fopen(path, "wbe");
	if (w->file == NULL)
		return -errno;
	setvbuf(w->file, w->buffer, _IOFBF, sizeof(w->buffer));
	return put(w, &header, sizeof(header));
}

int capture_create(struct capture_writer **out, const char *path, char error[CAPTURE_ERROR_BYTES])
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int result = w == NULL ? -ENOMEM : create_file(w, path);

	error[0] = '\0';
	*out = w;
	if (result == 0)
		return 0;
	snprintf(error, CAPTURE_ERROR_BYTES, "%s: %s", path, strerror(-result));
	if (w != NULL && w->file != NULL)
		fclose(w->file);
	free(w);
	*out = NULL;
	return result;
}

int capture_write(struct capture_writer *w, const uint8_t *frame, uint32_t bytes, uint64_t time_ns)
{
	if (bytes > SNAP_BYTES)
		return -EMSGSIZE;
	if (time_ns / NS_PER_S > UINT32_MAX)
		return -ERANGE;
	const struct record_header header = {
	        .time_s = (uint32_t)(time_ns / NS_PER_S),
	        .time_ns = (uint32_t)(time_ns % NS_PER_S),
	        .captured_bytes = bytes,
	        .frame_bytes = bytes,
	};

	put(w, &header, sizeof(header));
	return put(w, frame, bytes);
}

int capture_finish(struct capture_writer *w)
{
	if (w == NULL)
		return 0;
	int error = w->error;

	if (fclose(w->file) != 0 && error == 0)
		error = errno != 0 ? -errno : -EIO;
	free(w);
	return error;
}
