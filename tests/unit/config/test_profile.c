/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How profiles are found, overridden and scaled. What the project's own ones hold is
 * test_mechanisms.c's.
 */
#include "config/profile.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static struct config_error error;

static struct resilience_options profile(const char *name)
{
	struct resilience_options o;
	int status = config_profile_load(name, &o, &error);

	if (status != 0)
		printf("\n%s\n", error.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	return o;
}

static void any_scale_is_accepted(void)
{
	static const char *const names[] = {"original", "optimized", "extreme", "ultra",
	                                    "ultimate"};
	static const uint64_t seconds[] = {1000, 1234, 50000, 1000000, 1000000000, 10000000000};

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		for (uint32_t p = 0; p < sizeof(names) / sizeof(names[0]); p++) {
			struct resilience_options o;
			struct resilience_options before = profile(names[p]);
			struct mode m;
			struct tuning t;

			o = before;
			config_profile_scale(&o, seconds[i]);
			CU_ASSERT_PTR_NULL(service_options_check(&o.service));
			CU_ASSERT_EQUAL(mode_init(&m, &o.mode, 0), 0);
			CU_ASSERT_EQUAL(tuning_init(&t, &o.tuning, 0), 0);
			CU_ASSERT_EQUAL(o.processing.batch, before.processing.batch);
		}
	struct resilience_options o = profile("extreme");

	config_profile_scale(&o, 2000000000);
	CU_ASSERT_EQUAL(o.service.operation_timeout_ns, 4660000000);
}

static void expect_error(const char *text, const char *wanted)
{
	struct config c;

	CU_ASSERT_NOT_EQUAL_FATAL(context_load(&c, text, &error), 0);
	if (strcmp(error.text, wanted) != 0)
		printf("\n%s\n", error.text);
	CU_ASSERT_STRING_EQUAL(error.text, wanted);
}

static void the_file_stands_above_its_profile(void)
{
	struct config c;
	int status = context_load(&c,
	                          "resilience:\n  breaker: {open_after: 7, ramp: {step: 2}}\n"
	                          "  retry: {budget: {burst: 3}}\n"
	                          "services:\n  - {nodes: [a, b], retry: {max: 1}}\n"
	                          "profile: ultra\n" CONTEXT_LEAST,
	                          &error);

	CU_ASSERT_EQUAL_FATAL(status, 0);
	struct resilience_options wanted = profile("ultra");

	wanted.service.breaker.open_after = 7;
	wanted.service.breaker.ramp_step = 2;
	wanted.service.retry_budget.burst = 3;
	CU_ASSERT_EQUAL(memcmp(&c.resilience, &wanted, sizeof(wanted)), 0);
	wanted.service.max_retries = 1;
	wanted.service.nodes = 2;
	CU_ASSERT_EQUAL(memcmp(&c.services[0].options, &wanted.service, sizeof(wanted.service)), 0);
	CU_ASSERT_STRING_EQUAL(c.profile, "ultra");
	CU_ASSERT_PTR_NOT_NULL(strstr(c.profile_path, "/ultra.yaml"));
	CU_ASSERT(c.has_resilience);
	/* What is printed says all of it, and needs no profile. */
	char *printed = context_print(&c);
	struct config again;

	CU_ASSERT_PTR_NULL(strstr(printed, "profile"));
	CU_ASSERT_EQUAL_FATAL(context_load(&again, printed, &error), 0);
	CU_ASSERT_EQUAL(memcmp(&again.resilience, &c.resilience, sizeof(c.resilience)), 0);
	CU_ASSERT_EQUAL(memcmp(&again.services[0].options, &c.services[0].options,
	                       sizeof(c.services[0].options)),
	                0);
	free(printed);
	config_finish(&again);
	config_finish(&c);
}

static void what_is_wrong_is_said(void)
{
	expect_error(CONTEXT_LEAST "profile: ultimat\n",
	             "t.yaml:7: profile: there is no profile \"ultimat\", did you mean "
	             "\"ultimate\"?; original, optimized, extreme, ultra, ultimate, us-scale, or a "
	             "file: NAME.yaml beside this one");
	expect_error(CONTEXT_LEAST "profile: [ultra]\n",
	             "t.yaml:7: profile: is a list; a text of 1 to 255 characters");
	expect_error(CONTEXT_LEAST "profile:\n",
	             "t.yaml:7: profile: has no value; a text of 1 to 255 characters");
	expect_error(CONTEXT_LEAST "profile: ./none.yaml\n",
	             "t.yaml:7: profile: there is no file \"./none.yaml\"; the path of a profile, "
	             "or its name");
	expect_error(CONTEXT_LEAST "profile: /dev/zero\n",
	             "t.yaml:7: profile: there is no file \"/dev/zero\"; the path of a profile, or "
	             "its name");
	/* A relation of which the profile has one side. */
	expect_error(CONTEXT_LEAST
	             "profile: extreme\nresilience:\n  breaker:\n    open_max: 500ms\n",
	             "t.yaml:10: resilience.breaker.open_max: breaker.open is 1s, breaker.open_max "
	             "is 500ms; the first is at most the second");
	struct resilience_options o;

	CU_ASSERT_NOT_EQUAL(config_profile_load("none", &o, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text,
	                       "none: there is no profile \"none\"; original, optimized, extreme, "
	                       "ultra, ultimate, us-scale, or a file: NAME.yaml beside this one");
}

static char folder[] = "/tmp/genesis-profile-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		CU_FAIL_FATAL("cannot write a file");
}

static int load_file(struct config *c, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return config_load(c, path, &context, &error);
}

static void expect_file_error(const char *name, const char *wanted)
{
	struct config c;
	char text[CONFIG_ERROR_BYTES];

	CU_ASSERT_NOT_EQUAL_FATAL(load_file(&c, name), 0);
	snprintf(text, sizeof(text), "%s/%s", folder, wanted);
	if (strcmp(error.text, text) != 0)
		printf("\n%s\n", error.text);
	CU_ASSERT_STRING_EQUAL(error.text, text);
}

static void one_s_own_profiles(void)
{
	struct config c;
	char path[256];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/profiles", folder);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	write_file("profiles/mine.yaml", "resilience:\n  breaker: {window: 33}\n");
	write_file("a.yaml", CONTEXT_LEAST "profile: mine\n");
	CU_ASSERT_EQUAL_FATAL(load_file(&c, "a.yaml"), 0);
	CU_ASSERT_EQUAL(c.resilience.service.breaker.window, 33);
	CU_ASSERT_EQUAL(c.resilience.service.breaker.samples_min, 10);
	config_finish(&c);
	/* Nearer ones first, by name; any by path. */
	write_file("mine.yaml", "resilience:\n  breaker: {window: 34}\n");
	CU_ASSERT_EQUAL_FATAL(load_file(&c, "a.yaml"), 0);
	CU_ASSERT_EQUAL(c.resilience.service.breaker.window, 34);
	config_finish(&c);
	write_file("b.yaml", CONTEXT_LEAST "profile: profiles/mine.yaml\n");
	CU_ASSERT_EQUAL_FATAL(load_file(&c, "b.yaml"), 0);
	CU_ASSERT_EQUAL(c.resilience.service.breaker.window, 33);
	config_finish(&c);
	/* Errors are those of the file that has them. */
	write_file("mine.yaml", "resilience:\n  breaker:\n    windw: 34\n");
	expect_file_error("a.yaml", "mine.yaml:3: resilience.breaker.windw: there is no such key; "
	                            "did you mean \"window\"?");
	write_file("mine.yaml", "resilience:\n  breaker:\n    open_max: 5ms\n");
	expect_file_error("a.yaml", "mine.yaml:3: resilience.breaker.open_max: breaker.open is 1s, "
	                            "breaker.open_max is 5ms; the first is at most the second");
	write_file("mine.yaml", "profile: ultimate\nresilience: {poll: 1ms}\n");
	expect_file_error(
	        "a.yaml",
	        "mine.yaml:1: profile: has no place in a profile; its one key is resilience");
	write_file("mine.yaml", "resilience: [1]\n");
	expect_file_error("a.yaml", "mine.yaml:1: resilience: is no mapping; a mapping of keys");
	for (size_t i = 0; i < 4; i++) {
		static const char *const names[] = {"mine.yaml", "a.yaml", "b.yaml",
		                                    "profiles/mine.yaml"};

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		CU_ASSERT_EQUAL(unlink(path), 0);
	}
	snprintf(path, sizeof(path), "%s/profiles", folder);
	CU_ASSERT_EQUAL(rmdir(path), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"any scale is accepted", any_scale_is_accepted},
	        {"the file stands above its profile", the_file_stands_above_its_profile},
	        {"what is wrong is said", what_is_wrong_is_said},
	        {"one's own profiles", one_s_own_profiles},
	};

	return SUITE_RUN("config_profile", tests);
}
