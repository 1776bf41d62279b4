/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/world_day.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/chaos_world.h"

#define PORT_MORE     64u    /* for heartbeats and ends, which no port drops */
#define CORE_SHARE    8u     /* the whole day takes one part in so many of a core's time, about */
#define CHECK_PACKETS 20000u /* book sets are checked whole every so many packets */

/* Each seed has its own weather: some lines are clean, some are terrible. */
static void weather(struct day_line_options *l, struct prng *p, bool lossless)
{
	static const uint32_t levels_ppm[] = {0, 1000, 10000, 50000};

	*l = (struct day_line_options){
	        .loss_ppm = lossless ? 0 : levels_ppm[prng_below(p, 4)],
	        .burst_loss_ppm = lossless ? 0 : (uint32_t)prng_below(p, 3) * 100,
	        .burst_packets_max = 1 + (uint32_t)prng_below(p, 50),
	        .duplicate_ppm = levels_ppm[prng_below(p, 4)],
	        .reorder_ppm = levels_ppm[prng_below(p, 4)],
	        .reorder_ns = 1 + prng_below(p, 5000000),
	        .skew_ns = prng_below(p, 2) == 0 ? 0 : prng_below(p, 50000000),
	};
}

static int create_feed(struct world_day *d, uint64_t seed)
{
	const struct world_day_options *o = &d->options;
	struct day_feed_options fo = {.seed = o->cut_seed != 0 ? o->cut_seed : seed,
	                              .transport = DAY_MOLDUDP64,
	                              .lines = WORLD_LINES};
	struct day_source source = world_messages_source(&d->messages, o->from_ns, o->until_ns);
	struct prng p;

	prng_init(&p, seed ^ 0x77ea7e7);
	for (uint32_t i = 0; i < fo.lines; i++)
		weather(&fo.line[i], &p, o->lossless);
	return day_feed_create(&d->feed, &fo, &source);
}

static enum world_receive receive_of(const struct world_day_options *o, uint64_t seed)
{
	struct prng p;

	if (o->receive != WORLD_RECEIVE_BY_SEED)
		return o->receive;
	prng_init(&p, seed ^ 0xc0de5);
	return WORLD_RECEIVE_TOGETHER + (enum world_receive)prng_below(&p, 3);
}

static int create_engine(struct chaos_world *w, uint64_t seed)
{
	struct world_day *d = w->day;
	uint32_t cores = w->scenario->cores;

	/* Small shares of a turn in some worlds: there cursors stand apart. */
	return world_engine_create(
	        &d->engine, &(struct world_engine_options){
	                            .lines = d->feed,
	                            .messages = d->options.messages,
	                            .symbols = d->options.symbols,
	                            .cores = cores < WORLD_CORES_MAX ? cores : WORLD_CORES_MAX,
	                            .budget = 1u << prng_below(&d->prng, 7),
	                            .receive = receive_of(&d->options, seed),
	                            .boards = true});
}

static int create_port(struct world_port *p, uint32_t packets)
{
	p->capacity = packets;
	p->packets = calloc(packets + PORT_MORE, sizeof(*p->packets));
	p->memory_bytes = (packets + PORT_MORE) * (uint64_t)DAY_FEED_FRAME_BYTES;
	p->memory_bytes =
	        (p->memory_bytes + CHAOS_PAGE_BYTES - 1) / CHAOS_PAGE_BYTES * CHAOS_PAGE_BYTES;
	p->bytes = chaos_memory(p->memory_bytes, CHAOS_PAGE_BYTES);
	return p->packets == NULL || p->bytes == NULL ? -ENOMEM : 0;
}

static int create_groups(struct world_day *d)
{
	uint32_t of_shard[WORLD_CORES_MAX] = {0};

	for (uint32_t i = 0; i < WORLD_GROUPS; i++) {
		struct world_group *g = &d->groups[i];

		g->engine = &d->engine.engine->groups[i];
		g->shard_index = of_shard[g->engine->shard]++;
		g->answered = calloc(d->messages.count / 8 + 1, 1);
		if (g->answered == NULL)
			return -ENOMEM;
	}
	return 0;
}

