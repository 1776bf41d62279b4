/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A play for a requester: calls of all kinds, nodes that answer well, late, wrongly or not at all,
 * damaged and forged replies, stations that come and go, rings that are full, modes that change;
 * all out of one seed. Who plays it says what is checked.
 */
#ifndef TESTS_UNIT_REQUEST_REQUESTER_PLAY_H
#define TESTS_UNIT_REQUEST_REQUESTER_PLAY_H

#include "tests/unit/request/requester_world.h"

#define PLAY_FLIGHTS 1024u
#define PLAY_CALLS   65536u

struct play_flight {
	struct sent sent;
	uint64_t time_ns; /* 0: free */
	char kind;
};

struct play {
	struct requester_world world;
	struct prng chance;
	struct play_flight flights[PLAY_FLIGHTS];
	/* By call, whose number is its tag: */
	uint8_t ended[PLAY_CALLS];
	uint8_t accepted[PLAY_CALLS];
	uint8_t answered[PLAY_CALLS]; /* a good reply of a node that was asked was delivered */
	uint32_t calls;
	uint64_t ends;
	uint64_t wrong; /* what must not happen */
	uint64_t forged;
	uint64_t outcomes[OPERATION_OUTCOMES];
};

static inline uint32_t play_below(struct play *p, uint32_t bound)
{
	return (uint32_t)prng_below(&p->chance, bound);
}

static inline void play_end(struct play *p, const struct requester_done *d)
{
	uint64_t call = d->tag & 0xffffff;

	if (call >= p->calls || requester_asker(d->tag) != REQUESTER_LADDER || p->ended[call] != 0)
		p->wrong++;
	else
		p->ended[call] = 1;
	if (d->outcome >= OPERATION_OUTCOMES) {
		p->wrong++;
		return;
	}
	p->ends++;
	p->outcomes[d->outcome]++;
	/* Only a good reply that was really sent succeeds. */
	if (d->outcome == OPERATION_SUCCESS && (call >= p->calls || p->answered[call] == 0))
		p->wrong++;
}

static inline uint32_t play_weather(const struct play *p)
{
	return (uint32_t)(p->world.now_ns / SECOND) / 4 % 4;
}

/* Nodes take what waits for them. */
static inline void play_nodes(struct play *p)
{
	static const uint64_t delay[] = {MS, 3 * MS, 40 * MS, 700 * MS};
	static const char kinds[] = "YYYYYYYYYYYYYYYYYYYYYYYYYYYCPNRU";
	struct sent s;

	while (requester_world_take(&p->world, &s)) {
		struct play_flight *f = &p->flights[play_below(p, PLAY_FLIGHTS)];

		if (s.token == 0 || play_weather(p) == 3 || prng_chance_ppm(&p->chance, 50000))
			continue;
		*f = (struct play_flight){
		        .sent = s,
		        .time_ns = p->world.now_ns +
		                   delay[play_below(p, play_weather(p) == 2 ? 4 : 2)],
		        .kind = kinds[play_below(p, 32)]};
	}
}

/* A datagram that is not the reply, though it may look like one. Never with a right token from the
 * right node to the right port, which nobody could tell from the reply. */
static inline void play_forge(struct play *p, const struct sent *s)
{
	uint8_t bytes[64];
	struct datagram d = requester_world_answer(s, 'Y', bytes);
	uint8_t port = 0;

	switch (play_below(p, 9)) {
	case 0:
		d.source_address += 1 + play_below(p, 200);
		break;
	case 1:
		d.source_port = (uint16_t)(d.source_port + 1 + play_below(p, 100));
		break;
	case 2:
		d.destination_address ^= 1u << play_below(p, 32);
		break;
	case 3:
		d.destination_port ^= (uint16_t)(1u << play_below(p, 16));
		break;
	case 4:
		bytes[1 + play_below(p, 8)] ^= (uint8_t)(1 + play_below(p, 255));
		break;
	case 5:
		d.payload_bytes = play_below(p, 9);
		break;
	case 6:
		bytes[0] = 'y';
		break;
	case 7:
		port = 1;
		break;
	default:
		d.vlan_count = 1;
		d.vlan[0] = 9;
		break;
	}
	p->forged++;
	if (requester_on_datagram(&p->world.requester, &d, port, p->world.now_ns, p->world.done) !=
	    0)
		p->wrong++;
}

/* The call whose path the request carries. */
static inline uint32_t play_call_of(const struct sent *s)
{
	uint32_t call = 0;

	for (uint32_t i = 0; i < s->path_bytes; i++)
		call = call * 10 + (uint32_t)(s->path[i] - '0');
	return call;
}

static inline void play_arrive(struct play *p)
{
	for (uint32_t n = 0; n < PLAY_FLIGHTS; n++) {
		struct play_flight *f = &p->flights[n];

		if (f->time_ns == 0 || f->time_ns > p->world.now_ns)
			continue;
		if (prng_chance_ppm(&p->chance, 300000))
			play_forge(p, &f->sent);
		if (f->kind == 'Y' || f->kind == 'C')
			p->answered[play_call_of(&f->sent) % PLAY_CALLS] = 1;
		if (requester_world_reply(&p->world, &f->sent, f->kind) != 0)
			play_end(p, &p->world.done[0]);
		if (f->kind == 'P' || prng_chance_ppm(&p->chance, 100000))
			f->kind = 'Y'; /* and once more */
		else
			f->time_ns = 0;
	}
}

