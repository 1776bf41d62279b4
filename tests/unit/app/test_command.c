/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/command.h"

#include "tests/unit/suite.h"

static void test_number(void)
{
	uint64_t v = 0;

	CU_ASSERT_EQUAL(command_number("0", 0, 10, &v), 0);
	CU_ASSERT_EQUAL(v, 0);
	CU_ASSERT_EQUAL(command_number("18446744073709551615", 0, UINT64_MAX, &v), 0);
	CU_ASSERT_EQUAL(v, UINT64_MAX);
	static const char *const wrong[] = {
	        "", "-1", "+1", " 1", "1 ", "0x10", "1e3", "18446744073709551616", "11", "a"};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		v = 77;
		CU_ASSERT_NOT_EQUAL(command_number(wrong[i], 0, 10, &v), 0);
		CU_ASSERT_EQUAL(v, 77);
	}
	CU_ASSERT_NOT_EQUAL(command_number("4", 5, 10, &v), 0);
}

static void test_address(void)
{
	uint32_t address = 0;
	uint16_t port = 0;

	CU_ASSERT_EQUAL(command_address("233.54.12.111:26477", &address, &port), 0);
	CU_ASSERT_EQUAL(address, 0xe9360c6f);
	CU_ASSERT_EQUAL(port, 26477);
	static const char *const wrong[] = {
	        "",        "233.54.12.111", "233.54.12.111:",     "233.54.12.111:0",
	        "1.2.3:4", "1.2.3.256:4",   "1.2.3.4:65536",      "1.2.3.4:5x",
	        ":5",      "host:5",        "1.2.3.4.5.6.7.8.9:5"};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_NOT_EQUAL(command_address(wrong[i], &address, &port), 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"whole numbers", test_number},
	        {"addresses", test_address},
	};

	return SUITE_RUN("command", tests);
}
