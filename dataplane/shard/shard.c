/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/shard.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dataplane/shard/shard_private.h"
#include "dataplane/wire/packet.h"

#define SHARD_ALIGN 64u

/* -- routes -- */

uint32_t lane_symbol(const struct lane *l, uint64_t name)
{
	if (name == 0 || name == SYMBOL_BLANK)
		return blank_symbol(&l->routes);
	uint32_t id = directory_find(l->setup->directory, name);

	static_assert(VIEW_NONE == SYMBOL_NONE, "what the directory has no room for");
	assert(id == SYMBOL_NONE || id < l->routes.symbols_max);
	return id;
}

static uint64_t lane_name(const struct lane *l, uint32_t symbol)
{
	return symbol == blank_symbol(&l->routes) ? SYMBOL_BLANK
	                                          : directory_name(l->setup->directory, symbol);
}

static bool lane_takes(const struct lane *l, uint64_t name)
{
	for (uint32_t i = 0; i < l->member_count; i++)
		if (selector_matches(&l->shard->members[l->members[i]].group->options.selector,
		                     name))
			return true;
	return false;
}

/* A symbol is met for the first time: who takes it? The board's row belongs to the critical class,
 * and within a class to the first group. */
static uint32_t lane_decide(struct shard *s, struct lane *l, uint32_t symbol)
{
	struct route_table *t = &l->routes;
	const struct lane *critical = &s->lanes[l->feed][CLASS_CRITICAL];
	uint64_t name = lane_name(l, symbol);
	uint32_t tail = ROUTE_NONE;

	t->first[symbol] = ROUTE_NONE;
	for (uint32_t i = 0; i < l->member_count; i++) {
		struct member *m = &s->members[l->members[i]];
		const struct group_options *o = &m->group->options;

		if (!selector_matches(&o->selector, name))
			continue;
		bool own = m->link_count < o->books.symbols_max;
		uint32_t link = route_append(t, symbol, l->members[i], own, tail);

		if (link == ROUTE_NONE) {
			s->stats.routes_refused++;
			continue;
		}
		m->link_count += own;
		l->rows[link] = (struct publish_row){
		        .owned = tail == ROUTE_NONE &&
		                 (l == critical || !lane_takes(critical, name)),
		};
		if (tail == ROUTE_NONE)
			t->first[symbol] = link;
		tail = link;
	}
	return t->first[symbol];
}

uint32_t lane_route(struct shard *s, struct lane *l, uint32_t symbol)
{
	assert(symbol <= l->routes.symbols_max);
	uint32_t first = l->routes.first[symbol];

	return __builtin_expect(first != ROUTE_UNDECIDED, 1) ? first : lane_decide(s, l, symbol);
}

/* -- memory -- */

struct shard_arena { /* base NULL: only counts */
	uint8_t *base;
	uint64_t used;
};

static void *arena_place(struct shard_arena *a, uint64_t bytes)
{
	void *p = a->base == NULL ? NULL : a->base + a->used;

	a->used += (bytes + SHARD_ALIGN - 1) & ~(uint64_t)(SHARD_ALIGN - 1);
	return p;
}

static uint32_t lane_groups(const struct shard_options *o, uint32_t feed, uint32_t class,
                            uint64_t *symbols)
{
	uint32_t count = 0;

	*symbols = 0;
	for (uint32_t i = 0; i < o->group_count; i++) {
		const struct group_options *g = &o->groups[i]->options;

		if (g->feed != feed || g->class != class)
			continue;
		count++;
		*symbols += g->books.symbols_max;
	}
	return count;
}

static void lane_layout(const struct shard_options *o, uint32_t feed, uint32_t class,
                        struct shard_arena *a, struct lane *l)
{
	const struct shard_feed_setup *setup = &o->feeds[feed];
	uint32_t symbols_max = setup->directory->symbols_max;
	uint64_t symbols;
	uint64_t locates = feed_view_bytes(setup->protocol->by_order);

