/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include <errno.h>
#include <unistd.h>

#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static struct config c;
static struct config_error error;

static void files_that_cannot_be_read_are_named(void)
{
	CU_ASSERT_EQUAL(config_load(&c, "no/such/file.yaml", &context, &error), -ENOENT);
	CU_ASSERT_STRING_EQUAL(error.text,
	                       "no/such/file.yaml: cannot be read: No such file or directory");
	CU_ASSERT_EQUAL(error.line, 0);
	CU_ASSERT_EQUAL(config_load(&c, "/", &context, &error), -EISDIR);
	CU_ASSERT_PTR_NULL(c.arena);
}

/* Writes `bytes` of text and then `#`s into a file and loads it. */
static int load_file(const char *text, size_t bytes)
{
	char path[] = "/tmp/genesis-config-XXXXXX";
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	FILE *f = fdopen(fd, "wb");

	if (f == NULL)
		abort();
	fputs(text, f);
	for (size_t i = strlen(text); i < bytes; i++)
		fputc('#', f);
	fclose(f);
	int status = config_load(&c, path, &context, &error);

	unlink(path);
	return status;
}

static void files_are_bounded(void)
{
	CU_ASSERT_EQUAL(load_file(CONTEXT_LEAST, 1u << 20), 0);
	CU_ASSERT_EQUAL(c.feed_count, 1);
	config_finish(&c);
	CU_ASSERT_EQUAL(load_file(CONTEXT_LEAST, (1u << 20) + 1), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "too long"));
	CU_ASSERT_EQUAL(load_file("", 0), -EINVAL);
}

static void text_need_not_be_terminated(void)
{
	size_t bytes = strlen(CONTEXT_LEAST);
	char *text = malloc(bytes); /* exact, for the sanitizers */

	if (text == NULL)
		abort();
	memcpy(text, CONTEXT_LEAST, bytes);
	CU_ASSERT_EQUAL(config_load_text(&c, text, bytes, "t", &context, &error), 0);
	memset(text, 'x', bytes);
	free(text);
	/* Nothing points into it. */
	CU_ASSERT_STRING_EQUAL(c.ports[0].device, "net_null0");
	CU_ASSERT_STRING_EQUAL(c.feeds[0].protocol, "itch50");
	CU_ASSERT_STRING_EQUAL(c.path, "t");
	config_finish(&c);
}

static void protocols_are_the_context_s(void)
{
	static const char *const other[] = {"pillar", NULL};
	static const char *const none[] = {NULL};
	const struct config_context x = {.protocols = other};
	const struct config_context y = {.protocols = none};
	static const char text[] =
	        CONTEXT_PORTS "feeds: [{protocol: pillar, lines: [{address: 239.0.0.1:1}]}]\n";

	CU_ASSERT_EQUAL(config_load_text(&c, text, strlen(text), "t", &x, &error), 0);
	config_finish(&c);
	CU_ASSERT_EQUAL(config_load_text(&c, text, strlen(text), "t", &y, &error), -EINVAL);
	CU_ASSERT_EQUAL(context_load(&c, text, &error), -EINVAL);
}

static void finish_accepts_what_is_zeroed(void)
{
	memset(&c, 0, sizeof(c));
	config_finish(&c);
	CU_ASSERT_EQUAL(context_load(&c, CONTEXT_LEAST, &error), 0);
	config_finish(&c);
	config_finish(&c);
	/* A failure leaves nothing behind, however far it came. */
	CU_ASSERT_EQUAL(context_load(&c, CONTEXT_LEAST "groups: [{feed: x}]\n", &error), -EINVAL);
	CU_ASSERT_PTR_NULL(c.ports);
	CU_ASSERT_PTR_NULL(c.arena);
	CU_ASSERT_EQUAL(c.feed_count, 0);
	config_finish(&c);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"files that cannot be read are named", files_that_cannot_be_read_are_named},
	        {"files are bounded", files_are_bounded},
	        {"text need not be terminated", text_need_not_be_terminated},
	        {"protocols are the context's", protocols_are_the_context_s},
	        {"finish accepts what is zeroed", finish_accepts_what_is_zeroed},
	};

	return SUITE_RUN("config_config", tests);
}
