/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Memory: where everything lives. Rooms never allocate; app/ maps one block per purpose before the
 * loops start and hands out pieces of it.
 *
 * Shared blocks are named files, so that other processes can read a running engine and the bytes
 * outlive it: in a hugetlbfs mount where there are pages enough, else in /dev/shm. They are sparse
 * and zeroed by the kernel; nothing is touched before it is used. A write lock on the engine's
 * control file (of the open file description, fcntl(2)) says that it is alive: it can be asked for
 * without being taken, so whoever asks stands in nobody's way.
 *
 * Thread rule: control core, before the loops start and after they ended.
 */
#ifndef APP_MEMORY_H
#define APP_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define MEMORY_PATH_BYTES  192u
#define MEMORY_ERROR_BYTES 256u
#define MEMORY_BLOCK_ALIGN (2u << 20)

struct memory {
	uint8_t *base;
	uint64_t bytes;
	uint64_t used; /* handed out by memory_place() */
	bool huge;
	bool owned; /* created by this process: memory_destroy() removes the file */
	int fd;     /* -1: anonymous */
	char path[MEMORY_PATH_BYTES];
};

enum memory_pages { MEMORY_PAGES_ANY, MEMORY_PAGES_HUGE, MEMORY_PAGES_SMALL };

/* Private to the process; huge pages are asked for transparently. 0 or -errno. */
int memory_anonymous(struct memory *m, uint64_t bytes);

/* A named file "genesis-ENGINE.PART", which must not exist. MEMORY_PAGES_HUGE: -ENOMEM with text
 * when there are not enough pages; _ANY: falls back to /dev/shm (m->huge tells). 0 or -errno with
 * one clear line in error[]. */
int memory_create(struct memory *m, const char *engine, const char *part, uint64_t bytes,
                  enum memory_pages pages, char error[MEMORY_ERROR_BYTES]);

/* Maps m->fd of m->bytes, 2 MiB aligned whatever the page size. 0 or -errno with text. */
int memory_map(struct memory *m, bool writable, char error[MEMORY_ERROR_BYTES]);

/* Maps an existing file read-only. 0 or -errno. */
int memory_attach(struct memory *m, const char *path, char error[MEMORY_ERROR_BYTES]);

/* The next `bytes` at `align` (a power of two, <= MEMORY_BLOCK_ALIGN). Aborts when the block is too
 * small: sizes are summed by the same code that places. */
void *memory_place(struct memory *m, uint64_t bytes, uint64_t align);
static inline uint64_t memory_offset(const struct memory *m, const void *p)
{
	return (uint64_t)((const uint8_t *)p - m->base);
}

/* Unmaps; removes the file if this process made it. Accepts a zeroed struct. */
void memory_destroy(struct memory *m);

/* Files in /dev/shm are sparse: a page that does not fit is found out when it is touched, by
 * SIGBUS. -ENOSPC with one clear line when /dev/shm has less than `bytes` free now; 0. */
int memory_small_fits(uint64_t bytes, char error[MEMORY_ERROR_BYTES]);

/* Path of an engine's control file in /dev/shm. */
void memory_control_path(char path[MEMORY_PATH_BYTES], const char *engine);
/* Takes the lock that says the engine lives, held until fd is closed. 0 or -errno (-EAGAIN: another
 * holds it). */
int memory_lock(int fd);
/* 1: somebody else holds the lock; 0: nobody; -errno. */
int memory_is_held(int fd);
/* The same by path; 0 also where there is no such file. */
int memory_control_is_held(const char *path);

/* Free 2 MiB pages now and whether a hugetlbfs mount was found. */
uint64_t memory_huge_pages_free(void);

#endif
