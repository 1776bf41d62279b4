/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/order.h"

#include "dataplane/book/book_state.h"

void order_pool_init(struct order_pool *p, uint32_t max)
{
	*p = (struct order_pool){.free = BOOK_NONE, .max = max};
}

void order_pool_clear(struct order_pool *p)
{
	order_pool_init(p, p->max);
}

uint32_t order_peek(const struct order_pool *p)
{
	if (p->free != BOOK_NONE)
		return p->free;
	return p->used < p->max ? p->used : BOOK_NONE;
}

uint32_t order_take(struct book_set *s)
{
	struct order_pool *p = &s->state->pool;
	uint32_t index = order_peek(p);

	assert(index != BOOK_NONE);
	if (p->free != BOOK_NONE) {
		assert(s->orders[index].shares == 0);
		p->free = s->orders[index].next;
	} else {
		p->used++;
	}
	p->live++;
	return index;
}

void order_release(struct book_set *s, uint32_t index)
{
	struct order_pool *p = &s->state->pool;
	struct order *o = &s->orders[index];

	assert(p->live > 0);
	*o = (struct order){.next = p->free};
	book_mark(s, o);
	p->free = index;
	p->live--;
}

void order_enqueue(struct book_set *s, struct book_level *l, uint32_t index)
{
	struct order *o = &s->orders[index];

	o->next = BOOK_NONE;
	o->prev = l->tail;
	if (l->tail == BOOK_NONE) {
		l->head = index;
	} else {
		s->orders[l->tail].next = index;
		book_mark(s, &s->orders[l->tail]);
	}
	l->tail = index;
}

void order_dequeue(struct book_set *s, struct book_level *l, uint32_t index)
{
	const struct order *o = &s->orders[index];

	if (o->prev == BOOK_NONE) {
		assert(l->head == index);
		l->head = o->next;
	} else {
		s->orders[o->prev].next = o->next;
		book_mark(s, &s->orders[o->prev]);
	}
	if (o->next == BOOK_NONE) {
		assert(l->tail == index);
		l->tail = o->prev;
	} else {
		s->orders[o->next].prev = o->prev;
		book_mark(s, &s->orders[o->next]);
	}
}
