/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Capture writer: what was written is what is read; errors are told at the latest by the finish.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/port/capture.h"
#include "tests/unit/suite.h"

#define FRAMES 1000u

static uint32_t frame_make(uint8_t *frame, uint32_t i)
{
	uint32_t bytes = i % 1515;

	for (uint32_t b = 0; b < bytes; b++)
		frame[b] = (uint8_t)(i * 7 + b);
	return bytes;
}

static uint64_t frame_time(uint32_t i)
{
	return 1692662400000000000ull + i * 333333333ull;
}

static void written_is_read(void)
{
	char path[] = "/tmp/genesis-writer-XXXXXX";
	char error[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;
	struct capture *c;
	static uint8_t frame[2048];
	struct packet p[PACKET_BURST_MAX];
	uint32_t seen = 0;

	close(mkstemp(path));
	CU_ASSERT_EQUAL_FATAL(capture_create(&w, path, error), 0);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t bytes = frame_make(frame, i);

		CU_ASSERT_EQUAL(capture_write(w, frame, bytes, frame_time(i)), 0);
	}
	CU_ASSERT_EQUAL(capture_finish(w), 0);
	CU_ASSERT_EQUAL_FATAL(capture_open(&c, path, error), 0);
	for (uint32_t n; (n = capture_receive(c, p, PACKET_BURST_MAX)) > 0;)
		for (uint32_t i = 0; i < n; i++, seen++) {
			CU_ASSERT_EQUAL(p[i].bytes, frame_make(frame, seen));
			CU_ASSERT_EQUAL(memcmp(p[i].data, frame, p[i].bytes), 0);
			CU_ASSERT_EQUAL(p[i].time_ns, frame_time(seen));
		}
	CU_ASSERT_EQUAL(seen, FRAMES);
	CU_ASSERT_FALSE(capture_cut(c));
	capture_close(c);
	unlink(path);
}

static void the_largest_frame_passes_and_larger_ones_are_refused(void)
{
	char path[] = "/tmp/genesis-writer-XXXXXX";
	char error[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;
	struct capture *c;
	struct packet p[PACKET_BURST_MAX];
	uint8_t *frame = calloc(1, 262145);
	uint32_t seen = 0;

	close(mkstemp(path));
	CU_ASSERT_EQUAL_FATAL(capture_create(&w, path, error), 0);
	CU_ASSERT_EQUAL(capture_write(w, frame, 262145, 0), -EMSGSIZE);
	CU_ASSERT_EQUAL(capture_write(w, frame, 10, UINT64_MAX), -ERANGE);
	for (uint32_t i = 0; i < 9; i++) /* more than the reader holds at once */
		CU_ASSERT_EQUAL(capture_write(w, frame, 262144, i), 0);
	CU_ASSERT_EQUAL(capture_finish(w), 0);
	CU_ASSERT_EQUAL_FATAL(capture_open(&c, path, error), 0);
	for (uint32_t n; (n = capture_receive(c, p, PACKET_BURST_MAX)) > 0;)
		for (uint32_t i = 0; i < n; i++, seen++) {
			CU_ASSERT_EQUAL(p[i].bytes, 262144);
			CU_ASSERT_EQUAL(p[i].time_ns, seen);
			CU_ASSERT_EQUAL(memcmp(p[i].data, frame, p[i].bytes), 0);
		}
	CU_ASSERT_EQUAL(seen, 9);
	CU_ASSERT_FALSE(capture_cut(c));
	capture_close(c);
	free(frame);
	unlink(path);
}

static void a_full_disk_is_told(void)
{
	char error[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;
	static const uint8_t frame[1024];

	if (access("/dev/full", W_OK) != 0)
		return;
	CU_ASSERT_EQUAL_FATAL(capture_create(&w, "/dev/full", error), 0);
	CU_ASSERT_EQUAL(capture_write(w, frame, sizeof(frame), 0), 0); /* still in the buffer */
	CU_ASSERT_EQUAL(capture_finish(w), -ENOSPC);
	/* With more than the buffer, the write itself tells, and the finish again. */
	CU_ASSERT_EQUAL_FATAL(capture_create(&w, "/dev/full", error), 0);
	int result = 0;

	for (uint32_t i = 0; i < 1000 && result == 0; i++)
		result = capture_write(w, frame, sizeof(frame), 0);
	CU_ASSERT_EQUAL(result, -ENOSPC);
	CU_ASSERT_EQUAL(capture_finish(w), -ENOSPC);
}

static void what_cannot_be_written_is_named(void)
{
	char error[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;

	CU_ASSERT_EQUAL(capture_create(&w, "/nonexistent/x.pcap", error), -ENOENT);
	CU_ASSERT_STRING_EQUAL(error, "/nonexistent/x.pcap: No such file or directory");
	CU_ASSERT_PTR_NULL(w);
	CU_ASSERT_EQUAL(capture_finish(NULL), 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"written is read", written_is_read},
	        {"the largest frame passes and larger ones are refused",
	         the_largest_frame_passes_and_larger_ones_are_refused},
	        {"a full disk is told", a_full_disk_is_told},
	        {"what cannot be written is named", what_cannot_be_written_is_named},
	};

	return SUITE_RUN("capture_writer", tests);
}
