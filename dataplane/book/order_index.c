/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/order_index.h"

#include <string.h>

#define CHAIN_ENTRIES_MAX ((ORDER_INDEX_CHAIN_MAX + 1) * ORDER_BUCKET_ENTRIES)

static uint32_t buckets_max(uint32_t orders_max)
{
	uint32_t buckets = ORDER_INDEX_MASK_MIN + 1;

	while ((uint64_t)buckets * ORDER_INDEX_LOAD < orders_max)
		buckets *= 2;
	return buckets;
}

/* At ORDER_INDEX_LOAD entries a bucket 13 % of the buckets overflow (Poisson); a quarter, and some
 * for small tables, is room enough unless references conspire. */
static uint32_t overflow_max(uint32_t buckets)
{
	return buckets / 4 + 64;
}

uint64_t order_index_bytes(uint32_t orders_max)
{
	uint64_t buckets = buckets_max(orders_max);

	return sizeof(struct order_index) +
	       (buckets + overflow_max((uint32_t)buckets)) * sizeof(struct order_bucket);
}

void order_index_init(struct order_index *x, struct region *r, uint32_t orders_max)
{
	uint32_t buckets = buckets_max(orders_max);

	*x = (struct order_index){
	        .mask = ORDER_INDEX_MASK_MIN,
	        .mask_max = buckets - 1,
	        .overflow_max = overflow_max(buckets),
	};
	region_mark_one(r, x);
}

static uint32_t overflow_take(struct order_index *x)
{
	uint32_t b = x->overflow_free;

	if (b != 0) {
		x->overflow_free = x->buckets[b].next;
		x->buckets[b].next = 0;
		return b;
	}
	if (x->overflow_used == x->overflow_max)
		return 0;
	return x->mask_max + 1 + x->overflow_used++;
}

static void overflow_release(struct order_index *x, struct region *r, uint32_t b)
{
	memset(&x->buckets[b], 0, sizeof(x->buckets[b]));
	x->buckets[b].next = x->overflow_free;
	region_mark_one(r, &x->buckets[b]);
	x->overflow_free = b;
}

static void bucket_append(struct order_bucket *b, struct region *r, uint32_t hash, uint32_t order)
{
	assert(b->count < ORDER_BUCKET_ENTRIES);
	b->hash[b->count] = hash;
	b->order[b->count] = order;
	b->count++;
	region_mark_one(r, b);
}

/* Puts an entry at the end of the chain of bucket `home`. */
static bool chain_append(struct order_index *x, struct region *r, uint32_t home, uint32_t hash,
                         uint32_t order)
{
	struct order_bucket *b = &x->buckets[home];
	uint32_t links = 0;

	for (; b->next != 0; links++)
		b = &x->buckets[b->next];
	if (b->count == ORDER_BUCKET_ENTRIES) {
		if (links == ORDER_INDEX_CHAIN_MAX)
			return false;
		uint32_t next = overflow_take(x);

		if (next == 0)
			return false;
		b->next = next;
		region_mark_one(r, b);
		b = &x->buckets[next];
	}
	bucket_append(b, r, hash, order);
	return true;
}

/* Splits the next bucket of the round: those of its entries whose next hash bit is set move. */
static void split_one(struct order_index *x, struct region *r)
{
	uint32_t hash[CHAIN_ENTRIES_MAX];
	uint32_t order[CHAIN_ENTRIES_MAX];
	uint32_t count = 0;
	uint32_t from = x->split;
	struct order_bucket *b = &x->buckets[from];

	for (uint32_t i = 0; i < b->count; i++, count++) {
		hash[count] = b->hash[i];
		order[count] = b->order[i];
	}
	for (uint32_t at = b->next; at != 0;) {
		const struct order_bucket *o = &x->buckets[at];
		uint32_t next = o->next;

		for (uint32_t i = 0; i < o->count; i++, count++) {
			hash[count] = o->hash[i];
			order[count] = o->order[i];
		}
		overflow_release(x, r, at);
		at = next;
	}
	memset(b, 0, sizeof(*b));
	region_mark_one(r, b);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t to = hash[i] & (x->mask + 1) ? from + x->mask + 1 : from;
		bool fits = chain_append(x, r, to, hash[i], order[i]);

		/* Two chains never need more overflow buckets than their sum did. */
		assert(fits);
	}
	x->split++;
}

static void grow(struct order_index *x, struct region *r)
{
	if (x->growing == 0) {
		if (x->entries <= (x->mask + 1) * ORDER_INDEX_LOAD || x->mask == x->mask_max)
			return;
		x->growing = 1;
	}
	for (uint32_t i = 0; i < ORDER_INDEX_SPLITS && x->growing != 0; i++) {
		split_one(x, r);
		if (x->split == x->mask + 1) {
			x->mask = x->mask * 2 + 1;
			x->split = 0;
			x->growing = 0;
		}
	}
}

