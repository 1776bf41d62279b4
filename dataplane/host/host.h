/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Host: what a port says under an address of its own. It answers ARP for the address, answers
 * ping, and is a member of multicast groups (IGMP), so that switches and routers send them here.
 *
 * Pure: frames and time in, frames out. A frame is answered at once by at most one other, which
 * host_on_frame() returns; everything that is said later or unasked (announcements, reports) comes
 * out of host_poll(), frame by frame. Random delays come from a seed. One owner, no locks.
 *
 * Joined before the link first comes up, left together at the end. A group is joined for any source
 * (EXCLUDE {}) or for named ones only (INCLUDE {sources}, SSM). IGMP is version 3, falls back to 2
 * or 1 while a querier of that version is heard (RFC 3376, 7.2), and is never more than `igmp`
 * says. Versions 1 and 2 cannot name sources: there the group is joined for all, and whoever takes
 * the packets has to look.
 *
 * Stations that Genesis sends to are resolved (ARP) and kept fresh; a station of another network is
 * reached through the gateway. Answers to what others ask go back to the MAC they came from.
 *
 * Spec: RFC 826, 5227 (2.3 announcing, 2.4 b defending once per 10 s), 792, 1122, 1112, 2236, 3376,
 * 4607.
 */
#ifndef DATAPLANE_HOST_HOST_H
#define DATAPLANE_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/prng.h"

#define HOST_GROUPS_MAX     64u
#define HOST_SOURCES_MAX    64u /* of one group */
#define HOST_NEIGHBOURS_MAX 256u
#define HOST_MTU_MIN        576u /* what every host must take (RFC 791) */
/* A frame is at most as long as mtu and this. */
#define HOST_HEADER_BYTES 18u

/* Pings answered per second; more are counted and left alone. */
#define HOST_ECHO_PER_S 1000u

enum host_igmp { HOST_IGMP_V3, HOST_IGMP_V2, HOST_IGMP_OFF };

struct host_options {
	uint64_t mac;     /* as in wire/ether.h */
	uint32_t address; /* host order */
	uint32_t gateway; /* of other networks; 0: they are not reached */
	uint8_t prefix_bits;
	uint16_t vlan; /* 0: untagged */
	enum host_igmp igmp;
	uint32_t mtu; /* longest IPv4 packet */
	uint64_t seed;
};

/* ids, units and help in dataplane/stats.h. */
struct host_stats {
	uint64_t arp_requests;
	uint64_t arp_replies;
	uint64_t arp_announcements;
	uint64_t arp_conflicts;
	uint64_t arp_asked;
	uint64_t arp_answers;
	uint64_t neighbours; /* gauge: whose MAC is known */
	uint64_t echo_requests;
	uint64_t echo_replies;
	uint64_t echo_limited;
	uint64_t igmp_queries_v1;
	uint64_t igmp_queries_v2;
	uint64_t igmp_queries_v3;
	uint64_t igmp_reports_heard;
	uint64_t igmp_suppressed;
	uint64_t igmp_reports;
	uint64_t igmp_leaves;
	uint64_t igmp_version_changes;
	uint64_t igmp_version; /* gauge: spoken now, 0: none */
	uint64_t groups;       /* gauge: joined now */
	uint64_t fragments;
	uint64_t bad_checksum;
	uint64_t malformed;
	uint64_t ignored;
	uint64_t receive_dropped; /* of the rings around the host: filled in by its owner */
	uint64_t send_dropped;
};

struct host_group {
	uint32_t address;
	uint32_t source_count; /* 0: any source */
	uint32_t sources[HOST_SOURCES_MAX];
	uint64_t response_ns; /* when a query for this group is answered; UINT64_MAX: none asked */
	uint32_t asked_count; /* sources that were asked about; 0: the group as a whole */
	uint32_t asked[HOST_SOURCES_MAX];
};

enum host_neighbour_state { HOST_NEIGHBOUR_UNKNOWN, HOST_NEIGHBOUR_KNOWN, HOST_NEIGHBOUR_SILENT };

struct host_neighbour {
	uint64_t mac;      /* 0: not known */
	uint64_t ask_ns;   /* when it is asked next; UINT64_MAX: the link has not been up */
	uint64_t asked_ns; /* last */
	uint32_t address;
	uint8_t state; /* enum host_neighbour_state */
	uint8_t tries; /* questions since it last answered; saturating */
	bool asked;    /* a question is open */
};

/* A message to all routers about every group, which may take several frames. */
enum host_sweep { HOST_SWEEP_NONE, HOST_SWEEP_JOIN, HOST_SWEEP_CURRENT, HOST_SWEEP_LEAVE };

struct host {
	struct host_options options;
	struct host_stats stats;
	struct prng prng;
	uint16_t ip_id;

	uint64_t announce_ns; /* next ARP announcement; UINT64_MAX: none */
	uint32_t announce_left;
	uint64_t defend_ns;    /* not defended again before */
	uint64_t conflict_mac; /* who else used the address last; 0: nobody yet */
	uint64_t echo_window_ns;
	uint32_t echo_count; /* answered in the window */

	struct host_neighbour neighbours[HOST_NEIGHBOURS_MAX];
	uint32_t neighbour_count;

	struct host_group groups[HOST_GROUPS_MAX];
	uint32_t group_count;
	uint8_t version; /* 1 to 3; 0: IGMP is off */
	uint8_t robustness;
	uint64_t query_interval_ns;
	uint64_t v1_until_ns; /* a querier of that version was heard; 0: not lately */
	uint64_t v2_until_ns;
	uint32_t querier;    /* last heard; 0: none */
	uint64_t general_ns; /* when a general query of version 3 is answered */
	uint64_t change_ns;  /* when joining is reported again */
	uint32_t change_left;
	enum host_sweep sweep;
	uint32_t sweep_group;
	uint32_t leave_left; /* times that leaving is still said, the sweep under way included */
	bool closed;
};

/* 0, or -EINVAL: address and prefix, or the MAC, are no single host's, or the MTU is below
 * HOST_MTU_MIN. */
int host_init(struct host *h, const struct host_options *o);
/* Source 0: any. Once more with another source adds it; any source swallows named ones. 0, -EINVAL
 * (no multicast group), -EMFILE. 224.0.0.1 needs no joining: 0, and nothing is joined. */
int host_join(struct host *h, uint32_t group, uint32_t source);
/* The station that a packet to the address goes to: itself in the own network, else the gateway; 0:
 * there is none. */
uint32_t host_next_hop(const struct host *h, uint32_t address);
/* Resolves a station of the own network from now on. Its index, or -EINVAL (no other station of the
 * network), -EMFILE. */
int host_seek(struct host *h, uint32_t address);
/* Somebody waits for it: one that is silent is asked again within a second. */
void host_want(struct host *h, uint32_t neighbour, uint64_t now_ns);
/* The link came up, for the first time or again: announces the address, reports the groups. */
void host_on_link_up(struct host *h, uint64_t now_ns);

/* Takes in a frame. Returns the length of the answer put into out (room for mtu and
 * HOST_HEADER_BYTES), or 0. */
uint32_t host_on_frame(struct host *h, const uint8_t *frame, uint32_t bytes, uint64_t now_ns,
                       uint8_t *out);
/* Puts the next frame that is due into out (room as above) and returns its length; 0: none is.
 * Until it returns 0. */
uint32_t host_poll(struct host *h, uint64_t now_ns, uint8_t *out);

/* Leaves all groups: host_poll() then gives what says so, `robustness` times without a pause, and
 * after that nothing more is said or answered. */
void host_leave(struct host *h);

#endif
