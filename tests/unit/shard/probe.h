/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Probe: a component for tests that writes down what it is told, and fails when asked to.
 *
 *     settings: fail_change, fail_message, fail_event: fails at the n-th (from 1)
 */
#ifndef TESTS_UNIT_SHARD_PROBE_H
#define TESTS_UNIT_SHARD_PROBE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/shard/component.h"

#define PROBE_LOG 64u

struct probe_state {
	uint64_t changes;
	uint64_t messages;
	uint64_t feed_wide;
	uint64_t events;
	uint64_t fail_change;
	uint64_t fail_message;
	uint64_t fail_event;
	uint64_t last_sequence;
	struct {
		uint64_t sequence;
		uint64_t missing;
		uint32_t epoch;
		uint32_t kind;
	} log[PROBE_LOG]; /* events */
};

static inline uint64_t probe_number(const struct component_settings *s, const char *key)
{
	const char *text = s == NULL ? NULL : component_setting(s, key);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static inline uint64_t probe_state_bytes(const struct component_settings *s, uint32_t symbols_max,
                                         const char **error)
{
	(void)symbols_max;
	if (s != NULL && component_setting(s, "refuse") != NULL) {
		*error = "refused";
		return 0;
	}
	return sizeof(struct probe_state);
}

static inline int probe_start(struct component_context *c)
{
	struct probe_state *p = c->state;

	if (c->settings != NULL && component_setting(c->settings, "no_start") != NULL)
		return -EIO;
	p->fail_change = probe_number(c->settings, "fail_change");
	p->fail_message = probe_number(c->settings, "fail_message");
	p->fail_event = probe_number(c->settings, "fail_event");
	component_mark(c, p, sizeof(*p));
	return 0;
}

static inline enum component_verdict probe_on_book_change(struct component_context *c,
                                                          const struct book_change *change)
{
	struct probe_state *p = c->state;

	(void)change;
	component_mark(c, p, sizeof(*p));
	return ++p->changes == p->fail_change ? COMPONENT_FAILED : COMPONENT_OK;
}

static inline enum component_verdict probe_on_message(struct component_context *c,
                                                      const struct component_message *m)
{
	struct probe_state *p = c->state;

	component_mark(c, p, sizeof(*p));
	p->feed_wide += m->slot == BOOK_NONE;
	p->last_sequence = m->sequence;
	return ++p->messages == p->fail_message ? COMPONENT_FAILED : COMPONENT_OK;
}

static inline enum component_verdict probe_on_event(struct component_context *c,
                                                    const struct component_event *e)
{
	struct probe_state *p = c->state;

	component_mark(c, p, sizeof(*p));
	p->log[p->events % PROBE_LOG].sequence = e->sequence;
	p->log[p->events % PROBE_LOG].missing = e->missing;
	p->log[p->events % PROBE_LOG].epoch = e->epoch;
	p->log[p->events % PROBE_LOG].kind = e->kind;
	return ++p->events == p->fail_event ? COMPONENT_FAILED : COMPONENT_OK;
}

static const struct component_ops probe_ops = {
        .abi = COMPONENT_ABI,
        .name = "probe",
        .help = "writes down what it is told",
        .depends_on = {"book"},
        .state_bytes = probe_state_bytes,
        .start = probe_start,
        .on_book_change = probe_on_book_change,
        .on_message = probe_on_message,
        .on_event = probe_on_event,
};

#endif
