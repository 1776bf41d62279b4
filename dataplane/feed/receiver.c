/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/receiver.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "dataplane/wire/ipv4.h"

#define SLOT_MASK (RECEIVER_LINE_SLOTS - 1)

static_assert((RECEIVER_LINE_SLOTS & SLOT_MASK) == 0, "slots are found with a mask");
static_assert(RECEIVER_FEEDS_MAX <= UINT8_MAX, "a line keeps its feed in a byte");
static_assert(LINES_MAX <= UINT8_MAX, "a line keeps its number in a byte");
static_assert(RECEIVER_EXITS_MAX <= 64, "a bit each");
static_assert(RECEIVER_FEEDS_MAX < HAND_OVER_REPLY, "feeds and replies are told apart");

void receiver_init(struct receiver *r, const struct frame_options *frame, bool learn)
{
	memset(r, 0, sizeof(*r));
	r->frame = *frame;
	r->learn = learn;
}

int receiver_add_feed(struct receiver *r, struct receiver_feed *f)
{
	assert(f->protocol != NULL);
	if (r->feed_count == RECEIVER_FEEDS_MAX)
		return -EMFILE;
	r->feeds[r->feed_count++] = f;
	return 0;
}

static uint32_t line_slot(uint32_t address, uint16_t port)
{
	uint64_t h = ((uint64_t)address << 16 | port) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(h >> 32) & SLOT_MASK;
}

/* The slot of exactly this destination, or the free one where it would go. Slots are at most half
 * full, so the walk ends. */
static struct receiver_line *line_find(struct receiver *r, uint32_t address, uint16_t port)
{
	for (uint32_t i = line_slot(address, port);; i = (i + 1) & SLOT_MASK) {
		struct receiver_line *l = &r->lines[i];

		if (!l->used || (l->address == address && l->port == port))
			return l;
	}
}

/* The line that takes a datagram, or NULL. */
static struct receiver_line *line_of(struct receiver *r, const struct datagram *d)
{
	struct receiver_line *l = line_find(r, d->destination_address, d->destination_port);

	if (l->used)
		return l;
	if (r->lines_any_address == 0)
		return NULL;
	l = line_find(r, 0, d->destination_port);
	return l->used && l->any_address ? l : NULL;
}

static struct receiver_line *line_insert(struct receiver *r, const struct receiver_line *line)
{
	struct receiver_line *l = line_find(r, line->address, line->port);

	assert(!l->used);
	assert(r->lines_used < RECEIVER_LINE_SLOTS / 2);
	*l = *line;
	l->used = 1;
	r->lines_used++;
	r->lines_any_address += l->any_address;
	return l;
}

static uint32_t feed_lines_max(const struct receiver_feed *f)
{
	uint32_t lines = f->arbiter.options.line_count;

	return lines < LINES_MAX ? lines : LINES_MAX;
}

static int line_add(struct receiver *r, const struct receiver_line *line)
{
	if (line_find(r, line->address, line->port)->used)
		return -EEXIST;
	if (r->lines_used == RECEIVER_LINE_SLOTS / 2)
		return -EMFILE;
	line_insert(r, line);
	return 0;
}

int receiver_reserve_line(struct receiver *r, uint32_t feed)
{
	assert(feed < r->feed_count);
	struct receiver_feed *f = r->feeds[feed];

	return f->line_count == feed_lines_max(f) ? -EMFILE : (int)f->line_count++;
}

int receiver_add_line(struct receiver *r, uint32_t feed, uint32_t address, uint16_t port)
{
	assert(feed < r->feed_count);
	struct receiver_feed *f = r->feeds[feed];
	const struct receiver_line line = {
	        .address = address,
	        .port = port,
	        .feed = (uint8_t)feed,
	        .line = (uint8_t)f->line_count,
	        .any_address = address == 0,
	};

	if (f->line_count == feed_lines_max(f))
		return line_find(r, address, port)->used ? -EEXIST : -EMFILE;
	int rc = line_add(r, &line);

	return rc != 0 ? rc : (int)f->line_count++;
}

