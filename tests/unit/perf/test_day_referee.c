/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The referee, held against cases worked out by hand.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_referee.h"
#include "tests/unit/suite.h"

static struct day_referee *r;

static void begin(void)
{
	CU_ASSERT_EQUAL_FATAL(day_referee_create(&r), 0);
}

static void expect_csv(const char *rows)
{
	char *text = NULL;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(day_referee_write_csv(r, f), 0);
	fclose(f);
	CU_ASSERT_EQUAL(strncmp(text, "symbol,side,price,quantity,orders\n", 34), 0);
	CU_ASSERT_STRING_EQUAL(text + 34, rows);
	if (strcmp(text + 34, rows) != 0)
		printf("%s", text);
	free(text);
}

static void end(void)
{
	day_referee_destroy(r);
}

static void apply(const uint8_t *m, uint32_t bytes)
{
	CU_ASSERT_EQUAL_FATAL(day_referee_apply(r, m, bytes), 0);
}

static void send_add(uint16_t locate, const char *symbol, uint64_t reference, char side,
                     uint32_t shares, uint32_t price)
{
	uint8_t m[36] = {'A'};

	put_be16(m + 1, locate);
	put_be64(m + 11, reference);
	m[19] = (uint8_t)side;
	put_be32(m + 20, shares);
	memcpy(m + 24, symbol, 8);
	put_be32(m + 32, price);
	apply(m, sizeof(m));
}

static void send_take(char type, uint64_t reference, uint32_t shares)
{
	uint8_t m[36] = {(uint8_t)type};

	put_be64(m + 11, reference);
	put_be32(m + 19, shares);
	apply(m, day_message_bytes((uint8_t)type));
}

static void send_replace(uint64_t reference, uint64_t new_reference, uint32_t shares,
                         uint32_t price)
{
	uint8_t m[35] = {'U'};

	put_be64(m + 11, reference);
	put_be64(m + 19, new_reference);
	put_be32(m + 27, shares);
	put_be32(m + 31, price);
	apply(m, sizeof(m));
}

static void send_directory(uint16_t locate, const char *symbol)
{
	uint8_t m[39] = {'R'};

	put_be16(m + 1, locate);
	memcpy(m + 11, symbol, 8);
	apply(m, sizeof(m));
}

static void test_levels_and_order_of_rows(void)
{
	begin();
	send_add(1, "BB      ", 1, 'S', 100, 20001);
	send_add(1, "BB      ", 2, 'S', 50, 20000);
	send_add(1, "BB      ", 3, 'B', 10, 19999);
	send_add(1, "BB      ", 4, 'B', UINT32_MAX, 19999);
	send_add(1, "BB      ", 5, 'B', UINT32_MAX, 19999);
	send_add(2, "B       ", 6, 'B', 1, 5);
	send_add(3, "BB.A    ", 7, 'B', 1, 4294967295u);
	expect_csv("B,B,0.0005,1,1\n"
	           "BB,B,1.9999,8589934600,3\n"
	           "BB,S,2.0000,50,1\n"
	           "BB,S,2.0001,100,1\n"
	           "BB.A,B,429496.7295,1,1\n");
	CU_ASSERT_EQUAL(day_referee_counts(r)->orders_live, 7);
	CU_ASSERT_EQUAL(day_referee_counts(r)->symbols, 3);
	end();
}

static void test_taking(void)
{
	begin();
	send_add(1, "A       ", 1, 'B', 100, 10000);
	send_add(1, "A       ", 2, 'B', 100, 10000);
	send_add(1, "A       ", 3, 'B', 100, 10000);
	send_take('E', 1, 40);
	send_take('C', 1, 10);
	send_take('X', 1, 5);
	send_take('X', 2, 0);
	expect_csv("A,B,1.0000,245,3\n");
	send_take('X', 1, 46); /* more than rests */
	send_take('E', 2, 100);
	send_take('D', 3, 0);
	expect_csv("");
	CU_ASSERT_EQUAL(day_referee_counts(r)->orders_live, 0);
	CU_ASSERT_EQUAL(day_referee_counts(r)->orphan_references, 0);
	send_take('D', 3, 0);
	send_take('E', 1, 1);
	send_take('C', 1, 1);
	send_take('X', 9, 1);
	send_replace(9, 10, 5, 5);
	CU_ASSERT_EQUAL(day_referee_counts(r)->orphan_references, 5);
	expect_csv("");
	end();
}

