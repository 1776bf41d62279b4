/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Configuration: one YAML file -> one tree of plain structs, read once, then const.
 *
 * One declarative table (option.c) has a row per key: path, type, unit, bounds, default, text. The
 * loader, its error messages (file, line, key, what is allowed, nearest name for a typo), `genesis
 * check` and docs/config.md all come from it. Durations and sizes carry units ("250us", "64MiB");
 * here they are nanoseconds and bytes. Everything that refers to something by name (a line's port,
 * a group's feed) is resolved to an index here; everything that needs the machine (CPUs, memory,
 * devices) is checked by app/. Memory comes from one arena inside struct config.
 *
 * Settings of resilience may begin with a profile, a file of its own (profile.h); services begin
 * with those settings.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "resilience/options.h"

#define CONFIG_CORES_MAX      64u
#define CONFIG_PORTS_MAX      16u
#define CONFIG_FEEDS_MAX      8u
#define CONFIG_LINES_MAX      8u
#define CONFIG_SHARDS_MAX     64u
#define CONFIG_GROUPS_MAX     1024u /* after `count` has been spread */
#define CONFIG_COMPONENTS_MAX 16u
#define CONFIG_SERVICES_MAX   256u
#define CONFIG_NODES_MAX      8u
#define CONFIG_NEIGHBOURS_MAX 64u
#define CONFIG_ERROR_BYTES    512u
#define CONFIG_NONE           UINT32_MAX
/* What other rooms' limits are called here; app/ asserts that they agree. */
#define CONFIG_QUEUES_MAX     16u
#define CONFIG_NAME_BYTES     32u          /* with the terminator; the engine's may have one more */
#define CONFIG_SYMBOL_BYTES   8u           /* longest symbol */
#define CONFIG_FRAME_HOST_MIN 602u         /* frame_bytes_max of a port with an address */
#define CONFIG_SEGMENT_BYTES  (2ull << 20) /* pool, log and parking are whole segments */

struct config_error {
	/* One line: "FILE:LINE: KEY: what is wrong; what is allowed"; KEY is "yaml" where the file
	 * is not YAML. Where no line is to blame (the file cannot be read): "FILE: what is wrong",
	 * line 0. */
	char text[CONFIG_ERROR_BYTES];
	uint32_t line;
};

enum config_huge_pages { CONFIG_HUGE_AUTO, CONFIG_HUGE_YES, CONFIG_HUGE_NO };
enum config_idle { CONFIG_IDLE_SPIN, CONFIG_IDLE_PAUSE, CONFIG_IDLE_YIELD };
enum config_join { CONFIG_JOIN_FIRST, CONFIG_JOIN_ONE };
enum config_wait { CONFIG_WAIT_HOLD_MAX, CONFIG_WAIT_LEARNED };
enum config_class { CONFIG_CRITICAL, CONFIG_NORMAL };
enum config_select {
	CONFIG_SELECT_ALL,
	CONFIG_SELECT_LIST,
	CONFIG_SELECT_PATTERN,
	CONFIG_SELECT_HASH
};
enum config_igmp { CONFIG_IGMP_V3, CONFIG_IGMP_V2, CONFIG_IGMP_OFF };
enum config_multicast { CONFIG_MULTICAST_FILTER, CONFIG_MULTICAST_ALL };

struct config_engine {
	const char *name; /* names the engine's files; [a-z0-9_-], up to 32 */
	enum config_huge_pages huge_pages;
	uint64_t pool_bytes; /* segments shared by logs and parking */
	uint32_t dpdk_memory_mib;
	uint32_t publish_turns; /* counters are published every so many turns */
	uint32_t control_cpu;   /* CONFIG_NONE: not pinned */
	uint32_t operations;    /* under way at a time on each core */
	const char *const *eal; /* extra EAL arguments, NULL-terminated */
};

struct config_core { /* a worker */
	const char *name;
	uint32_t cpu; /* CONFIG_NONE: not pinned */
	enum config_idle idle;
	uint64_t hand_over_bytes; /* of each ring to it from a core that polls for its feeds */
};

struct config_neighbour { /* a station whose MAC need not be asked for */
	uint64_t mac;     /* the first octet in bits 40-47 */
	uint32_t address;
};

struct config_port {
	const char *name;
	const char *device;
	uint32_t core;   /* who polls it; index in cores */
	uint32_t queues; /* all polled by `core` */
	uint32_t descriptors;
	uint32_t buffers;
	uint32_t frame_bytes_max;
	enum config_multicast multicast;
	bool promiscuous;
	bool hardware_timestamps;
	uint32_t address; /* the port's own, host order; 0: none */
	uint32_t prefix_bits;
	uint32_t gateway;                          /* of other networks, host order; 0: none */
	const char *const *neighbour_texts;        /* as the file has them; NULL-terminated */
	const struct config_neighbour *neighbours; /* the same, read */
	uint32_t neighbour_count;
	uint32_t vlan; /* of what is said under the address; 0: untagged */
	enum config_igmp igmp;
};

struct config_line {
	const char *name;
	uint32_t port;    /* index in ports */
	uint32_t address; /* host order */
	uint16_t udp_port;
	uint32_t source; /* 0: any */
};

/* Nodes of a service, or servers of a feed, as far as they are addresses. */
struct config_node {
	uint32_t address; /* host order; 0: the text is a name */
	uint16_t udp_port;
};

struct config_recovery {            /* of what no line brings */
	const char *const *servers; /* ADDRESS:PORT, the first choice first; [0] NULL: none */
	struct config_node nodes[CONFIG_NODES_MAX];
	uint32_t server_count;
	uint32_t port;        /* by which they are reached; index in ports */
	uint32_t source_port; /* where answers come to */
	uint32_t pieces;
	uint32_t reply_messages;
	uint64_t wait_ns;
	uint64_t deadline_ns;
	uint64_t recover_max;
	uint64_t snapshot_above;
};

