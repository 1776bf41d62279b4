/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Shared blocks as files: mapping them, from either side, and asking whether their engine lives.
 * Apart from making them (memory.c), so that readers in other processes need no more than this.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/memory.h"

static uint64_t round_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) & ~(to - 1);
}

void memory_control_path(char path[MEMORY_PATH_BYTES], const char *engine)
{
	snprintf(path, MEMORY_PATH_BYTES, "/dev/shm/genesis-%s.control", engine);
}

int memory_lock(int fd)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &l) == 0 ? 0 : -errno;
}

int memory_is_held(int fd)
{
	struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_GETLK, &l) != 0 ? -errno : l.l_type != F_UNLCK;
}

int memory_control_is_held(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	int held = memory_is_held(fd);

	close(fd);
	return held;
}

int memory_map(struct memory *m, bool writable, char error[MEMORY_ERROR_BYTES])
{
	/* Aligned to 2 MiB whatever the page size: segments and regions count on it. */
	uint8_t *hint = mmap(NULL, m->bytes + MEMORY_BLOCK_ALIGN, PROT_NONE,
	                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (hint == MAP_FAILED) {
		snprintf(error, MEMORY_ERROR_BYTES,
		         "%s: cannot reserve %llu bytes of address space: %s", m->path,
		         (unsigned long long)m->bytes, strerror(errno));
		return -errno;
	}
	uint8_t *aligned = (uint8_t *)round_up((uint64_t)(uintptr_t)hint, MEMORY_BLOCK_ALIGN);
	void *p = mmap(aligned, m->bytes, PROT_READ | (writable ? PROT_WRITE : 0),
	               MAP_SHARED | MAP_FIXED | MAP_NORESERVE, m->fd, 0);

	if (p == MAP_FAILED) {
		int err = errno;

		munmap(hint, m->bytes + MEMORY_BLOCK_ALIGN);
		snprintf(error, MEMORY_ERROR_BYTES, "%s: cannot map %llu bytes: %s", m->path,
		         (unsigned long long)m->bytes, strerror(err));
		return -err;
	}
	if (aligned != hint)
		munmap(hint, (size_t)(aligned - hint));
	munmap(aligned + m->bytes, (size_t)(hint + MEMORY_BLOCK_ALIGN - aligned));
	m->base = p;
	return 0;
}

int memory_attach(struct memory *m, const char *path, char error[MEMORY_ERROR_BYTES])
{
	struct stat st;
	int rc = 0;

	*m = (struct memory){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	snprintf(m->path, sizeof(m->path), "%s", path);
	if (m->fd < 0 || fstat(m->fd, &st) != 0) {
		rc = -errno;
		snprintf(error, MEMORY_ERROR_BYTES, "%s: %s", path, strerror(-rc));
	} else if (st.st_size <= 0) {
		rc = -EPROTO;
		snprintf(error, MEMORY_ERROR_BYTES, "%s: is empty", path);
	} else {
		m->bytes = (uint64_t)st.st_size;
		rc = memory_map(m, false, error);
	}
	if (rc != 0)
		memory_destroy(m);
	return rc;
}

void memory_destroy(struct memory *m)
{
	if (m->base != NULL)
		munmap(m->base, m->bytes);
	if (m->owned)
		unlink(m->path);
	if (m->fd > 0)
		close(m->fd);
	*m = (struct memory){.fd = -1};
}
