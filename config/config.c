/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The way in and the way out: a file or text becomes a struct config, or an error.
 */
#include "config/config.h"

#include <assert.h>
#include <string.h>

#include "config/arena.h"
#include "config/file.h"
#include "config/load.h"
#include "config/report.h"
#include "config/tree.h"

static int load_text(struct config *c, struct arena *a, const char *text, uint64_t bytes,
                     const struct config_context *x, const struct report *r)
{
	struct tree_node *root;
	int status = yaml_read(a, r, text, bytes, &root);

	if (status != 0)
		return status;
	struct load l = {.config = c, .arena = a, .context = x, .report = *r, .root = root};

	l.references_end = &l.references;
	c->path = arena_text(a, r->name, strlen(r->name));
	if (c->path == NULL)
		return report_no_memory(r);
	begin_resilience(&c->resilience);
	status = profile_take(&l);
	status = status != 0 ? status : load_tree(&l);
	if (status == 0 && x->profile != NULL)
		c->profile = arena_text(a, x->profile, strlen(x->profile));
	status = status != 0 ? status : resolve_config(&l);
	status = status != 0 ? status : resolve_resilience(&l);
	status = status != 0 ? status : resolve_requests(&l);
	status = status != 0 ? status : check_config(&l);
	status = status != 0 ? status : check_requests(&l);
	return status != 0 ? status : check_resilience(&l);
}

int config_load_text(struct config *c, const char *text, uint64_t bytes, const char *name,
                     const struct config_context *x, struct config_error *error)
{
	const struct report r = {.error = error, .name = name};

	assert(x != NULL && x->protocols != NULL);
	memset(c, 0, sizeof(*c));
	memset(error, 0, sizeof(*error));
	struct arena *a = arena_create();

	if (a == NULL)
		return report_no_memory(&r);
	int status = load_text(c, a, text, bytes, x, &r);

	if (status != 0) {
		arena_destroy(a);
		memset(c, 0, sizeof(*c));
		assert(error->text[0] != '\0');
		return status;
	}
	c->arena = a;
	return 0;
}

int config_load(struct config *c, const char *path, const struct config_context *x,
                struct config_error *error)
{
	const struct report r = {.error = error, .name = path};
	uint64_t bytes = 0;

	memset(c, 0, sizeof(*c));
	memset(error, 0, sizeof(*error));
	struct arena *a = arena_create();
	char *text = a == NULL ? NULL : arena_take(a, TREE_FILE_BYTES_MAX + 1);

	if (text == NULL) {
		arena_destroy(a);
		return report_no_memory(&r);
	}
	int status = file_read(path, text, TREE_FILE_BYTES_MAX + 1, &bytes);

	if (status != 0)
		report_error(&r, 0, NULL, "cannot be read: %s", strerror(-status));
	else
		status = config_load_text(c, text, bytes, path, x, error);
	arena_destroy(a);
	return status;
}

void config_finish(struct config *c)
{
	arena_destroy(c->arena);
	memset(c, 0, sizeof(*c));
}