int receiver_add_exit(struct receiver *r, struct hand_over *to)
{
	if (r->exit_count == RECEIVER_EXITS_MAX)
		return -EMFILE;
	r->exits[r->exit_count] = to;
	return (int)r->exit_count++;
}

int receiver_add_entry(struct receiver *r, struct hand_over *from)
{
	if (r->entry_count == RECEIVER_ENTRIES_MAX)
		return -EMFILE;
	r->entries[r->entry_count++] = from;
	return 0;
}

int receiver_pass_line(struct receiver *r, uint32_t exit, const struct receiver_line *line)
{
	struct receiver_line l = *line;

	assert(exit < r->exit_count);
	l.exit = (uint8_t)(exit + 1);
	l.any_address = l.address == 0;
	return line_add(r, &l);
}

int receiver_only_from(struct receiver *r, uint32_t address, uint16_t port, uint32_t source)
{
	struct receiver_line *l = line_find(r, address, port);

	if (!l->used)
		return -ENOENT;
	l->source = source;
	return 0;
}

int receiver_add_reply(struct receiver *r, uint32_t address, uint16_t port, uint32_t exit)
{
	const struct receiver_line line = {
	        .address = address, .port = port, .exit = (uint8_t)exit, .is_reply = 1};

	assert(exit <= r->exit_count);
	return line_add(r, &line);
}

void receiver_set_replies(struct receiver *r, receiver_on_reply *on_reply, void *context)
{
	r->on_reply = on_reply;
	r->context = context;
}

void receiver_add_host(struct receiver *r, uint32_t port, struct frame_ring *ring, uint32_t address)
{
	assert(port < RECEIVER_PORTS_MAX);
	r->hosts[port] = (struct receiver_host){.ring = ring, .address = address};
}

int receiver_allow(struct receiver *r, uint32_t address, uint16_t port)
{
	if (r->allow_count == RECEIVER_ALLOW_MAX)
		return -EMFILE;
	r->allow[r->allow_count++] = (struct receiver_allowed){.address = address, .port = port};
	return 0;
}

static bool may_learn(const struct receiver *r, const struct datagram *d)
{
	if (r->allow_count == 0)
		return true;
	for (uint32_t i = 0; i < r->allow_count; i++)
		if (r->allow[i].address == d->destination_address &&
		    r->allow[i].port == d->destination_port)
			return true;
	return false;
}

/* Makes the destination of a well-formed datagram a line of feed 0. NULL: it does not become one.
 */
static __attribute__((noinline)) struct receiver_line *line_learn(struct receiver *r,
                                                                  const struct datagram *d)
{
	struct receiver_feed *f = r->feed_count > 0 ? r->feeds[0] : NULL;

	if (f == NULL || feed_lines_max(f) == 0 || r->lines_used == RECEIVER_LINE_SLOTS / 2 ||
	    !may_learn(r, d) || !f->protocol->recognise(d->payload, d->payload_bytes))
		return NULL;
	struct receiver_line line = {
	        .address = d->destination_address,
	        .port = d->destination_port,
	        .line = (uint8_t)(feed_lines_max(f) - 1),
	};

	if (f->line_count < feed_lines_max(f))
		line.line = (uint8_t)f->line_count++;
	return line_insert(r, &line);
}

/* What feeds are fed with, whether it was received here or came in by an entry. */
static void feed_datagram(struct receiver *r, const struct hand_over_item *i,
                          const uint8_t *payload)
{
	struct receiver_feed *f = r->feeds[i->feed];
	struct feed_packet p;
	enum feed_verdict v = f->protocol->parse(payload, i->bytes, &p);

	r->stats.feed_packets++;
	f->packets++;
	f->touched = true;
	if (v != FEED_OK) {
		r->stats.malformed_packets++;
		f->malformed_packets++;
	}
	if (v == FEED_MALFORMED)
		arbiter_on_malformed(&f->arbiter, i->line, i->time_ns);
	else
		arbiter_on_packet(&f->arbiter, i->line, &p, i->time_ns, i->time_source);
}

static void pass_datagram(struct receiver *r, uint32_t exit, const struct hand_over_item *i,
                          const uint8_t *payload)
{
	if (!hand_over_put(r->exits[exit], i, payload)) {
		r->stats.hand_over_full++;
		return;
	}
	r->stats.handed_over++;
	r->exits_touched |= 1ull << exit;
}

