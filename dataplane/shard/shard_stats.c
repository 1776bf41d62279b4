/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names of the shard's and the groups' counters.
 */
#include <assert.h>

#include "dataplane/shard/group.h"
#include "dataplane/shard/shard.h"
#include "dataplane/stats.h"

static const struct counter shard_counters[] = {
        {"turns", "turns", "Turns made.", false},
        {"records", "records", "Log records looked at.", false},
        {"records_skipped", "records", "Records skipped because none of their symbols is taken.",
         false},
        {"messages", "messages", "Messages in records that were not skipped.", false},
        {"delivered", "messages", "Messages given to a group, once for each group.", false},
        {"orphan_references", "messages", "Order messages whose order no group asked had.", false},
        {"unroutable", "messages", "Messages whose symbol no group here takes.", false},
        {"gaps_seen", "records", "GAP records passed by class cursors.", false},
        {"resets_seen", "records", "RESET records passed by class cursors.", false},
        {"ends_seen", "records", "END records passed by class cursors.", false},
        {"board_writes", "rows", "Board rows written.", false},
        {"groups_detached", "groups", "Groups that are detached now.", true},
        {"groups_quarantined", "groups", "Groups in quarantine now.", true},
        {"critical_lag_bytes", "bytes", "Log between the critical cursor and the head, worst feed.",
         true},
        {"normal_lag_bytes", "bytes", "Log between the normal cursor and the head, worst feed.",
         true},
        {"busy_turns", "turns", "Turns that moved a cursor.", false},
        {"catch_up_lag_bytes", "bytes",
         "Log that detached groups hold behind their class's cursor, worst lane.", true},
        {"caught_up", "groups", "Times a detached group was attached again.", false},
        {"trades_broken", "messages", "Trade breaks that met a symbol taken here.", false},
        {"routes_refused", "symbols", "Symbols a group was refused because routes ran out.", false},
        {"board_refused", "rows", "Rows left to another shard that takes the symbol too.", false},
        {"latency_unrecorded", "records", "Records beyond a turn's list of latencies.", false},
};

static_assert(sizeof(shard_counters) / sizeof(shard_counters[0]) ==
                      sizeof(struct shard_stats) / sizeof(uint64_t),
              "every counter has a name");

const struct counter_table counters_shard = {
        .name = "shard",
        .counters = shard_counters,
        .count = sizeof(shard_counters) / sizeof(shard_counters[0]),
};

static const struct counter group_counters[] = {
        {"messages", "messages", "Messages that reached the group.", false},
        {"book_changes", "changes", "Changes of its books, given to its components.", false},
        {"detached_times", "times", "Times it was detached.", false},
        {"failures", "failures", "Component failures.", false},
        {"caught_up_messages", "messages", "Messages that reached it by catching up.", false},
};

static_assert(sizeof(group_counters) / sizeof(group_counters[0]) ==
                      sizeof(struct group_stats) / sizeof(uint64_t),
              "every counter has a name");

const struct counter_table counters_group = {
        .name = "group",
        .counters = group_counters,
        .count = sizeof(group_counters) / sizeof(group_counters[0]),
};
