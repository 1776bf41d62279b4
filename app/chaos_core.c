/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Turns: which component is moved next, and what that costs.
 */
#include "app/chaos_world.h"

#include <assert.h>

static void count_memory(struct chaos_world *w)
{
	uint64_t segments = 0;

	for (uint32_t i = 0; i < w->scenario->cores; i++)
		segments +=
		        w->cores[i].feed.log.stats.segments_held > w->cores[i].feed.log.segments_min
		                ? w->cores[i].feed.log.stats.segments_held
		                : w->cores[i].feed.log.segments_min;
	uint64_t live = 0;

	for (uint32_t i = 0; w->scenario->service_count > 0 && i < w->scenario->cores; i++)
		live += w->cores[i].operations.pool.operations_live;
	uint64_t bytes = segments * SEGMENT_BYTES +
	                 live * (sizeof(struct operation) + sizeof(struct operation_attempt)) +
	                 w->items_out * sizeof(struct chaos_item);

	if (bytes > w->result->memory_bytes)
		w->result->memory_bytes = bytes;
}

uint32_t chaos_core_asks(const struct scenario_load *l, uint64_t n)
{
	uint32_t count = (uint32_t)__builtin_popcountll(l->asks);

	if (count == 0)
		return CHAOS_NO_SERVICE;
	uint64_t bits = l->asks;

	/* One further with every round over the components, so that each asks all of them. */
	for (uint64_t i = (n + n / l->count) % count; i > 0; i--)
		bits &= bits - 1;
	return (uint32_t)__builtin_ctzll(bits);
}

void chaos_core_collect(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];
	struct chaos_ask ask;
	bool any = false;

	while (chaos_feed_appended(&c->feed, &ask)) {
		struct chaos_member *m = &w->members[ask.component];

		m->appended++;
		m->pending += m->is_alive;
		any = true;
	}
	if (any)
		chaos_core_wake(w, core);
}

static void bring(struct chaos_world *w, const struct chaos_ask *ask, uint64_t sequence,
                  uint32_t line)
{
	uint32_t core = w->members[ask->component].core;

	chaos_feed_bring(&w->cores[core].feed, ask, sequence, line, w->now_ns);
	chaos_core_collect(w, core);
}

void chaos_core_line(struct chaos_world *w, const struct chaos_event *e)
{
	struct chaos_ask ask = {.event = e->token,
	                        .arrival_ns = e->value_ns,
	                        .component = e->a,
	                        .service = e->service};

	bring(w, &ask, e->sequence, e->b);
}

/* Every line by its own dice: lost, late, twice. */
static void send_on_lines(struct chaos_world *w, const struct chaos_ask *ask)
{
	const struct scenario *s = w->scenario;
	uint64_t sequence = chaos_feed_next(&w->cores[w->members[ask->component].core].feed);

	for (uint32_t line = 0; line < s->lines; line++) {
		uint32_t copies = 1 + prng_chance_ppm(&w->prng, s->line_double_ppm);

		if (prng_chance_ppm(&w->prng, s->line_loss_ppm))
			copies--;
		for (uint32_t i = 0; i < copies; i++) {
			uint64_t late_ns = prng_below(&w->prng, s->line_delay_ns + 1);

			if (late_ns == 0)
				bring(w, ask, sequence, line);
			else
				chaos_queue_put(&w->queue, &(struct chaos_event){
				                                   .time_ns = w->now_ns + late_ns,
				                                   .kind = CHAOS_LINE,
				                                   .a = ask->component,
				                                   .b = line,
				                                   .token = ask->event,
				                                   .value_ns = ask->arrival_ns,
				                                   .sequence = sequence,
				                                   .service = ask->service});
		}
	}
}

