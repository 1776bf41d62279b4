/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/memory/region.h"

#include <errno.h>
#include <string.h>

int region_init(struct region *r, void *base, uint64_t bytes, uint8_t *page_epoch)
{
	if (base == NULL || page_epoch == NULL || bytes == 0)
		return -EINVAL;
	if ((uintptr_t)base % REGION_PAGE_BYTES != 0 || bytes % REGION_PAGE_BYTES != 0)
		return -EINVAL;
	*r = (struct region){.base = base, .bytes = bytes, .page_epoch = page_epoch, .epoch = 1};
	return 0;
}

uint64_t region_place(struct region *r, uint64_t bytes, uint64_t align)
{
	assert(align != 0 && (align & (align - 1)) == 0);
	assert(align <= REGION_PAGE_BYTES);

	uint64_t offset = (r->used_bytes + align - 1) & ~(align - 1);

	if (offset < r->used_bytes || bytes > r->bytes || offset > r->bytes - bytes)
		return UINT64_MAX;
	r->used_bytes = offset + bytes;
	return offset;
}

void region_mark_range(struct region *r, const void *p, uint64_t bytes)
{
	if (bytes == 0)
		return;
	uint64_t offset = (uint64_t)((const uint8_t *)p - r->base);

	assert(offset < r->bytes);
	assert(bytes <= r->bytes - offset);
	uint64_t first = offset >> REGION_PAGE_SHIFT;
	uint64_t last = (offset + bytes - 1) >> REGION_PAGE_SHIFT;

	memset(r->page_epoch + first, r->epoch, last - first + 1);
}