	*l = (struct lane){.member_count = lane_groups(o, feed, class, &symbols)};
	if (l->member_count == 0)
		return;
	/* Every group's own links, and one more symbol space for what they refuse. */
	uint64_t links = symbols + symbols_max + 1;

	l->used = true;
	l->class = (uint8_t) class;
	l->feed = (uint8_t)feed;
	l->setup = setup;
	l->board = setup->board;
	l->members = arena_place(a, l->member_count * sizeof(*l->members));
	l->routes.symbols_max = symbols_max;
	l->routes.link_capacity = (uint32_t)links;
	l->routes.first = arena_place(a, ((uint64_t)symbols_max + 1) * sizeof(uint32_t));
	l->routes.links = arena_place(a, links * sizeof(struct route_link));
	l->rows = arena_place(a, links * sizeof(struct publish_row));
	l->queue.capacity = (uint32_t)links;
	l->queue.links = arena_place(a, links * sizeof(uint32_t));
	l->view.locates = locates == 0 ? NULL : arena_place(a, locates);
	l->catch_up.view.locates = locates == 0 ? NULL : arena_place(a, locates);
	l->catch_up.base.locates = locates == 0 ? NULL : arena_place(a, locates);
}

static void actors_layout(const struct shard_options *o, struct shard_arena *a, struct actors *x)
{
	uint32_t count;
	uint32_t slots;

	*x = (struct actors){0};
	shard_count_inputs(o, &count, &slots);
	if (count == 0)
		return;
	x->count = count;
	x->slots = slots;
	x->items = arena_place(a, count * sizeof(*x->items));
	x->watch.asked = arena_place(a, slots * sizeof(*x->watch.asked));
	x->waiting = arena_place(a, slots * sizeof(*x->waiting));
	x->commands = arena_place(a, SHARD_COMMANDS_MAX * sizeof(*x->commands));
	x->positions = arena_place(a, o->group_count * sizeof(*x->positions));
	for (uint32_t i = 0, n = 0; i < o->group_count; i++)
		for (uint32_t c = 0; c < o->groups[i]->options.component_count; c++) {
			const struct component_ops *ops = o->groups[i]->options.components[c].ops;

			if (!component_has_inputs(ops))
				continue;
			struct actor_reply *replies =
			        arena_place(a, ops->requests_max * sizeof(*replies));

			if (x->items != NULL)
				x->items[n].replies = replies;
			n++;
		}
}

static struct shard *shard_layout(const struct shard_options *o, struct shard_arena *a)
{
	struct shard counted;
	struct shard *s = arena_place(a, sizeof(*s));
	struct member *members = arena_place(a, o->group_count * sizeof(*members));

	for (uint32_t i = 0; i < o->group_count; i++) {
		uint32_t slots = o->groups[i]->options.books.symbols_max;
		uint32_t *slot_link = arena_place(a, slots * sizeof(*slot_link));

		if (members != NULL)
			members[i].slot_link = slot_link;
	}
	for (uint32_t feed = 0; feed < o->feed_count; feed++)
		for (uint32_t class = 0; class < SHARD_CLASSES; class ++)
			lane_layout(o, feed, class, a,
			            s == NULL ? &counted.lanes[feed][class]
			                      : &s->lanes[feed][class]);
	actors_layout(o, a, s == NULL ? &counted.actors : &s->actors);
	if (s != NULL)
		s->members = members;
	return s;
}

/* Groups with inputs have a place to write them, and a TURN has room for all. */
static bool shard_inputs_valid(const struct shard_options *o)
{
	uint32_t count;
	uint32_t slots;

	shard_count_inputs(o, &count, &slots);
	return count == 0 || (o->inputs != NULL && o->group_count <= SHARD_INPUT_GROUPS_MAX);
}

