/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any bytes as a configuration: a struct or one line of error. What loads is printed, and that must
 * load again and print the same.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "tests/fuzz/target.h"

#define SEEDS_MAX 32u

static const char *const protocols[] = {"itch50", "deep10", "tops16", NULL};
static const struct config_context context = {.protocols = protocols};

static void check(bool ok, const char *what, const char *text)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static char *print(const struct config *c)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	check(f != NULL, "no memory", "");
	config_print(c, f);
	fclose(f);
	return text;
}

static void check_round_trip(const struct config *c)
{
	struct config again;
	struct config_error e;
	char *once = print(c);
	int status = config_load_text(&again, once, strlen(once), "again", &context, &e);

	check(status == 0, "what is printed does not load", e.text);
	char *twice = print(&again);

	check(strcmp(once, twice) == 0, "printed differently", twice);
	config_finish(&again);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct config c;
	struct config_error e;

	if (config_load_text(&c, (const char *)data, bytes, "fuzz", &context, &e) == 0) {
		check(e.text[0] == '\0', "an error without failure", e.text);
		check_round_trip(&c);
		config_finish(&c);
		return 0;
	}
	check(c.arena == NULL, "a failure that keeps memory", e.text);
	check(strncmp(e.text, "fuzz:", 5) == 0, "not FILE first", e.text);
	check(strchr(e.text, '\n') == NULL, "more than one line", e.text);
	check(strchr(e.text, ';') != NULL, "does not say what is allowed", e.text);
	return 0;
}

/* The good golden files and the examples. */
const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static struct fuzz_seed seeds[SEEDS_MAX];
	static char text[SEEDS_MAX][8192];
	glob_t found;

	*count = 0;
	if (glob(GENESIS_SOURCE_ROOT "/tests/golden/config/good/*.yaml", 0, NULL, &found) != 0 ||
	    glob(GENESIS_SOURCE_ROOT "/config/examples/*.yaml", GLOB_APPEND, NULL, &found) != 0) {
		fputs("no examples to start from\n", stderr);
		abort();
	}
	for (size_t i = 0; i < found.gl_pathc && *count < SEEDS_MAX; i++) {
		FILE *f = fopen(found.gl_pathv[i], "rb");

		if (f == NULL)
			continue;
		seeds[*count].data = text[*count];
		seeds[*count].bytes = fread(text[*count], 1, sizeof(text[0]), f);
		++*count;
		fclose(f);
	}
	globfree(&found);
	return seeds;
}
