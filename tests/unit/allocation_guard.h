/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counts what is asked of the allocator while `guarded` is set. The program is linked with --wrap
 * for each of these (meson.build).
 */
#ifndef TESTS_UNIT_ALLOCATION_GUARD_H
#define TESTS_UNIT_ALLOCATION_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* volatile: the headers promise that the allocator calls nothing of this file. */
static volatile bool guarded;
static volatile uint64_t calls;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *p, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void __real_free(void *p);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);
void __wrap_free(void *p);

void *__wrap_malloc(size_t bytes)
{
	calls += guarded;
	return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	calls += guarded;
	return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *p, size_t bytes)
{
	calls += guarded;
	return __real_realloc(p, bytes);
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
	calls += guarded;
	return __real_aligned_alloc(align, bytes);
}

void __wrap_free(void *p)
{
	calls += guarded;
	__real_free(p);
}

#endif
