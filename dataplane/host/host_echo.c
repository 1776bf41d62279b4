/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ping: an echo request to the address is answered to the station it came from.
 */
#include "dataplane/host/host_private.h"
#include "dataplane/wire/icmp.h"

static bool may_answer(struct host *h, uint64_t now_ns)
{
	if (now_ns - h->echo_window_ns >= HOST_SECOND_NS) {
		h->echo_window_ns = now_ns;
		h->echo_count = 0;
	}
	if (h->echo_count == HOST_ECHO_PER_S)
		return false;
	h->echo_count++;
	return true;
}

static uint32_t reply(struct host *h, const struct ether *e, const struct ipv4 *ip,
                      const struct icmp_echo *echo, uint8_t *out)
{
	uint8_t *p = host_begin(h, e->source, ETHER_TYPE_IPV4, out);
	const struct ipv4 header = {
	        .source = h->options.address,
	        .destination = ip->source,
	        .id = h->ip_id++,
	        .protocol = IPV4_PROTOCOL_ICMP,
	        .ttl = IPV4_TTL_DEFAULT,
	        .tos = ip->tos,
	        .payload_bytes = ICMP_ECHO_BYTES + echo->data_bytes,
	};

	h->stats.echo_replies++;
	p += ipv4_build(p, &header);
	return host_end(out, p + icmp_build_reply(p, echo));
}

uint32_t host_on_icmp(struct host *h, const struct ether *e, const struct ipv4 *ip, uint64_t now_ns,
                      uint8_t *out)
{
	struct icmp_echo echo;

	/* Not to a broadcast, nor out of one or for one (RFC 1122, 3.2.2.6 and 3.3.6). */
	if (ip->destination != h->options.address || e->destination != h->options.mac ||
	    host_is_no_host(h, ip->source)) {
		h->stats.ignored++;
		return 0;
	}
	switch (icmp_parse(ip->payload, ip->payload_bytes, &echo)) {
	case ICMP_ECHO_REQUEST:
		break;
	case ICMP_OTHER:
		h->stats.ignored++;
		return 0;
	case ICMP_MALFORMED:
		h->stats.malformed++;
		return 0;
	case ICMP_BAD_CHECKSUM:
		h->stats.bad_checksum++;
		return 0;
	}
	h->stats.echo_requests++;
	if (echo.data_bytes > h->options.mtu - IPV4_HEADER_BYTES - ICMP_ECHO_BYTES ||
	    !may_answer(h, now_ns)) {
		h->stats.echo_limited++;
		return 0;
	}
	return reply(h, e, ip, &echo, out);
}
