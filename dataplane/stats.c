/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"

#include <assert.h>
#include <stddef.h>

#include "dataplane/book/book.h"
#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/ladder.h"
#include "dataplane/feed/line.h"
#include "dataplane/feed/receiver.h"
#include "dataplane/host/host.h"
#include "dataplane/log/log.h"
#include "dataplane/port/port.h"
#include "dataplane/request/requester.h"
#include "dataplane/shard/group.h"
#include "dataplane/shard/shard.h"

/* A row stands at its field's place, whatever the order below, and carries the field's name. A
 * field that is missing at the end fails the assert, one in the middle the unit test (a row without
 * an id). */
#define AT(owner, field)                  [offsetof(struct owner, field) / sizeof(uint64_t)]
#define COUNTER(owner, field, unit, help) AT(owner, field) = {#field, unit, help, false}
#define GAUGE(owner, field, unit, help)   AT(owner, field) = {#field, unit, help, true}
/* Elements of an array have names of their own. */
#define ELEMENT(owner, field, index, id, unit, help) \
	[offsetof(struct owner, field) / sizeof(uint64_t) + (index)] = {id, unit, help, false}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define TABLE(variable, table_name, owner, rows)                              \
	static_assert(COUNT(rows) * sizeof(uint64_t) == sizeof(struct owner), \
	              "a row per counter of struct " #owner);                 \
	const struct counter_table variable = {                               \
	        .name = table_name, .counters = rows, .count = COUNT(rows)}

static const struct counter port_rows[] = {
        COUNTER(port_stats, received, "packets", "Packets the port handed to its core."),
        COUNTER(port_stats, received_bytes, "bytes", "Bytes of those packets."),
        COUNTER(port_stats, missed, "packets",
                "Packets the device dropped because no descriptor was free."),
        COUNTER(port_stats, errors, "packets", "Packets the device received damaged."),
        COUNTER(port_stats, no_buffer, "packets",
                "Packets dropped because the buffer pool was empty."),
        COUNTER(port_stats, multi_segment, "packets",
                "Packets dropped because they spanned several buffers."),
        GAUGE(port_stats, link_up, "", "1 while the link is up, else 0."),
        COUNTER(port_stats, link_changes, "changes", "Times the link went up or down."),
        GAUGE(port_stats, link_mbps, "Mbit/s", "Speed of the link."),
        COUNTER(port_stats, sent, "packets", "Packets the device took for sending."),
        COUNTER(port_stats, sent_bytes, "bytes", "Bytes of those packets."),
        COUNTER(port_stats, send_refused, "packets",
                "Packets offered for sending that found no room or no buffer."),
        COUNTER(port_stats, send_errors, "packets", "Packets the device took but could not send."),
};
TABLE(counters_port, "port", port_stats, port_rows);

static const struct counter host_rows[] = {
        COUNTER(host_stats, arp_requests, "packets", "ARP requests for the port's address."),
        COUNTER(host_stats, arp_replies, "packets", "ARP replies said."),
        COUNTER(host_stats, arp_announcements, "packets", "Times the address was announced."),
        COUNTER(host_stats, arp_conflicts, "packets",
                "ARP packets of another station that uses the port's address."),
        COUNTER(host_stats, arp_asked, "packets", "ARP requests said, for the MAC of a station."),
        COUNTER(host_stats, arp_answers, "packets", "ARP replies that answered one of these."),
        GAUGE(host_stats, neighbours, "stations", "Stations whose MAC is known now."),
        COUNTER(host_stats, echo_requests, "packets", "Pings to the port's address."),
        COUNTER(host_stats, echo_replies, "packets", "Pings answered."),
        COUNTER(host_stats, echo_limited, "packets",
                "Pings left alone: too many in a second, or too long to answer."),
        COUNTER(host_stats, igmp_queries_v1, "packets", "IGMP queries of version 1."),
        COUNTER(host_stats, igmp_queries_v2, "packets", "IGMP queries of version 2."),
        COUNTER(host_stats, igmp_queries_v3, "packets", "IGMP queries of version 3."),
        COUNTER(host_stats, igmp_reports_heard, "packets",
                "Reports of others about the port's groups, versions 1 and 2."),
        COUNTER(host_stats, igmp_suppressed, "packets",
                "Reports not said because another host had said the same."),
        COUNTER(host_stats, igmp_reports, "packets", "IGMP reports said."),
        COUNTER(host_stats, igmp_leaves, "packets", "IGMP messages that groups are left."),
        COUNTER(host_stats, igmp_version_changes, "times",
                "Times another version of IGMP was spoken because of a querier."),
        GAUGE(host_stats, igmp_version, "", "Version of IGMP spoken now, 0: none."),
        GAUGE(host_stats, groups, "groups", "Multicast groups joined now."),
        COUNTER(host_stats, fragments, "packets", "Fragments, which are not taken."),
        COUNTER(host_stats, bad_checksum, "packets", "Packets with a wrong checksum."),
        COUNTER(host_stats, malformed, "packets", "Packets that contradict themselves."),
        COUNTER(host_stats, ignored, "packets", "Packets that were for others, or none to answer."),
        COUNTER(host_stats, receive_dropped, "packets",
                "Frames for the address that found no room on the way to the control thread."),
        COUNTER(host_stats, send_dropped, "packets",
                "Frames of the address that found no room on the way to the port."),
};
TABLE(counters_host, "host", host_stats, host_rows);

#define FRAMES(verdict, id, help) ELEMENT(receiver_stats, frames, verdict, id, "packets", help)

static const struct counter receiver_rows[] = {
        COUNTER(receiver_stats, packets, "packets", "Packets taken from ports or captures."),
        FRAMES(FRAME_OK, "frames_ok", "Packets that are whole IPv4 UDP datagrams."),
        FRAMES(FRAME_RUNT, "frames_runt", "Packets shorter than their own headers."),
        FRAMES(FRAME_VLAN_DEPTH, "frames_vlan_depth", "Packets with too many VLAN tags."),
        FRAMES(FRAME_NOT_IPV4, "frames_not_ipv4", "Packets that are not IPv4."),
        FRAMES(FRAME_BAD_IP_HEADER, "frames_bad_ip_header",
               "Packets whose IP header contradicts itself."),
        FRAMES(FRAME_IP_BEYOND_CAPTURE, "frames_ip_beyond_capture",
               "Packets whose IP length goes beyond the bytes received."),
        FRAMES(FRAME_FRAGMENT, "frames_fragment", "IP fragments, which are not taken."),
        FRAMES(FRAME_NOT_UDP, "frames_not_udp", "IPv4 packets of another protocol than UDP."),
        FRAMES(FRAME_BAD_UDP_LENGTH, "frames_bad_udp_length",
               "Packets whose UDP length does not fit into the IP payload."),
        FRAMES(FRAME_BAD_CHECKSUM, "frames_bad_checksum",
               "Packets with a wrong IP or UDP checksum, where verification is on."),
        COUNTER(receiver_stats, unknown_destination, "packets",
                "Datagrams to a destination that is no line of any feed."),
        COUNTER(receiver_stats, other_source, "packets",
                "Datagrams to a line that came from another source than the line's."),
        COUNTER(receiver_stats, feed_packets, "packets", "Datagrams of lines, malformed included."),
        COUNTER(receiver_stats, malformed_packets, "packets",
                "Datagrams of lines that were malformed or cut."),
        COUNTER(receiver_stats, replies, "packets",
                "Datagrams to where answers to what Genesis asks come."),
        COUNTER(receiver_stats, host_frames, "packets",
                "Frames that may be for a port's own address: ARP, ping, IGMP."),
        COUNTER(receiver_stats, handed_over, "packets",
                "Datagrams given to the core of their feed."),
        COUNTER(receiver_stats, hand_over_full, "packets",
                "Datagrams dropped because the ring to the core of their feed was full."),
        COUNTER(receiver_stats, taken_over, "packets",
                "Datagrams taken from cores that poll ports for this one."),
        GAUGE(receiver_stats, waiting_bytes, "bytes", "What waits in the rings of those cores."),
};
TABLE(counters_receiver, "receiver", receiver_stats, receiver_rows);

static const struct counter line_rows[] = {
        COUNTER(line_stats, packets, "packets", "Datagrams on this line."),
        COUNTER(line_stats, bytes, "bytes", "Payload bytes on this line."),
        COUNTER(line_stats, messages, "messages",
                "Messages this line brought, duplicates included."),
        COUNTER(line_stats, wins, "messages", "Messages whose first copy this line brought."),
        COUNTER(line_stats, duplicates, "messages", "Messages another copy of which came before."),
        COUNTER(line_stats, late, "messages", "Messages that came after their range was given up."),
        GAUGE(line_stats, lost, "messages",
              "Messages this line jumped over and has not brought since."),
        COUNTER(line_stats, malformed, "packets", "Datagrams on this line that were malformed."),
        COUNTER(line_stats, heartbeats, "packets", "Heartbeats on this line."),
        GAUGE(line_stats, skew_ns, "ns",
              "How much later than the first copy this line's duplicates come, smoothed."),
        GAUGE(line_stats, skew_deviation_ns, "ns", "Mean deviation of that delay."),
        COUNTER(line_stats, skew_ns_max, "ns", "The largest such delay seen."),
        GAUGE(line_stats, last_seen_ns, "ns", "When the line's last datagram came, since 1970."),
        GAUGE(line_stats, state, "",
              "0: waited for; 1: silent while others bring messages, not waited for; 2: back from "
              "that, not yet sure."),
};
TABLE(counters_line, "line", line_stats, line_rows);

#define LOST(reason, id, help) ELEMENT(arbiter_stats, lost_by_reason, reason, id, "messages", help)

static const struct counter arbiter_rows[] = {
        COUNTER(arbiter_stats, packets, "packets", "Well-formed datagrams of the feed's lines."),
        COUNTER(arbiter_stats, duplicates, "messages",
                "Messages already delivered, already waiting, or before the joining point."),
        COUNTER(arbiter_stats, late, "messages",
                "Messages that came after their range was given up; not applied."),
        COUNTER(arbiter_stats, parked, "messages", "Messages that came early and had to wait."),
        COUNTER(arbiter_stats, healed, "messages",
                "Messages known to be missing that a line still brought in time."),
        COUNTER(arbiter_stats, healed_by_other_line, "messages",
                "Of those, messages brought by another line than the one that showed the gap."),
        COUNTER(arbiter_stats, healed_by_recovery, "messages",
                "Of those, messages that a server brought."),
        COUNTER(arbiter_stats, recovered_refused, "packets",
                "Replies of servers that were of another session or beyond all that is known."),
        COUNTER(arbiter_stats, gaps, "ranges", "Ranges of messages given up."),
        COUNTER(arbiter_stats, lost_messages, "messages", "Messages given up."),
        LOST(GAP_AGE, "lost_age", "Messages given up because no line brought them in time."),
        LOST(GAP_PARKING, "lost_parking", "Messages given up because parking was full."),
        LOST(GAP_OVERLOAD, "lost_overload", "Messages given up because the log had no segment."),
        LOST(GAP_SESSION, "lost_session", "Messages still missing when their session was left."),
        LOST(GAP_INPUT, "lost_input", "Messages still missing at the end of a replayed input."),
        LOST(GAP_UNANSWERED, "lost_unanswered",
             "Messages given up because servers were asked and none brought them in time."),
        LOST(GAP_REFUSED, "lost_refused",
             "Messages given up because no server could be asked, or they were too many."),
        COUNTER(arbiter_stats, session_resets, "sessions", "New sessions after the first."),
        COUNTER(arbiter_stats, sessions_ended, "sessions", "Sessions the exchange ended."),
        COUNTER(arbiter_stats, stale_session_packets, "packets",
                "Datagrams of a session already left."),
        COUNTER(arbiter_stats, rewinds, "packets",
                "Datagrams far behind the stream within the same session."),
        GAUGE(arbiter_stats, parking_bytes, "bytes", "Bytes that wait now."),
        GAUGE(arbiter_stats, parking_pieces, "pieces", "Pieces of stream that wait now."),
        GAUGE(arbiter_stats, wait_ns, "ns",
              "How long a missing message may be waited for, when one was last missing."),
        COUNTER(arbiter_stats, parking_full, "times",
                "Times something did not fit into parking and a range was given up for it."),
};
TABLE(counters_arbiter, "feed", arbiter_stats, arbiter_rows);

static const struct counter ladder_rows[] = {
        COUNTER(ladder_stats, ranges, "ranges", "Ranges of missing messages taken up."),
        COUNTER(ladder_stats, asks, "requests", "Pieces of them asked, again and rests included."),
        COUNTER(ladder_stats, asked_messages, "messages", "Messages in those pieces."),
        COUNTER(ladder_stats, replies, "replies", "Replies that ended an ask."),
        COUNTER(ladder_stats, recovered, "messages", "Messages that a reply brought first."),
        COUNTER(ladder_stats, duplicates, "messages",
                "Messages of replies that had come otherwise by then."),
        COUNTER(ladder_stats, partial, "replies", "Replies with fewer messages than asked."),
        COUNTER(ladder_stats, wrong, "replies", "Replies to something else than what was asked."),
        COUNTER(ladder_stats, again, "requests",
                "Asks of a piece that had been asked before and not answered."),
        COUNTER(ladder_stats, unanswered, "requests", "Asks that ended without a reply."),
        COUNTER(ladder_stats, refused, "requests",
                "Asks not accepted: the breaker is open, no slot, no time left."),
        COUNTER(ladder_stats, recalled, "requests",
                "Asks taken back: a line brought the messages, or they were given up."),
        COUNTER(ladder_stats, stale, "replies", "Replies and ends of asks that were over."),
        COUNTER(ladder_stats, storms, "ranges", "Ranges not asked because they are too long."),
        COUNTER(ladder_stats, storm_messages, "messages", "Messages in those ranges."),
        COUNTER(ladder_stats, overload_messages, "messages",
                "Messages not asked because the engine itself was dropping packets."),
        COUNTER(ladder_stats, snapshots, "ranges", "Ranges for which a snapshot is wanted."),
        COUNTER(ladder_stats, given_up_messages, "messages",
                "Messages the ladder gave up before their holding time was over."),
        COUNTER(ladder_stats, budget_waits, "times", "Times the budget of asks was empty."),
        COUNTER(ladder_stats, table_waits, "times",
                "Times no more ranges could be taken up at once."),
        GAUGE(ladder_stats, asks_now, "requests", "Asks under way now."),
        GAUGE(ladder_stats, ranges_now, "ranges", "Ranges not yet asked in full."),
        GAUGE(ladder_stats, reply_messages, "messages", "Messages reckoned to fit a reply."),
        GAUGE(ladder_stats, current_sequence, "",
              "First message the stream waits for; 0: it waits for none."),
        GAUGE(ladder_stats, current_messages, "messages", "Messages missing from there on."),
        GAUGE(ladder_stats, current_since_ns, "ns", "Since when they are known to be missing."),
        GAUGE(ladder_stats, current_step, "",
              "0: nothing is missing; 1: another line may bring it; 2: servers are asked; 3: a "
              "snapshot is wanted as well; 4: given up."),
        GAUGE(ladder_stats, is_overloaded, "",
              "1 while nothing is asked because the engine itself drops packets, else 0."),
};
TABLE(counters_ladder, "recovery", ladder_stats, ladder_rows);

static const struct counter log_rows[] = {
        COUNTER(log_stats, records, "records", "Records appended to the log."),
        COUNTER(log_stats, bytes, "bytes", "Bytes of those records, headers and padding included."),
        COUNTER(log_stats, segments_taken, "segments", "Segments taken from the pool."),
        COUNTER(log_stats, segments_given, "segments", "Segments given back to the pool."),
        COUNTER(log_stats, append_refused, "records",
                "Appends refused because the pool was dry or the ceiling reached."),
        COUNTER(log_stats, claims_revoked, "claims",
                "Image claims taken away because segments ran out."),
        GAUGE(log_stats, segments_held, "segments", "Segments of the pool that the log holds now."),
};
TABLE(counters_log, "log", log_stats, log_rows);

static const struct counter shard_rows[] = {
        COUNTER(shard_stats, turns, "turns", "Turns of the shard."),
        COUNTER(shard_stats, records, "records", "Records looked at."),
        COUNTER(shard_stats, records_skipped, "records",
                "Records skipped because none of their symbols is here."),
        COUNTER(shard_stats, messages, "messages", "Messages walked over."),
        COUNTER(shard_stats, delivered, "messages", "Messages given to a group."),
        COUNTER(shard_stats, orphan_references, "messages",
                "Messages about an order that no group of the class has."),
        COUNTER(shard_stats, unroutable, "messages", "Messages of a symbol that no group takes."),
        COUNTER(shard_stats, gaps_seen, "records", "GAP records passed."),
        COUNTER(shard_stats, resets_seen, "records", "RESET records passed."),
        COUNTER(shard_stats, ends_seen, "records", "END records passed."),
        COUNTER(shard_stats, board_writes, "rows", "Rows written to boards."),
        GAUGE(shard_stats, groups_detached, "groups", "Groups that are detached now."),
        GAUGE(shard_stats, groups_quarantined, "groups", "Groups that are quarantined now."),
        GAUGE(shard_stats, critical_lag_bytes, "bytes",
              "How far the critical cursor is behind the head, worst feed."),
        GAUGE(shard_stats, normal_lag_bytes, "bytes",
              "How far the normal cursor is behind the head, worst feed."),
        COUNTER(shard_stats, busy_turns, "turns", "Turns that moved a cursor."),
        GAUGE(shard_stats, catch_up_lag_bytes, "bytes",
              "How far the oldest detached group is behind its class, worst feed."),
        COUNTER(shard_stats, caught_up, "times", "Times a detached group was attached again."),
        COUNTER(shard_stats, trades_broken, "messages", "Trade breaks that met a group."),
        COUNTER(shard_stats, routes_refused, "routes",
                "Shares of a symbol refused because no link was left for them."),
        COUNTER(shard_stats, board_refused, "rows",
                "Board writes refused because another shard writes the row."),
        COUNTER(shard_stats, latency_unrecorded, "records",
                "Records applied beyond what a turn keeps for latency."),
        GAUGE(shard_stats, critical_lag_messages, "messages",
              "How far the critical cursor is behind the head, worst feed."),
        GAUGE(shard_stats, normal_lag_messages, "messages",
              "How far the normal cursor is behind the head, worst feed."),
        COUNTER(shard_stats, requests, "requests", "Requests that components made."),
        COUNTER(shard_stats, requests_sent, "requests", "Of these: may have left the engine."),
        COUNTER(shard_stats, replies, "replies", "Ends of requests told to components."),
        COUNTER(shard_stats, replies_unexpected, "replies",
                "Ends of requests that are not under way, or had ended."),
        COUNTER(shard_stats, replies_too_long, "replies",
                "Replies longer than a component takes, told as failures."),
        COUNTER(shard_stats, timers, "timers", "Timers of components that were due."),
        COUNTER(shard_stats, commands, "commands", "Commands told to components."),
        COUNTER(shard_stats, commands_refused, "commands",
                "Commands to nobody, too long, or without room."),
        COUNTER(shard_stats, inputs_refused, "times",
                "Times the input log had no room: inputs of components wait."),
        COUNTER(shard_stats, inputs_replayed, "inputs",
                "Inputs of components lived through once more."),
};
TABLE(counters_shard, "shard", shard_stats, shard_rows);

static const struct counter group_rows[] = {
        COUNTER(group_stats, messages, "messages", "Messages delivered to the group."),
        COUNTER(group_stats, book_changes, "changes", "Messages that changed one of its books."),
        COUNTER(group_stats, detached_times, "times", "Times the group was detached."),
        COUNTER(group_stats, failures, "times", "Times one of its components failed."),
        COUNTER(group_stats, caught_up_messages, "messages",
                "Messages delivered by the catch-up cursor."),
};
TABLE(counters_group, "group", group_stats, group_rows);

static const struct counter books_rows[] = {
        GAUGE(book_set_stats, orders_live, "orders", "Orders that rest now."),
        COUNTER(book_set_stats, orphan_references, "messages",
                "Messages about an order that is not here."),
        COUNTER(book_set_stats, replaced_references, "orders",
                "Orders replaced by a second Add with the same reference."),
        COUNTER(book_set_stats, refused_symbols, "symbols",
                "Books refused because the set has its maximum of symbols."),
        COUNTER(book_set_stats, refused_orders, "orders",
                "Orders refused because the set has its maximum of orders."),
        COUNTER(book_set_stats, refused_levels, "levels",
                "Levels refused because the set has its maximum of levels."),
        COUNTER(book_set_stats, ignored, "messages",
                "Messages with 0 shares or an unknown side, which change nothing."),
        COUNTER(book_set_stats, overtaken, "messages",
                "Messages that took more from an order than rested."),
        GAUGE(book_set_stats, books_degraded, "books",
              "Books of which something did not fit since their last reset."),
};
TABLE(counters_books, "books", book_set_stats, books_rows);

static const struct counter requester_rows[] = {
        COUNTER(requester_stats, sent, "packets", "Requests put into the ring of their port."),
        COUNTER(requester_stats, sent_bytes, "bytes", "Bytes of those, receipts included."),
        COUNTER(requester_stats, unsent_id, "packets",
                "Requests not sent: no message id was free, or as many as may be were under way."),
        COUNTER(requester_stats, unsent_room, "packets",
                "Requests not sent: the ring of their port was full."),
        COUNTER(requester_stats, unsent_mac, "packets",
                "Requests not sent: the station's MAC was not known yet."),
        COUNTER(requester_stats, unsent_port, "packets", "Requests not sent: no port was open."),
        COUNTER(requester_stats, unreachable, "packets",
                "Requests not sent: the station does not answer ARP."),
        COUNTER(requester_stats, too_long, "packets", "Requests too long for a datagram."),
        COUNTER(requester_stats, unspeakable, "packets",
                "Requests that the codec has no words for."),
        COUNTER(requester_stats, superseded, "packets",
                "Writes not sent again, since a later one to their path was submitted."),
        COUNTER(requester_stats, datagrams, "packets", "Datagrams to where answers come."),
        COUNTER(requester_stats, foreign, "packets",
                "Of those, not from a node of the service, or not to its address."),
        COUNTER(requester_stats, replies, "packets", "Of those, answers to an attempt."),
        COUNTER(requester_stats, progress, "packets",
                "Of those, that a node has the request, without an answer yet."),
        COUNTER(requester_stats, refused, "packets", "Of those, refusals of the packet."),
        COUNTER(requester_stats, unusable, "packets",
                "Of those, answers in a form that is not taken."),
        COUNTER(requester_stats, malformed, "packets", "Of those, malformed."),
        COUNTER(requester_stats, unexpected, "packets",
                "Of those, answers to nothing that was asked there."),
        COUNTER(requester_stats, receipts, "packets", "Receipts of answers sent back."),
        COUNTER(requester_stats, receipts_unsent, "packets", "Receipts that could not be sent."),
        GAUGE(requester_stats, operations, "operations", "Operations under way now."),
};
TABLE(counters_requester, "requests", requester_stats, requester_rows);

#define VERDICT(verdict, id, help) \
	ELEMENT(operation_stats, verdicts, verdict, id, "operations", help)
#define OUTCOME(outcome, id, help) \
	ELEMENT(operation_stats, outcomes, outcome, id, "operations", help)
#define HEARD(hearing, id, help) ELEMENT(operation_stats, heard, hearing, id, "packets", help)
#define SENDS(reason, id, help)  ELEMENT(operation_stats, attempts, reason, id, "attempts", help)

static const struct counter operation_rows[] = {
        COUNTER(operation_stats, submitted, "operations", "Operations submitted."),
        VERDICT(OPERATION_ACCEPTED, "accepted", "Operations let in."),
        VERDICT(OPERATION_ANSWERED, "answered", "Operations that a fallback answered at once."),
        VERDICT(OPERATION_REJECTED_OPEN, "rejected_open",
                "Operations refused: the breaker is open, or no node is left."),
        VERDICT(OPERATION_REJECTED_THROTTLED, "rejected_throttled",
                "Operations refused: the mode sheds their class."),
        VERDICT(OPERATION_REJECTED_FULL, "rejected_full",
                "Operations refused: as many as may be were under way."),
        VERDICT(OPERATION_REJECTED_EXPIRED, "rejected_expired",
                "Operations refused: their deadline had passed."),
        VERDICT(OPERATION_REJECTED_HOPELESS, "rejected_hopeless",
                "Operations refused: too unlikely in their time."),
        VERDICT(OPERATION_REJECTED_INVALID, "rejected_invalid",
                "Operations refused: they contradict themselves."),
        OUTCOME(OPERATION_SUCCESS, "success", "Operations that succeeded."),
        OUTCOME(OPERATION_FALLBACK, "fallback", "Operations that failed and had a fallback."),
        OUTCOME(OPERATION_FAILURE, "failure", "Operations whose attempts all failed."),
        OUTCOME(OPERATION_TIMEOUT, "timeout", "Operations that took too long."),
        OUTCOME(OPERATION_REJECTED, "rejected", "Always 0: counted by reason."),
        OUTCOME(OPERATION_ABANDONED, "abandoned", "Operations given up or taken back."),
        OUTCOME(OPERATION_UNKNOWN, "unknown",
                "Operations of which nobody knows whether they took effect."),
        HEARD(OPERATION_HEARD_SUCCESS, "heard_success", "Replies that completed an operation."),
        HEARD(OPERATION_HEARD_FAILURE, "heard_failure", "Replies by which an attempt failed."),
        HEARD(OPERATION_HEARD_LATE, "heard_late", "Replies to attempts that had ended."),
        HEARD(OPERATION_HEARD_DUPLICATE, "heard_duplicate", "Replies to attempts that had one."),
        HEARD(OPERATION_HEARD_FOREIGN, "heard_foreign", "Replies to no attempt."),
        SENDS(OPERATION_FIRST, "attempts_first", "First attempts of operations."),
        SENDS(OPERATION_PARALLEL, "attempts_parallel", "Attempts beside another of their round."),
        SENDS(OPERATION_HEDGE, "attempts_hedge", "Attempts because the first was slow."),
        SENDS(OPERATION_RETRY, "attempts_retry", "First attempts of later rounds."),
        COUNTER(operation_stats, hedges_won, "attempts", "Hedges that answered first."),
        COUNTER(operation_stats, overdue, "attempts", "Attempts that timed out."),
        COUNTER(operation_stats, cancelled, "attempts", "Attempts that lost to another."),
        COUNTER(operation_stats, unneeded, "attempts", "Of those and the overdue, not even sent."),
        COUNTER(operation_stats, unsent, "attempts", "Attempts that could not be sent."),
        COUNTER(operation_stats, unreachable, "attempts", "Attempts whose node is not reachable."),
        COUNTER(operation_stats, attempts_full, "attempts",
                "Parallel attempts and hedges that found no slot."),
        COUNTER(operation_stats, denied_retry, "rounds",
                "Rounds that the budget of retries denied."),
        COUNTER(operation_stats, denied_hedge, "attempts", "Hedges that their budget denied."),
        COUNTER(operation_stats, denied_parallel, "attempts",
                "Parallel attempts that their budget denied."),
        COUNTER(operation_stats, denied_breaker, "rounds", "Rounds that the breaker denied."),
        COUNTER(operation_stats, hopeless_tried, "operations",
                "Operations tried although they were unlikely, since somebody has to."),
        COUNTER(operation_stats, attempt_time_ns, "ns", "How long attempts held a slot, in all."),
        COUNTER(operation_stats, operation_time_ns, "ns", "How long operations took, in all."),
};
TABLE(counters_operations, "operations", operation_stats, operation_rows);

#define ENDED(outcome, id, help) \
	ELEMENT(requester_service_stats, outcomes, outcome, id, "operations", help)

static const struct counter service_rows[] = {
        COUNTER(requester_service_stats, submitted, "operations",
                "Operations submitted to the service."),
        COUNTER(requester_service_stats, refused, "operations", "Of those, not let in."),
        ENDED(OPERATION_SUCCESS, "success", "Operations that succeeded."),
        ENDED(OPERATION_FALLBACK, "fallback", "Operations that failed and had a fallback."),
        ENDED(OPERATION_FAILURE, "failure", "Operations whose attempts all failed."),
        ENDED(OPERATION_TIMEOUT, "timeout", "Operations that took too long."),
        ENDED(OPERATION_REJECTED, "rejected", "Always 0: they are in refused."),
        ENDED(OPERATION_ABANDONED, "abandoned", "Operations given up or taken back."),
        ENDED(OPERATION_UNKNOWN, "unknown",
              "Operations of which nobody knows whether they took effect."),
        COUNTER(requester_service_stats, attempts, "packets", "Requests sent."),
        COUNTER(requester_service_stats, hedges, "packets", "Of those, hedges."),
        COUNTER(requester_service_stats, slow, "operations",
                "Successes that took longer than the breaker's ultra_latency."),
        COUNTER(requester_service_stats, replies, "packets", "Answers to attempts, good or bad."),
        COUNTER(requester_service_stats, bad_replies, "packets",
                "Datagrams of others, malformed ones, and answers to nothing asked."),
};
TABLE(counters_service, "service", requester_service_stats, service_rows);