void chaos_core_burst(struct chaos_world *w, const struct chaos_event *e)
{
	const struct scenario_load *l = &w->scenario->loads[e->a];

	for (uint32_t i = 0; i < l->burst; i++) {
		uint64_t n = e->token * l->burst + i; /* of the load */
		struct chaos_ask ask = {.event = w->next_event++,
		                        .arrival_ns = w->now_ns,
		                        .component = l->first + (uint32_t)(n % l->count),
		                        .service = chaos_core_asks(l, n)};

		struct chaos_class_result *class =
		        &w->result->classes[w->members[ask.component].class];

		w->result->events++;
		class->events++;
		if (ask.service != CHAOS_NO_SERVICE) {
			w->result->operations++;
			class->operations++;
			w->result->services[ask.service].operations++;
		}
		send_on_lines(w, &ask);
	}
	count_memory(w);
	uint64_t next_ns = w->now_ns + l->every_ns;

	if (next_ns < l->until_ns)
		chaos_queue_put(&w->queue, &(struct chaos_event){.time_ns = next_ns,
		                                                 .kind = CHAOS_BURST,
		                                                 .a = e->a,
		                                                 .token = e->token + 1});
}

uint32_t chaos_core_window(const struct chaos_world *w)
{
	const struct processing_options *p = &w->profile->processing;

	return p->order == PROCESSING_SEQUENTIAL ? 1 : p->parallelism_min;
}

void chaos_core_wake(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];

	if (c->is_turn_due)
		return;
	c->is_turn_due = true;
	chaos_queue_put(&w->queue, &(struct chaos_event){.time_ns = chaos_script_core_ns(
	                                                         w->scenario, core, w->now_ns),
	                                                 .kind = CHAOS_TURN,
	                                                 .a = core});
}

static bool is_runnable(const struct chaos_member *m)
{
	return m->is_alive && m->out < m->window && (m->pending > 0 || m->inbox_count > 0);
}

/* In turn, beginning where the last one ended. */
static uint32_t choose_among(struct chaos_world *w, struct chaos_core *c, uint32_t first,
                             uint32_t count, uint32_t *next)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = (*next + i) % count;
		uint32_t member = c->members[first + at];

		if (is_runnable(&w->members[member])) {
			*next = at + 1;
			return member;
		}
	}
	return CHAOS_NONE;
}

static uint32_t choose(struct chaos_world *w, struct chaos_core *c)
{
	if (!w->profile->processing.has_priorities)
		return choose_among(w, c, 0, c->member_count, &c->next_any);
	uint32_t member = CHAOS_NONE;
	uint32_t first = 0;

	for (uint32_t class = 0; member == CHAOS_NONE && class < WORK_CLASSES; class ++) {
		member = choose_among(w, c, first, c->class_count[class], &c->next[class]);
		first += c->class_count[class];
	}
	return member;
}

static void keep(struct chaos_world *w, struct chaos_core *c, struct chaos_member *m, uint32_t item)
{
	struct chaos_item *x = &w->items[item];

	x->component = m->component.index;
	x->life = m->component.lives;
	if (!x->is_request)
		x->class = m->class;
	x->state = CHAOS_ITEM_READY;
	m->out++;
	c->turn_items[c->turn_count++] = item;
}

static bool take_request(struct chaos_world *w, struct chaos_core *c, struct chaos_member *m)
{
	uint32_t item = chaos_item_take(w);

	if (item == CHAOS_NONE)
		return false;
	struct chaos_item *x = &w->items[item];

	x->request = m->inbox[m->inbox_first];
	m->inbox_first = (m->inbox_first + 1) % CHAOS_INBOX_MAX;
	m->inbox_count--;
	x->is_request = true;
	x->class = x->request.class;
	/* Dice of its own: the same event may be asked about again, at another time. */
	x->event = x->request.event ^ w->now_ns << 20;
	x->arrival_ns = w->now_ns;
	x->service = w->scenario->services[x->request.service].asks;
	if (x->service == SCENARIO_NONE)
		x->service = CHAOS_NO_SERVICE;
	keep(w, c, m, item);
	return true;
}

/* What a book group has noted. */
static bool take_question(struct chaos_world *w, struct chaos_core *c, struct chaos_member *m)
{
	uint32_t item = chaos_item_take(w);
	uint32_t services = w->scenario->service_count;

	if (item == CHAOS_NONE) {
		chaos_broken(w, 7, "group %s: no item is left", m->group->engine->name);
		return false;
	}
	struct chaos_item *x = &w->items[item];

	x->event = world_group_ask(w, m);
	x->arrival_ns = w->now_ns;
	x->service = services == 0 ? CHAOS_NO_SERVICE : (uint32_t)(x->event % services);
	keep(w, c, m, item);
	return true;
}

