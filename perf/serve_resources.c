/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_resources.h"

#include <assert.h>
#include <string.h>

uint64_t serve_resources_bytes(uint32_t room)
{
	return (uint64_t)room * sizeof(struct serve_resource);
}

void serve_resources_init(struct serve_resources *s, void *memory, uint32_t room)
{
	assert(room > 0);
	*s = (struct serve_resources){.list = memory, .room = room};
	memset(memory, 0, serve_resources_bytes(room));
}

struct serve_resource *serve_resources_find(const struct serve_resources *s, const char *path,
                                            uint32_t bytes)
{
	for (uint32_t i = 0; i < s->room; i++) {
		struct serve_resource *r = &s->list[i];

		if (r->is_used && r->path_bytes == bytes && memcmp(r->path, path, bytes) == 0)
			return r;
	}
	return NULL;
}

struct serve_resource *serve_resources_add(struct serve_resources *s, const char *path,
                                           uint32_t bytes)
{
	assert(bytes <= SERVE_PATH_BYTES);
	assert(serve_resources_find(s, path, bytes) == NULL);
	for (uint32_t i = 0; i < s->room; i++) {
		struct serve_resource *r = &s->list[i];

		if (r->is_used)
			continue;
		*r = (struct serve_resource){
		        .path_bytes = bytes, .format = SERVE_FORMAT_NONE, .is_used = true};
		memcpy(r->path, path, bytes);
		s->count++;
		return r;
	}
	return NULL;
}

void serve_resources_remove(struct serve_resources *s, struct serve_resource *r)
{
	assert(r->is_used && s->count > 0);
	r->is_used = false;
	s->count--;
}

const struct serve_resource *serve_resources_other(const struct serve_resources *s,
                                                   const struct serve_resource *r)
{
	uint32_t at = (uint32_t)(r - s->list);

	assert(at < s->room);
	for (uint32_t i = 1; i < s->room; i++)
		if (s->list[(at + i) % s->room].is_used)
			return &s->list[(at + i) % s->room];
	return NULL;
}
