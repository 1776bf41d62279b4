/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/probe.h"
#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

static const struct component_ops on_probe = {
        .abi = COMPONENT_ABI, .name = "on_probe", .depends_on = {"book", "probe"}};
static const struct component_ops old = {.abi = COMPONENT_ABI + 1, .name = "old"};

static void expect_refused(const struct group_component *c, uint32_t count, const char *text)
{
	struct group_options o = group_all(16, 64);
	struct group g;
	const char *error = NULL;
	uint8_t *base = world_memory(1u << 20, REGION_PAGE_BYTES);
	uint8_t pages[256] = {0};

	o.components = c;
	o.component_count = count;
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_STRING_EQUAL(error, text);
	error = NULL;
	CU_ASSERT_EQUAL(group_init(&g, &o, base, 1u << 20, pages, &error), -EINVAL);
	CU_ASSERT_STRING_EQUAL(error, text);
	free(base);
}

static void test_dependencies(void)
{
	struct group_component wrong[2] = {{.ops = &on_probe}, {.ops = &probe_ops}};
	struct group_component right[2] = {{.ops = &probe_ops}, {.ops = &on_probe}};
	struct group_component stale[1] = {{.ops = &old}};
	struct component_settings named = {.name = "mine"};
	struct group_options o = group_all(16, 64);
	char text[80];
	const char *error;

	expect_refused(wrong, 2,
	               "component on_probe depends on probe, which must stand before it in the "
	               "same group");
	wrong[0].settings = &named;
	expect_refused(wrong, 1,
	               "component mine depends on probe, which must stand before it in the same "
	               "group");
	snprintf(text, sizeof(text), "component old: built for interface version %u, this is %u",
	         COMPONENT_ABI + 1, COMPONENT_ABI);
	expect_refused(stale, 1, text);
	o.components = right;
	o.component_count = 2;
	CU_ASSERT(group_bytes(&o, &error) > 0);
	CU_ASSERT_PTR_NULL(error);
}

static void test_settings_refused(void)
{
	struct component_setting item = {"refuse", "1"};
	struct component_settings s = {.name = "p", .items = &item, .count = 1};
	struct group_component c = {.ops = &probe_ops, .settings = &s};

	expect_refused(&c, 1, "component p: refused");
}

static void test_options_refused(void)
{
	struct group_options o = group_all(16, 64);
	const char *error;

	o.selector = (struct selector){.kind = SELECT_HASH, .part = 3, .parts = 3};
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	o.selector = (struct selector){.kind = SELECT_PATTERN};
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	o = group_all(0, 64);
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	o = group_all(16, 64);
	o.component_count = GROUP_COMPONENTS_MAX + 1;
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	CU_ASSERT_PTR_NOT_NULL(error);
}

static void test_small_region_and_failed_start(void)
{
	struct component_setting item = {"no_start", "1"};
	struct component_settings s = {.name = "p", .items = &item, .count = 1};
	struct group_component c = {.ops = &probe_ops, .settings = &s};
	struct group_options o = group_all(16, 64);
	const char *error;
	struct group g;

	o.components = &c;
	o.component_count = 1;
	uint64_t bytes = group_bytes(&o, &error);
	uint8_t *base = world_memory(bytes, REGION_PAGE_BYTES);
	uint8_t *pages = world_memory(bytes / REGION_PAGE_BYTES, 64);

	CU_ASSERT_EQUAL(group_init(&g, &o, base, REGION_PAGE_BYTES, pages, &error), -ENOSPC);
	CU_ASSERT_PTR_NOT_NULL(error);
	memset(base, 0, bytes);
	CU_ASSERT_EQUAL(group_init(&g, &o, base + 8, bytes, pages, &error), -EINVAL);
	memset(base, 0, bytes);
	CU_ASSERT_EQUAL(group_init(&g, &o, base, bytes, pages, &error), -EIO);
	CU_ASSERT_STRING_EQUAL(error, "component p did not start: error 5");
	free(base);
	free(pages);
}

/* In order of dependence; after a failure nobody further is told. */
static void test_delivery(void)
{
	struct component_setting item = {"fail_change", "2"};
	struct component_settings failing = {.name = "f", .items = &item, .count = 1};
	struct group_component c[3] = {{.ops = &probe_ops},
	                               {.ops = &probe_ops, .settings = &failing},
	                               {.ops = &probe_ops}};
	struct group_options o = group_all(16, 64);
	struct group_box b;
	struct book_change change = {.kind = BOOK_ADDED};

	o.components = c;
	o.component_count = 3;
	box_init(&b, &o);
	const struct probe_state *p[3];

	for (int i = 0; i < 3; i++) {
		p[i] = b.group.contexts[i].state;
		CU_ASSERT_EQUAL((uintptr_t)p[i] % 64, 0);
	}
	CU_ASSERT(group_on_change(&b.group, &change));
	CU_ASSERT_FALSE(group_on_change(&b.group, &change));
	CU_ASSERT_EQUAL(p[0]->changes, 2);
	CU_ASSERT_EQUAL(p[1]->changes, 2);
	CU_ASSERT_EQUAL(p[2]->changes, 1);
	CU_ASSERT_EQUAL(b.group.stats.failures, 1);
	box_finish(&b);
}

/* As it was when it began, byte for byte; what was counted of it stays. */
static void test_restart(void)
{
	struct group_component c = {.ops = &probe_ops};
	struct group_options o = group_all(16, 64);
	struct group_box b;
	struct book_change change = {.kind = BOOK_ADDED};
	const char *error = NULL;

	o.components = &c;
	o.component_count = 1;
	box_init(&b, &o);
	const struct region *r = &b.group.region;
	uint8_t *before = malloc(r->bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(before);
	memcpy(before, r->base, r->bytes);
	uint32_t slot = book_slot(&b.group.books, 0, SYMBOL_BLANK);

	book_order_add(&b.group.books, slot, 1, 'B', 100, 10000, &change);
	CU_ASSERT(group_on_change(&b.group, &change));
	b.group.stats.messages = 7;
	b.group.state = GROUP_QUARANTINED;
	b.group.offset = 9;
	CU_ASSERT_NOT_EQUAL(memcmp(before, r->base, r->bytes), 0);
	CU_ASSERT_EQUAL(group_restart(&b.group, &error), 0);
	CU_ASSERT_PTR_NULL(error);
	CU_ASSERT_EQUAL(memcmp(before, r->base, r->bytes), 0);
	CU_ASSERT_EQUAL(book_count(&b.group.books), 0);
	CU_ASSERT_EQUAL(b.group.stats.messages, 7);
	CU_ASSERT_EQUAL(b.group.state, GROUP_QUARANTINED);
	CU_ASSERT_EQUAL(b.group.offset, 9);
	free(before);
	box_finish(&b);
}

static const struct suite_test tests[] = {
        {"dependencies", test_dependencies},
        {"settings a component refuses", test_settings_refused},
        {"options refused", test_options_refused},
        {"small regions, failed starts", test_small_region_and_failed_start},
        {"delivery in order", test_delivery},
        {"restarted", test_restart},
};

int main(void)
{
	return SUITE_RUN("shard_group", tests);
}