bool order_index_insert(struct order_index *x, struct region *r, uint32_t hash, uint32_t order)
{
	struct order_bucket *b = &x->buckets[order_index_home(x, hash)];

	if (b->count < ORDER_BUCKET_ENTRIES)
		bucket_append(b, r, hash, order);
	else if (!chain_append(x, r, (uint32_t)(b - x->buckets), hash, order))
		return false;
	x->entries++;
	region_mark_one(r, x);
	grow(x, r);
	return true;
}

/* The bucket whose link leads to overflow bucket `to`. */
static struct order_bucket *before(struct order_index *x, uint32_t hash, uint32_t to)
{
	struct order_bucket *b = &x->buckets[order_index_home(x, hash)];

	while (b->next != to)
		b = &x->buckets[b->next];
	return b;
}

void order_index_remove(struct order_index *x, struct region *r, const struct order_spot *spot)
{
	struct order_bucket *b = &x->buckets[spot->bucket];
	uint32_t last_at = spot->bucket;

	assert(b->order[spot->position] == spot->order);
	while (x->buckets[last_at].next != 0)
		last_at = x->buckets[last_at].next;
	struct order_bucket *last = &x->buckets[last_at];

	last->count--;
	b->hash[spot->position] = last->hash[last->count];
	b->order[spot->position] = last->order[last->count];
	last->hash[last->count] = 0;
	last->order[last->count] = 0;
	region_mark_one(r, b);
	region_mark_one(r, last);
	if (last->count == 0 && last_at > x->mask_max) {
		struct order_bucket *link = before(x, spot->hash, last_at);

		overflow_release(x, r, last_at);
		link->next = 0;
		region_mark_one(r, link);
	}
	x->entries--;
	region_mark_one(r, x);
}

void order_index_reset(struct order_index *x, struct region *r)
{
	assert(x->entries == 0);
	x->mask = ORDER_INDEX_MASK_MIN;
	x->split = 0;
	x->growing = 0;
	region_mark_one(r, x);
}

void order_index_sweep(struct order_index *x, struct region *r)
{
	uint64_t buckets = (uint64_t)x->mask + 1 + x->split;
	uint64_t overflow = x->overflow_used;
	struct order_bucket *behind = &x->buckets[x->mask_max + 1];

	memset(x->buckets, 0, buckets * sizeof(*x->buckets));
	region_mark_range(r, x->buckets, buckets * sizeof(*x->buckets));
	memset(behind, 0, overflow * sizeof(*behind));
	region_mark_range(r, behind, overflow * sizeof(*behind));
	x->entries = 0;
	x->overflow_used = 0;
	x->overflow_free = 0;
	order_index_reset(x, r);
}

static const char *bucket_check(const struct order_index *x, const struct order *orders,
                                uint32_t home, uint64_t *entries, uint64_t *overflow)
{
	const struct order_bucket *b = &x->buckets[home];

	for (uint32_t links = 0;; links++) {
		if (b->count > ORDER_BUCKET_ENTRIES || links > ORDER_INDEX_CHAIN_MAX)
			return "index: bucket or chain too long";
		if (b->next != 0 && b->count != ORDER_BUCKET_ENTRIES)
			return "index: hole in a chain";
		if (links > 0 && b->count == 0)
			return "index: empty overflow bucket";
		*entries += b->count;
		*overflow += links > 0;
		for (uint32_t i = 0; i < ORDER_BUCKET_ENTRIES; i++) {
			if (i >= b->count) {
				if (b->hash[i] != 0 || b->order[i] != 0)
					return "index: rests in a free entry";
				continue;
			}
			if (order_hash(orders[b->order[i]].reference) != b->hash[i])
				return "index: entry's hash is not its order's";
			if (order_index_home(x, b->hash[i]) != home)
				return "index: entry in the wrong bucket";
		}
		if (b->next == 0)
			return NULL;
		if (b->next <= x->mask_max || b->next > x->mask_max + x->overflow_used)
			return "index: link out of bounds";
		b = &x->buckets[b->next];
	}
}

const char *order_index_check(const struct order_index *x, const struct order *orders)
{
	uint64_t entries = 0;
	uint64_t overflow = 0;
	uint32_t buckets = x->mask + 1 + x->split;

	for (uint32_t i = 0; i < buckets; i++) {
		const char *broken = bucket_check(x, orders, i, &entries, &overflow);

		if (broken != NULL)
			return broken;
	}
	for (uint32_t b = x->overflow_free; b != 0; b = x->buckets[b].next)
		if (++overflow > x->overflow_used)
			break;
	if (overflow != x->overflow_used)
		return "index: overflow buckets lost or shared";
	return entries == x->entries ? NULL : "index: entries miscounted";
}
