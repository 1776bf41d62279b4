/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Resolving: which MAC has a station that Genesis wants to send to? Asked once a second, three
 * times; then the station is silent, and is asked less and less often until it answers. One that is
 * known is asked again before it could have changed unnoticed for long, itself first, then
 * everybody.
 *
 * An answer is believed only while its question is open, so that nobody can put a MAC into the
 * table unasked. What is said unasked (an announcement after a fail-over) makes the question be
 * asked again, no more.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "dataplane/host/host_private.h"
#include "dataplane/wire/arp.h"

#define ASK_INTERVAL_NS HOST_SECOND_NS /* RFC 1122, 2.3.2.1: at most once per second */
#define ASK_TRIES       3u
#define REFRESH_NS      (30 * HOST_SECOND_NS)
#define BACKOFF_MAX_NS  (32 * HOST_SECOND_NS)
#define GROUP_BIT       (1ull << 40)

uint32_t host_next_hop(const struct host *h, uint32_t address)
{
	uint32_t mask = UINT32_MAX << (32 - h->options.prefix_bits);

	return ((address ^ h->options.address) & mask) == 0 ? address : h->options.gateway;
}

static struct host_neighbour *find(struct host *h, uint32_t address)
{
	for (uint32_t i = 0; i < h->neighbour_count; i++)
		if (h->neighbours[i].address == address)
			return &h->neighbours[i];
	return NULL;
}

int host_seek(struct host *h, uint32_t address)
{
	struct host_neighbour *n = find(h, address);

	if (host_is_no_host(h, address) || address == h->options.address ||
	    host_next_hop(h, address) != address)
		return -EINVAL;
	if (n != NULL)
		return (int)(n - h->neighbours);
	if (h->neighbour_count == HOST_NEIGHBOURS_MAX)
		return -EMFILE;
	h->neighbours[h->neighbour_count] =
	        (struct host_neighbour){.address = address, .ask_ns = UINT64_MAX};
	return (int)h->neighbour_count++;
}

void host_want(struct host *h, uint32_t neighbour, uint64_t now_ns)
{
	assert(neighbour < h->neighbour_count);
	struct host_neighbour *n = &h->neighbours[neighbour];

	if (n->state != HOST_NEIGHBOUR_KNOWN && n->ask_ns != UINT64_MAX &&
	    n->ask_ns > now_ns + ASK_INTERVAL_NS)
		n->ask_ns = now_ns + ASK_INTERVAL_NS;
}

void host_start_resolve(struct host *h, uint64_t now_ns)
{
	for (uint32_t i = 0; i < h->neighbour_count; i++) {
		h->neighbours[i].ask_ns = now_ns;
		h->neighbours[i].tries = 0;
	}
}

static uint32_t ask(struct host *h, struct host_neighbour *n, uint8_t *out)
{
	bool itself = n->state == HOST_NEIGHBOUR_KNOWN && n->tries + 1u < ASK_TRIES;
	const struct arp a = {
	        .operation = ARP_REQUEST,
	        .sender_mac = h->options.mac,
	        .sender_address = h->options.address,
	        .target_address = n->address,
	};
	uint8_t *p = host_begin(h, itself ? n->mac : ETHER_BROADCAST, ETHER_TYPE_ARP, out);

	h->stats.arp_asked++;
	return host_end(out, p + arp_build(p, &a));
}

/* The last question was not answered. */
static void note_silence(struct host *h, struct host_neighbour *n)
{
	if (n->state == HOST_NEIGHBOUR_SILENT)
		return;
	h->stats.neighbours -= n->state == HOST_NEIGHBOUR_KNOWN;
	n->state = HOST_NEIGHBOUR_SILENT;
	n->mac = 0;
}

uint32_t host_poll_resolve(struct host *h, uint64_t now_ns, uint8_t *out)
{
	for (uint32_t i = 0; i < h->neighbour_count; i++) {
		struct host_neighbour *n = &h->neighbours[i];

		if (now_ns < n->ask_ns)
			continue;
		if (n->tries >= ASK_TRIES)
			note_silence(h, n);
		uint32_t bytes = ask(h, n, out);
		uint32_t doubled = n->tries >= ASK_TRIES ? n->tries - ASK_TRIES + 1 : 0;
		uint64_t pause_ns = doubled > 5 ? BACKOFF_MAX_NS : ASK_INTERVAL_NS << doubled;

		n->tries = (uint8_t)(n->tries + (n->tries < UINT8_MAX));
		n->asked = true;
		n->asked_ns = now_ns;
		n->ask_ns = now_ns + pause_ns;
		return bytes;
	}
	return 0;
}

/* Something was said by the station that has, or says it has, the address. True: it is one that is
 * sought. */
bool host_hear_neighbour(struct host *h, const struct arp *a, uint64_t now_ns)
{
	struct host_neighbour *n = find(h, a->sender_address);

	if (n == NULL)
		return false;
	bool usable = a->sender_mac != 0 && (a->sender_mac & GROUP_BIT) == 0 &&
	              a->sender_mac != h->options.mac;

	if (n->asked && usable && a->operation == ARP_REPLY &&
	    a->target_address == h->options.address) {
		h->stats.arp_answers++;
		h->stats.neighbours += n->state != HOST_NEIGHBOUR_KNOWN;
		n->state = HOST_NEIGHBOUR_KNOWN;
		n->mac = a->sender_mac;
		n->asked = false;
		n->tries = 0;
		n->ask_ns = now_ns + REFRESH_NS;
		return true;
	}
	if (usable && a->sender_mac != n->mac && n->ask_ns != UINT64_MAX &&
	    n->ask_ns > n->asked_ns + ASK_INTERVAL_NS)
		n->ask_ns = n->asked_ns + ASK_INTERVAL_NS;
	return false;
}