/* What a datagram to a reply port takes along through a ring, before its payload. */
struct reply_head {
	uint32_t source_address;
	uint32_t destination_address;
	uint16_t source_port;
	uint16_t destination_port;
	uint16_t vlan; /* the outermost */
	uint8_t vlan_count;
	uint8_t port;
};

static_assert(sizeof(struct reply_head) == 16, "no padding");

static __attribute__((noinline)) void reply_datagram(struct receiver *r, uint32_t exit,
                                                     const struct datagram *d, uint8_t port,
                                                     uint64_t now_ns)
{
	const struct reply_head head = {.source_address = d->source_address,
	                                .destination_address = d->destination_address,
	                                .source_port = d->source_port,
	                                .destination_port = d->destination_port,
	                                .vlan = d->vlan_count == 0 ? 0 : d->vlan[0],
	                                .vlan_count = d->vlan_count,
	                                .port = port};
	const struct hand_over_item item = {.time_ns = now_ns,
	                                    .bytes = (uint32_t)sizeof(head) + d->payload_bytes,
	                                    .feed = HAND_OVER_REPLY};

	r->stats.replies++;
	if (exit == 0) {
		if (r->on_reply != NULL)
			r->on_reply(r->context, d, port, now_ns);
		return;
	}
	if (item.bytes > HAND_OVER_ITEM_MAX ||
	    !hand_over_put_two(r->exits[exit - 1], &item, (const uint8_t *)&head, sizeof(head),
	                       d->payload)) {
		r->stats.hand_over_full++;
		return;
	}
	r->stats.handed_over++;
	r->exits_touched |= 1ull << (exit - 1);
}

/* The same at the ring's other end. */
static void take_reply(struct receiver *r, const struct hand_over_item *i, const uint8_t *bytes,
                       uint64_t now_ns)
{
	struct reply_head head;

	assert(i->bytes >= sizeof(head));
	memcpy(&head, bytes, sizeof(head));
	const struct datagram d = {.payload = bytes + sizeof(head),
	                           .payload_bytes = i->bytes - (uint32_t)sizeof(head),
	                           .source_address = head.source_address,
	                           .destination_address = head.destination_address,
	                           .source_port = head.source_port,
	                           .destination_port = head.destination_port,
	                           .vlan = {head.vlan},
	                           .vlan_count = head.vlan_count};

	if (r->on_reply != NULL)
		r->on_reply(r->context, &d, head.port, now_ns);
}

/* A frame that is no datagram. What finds no room in the ring is counted there. */
static __attribute__((noinline)) void host_frame(struct receiver *r, const struct packet *p)
{
	const struct receiver_host *h = &r->hosts[p->port % RECEIVER_PORTS_MAX];

	if (h->ring == NULL || !ipv4_host_may_want(p->data, p->bytes, h->address))
		return;
	r->stats.host_frames++;
	frame_ring_push(h->ring, p->data, p->bytes);
}

static void on_packet(struct receiver *r, const struct packet *packet, uint64_t turn_ns)
{
	struct datagram d;

	if (__builtin_expect(!frame_parse_plain(packet->data, packet->bytes, &r->frame, &d), 0)) {
		enum frame_verdict v = frame_parse(packet->data, packet->bytes, &r->frame, &d);

		if (v != FRAME_OK) {
			r->stats.frames[v]++;
			host_frame(r, packet);
			return;
		}
	}
	r->stats.frames[FRAME_OK]++;
	const struct receiver_line *l = line_of(r, &d);

	if (l == NULL && r->learn)
		l = line_learn(r, &d);
	if (l == NULL) {
		r->stats.unknown_destination++;
		return;
	}
	if (l->source != 0 && l->source != d.source_address) {
		r->stats.other_source++;
		return;
	}
	if (__builtin_expect(l->is_reply != 0, 0)) {
		reply_datagram(r, l->exit, &d, packet->port, turn_ns);
		return;
	}
	bool own_time = packet->time_source == TIME_HARDWARE || packet->time_source == TIME_CAPTURE;
	const struct hand_over_item item = {
	        .time_ns = own_time ? packet->time_ns : turn_ns,
	        .bytes = d.payload_bytes,
	        .feed = l->feed,
	        .line = l->line,
	        .time_source = packet->time_source,
	};

	if (l->exit == 0)
		feed_datagram(r, &item, d.payload);
	else
		pass_datagram(r, l->exit - 1u, &item, d.payload);
}

