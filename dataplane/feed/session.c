/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/session.h"

#include <assert.h>

/* First sequence 1 after a higher one, sent later than anything in the run. */
static bool session_restarts(const struct session_run *r, const struct feed_packet *p)
{
	return p->first_sequence == 1 && r->first_sequence_max > 1 &&
	       p->send_time_ns > r->sent_ns_max;
}

static bool session_was_left(const struct sessions *s, const struct session_key *key)
{
	for (uint32_t i = 0; i < s->left_count; i++)
		if (session_key_equal(&s->left[i], key))
			return true;
	return false;
}

/* A packet that bears the current run's name while no run of the same name waits. */
static enum session_verdict session_classify_current(const struct sessions *s, bool restarts_at_one,
                                                     const struct feed_packet *p)
{
	const struct session_run *r = &s->current;

	if (!restarts_at_one)
		return SESSION_CURRENT;
	/* Once another session waits, this one is on its way out and cannot begin again. */
	if (s->has_next == 0 && session_restarts(r, p))
		return SESSION_NEW;
	/* Without a restart under this name there is no earlier run it could belong to. */
	if (r->restarted != 0 && p->send_time_ns < r->began_ns)
		return SESSION_STALE;
	return SESSION_CURRENT;
}

enum session_verdict session_classify(const struct sessions *s, bool restarts_at_one,
                                      const struct feed_packet *p)
{
	if (s->has_next != 0 && session_key_equal(&s->next.key, &p->session)) {
		bool of_earlier_run = s->next.restarted != 0 && p->send_time_ns < s->next.began_ns;

		if (!of_earlier_run)
			return restarts_at_one && session_restarts(&s->next, p) ? SESSION_NEW
			                                                        : SESSION_NEXT;
	}
	if (s->has_current == 0)
		return SESSION_NEW;
	if (session_key_equal(&s->current.key, &p->session))
		return session_classify_current(s, restarts_at_one, p);
	return session_was_left(s, &p->session) ? SESSION_STALE : SESSION_NEW;
}

void session_await(struct sessions *s, const struct feed_packet *p)
{
	assert(s->has_next == 0);
	s->next = (struct session_run){
	        .key = p->session,
	        .began_ns = p->send_time_ns,
	        .sent_ns_max = p->send_time_ns,
	        .first_sequence_max = p->first_sequence,
	        .restarted = s->has_current != 0 && session_key_equal(&s->current.key, &p->session),
	};
	s->has_next = 1;
}

void session_enter(struct sessions *s)
{
	assert(s->has_next != 0);
	if (s->has_current != 0 && !session_key_equal(&s->current.key, &s->next.key)) {
		s->left[s->left_at] = s->current.key;
		s->left_at = (s->left_at + 1) % SESSION_LEFT_MAX;
		if (s->left_count < SESSION_LEFT_MAX)
			s->left_count++;
	}
	s->current = s->next;
	s->next = (struct session_run){0};
	s->has_current = 1;
	s->has_next = 0;
}
