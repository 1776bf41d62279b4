/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/option.h"

#include <assert.h>
#include <string.h>

#include "config/option_row.h"

static const char *const huge_pages[] = {"auto", "yes", "no", NULL};
static const char *const idle[] = {"spin", "pause", "yield", NULL};
static const char *const multicast[] = {"filter", "all", NULL};
static const char *const igmp[] = {"v3", "v2", "off", NULL};
static const char *const gap_wait[] = {"hold_max", "learned", NULL};
static const char *const join[] = {"first", "one", NULL};
static const char *const classes[] = {"critical", "normal", NULL};

static_assert(CONFIG_HUGE_NO == 2 && CONFIG_IDLE_YIELD == 2, "words follow the enum");
static_assert(CONFIG_MULTICAST_ALL == 1 && CONFIG_JOIN_ONE == 1, "words follow the enum");
static_assert(CONFIG_NORMAL == 1 && CONFIG_IGMP_OFF == 2, "words follow the enum");

static const struct option table[] = {
        /* engine */
        {"engine", "The process as a whole.", .type = OPTION_MAPPING,
         .offset = offsetof(struct config, engine)},
        {"engine.name",
         "Names the engine's files (memory, journal); two engines on one machine need "
         "two names.",
         .type = OPTION_NAME, AT(config_engine, name), .min = 1, .max = 32, .lower = true,
         .fallback = "genesis"},
        {"engine.huge_pages",
         "Whether logs and books lie in 2 MiB pages: `yes` refuses to start "
         "without, `auto` falls back to normal pages with a warning.",
         .type = OPTION_ENUM, AT(config_engine, huge_pages), .words = huge_pages,
         .fallback = "auto"},
        {"engine.pool",
         "Memory that all logs and parking share, in segments of 2 MiB. At least the "
         "sum of the feeds' `log.min` plus 4MiB per feed.",
         .type = OPTION_BYTES, AT(config_engine, pool_bytes), .min = 8 * MIB, .max = 128 * GIB,
         .step = CONFIG_SEGMENT_BYTES, .fallback = "256MiB"},
        {"engine.dpdk_memory", "Memory given to DPDK; the ports' buffers lie in it.",
         .type = OPTION_BYTES, AT(config_engine, dpdk_memory_mib), .min = 16 * MIB, .max = 64 * GIB,
         .step = MIB, .divisor = MIB, .fallback = "128MiB"},
        {"engine.publish_turns",
         "A worker publishes its counters every so many turns, and at the latest when 100 ms have "
         "gone by.",
         .type = OPTION_COUNT, AT(config_engine, publish_turns), .min = 1, .max = 1000000,
         .fallback = "1024"},
        {"engine.control_cpu", "The CPU of the control thread; `none`: not pinned.",
         .type = OPTION_CPU, AT(config_engine, control_cpu), .max = 1023, .fallback = "none"},
        {"engine.eal", "Further arguments for DPDK's EAL, each as one text.", .type = OPTION_TEXTS,
         AT(config_engine, eal), .max = 32, .computed = "none"},
        {"engine.operations",
         "Most requests that a core may have under way at a time, to services and to the feeds' "
         "servers; further ones are refused. Memory: some 500 bytes each.",
         .type = OPTION_COUNT, AT(config_engine, operations), .min = 16, .max = 1048576,
         .fallback = "4096"},

        /* cores */
        {"cores",
         "The workers: one thread each, which polls ports and moves shards. Left out: one "
         "core `worker`, not pinned, that yields when idle.",
         .type = OPTION_MAPPINGS, AT_TWO(config, cores, core_count), .min = 1,
         .max = CONFIG_CORES_MAX, .item_bytes = sizeof(struct config_core),
         .computed = "one core, worker"},
        {"cores[].name", "What ports and shards call it.", SECTION_NAME(config_core, "core{n}")},
        {"cores[].cpu",
         "The CPU it is pinned to; `none`: not pinned. Two cores share a CPU only where "
         "both yield.",
         .type = OPTION_CPU, AT(config_core, cpu), .max = 1023, .fallback = "none"},
        {"cores[].idle",
         "What an idle turn does: `spin` polls on, `pause` polls on but spares the "
         "sibling thread, `yield` gives the CPU to others.",
         .type = OPTION_ENUM, AT(config_core, idle), .words = idle,
         .computed = "spin with a cpu, else yield"},
        {"cores[].hand_over",
         "Where other cores poll ports for feeds of this one: memory for the datagrams that wait "
         "for it, for each of those cores. When it is full further ones are dropped and counted.",
         .type = OPTION_BYTES, AT(config_core, hand_over_bytes), .min = 256 * KIB, .max = GIB,
         .step = 64 * KIB, .fallback = "1MiB"},

        /* ports */
        {"ports", "The network ports, each a DPDK ethdev.", .type = OPTION_MAPPINGS,
         AT_TWO(config, ports, port_count), .min = 1, .max = CONFIG_PORTS_MAX,
         .item_bytes = sizeof(struct config_port), .required = true},
        {"ports[].name", "What lines call it.", SECTION_NAME(config_port, "port{n}")},
        {"ports[].device",
         "The device as EAL names it: a PCI address (`0000:17:00.0`) or a virtual "
         "device with its arguments (`net_af_packet0,iface=eth1`).",
         .type = OPTION_TEXT, AT(config_port, device), .min = 1, .max = TEXT_MAX, .required = true},
        {"ports[].core", "The core that polls it.", .type = OPTION_REFERENCE, AT(config_port, core),
         .target = OPTION_TO_CORE, .computed = "the first core"},
        {"ports[].queues", "Receive queues, all polled by `core`.", .type = OPTION_COUNT,
         AT(config_port, queues), .min = 1, .max = CONFIG_QUEUES_MAX, .fallback = "1"},
        {"ports[].descriptors", "Receive descriptors per queue; the device may round them.",
         .type = OPTION_COUNT, AT(config_port, descriptors), .min = 64, .max = 32768,
         .fallback = "1024"},
        {"ports[].buffers",
         "Packet buffers of the port. At least `queues` times `descriptors`, and "
         "512 more for the packets in work.",
         .type = OPTION_COUNT, AT(config_port, buffers), .min = 1024, .max = 4194304,
         .fallback = "8192"},
        {"ports[].frame_bytes_max", "The longest frame: MTU, Ethernet header, tags and checksum.",
         .type = OPTION_COUNT, AT(config_port, frame_bytes_max), .min = 128, .max = 9728,
         .fallback = "1526"},
        {"ports[].multicast",
         "`filter`: the device lets in the lines' groups only (all, where it has "
         "no filter); `all`: every group.",
         .type = OPTION_ENUM, AT(config_port, multicast), .words = multicast, .fallback = "filter"},
        {"ports[].promiscuous", "Whether frames for other stations are let in.",
         .type = OPTION_BOOL, AT(config_port, promiscuous), .fallback = "no"},
        {"ports[].hardware_timestamps",
         "Whether the device's receive times are used where it has "
         "them.",
         .type = OPTION_BOOL, AT(config_port, hardware_timestamps), .fallback = "yes"},
        {"ports[].address",
         "The port's own address, which Genesis answers ARP and ping for and joins groups from. It "
         "must be no other's, not the kernel's either.",
         .type = OPTION_PREFIX, AT_TWO(config_port, address, prefix_bits), .fallback = "none"},
        {"ports[].gateway",
         "The station that leads to addresses of other networks; `none`: they are not reached.",
         .type = OPTION_STATION, AT(config_port, gateway), .fallback = "none"},
        {"ports[].neighbours",
         "Stations whose MAC is known and not asked for, each as \"10.1.2.3=02:00:00:00:00:01\".",
         .type = OPTION_TEXTS, AT(config_port, neighbour_texts), .max = CONFIG_NEIGHBOURS_MAX,
         .computed = "none"},
        {"ports[].vlan", "The VLAN of what is said under the address; 0: untagged.",
         .type = OPTION_COUNT, AT(config_port, vlan), .max = 4094, .fallback = "0"},
        {"ports[].igmp",
         "The highest version of IGMP by which the lines' groups are joined; `off`: they are not. "
         "`v3` and `v2` need an address.",
         .type = OPTION_ENUM, AT(config_port, igmp), .words = igmp,
         .computed = "v3 with an address, else off"},

        /* feeds */
        {"feeds", "The market data feeds; each has one log. Its lines carry the same messages.",
         .type = OPTION_MAPPINGS, AT_TWO(config, feeds, feed_count), .min = 1,
         .max = CONFIG_FEEDS_MAX, .item_bytes = sizeof(struct config_feed), .required = true},
        {"feeds[].name", "What groups call it.", SECTION_NAME(config_feed, "feed{n}")},
        {"feeds[].protocol", "What the feed speaks, such as `itch50`, `deep10` or `tops16`.",
         .type = OPTION_PROTOCOL, AT(config_feed, protocol), .required = true},
        {"feeds[].core",
         "The core that puts its lines in order and writes its log. What arrives at ports that "
         "another core polls is handed over to it (`cores[].hand_over`).",
         .type = OPTION_REFERENCE, AT(config_feed, core), .target = OPTION_TO_CORE,
         .computed = "the core that polls its first line"},
        {"feeds[].lines", "Where the feed arrives.", .type = OPTION_MAPPINGS,
         AT_TWO(config_feed, lines, line_count), .min = 1, .max = CONFIG_LINES_MAX,
         .item_bytes = sizeof(struct config_line), .in_place = true, .required = true},
        {"feeds[].lines[].name", "What counters and messages call it.",
         SECTION_NAME(config_line, "{L}")},
        {"feeds[].lines[].port", "The port it arrives at.", .type = OPTION_REFERENCE,
         AT(config_line, port), .target = OPTION_TO_PORT, .computed = "the only port"},
        {"feeds[].lines[].address",
         "Destination of its datagrams: multicast group and UDP port; `0.0.0.0`: to that port at "
         "any address, for tests. One core polls a destination once.",
         .type = OPTION_ADDRESS, AT_TWO(config_line, address, udp_port), .required = true},
        {"feeds[].lines[].source",
         "The only sender whose datagrams are taken (SSM), which IGMPv3 joins the group for; "
         "`none`: "
         "any.",
         .type = OPTION_STATION, AT(config_line, source), .fallback = "none"},
        {"feeds[].gap", "What happens when a message is missing.", .type = OPTION_MAPPING},
        {"feeds[].gap.hold_max",
         "How long later messages wait for a missing one before it is given "
         "up; 0: not at all.",
         .type = OPTION_DURATION, AT(config_feed, gap_hold_max_ns), .max = HOUR,
         .fallback = "50ms"},
        {"feeds[].gap.wait",
         "How long within `hold_max`: all of it (`hold_max`), or as long as the other lines' "
         "copies "
         "are learned to take (`learned`), which gives up sooner.",
         .type = OPTION_ENUM, AT(config_feed, gap_wait), .words = gap_wait, .fallback = "hold_max"},
        {"feeds[].gap.parking", "Most memory of the pool that waiting messages may take.",
         .type = OPTION_BYTES, AT(config_feed, gap_parking_bytes), .min = CONFIG_SEGMENT_BYTES,
         .max = 16 * GIB, .step = CONFIG_SEGMENT_BYTES, .fallback = "64MiB"},
        {"feeds[].gap.pieces", "Most pieces of stream that may wait at a time.",
         .type = OPTION_COUNT, AT(config_feed, gap_pieces_max), .min = 16, .max = 16777216,
         .fallback = "65536"},
        {"feeds[].reset_grace",
         "How long a session that was followed by another stays open for the "
         "slower lines; 0: not at all.",
         .type = OPTION_DURATION, AT(config_feed, reset_grace_ns), .max = HOUR, .fallback = "0"},
        {"feeds[].join",
         "Where a session is joined: at the `first` message seen, or at message `one`, "
         "all before being missing.",
         .type = OPTION_ENUM, AT(config_feed, join), .words = join, .fallback = "first"},
        {"feeds[].symbols_max", "Most symbols of the feed in a session.", .type = OPTION_COUNT,
         AT(config_feed, symbols_max), .min = 1, .max = 65536, .fallback = "16384"},
        {"feeds[].log", "The feed's log, in the pool.", .type = OPTION_MAPPING},
        {"feeds[].log.min", "Memory the log has for itself.", .type = OPTION_BYTES,
         AT(config_feed, log_bytes_min), .min = 2 * CONFIG_SEGMENT_BYTES, .max = 128 * GIB,
         .step = CONFIG_SEGMENT_BYTES, .fallback = "8MiB"},
        {"feeds[].log.max", "How far it may grow while readers lag. At least `min`.",
         .type = OPTION_BYTES, AT(config_feed, log_bytes_max), .min = 2 * CONFIG_SEGMENT_BYTES,
         .max = 128 * GIB, .step = CONFIG_SEGMENT_BYTES,
         .computed = "128MiB, or min where that is more"},
        {"feeds[].verify_udp_checksum", "Whether datagrams with a wrong UDP checksum are dropped.",
         .type = OPTION_BOOL, AT(config_feed, verify_udp_checksum), .fallback = "no"},
        {"feeds[].verify_ip_checksum",
         "Whether datagrams with a wrong IP header checksum are dropped.", .type = OPTION_BOOL,
         AT(config_feed, verify_ip_checksum), .fallback = "no"},
        {"feeds[].recovery",
         "Servers that are asked for messages that no line brings (MoldUDP64 re-requests), within "
         "`gap.hold_max`. Used by `genesis run`.",
         .type = OPTION_MAPPING, .offset = offsetof(struct config_feed, recovery)},
        {"feeds[].recovery.servers",
         "The servers, each as \"ADDRESS:PORT\"; the first is asked first. Left out: nobody is "
         "asked.",
         .type = OPTION_TEXTS, AT(config_recovery, servers), .max = CONFIG_NODES_MAX,
         .computed = "none"},
        {"feeds[].recovery.port", "The port they are reached by; it needs an address.",
         .type = OPTION_REFERENCE, AT(config_recovery, port), .target = OPTION_TO_PORT,
         .computed = "the first port with an address"},
        {"feeds[].recovery.source_port",
         "The UDP port that answers come to; `auto`: one that is not used otherwise.",
         .type = OPTION_COUNT, AT(config_recovery, source_port), .min = 1024, .max = 65535,
         .word = "auto", .word_value = 0, .fallback = "auto"},
        {"feeds[].recovery.wait",
         "How long another line may bring a message before servers are asked for it; less where "
         "the lines' skew is learned.",
         .type = OPTION_DURATION, AT(config_recovery, wait_ns), .max = HOUR, .fallback = "500us"},
        {"feeds[].recovery.deadline",
         "How long a range may take from when it is known missing, within `gap.hold_max`; where a "
         "session is joined at message `one`, all that lies before the first one seen may take so "
         "long.",
         .type = OPTION_DURATION, AT(config_recovery, deadline_ns), .min = 1, .max = HOUR,
         .fallback = "1s"},
        {"feeds[].recovery.pieces", "Most requests of the feed under way at a time.",
         .type = OPTION_COUNT, AT(config_recovery, pieces), .min = 1, .max = 64, .fallback = "16"},
        {"feeds[].recovery.reply_messages",
         "How many messages fit a reply, until replies have shown it.", .type = OPTION_COUNT,
         AT(config_recovery, reply_messages), .min = 1, .max = 65534, .fallback = "35"},
        {"feeds[].recovery.recover_max",
         "Most messages of a range that is asked for; a longer one is given up.",
         .type = OPTION_COUNT, AT(config_recovery, recover_max), .min = 1, .max = 4294967295,
         .fallback = "1000000"},
        {"feeds[].recovery.snapshot_above",
         "Ranges of more messages are counted as ones that a snapshot would help.",
         .type = OPTION_COUNT, AT(config_recovery, snapshot_above), .min = 1, .max = 4294967295,
         .fallback = "100000"},

        /* shards */
        {"shards",
         "A shard moves the groups of one core along the logs. Left out: one shard `shard` "
         "on the first core.",
         .type = OPTION_MAPPINGS, AT_TWO(config, shards, shard_count), .min = 1,
         .max = CONFIG_SHARDS_MAX, .item_bytes = sizeof(struct config_shard),
         .computed = "one shard, shard"},
        {"shards[].name", "What groups call it.", SECTION_NAME(config_shard, "shard{n}")},
        {"shards[].core", "The core that moves it.", .type = OPTION_REFERENCE,
         AT(config_shard, core), .target = OPTION_TO_CORE, .computed = "the first core"},
        {"shards[].critical_budget", "Records per turn and feed for its critical groups.",
         .type = OPTION_COUNT, AT(config_shard, critical_budget), .min = 1, .max = 65536,
         .fallback = "256"},
        {"shards[].normal_budget",
         "Records per turn and feed for its normal groups, in turns in which critical ones have "
         "reached the head.",
         .type = OPTION_COUNT, AT(config_shard, normal_budget), .min = 1, .max = 65536,
         .fallback = "256"},
        {"shards[].catch_up_budget", "Records per turn and feed for groups that catch up.",
         .type = OPTION_COUNT, AT(config_shard, catch_up_budget), .min = 1, .max = 65536,
         .fallback = "64"},

        /* groups */
        {"groups",
         "A group is the books of some symbols of one feed and the components on top of them. "
         "Left out: one group per feed with all its symbols, called `books`, or with several feeds "
         "as the feed.",
         .type = OPTION_MAPPINGS, AT_TWO(config, groups, group_count), .min = 1,
         .max = CONFIG_GROUPS_MAX, .item_bytes = sizeof(struct config_group),
         .computed = "one group per feed"},
        {"groups[].name", "What messages and files call it.",
         SECTION_NAME(config_group, "group{n}")},
        {"groups[].feed", "The feed whose books it holds.", .type = OPTION_REFERENCE,
         AT(config_group, feed), .target = OPTION_TO_FEED, .computed = "the only feed"},
        {"groups[].shard", "One shard: short for `shards: [...]` with one name.",
         .type = OPTION_REFERENCES, AT_TWO(config_group, shards, shard_count), .min = 1, .max = 1,
         .target = OPTION_TO_SHARD, .alias = true, .computed = "see shards"},
        {"groups[].shards",
         "The shards its parts are dealt to in turn; one name may stand without a "
         "list. Not more than `count`.",
         .type = OPTION_REFERENCES, AT_TWO(config_group, shards, shard_count), .min = 1,
         .max = CONFIG_SHARDS_MAX, .target = OPTION_TO_SHARD,
         .computed = "all shards in order, up to count"},
        {"groups[].class",
         "`critical` groups are moved first and stay at the head of the log; "
         "`normal` ones may lag.",
         .type = OPTION_ENUM, AT(config_group, class), .words = classes, .fallback = "critical"},
        {"groups[].symbols",
         "The symbols it takes: `all`; a list of symbols; a pattern with `*`, `?` or "
         "`[A-M]`, quoted; or `hash`: all, dealt to `count` equal groups.",
         .type = OPTION_SYMBOLS, .min = 1, .max = 4096, .fallback = "all"},
        {"groups[].count",
         "With `symbols: hash`, which needs it, into how many groups the symbols are "
         "dealt; else 1.",
         .type = OPTION_COUNT, AT(config_group, count), .min = 1, .max = CONFIG_GROUPS_MAX,
         .fallback = "1"},
        {"groups[].symbols_max", "Most symbols in one group.", .type = OPTION_COUNT,
         AT(config_group, symbols_max), .min = 1, .max = 65536,
         .computed = "the list's; hash: twice the feed's / count + 64; at most the feed's"},
        {"groups[].orders_max",
         "Most live orders in one group. Feeds by price level (`deep10`, `tops16`) have "
         "none: ignored there.",
         .type = OPTION_COUNT, AT(config_group, orders_max), .min = 1, .max = 268435456,
         .computed = "2097152; list: 65536 per symbol; hash: twice that / count + 1024; at most "
                     "2097152"},
        {"groups[].levels_max", "Most price levels in one group, over all its books.",
         .type = OPTION_COUNT, AT(config_group, levels_max), .min = 16, .max = 268435456,
         .computed = "1048576; list: 16384 per symbol; hash: twice that / count + 1024; at most "
                     "1048576"},
        {"groups[].components", "The components on top of the books, in order of dependence.",
         .type = OPTION_MAPPINGS, AT_TWO(config_group, components, component_count), .min = 1,
         .max = CONFIG_COMPONENTS_MAX, .item_bytes = sizeof(struct config_component),
         .in_place = true, .computed = "none"},
        {"groups[].components[].name", "What messages and counters call it.", .type = OPTION_NAME,
         AT(config_component, name), .min = 1, .max = OPTION_NAME_MAX, .computed = "its type"},
        {"groups[].components[].type",
         "The component: one that is built in, or the one that `library` "
         "exports.",
         .type = OPTION_NAME, AT(config_component, type), .min = 1, .max = OPTION_NAME_MAX,
         .required = true},
        {"groups[].components[].library",
         "The shared object that has it; a path from where genesis is started.",
         .type = OPTION_TEXT, AT(config_component, library), .min = 1, .max = TEXT_MAX,
         .computed = "none: built in"},
        {"groups[].components[].report",
         "The file its report is written to at the end; `-`: standard "
         "output.",
         .type = OPTION_TEXT, AT(config_component, report), .min = 1, .max = TEXT_MAX,
         .computed = "none: no report"},
        {"groups[].components[].settings",
         "Its own settings: any keys, their values given to it as "
         "text.",
         .type = OPTION_SETTINGS, AT_TWO(config_component, settings, setting_count), .max = 64,
         .computed = "none"},
};

