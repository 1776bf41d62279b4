/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/wire/describe.h"
#include "tests/unit/suite.h"

static const struct field prefix[] = {{"n2", 1, 2, FIELD_NUMBER}, FIELDS_END};
static const struct field fields[] = {
        {"n6", 3, 6, FIELD_NUMBER},
        {"flags", 1, 2, FIELD_FLAGS},
        {"char", 9, 1, FIELD_CHAR},
        {"text", 10, 6, FIELD_TEXT},
        {"p4", 16, 4, FIELD_PRICE4},
        {"p8", 16, 8, FIELD_PRICE8},
        {"signed", 16, 8, FIELD_PRICE_SIGNED},
        FIELDS_END,
};
static struct describe_format format = {
        .length = 24,
        .big_endian = true,
        .prefix = prefix,
        .fields = fields,
};
static char text[512];

static const char *describe(const void *message, uint32_t bytes)
{
	int length = describe_message(message, bytes, &format, text, sizeof(text));

	CU_ASSERT_EQUAL((size_t)length, strlen(text));
	return text;
}

static void test_every_kind(void)
{
	static const char message[] =
	        "M\x01\x02\0\0\0\0\x01\0Zab c  \xff\xff\xff\xff\xff\xff\xd8\xf0";

	format.big_endian = true;
	CU_ASSERT_STRING_EQUAL(describe(message, 24),
	                       "M n2=258 n6=256 flags=0x0102 char=Z text=ab\\x20c p4=429496.7295 "
	                       "p8=184467440737.09541616 signed=-1.0000");
	format.big_endian = false;
	CU_ASSERT_STRING_EQUAL(describe(message, 24),
	                       "M n2=513 n6=4294967296 flags=0x0201 char=Z text=ab\\x20c "
	                       "p4=429496.7295 p8=173549026390.48916991 "
	                       "signed=-109184143466063.4625");
	format.big_endian = true;
}

static void test_extreme_prices(void)
{
	char message[25] = "M";

	message[16] = (char)0x80; /* the most negative number */
	CU_ASSERT_PTR_NOT_NULL(strstr(describe(message, 24), "signed=-922337203685477.5808"));
	message[16] = 0;
	CU_ASSERT_PTR_NOT_NULL(
	        strstr(describe(message, 24), "p4=0.0000 p8=0.00000000 signed=0.0000"));
}

static void test_bytes_that_would_break_the_line(void)
{
	char message[25] = "M";

	memcpy(message + 9, " a\n\\\0\x80 ", 7);
	CU_ASSERT_PTR_NOT_NULL(
	        strstr(describe(message, 24), " char=\\x20 text=a\\x0a\\x5c\\x00\\x80 p4="));
	message[0] = '\0';
	CU_ASSERT_EQUAL(strncmp(describe(message, 24), "\\x00 n2=", 8), 0);
	memcpy(message + 10, "      ", 6);
	CU_ASSERT_PTR_NOT_NULL(strstr(describe(message, 24), " text= p4="));
}

static void test_lengths(void)
{
	static const char message[32] = "M";

	CU_ASSERT_STRING_EQUAL(describe(message, 0), "empty");
	CU_ASSERT_STRING_EQUAL(describe(message, 23), "M short bytes=23 of=24");
	CU_ASSERT_PTR_NULL(strstr(describe(message, 24), "extra"));
	CU_ASSERT_PTR_NOT_NULL(strstr(describe(message, 29), " extra_bytes=5"));
	format.length = 0;
	format.fields = NULL;
	CU_ASSERT_STRING_EQUAL(describe(message, 29), "M unknown bytes=29");
	format.length = 24;
	format.fields = fields;
}

static void test_cut_like_snprintf(void)
{
	static const char message[32] = "M";
	char whole[512];
	int length = describe_message((const uint8_t *)message, 24, &format, whole, sizeof(whole));

	for (uint32_t room = 0; room <= (uint32_t)length + 1; room++) {
		memset(text, '#', sizeof(text));
		CU_ASSERT_EQUAL(describe_message((const uint8_t *)message, 24, &format, text, room),
		                length);
		CU_ASSERT_EQUAL(text[room], '#');
		if (room == 0)
			continue;
		CU_ASSERT_EQUAL(strlen(text), room - 1);
		CU_ASSERT_EQUAL(memcmp(text, whole, room - 1), 0);
	}
}

static const struct suite_test tests[] = {
        {"every kind of field", test_every_kind},
        {"extreme prices", test_extreme_prices},
        {"bytes that would break the line", test_bytes_that_would_break_the_line},
        {"lengths", test_lengths},
        {"cut like snprintf", test_cut_like_snprintf},
};

int main(void)
{
	return SUITE_RUN("describe", tests);
}