static bool read_next(struct world_day *d)
{
	d->is_over = !day_feed_next(d->feed, d->frame, &d->next);
	return !d->is_over;
}

static int create(struct chaos_world *w, uint64_t seed)
{
	struct world_day *d = w->day;
	const struct world_day_options *o = &d->options;
	int rc = world_messages_make(&d->messages, seed, o->messages, o->symbols);

	if (rc == 0)
		rc = create_feed(d, seed);
	if (rc == 0)
		rc = create_engine(w, seed);
	if (rc == 0)
		rc = create_port(&d->port, o->port_packets);
	if (rc == 0)
		rc = create_groups(d);
	if (rc != 0)
		return rc;
	d->brought = calloc(d->messages.count / 8 + 1, 1);
	if (d->brought == NULL)
		return -ENOMEM;
	d->message_ns = (o->until_ns - o->from_ns) / (CORE_SHARE * d->messages.count) + 1;
	if (d->message_ns > w->scenario->event_ns)
		d->message_ns = w->scenario->event_ns + 1;
	w->result->day.messages = d->messages.count;
	w->result->day.groups = WORLD_GROUPS;
	read_next(d);
	return 0;
}

int world_day_create(struct chaos_world *w, const struct world_day_options *o)
{
	uint64_t seed = w->options->seed;

	assert(o->until_ns <= w->scenario->end_ns);
	w->day = calloc(1, sizeof(*w->day));
	if (w->day == NULL)
		return -ENOMEM;
	w->day->options = *o;
	prng_init(&w->day->prng, seed ^ 0xda7);
	return create(w, seed);
}

void world_day_destroy(struct chaos_world *w)
{
	struct world_day *d = w->day;

	if (d == NULL)
		return;
	for (uint32_t i = 0; i < WORLD_GROUPS; i++)
		free(d->groups[i].answered);
	world_engine_destroy(&d->engine);
	day_feed_destroy(d->feed);
	world_messages_free(&d->messages);
	chaos_memory_free(d->port.bytes, d->port.memory_bytes);
	free(d->port.packets);
	free(d->brought);
	free(d);
	w->day = NULL;
}

static void put_next(struct chaos_world *w)
{
	struct world_day *d = w->day;

	if (!d->is_over)
		chaos_queue_put(&w->queue, &(struct chaos_event){.time_ns = d->next.time_ns,
		                                                 .kind = CHAOS_PACKET});
}

/* Groups die one by one, some of them again while they are on their way back. */
static void plan_deaths(struct chaos_world *w)
{
	struct world_day *d = w->day;
	uint64_t day_ns = d->options.until_ns - d->options.from_ns;

	for (uint32_t i = 0; i < WORLD_GROUPS; i++) {
		uint64_t at_ns = d->options.from_ns + prng_below(&d->prng, day_ns);

		if (!prng_chance_ppm(&d->prng, d->options.kill_ppm))
			continue;
		w->fault_ns = at_ns < w->fault_ns ? at_ns : w->fault_ns;
		chaos_queue_put(&w->queue, &(struct chaos_event){
		                                   .time_ns = at_ns,
		                                   .kind = CHAOS_KILL,
		                                   .a = w->scenario->components + i,
		                                   .b = prng_below(&d->prng, 4) == 0,
		                                   .value_ns = w->scenario->restart_ns +
		                                               prng_below(&d->prng, day_ns / 8)});
	}
}

void world_day_plan(struct chaos_world *w)
{
	plan_deaths(w);
	put_next(w);
}

static void note_brought(struct world_day *d)
{
	if (d->next.kind != DAY_PACKET_DATA)
		return;
	for (uint64_t i = d->next.sequence - 1; i < d->next.sequence - 1 + d->next.messages; i++)
		d->brought[i / 8] |= (uint8_t)(1u << i % 8);
}

/* To the port of the feed's core; false: it is full. */
static bool wait_at_port(struct world_port *p, const struct packet *packet, bool may_drop)
{
	if (p->count >= p->capacity && may_drop)
		return false;
	if (p->count == p->capacity + PORT_MORE)
		return false;
	uint8_t *at = p->bytes + p->used_bytes;

	memcpy(at, packet->data, packet->bytes);
	p->packets[p->count] = *packet;
	p->packets[p->count++].data = at;
	p->used_bytes += packet->bytes;
	return true;
}

