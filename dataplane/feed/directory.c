/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/directory.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static uint32_t directory_capacity(uint32_t symbols_max)
{
	uint32_t capacity = 16;

	while (capacity < 2 * symbols_max)
		capacity *= 2;
	return capacity;
}

#define DIRECTORY_ALIGN 64u
#define SYMBOLS_MAX     (1u << 24)

uint64_t directory_bytes(uint32_t symbols_max)
{
	uint64_t bytes =
	        DIRECTORY_ALIGN +
	        (uint64_t)directory_capacity(symbols_max) * sizeof(struct directory_entry) +
	        (uint64_t)symbols_max * sizeof(uint64_t) + 3 * DIRECTORY_ALIGN;

	return (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

int directory_init(struct directory *d, struct region *r, uint32_t symbols_max)
{
	if (symbols_max == 0 || symbols_max > SYMBOLS_MAX)
		return -EINVAL;
	uint32_t capacity = directory_capacity(symbols_max);
	uint64_t count = region_place(r, DIRECTORY_ALIGN, DIRECTORY_ALIGN);
	uint64_t entries = region_place(r, (uint64_t)capacity * sizeof(struct directory_entry),
	                                DIRECTORY_ALIGN);
	uint64_t names = region_place(r, (uint64_t)symbols_max * sizeof(uint64_t), DIRECTORY_ALIGN);

	if (count == UINT64_MAX || entries == UINT64_MAX || names == UINT64_MAX)
		return -ENOSPC;
	*d = (struct directory){
	        .region = r,
	        .entries = region_at(r, entries),
	        .names = region_at(r, names),
	        .count = region_at(r, count),
	        .mask = capacity - 1,
	        .symbols_max = symbols_max,
	};
	return 0;
}

int directory_attach(struct directory *d, void *base, uint64_t bytes, uint32_t symbols_max)
{
	if (base == NULL || (uintptr_t)base % DIRECTORY_ALIGN != 0 || symbols_max == 0 ||
	    symbols_max > SYMBOLS_MAX)
		return -EPROTO;
	uint64_t capacity = directory_capacity(symbols_max);
	/* directory_init() places the three one after the other. */
	uint64_t names = DIRECTORY_ALIGN + capacity * sizeof(struct directory_entry);

	static_assert(sizeof(struct directory_entry) * 16 % DIRECTORY_ALIGN == 0, "no gap");
	if (bytes < names + (uint64_t)symbols_max * sizeof(uint64_t))
		return -EPROTO;
	*d = (struct directory){
	        .entries = (void *)((uint8_t *)base + DIRECTORY_ALIGN),
	        .names = (void *)((uint8_t *)base + names),
	        .count = base,
	        .mask = (uint32_t)capacity - 1,
	        .symbols_max = symbols_max,
	};
	return directory_count(d) <= symbols_max ? 0 : -EPROTO;
}

uint32_t directory_learn(struct directory *d, uint64_t name, int *is_new)
{
	if (is_new != NULL)
		*is_new = 0;
	if (name == 0 || name == SYMBOL_BLANK)
		return SYMBOL_NONE;
	uint32_t i = (uint32_t)symbol_hash(name) & d->mask;

	for (;; i = (i + 1) & d->mask) {
		uint64_t n = atomic_load_explicit(&d->entries[i].name, memory_order_relaxed);

		if (n == name)
			return d->entries[i].id;
		if (n == 0)
			break;
	}
	uint32_t id = atomic_load_explicit(d->count, memory_order_relaxed);

	if (id == d->symbols_max) {
		d->refused++;
		return SYMBOL_NONE;
	}
	d->entries[i].id = id;
	atomic_store_explicit(&d->names[id], name, memory_order_relaxed);
	/* Both pair with the readers' acquire loads: an entry or a count that is seen comes with
	 * its id and name. */
	atomic_store_explicit(&d->entries[i].name, name, memory_order_release);
	atomic_store_explicit(d->count, id + 1, memory_order_release);
	region_mark(d->region, &d->entries[i], sizeof(d->entries[i]));
	region_mark(d->region, (const void *)&d->names[id], sizeof(d->names[id]));
	region_mark(d->region, (const void *)d->count, sizeof(*d->count));
	if (is_new != NULL)
		*is_new = 1;
	return id;
}

const char *symbol_text(uint64_t name, char text[9])
{
	memcpy(text, &name, 8);
	uint32_t bytes = 8;

	while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == '\0'))
		bytes--;
	text[bytes] = '\0';
	for (uint32_t i = 0; i < bytes; i++)
		if (text[i] < 0x21 || text[i] > 0x7e)
			text[i] = '?';
	return text;
}

uint64_t symbol_from_text(const char *text)
{
	size_t bytes = strlen(text);
	uint64_t name = SYMBOL_BLANK;

	if (bytes == 0 || bytes > 8)
		return 0;
	memcpy(&name, text, bytes);
	return name;
}
