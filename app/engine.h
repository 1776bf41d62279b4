/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Engine: a configuration made real. It owns all memory, builds feeds, shards and groups into it,
 * and divides the work into cores; a core's turn, engine_core_step(), is the whole program on one
 * screen. The same turn is run by `run` on pinned threads, by `replay` over files and by the
 * simulator on a virtual clock: nobody has a path of his own.
 *
 * Thread rule: create, open ports, destroy: control. engine_core_step(core) and
 * engine_core_publish(core): the core's one thread (or one thread for all cores in turn). What
 * other threads may read is in the shared block.
 */
#ifndef APP_ENGINE_H
#define APP_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/memory.h"
#include "app/shared.h"
#include "config/config.h"
#include "dataplane/feed/ladder.h"
#include "dataplane/feed/receiver.h"
#include "dataplane/port/port.h"
#include "dataplane/request/neighbours.h"
#include "dataplane/shard/board.h"
#include "dataplane/shard/shard.h"
#include "resilience/mode.h"
#include "resilience/mode_window.h"

#define ENGINE_ERROR_BYTES    512u
#define ENGINE_QUEUES_MAX     64u
#define ENGINE_HAND_OVERS_MAX 1152u

/* Whether an engine asks others (services, recovery). */
enum engine_requests_wanted {
	ENGINE_REQUESTS_NONE,     /* what comes from files has nobody to ask */
	ENGINE_REQUESTS_POSSIBLE, /* those that could be asked, for `check` */
	ENGINE_REQUESTS_ALL,      /* what cannot be asked is an error */
};

struct engine_options {
	enum engine_requests_wanted requests;
	bool shared;           /* named files that others can read; else private memory */
	bool boards;           /* feeds have boards (always with shared) */
	bool learn_lines;      /* replay: destinations become lines by themselves */
	uint64_t hold_packets; /* arbiter: a gap is given up only after this many further packets,
	                          too */
	const struct component_ops *const *components; /* types that are known here besides the
	                                                  library's, up to a NULL; may be NULL */
};

struct engine_feed {
	struct receiver_feed receive;
	struct message_scan *scan;
	struct directory directory;
	struct region region; /* arbiter state and directory */
	struct board board;
	const struct config_feed *config;
	struct ladder ladder; /* has_ladder: servers are asked for what is missing */
	bool has_ladder;
	uint64_t gaps_shown; /* what board_gap() last told */
	uint32_t core;
};

struct engine_group {
	struct group group;
	const struct config_group *config;
	char name[SHARED_NAME_BYTES];
	uint32_t shard;
	uint64_t *names; /* selector's list */
	struct group_component components[GROUP_COMPONENTS_MAX];
	struct component_settings settings[GROUP_COMPONENTS_MAX];
};

struct engine_host;      /* engine_host.h */
struct engine_input;     /* engine_input.h */
struct engine_requester; /* engine_request.h */

struct engine_sender { /* a requester's frames for a port, as the core that polls the port has them
	                */
	struct frame_ring *ring;
	struct port_queue *queue; /* NULL: the port is not open */
	struct engine_sender *next;
};

struct engine_requests {
	struct engine_requester **cores; /* by core; NULL: it asks nobody */
	struct neighbours neighbours;
	struct neighbour *neighbour_items;
	struct service_options recovery[CONFIG_FEEDS_MAX]; /* of the feeds' servers */
	struct mode mode;
	struct mode_window window;
	uint32_t count; /* requesters */
	uint32_t shown; /* services in the shared block */
};

struct engine_core {
	struct engine *engine;
	struct receiver receiver;
	struct port_queue *queues[ENGINE_QUEUES_MAX];
	uint32_t queue_count;
	struct engine_host *hosts[CONFIG_PORTS_MAX]; /* of the ports whose queue 0 it polls */
	uint32_t host_count;
	struct engine_requester *requester; /* NULL: it asks nobody */
	struct engine_sender *senders;      /* of the ports that it polls */
	uint32_t feeds[CONFIG_FEEDS_MAX];
	uint32_t feed_count;
	uint32_t shards[CONFIG_SHARDS_MAX];
	uint32_t shard_count;
	uint32_t index;
	uint64_t turns;
	uint64_t busy_turns;
	uint64_t turn_ns_max;
	uint64_t last_ns;
	uint64_t published_ns;
};