static bool shard_options_valid(const struct shard_options *o)
{
	if (o->id >= BOARD_SHARDS_MAX || o->feed_count == 0 || o->feed_count > SHARD_FEEDS_MAX)
		return false;
	if (o->critical_budget == 0 || o->normal_budget == 0 || o->catch_up_budget == 0)
		return false;
	for (uint32_t i = 0; i < o->feed_count; i++)
		if (o->feeds[i].protocol == NULL || o->feeds[i].log == NULL ||
		    o->feeds[i].directory == NULL)
			return false;
	for (uint32_t i = 0; i < o->group_count; i++) {
		const struct group_options *g = &o->groups[i]->options;

		if (g->feed >= o->feed_count || (uint32_t)g->class >= SHARD_CLASSES)
			return false;
		if (o->feeds[g->feed].protocol->by_order != (g->books.orders_max != 0))
			return false;
	}
	return shard_inputs_valid(o);
}

uint64_t shard_bytes(const struct shard_options *o)
{
	struct shard_arena a = {0};

	if (!shard_options_valid(o))
		return 0;
	shard_layout(o, &a);
	return a.used;
}

/* -- start -- */

static void member_init(struct shard *s, uint32_t index)
{
	struct member *m = &s->members[index];
	struct group *g = s->options.groups[index];

	m->group = g;
	m->lane = &s->lanes[g->options.feed][g->options.class];
	m->mover = MOVER_CLASS;
	m->has_components = g->options.component_count > 0;
	for (uint32_t i = 0; i < g->options.component_count; i++)
		m->wants_messages =
		        m->wants_messages || g->options.components[i].ops->on_message != NULL;
	memset(m->slot_link, 0xff, g->options.books.symbols_max * sizeof(*m->slot_link));
	g->state = GROUP_ATTACHED;
}

/* Which bits the class must look for before it has read anything. Locates that the stream told
 * before the cursor's first record are unknown until the next session, so everything is looked at;
 * hashes of symbols that the directory knows already are looked up. */
static uint64_t lane_first_interest(const struct lane *l, bool from_the_beginning)
{
	const struct directory *d = l->setup->directory;
	uint64_t interest = 0;

	if (l->setup->protocol->by_order)
		return from_the_beginning ? 0 : UINT64_MAX;
	for (uint32_t id = 0; id < directory_count(d); id++)
		if (lane_takes(l, directory_name(d, id)))
			interest |= 1ull << (symbol_hash(directory_name(d, id)) & 63);
	return interest;
}

static int lane_register(struct log_cursor *c, const struct log *log)
{
	struct log l = *log;
	int slot = log_cursor_register(&l, LOG_CLAIM_LIVE, true);

	if (slot < 0)
		return slot;
	cursor_init(c, &l, (uint32_t)slot);
	return 0;
}

static int lane_init(struct shard *s, struct lane *l)
{
	uint32_t count = 0;
	bool takes_all = false;

	l->shard = s;
	for (uint32_t i = 0; i < s->options.group_count; i++) {
		if (s->members[i].lane != l)
			continue;
		l->members[count++] = i;
		takes_all = takes_all || s->members[i].group->options.selector.kind == SELECT_ALL;
	}
	assert(count == l->member_count);
	l->by_reference = takes_all && count == 1;
	l->first_class = l->class == CLASS_CRITICAL || !s->lanes[l->feed][CLASS_CRITICAL].used;
	route_init(&l->routes);
	int rc = lane_register(&l->cursor, l->setup->log);

	if (rc != 0)
		return rc;
	rc = lane_register(&l->catch_up.cursor, l->setup->log);
	if (rc != 0) {
		log_cursor_unregister(&l->cursor.log, l->cursor.slot);
		return rc;
	}
	bool from_the_beginning = l->cursor.position <= SEGMENT_FIRST_RECORD;

	feed_view_init(&l->view, l->view.locates, takes_all,
	               lane_first_interest(l, from_the_beginning));
	feed_view_init(&l->catch_up.view, l->catch_up.view.locates, takes_all, 0);
	feed_view_init(&l->catch_up.base, l->catch_up.base.locates, takes_all, 0);
	return 0;
}

