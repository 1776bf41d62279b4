/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/arena.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK_BYTES (32u << 10)
#define ARENA_ALIGN       16u

struct arena_chunk {
	struct arena_chunk *next;
	uint64_t used;
	uint64_t bytes;
	uint64_t reserved;
	uint8_t data[];
};

static_assert(offsetof(struct arena_chunk, data) % ARENA_ALIGN == 0,
              "what is handed out is aligned");

struct arena {
	struct arena_chunk *chunks; /* the one in use first */
	uint64_t bytes;             /* of all chunks */
};

struct arena *arena_create(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_destroy(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->chunks != NULL) {
		struct arena_chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
	free(a);
}

static struct arena_chunk *grow(struct arena *a, uint64_t bytes)
{
	uint64_t room = bytes > ARENA_CHUNK_BYTES ? bytes : ARENA_CHUNK_BYTES;

	if (a->bytes + room > ARENA_BYTES_MAX)
		return NULL;
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + room);

	if (chunk == NULL)
		return NULL;
	chunk->bytes = room;
	chunk->next = a->chunks;
	a->chunks = chunk;
	a->bytes += room;
	return chunk;
}

void *arena_take(struct arena *a, uint64_t bytes)
{
	assert(a != NULL);
	if (bytes > ARENA_BYTES_MAX)
		return NULL;
	uint64_t room = (bytes + (bytes == 0) + ARENA_ALIGN - 1) & ~(uint64_t)(ARENA_ALIGN - 1);
	struct arena_chunk *chunk = a->chunks;

	if (chunk == NULL || chunk->bytes - chunk->used < room)
		chunk = grow(a, room);
	if (chunk == NULL)
		return NULL;
	void *out = chunk->data + chunk->used;

	chunk->used += room;
	assert(chunk->used <= chunk->bytes);
	return out;
}

char *arena_text(struct arena *a, const char *bytes, uint64_t count)
{
	char *out = arena_take(a, count + 1);

	if (out != NULL)
		memcpy(out, bytes, count);
	return out;
}