/* One event of the log: a new one becomes an item, a replayed one only state. */
static bool take_event(struct chaos_world *w, struct chaos_core *c, struct chaos_member *m)
{
	if (!chaos_component_step(&m->component, w->now_ns)) {
		chaos_broken(w, 2, "component %u: the log has fewer events than were put into it",
		             m->component.index);
		m->pending = 0;
		return false;
	}
	assert(m->component.outbox_count == 1);
	struct chaos_ask ask = m->component.outbox[0];

	m->component.outbox_count = 0;
	m->pending--;
	m->seen++;
	if (m->component.disorder > 0)
		chaos_broken(w, 1, "component %u: event %llu came twice or out of order",
		             m->component.index, (unsigned long long)ask.event);
	if (m->seen <= m->seen_ever) {
		w->result->replayed++;
		return true;
	}
	m->seen_ever = m->seen;
	m->is_restoring = false;
	uint32_t item = chaos_item_take(w);

	if (item == CHAOS_NONE) {
		chaos_broken(w, 7, "component %u: no item is left", m->component.index);
		return false;
	}
	struct chaos_item *x = &w->items[item];

	x->event = ask.event;
	x->arrival_ns = ask.arrival_ns;
	x->service = ask.service;
	keep(w, c, m, item);
	return true;
}

/* Requests of others first: they wait for an answer. */
static uint32_t take_batch(struct chaos_world *w, struct chaos_core *c, struct chaos_member *m)
{
	uint32_t most = w->profile->processing.batch;
	uint32_t taken = 0;

	most = most > CHAOS_OUTBOX_MAX ? CHAOS_OUTBOX_MAX : most;
	while (taken < most && m->out < m->window) {
		bool done = m->inbox_count > 0 ? take_request(w, c, m)
		            : m->pending == 0  ? false
		            : m->group != NULL ? take_question(w, c, m)
		                               : take_event(w, c, m);

		if (!done)
			break;
		taken++;
	}
	if (m->is_restoring && m->pending == 0 && m->group == NULL)
		m->is_restoring = false;
	return taken;
}

void chaos_core_turn(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];
	uint64_t may_ns = chaos_script_core_ns(w->scenario, core, w->now_ns);

	assert(c->is_turn_due);
	c->is_turn_due = false;
	if (may_ns > w->now_ns) {
		chaos_core_wake(w, core);
		return;
	}
	uint64_t cost_ns = world_day_turn(w, core);
	uint32_t member = choose(w, c);

	if (member == CHAOS_NONE && cost_ns == 0)
		return;
	c->turn_count = 0;
	if (member != CHAOS_NONE) {
		uint32_t taken = take_batch(w, c, &w->members[member]);

		cost_ns += w->scenario->turn_ns + taken * w->scenario->event_ns;
		w->progress += taken;
	}
	c->busy_ns += cost_ns;
	c->is_turn_due = true;
	chaos_queue_put(&w->queue, &(struct chaos_event){.time_ns = w->now_ns + cost_ns,
	                                                 .kind = CHAOS_TURN_END,
	                                                 .a = core});
}

/* Cursors that have nothing to do go along with the head: skipping costs next to nothing, and what
 * nobody needs must not hold the log. */
static void skip(struct chaos_world *w, struct chaos_core *c)
{
	for (uint32_t i = 0; i < c->member_count; i++) {
		struct chaos_member *m = &w->members[c->members[i]];

		if (m->is_alive && m->group == NULL && m->pending == 0 &&
		    chaos_component_step(&m->component, w->now_ns))
			chaos_broken(w, 1, "component %u: an event more than were put into the log",
			             m->component.index);
	}
	chaos_feed_trim(&c->feed);
}

void chaos_core_turn_end(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];

	assert(c->is_turn_due);
	c->is_turn_due = false;
	for (uint32_t i = 0; i < c->turn_count; i++)
		chaos_item_submit(w, c->turn_items[i]);
	c->turn_count = 0;
	skip(w, c);
	chaos_core_wake(w, core);
}
