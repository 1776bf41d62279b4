/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/capture_stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GZIP_WINDOW_BITS (15 + 16) /* largest window, gzip framing */

/* Makes input available; false: there is no more. */
static bool refill(struct capture_stream *s)
{
	if (s->left > 0)
		return true;
	if (s->fd < 0)
		return false;
	ssize_t got;

	do
		got = read(s->fd, s->input, CAPTURE_STREAM_INPUT_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		s->error = -errno;
		s->damaged = true;
		return false;
	}
	s->next = s->input;
	s->left = (size_t)got;
	return got > 0;
}

/* Looks for the magic number in the first input. A pipe may bring the first two bytes apart; they
 * are collected before deciding. */
static int detect(struct capture_stream *s)
{
	refill(s);
	if (s->left == 1 && s->fd >= 0) {
		ssize_t got = read(s->fd, s->input + 1, CAPTURE_STREAM_INPUT_BYTES - 1);

		if (got > 0)
			s->left += (size_t)got;
	}
	if (s->error != 0)
		return s->error;
	s->gzipped = s->left >= 2 && s->next[0] == 0x1f && s->next[1] == 0x8b;
	if (s->gzipped && inflateInit2(&s->inflate, GZIP_WINDOW_BITS) != Z_OK)
		return -ENOMEM;
	s->member_open = s->gzipped;
	return 0;
}

int capture_stream_open(struct capture_stream *s, const char *path)
{
	*s = (struct capture_stream){.fd = -1};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	s->fd = fd;
	s->input = malloc(CAPTURE_STREAM_INPUT_BYTES);
	int error = s->input == NULL ? -ENOMEM : detect(s);

	if (error != 0)
		capture_stream_close(s);
	return error;
}

int capture_stream_open_memory(struct capture_stream *s, const void *data, size_t bytes)
{
	*s = (struct capture_stream){.fd = -1, .next = data, .left = bytes};
	int error = detect(s);

	if (error != 0)
		capture_stream_close(s);
	return error;
}

/* After a member: is there another one? */
static void next_member(struct capture_stream *s)
{
	s->member_open = false;
	/* One byte may be the last of this read and its partner the first of the next: a member's
	 * start is recognised by its first byte, the rest of the magic is inflate's to check. */
	if (!refill(s) || s->next[0] != 0x1f) {
		s->ended = true;
		return;
	}
	inflateReset(&s->inflate);
	s->member_open = true;
}

static size_t read_gzipped(struct capture_stream *s, uint8_t *out, size_t bytes)
{
	size_t done = 0;

	while (done < bytes && !s->ended) {
		if (!refill(s)) {
			s->damaged |= s->member_open;
			s->ended = true;
			break;
		}
		size_t room = bytes - done < UINT32_MAX ? bytes - done : UINT32_MAX;
		size_t input = s->left < UINT32_MAX ? s->left : UINT32_MAX;

		s->inflate.next_in = (Bytef *)(uintptr_t)s->next;
		s->inflate.avail_in = (uInt)input;
		s->inflate.next_out = out + done;
		s->inflate.avail_out = (uInt)room;
		int result = inflate(&s->inflate, Z_NO_FLUSH);

		s->next += input - s->inflate.avail_in;
		s->left -= input - s->inflate.avail_in;
		done += room - s->inflate.avail_out;
		if (result == Z_STREAM_END) {
			next_member(s);
		} else if (result != Z_OK && result != Z_BUF_ERROR) {
			s->damaged = true;
			s->ended = true;
		}
	}
	return done;
}

size_t capture_stream_read(struct capture_stream *s, uint8_t *out, size_t bytes)
{
	if (s->gzipped)
		return read_gzipped(s, out, bytes);
	size_t done = 0;

	while (done < bytes && refill(s)) {
		size_t part = bytes - done < s->left ? bytes - done : s->left;

		memcpy(out + done, s->next, part);
		s->next += part;
		s->left -= part;
		done += part;
	}
	s->ended |= done < bytes;
	return done;
}

void capture_stream_close(struct capture_stream *s)
{
	if (s->gzipped)
		inflateEnd(&s->inflate);
	if (s->fd >= 0)
		close(s->fd);
	free(s->input);
	*s = (struct capture_stream){.fd = -1};
}