static inline void play_submit(struct play *p, char path[8])
{
	uint32_t number = p->calls;
	uint32_t bytes = 0;
	struct requester_call c = requester_world_call(play_below(p, WORLD_SERVICES), "");

	for (uint32_t rest = number, unit = 10000; unit != 0; rest %= unit, unit /= 10)
		path[bytes++] = (char)('0' + rest / unit);
	c.request.path = (const uint8_t *)path;
	c.request.path_bytes = bytes;
	c.request.method =
	        (uint8_t)(prng_chance_ppm(&p->chance, 700000) ? SERVICE_GET
	                                                      : play_below(p, SERVICE_METHODS));
	c.tag = requester_tag(REQUESTER_LADDER, number);
	c.class = (uint8_t)play_below(p, WORK_CLASSES);
	c.parallel_attempts = (uint8_t)(play_below(p, 2) * play_below(p, 4));
	c.fallback = prng_chance_ppm(&p->chance, 200000);
	c.reorder_safe = prng_chance_ppm(&p->chance, 500000);
	c.deadline_ns = p->world.now_ns + (1 + play_below(p, 400)) * 5 * MS;
	p->calls++;
	enum operation_verdict verdict = requester_world_submit(&p->world, &c);

	p->accepted[number] = verdict == OPERATION_ACCEPTED;
	if (p->world.done[0].outcome != REQUESTER_UNDER_WAY)
		play_end(p, &p->world.done[0]);
	else if (verdict != OPERATION_ACCEPTED)
		p->wrong++;
	else if (prng_chance_ppm(&p->chance, 20000) &&
	         requester_recall(&p->world.requester, p->world.done[0].operation, p->world.now_ns,
	                          p->world.done))
		play_end(p, &p->world.done[0]);
}

/* Stations and message ids come and go; modes change. */
static inline void play_trouble(struct play *p)
{
	uint32_t n = play_below(p, p->world.neighbours.count);

	neighbours_set(&p->world.neighbours, n,
	               play_below(p, 3) != 0   ? NEIGHBOUR_KNOWN
	               : play_below(p, 2) == 0 ? NEIGHBOUR_UNKNOWN
	                                       : NEIGHBOUR_SILENT,
	               WORLD_NODE_MAC + n);
	requester_world_codec(&p->world, play_below(p, WORLD_SERVICES))->no_ids =
	        prng_chance_ppm(&p->chance, 200000);
	requester_set_mode(
	        &p->world.requester, &mode_policy_standard,
	        (enum mode_id)(play_below(p, 4) != 0 ? MODE_NORMAL : play_below(p, MODE_COUNT)),
	        p->world.now_ns);
}

static inline void play_poll(struct play *p)
{
	uint32_t max = REQUESTER_DONE_MIN + play_below(p, 57);
	uint32_t ended;

	do {
		ended = requester_poll(&p->world.requester, p->world.now_ns, p->world.done, max);
		for (uint32_t i = 0; i < ended; i++)
			play_end(p, &p->world.done[i]);
	} while (ended != 0);
}

/* False: no memory. */
static inline bool play_open(struct play *p, uint64_t seed)
{
	memset(p, 0, sizeof(*p));
	requester_world_defaults(&p->world);
	prng_init(&p->chance, seed);
	for (uint32_t i = 0; i < WORLD_SERVICES; i++) {
		service_options_report(&p->world.resilience[i], SECOND / 4);
		p->world.resilience[i].nodes = WORLD_NODES;
	}
	/* One whose breaker opens, and one that is asked whatever happens. */
	p->world.resilience[1].breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	p->world.resilience[1].breaker.parallel[BREAKER_CLOSED] = 0;
	p->world.resilience[1].parallel_attempts = 1;
	p->world.resilience[1].abandon_below_ppm = 0;
	p->world.resilience[0].cancel_losers = prng_chance_ppm(&p->chance, 800000);
	p->world.options.operations_max = 256;
	p->world.options.attempts_max = 512;
	return requester_world_open(&p->world);
}

/* Plays so many turns; then lets everything end. paths: room for PLAY_CALLS of them. */
static inline void play_run(struct play *p, uint32_t turns, char (*paths)[8])
{
	for (uint32_t i = 0; i < turns && p->calls < PLAY_CALLS; i++) {
		p->world.now_ns += MS;
		play_nodes(p);
		if (prng_chance_ppm(&p->chance, 10000))
			play_trouble(p);
		if (prng_chance_ppm(&p->chance, 1000)) /* the port is stuck for a while */
			p->world.now_ns += 100 * MS;
		for (uint32_t n = play_below(p, 4); n != 0 && p->calls < PLAY_CALLS; n--)
			play_submit(p, paths[p->calls]);
		play_arrive(p);
		play_poll(p);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		p->world.now_ns += MS;
		play_nodes(p);
		play_poll(p);
	}
}

#endif