static void publish(struct receiver *r)
{
	for (uint32_t i = 0; i < r->feed_count; i++) {
		if (!r->feeds[i]->touched)
			continue;
		log_writer_publish(&r->feeds[i]->log);
		r->feeds[i]->touched = false;
	}
	for (; r->exits_touched != 0; r->exits_touched &= r->exits_touched - 1)
		hand_over_publish(r->exits[__builtin_ctzll(r->exits_touched)]);
}

/* Nothing that was published before now_ns and is not in an entry any more is unknown to the
 * arbiters; what still waits there may be what they miss. */
static void set_horizon(struct receiver *r, uint64_t now_ns)
{
	uint64_t horizon_ns = now_ns;

	for (uint32_t i = 0; i < r->entry_count; i++) {
		const struct hand_over_item *front = hand_over_front(r->entries[i]);

		if (front != NULL && front->time_ns < horizon_ns)
			horizon_ns = front->time_ns;
	}
	for (uint32_t i = 0; i < r->feed_count; i++)
		arbiter_set_horizon(&r->feeds[i]->arbiter, horizon_ns);
	r->has_horizon = true;
}

void receiver_on_packets(struct receiver *r, const struct packet *packets, uint32_t count,
                         uint64_t now_ns)
{
	/* Before the first turn nobody has looked into the entries yet. */
	if (__builtin_expect(r->entry_count != 0 && !r->has_horizon, 0))
		set_horizon(r, now_ns);
	for (uint32_t i = 0; i < count; i++) {
		/* Headers of the packet after next: the NIC wrote them, this core has not seen
		 * them. */
		if (i + 2 < count)
			__builtin_prefetch(packets[i + 2].data);
		on_packet(r, &packets[i], now_ns);
	}
	r->stats.packets += count;
	publish(r);
}

uint32_t receiver_take(struct receiver *r, uint64_t now_ns)
{
	uint32_t taken = 0;

	if (r->entry_count == 0)
		return 0;
	if (receiver_is_waiting(r)) {
		set_horizon(r, now_ns);
		for (uint32_t i = 0; i < r->entry_count; i++) {
			const struct hand_over_item *item;

			for (uint32_t n = 0; n < PACKET_BURST_MAX; n++, taken++) {
				item = hand_over_take(r->entries[i]);
				if (item == NULL)
					break;
				if (item->feed == HAND_OVER_REPLY)
					take_reply(r, item, (const uint8_t *)(item + 1), now_ns);
				else
					feed_datagram(r, item, (const uint8_t *)(item + 1));
			}
			hand_over_release(r->entries[i]);
		}
		r->stats.taken_over += taken;
		publish(r);
	}
	r->stats.waiting_bytes = 0;
	for (uint32_t i = 0; i < r->entry_count; i++)
		r->stats.waiting_bytes += hand_over_waiting_bytes(r->entries[i]);
	set_horizon(r, now_ns);
	return taken;
}

bool receiver_is_waiting(struct receiver *r)
{
	bool waiting = false;

	for (uint32_t i = 0; i < r->entry_count; i++)
		waiting |= hand_over_look(r->entries[i]);
	return waiting;
}

/* A log that grew under lag and then fell silent gives its segments back this often. */
#define TRIM_POLLS 256u

void receiver_poll(struct receiver *r, uint64_t now_ns)
{
	for (uint32_t i = 0; i < r->feed_count; i++) {
		arbiter_poll(&r->feeds[i]->arbiter, now_ns);
		if (r->feeds[i]->log.dirty)
			r->feeds[i]->touched = true;
		else if (r->polls % TRIM_POLLS == 0)
			log_writer_trim(&r->feeds[i]->log);
	}
	r->polls++;
	publish(r);
}