/* A core that polls a line of a feed that another one owns. */
struct engine_hand_over {
	uint32_t from; /* cores */
	uint32_t to;
	uint32_t exit; /* of from's receiver */
	struct hand_over *ring;
};

struct engine {
	const struct config *config;
	struct engine_options options;
	struct memory control; /* the shared block */
	struct memory segments;
	struct memory state;
	struct shared *shared;
	struct engine_input *inputs;               /* by shard (engine_input.h) */
	const char *services[CONFIG_SERVICES_MAX]; /* names, for components */
	struct segment_pool pool;
	uint32_t pool_segments;
	struct engine_feed feeds[CONFIG_FEEDS_MAX];
	struct shard *shards[CONFIG_SHARDS_MAX];
	struct engine_group *groups;
	struct group **shard_groups; /* per shard, group_count each */
	uint32_t shard_group_count[CONFIG_SHARDS_MAX];
	uint32_t group_count;
	struct engine_core *cores;
	struct engine_hand_over hand_overs[ENGINE_HAND_OVERS_MAX];
	uint32_t hand_over_count;
	struct engine_requests requests;
	struct port *ports[CONFIG_PORTS_MAX];
	struct engine_host *hosts[CONFIG_PORTS_MAX]; /* by port; NULL: it has no address */
	uint32_t port_count;
};

/* What an engine of this configuration needs, for `check` and for create itself. */
struct engine_sizes {
	uint64_t segments_bytes;
	uint64_t state_bytes;
	uint64_t feeds_bytes;
	uint64_t boards_bytes;
	uint64_t shards_bytes;
	uint64_t groups_bytes;
	uint64_t hand_overs_bytes;
	uint32_t hand_over_count;
	uint64_t requests_bytes;
	uint32_t requester_count;
	uint32_t group_count; /* after `count` was spread */
};

/* 0 or -errno with one clear line in error[]. The configuration must outlive the engine. */
int engine_create(struct engine **out, const struct config *c, const struct engine_options *o,
                  char error[ENGINE_ERROR_BYTES]);
int engine_measure(const struct config *c, struct engine_sizes *sizes,
                   char error[ENGINE_ERROR_BYTES]);
/* Opens and starts the configured ports (EAL must run) and gives their queues to their cores. */
int engine_open_ports(struct engine *e, char error[ENGINE_ERROR_BYTES]);
void engine_close_ports(struct engine *e);
void engine_destroy(struct engine *e); /* accepts NULL */

/* One turn of one core at now_ns. Returns what it moved (packets + records); 0: idle. */
uint32_t engine_core_step(struct engine_core *c, uint64_t now_ns);
/* The part of the turn after the ports (what other cores hand over is taken here): used by replay
 * and the simulator, which bring packets themselves. */
uint32_t engine_core_work(struct engine_core *c, uint64_t now_ns);
/* Packets that did not come from a port. */
void engine_core_packets(struct engine_core *c, const struct packet *packets, uint32_t count,
                         uint64_t now_ns);
/* Copies the core's counters into the shared block. */
void engine_core_publish(struct engine_core *c);
/* Control: port counters, heartbeat. */
void engine_control_poll(struct engine *e, uint64_t now_ns);

/* Nothing waits for the core in the rings of others. */
bool engine_core_took_all(struct engine_core *c);
/* True when every shard of the core has applied all that its logs hold. */
bool engine_core_at_head(const struct engine_core *c);
/* Books of one feed as CSV (books_csv.h), the engine being at rest. 0 or -errno. */
int engine_write_books(const struct engine *e, uint32_t feed, FILE *out);
/* Writes every component's configured report. 0 or -errno with one clear line. */
int engine_write_reports(const struct engine *e, char error[ENGINE_ERROR_BYTES]);

#endif
