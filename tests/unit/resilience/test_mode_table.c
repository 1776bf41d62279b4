/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/mode_table.h"

#include <string.h>

#include "tests/unit/suite.h"

/* What docs/resilience/modes.md says of each mode. */
static void test_standard_effects(void)
{
	const struct mode_policy *p = &mode_policy_standard;
	const struct mode_policy_row *r = &p->mode[MODE_NORMAL];

	for (uint32_t c = 0; c < WORK_CLASSES; c++) {
		CU_ASSERT_EQUAL(r->class[c].admit_ppm, 1000000);
		CU_ASSERT_EQUAL(r->class[c].parallel, 1);
		CU_ASSERT_EQUAL(r->class[c].budget_milli, 1000);
	}
	r = &p->mode[MODE_PRE_SAFE];
	CU_ASSERT_EQUAL(r->publish_milli, 250); /* 4x as often */
	CU_ASSERT_EQUAL(r->class[WORK_CRITICAL].checkpoint_milli, 500);
	CU_ASSERT_EQUAL(r->class[WORK_NORMAL].admit_ppm, 1000000);
	CU_ASSERT_EQUAL(r->class[WORK_BACKGROUND].admit_ppm, 800000);
	r = &p->mode[MODE_SAFE];
	CU_ASSERT_EQUAL(r->class[WORK_NORMAL].admit_ppm, 500000);
	CU_ASSERT_EQUAL(r->class[WORK_BACKGROUND].admit_ppm, 0);
	CU_ASSERT(r->class[WORK_CRITICAL].hedge);
	CU_ASSERT(!r->class[WORK_NORMAL].hedge);
	CU_ASSERT(!r->class[WORK_BACKGROUND].hedge);
	r = &p->mode[MODE_RECOVERY];
	CU_ASSERT(r->restore_critical_first);
	CU_ASSERT_EQUAL(r->class[WORK_NORMAL].admit_ppm, 500000);
	r = &p->mode[MODE_ULTRA];
	CU_ASSERT(r->class[WORK_CRITICAL].parallel > 1);
	CU_ASSERT(r->class[WORK_NORMAL].parallel > 1);
	CU_ASSERT_EQUAL(r->class[WORK_BACKGROUND].parallel, 1);
	CU_ASSERT_EQUAL(r->class[WORK_NORMAL].budget_milli, 3000);
	CU_ASSERT_EQUAL(r->class[WORK_CRITICAL].checkpoint_milli, 250);
	r = &p->mode[MODE_LATENCY];
	CU_ASSERT_EQUAL(r->class[WORK_NORMAL].admit_ppm, 700000);
	CU_ASSERT_EQUAL(r->class[WORK_BACKGROUND].admit_ppm, 700000);
	CU_ASSERT(r->class[WORK_CRITICAL].parallel > 1);
	CU_ASSERT(r->class[WORK_CRITICAL].latency_optimization);
	CU_ASSERT(!r->class[WORK_NORMAL].latency_optimization);
	CU_ASSERT(r->dynamic_timeout);
	r = &p->mode[MODE_EMERGENCY];
	CU_ASSERT_EQUAL(r->class[WORK_NORMAL].admit_ppm, 0);
	CU_ASSERT_EQUAL(r->class[WORK_BACKGROUND].admit_ppm, 0);
	for (uint32_t id = 0; id < MODE_COUNT; id++) {
		CU_ASSERT_EQUAL(p->mode[id].class[WORK_CRITICAL].admit_ppm, 1000000);
		for (uint32_t c = 0; c < WORK_CLASSES; c++)
			CU_ASSERT(p->mode[id].class[c].probes);
	}
}

static void test_conditions(void)
{
	uint32_t modes = MODE_BIT(MODE_NORMAL);

	for (uint32_t i = 0; i < MODE_CAUSES; i++) {
		CU_ASSERT_EQUAL(mode_conditions[i].cause, i);
		CU_ASSERT_STRING_EQUAL(mode_cause_name((enum mode_cause)i),
		                       mode_conditions[i].name);
		modes |= MODE_BIT(mode_conditions[i].mode);
		for (uint32_t k = 0; k < i; k++)
			CU_ASSERT(strcmp(mode_conditions[i].name, mode_conditions[k].name) != 0);
	}
	/* Every mode has a cause. */
	CU_ASSERT_EQUAL(modes, MODE_ALL);
	CU_ASSERT_STRING_EQUAL(mode_cause_name(MODE_CAUSE_OVER), "over");
	for (uint32_t id = 0; id < MODE_COUNT; id++)
		CU_ASSERT(strcmp(mode_name((enum mode_id)id), "?") != 0);
}

static void refused(const struct mode_policy *p)
{
	CU_ASSERT_PTR_NOT_NULL(mode_policy_check(p));
}

static void test_check(void)
{
	CU_ASSERT_PTR_NULL(mode_policy_check(&mode_policy_standard));
	for (uint32_t id = 0; id < MODE_COUNT; id++)
		for (uint32_t c = 0; c < WORK_CLASSES; c++) {
			struct mode_policy p = mode_policy_standard;
			struct mode_class_policy *k = &p.mode[id].class[c];
			struct mode_class_policy good = *k;

			k->admit_ppm = 1000001;
			refused(&p);
			*k = good;
			k->parallel = 0;
			refused(&p);
			k->parallel = MODE_PARALLEL_MAX + 1;
			refused(&p);
			*k = good;
			k->budget_milli = 0;
			refused(&p);
			k->budget_milli = MODE_FACTOR_MAX + 1;
			refused(&p);
			*k = good;
			k->checkpoint_milli = 0;
			refused(&p);
			*k = good;
			k->probes = 2;
			refused(&p);
			*k = good;
			p.mode[id].publish_milli = 0;
			refused(&p);
			p = mode_policy_standard;
			p.mode[id].dynamic_timeout = 7;
			refused(&p);
		}
	/* A mode that sheds must not keep itself alive (walker_mode). */
	struct mode_policy p = mode_policy_standard;

	p.mode[MODE_EMERGENCY].class[WORK_NORMAL].probes = 0;
	refused(&p);
	p.mode[MODE_EMERGENCY].class[WORK_NORMAL].admit_ppm = 1;
	CU_ASSERT_PTR_NULL(mode_policy_check(&p));
	/* Shedding starts from the back. */
	p = mode_policy_standard;

	p.mode[MODE_SAFE].class[WORK_BACKGROUND].admit_ppm = 500001;
	refused(&p);
	p.mode[MODE_SAFE].class[WORK_BACKGROUND].admit_ppm = 500000;
	CU_ASSERT_PTR_NULL(mode_policy_check(&p));
}

static const struct suite_test tests[] = {
        {"the standard policy's effects", test_standard_effects},
        {"conditions", test_conditions},
        {"what a policy may not say", test_check},
};

int main(void)
{
	return SUITE_RUN("mode_table", tests);
}
