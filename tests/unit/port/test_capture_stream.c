/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Capture stream: bytes out are bytes in, packed or not, from memory, files and pipes.
 */
#include "dataplane/port/capture_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/port/craft.h"
#include "tests/unit/suite.h"

static void plain_bytes_in_parts(void)
{
	struct capture_stream s;
	uint8_t out[8];

	CU_ASSERT_EQUAL_FATAL(capture_stream_open_memory(&s, "abcdefgh", 8), 0);
	CU_ASSERT_EQUAL(capture_stream_read(&s, out, 3), 3);
	CU_ASSERT_EQUAL(memcmp(out, "abc", 3), 0);
	CU_ASSERT_FALSE(s.ended);
	CU_ASSERT_EQUAL(capture_stream_read(&s, out, 8), 5);
	CU_ASSERT_EQUAL(memcmp(out, "defgh", 5), 0);
	CU_ASSERT_TRUE(s.ended);
	CU_ASSERT_FALSE(s.damaged);
	CU_ASSERT_EQUAL(capture_stream_read(&s, out, 8), 0);
	capture_stream_close(&s);
}

static void members_follow_each_other_and_padding_is_ignored(void)
{
	struct craft c = {0};
	struct capture_stream s;
	uint8_t out[64];

	craft_gzip(&c, "one ", 4);
	craft_gzip(&c, "", 0);
	craft_gzip(&c, "two", 3);
	craft_raw(&c, "\0\0\0\0", 4);
	CU_ASSERT_EQUAL_FATAL(capture_stream_open_memory(&s, c.data, c.bytes), 0);
	CU_ASSERT_EQUAL(capture_stream_read(&s, out, sizeof(out)), 7);
	CU_ASSERT_EQUAL(memcmp(out, "one two", 7), 0);
	CU_ASSERT_TRUE(s.ended);
	CU_ASSERT_FALSE(s.damaged);
	capture_stream_close(&s);
}

static void one_byte_at_a_time(void)
{
	struct craft c = {0};
	struct capture_stream s;
	uint8_t out[2];

	craft_gzip(&c, "one ", 4);
	craft_gzip(&c, "two", 3);
	CU_ASSERT_EQUAL_FATAL(capture_stream_open_memory(&s, c.data, c.bytes), 0);
	for (const char *expected = "one two"; *expected != '\0'; expected++) {
		CU_ASSERT_EQUAL(capture_stream_read(&s, out, 1), 1);
		CU_ASSERT_EQUAL(out[0], *expected);
	}
	CU_ASSERT_EQUAL(capture_stream_read(&s, out, 1), 0);
	CU_ASSERT_FALSE(s.damaged);
	capture_stream_close(&s);
}

static void *feed_pipe(void *argument)
{
	const struct craft *c = argument;
	FILE *f = fopen((const char *)c->data + CRAFT_BYTES_MAX / 2, "wb");

	if (f == NULL)
		return NULL;
	setvbuf(f, NULL, _IONBF, 0);
	for (uint32_t i = 0; i < c->bytes; i++) {
		fputc(c->data[i], f);
		usleep(100);
	}
	fclose(f);
	return NULL;
}

/* A pipe may deliver byte by byte: the magic number and the members must not depend on it. */
static void a_slow_pipe(void)
{
	char directory[] = "/tmp/genesis-stream-XXXXXX";
	struct craft c = {0};
	struct capture_stream s;
	pthread_t writer;
	uint8_t out[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	char *path = (char *)c.data + CRAFT_BYTES_MAX / 2;

	snprintf(path, 256, "%s/pipe", directory);
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	craft_gzip(&c, "one ", 4);
	uint32_t first = c.bytes;

	craft_gzip(&c, "two", 3);
	CU_ASSERT_TRUE(first < c.bytes);
	snprintf(path, 256, "%s/pipe", directory); /* the packer may have used the space */
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, feed_pipe, &c), 0);
	CU_ASSERT_EQUAL_FATAL(capture_stream_open(&s, path), 0);
	CU_ASSERT_EQUAL(capture_stream_read(&s, out, sizeof(out)), 7);
	CU_ASSERT_EQUAL(memcmp(out, "one two", 7), 0);
	CU_ASSERT_FALSE(s.damaged);
	capture_stream_close(&s);
	pthread_join(writer, NULL);
	unlink(path);
	rmdir(directory);
}

static void errors_are_told(void)
{
	struct capture_stream s;

	CU_ASSERT_EQUAL(capture_stream_open(&s, "/nonexistent"), -ENOENT);
	CU_ASSERT_EQUAL(capture_stream_open(&s, "/tmp"), -EISDIR);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"plain bytes in parts", plain_bytes_in_parts},
	        {"members follow each other and padding is ignored",
	         members_follow_each_other_and_padding_is_ignored},
	        {"one byte at a time", one_byte_at_a_time},
	        {"a slow pipe", a_slow_pipe},
	        {"errors are told", errors_are_told},
	};

	return SUITE_RUN("capture_stream", tests);
}