static void lane_finish(struct lane *l)
{
	log_cursor_unregister(&l->cursor.log, l->cursor.slot);
	log_cursor_unregister(&l->catch_up.cursor.log, l->catch_up.cursor.slot);
}

/* The n-th lane in the order of a turn: critical of all feeds, then normal. */
static struct lane *shard_lane(struct shard *s, uint32_t n)
{
	return &s->lanes[n % s->options.feed_count][n / s->options.feed_count];
}

int shard_init(struct shard **out, void *memory, uint64_t bytes, const struct shard_options *o)
{
	if (memory == NULL || (uintptr_t)memory % SHARD_ALIGN != 0 || !shard_options_valid(o) ||
	    bytes < shard_bytes(o))
		return -EINVAL;
	struct shard_arena a = {.base = memory};
	struct shard *s = shard_layout(o, &a);
	uint32_t lanes = o->feed_count * SHARD_CLASSES;

	s->options = *o;
	for (uint32_t i = 0; i < lanes; i++) {
		struct lane *l = shard_lane(s, i);

		l->setup = l->used ? &s->options.feeds[l->feed] : NULL;
	}
	histogram_init(&s->latency);
	for (uint32_t i = 0; i < o->group_count; i++)
		member_init(s, i);
	actors_init(s);
	for (uint32_t i = 0; i < lanes; i++) {
		int rc = shard_lane(s, i)->used ? lane_init(s, shard_lane(s, i)) : 0;

		if (rc == 0)
			continue;
		while (i-- > 0)
			if (shard_lane(s, i)->used)
				lane_finish(shard_lane(s, i));
		return rc;
	}
	*out = s;
	return 0;
}

void shard_finish(struct shard *s)
{
	assert(s != NULL);
	for (uint32_t i = 0; i < s->options.feed_count * SHARD_CLASSES; i++) {
		struct lane *l = shard_lane(s, i);

		if (l->used)
			lane_finish(l);
		l->used = false;
	}
}

/* -- the turn -- */

static void shard_record_latency(struct shard *s, uint64_t now_ns)
{
	for (uint32_t i = 0; i < s->time_count; i++)
		histogram_record(&s->latency, now_ns > s->times[i] ? now_ns - s->times[i] : 0);
	s->time_count = 0;
}

/* The record was applied in this turn; the next turn's clock ends its way. Only times of this
 * machine's clock say anything. */
static inline void shard_note_time(struct shard *s, const struct record *r)
{
	if (r->time_source != TIME_TURN && r->time_source != TIME_HARDWARE)
		return;
	if (s->time_count < SHARD_LATENCY_MAX)
		s->times[s->time_count++] = r->time_ns;
	else
		s->stats.latency_unrecorded++;
}

static uint32_t lane_step(struct shard *s, struct lane *l, uint32_t budget)
{
	struct walk w = {.shard = s, .lane = l, .view = &l->view, .mover = MOVER_CLASS};
	uint32_t moved = 0;

	l->cursor.head = log_head(&l->cursor.log);
	if (l->cursor.position == l->cursor.head)
		return 0;
	look_ahead_begin(&w, &l->cursor);
	for (; moved < budget; moved++) {
		w.record = cursor_next(&l->cursor);
		if (w.record == NULL)
			break;
		w.offset = l->cursor.position - w.record->bytes;
		if (walk_record(&w))
			shard_note_time(s, w.record);
	}
	/* Out of budget with the old head in mind: how far it is really away is worth a look. */
	if (moved == budget)
		l->cursor.head = log_head(&l->cursor.log);
	return moved;
}

static uint64_t lane_lag_messages(const struct lane *l)
{
	if (cursor_lag_bytes(&l->cursor) == 0)
		return 0;
	return log_messages_behind(&l->cursor.log, l->view.epoch, l->view.next_sequence);
}

