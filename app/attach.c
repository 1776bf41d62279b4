/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/attach.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool attach_is_alive(const struct attach *a)
{
	/* The engine holds a lock on its control file for as long as it lives. */
	return memory_is_held(a->control.fd) > 0;
}

/* "genesis-NAME.control" -> NAME, appended to text. */
static void append_name(char *text, const char *path)
{
	size_t used = strlen(text);
	const char *name = strstr(path, "genesis-") + strlen("genesis-");

	snprintf(text + used, ATTACH_ERROR_BYTES - used, " %.*s", (int)(strrchr(name, '.') - name),
	         name);
}

/* The one engine that lives; where none does, the one that left its files. */
static int find_only(char path[MEMORY_PATH_BYTES], char error[ATTACH_ERROR_BYTES])
{
	glob_t g;
	char pattern[MEMORY_PATH_BYTES];
	size_t living = 0;
	size_t chosen = 0;

	memory_control_path(pattern, "*");
	if (glob(pattern, 0, NULL, &g) != 0) {
		snprintf(error, ATTACH_ERROR_BYTES,
		         "no engine is running; start one with `genesis run CONFIG`");
		return -ENOENT;
	}
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (memory_control_is_held(g.gl_pathv[i]) > 0) {
			living++;
			chosen = i;
		}
	bool found = living == 1 || (living == 0 && g.gl_pathc == 1);

	if (found)
		snprintf(path, MEMORY_PATH_BYTES, "%s", g.gl_pathv[chosen]);
	else
		snprintf(error, ATTACH_ERROR_BYTES,
		         living > 1 ? "several engines are running, name one of:"
		                    : "no engine is running; these died and left their last state, "
		                      "name one to see it:");
	for (size_t i = 0; !found && i < g.gl_pathc; i++)
		if (living == 0 || memory_control_is_held(g.gl_pathv[i]) > 0)
			append_name(error, g.gl_pathv[i]);
	globfree(&g);
	return found ? 0 : -EINVAL;
}

static int check_block(const struct attach *a, char error[ATTACH_ERROR_BYTES])
{
	const struct shared *s = (const struct shared *)(const void *)a->control.base;

	if (a->control.bytes < sizeof(*s) || s->magic != SHARED_MAGIC) {
		snprintf(error, ATTACH_ERROR_BYTES,
		         "%s: the engine has not finished starting, or this is no engine's file",
		         a->control.path);
		return -EAGAIN;
	}
	if (s->version != SHARED_VERSION || s->block_bytes != sizeof(*s)) {
		snprintf(error, ATTACH_ERROR_BYTES,
		         "engine %.40s runs genesis %.16s, whose shared block this program (%s) "
		         "cannot read; use the same build",
		         s->engine, s->genesis_version, GENESIS_VERSION);
		return -EPROTO;
	}
	return 0;
}

int attach_open(struct attach *a, const char *name, char error[ATTACH_ERROR_BYTES])
{
	char path[MEMORY_PATH_BYTES];
	int rc = 0;

	*a = (struct attach){.control.fd = -1, .state.fd = -1, .segments.fd = -1};
	if (name == NULL)
		rc = find_only(path, error);
	else
		memory_control_path(path, name);
	if (rc == 0)
		rc = memory_attach(&a->control, path, error);
	if (rc == -ENOENT && name != NULL)
		snprintf(error, ATTACH_ERROR_BYTES, "no engine named '%s' is running", name);
	if (rc == 0)
		rc = check_block(a, error);
	if (rc == 0) {
		a->shared = (const struct shared *)(const void *)a->control.base;
		rc = memory_attach(&a->state, a->shared->state_path, error);
	}
	if (rc != 0)
		attach_close(a);
	return rc;
}

void attach_close(struct attach *a)
{
	memory_destroy(&a->segments);
	memory_destroy(&a->state);
	memory_destroy(&a->control);
	a->shared = NULL;
}

int attach_feed(const struct attach *a, const char *name, char error[ATTACH_ERROR_BYTES])
{
	const struct shared *s = a->shared;

	if (name == NULL && s->feed_count == 1)
		return 0;
	int n = snprintf(error, ATTACH_ERROR_BYTES,
	                 name == NULL ? "several feeds are here, name one with --feed:"
	                              : "no feed named '%s'; there is:",
	                 name);

	for (uint32_t i = 0; i < s->feed_count; i++) {
		if (name != NULL && strcmp(name, s->feeds[i].name) == 0)
			return (int)i;
		if (n < (int)ATTACH_ERROR_BYTES)
			n += snprintf(error + n, ATTACH_ERROR_BYTES - (size_t)n, " %s",
			              s->feeds[i].name);
	}
	return -ENOENT;
}

int attach_segments(struct attach *a, char error[ATTACH_ERROR_BYTES])
{
	int rc = memory_attach(&a->segments, a->shared->pool_path, error);

	if (rc == 0)
		rc = segment_pool_attach(&a->pool, a->segments.base, a->segments.bytes);
	if (rc == -EPROTO)
		snprintf(error, ATTACH_ERROR_BYTES, "%s: is no segment pool of this version",
		         a->shared->pool_path);
	return rc;
}

/* NULL: the state file does not reach that far. */
static void *state_at(const struct attach *a, uint64_t offset, uint64_t bytes)
{
	if (bytes == 0 || offset > a->state.bytes || bytes > a->state.bytes - offset)
		return NULL;
	return a->state.base + offset;
}

int attach_board(const struct attach *a, uint32_t feed, struct board *b)
{
	const struct shared_feed *f = &a->shared->feeds[feed];

	return board_attach(b, state_at(a, f->board_offset, f->board_bytes), f->board_bytes);
}

int attach_directory(const struct attach *a, uint32_t feed, struct directory *d)
{
	const struct shared_feed *f = &a->shared->feeds[feed];

	return directory_attach(d, state_at(a, f->directory_offset, f->directory_bytes),
	                        f->directory_bytes, f->symbols_max);
}

int attach_log(struct attach *a, uint32_t feed, struct log *l)
{
	const struct shared_feed *f = &a->shared->feeds[feed];

	return log_attach(l, state_at(a, f->log_offset, f->log_bytes), f->log_bytes, &a->pool);
}

const struct message_scan *attach_scan(const struct attach *a, uint32_t feed)
{
	return state_at(a, a->shared->feeds[feed].scan_offset, sizeof(struct message_scan));
}
