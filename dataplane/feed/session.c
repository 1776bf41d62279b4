/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/session.h"

#include <assert.h>

/* First sequence 1 after a higher one, sent later than anything in the run. */
static bool session_restarts(const struct session_run *r, const struct feed_packet *p)
{
	return p->first_sequence == 1 && r->first_sequence_max > 1 &&
	       p->send_time_ns > r->sent_ns_max;
}

static_assert((SESSION_LEFT_MAX & (SESSION_LEFT_MAX - 1)) == 0, "hashes are cut by a mask");

static uint32_t left_hash(const struct session_key *key)
{
	uint64_t x[3];

	memcpy(x, key->name, sizeof(x));
	uint64_t h = (x[0] ^ x[1] * 0xff51afd7ed558ccdull) * 0x9e3779b97f4a7c15ull;

	h = (h ^ h >> 29 ^ x[2]) * 0xc4ceb9fe1a85ec53ull;
	return (uint32_t)(h >> 40) & (SESSION_LEFT_MAX - 1);
}

static bool session_was_left(const struct sessions *s, const struct session_key *key)
{
	for (uint32_t i = s->left_first[left_hash(key)]; i != 0; i = s->left[i - 1].next)
		if (session_key_equal(&s->left[i - 1].key, key))
			return true;
	return false;
}

/* The oldest name goes when there is no room for another. */
static void session_leave(struct sessions *s, const struct session_key *key)
{
	struct session_left *l = &s->left[s->left_at];

	if (s->left_count == SESSION_LEFT_MAX) {
		uint32_t *link = &s->left_first[left_hash(&l->key)];

		while (*link != s->left_at + 1)
			link = &s->left[*link - 1].next;
		*link = l->next;
	} else {
		s->left_count++;
	}
	uint32_t *first = &s->left_first[left_hash(key)];

	*l = (struct session_left){.key = *key, .next = *first};
	*first = s->left_at + 1;
	s->left_at = (s->left_at + 1) % SESSION_LEFT_MAX;
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
	if (s->has_current != 0 && !session_key_equal(&s->current.key, &s->next.key))
		session_leave(s, &s->current.key);
	s->current = s->next;
	s->next = (struct session_run){0};
	s->has_current = 1;
	s->has_next = 0;
}