static void shard_gauge_lags(struct shard *s)
{
	uint64_t lag[SHARD_CLASSES] = {0};
	uint64_t messages[SHARD_CLASSES] = {0};
	uint64_t behind = 0;

	for (uint32_t i = 0; i < s->options.feed_count * SHARD_CLASSES; i++) {
		const struct lane *l = shard_lane(s, i);

		if (!l->used)
			continue;
		uint64_t bytes = cursor_lag_bytes(&l->cursor);

		lag[l->class] = bytes > lag[l->class] ? bytes : lag[l->class];
		bytes = lane_lag_messages(l);
		messages[l->class] = bytes > messages[l->class] ? bytes : messages[l->class];
		bytes = catch_up_lag_bytes(l);
		behind = bytes > behind ? bytes : behind;
	}
	s->stats.critical_lag_bytes = lag[CLASS_CRITICAL];
	s->stats.normal_lag_bytes = lag[CLASS_NORMAL];
	s->stats.critical_lag_messages = messages[CLASS_CRITICAL];
	s->stats.normal_lag_messages = messages[CLASS_NORMAL];
	s->stats.catch_up_lag_bytes = behind;
}

/* Normal groups wait while a critical cursor is behind: however slow they are, what they take is
 * only what critical ones leave. */
static uint32_t lane_budget(const struct shard_options *o, const struct lane *l, bool behind)
{
	if (l->class == CLASS_CRITICAL)
		return o->critical_budget;
	return behind ? 0 : o->normal_budget;
}

uint32_t shard_step(struct shard *s, uint64_t now_ns)
{
	const struct shard_options *o = &s->options;
	uint32_t lanes = o->feed_count * SHARD_CLASSES;
	uint32_t moved = 0;
	uint32_t moved_by[SHARD_FEEDS_MAX * SHARD_CLASSES] = {0};
	bool behind = false; /* some critical cursor */

	shard_record_latency(s, now_ns);
	catch_up_wishes(s);
	if (s->actors.count != 0)
		actors_begin(s, now_ns);
	for (uint32_t i = 0; i < lanes; i++) {
		struct lane *l = shard_lane(s, i);

		if (!l->used)
			continue;
		moved_by[i] = lane_step(s, l, lane_budget(o, l, behind));
		behind = behind || (l->class == CLASS_CRITICAL && cursor_lag_bytes(&l->cursor) > 0);
		moved += moved_by[i];
	}
	for (uint32_t i = 0; i < lanes; i++) {
		struct lane *l = shard_lane(s, i);

		if (!l->used)
			continue;
		moved += catch_up_step(s, l);
		publish_flush(s, l);
		if (moved_by[i] > 0) {
			publish_position(s, l);
			cursor_release(&l->cursor);
		}
	}
	if (s->actors.count != 0)
		actors_end(s);
	shard_gauge_lags(s);
	s->stats.turns++;
	s->stats.busy_turns += moved > 0;
	return moved;
}

void shard_detach(struct shard *s, uint32_t group)
{
	assert(group < s->options.group_count);
	s->members[group].detach_wish = true;
	s->members[group].reattach_wish = false;
	s->wishes = true;
}

void shard_reattach(struct shard *s, uint32_t group)
{
	assert(group < s->options.group_count);
	s->members[group].reattach_wish = true;
	s->wishes = true;
}

int shard_restart(struct shard *s, uint32_t group)
{
	assert(group < s->options.group_count);
	return catch_up_restart(s, &s->members[group]);
}

const struct shard_stats *shard_stats(const struct shard *s)
{
	return &s->stats;
}

struct histogram *shard_latency(struct shard *s)
{
	return &s->latency;
}

bool shard_at_head(const struct shard *s)
{
	if (s->wishes)
		return false;
	for (uint32_t i = 0; i < s->options.group_count; i++)
		if (s->members[i].returning)
			return false;
	for (uint32_t feed = 0; feed < s->options.feed_count; feed++) {
		for (uint32_t class = 0; class < SHARD_CLASSES; class ++) {
			const struct lane *l = &s->lanes[feed][class];

			if (l->used && (l->cursor.position < l->cursor.head || l->queue.count > 0))
				return false;
		}
	}
	return true;
}
