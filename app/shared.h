/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Shared block: what a running engine shows the world. One struct in the engine's control file,
 * read by `status`, `books` and anyone else who maps it; written by the engine alone. It names
 * every part (ports, feeds, lines, shards, groups), says where boards, logs and regions lie in the
 * engine's other files, and holds copies of the counters.
 *
 * Counters are copied by their owner every publish_turns turns, and in a turn that ends 100 ms
 * after the last copy, a relaxed atomic word at a time: a reader sees each word whole, and all of
 * them at most one publication old. Names and offsets are
 * written before `state` becomes RUNNING (release) and never change.
 */
#ifndef APP_SHARED_H
#define APP_SHARED_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

#include "app/memory.h"
#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/ladder.h"
#include "dataplane/feed/receiver.h"
#include "dataplane/host/host.h"
#include "dataplane/log/log.h"
#include "dataplane/port/port.h"
#include "dataplane/request/requester.h"
#include "dataplane/shard/group.h"
#include "dataplane/shard/shard.h"
#include "resilience/histogram.h"

#define SHARED_MAGIC        0x316b636f6c426e47ull /* "GnBlock1" */
#define SHARED_VERSION      3u
#define SHARED_NAME_BYTES   40u
#define SHARED_PORTS_MAX    16u
#define SHARED_FEEDS_MAX    8u
#define SHARED_SHARDS_MAX   64u
#define SHARED_GROUPS_MAX   1024u
#define SHARED_SERVICES_MAX 1024u /* of all cores */

#define SHARED_WORDS(type) (sizeof(type) / 8)

enum shared_state { SHARED_STARTING, SHARED_RUNNING, SHARED_STOPPED };

struct shared_port {
	char name[SHARED_NAME_BYTES];
	char description[128];
	uint32_t address; /* its own, host order; 0: none, and what follows says nothing */
	uint16_t prefix_bits;
	uint16_t vlan;
	uint32_t igmp; /* enum host_igmp: how it was configured */
	uint32_t reserved;
	uint64_t mac; /* as in wire/ether.h */
	_Atomic uint64_t stats[SHARED_WORDS(struct port_stats)];
	_Atomic uint64_t host[SHARED_WORDS(struct host_stats)];
	_Atomic uint64_t querier;      /* heard last; 0: none */
	_Atomic uint64_t conflict_mac; /* who else used the address last; 0: nobody */
};

struct shared_core {
	char name[SHARED_NAME_BYTES];
	int32_t cpu; /* -1: not pinned */
	uint32_t reserved;
	_Atomic uint64_t turns;
	_Atomic uint64_t busy_turns;
	_Atomic uint64_t turn_ns_max; /* longest turn seen, from one clock read to the next */
	_Atomic uint64_t receiver[SHARED_WORDS(struct receiver_stats)];
	uint64_t asks; /* 1: it has a requester, and what follows says something */
	_Atomic uint64_t requester[SHARED_WORDS(struct requester_stats)];
	_Atomic uint64_t operations[SHARED_WORDS(struct operation_stats)];
};

struct shared_node {
	uint32_t address; /* host order */
	uint16_t udp_port;
	uint16_t reserved;
	_Atomic uint64_t state;      /* enum health_state */
	_Atomic uint64_t latency_ns; /* peak EWMA; 0: not measured */
	_Atomic uint64_t neighbour;  /* enum neighbour_state of the station it is reached through */
};

struct shared_service { /* of one core: each has its own breaker */
	char name[SHARED_NAME_BYTES];
	char codec[16];
	uint32_t core;
	uint32_t port;
	uint32_t is_recovery; /* 1: a feed's servers; the feed's name */
	uint32_t node_count;
	_Atomic uint64_t breaker; /* enum breaker_state */
	_Atomic uint64_t mean_ns; /* latency of attempts; 0: none measured */
	_Atomic uint64_t q95_ns;
	_Atomic uint64_t stats[SHARED_WORDS(struct requester_service_stats)];
	struct shared_node nodes[SERVICE_NODES_MAX];
};

struct shared_line {
	char name[SHARED_NAME_BYTES];
	uint32_t address; /* host order */
	uint16_t udp_port;
	uint16_t port;
	uint32_t source; /* 0: any */
	uint32_t reserved;
	_Atomic uint64_t stats[SHARED_WORDS(struct line_stats)];
};