struct config_feed {
	const char *name;
	const char *protocol; /* checked against the names given to config_load() */
	uint32_t core;        /* who arbitrates it and writes its log; index in cores */
	struct config_line lines[CONFIG_LINES_MAX];
	uint32_t line_count;
	uint64_t gap_hold_max_ns;
	enum config_wait gap_wait;
	uint64_t gap_parking_bytes;
	uint32_t gap_pieces_max;
	uint64_t reset_grace_ns;
	enum config_join join;
	uint32_t symbols_max;
	uint64_t log_bytes_min;
	uint64_t log_bytes_max;
	bool verify_udp_checksum;
	bool verify_ip_checksum;
	struct config_recovery recovery;
};

struct config_shard {
	const char *name;
	uint32_t core;
	uint32_t critical_budget; /* records per turn and feed */
	uint32_t normal_budget;
	uint32_t catch_up_budget;
};

struct config_setting {
	const char *key;
	const char *value;
};

struct config_component {
	const char *name;
	const char *type;    /* resolved by app/: built in, or exported by `library` */
	const char *library; /* path of the shared object, NULL: built in */
	const char *report;  /* file for its report at the end, NULL: none; "-": standard output */
	const struct config_setting *settings;
	uint32_t setting_count;
};

struct config_group { /* one entry of `groups`, before `count` is spread */
	const char *name;
	uint32_t feed;
	const uint32_t *shards; /* indices; group i of `count` goes to shards[i % shard_count] */
	uint32_t shard_count;
	uint32_t count; /* with select hash: parts; else 1 */
	enum config_class class;
	enum config_select select;
	const char *const *symbols; /* list */
	uint32_t symbol_count;
	const char *pattern;
	uint32_t symbols_max; /* per group */
	uint32_t orders_max;
	uint32_t levels_max;
	struct config_component components[CONFIG_COMPONENTS_MAX];
	uint32_t component_count;
	uint32_t line; /* in the file, for later messages */
};

enum config_choice { CONFIG_AS_SERVICE, CONFIG_ON, CONFIG_OFF };

/* What the operations of a class to a service have when whoever submits them does not say. */
struct config_operations {
	uint64_t deadline_ns;         /* from submission; UINT64_MAX: none */
	uint8_t parallel_attempts;    /* 0: the service's */
	uint8_t max_retries;          /* CONFIG_RETRIES_AS_SERVICE */
	uint8_t latency_optimization; /* enum config_choice */
};

#define CONFIG_RETRIES_AS_SERVICE UINT8_MAX

enum config_codec { CONFIG_CODEC_COAP, CONFIG_CODEC_TEXT };

#define CONFIG_FORMAT_NONE UINT64_MAX /* CoAP's Content-Format: not said */

struct config_coap {
	uint64_t max_latency_ns;
	uint64_t non_lifetime_ns;
	uint32_t nstart;
	uint64_t content_format;
};

struct config_probe {     /* Genesis asks by itself whether the service is well */
	const char *path; /* NULL: it does not */
	uint64_t every_ns;
};

struct config_service { /* an upstream */
	const char *name;
	const char *const *nodes; /* names or addresses, the primary first; NULL-terminated */
	struct config_node addresses[CONFIG_NODES_MAX]; /* the same */
	uint32_t port; /* by which they are reached; index in ports */
	enum config_codec codec;
	uint32_t source_port;  /* the first; core i's are source_ports from + i * source_ports on */
	uint32_t source_ports; /* of each core */
	uint32_t attempts_max; /* under way at a time, of each core */
	bool reorder_safe;
	struct config_coap coap;
	struct config_probe probe;
	uint32_t line;  /* in the file, for later messages */
	uint32_t class; /* enum work_class, of operations that do not say */
	struct service_options
	        options; /* resolved: what is not the service's own is resilience's */
	struct config_operations operations[WORK_CLASSES];
};

struct config {
	struct config_engine engine;
	struct config_core *cores;
	struct config_port *ports;
	struct config_feed *feeds;
	struct config_shard *shards;
	struct config_group *groups;
	uint32_t core_count;
	uint32_t port_count;
	uint32_t feed_count;
	uint32_t shard_count;
	uint32_t group_count;
	const char *profile;      /* as the file names it; NULL: none */
	const char *profile_path; /* where it was found */
	struct resilience_options resilience;
	bool has_resilience; /* the file speaks of it: by profile, resilience or services */
	struct config_service *services;
	uint32_t service_count;
	const char *path;
	void *arena; /* config.c */
};

struct config_context {               /* what the file is checked against */
	const char *const *protocols; /* NULL-terminated */
	const char
	        *profile; /* in place of the file's, a path from the current folder; NULL: that */
};

/* 0; -errno with *error filled. On success free with config_finish(). */
int config_load(struct config *c, const char *path, const struct config_context *x,
                struct config_error *error);
/* The same from memory; name stands for the file in messages. */
int config_load_text(struct config *c, const char *text, uint64_t bytes, const char *name,
                     const struct config_context *x, struct config_error *error);
void config_finish(struct config *c); /* accepts a zeroed struct */

/* The resolved configuration as YAML that config_load() accepts and that gives the same struct. */
void config_print(const struct config *c, FILE *out);
/* The section `resilience` alone, as a profile could have it. */
void config_print_resilience(const struct resilience_options *o, FILE *out);
/* The option table as the markdown of docs/config.md. */
void config_print_options(FILE *out);

#endif
