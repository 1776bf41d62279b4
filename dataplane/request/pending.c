/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/pending.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static uint32_t heads_for(uint32_t live_max)
{
	uint32_t heads = 2;

	while (heads < 2 * live_max)
		heads *= 2;
	return heads;
}

uint64_t pending_bytes(uint32_t live_max)
{
	assert(live_max >= 1 && live_max <= PENDING_MAX);
	return 2ull * live_max * sizeof(struct pending_slip) +
	       2ull * heads_for(live_max) * sizeof(uint32_t);
}

void pending_init(struct pending *p, void *memory, uint32_t live_max)
{
	uint32_t heads = heads_for(live_max);

	assert(live_max >= 1 && live_max <= PENDING_MAX);
	*p = (struct pending){
	        .slips = memory,
	        .mask = heads - 1,
	        .slips_max = 2 * live_max,
	        .live_max = live_max,
	        .oldest = PENDING_NONE,
	        .newest = PENDING_NONE,
	};
	memset(p->slips, 0, p->slips_max * sizeof(*p->slips));
	p->by_key = (uint32_t *)(void *)(p->slips + p->slips_max);
	p->by_token = p->by_key + heads;
	memset(p->by_key, 0xff, 2ull * heads * sizeof(uint32_t));
	for (uint32_t i = 0; i < p->slips_max; i++)
		p->slips[i].next = i + 1 < p->slips_max ? i + 1 : PENDING_NONE;
}

static uint32_t mix(uint64_t a)
{
	a *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(a >> 32 ^ a >> 17);
}

static uint32_t *head_of_key(const struct pending *p, const struct pending_key *k)
{
	uint64_t a = k->words[0] * 0xff51afd7ed558ccdull;

	a = (a ^ a >> 32 ^ k->words[1]) * 0xff51afd7ed558ccdull;
	return &p->by_key[mix(a ^ a >> 32 ^ k->words[2]) & p->mask];
}

static uint32_t *head_of_token(const struct pending *p, uint64_t token)
{
	return &p->by_token[mix(token) & p->mask];
}

static bool is_same(const struct pending_key *a, const struct pending_key *b)
{
	return ((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1]) |
	        (a->words[2] ^ b->words[2])) == 0;
}

struct pending_slip *pending_by_key(const struct pending *p, const struct pending_key *key)
{
	for (uint32_t i = *head_of_key(p, key); i != PENDING_NONE; i = p->slips[i].next_by_key)
		if (is_same(&p->slips[i].key, key))
			return &p->slips[i];
	return NULL;
}

struct pending_slip *pending_by_token(const struct pending *p, uint64_t token)
{
	for (uint32_t i = *head_of_token(p, token); i != PENDING_NONE;
	     i = p->slips[i].next_by_token)
		if (p->slips[i].token == token)
			return &p->slips[i];
	return NULL;
}

static void leave_key(struct pending *p, struct pending_slip *s)
{
	uint32_t index = (uint32_t)(s - p->slips);
	uint32_t *link = head_of_key(p, &s->key);

	if (!s->is_keyed)
		return;
	while (*link != index)
		link = &p->slips[*link].next_by_key;
	*link = s->next_by_key;
	s->is_keyed = 0;
}

static void leave_token(struct pending *p, struct pending_slip *s)
{
	uint32_t index = (uint32_t)(s - p->slips);
	uint32_t *link = head_of_token(p, s->token);

	while (*link != index)
		link = &p->slips[*link].next_by_token;
	*link = s->next_by_token;
}

/* A slip that nobody finds: an unused one, or the one that ended first. There is one: at most half
 * of them are live. */
static uint32_t take(struct pending *p)
{
	uint32_t index = p->unused;

	if (index != PENDING_NONE) {
		p->unused = p->slips[index].next;
		return index;
	}
	index = p->oldest;
	assert(index != PENDING_NONE);
	struct pending_slip *s = &p->slips[index];

	p->oldest = s->next;
	if (p->oldest == PENDING_NONE)
		p->newest = PENDING_NONE;
	leave_key(p, s);
	leave_token(p, s);
	return index;
}

struct pending_slip *pending_add(struct pending *p, const struct pending_key *key, uint64_t token)
{
	if (pending_is_full(p))
		return NULL;
	uint32_t index = take(p);
	struct pending_slip *s = &p->slips[index];
	struct pending_slip *older = pending_by_key(p, key);

	assert(pending_by_token(p, token) == NULL);
	if (older != NULL)
		leave_key(p, older);
	uint32_t *by_key = head_of_key(p, key);
	uint32_t *by_token = head_of_token(p, token);

	*s = (struct pending_slip){
	        .key = *key,
	        .token = token,
	        .next_by_key = *by_key,
	        .next_by_token = *by_token,
	        .next = PENDING_NONE,
	        .is_live = 1,
	        .is_keyed = 1,
	        .is_ambiguous = older != NULL,
	};
	*by_key = index;
	*by_token = index;
	p->live++;
	return s;
}

struct pending_slip *pending_end(struct pending *p, uint64_t token)
{
	struct pending_slip *s = pending_by_token(p, token);

	if (s == NULL || !s->is_live)
		return NULL;
	uint32_t index = (uint32_t)(s - p->slips);

	s->is_live = 0;
	s->next = PENDING_NONE;
	if (p->newest == PENDING_NONE)
		p->oldest = index;
	else
		p->slips[p->newest].next = index;
	p->newest = index;
	p->live--;
	return s;
}
