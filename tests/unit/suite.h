/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What every unit test program shares: run a table of tests under CUnit, print its summary, exit 0,
 * 1, or 77 (skipped).
 */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

struct suite_test {
	const char *name;
	void (*run)(void);
};

/* Runs the tests in order; returns main()'s exit code. */
static inline int suite_run(const char *name, const struct suite_test *tests, unsigned count)
{
	unsigned failures = 0;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	CU_pSuite suite = CU_add_suite(name, NULL, NULL);

	for (unsigned i = 0; suite != NULL && i < count; i++)
		if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
			failures++;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures += CU_get_number_of_failures();
	failures += CU_get_number_of_tests_run() != count;
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}

#define SUITE_RUN(name, tests) suite_run(name, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
