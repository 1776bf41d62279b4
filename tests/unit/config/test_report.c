/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/report.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static void an_error_names_file_line_and_key(void)
{
	struct config_error e;
	const struct report r = {&e, "a.yaml"};

	CU_ASSERT_EQUAL(report_error(&r, 7, "x.y", "%u is wrong; %s", 5u, "6"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(e.text, "a.yaml:7: x.y: 5 is wrong; 6");
	CU_ASSERT_EQUAL(e.line, 7);
	report_error(&r, 7, NULL, "w");
	CU_ASSERT_STRING_EQUAL(e.text, "a.yaml:7: w");
	report_error(&r, 0, NULL, "w");
	CU_ASSERT_STRING_EQUAL(e.text, "a.yaml: w");
	CU_ASSERT_EQUAL(report_no_memory(&r), -ENOMEM);
}

static void an_error_is_one_line_that_fits(void)
{
	struct config_error e;
	char name[1000];
	char what[1000];
	const struct report r = {&e, name};

	memset(name, 'n', sizeof(name));
	memcpy(name + 990, "end.yaml", 9);
	memset(what, 'w', sizeof(what) - 1);
	what[999] = '\0';
	report_error(&r, 12, "key", "%s", what);
	CU_ASSERT_EQUAL(strlen(e.text), CONFIG_ERROR_BYTES - 1);
	CU_ASSERT_EQUAL(strncmp(e.text, "...nnn", 6), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "end.yaml:12: key: www"));
	memcpy(name, "a\nb\x7f", 5);
	report_error(&r, 1, "k", "w");
	CU_ASSERT_STRING_EQUAL(e.text, "a?b?:1: k: w");
}

static void quotes_are_cut_between_characters(void)
{
	char text[64];

	CU_ASSERT_STRING_EQUAL(report_quote("short").text, "short");
	memset(text, 'a', sizeof(text) - 1);
	text[63] = '\0';
	text[47] = '\0';
	CU_ASSERT_STRING_EQUAL(report_quote(text).text, text);
	text[47] = 'a';
	CU_ASSERT_EQUAL(strlen(report_quote(text).text), 47);
	CU_ASSERT_STRING_EQUAL(report_quote(text).text + 43, "a...");
	memcpy(text + 42, "\xe2\x82\xac", 3); /* a character of 3 bytes across the cut */
	CU_ASSERT_STRING_EQUAL(report_quote(text).text + 41, "a...");
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"an error names file, line and key", an_error_names_file_line_and_key},
	        {"an error is one line that fits", an_error_is_one_line_that_fits},
	        {"quotes are cut between characters", quotes_are_cut_between_characters},
	};

	return SUITE_RUN("config_report", tests);
}
