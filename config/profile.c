/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/profile.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/file.h"
#include "config/load.h"

#define SUFFIX             ".yaml"
#define SECOND_NS          1000000000ull
#define SCALE_MIN_NS       1000u /* settings have three digits behind the second */
#define SCALE_MAX_NS       (10 * SECOND_NS)
#define FOLDERS            4u
#define PROFILE_NAME_BYTES 256u

/* What is searched for, and where. */
struct search {
	const char *name;
	char here[PROFILE_PATH_BYTES]; /* folder of the file that names it */
	char path[PROFILE_PATH_BYTES]; /* of what was found */
};

static bool ends_in_suffix(const char *name)
{
	size_t bytes = strlen(name);
	size_t suffix = strlen(SUFFIX);

	return bytes > suffix && strcmp(name + bytes - suffix, SUFFIX) == 0;
}

static bool is_path(const char *name)
{
	return strchr(name, '/') != NULL || ends_in_suffix(name);
}

/* False: it does not fit. */
static bool folder_at(const struct search *s, uint32_t index, char out[PROFILE_PATH_BYTES])
{
	int bytes;

	if (index == 0)
		bytes = snprintf(out, PROFILE_PATH_BYTES, "%s", s->here);
	else if (index == 1)
		bytes = snprintf(out, PROFILE_PATH_BYTES, "%s/profiles", s->here);
	else if (index == 2)
		bytes = snprintf(out, PROFILE_PATH_BYTES, "%s", CONFIG_PROFILES_SOURCE);
	else
		bytes = snprintf(out, PROFILE_PATH_BYTES, "%s", CONFIG_PROFILES_INSTALLED);
	return bytes > 0 && (size_t)bytes < PROFILE_PATH_BYTES;
}

/* An ordinary file: nothing that could keep a reader waiting. */
static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool find(struct search *s)
{
	char folder[PROFILE_PATH_BYTES];
	int bytes;

	if (is_path(s->name)) {
		bool as_it_is = s->name[0] == '/' || strcmp(s->here, ".") == 0;

		bytes = snprintf(s->path, sizeof(s->path), "%s%s%s", as_it_is ? "" : s->here,
		                 as_it_is ? "" : "/", s->name);
		return bytes > 0 && (size_t)bytes < sizeof(s->path) && is_file(s->path);
	}
	for (uint32_t i = 0; i < FOLDERS; i++) {
		if (!folder_at(s, i, folder))
			continue;
		bytes = snprintf(s->path, sizeof(s->path), "%s/%s" SUFFIX, folder, s->name);
		if (bytes > 0 && (size_t)bytes < sizeof(s->path) && is_file(s->path))
			return true;
	}
	return false;
}

/* Offers the names of all profiles there are, but for those beside the file: not all YAML there
 * need be profiles. */
static void offer_all(const struct search *s, struct nearest *near,
                      char near_name[PROFILE_NAME_BYTES])
{
	char folder[PROFILE_PATH_BYTES];

	for (uint32_t i = 1; i < FOLDERS; i++) {
		DIR *d = folder_at(s, i, folder) ? opendir(folder) : NULL;
		const struct dirent *e;

		while (d != NULL && (e = readdir(d)) != NULL) {
			char name[PROFILE_NAME_BYTES];
			const char *best = near->best;

			if (!ends_in_suffix(e->d_name))
				continue;
			snprintf(name, sizeof(name), "%.*s",
			         (int)(strlen(e->d_name) - strlen(SUFFIX)), e->d_name);
			nearest_offer(near, name);
			if (near->best == best)
				continue;
			memcpy(near_name, name, sizeof(name));
			near->best = near_name;
		}
		if (d != NULL)
			closedir(d);
	}
}

static int refuse(const struct report *r, uint32_t line, const struct search *s)
{
	const char *key = line == 0 ? NULL : "profile";
	char near_name[PROFILE_NAME_BYTES];
	struct nearest near;

	if (is_path(s->name))
		return report_error(r, line, key,
		                    "there is no file \"%s\"; the path of a profile, or its name",
		                    report_quote(s->path).text);
	nearest_init(&near, s->name);
	offer_all(s, &near, near_name);
	return report_error(r, line, key,
	                    "there is no profile \"%s\"%s%s%s; original, optimized, extreme, "
	                    "ultra, ultimate, us-scale, or a file: NAME.yaml beside this one",
	                    report_quote(s->name).text,
	                    near.best == NULL ? "" : ", did you mean \"",
	                    near.best == NULL ? "" : near.best, near.best == NULL ? "" : "\"?");
}

/* The section of a profile's tree, or NULL with the error reported. */
static const struct tree_node *section_of(const struct report *r, const struct tree_node *root)
{
	if (root->kind != TREE_MAPPING) {
		report_error(r, root->line, "yaml",
		             "the profile is not a mapping; its key is resilience");
		return NULL;
	}
	for (const struct tree_node *n = root->first; n != NULL; n = n->next) {
		if (strcmp(n->key, "resilience") == 0)
			continue;
		report_error(r, n->key_line, report_quote(n->key).text,
		             "has no place in a profile; its one key is resilience");
		return NULL;
	}
	if (root->first != NULL && root->first->kind == TREE_MAPPING)
		return root->first;
	report_error(r, root->line, "resilience", "is no mapping; a mapping of keys");
	return NULL;
}

