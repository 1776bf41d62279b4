/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The only file that knows libyaml. Walks its events with a stack of its own, so depth, nodes and
 * members are bounded before anything is built.
 */
#include "config/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define YAML_PATH_BYTES 256u
#define YAML_KEY        "yaml" /* stands for the key in messages about the file as a whole */

struct reader {
	struct arena *arena;
	const struct report *report;
	const char *text;
	uint64_t bytes;
	struct tree_node *root;
	struct tree_node *open[TREE_DEPTH_MAX]; /* mappings and lists not yet closed */
	uint32_t depth;
	uint32_t nodes;
	uint32_t documents;
	const char *key; /* of the member whose value comes next */
	uint32_t key_line;
	uint32_t key_column;
};

static uint32_t line_of(yaml_mark_t mark)
{
	return (uint32_t)mark.line + 1;
}

static uint32_t lines_before(const struct reader *r, uint64_t offset)
{
	uint32_t line = 1;

	for (uint64_t i = 0; i < offset && i < r->bytes; i++)
		line += r->text[i] == '\n';
	return line;
}

/* Is there a tab among the blanks that the line begins with? */
static bool has_tab_indent(const struct reader *r, uint32_t line)
{
	uint64_t at = 0;

	for (uint32_t n = 1; n < line && at < r->bytes; at++)
		n += r->text[at] == '\n';
	while (at < r->bytes && r->text[at] == ' ')
		at++;
	return at < r->bytes && r->text[at] == '\t';
}

static int reader_error(const struct reader *r, const yaml_parser_t *p, const char *problem)
{
	uint32_t line = lines_before(r, p->problem_offset);

	if (strstr(problem, "control characters") != NULL)
		return report_error(r->report, line, YAML_KEY,
		                    "a control character; only printable text is allowed");
	return report_error(r->report, line, YAML_KEY,
	                    "not UTF-8 (%s); the file must be UTF-8 text", problem);
}

static int syntax_error(const struct reader *r, const yaml_parser_t *p)
{
	const char *problem = p->problem == NULL ? "not YAML" : p->problem;
	yaml_mark_t mark = p->problem_mark;

	if (p->error == YAML_MEMORY_ERROR)
		return report_no_memory(r->report);
	if (p->error == YAML_READER_ERROR)
		return reader_error(r, p, problem);
	if (has_tab_indent(r, line_of(mark)))
		return report_error(r->report, line_of(mark), YAML_KEY,
		                    "a tab in the indentation; indent with spaces");
	/* Something that is never closed is missed at the end, but it is where it begins that the
	 * user has to look. */
	if (p->context != NULL && line_of(mark) >= lines_before(r, r->bytes))
		mark = p->context_mark;
	return report_error(r->report, line_of(mark), YAML_KEY,
	                    "%s (column %u); write `key: value`, lists as [a, b] or behind `- `, "
	                    "and quote text that holds : # [ { * & or !",
	                    problem, (unsigned)mark.column + 1);
}