/* A core of the line's own hands over at once; false: the ring was full. */
static bool pass_on(struct world_day *d, uint32_t core, const struct packet *packet,
                    uint64_t now_ns)
{
	struct engine_core *c = &d->engine.engine->cores[core];
	uint64_t before = c->receiver.stats.hand_over_full;

	engine_core_packets(c, packet, 1, now_ns);
	return c->receiver.stats.hand_over_full == before;
}

void world_day_packet(struct chaos_world *w)
{
	struct world_day *d = w->day;
	struct packet packet = {.data = d->frame,
	                        .bytes = day_feed_frame(d->feed, d->frame, &d->next),
	                        .port = d->next.line,
	                        .time_source = TIME_CAPTURE,
	                        .time_ns = d->next.time_ns};
	uint32_t core = world_engine_line_core(&d->engine, d->next.line);
	bool taken = core < d->engine.core_count
	                     ? wait_at_port(&d->port, &packet, d->next.kind == DAY_PACKET_DATA)
	                     : pass_on(d, core, &packet, w->now_ns);

	w->result->day.packets++;
	if (taken)
		note_brought(d);
	else
		w->result->day.dropped++;
	chaos_core_wake(w, 0);
	if (w->result->day.packets % CHECK_PACKETS == 0) {
		const char *what = world_engine_check(&d->engine, world_group_whole(w));

		if (what != NULL)
			chaos_broken(w, 1, "%s", what);
	}
	if (read_next(d))
		put_next(w);
}

static uint32_t take_port(struct chaos_world *w)
{
	struct world_day *d = w->day;
	struct world_port *p = &d->port;
	uint32_t count = p->count;

	for (uint32_t i = 0; i < count; i += PACKET_BURST_MAX)
		engine_core_packets(&d->engine.engine->cores[0], &p->packets[i],
		                    count - i < PACKET_BURST_MAX ? count - i : PACKET_BURST_MAX,
		                    w->now_ns);
	p->count = 0;
	p->used_bytes = 0;
	return count;
}

uint64_t world_day_backlog(const struct chaos_world *w, uint32_t core)
{
	const struct world_day *d = w->day;

	if (d == NULL || core >= d->engine.core_count)
		return 0;
	const struct shard_stats *s = shard_stats(d->engine.engine->shards[core]);

	return s->critical_lag_messages + s->normal_lag_messages + (core == 0 ? d->port.count : 0);
}

uint64_t world_day_turn(struct chaos_world *w, uint32_t core)
{
	struct world_day *d = w->day;

	if (d == NULL || core >= d->engine.core_count)
		return 0;
	uint64_t moved = core == 0 ? take_port(w) : 0;

	moved += engine_core_work(&d->engine.engine->cores[core], w->now_ns);
	uint64_t lag = world_day_backlog(w, core);

	if (lag > w->result->day.lag_messages)
		w->result->day.lag_messages = lag;
	/* What the feed's core has published is there for the others. */
	for (uint32_t i = 1; core == 0 && moved > 0 && i < d->engine.core_count; i++)
		chaos_core_wake(w, i);
	world_group_look(w, core);
	w->progress += moved;
	return moved * d->message_ns;
}

void world_day_tick(struct chaos_world *w)
{
	for (uint32_t i = 0; w->day != NULL && i < w->day->engine.core_count; i++)
		chaos_core_wake(w, i);
}

void world_day_finish(struct chaos_world *w)
{
	struct world_day *d = w->day;
	struct engine_core *c = &d->engine.engine->cores[0];
	struct receiver_feed *f = &d->engine.engine->feeds[0].receive;

	while (!d->is_over) {
		world_day_packet(w);
		take_port(w);
	}
	take_port(w);
	while (!engine_core_took_all(c))
		engine_core_work(c, w->now_ns);
	arbiter_on_input_end(&f->arbiter, w->now_ns);
	log_writer_publish(&f->log);
	world_engine_drain(&d->engine, w->now_ns);
	for (uint32_t i = 0; i < d->engine.core_count; i++)
		world_group_look(w, i);
}
