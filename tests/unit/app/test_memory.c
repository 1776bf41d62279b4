/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static char engine[32];

static void test_anonymous(void)
{
	struct memory m;

	CU_ASSERT_EQUAL_FATAL(memory_anonymous(&m, 100), 0);
	CU_ASSERT_EQUAL(m.bytes, MEMORY_BLOCK_ALIGN);
	CU_ASSERT_EQUAL((uintptr_t)m.base % MEMORY_BLOCK_ALIGN, 0);
	for (uint64_t i = 0; i < m.bytes; i += 4096)
		CU_ASSERT_EQUAL(m.base[i], 0);
	uint8_t *a = memory_place(&m, 10, 1);
	uint8_t *b = memory_place(&m, 10, 4096);

	CU_ASSERT_PTR_EQUAL(a, m.base);
	CU_ASSERT_PTR_EQUAL(b, m.base + 4096);
	CU_ASSERT_EQUAL(memory_offset(&m, b), 4096);
	memory_destroy(&m);
	CU_ASSERT_PTR_NULL(m.base);
}

/* Far more than the machine has: it is a maximum, nothing is touched. */
static void test_anonymous_large(void)
{
	struct memory m;

	CU_ASSERT_EQUAL_FATAL(memory_anonymous(&m, 64ull << 30), 0);
	m.base[m.bytes - 1] = 1;
	memory_destroy(&m);
}

static void test_named(void)
{
	struct memory m;
	struct memory again;
	struct memory reader;
	char error[MEMORY_ERROR_BYTES] = "";

	CU_ASSERT_EQUAL_FATAL(
	        memory_create(&m, engine, "part", 3u << 20, MEMORY_PAGES_SMALL, error), 0);
	CU_ASSERT_EQUAL(m.bytes, 4u << 20);
	CU_ASSERT_FALSE(m.huge);
	CU_ASSERT_EQUAL(memory_create(&again, engine, "part", 1, MEMORY_PAGES_SMALL, error),
	                -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, m.path));
	m.base[12345] = 42;
	CU_ASSERT_EQUAL_FATAL(memory_attach(&reader, m.path, error), 0);
	CU_ASSERT_EQUAL(reader.bytes, m.bytes);
	CU_ASSERT_EQUAL((uintptr_t)reader.base % MEMORY_BLOCK_ALIGN, 0);
	CU_ASSERT_EQUAL(reader.base[12345], 42);
	m.base[12346] = 43;
	CU_ASSERT_EQUAL(reader.base[12346], 43);

	/* Whoever asks for the lock does not take it. */
	CU_ASSERT_EQUAL(memory_is_held(reader.fd), 0);
	CU_ASSERT_EQUAL(memory_lock(m.fd), 0);
	CU_ASSERT_EQUAL(memory_is_held(reader.fd), 1);
	CU_ASSERT_EQUAL(memory_control_is_held(m.path), 1);
	CU_ASSERT_EQUAL(memory_is_held(m.fd), 0); /* somebody else, it says */

	char path[MEMORY_PATH_BYTES];

	memcpy(path, m.path, sizeof(path));
	memory_destroy(&reader);
	CU_ASSERT_EQUAL(access(path, F_OK), 0); /* a reader does not remove it */
	memory_destroy(&m);
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(memory_attach(&reader, path, error), -ENOENT);
}

static void test_huge_pages(void)
{
	struct memory m;
	char error[MEMORY_ERROR_BYTES] = "";
	uint64_t pages = memory_huge_pages_free();

	/* More than there are: refused with numbers when demanded, small pages when not. */
	CU_ASSERT_NOT_EQUAL(
	        memory_create(&m, engine, "huge", (pages + 1) << 21, MEMORY_PAGES_HUGE, error), 0);
	CU_ASSERT_NOT_EQUAL(error[0], '\0');
	CU_ASSERT_EQUAL_FATAL(
	        memory_create(&m, engine, "any", (pages + 1) << 21, MEMORY_PAGES_ANY, error), 0);
	CU_ASSERT_FALSE(m.huge);
	memory_destroy(&m);
	if (pages == 0) {
		printf("no huge pages are free: creating in them is not tried ... ");
		return;
	}
	if (memory_create(&m, engine, "huge", 1, MEMORY_PAGES_HUGE, error) != 0) {
		printf("%s ... ", error);
		return;
	}
	CU_ASSERT_TRUE(m.huge);
	m.base[0] = 1;
	CU_ASSERT_EQUAL(memory_huge_pages_free(), pages - 1);
	memory_destroy(&m);
	CU_ASSERT_EQUAL(memory_huge_pages_free(), pages);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"anonymous", test_anonymous},
	        {"anonymous, larger than the machine", test_anonymous_large},
	        {"named", test_named},
	        {"huge pages", test_huge_pages},
	};

	snprintf(engine, sizeof(engine), "test-%d", (int)getpid());
	return SUITE_RUN("memory", tests);
}