static void test_replacing(void)
{
	begin();
	send_add(1, "A       ", 1, 'S', 100, 10000);
	send_add(2, "B       ", 2, 'S', 70, 10000);
	send_replace(1, 3, 60, 9000);
	expect_csv("A,S,0.9000,60,1\nB,S,1.0000,70,1\n");
	send_replace(3, 3, 61, 9001);
	expect_csv("A,S,0.9001,61,1\nB,S,1.0000,70,1\n");
	send_replace(3, 2, 5, 9002); /* onto a live reference */
	expect_csv("A,S,0.9002,5,1\n");
	send_replace(2, 4, 0, 9002);
	expect_csv("");
	CU_ASSERT_EQUAL(day_referee_counts(r)->orders_live, 0);
	end();
}

static void test_odd_adds(void)
{
	begin();
	send_add(1, "A       ", 1, 'B', 100, 10000);
	send_add(1, "A       ", 1, 'S', 30, 20000); /* a second time */
	expect_csv("A,S,2.0000,30,1\n");
	send_add(1, "A       ", 1, 'S', 0, 20000);
	send_add(1, "A       ", 1, 'b', 7, 20000);
	send_add(1, "A       ", 2, 'X', 7, 20000);
	expect_csv("A,S,2.0000,30,1\n");
	CU_ASSERT_EQUAL(day_referee_counts(r)->orders_live, 1);
	end();
}

static void test_symbol_of_an_order(void)
{
	begin();
	send_add(7, "OWN     ", 1, 'B', 1, 10000);
	send_directory(7, "DIR     ");
	send_add(7, "OTHER   ", 2, 'B', 1, 10000);
	expect_csv("DIR,B,1.0000,1,1\nOWN,B,1.0000,1,1\n");
	day_referee_reset(r);
	expect_csv("");
	send_add(7, "OTHER   ", 2, 'B', 1, 10000);
	expect_csv("OTHER,B,1.0000,1,1\n");
	CU_ASSERT_EQUAL(day_referee_counts(r)->symbols, 3);
	end();
}

static void test_bad_messages(void)
{
	uint8_t m[64] = {'A'};

	begin();
	apply(m, 0);
	apply(m, 35);
	m[0] = 'Z';
	apply(m, 64);
	m[0] = 0;
	apply(m, 1);
	CU_ASSERT_EQUAL(day_referee_counts(r)->messages, 4);
	CU_ASSERT_EQUAL(day_referee_counts(r)->empty, 1);
	CU_ASSERT_EQUAL(day_referee_counts(r)->unknown, 3);
	m[0] = 'D';
	apply(m, 64); /* longer than its specification: accepted */
	CU_ASSERT_EQUAL(day_referee_counts(r)->by_type['D'], 1);
	send_add(1, "        ", 1, 'B', 0, 1);
	CU_ASSERT_EQUAL(day_referee_counts(r)->symbols, 0);
	end();
}

/* Removal from the table must not hide what stands behind. */
static void test_many_orders(void)
{
	begin();
	for (uint64_t i = 1; i <= 50000; i++)
		send_add(1, "A       ", i * 4096, 'B', 2, 10000);
	for (uint64_t i = 1; i <= 50000; i += 2)
		send_take('D', i * 4096, 0);
	for (uint64_t i = 2; i <= 50000; i += 2)
		send_take('E', i * 4096, 1);
	CU_ASSERT_EQUAL(day_referee_counts(r)->orphan_references, 0);
	expect_csv("A,B,1.0000,25000,25000\n");
	end();
}

static const struct suite_test tests[] = {
        {"levels sum up and rows stand in order", test_levels_and_order_of_rows},
        {"executions, cancels, deletes", test_taking},
        {"replaces", test_replacing},
        {"odd adds", test_odd_adds},
        {"whose order it is", test_symbol_of_an_order},
        {"bad messages", test_bad_messages},
        {"many orders", test_many_orders},
};

int main(void)
{
	return SUITE_RUN("day_referee", tests);
}