/* Reads the profile found and walks it into the configuration. */
static int read_profile(struct load *l, const char *path, struct tree_node **root)
{
	struct load p = {.config = l->config,
	                 .arena = l->arena,
	                 .context = l->context,
	                 .report = {.error = l->report.error, .name = path}};
	char *text = arena_take(l->arena, TREE_FILE_BYTES_MAX + 1);
	uint64_t bytes = 0;

	if (text == NULL)
		return report_no_memory(&l->report);
	int status = file_read(path, text, TREE_FILE_BYTES_MAX + 1, &bytes);

	if (status != 0) {
		report_error(&p.report, 0, NULL, "cannot be read: %s", strerror(-status));
		return status;
	}
	status = yaml_read(l->arena, &p.report, text, bytes, root);
	if (status != 0)
		return status;
	const struct tree_node *section = section_of(&p.report, *root);

	if (section == NULL)
		return -EINVAL;
	p.root = *root;
	p.references_end = &p.references;
	return load_section(&p, option_find("resilience"), section, &l->config->resilience);
}

/* Finds `name` from the folder of the file at `from`. */
static int take(struct load *l, const char *name, const char *from, uint32_t line)
{
	struct search s = {.name = name};
	const char *slash = strrchr(from, '/');
	struct tree_node *root = NULL;

	if (slash == NULL)
		snprintf(s.here, sizeof(s.here), ".");
	else if (snprintf(s.here, sizeof(s.here), "%.*s", (int)(slash - from + (slash == from)),
	                  from) >= (int)sizeof(s.here))
		return report_error(&l->report, line, line == 0 ? NULL : "profile",
		                    "the folder's name is too long; up to %u characters",
		                    PROFILE_PATH_BYTES);
	if (!find(&s))
		return refuse(&l->report, line, &s);
	char *path = arena_text(l->arena, s.path, strlen(s.path));

	if (path == NULL)
		return report_no_memory(&l->report);
	int status = read_profile(l, path, &root);

	if (status != 0)
		return status;
	assert(root != NULL);
	l->profile = root;
	l->profile_report = (struct report){.error = l->report.error, .name = path};
	l->config->profile = name;
	l->config->profile_path = path;
	l->config->has_resilience = true;
	return 0;
}

int profile_take(struct load *l)
{
	const struct tree_node *n =
	        l->root->kind == TREE_MAPPING ? tree_member(l->root, "profile") : NULL;

	if (l->context->profile != NULL)
		return take(l, l->context->profile, "", 0);
	/* What is no name is refused when it is walked. */
	if (n == NULL || n->kind != TREE_SCALAR || n->text[0] == '\0')
		return 0;
	return take(l, n->text, l->report.name, n->line);
}

int config_profile_load(const char *name_or_path, struct resilience_options *out,
                        struct config_error *error)
{
	static const struct tree_node nothing = {.kind = TREE_SCALAR, .text = ""};
	static const struct config_context no_context;
	struct config c = {.path = ""};
	struct load l = {.config = &c,
	                 .arena = arena_create(),
	                 .context = &no_context,
	                 .report = {.error = error, .name = name_or_path},
	                 .root = &nothing};

	memset(error, 0, sizeof(*error));
	if (l.arena == NULL)
		return report_no_memory(&l.report);
	begin_resilience(&c.resilience);
	int status = take(&l, name_or_path, "", 0);

	status = status != 0 ? status : resolve_resilience(&l);
	status = status != 0 ? status : check_resilience(&l);
	arena_destroy(l.arena);
	if (status == 0)
		*out = c.resilience;
	return status;
}

/* Rounded to whole ns, none below 1. Split so that it cannot overflow. */
static uint64_t scaled(uint64_t ns, uint64_t second_ns)
{
	uint64_t whole = ns / SECOND_NS * second_ns;
	uint64_t rest = (ns % SECOND_NS * second_ns + SECOND_NS / 2) / SECOND_NS;

	return ns != 0 && whole + rest == 0 ? 1 : whole + rest;
}

/* Where in struct resilience_options the struct lies that the row's field is a member of. */
static size_t struct_offset(const struct option *row)
{
	size_t offset = 0;

	for (const struct option *o = option_parent(row); option_parent(o) != NULL;
	     o = option_parent(o))
		offset += o->offset;
	return offset;
}

void config_profile_scale(struct resilience_options *o, uint64_t second_ns)
{
	const char *prefix = "resilience.";

	assert(second_ns >= SCALE_MIN_NS);
	assert(second_ns <= SCALE_MAX_NS);
	for (const struct option *row = option_after(NULL); row != NULL; row = option_after(row)) {
		if (row->type != OPTION_DURATION || strncmp(row->path, prefix, strlen(prefix)) != 0)
			continue;
		void *base = (char *)o + struct_offset(row);
		uint64_t ns = store_read_number(row, base);

		if (row->word == NULL || ns != row->word_value)
			store_number(row, base, scaled(ns, second_ns));
	}
	resolve_tuning(o);
}
