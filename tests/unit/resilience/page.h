/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Page: what the tests share that keep a page of the documentation equal to the tables it shows. A
 * section stands between two marks; the test writes it from the tables, and the page differs or
 * does not. --write puts it right.
 */
#ifndef TESTS_UNIT_RESILIENCE_PAGE_H
#define TESTS_UNIT_RESILIENCE_PAGE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536u

struct text {
	char data[TEXT_MAX];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static inline void say(struct text *t, const char *format,
                                                             ...)
{
	va_list arguments;

	va_start(arguments, format);
	int n = vsnprintf(t->data + t->length, TEXT_MAX - t->length, format, arguments);

	va_end(arguments);
	if (n < 0 || t->length + (size_t)n >= TEXT_MAX) {
		fprintf(stderr, "page: too long\n");
		exit(1);
	}
	t->length += (size_t)n;
}

static inline void say_percent(struct text *t, uint64_t ppm)
{
	if (ppm % 10000 == 0)
		say(t, "%u %%", (unsigned)(ppm / 10000));
	else
		say(t, "%.2f %%", (double)ppm / 10000);
}

/* Replaces what stands between a section's marks. False: the page has no such section. */
static inline bool put(struct text *page, const char *name, const struct text *section)
{
	static struct text made;
	char begin[64];
	char end[64];

	snprintf(begin, sizeof(begin), "<!-- %s: begin (written by a test) -->\n", name);
	snprintf(end, sizeof(end), "<!-- %s: end -->\n", name);
	const char *from = strstr(page->data, begin);
	const char *to = from == NULL ? NULL : strstr(from, end);

	if (to == NULL) {
		fprintf(stderr, "page: no section \"%s\"\n", name);
		return false;
	}
	made.length = 0;
	say(&made, "%.*s%s%s", (int)(from - page->data + (long)strlen(begin)), page->data,
	    section->data, to);
	*page = made;
	return true;
}

static inline bool read_page(const char *path, struct text *page)
{
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		return false;
	}
	page->length = fread(page->data, 1, TEXT_MAX - 1, f);
	page->data[page->length] = '\0';
	fclose(f);
	return true;
}

static inline bool write_page(const char *path, const struct text *page)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(page->data, 1, page->length, f) != page->length || fclose(f) != 0) {
		perror(path);
		return false;
	}
	return true;
}

/* A section's name and the function that writes it. */
struct section {
	const char *name;
	void (*write)(struct text *t);
};

/* Exit code: 0, 1 the page differs, 2 no page. */
static inline int page_run(int argc, char **argv, const struct section *sections, uint32_t count)
{
	static struct text page;
	static struct text before;
	static struct text section;

	if (argc < 2 || !read_page(argv[1], &page))
		return 2;
	before = page;
	for (uint32_t i = 0; i < count; i++) {
		section.length = 0;
		section.data[0] = '\0';
		sections[i].write(&section);
		if (!put(&page, sections[i].name, &section))
			return 1;
	}
	bool same = strcmp(page.data, before.data) == 0;

	if (argc > 2 && strcmp(argv[2], "--write") == 0)
		return write_page(argv[1], &page) ? 0 : 1;
	printf("%s %s the tables\n", argv[1], same ? "shows" : "does not show");
	return same ? 0 : 1;
}

#endif