static const struct option_part engine = {table, sizeof(table) / sizeof(table[0])};

const struct option *option_after(const struct option *o)
{
	const struct option_part *const parts[] = {&engine, &option_resilience, &option_adaptation};
	const uint32_t count = sizeof(parts) / sizeof(parts[0]);

	if (o == NULL)
		return table;
	for (uint32_t i = 0; i < count; i++) {
		const struct option *last = parts[i]->rows + parts[i]->count - 1;

		if (o == last)
			return i + 1 < count ? parts[i + 1]->rows : NULL;
	}
	return o + 1;
}

const struct option *option_find(const char *path)
{
	const struct option *o = option_after(NULL);

	while (o != NULL && strcmp(o->path, path) != 0)
		o = option_after(o);
	return o;
}

bool option_is_section(const struct option *o)
{
	return o->type == OPTION_MAPPING || o->type == OPTION_MAPPINGS;
}

const char *option_key(const struct option *o)
{
	const char *dot = strrchr(o->path, '.');

	return dot == NULL ? o->path : dot + 1;
}

/* Whether the row stands in the section, or in one inside of it. */
static bool is_below(const struct option *parent, const struct option *o)
{
	size_t bytes = strlen(parent->path);

	return strncmp(o->path, parent->path, bytes) == 0 &&
	       (o->path[bytes] == '.' || o->path[bytes] == '[');
}

