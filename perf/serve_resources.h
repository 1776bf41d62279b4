/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Resources: what a made-up service knows: a content for each path, in bounded memory. Several
 * nodes of a service may share one.
 *
 * Memory is the caller's. One owner at a time; looked through from the front, for hundreds, not
 * for thousands.
 */
#ifndef PERF_SERVE_RESOURCES_H
#define PERF_SERVE_RESOURCES_H

#include <stdbool.h>
#include <stdint.h>

#define SERVE_PATH_BYTES    256u
#define SERVE_CONTENT_BYTES 1024u
#define SERVE_FORMAT_NONE   UINT32_MAX

struct serve_resource {
	uint32_t path_bytes;
	uint32_t content_bytes;
	uint32_t format; /* SERVE_FORMAT_NONE: not said */
	bool is_used;
	char path[SERVE_PATH_BYTES];
	uint8_t content[SERVE_CONTENT_BYTES];
};

struct serve_resources {
	struct serve_resource *list;
	uint32_t room;
	uint32_t count;
};

uint64_t serve_resources_bytes(uint32_t room);
void serve_resources_init(struct serve_resources *s, void *memory, uint32_t room);
/* NULL: there is none. */
struct serve_resource *serve_resources_find(const struct serve_resources *s, const char *path,
                                            uint32_t bytes);
/* Empty, for a path that is not there yet, of at most SERVE_PATH_BYTES; NULL: no room. */
struct serve_resource *serve_resources_add(struct serve_resources *s, const char *path,
                                           uint32_t bytes);
void serve_resources_remove(struct serve_resources *s, struct serve_resource *r);
/* Another than r, the next one round; NULL: there is none. */
const struct serve_resource *serve_resources_other(const struct serve_resources *s,
                                                   const struct serve_resource *r);

#endif
