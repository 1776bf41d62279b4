/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"

#include <ctype.h>
#include <string.h>

#include "dataplane/book/book.h"
#include "dataplane/feed/ladder.h"
#include "dataplane/feed/receiver.h"
#include "dataplane/host/host.h"
#include "dataplane/port/port.h"
#include "dataplane/request/requester.h"
#include "dataplane/shard/shard.h"
#include "tests/unit/suite.h"

static const struct {
	const struct counter_table *table;
	const char *name;
	size_t bytes;
} tables[] = {
        {&counters_port, "port", sizeof(struct port_stats)},
        {&counters_host, "host", sizeof(struct host_stats)},
        {&counters_receiver, "receiver", sizeof(struct receiver_stats)},
        {&counters_line, "line", sizeof(struct line_stats)},
        {&counters_arbiter, "feed", sizeof(struct arbiter_stats)},
        {&counters_ladder, "recovery", sizeof(struct ladder_stats)},
        {&counters_log, "log", sizeof(struct log_stats)},
        {&counters_shard, "shard", sizeof(struct shard_stats)},
        {&counters_group, "group", sizeof(struct group_stats)},
        {&counters_books, "books", sizeof(struct book_set_stats)},
        {&counters_requester, "requests", sizeof(struct requester_stats)},
        {&counters_operations, "operations", sizeof(struct operation_stats)},
        {&counters_service, "service", sizeof(struct requester_service_stats)},
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void test_one_row_per_counter(void)
{
	for (size_t t = 0; t < TABLES; t++) {
		CU_ASSERT_STRING_EQUAL(tables[t].table->name, tables[t].name);
		CU_ASSERT_EQUAL(tables[t].table->count * 8, tables[t].bytes);
	}
}

static bool is_id(const char *id)
{
	if (id == NULL || !islower((unsigned char)id[0]))
		return false;
	for (; *id != '\0'; id++)
		if (!islower((unsigned char)*id) && !isdigit((unsigned char)*id) && *id != '_')
			return false;
	return true;
}

static void test_rows_are_whole(void)
{
	for (size_t t = 0; t < TABLES; t++) {
		const struct counter_table *table = tables[t].table;

		for (uint32_t i = 0; i < table->count; i++) {
			const struct counter *c = &table->counters[i];

			CU_ASSERT_TRUE_FATAL(is_id(c->id));
			CU_ASSERT_PTR_NOT_NULL_FATAL(c->unit);
			CU_ASSERT_PTR_NOT_NULL_FATAL(c->help);
			CU_ASSERT(strlen(c->help) > 10);
			CU_ASSERT_EQUAL(c->help[strlen(c->help) - 1], '.');
			for (uint32_t k = 0; k < i; k++)
				CU_ASSERT_STRING_NOT_EQUAL(c->id, table->counters[k].id);
		}
	}
}

static const char *id_at(const struct counter_table *table, size_t offset)
{
	return table->counters[offset / 8].id;
}

/* Rows stand where their fields do. */
static void test_rows_match_fields(void)
{
	size_t frames = offsetof(struct receiver_stats, frames);
	size_t lost = offsetof(struct arbiter_stats, lost_by_reason);

	CU_ASSERT_STRING_EQUAL(id_at(&counters_receiver, frames + 8 * FRAME_RUNT), "frames_runt");
	CU_ASSERT_STRING_EQUAL(id_at(&counters_receiver, frames + 8 * FRAME_BAD_CHECKSUM),
	                       "frames_bad_checksum");
	CU_ASSERT_STRING_EQUAL(id_at(&counters_arbiter, lost + 8 * GAP_AGE), "lost_age");
	CU_ASSERT_STRING_EQUAL(id_at(&counters_arbiter, lost + 8 * GAP_INPUT), "lost_input");
	CU_ASSERT_STRING_EQUAL(id_at(&counters_arbiter, lost + 8 * GAP_REFUSED), "lost_refused");
	CU_ASSERT_STRING_EQUAL(id_at(&counters_log, offsetof(struct log_stats, append_refused)),
	                       "append_refused");
	CU_ASSERT_STRING_EQUAL(
	        id_at(&counters_shard, offsetof(struct shard_stats, normal_lag_bytes)),
	        "normal_lag_bytes");
	CU_ASSERT(
	        counters_shard.counters[offsetof(struct shard_stats, normal_lag_bytes) / 8].gauge);
	CU_ASSERT_FALSE(counters_shard.counters[0].gauge);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"one row per counter", test_one_row_per_counter},
	        {"rows are whole, ids unique", test_rows_are_whole},
	        {"rows match fields", test_rows_match_fields},
	};

	return SUITE_RUN("stats", tests);
}
