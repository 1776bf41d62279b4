/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/figures.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static void all_cells_of_the_report(void)
{
	struct figures f;
	struct config_error e;
	int rc = figures_load(&f, GENESIS_SOURCE_ROOT "/perf/chaos/report.yaml", &e);

	if (rc != 0)
		printf("%s\n", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_EQUAL(f.count, 13);
	CU_ASSERT_STRING_EQUAL(figures_cell(&f, "scenarios", "high_load", "original"), "37.48%");
	CU_ASSERT_STRING_EQUAL(figures_cell(&f, "scenarios", "cascade", "optimized"), "partial");
	CU_ASSERT_STRING_EQUAL(figures_cell(&f, "global", "success", "ultimate"), ">98%");
	CU_ASSERT_STRING_EQUAL(figures_cell(&f, "global", "duration", "extreme"), "4.38s");
	CU_ASSERT_STRING_EQUAL(figures_cell(&f, "latency", "1-2s", "ultra"), "50%");
	CU_ASSERT_STRING_EQUAL(figures_cell(&f, "latency", "1-2s", "original"), "");
	CU_ASSERT_STRING_EQUAL(figures_cell(&f, "latency", "1-2s", "us-scale"), "");
	CU_ASSERT_PTR_NULL(figures_row(&f, "latency", "5s"));
	figures_finish(&f);
}

static void refused(const char *text, const char *words)
{
	struct figures f;
	struct config_error e;

	CU_ASSERT_NOT_EQUAL_FATAL(figures_load_text(&f, text, strlen(text), "r.yaml", &e), 0);
	if (strstr(e.text, words) == NULL)
		printf("\"%s\" is not in \"%s\"\n", words, e.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, words));
}

static void errors_say_where_and_what(void)
{
	refused("rows: 1\n", "rows: is missing, or no list");
	refused("rows:\n  - {table: a, key: b, label: c}\n",
	        "r.yaml:2: rows[0].original: is missing");
	refused("rows:\n  - {table: a, key: b, label: c, extrem: d}\n",
	        "r.yaml:2: rows[0].extrem: there is no such key; did you mean \"extreme\"?");
	refused("rows:\n  - 3\n", "an item is a mapping");
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"all cells of the report", all_cells_of_the_report},
	        {"errors say where and what", errors_say_where_and_what},
	};

	return SUITE_RUN("figures", tests);
}
