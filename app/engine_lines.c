/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lines: which core's receiver knows which line. A line is known where its port is polled; where
 * its feed is another core's, the two get a ring between them.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/engine_build.h"
#include "app/engine_request.h"

static_assert(CONFIG_CORES_MAX <= RECEIVER_EXITS_MAX, "a core polls for every other");
static_assert(CONFIG_PORTS_MAX <= RECEIVER_ENTRIES_MAX, "every port may be another core's");
static_assert(ENGINE_HAND_OVERS_MAX >= CONFIG_PORTS_MAX * (CONFIG_FEEDS_MAX + CONFIG_CORES_MAX),
              "all there can be");

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

/* The core that polls a line. Where lines are learned packets do not come from ports. */
static uint32_t line_core(const struct engine *e, uint32_t feed, uint32_t line)
{
	const struct config_feed *f = &e->config->feeds[feed];

	return e->options.learn_lines ? f->core : e->config->ports[f->lines[line].port].core;
}

/* The pair's ring, among the first `count`; a new one when there is none yet. */
static struct engine_hand_over *hand_over_of(struct engine *e, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < e->hand_over_count; i++)
		if (e->hand_overs[i].from == from && e->hand_overs[i].to == to)
			return &e->hand_overs[i];
	struct engine_hand_over *h = &e->hand_overs[e->hand_over_count++];

	*h = (struct engine_hand_over){.from = from, .to = to};
	return h;
}

uint64_t engine_lines_measure(struct engine *e)
{
	uint64_t bytes = 0;

	e->hand_over_count = 0;
	for (uint32_t f = 0; f < e->config->feed_count; f++)
		for (uint32_t n = 0; n < e->config->feeds[f].line_count; n++)
			if (line_core(e, f, n) != e->config->feeds[f].core)
				hand_over_of(e, line_core(e, f, n), e->config->feeds[f].core);
	for (uint32_t i = 0; i < e->config->core_count; i++)
		for (uint32_t p = 0; p < e->config->port_count; p++)
			if (e->config->ports[p].core != i && engine_requests_use(e, i, p))
				hand_over_of(e, e->config->ports[p].core, i);
	for (uint32_t i = 0; i < e->hand_over_count; i++)
		bytes += page_up(e->config->cores[e->hand_overs[i].to].hand_over_bytes) +
		         2 * REGION_PAGE_BYTES;
	return bytes;
}

static int build_rings(struct engine *e)
{
	for (uint32_t i = 0; i < e->hand_over_count; i++) {
		struct engine_hand_over *h = &e->hand_overs[i];
		uint64_t bytes = e->config->cores[h->to].hand_over_bytes;

		h->ring = memory_place(&e->state, sizeof(*h->ring), REGION_PAGE_BYTES);
		int rc = hand_over_init(h->ring, memory_place(&e->state, bytes, REGION_PAGE_BYTES),
		                        bytes);
		int exit = receiver_add_exit(&e->cores[h->from].receiver, h->ring);

		if (rc == 0)
			rc = receiver_add_entry(&e->cores[h->to].receiver, h->ring);
		if (rc != 0 || exit < 0)
			return rc != 0 ? rc : exit;
		h->exit = (uint32_t)exit;
	}
	return 0;
}

uint32_t engine_lines_exit(const struct engine *e, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < e->hand_over_count; i++)
		if (e->hand_overs[i].from == from && e->hand_overs[i].to == to)
			return e->hand_overs[i].exit + 1;
	assert(from == to);
	return 0;
}

/* Line n of a feed, which is number `feed` at its core. */
static int build_line(struct engine *e, uint32_t i, uint32_t n, uint32_t feed)
{
	const struct config_line *cl = &e->config->feeds[i].lines[n];
	struct receiver *owner = &e->cores[e->feeds[i].core].receiver;
	uint32_t core = line_core(e, i, n);

	if (core == e->feeds[i].core) {
		int line = receiver_add_line(owner, feed, cl->address, cl->udp_port);

		return line < 0 ? line : 0;
	}
	int line = receiver_reserve_line(owner, feed);
	struct receiver_line passed = {.address = cl->address,
	                               .port = cl->udp_port,
	                               .feed = (uint8_t)feed,
	                               .line = (uint8_t)line};

	return line < 0
	               ? line
	               : receiver_pass_line(&e->cores[core].receiver,
	                                    hand_over_of(e, core, e->feeds[i].core)->exit, &passed);
}

/* One switch per core: what one feed wants verified is verified for all packets of the cores that
 * poll its lines. */
static void verify(struct engine *e, uint32_t i)
{
	const struct config_feed *cf = &e->config->feeds[i];

	for (uint32_t n = 0; n < cf->line_count; n++) {
		struct frame_options *o = &e->cores[line_core(e, i, n)].receiver.frame;

		o->verify_ip_checksum |= cf->verify_ip_checksum;
		o->verify_udp_checksum |= cf->verify_udp_checksum;
	}
}

int engine_build_lines(struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	int rc = build_rings(e);

	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES, "cannot build the rings between cores: %s",
		         strerror(-rc));
		return rc;
	}
	for (uint32_t i = 0; i < e->config->feed_count; i++) {
		struct engine_core *core = &e->cores[e->feeds[i].core];
		const struct config_feed *cf = &e->config->feeds[i];

		rc = receiver_add_feed(&core->receiver, &e->feeds[i].receive);
		for (uint32_t n = 0; rc == 0 && n < cf->line_count; n++) {
			const struct config_line *cl = &cf->lines[n];

			rc = build_line(e, i, n, core->feed_count);
			if (rc == 0 && cl->source != 0)
				rc = receiver_only_from(&e->cores[line_core(e, i, n)].receiver,
				                        cl->address, cl->udp_port, cl->source);
		}
		if (rc != 0) {
			snprintf(error, ENGINE_ERROR_BYTES,
			         "feed %s: cannot add its lines: %s (two feeds of one core cannot "
			         "share a destination)",
			         cf->name, strerror(-rc));
			return rc;
		}
		verify(e, i);
		core->feeds[core->feed_count++] = i;
	}
	return 0;
}
