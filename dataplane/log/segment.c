/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/segment.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "dataplane/log/fence.h"

/* Accounting comes before the stack. A segment is paid for first (the user's `held`, and beyond its
 * floor one unit of `common`) and popped then; given back, it is pushed first and paid back then.
 * So at every moment
 *
 *     segments on the stack >= common + sum over users of (floor - held, where positive)
 *
 * and whoever has paid finds one: a pop never fails, and a floor is a promise. Both sides of a
 * payment are acq_rel read-modify-writes, hence the push that went before is seen by the pop that
 * comes after. */

#define POOL_MAGIC 0x314c4f4f504e4547ull /* "GENPOOL1" */

struct pool_user {
	_Atomic uint32_t held;
	uint32_t floor;
	uint32_t ceiling;
	uint8_t pad[52];
};

struct pool_entry { /* one per segment; the pool's own truth, whatever users do to the segment */
	_Atomic uint32_t next;  /* while free: the one below on the stack */
	_Atomic uint32_t owner; /* SEGMENT_NONE: free */
	_Atomic uint32_t generation;
	uint32_t reserved;
};

struct segment_pool_control {
	_Atomic uint64_t magic;
	uint32_t count;
	_Atomic uint32_t users;
	uint8_t pad0[48];
	_Atomic uint64_t top; /* tag << 32 | index; the tag grows with every change (no ABA) */
	uint8_t pad1[56];
	_Atomic uint32_t common; /* segments that are nobody's floor and nobody's yet */
	uint8_t pad2[60];
	struct pool_user user[SEGMENT_USERS_MAX];
	struct pool_entry entries[];
};

static_assert(sizeof(struct pool_user) == 64, "one cache line per user");
static_assert(sizeof(struct pool_entry) == 16, "the pool's format");
static_assert(offsetof(struct segment_pool_control, top) == 64, "own cache line");
static_assert(offsetof(struct segment_pool_control, common) == 128, "own cache line");

#define POOL_COUNT_MAX                                                     \
	((SEGMENT_BYTES - (uint32_t)sizeof(struct segment_pool_control)) / \
	 (uint32_t)sizeof(struct pool_entry))

static struct segment_header *header_at(const struct segment_pool *p, uint32_t segment)
{
	return (struct segment_header *)(void *)segment_at(p, segment);
}

static uint64_t top_make(uint64_t old, uint32_t index)
{
	return ((old >> 32) + 1) << 32 | index;
}

static void stack_push(struct segment_pool_control *c, uint32_t segment)
{
	uint64_t top = atomic_load_explicit(&c->top, memory_order_relaxed);

	do {
		atomic_store_explicit(&c->entries[segment].next, (uint32_t)top,
		                      memory_order_relaxed);
		/* Release: pairs with the pop's acquire; what the giver did with the segment, and
		 * `next`, come before. */
	} while (!atomic_compare_exchange_weak_explicit(
	        &c->top, &top, top_make(top, segment), memory_order_release, memory_order_relaxed));
}

static uint32_t stack_pop(struct segment_pool_control *c)
{
	uint64_t top = atomic_load_explicit(&c->top, memory_order_acquire);
	uint32_t next;

	do {
		assert((uint32_t)top < c->count);
		/* May be of a segment that another core has popped meanwhile: then the tag has
		 * moved on and the exchange fails. */
		next = atomic_load_explicit(&c->entries[(uint32_t)top].next, memory_order_relaxed);
	} while (!atomic_compare_exchange_weak_explicit(
	        &c->top, &top, top_make(top, next), memory_order_acq_rel, memory_order_acquire));
	return (uint32_t)top;
}

/* One unit of what is nobody's floor. */
static bool common_take(struct segment_pool_control *c, uint32_t units)
{
	uint32_t n = atomic_load_explicit(&c->common, memory_order_relaxed);

	do {
		if (n < units)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
	        &c->common, &n, n - units, memory_order_acq_rel, memory_order_relaxed));
	return true;
}

static void common_give(struct segment_pool_control *c)
{
	uint32_t before = atomic_fetch_add_explicit(&c->common, 1, memory_order_acq_rel);

	assert(before < c->count);
}

/* Pays for one segment: held + 1, and a common unit when that is beyond the floor. */
static bool user_pay(struct segment_pool_control *c, struct pool_user *u)
{
	uint32_t held = atomic_load_explicit(&u->held, memory_order_relaxed);
	bool has_common = false;
	bool paid = false;

	while (!paid) {
		if (held >= u->ceiling)
			break;
		if (held >= u->floor && !has_common) {
			has_common = common_take(c, 1);
			if (!has_common)
				break;
		}
		paid = atomic_compare_exchange_weak_explicit(
		        &u->held, &held, held + 1, memory_order_acq_rel, memory_order_relaxed);
	}
	/* Another core gave back for the same user in between: the floor pays, or nobody. */
	if (has_common && (!paid || held < u->floor))
		common_give(c);
	return paid;
}

uint64_t segment_pool_bytes(uint32_t count)
{
	return ((uint64_t)count + 1) << SEGMENT_SHIFT;
}

