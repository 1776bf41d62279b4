/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <hugetlbfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define HUGE_PAGE_BYTES (2ull << 20)

static uint64_t round_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) & ~(to - 1);
}

int memory_anonymous(struct memory *m, uint64_t bytes)
{
	*m = (struct memory){.fd = -1};
	bytes = round_up(bytes, MEMORY_BLOCK_ALIGN);
	/* Mapped with room to align: mmap promises small pages only. NORESERVE: sizes are maxima,
	 * not needs. */
	uint8_t *p = mmap(NULL, bytes + MEMORY_BLOCK_ALIGN, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	uint8_t *aligned = (uint8_t *)round_up((uint64_t)(uintptr_t)p, MEMORY_BLOCK_ALIGN);

	if (aligned != p)
		munmap(p, (size_t)(aligned - p));
	munmap(aligned + bytes, (size_t)(p + MEMORY_BLOCK_ALIGN - aligned));
	/* Asked for, not needed: fewer page faults where the kernel has huge pages to give. */
	(void)madvise(aligned, bytes, MADV_HUGEPAGE);
	m->base = aligned;
	m->bytes = bytes;
	return 0;
}

uint64_t memory_huge_pages_free(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	unsigned long long pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages;
}

static int create_at(struct memory *m, uint64_t bytes, char error[MEMORY_ERROR_BYTES])
{
	m->bytes = round_up(bytes, MEMORY_BLOCK_ALIGN);
	m->fd = open(m->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (m->fd < 0) {
		snprintf(error, MEMORY_ERROR_BYTES, "%s: cannot create: %s", m->path,
		         strerror(errno));
		return -errno;
	}
	m->owned = true;
	if (ftruncate(m->fd, (off_t)m->bytes) != 0) {
		int err = errno;

		snprintf(error, MEMORY_ERROR_BYTES, "%s: cannot set its size to %llu bytes: %s",
		         m->path, (unsigned long long)m->bytes, strerror(err));
		memory_destroy(m);
		return -err;
	}
	int rc = memory_map(m, true, error);

	if (rc != 0)
		memory_destroy(m);
	return rc;
}

static int create_huge(struct memory *m, const char *engine, const char *part, uint64_t bytes,
                       char error[MEMORY_ERROR_BYTES])
{
	const char *mount = hugetlbfs_find_path_for_size((long)HUGE_PAGE_BYTES);
	uint64_t pages = round_up(bytes, HUGE_PAGE_BYTES) / HUGE_PAGE_BYTES;
	uint64_t free_pages = memory_huge_pages_free();

	if (mount == NULL) {
		snprintf(error, MEMORY_ERROR_BYTES,
		         "no hugetlbfs mount for 2 MiB pages; mount one at /dev/hugepages");
		return -ENOENT;
	}
	if (free_pages < pages) {
		snprintf(error, MEMORY_ERROR_BYTES,
		         "%s needs %llu huge pages of 2 MiB, %llu are free; raise "
		         "/proc/sys/vm/nr_hugepages",
		         part, (unsigned long long)pages, (unsigned long long)free_pages);
		return -ENOMEM;
	}
	snprintf(m->path, sizeof(m->path), "%s/genesis-%s.%s", mount, engine, part);
	int rc = create_at(m, bytes, error);

	if (rc != 0)
		return rc;
	/* Take the pages now: a page that is missing later would be a SIGBUS in the middle of the
	 * day. */
	if (fallocate(m->fd, 0, 0, (off_t)m->bytes) != 0) {
		rc = -errno;
		snprintf(error, MEMORY_ERROR_BYTES, "%s: huge pages ran out while taking them: %s",
		         m->path, strerror(-rc));
		memory_destroy(m);
		return rc;
	}
	m->huge = true;
	return 0;
}

int memory_create(struct memory *m, const char *engine, const char *part, uint64_t bytes,
                  enum memory_pages pages, char error[MEMORY_ERROR_BYTES])
{
	*m = (struct memory){.fd = -1};
	if (pages != MEMORY_PAGES_SMALL) {
		int rc = create_huge(m, engine, part, bytes, error);

		if (rc == 0 || pages == MEMORY_PAGES_HUGE)
			return rc;
		*m = (struct memory){.fd = -1};
	}
	snprintf(m->path, sizeof(m->path), "/dev/shm/genesis-%s.%s", engine, part);
	return create_at(m, bytes, error);
}

int memory_small_fits(uint64_t bytes, char error[MEMORY_ERROR_BYTES])
{
	struct statvfs v;

	if (statvfs("/dev/shm", &v) != 0 || v.f_blocks == 0) /* 0: no limit */
		return 0;
	uint64_t free_bytes = (uint64_t)v.f_bavail * v.f_frsize;

	if (free_bytes >= bytes)
		return 0;
	snprintf(error, MEMORY_ERROR_BYTES,
	         "/dev/shm has %llu MiB free, the engine may need %llu MiB; make it larger (mount "
	         "-o "
	         "remount,size=...) or lower the configuration's sizes",
	         (unsigned long long)(free_bytes >> 20), (unsigned long long)(bytes >> 20) + 1);
	return -ENOSPC;
}

void *memory_place(struct memory *m, uint64_t bytes, uint64_t align)
{
	uint64_t offset = round_up(m->used, align);

	assert(align <= MEMORY_BLOCK_ALIGN);
	assert(offset <= m->bytes);
	assert(bytes <= m->bytes - offset);
	m->used = offset + bytes;
	return m->base + offset;
}