struct shared_feed {
	char name[SHARED_NAME_BYTES];
	char protocol[16];
	uint32_t by_order;
	uint32_t line_count;
	uint32_t symbols_max;
	uint32_t core;
	uint64_t board_offset; /* in the state file */
	uint64_t board_bytes;
	uint64_t log_offset; /* log control, in the state file */
	uint64_t log_bytes;
	uint64_t log_segments_min; /* floor and ceiling of what it holds of the pool */
	uint64_t log_segments_max;
	uint64_t directory_offset; /* in the state file */
	uint64_t directory_bytes;
	uint64_t scan_offset;        /* struct message_scan, in the state file */
	_Atomic uint64_t session[3]; /* struct session_key */
	_Atomic uint64_t epoch;
	_Atomic uint64_t next_sequence;
	_Atomic uint64_t packets;
	_Atomic uint64_t malformed_packets;
	_Atomic uint64_t symbols;
	_Atomic uint64_t symbols_refused;
	_Atomic uint64_t messages[SHARED_WORDS(struct message_counts)];
	_Atomic uint64_t arbiter[SHARED_WORDS(struct arbiter_stats)];
	_Atomic uint64_t log[SHARED_WORDS(struct log_stats)];
	uint64_t has_ladder; /* 1: servers are asked for what is missing */
	_Atomic uint64_t ladder[SHARED_WORDS(struct ladder_stats)];
	struct shared_line lines[LINES_MAX];
};

struct shared_shard {
	char name[SHARED_NAME_BYTES];
	uint32_t core;
	uint32_t reserved;
	_Atomic uint64_t stats[SHARED_WORDS(struct shard_stats)];
	_Atomic uint64_t latency[SHARED_WORDS(struct histogram)];
};

struct shared_group {
	char name[SHARED_NAME_BYTES];
	uint32_t feed;
	uint32_t shard;
	uint32_t class;
	uint32_t component_count;
	uint64_t region_offset; /* in the state file */
	uint64_t region_bytes;
	uint64_t books_offset;  /* of the book set's state in the region */
	_Atomic uint64_t state; /* enum group_state */
	_Atomic uint64_t stats[SHARED_WORDS(struct group_stats)];
	_Atomic uint64_t books[SHARED_WORDS(struct book_set_stats)];
	char component_names[GROUP_COMPONENTS_MAX][SHARED_NAME_BYTES];
	char value_names[GROUP_COMPONENTS_MAX][COMPONENT_VALUES_MAX][24];
	_Atomic uint64_t values[GROUP_COMPONENTS_MAX][COMPONENT_VALUES_MAX];
};

struct shared {
	uint64_t magic;
	uint32_t version;
	uint32_t block_bytes; /* sizeof(struct shared): another build is refused, not misread */
	char genesis_version[16];
	char engine[SHARED_NAME_BYTES];
	char pool_path[MEMORY_PATH_BYTES];
	char state_path[MEMORY_PATH_BYTES];
	uint64_t pid;
	uint64_t started_ns;
	_Atomic uint64_t
	        state; /* enum shared_state; release-stored, pairs with the reader's acquire */
	_Atomic uint64_t heartbeat_ns; /* control core's clock, a few times per second */
	_Atomic uint64_t pool_free;    /* segments */
	uint64_t pool_segments;
	uint32_t core_count;
	uint32_t port_count;
	uint32_t feed_count;
	uint32_t shard_count;
	uint32_t group_count;
	uint32_t service_count; /* of all cores */
	/* mode_word() of the engine; control writes, cores and readers read, nothing depends on
	 * the order. 0: NORMAL from the beginning. */
	_Atomic uint64_t mode;
	struct shared_core cores[SHARED_SHARDS_MAX];
	struct shared_port ports[SHARED_PORTS_MAX];
	struct shared_feed feeds[SHARED_FEEDS_MAX];
	struct shared_shard shards[SHARED_SHARDS_MAX];
	struct shared_group groups[SHARED_GROUPS_MAX];
	struct shared_service services[SHARED_SERVICES_MAX];
};

/* The owner's copy of a struct of 64-bit words; readers load with shared_copy(). */
static inline void shared_publish(_Atomic uint64_t *to, const void *from, uint32_t words)
{
	const uint64_t *w = from;

	for (uint32_t i = 0; i < words; i++)
		atomic_store_explicit(&to[i], w[i], memory_order_relaxed);
}

static inline void shared_copy(void *to, const _Atomic uint64_t *from, uint32_t words)
{
	uint64_t *w = to;

	for (uint32_t i = 0; i < words; i++)
		w[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
}

#define SHARED_PUBLISH(to, from) shared_publish(to, from, (uint32_t)SHARED_WORDS(*(from)))
#define SHARED_COPY(to, from)    shared_copy(to, from, (uint32_t)SHARED_WORDS(*(to)))

#endif