/* The character at p (valid UTF-8, as libyaml checked); *bytes is its length. */
static uint32_t character(const unsigned char *p, uint32_t *bytes)
{
	uint32_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (uint32_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	*bytes = n;
	return c;
}

/* Escapes can bring in what libyaml would not take as it stands. Text is one printable line. */
static bool is_printable_line(const unsigned char *text, size_t length)
{
	uint32_t bytes;

	for (size_t i = 0; i < length; i += bytes) {
		uint32_t c = character(text + i, &bytes);

		if (i + bytes > length || (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0) ||
		    c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff ||
		    (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
			return false;
	}
	return true;
}

static int check_scalar(const struct reader *r, const yaml_event_t *e)
{
	if (!is_printable_line(e->data.scalar.value, e->data.scalar.length))
		return report_error(r->report, line_of(e->start_mark), YAML_KEY,
		                    "a value with a line break or a control character; a value is "
		                    "one printable line");
	return 0;
}

/* "feeds[0].gap.KEY": the path of a key in the mapping that is open. */
static void print_path(const struct reader *r, const char *key, char *out, size_t bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 1; i <= r->depth && used < bytes; i++) {
		const struct tree_node *parent = r->open[i - 1];
		const char *dot = used == 0 ? "" : ".";

		if (parent->kind == TREE_LIST)
			used += (size_t)snprintf(out + used, bytes - used, "[%u]",
			                         parent->count - 1);
		else if (i == r->depth)
			used += (size_t)snprintf(out + used, bytes - used, "%s%s", dot, key);
		else
			used += (size_t)snprintf(out + used, bytes - used, "%s%s", dot,
			                         report_quote(parent->last->key).text);
	}
}

static bool expects_key(const struct reader *r)
{
	return r->depth > 0 && r->open[r->depth - 1]->kind == TREE_MAPPING && r->key == NULL;
}

static int take_key(struct reader *r, const yaml_event_t *e)
{
	const struct tree_node *mapping = r->open[r->depth - 1];
	const char *text = (const char *)e->data.scalar.value;
	uint32_t line = line_of(e->start_mark);
	int status = check_scalar(r, e);

	if (status != 0)
		return status;
	if (text[0] == '\0')
		return report_error(r->report, line, YAML_KEY, "an empty key; a key is a word");
	const struct tree_node *twin = tree_member(mapping, text);
	char path[YAML_PATH_BYTES];

	print_path(r, report_quote(text).text, path, sizeof(path));
	if (twin != NULL)
		return report_error(r->report, line, path,
		                    "the key stands twice, first in line %u; a key stands once in "
		                    "its mapping",
		                    twin->key_line);
	if (mapping->count >= TREE_MEMBERS_MAX)
		return report_error(r->report, line, path, "too many keys in one mapping; up to %u",
		                    TREE_MEMBERS_MAX);
	r->key = arena_text(r->arena, text, e->data.scalar.length);
	r->key_line = line;
	r->key_column = (uint32_t)e->start_mark.column + 1;
	return r->key == NULL ? report_no_memory(r->report) : 0;
}

/* A new node, hung into the mapping or list that is open. */
static int add_node(struct reader *r, const yaml_event_t *e, enum tree_kind kind,
                    struct tree_node **out)
{
	uint32_t line = line_of(e->start_mark);

	if (expects_key(r))
		return report_error(r->report, line, YAML_KEY,
		                    "a mapping or list stands where a key should; a key is a word");
	if (++r->nodes > TREE_NODES_MAX)
		return report_error(r->report, line, YAML_KEY, "too many values; up to %u",
		                    TREE_NODES_MAX);
	struct tree_node *n = arena_take(r->arena, sizeof(*n));

	if (n == NULL)
		return report_no_memory(r->report);
	n->kind = kind;
	n->line = line;
	n->column = (uint32_t)e->start_mark.column + 1;
	n->key = r->key;
	n->key_line = r->key_line;
	n->key_column = r->key_column;
	r->key = NULL;
	if (r->depth == 0) {
		r->root = n;
	} else {
		struct tree_node *parent = r->open[r->depth - 1];

		*(parent->first == NULL ? &parent->first : &parent->last->next) = n;
		parent->last = n;
		parent->count++;
	}
	*out = n;
	return 0;
}

static int take_scalar(struct reader *r, const yaml_event_t *e)
{
	struct tree_node *n = NULL;

	if (expects_key(r))
		return take_key(r, e);
	int status = check_scalar(r, e);

	if (status == 0)
		status = add_node(r, e, TREE_SCALAR, &n);
	if (status != 0)
		return status;
	assert(n != NULL);
	n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = arena_text(r->arena, (const char *)e->data.scalar.value, e->data.scalar.length);
	return n->text == NULL ? report_no_memory(r->report) : 0;
}

static int open_node(struct reader *r, const yaml_event_t *e, enum tree_kind kind)
{
	struct tree_node *n = NULL;
	int status = add_node(r, e, kind, &n);

	if (status != 0)
		return status;
	assert(n != NULL);
	if (r->depth == TREE_DEPTH_MAX)
		return report_error(r->report, n->line, YAML_KEY,
		                    "nested too deeply; up to %u levels", TREE_DEPTH_MAX);
	r->open[r->depth++] = n;
	return 0;
}

static int refuse_decoration(const struct reader *r, const yaml_event_t *e, const void *anchor,
                             const void *tag)
{
	if (anchor != NULL)
		return report_error(r->report, line_of(e->start_mark), YAML_KEY,
		                    "an anchor (&); write the value out, or quote text that begins "
		                    "with &");
	if (tag != NULL)
		return report_error(r->report, line_of(e->start_mark), YAML_KEY,
		                    "a tag (!); leave it out, or quote text that begins with !");
	return 0;
}

static int on_event(struct reader *r, const yaml_event_t *e)
{
	int status;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++r->documents > 1)
			return report_error(r->report, line_of(e->start_mark), YAML_KEY,
			                    "a second document; a configuration is one document");
		return 0;
	case YAML_ALIAS_EVENT:
		return report_error(r->report, line_of(e->start_mark), YAML_KEY,
		                    "an alias (*); write the value out, or quote a pattern that "
		                    "begins with *");
	case YAML_SCALAR_EVENT:
		status = refuse_decoration(r, e, e->data.scalar.anchor, e->data.scalar.tag);
		return status != 0 ? status : take_scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		status = refuse_decoration(r, e, e->data.sequence_start.anchor,
		                           e->data.sequence_start.tag);
		return status != 0 ? status : open_node(r, e, TREE_LIST);
	case YAML_MAPPING_START_EVENT:
		status = refuse_decoration(r, e, e->data.mapping_start.anchor,
		                           e->data.mapping_start.tag);
		return status != 0 ? status : open_node(r, e, TREE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		assert(r->depth > 0);
		r->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

static int read_events(struct reader *r, yaml_parser_t *p)
{
	for (bool end = false; !end;) {
		yaml_event_t e;

		if (!yaml_parser_parse(p, &e))
			return syntax_error(r, p);
		int status = on_event(r, &e);

		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
		if (status != 0)
			return status;
	}
	return 0;
}

int yaml_read(struct arena *a, const struct report *report, const char *text, uint64_t bytes,
              struct tree_node **out)
{
	struct reader r = {.arena = a, .report = report, .text = text, .bytes = bytes};
	yaml_parser_t p;

	/* libyaml would count a byte order mark as the first line's first column. */
	if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		r.text += 3;
		r.bytes -= 3;
	}
	if (bytes > TREE_FILE_BYTES_MAX)
		return report_error(report, 0, NULL, "too long; a configuration has up to 1MiB");
	if (!yaml_parser_initialize(&p))
		return report_no_memory(report);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)r.text, r.bytes);
	int status = read_events(&r, &p);

	yaml_parser_delete(&p);
	if (status != 0)
		return status;
	if (r.root == NULL)
		return report_error(report, 1, YAML_KEY,
		                    "the file is empty; it needs at least ports and feeds");
	*out = r.root;
	return 0;
}
