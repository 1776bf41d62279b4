/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/input.h"

#include <assert.h>
#include <string.h>

void input_log_init(struct input_log *l, struct log_writer *writer, uint64_t turn)
{
	assert(writer != NULL);
	*l = (struct input_log){.writer = writer, .turn = turn + 1};
}

void input_log_begin(struct input_log *l, uint64_t now_ns)
{
	assert(now_ns >= l->now_ns);
	l->now_ns = now_ns;
}

struct part {
	const void *bytes;
	uint32_t count;
};

static bool append(struct input_log *l, enum input_kind kind, struct part head, struct part tail)
{
	uint32_t payload_bytes = head.count + tail.count;
	struct record *r = log_writer_reserve(l->writer, payload_bytes);

	if (r == NULL) {
		l->stats.refused++;
		return false;
	}
	*r = (struct record){
	        .first_sequence = l->turn,
	        .time_ns = l->now_ns,
	        .interest = UINT64_MAX,
	        .payload_bytes = payload_bytes,
	        .kind = (uint8_t)kind,
	};
	memcpy(r + 1, head.bytes, head.count);
	if (tail.count != 0)
		memcpy((uint8_t *)(r + 1) + head.count, tail.bytes, tail.count);
	log_writer_commit(l->writer, r);
	l->stats.records[kind - INPUT_TURN]++;
	l->is_open = true;
	return true;
}

bool input_log_reply(struct input_log *l, const struct input_reply *r, const uint8_t *payload)
{
	assert(r->payload_bytes <= COMPONENT_BYTES_MAX);
	return append(l, INPUT_REPLY, (struct part){r, sizeof(*r)},
	              (struct part){payload, r->payload_bytes});
}

bool input_log_timer(struct input_log *l, const struct input_timer *t)
{
	return append(l, INPUT_TIMER, (struct part){t, sizeof(*t)}, (struct part){0});
}

bool input_log_command(struct input_log *l, const struct input_command *c, const uint8_t *bytes)
{
	assert(c->bytes <= COMPONENT_BYTES_MAX);
	return append(l, INPUT_COMMAND, (struct part){c, sizeof(*c)},
	              (struct part){bytes, c->bytes});
}

bool input_log_sent(struct input_log *l, const struct input_sent *s)
{
	return append(l, INPUT_SENT, (struct part){s, sizeof(*s)}, (struct part){0});
}

bool input_log_turn(struct input_log *l, const struct input_position *positions, uint32_t count)
{
	struct input_turn head = {.count = count};

	if (!append(l, INPUT_TURN, (struct part){&head, sizeof(head)},
	            (struct part){positions, count * (uint32_t)sizeof(*positions)}))
		return false;
	l->turn++;
	l->is_open = false;
	return true;
}

/* ---- reading ---- */

static bool parse_turn(const struct record *r, struct input *out)
{
	struct input_turn head;

	if (r->payload_bytes < sizeof(head))
		return false;
	memcpy(&head, record_payload(r), sizeof(head));
	out->of.turn_end.count = head.count;
	out->of.turn_end.positions =
	        (const struct input_position *)(const void *)(record_payload(r) + sizeof(head));
	return r->payload_bytes - sizeof(head) ==
	       (uint64_t)head.count * sizeof(struct input_position);
}

/* A fixed part and so many bytes behind it. */
static bool parse_part(const struct record *r, void *part, uint32_t bytes)
{
	if (r->payload_bytes < bytes)
		return false;
	memcpy(part, record_payload(r), bytes);
	return true;
}

bool input_parse(const struct record *r, struct input *out)
{
	*out = (struct input){
	        .turn = r->first_sequence, .now_ns = r->time_ns, .kind = (enum input_kind)r->kind};
	switch (out->kind) {
	case INPUT_TURN:
		return parse_turn(r, out);
	case INPUT_REPLY:
		out->bytes = record_payload(r) + sizeof(out->of.reply);
		return parse_part(r, &out->of.reply, sizeof(out->of.reply)) &&
		       out->of.reply.outcome < COMPONENT_OUTCOMES &&
		       out->of.reply.payload_bytes == r->payload_bytes - sizeof(out->of.reply) &&
		       out->of.reply.payload_bytes <= COMPONENT_BYTES_MAX;
	case INPUT_TIMER:
		return parse_part(r, &out->of.timer, sizeof(out->of.timer)) &&
		       r->payload_bytes == sizeof(out->of.timer) &&
		       out->of.timer.timer < COMPONENT_TIMERS_MAX;
	case INPUT_COMMAND:
		out->bytes = record_payload(r) + sizeof(out->of.command);
		return parse_part(r, &out->of.command, sizeof(out->of.command)) &&
		       out->of.command.bytes == r->payload_bytes - sizeof(out->of.command) &&
		       out->of.command.bytes <= COMPONENT_BYTES_MAX;
	case INPUT_SENT:
		return parse_part(r, &out->of.sent, sizeof(out->of.sent)) &&
		       r->payload_bytes == sizeof(out->of.sent);
	}
	return false;
}