int segment_pool_init(struct segment_pool *p, void *base, uint64_t bytes, uint32_t count)
{
	if (base == NULL || (uintptr_t)base % SEGMENT_BYTES != 0)
		return -EINVAL;
	if (count == 0 || count > POOL_COUNT_MAX || bytes < segment_pool_bytes(count))
		return -EINVAL;
	struct segment_pool_control *c = base;

	*p = (struct segment_pool){
	        .control = c, .segments = (uint8_t *)base + SEGMENT_BYTES, .count = count};
	c->count = count;
	atomic_store_explicit(&c->users, 0, memory_order_relaxed);
	atomic_store_explicit(&c->common, count, memory_order_relaxed);
	atomic_store_explicit(&c->top, SEGMENT_NONE, memory_order_relaxed);
	/* The segments themselves are not touched: a pool may be far larger than what is ever used.
	 * A header without a magic belongs to a segment that was never taken. */
	for (uint32_t i = count; i-- > 0;) {
		atomic_store_explicit(&c->entries[i].owner, SEGMENT_NONE, memory_order_relaxed);
		stack_push(c, i);
	}
	/* Release: pairs with attach; a pool that shows its magic is whole. */
	atomic_store_explicit(&c->magic, POOL_MAGIC, memory_order_release);
	return 0;
}

int segment_pool_attach(struct segment_pool *p, void *base, uint64_t bytes)
{
	if (base == NULL || (uintptr_t)base % SEGMENT_BYTES != 0 || bytes < segment_pool_bytes(1))
		return -EPROTO;
	struct segment_pool_control *c = base;

	if (atomic_load_explicit(&c->magic, memory_order_acquire) != POOL_MAGIC)
		return -EPROTO;
	uint32_t count = c->count;

	if (count == 0 || count > POOL_COUNT_MAX || bytes < segment_pool_bytes(count))
		return -EPROTO;
	*p = (struct segment_pool){
	        .control = c, .segments = (uint8_t *)base + SEGMENT_BYTES, .count = count};
	return 0;
}

int segment_pool_user(struct segment_pool *p, uint32_t floor, uint32_t ceiling)
{
	struct segment_pool_control *c = p->control;
	uint32_t id = atomic_load_explicit(&c->users, memory_order_relaxed);

	if (ceiling == 0 || floor > ceiling)
		return -EINVAL;
	if (id == SEGMENT_USERS_MAX)
		return -EMFILE;
	if (!common_take(c, floor))
		return -ENOSPC;
	atomic_store_explicit(&c->user[id].held, 0, memory_order_relaxed);
	c->user[id].floor = floor;
	c->user[id].ceiling = ceiling;
	atomic_store_explicit(&c->users, id + 1, memory_order_release);
	return (int)id;
}

/* Next generation of a segment whose old bytes may now be overwritten. */
static void segment_begin(struct segment_pool *p, uint32_t user, uint32_t segment)
{
	struct pool_entry *e = &p->control->entries[segment];
	uint32_t generation = atomic_load_explicit(&e->generation, memory_order_relaxed) + 1;

	atomic_store_explicit(&e->generation, generation, memory_order_relaxed);
	/* Release fence: pairs with the acquire fence of a follower that still copies from this
	 * segment for the log that had it before. The giver stored that log's tail before it pushed
	 * and the pop acquired the push, so who sees a byte written from here on sees that tail. */
	fence_release();
	segment_header_begin(header_at(p, segment), user, generation);
}

uint32_t segment_take(struct segment_pool *p, uint32_t user)
{
	struct segment_pool_control *c = p->control;

	assert(user < atomic_load_explicit(&c->users, memory_order_relaxed));
	if (!user_pay(c, &c->user[user]))
		return SEGMENT_NONE;
	uint32_t segment = stack_pop(c);
	struct pool_entry *e = &c->entries[segment];

	assert(atomic_load_explicit(&e->owner, memory_order_relaxed) == SEGMENT_NONE);
	atomic_store_explicit(&e->owner, user, memory_order_relaxed);
	segment_begin(p, user, segment);
	return segment;
}

void segment_renew(struct segment_pool *p, uint32_t user, uint32_t segment)
{
	assert(segment < p->count);
	assert(atomic_load_explicit(&p->control->entries[segment].owner, memory_order_relaxed) ==
	       user);
	segment_begin(p, user, segment);
}

void segment_give(struct segment_pool *p, uint32_t user, uint32_t segment)
{
	struct segment_pool_control *c = p->control;

	assert(user < atomic_load_explicit(&c->users, memory_order_relaxed));
	assert(segment < p->count);
	struct pool_user *u = &c->user[user];
	struct pool_entry *e = &c->entries[segment];

	assert(atomic_load_explicit(&e->owner, memory_order_relaxed) == user);
	segment_header_begin(header_at(p, segment), SEGMENT_NONE,
	                     atomic_load_explicit(&e->generation, memory_order_relaxed));
	atomic_store_explicit(&e->owner, SEGMENT_NONE, memory_order_relaxed);
	stack_push(c, segment);
	uint32_t held = atomic_fetch_sub_explicit(&u->held, 1, memory_order_acq_rel);

	assert(held > 0);
	if (held > u->floor)
		common_give(c);
}

uint32_t segment_pool_held(const struct segment_pool *p, uint32_t user)
{
	assert(user < SEGMENT_USERS_MAX);
	return atomic_load_explicit(&p->control->user[user].held, memory_order_relaxed);
}

uint32_t segment_pool_free(const struct segment_pool *p)
{
	uint32_t users = atomic_load_explicit(&p->control->users, memory_order_acquire);
	uint32_t held = 0;

	for (uint32_t i = 0; i < users; i++)
		held += segment_pool_held(p, i);
	/* The counts are read one after the other while cores take and give. */
	return held < p->count ? p->count - held : 0;
}