static bool is_child(const struct option *parent, const struct option *o)
{
	if (parent == NULL)
		return strchr(o->path, '.') == NULL;
	return is_below(parent, o) &&
	       strchr(o->path + strlen(parent->path) +
	                      strlen(parent->type == OPTION_MAPPINGS ? "[]." : "."),
	              '.') == NULL;
}

const struct option *option_next(const struct option *parent, const struct option *after)
{
	assert(parent == NULL || option_is_section(parent));
	if (parent != NULL && parent->like != NULL)
		parent = option_find(parent->like);
	const struct option *o = option_after(after == NULL ? parent : after);

	/* A section's rows follow it, those of sections inside of it too. */
	while (o != NULL && !is_child(parent, o))
		o = parent == NULL || is_below(parent, o) ? option_after(o) : NULL;
	return o;
}

const struct option *option_child(const struct option *parent, const char *key)
{
	const struct option *o = option_next(parent, NULL);

	while (o != NULL && strcmp(option_key(o), key) != 0)
		o = option_next(parent, o);
	return o;
}

const struct option *option_parent(const struct option *o)
{
	const struct option *parent = option_after(NULL);

	while (parent != NULL && !(option_is_section(parent) && is_child(parent, o)))
		parent = option_after(parent);
	assert(parent != NULL || option_key(o) == o->path);
	return parent;
}
