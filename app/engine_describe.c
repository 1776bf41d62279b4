/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The engine's name in the world: its control file, and the parts of the shared block that never
 * change.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/engine_build.h"
#include "app/engine_request.h"

#define LOCK_TRIES_MS 1000

/* True: the path still leads to the file that fd was opened on. */
static bool is_at(int fd, const char *path)
{
	struct stat opened;
	struct stat named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* The lock; another engine that clears the name of a dead one's files may stand in the way for a
 * moment. */
static int lock_soon(int fd)
{
	const struct timespec wait = {.tv_nsec = 1000000};

	for (int i = 0; i < LOCK_TRIES_MS; i++) {
		int rc = memory_lock(fd);

		if (rc != -EAGAIN && rc != -EACCES)
			return rc;
		nanosleep(&wait, NULL);
	}
	return -EBUSY;
}

static void remove_named(const char named[MEMORY_PATH_BYTES])
{
	char path[MEMORY_PATH_BYTES];

	memcpy(path, named, sizeof(path));
	path[sizeof(path) - 1] = '\0'; /* a damaged file may hold anything */
	unlink(path);
}

static void remove_parts(int fd)
{
	struct stat of;

	if (fstat(fd, &of) != 0 || (uint64_t)of.st_size < sizeof(struct shared))
		return;
	/* Only the head of the block's megabytes is touched. */
	const struct shared *s = mmap(NULL, sizeof(*s), PROT_READ, MAP_SHARED, fd, 0);

	if (s == MAP_FAILED)
		return;
	if (s->magic == SHARED_MAGIC && s->block_bytes == sizeof(*s)) {
		remove_named(s->pool_path);
		remove_named(s->state_path);
	}
	munmap((void *)(uintptr_t)s, sizeof(*s));
}

/* Removes what a dead engine left, under its control file's lock: two engines may find it at the
 * same time, and the slower one must not remove the files of the faster. */
static int remove_stale(const char *engine, const char *control)
{
	int fd = open(control, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	int rc = lock_soon(fd);

	if (rc == 0 && is_at(fd, control)) {
		remove_parts(fd);
		unlink(control);
		fprintf(stderr,
		        "genesis: removed the files that an engine named '%s' left when it died\n",
		        engine);
	}
	close(fd);
	return rc;
}

int engine_claim_name(struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	const char *name = e->config->engine.name;
	char path[MEMORY_PATH_BYTES];

	memory_control_path(path, name);
	int held = memory_control_is_held(path);

	if (held != 0) {
		snprintf(error, ENGINE_ERROR_BYTES,
		         held > 0 ? "an engine named '%s' is running (%s); stop it or choose "
		                    "another engine.name"
		                  : "the name '%s' cannot be claimed (%s)",
		         name, held > 0 ? path : strerror(-held));
		return held > 0 ? -EBUSY : held;
	}
	int rc = remove_stale(name, path);

	if (rc == 0) {
		rc = memory_create(&e->control, name, "control", sizeof(struct shared),
		                   MEMORY_PAGES_SMALL, error);
		if (rc != 0)
			return rc;
		rc = lock_soon(e->control.fd);
	}
	if (rc == 0 && !is_at(e->control.fd, path)) {
		e->control.owned = false; /* what stands there now is another engine's */
		rc = -EBUSY;
	}
	if (rc != 0)
		snprintf(error, ENGINE_ERROR_BYTES, "%s: cannot lock: %s", path, strerror(-rc));
	return rc;
}

static void copy_name(char to[SHARED_NAME_BYTES], const char *from)
{
	snprintf(to, SHARED_NAME_BYTES, "%s", from);
}

static void describe_feed(struct engine *e, uint32_t i)
{
	struct shared_feed *s = &e->shared->feeds[i];
	const struct engine_feed *f = &e->feeds[i];

	copy_name(s->name, f->config->name);
	snprintf(s->protocol, sizeof(s->protocol), "%s", f->config->protocol);
	s->by_order = f->receive.protocol->by_order;
	s->line_count = f->config->line_count;
	s->symbols_max = f->config->symbols_max;
	s->core = f->core;
	s->has_ladder = f->has_ladder;
	if (f->board.control != NULL) {
		s->board_offset = memory_offset(&e->state, f->board.control);
		s->board_bytes = board_bytes(f->config->symbols_max);
	}
	s->log_offset = memory_offset(&e->state, f->receive.log.log.control);
	s->log_bytes = log_control_bytes(
	        (uint32_t)((f->config->log_bytes_max + SEGMENT_BYTES - 1) >> SEGMENT_SHIFT));
	s->log_segments_min = f->config->log_bytes_min >> SEGMENT_SHIFT;
	s->log_segments_max = f->config->log_bytes_max >> SEGMENT_SHIFT;
	s->directory_offset = memory_offset(&e->state, directory_base(&f->directory));
	s->directory_bytes = directory_bytes(f->config->symbols_max);
	s->scan_offset = memory_offset(&e->state, f->scan);
	for (uint32_t n = 0; n < s->line_count; n++) {
		copy_name(s->lines[n].name, f->config->lines[n].name);
		s->lines[n].address = f->config->lines[n].address;
		s->lines[n].udp_port = f->config->lines[n].udp_port;
		s->lines[n].port = (uint16_t)f->config->lines[n].port;
		s->lines[n].source = f->config->lines[n].source;
	}
}

static void describe_group(struct engine *e, uint32_t i)
{
	struct shared_group *s = &e->shared->groups[i];
	const struct engine_group *g = &e->groups[i];

	copy_name(s->name, g->name);
	s->feed = g->config->feed;
	s->shard = g->shard;
	s->class = (uint32_t)g->group.options.class;
	s->region_offset = memory_offset(&e->state, g->group.region.base);
	s->region_bytes = g->group.region.bytes;
	s->books_offset = g->group.books.state_offset;
	s->component_count = g->config->component_count;
	for (uint32_t n = 0; n < s->component_count; n++) {
		const struct component_ops *ops = g->components[n].ops;

		copy_name(s->component_names[n], g->config->components[n].name);
		for (uint32_t v = 0; v < COMPONENT_VALUES_MAX && ops->values[v].id != NULL; v++)
			snprintf(s->value_names[n][v], sizeof(s->value_names[n][v]), "%s",
			         ops->values[v].id);
	}
}

void engine_describe(struct engine *e)
{
	struct shared *s = e->shared;
	const struct config *c = e->config;

	s->version = SHARED_VERSION;
	s->block_bytes = sizeof(*s);
	snprintf(s->genesis_version, sizeof(s->genesis_version), "%s", GENESIS_VERSION);
	copy_name(s->engine, c->engine.name);
	memcpy(s->pool_path, e->segments.path, sizeof(s->pool_path));
	memcpy(s->state_path, e->state.path, sizeof(s->state_path));
	s->pid = (uint64_t)getpid();
	s->started_ns = clock_now_ns();
	s->pool_segments = e->pool_segments;
	s->core_count = c->core_count;
	s->port_count = c->port_count;
	s->feed_count = c->feed_count;
	s->shard_count = c->shard_count;
	s->group_count = e->group_count;
	for (uint32_t i = 0; i < c->core_count; i++) {
		copy_name(s->cores[i].name, c->cores[i].name);
		s->cores[i].cpu = c->cores[i].cpu == CONFIG_NONE ? -1 : (int32_t)c->cores[i].cpu;
	}
	for (uint32_t i = 0; i < c->port_count; i++) {
		copy_name(s->ports[i].name, c->ports[i].name);
		s->ports[i].address = c->ports[i].address;
		s->ports[i].prefix_bits = (uint16_t)c->ports[i].prefix_bits;
		s->ports[i].vlan = (uint16_t)c->ports[i].vlan;
		s->ports[i].igmp = c->ports[i].igmp;
	}
	for (uint32_t i = 0; i < c->feed_count; i++)
		describe_feed(e, i);
	for (uint32_t i = 0; i < c->shard_count; i++) {
		copy_name(s->shards[i].name, c->shards[i].name);
		s->shards[i].core = c->shards[i].core;
	}
	for (uint32_t i = 0; i < e->group_count; i++)
		describe_group(e, i);
	engine_requests_describe(e);
	/* Last: a reader that sees the magic and STARTING or more sees all of the above. */
	s->magic = SHARED_MAGIC;
	atomic_store_explicit(&s->state, SHARED_STARTING, memory_order_release);
}
