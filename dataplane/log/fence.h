/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fences of the log (private to the room), and the stores to a segment's header that followers may
 * watch while they happen.
 *
 * Thread sanitizer knows no fences and gcc says so each time. Nothing here needs it to: where one
 * thread's plain accesses follow another's, an acquire load of a release store stands between them;
 * the fences order words that are atomic anyway (tail against claims) and the followers' copies,
 * which are validated after the fact.
 */
#ifndef DATAPLANE_LOG_FENCE_H
#define DATAPLANE_LOG_FENCE_H

#include <stdatomic.h>

#include "dataplane/log/segment.h"

#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif

static inline void fence_seq_cst(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

static inline void fence_release(void)
{
	atomic_thread_fence(memory_order_release);
}

static inline void fence_acquire(void)
{
	atomic_thread_fence(memory_order_acquire);
}

/* A new life of the segment: whose, which generation, not yet part of a log. `base_offset` is
 * cleared first, so that no crash leaves a header that claims bytes which are being replaced. */
static inline void segment_header_begin(struct segment_header *h, uint32_t owner,
                                        uint32_t generation)
{
	__atomic_store_n(&h->base_offset, SEGMENT_UNLINKED, __ATOMIC_RELAXED);
	__atomic_store_n(&h->magic, SEGMENT_MAGIC, __ATOMIC_RELEASE);
	__atomic_store_n(&h->owner, owner, __ATOMIC_RELAXED);
	__atomic_store_n(&h->generation, generation, __ATOMIC_RELAXED);
	__atomic_store_n(&h->first_sequence, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&h->epoch, 0, __ATOMIC_RELAXED);
}

#endif
