/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/option.h"
#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static char *print_options(void)
{
	static char *text; /* static, or gcc takes what points into it for dangling */
	static size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	if (f == NULL)
		abort();
	config_print_options(f);
	fclose(f);
	return text;
}

static void the_document_is_the_table(void)
{
	size_t bytes = 0;
	char *document = context_read(GENESIS_SOURCE_ROOT "/docs/config.md", &bytes);
	char *table = print_options();

	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	if (strcmp(document, table) != 0)
		printf("\ndocs/config.md is old: config/config_options > docs/config.md\n");
	CU_ASSERT_STRING_EQUAL(document, table);
	free(document);
	free(table);
}

static void every_option_has_a_row(void)
{
	char *text = print_options();
	char cell[96];

	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		snprintf(cell, sizeof(cell), "\n| `%s` | ", option_key(o));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, cell));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, o->help));
		if (!option_is_section(o))
			continue;
		snprintf(cell, sizeof(cell), "\n## %s%s\n", o->path,
		         o->type == OPTION_MAPPINGS ? "[]" : "");
		/* What is like another section stands there. */
		CU_ASSERT_EQUAL(strstr(text, cell) != NULL, o->like == NULL);
	}
	free(text);
}

/* A cell's `|` would be a column of its own. */
static void every_row_has_six_columns(void)
{
	char *text = print_options();
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		uint32_t bars = 0;

		for (char *at = line; *at != '\0'; at++)
			bars += *at == '|' && (at == line || at[-1] != '\\');
		CU_ASSERT(line[0] != '|' || bars == 7);
	}
	free(text);
}

static void its_example_loads(void)
{
	char *text = print_options();
	char *begin = strstr(text, "```yaml\n");

	CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
	begin += strlen("```yaml\n");
	char *end = strstr(begin, "```");

	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	*end = '\0';
	struct config c;
	struct config_error e;

	CU_ASSERT_EQUAL(context_load(&c, begin, &e), 0);
	config_finish(&c);
	/* It is the minimal example, less its comments. */
	size_t bytes = 0;
	char *minimal = context_read(GENESIS_SOURCE_ROOT "/config/examples/minimal.yaml", &bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(minimal);
	CU_ASSERT_STRING_EQUAL(strstr(minimal, "ports:"), begin);
	free(minimal);
	free(text);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the document is the table", the_document_is_the_table},
	        {"every option has a row", every_option_has_a_row},
	        {"every row has six columns", every_row_has_six_columns},
	        {"its example loads", its_example_loads},
	};

	return SUITE_RUN("config_print_options", tests);
}
