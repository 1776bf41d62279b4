/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "tests/unit/suite.h"

/* What an engine that got everything reports, and an exchange that sent it. */
struct accounts {
	uint64_t sent_messages, sent_lost, sent_a;
	uint64_t messages, lost, gaps, late, packets_a, missed_a;
	const char *sent_books, *books;
};

static const struct accounts equal = {.sent_messages = 100,
                                      .sent_lost = 5,
                                      .sent_a = 50,
                                      .messages = 100,
                                      .lost = 5,
                                      .gaps = 1,
                                      .packets_a = 50,
                                      .sent_books = "x,1\ny,2\n",
                                      .books = "x,1\ny,2\n"};

static struct demo_plan plan;

__attribute__((format(printf, 2, 3))) static void write_file(const char *name, const char *format,
                                                             ...)
{
	char path[DEMO_PATH_BYTES];
	va_list arguments;

	demo_plan_path(&plan, name, path);
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	va_start(arguments, format);
	vfprintf(f, format, arguments);
	va_end(arguments);
	fclose(f);
}

static void write_accounts(const struct accounts *a)
{
	write_file("exchange.json",
	           "{\"messages\": %" PRIu64 ", \"lost_messages\": %" PRIu64
	           ", \"gaps\": 1, \"lines\": {\"A\": {\"port\": {\"sent\": %" PRIu64
	           "}, \"made\": {\"lost_messages\": 7}}, \"B\": {\"port\": {\"sent\": 60}}}}",
	           a->sent_messages, a->sent_lost, a->sent_a);
	write_file("engine.json",
	           "{\"ports\": [{\"missed\": %" PRIu64 "}, {}], \"shards\": [{}], \"feeds\": "
	           "[{\"messages\": %" PRIu64 ", \"arbiter\": {\"lost_messages\": %" PRIu64
	           ", \"gaps\": %" PRIu64 ", \"late\": %" PRIu64
	           "}, \"lines\": [{\"packets\": %" PRIu64 "}, {\"packets\": 60}]}]}",
	           a->missed_a, a->messages, a->lost, a->gaps, a->late, a->packets_a);
	write_file("exchange.csv", "%s", a->sent_books);
	write_file("engine.csv", "%s", a->books);
}

static const struct demo_outside outside = {.books = 2, .suspect = 2};

/* The verdict in these circumstances, and whether it says so. */
static int verdict(const struct accounts *a, const struct demo_outside *o, const char *says)
{
	struct demo_sent sent;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	write_accounts(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(demo_sent_read(&plan, &sent), 0);
	CU_ASSERT_EQUAL(sent.lost_by_line[0], 7);
	int rc = demo_verdict(&plan, &sent, o, out);

	fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, says));
	CU_ASSERT_EQUAL(strstr(text, "FAILED") != NULL, rc != EXIT_OK);
	if (strstr(text, says) == NULL)
		printf("%s", text);
	free(text);
	return rc;
}

static void test_everything_equal(void)
{
	CU_ASSERT_EQUAL(verdict(&equal, &outside, "all 2 books are the exchange's own"), EXIT_OK);
}

static void test_whatever_differs_fails(void)
{
	struct accounts a = equal;
	struct demo_outside o = outside;

	a.books = "x,1\ny,3\n";
	CU_ASSERT_EQUAL(verdict(&a, &outside, "line 2: y,2"), EXIT_FAILED);
	a.books = "x,1\n";
	CU_ASSERT_EQUAL(verdict(&a, &outside, "line 2: y,2"), EXIT_FAILED);
	a.books = "x,1\ny,2\nz,3\n";
	CU_ASSERT_EQUAL(verdict(&a, &outside, "line 3: z,3"), EXIT_FAILED);
	a = equal;
	a.messages = 99;
	CU_ASSERT_EQUAL(verdict(&a, &outside, "100 are due"), EXIT_FAILED);
	a = equal;
	a.lost = 4;
	CU_ASSERT_EQUAL(verdict(&a, &outside, "no line carried 5"), EXIT_FAILED);
	a = equal;
	a.gaps = 2;
	CU_ASSERT_EQUAL(verdict(&a, &outside, "5 messages in 2 gaps"), EXIT_FAILED);
	o.suspect = 1;
	CU_ASSERT_EQUAL(verdict(&equal, &o, "1 of 2 books"), EXIT_FAILED);
	o = outside;
	o.engine_status = 139;
	CU_ASSERT_EQUAL(verdict(&equal, &o, "exit codes 139 and 0"), EXIT_FAILED);
}

/* What one line lost to the kernel the other brought: nothing else changes. */
static void test_a_drop_that_was_healed(void)
{
	struct accounts a = equal;

	a.packets_a = 48;
	a.missed_a = 2;
	CU_ASSERT_EQUAL(verdict(&a, &outside, "all 2 books are the exchange's own"), EXIT_OK);
	a.books = "x,1\ny,3\n";
	CU_ASSERT_EQUAL(verdict(&a, &outside, "line 2: y,2"), EXIT_FAILED);
}

static void test_a_machine_too_busy(void)
{
	struct demo_outside o = outside;
	struct accounts a = equal;

	a.packets_a = 48;
	a.messages = 97;
	a.lost = 8;
	a.books = "x,1\n";
	o.kernel_drops[0] = 2;
	CU_ASSERT_EQUAL(verdict(&a, &o, "too busy: 2 packets dropped"), EXIT_OK);
	a.messages = 96; /* one is in no account */
	CU_ASSERT_EQUAL(verdict(&a, &o, "are all 105"), EXIT_FAILED);
	a.messages = 97;
	o.kernel_drops[0] = 1; /* one packet is in no account */
	CU_ASSERT_EQUAL(verdict(&a, &o, "counts 1 dropped"), EXIT_FAILED);
	a = equal;
	a.messages = 97;
	a.lost = 8;
	a.late = 3;
	CU_ASSERT_EQUAL(verdict(&a, &outside, "3 messages later than 1 s"), EXIT_OK);
	a.late = 0;
	CU_ASSERT_EQUAL(verdict(&a, &outside, "100 are due"), EXIT_FAILED);
}

static void test_more_than_was_sent(void)
{
	struct accounts a = equal;

	a.packets_a = 51;
	CU_ASSERT_EQUAL(verdict(&a, &outside, "of 50 packets sent 51"), EXIT_FAILED);
}

static const struct suite_test tests[] = {
        {"everything equal", test_everything_equal},
        {"whatever differs fails", test_whatever_differs_fails},
        {"a drop that was healed", test_a_drop_that_was_healed},
        {"a machine too busy", test_a_machine_too_busy},
        {"more than was sent", test_more_than_was_sent},
};

int main(void)
{
	static const char *const files[] = {"exchange.json", "engine.json", "exchange.csv",
	                                    "engine.csv"};
	char path[DEMO_PATH_BYTES];

	snprintf(plan.folder, sizeof(plan.folder), "/tmp/genesis-verdict-XXXXXX");
	if (mkdtemp(plan.folder) == NULL)
		return 1;
	int rc = SUITE_RUN("demo_verdict", tests);

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		demo_plan_path(&plan, files[i], path);
		unlink(path);
	}
	rmdir(plan.folder);
	return rc;
}
