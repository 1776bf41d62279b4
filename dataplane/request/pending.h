/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pending: the slips of what was asked, by two names: the attempt's token, and a key, which is what
 * a reply can be recognised by (a message id at a node, a sequence of a session at a node). A slip
 * is live until its attempt ended; then it waits in a queue, still found, and is taken again, the
 * oldest first, when there is no unused one: so late replies are known for a while, and memory
 * does not grow for it.
 *
 * Where a new slip has the key of an older one, a reply is taken to be the newer one's, and the
 * slip says that it may not be (is_ambiguous).
 *
 * Bounded and O(1) (two hash tables with chains; only what we asked gets in, so nobody else can
 * make a chain long). One owner; process-local.
 */
#ifndef DATAPLANE_REQUEST_PENDING_H
#define DATAPLANE_REQUEST_PENDING_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define PENDING_MAX  (1u << 24) /* live */
#define PENDING_NONE UINT32_MAX

struct pending_key {
	uint64_t words[3];
};

struct pending_slip {
	struct pending_key key;
	uint64_t token;
	uint32_t next_by_key;
	uint32_t next_by_token;
	uint32_t next; /* unused: the next unused one; ended: the next newer one */
	uint32_t node; /* the codec's, like `detail`: whom it was sent to */
	uint32_t detail;
	uint8_t is_live;
	uint8_t is_keyed;     /* found by its key */
	uint8_t is_ambiguous; /* an older slip had its key */
	uint8_t reserved[9];
};

static_assert(sizeof(struct pending_slip) == 64, "a cache line");

struct pending {
	struct pending_slip *slips;
	uint32_t *by_key; /* heads of chains */
	uint32_t *by_token;
	uint32_t mask; /* of heads */
	uint32_t slips_max;
	uint32_t live_max;
	uint32_t live;
	uint32_t unused; /* list */
	uint32_t oldest; /* queue of the ended */
	uint32_t newest;
};

/* Twice live_max slips: as many ended ones are remembered as live ones may be. live_max: 1 to
 * PENDING_MAX. The memory is 8-byte aligned, better by cache line. */
uint64_t pending_bytes(uint32_t live_max);
void pending_init(struct pending *p, void *memory, uint32_t live_max);

/* A new live slip with node and detail 0; NULL: live_max are live. The token is not pending. */
struct pending_slip *pending_add(struct pending *p, const struct pending_key *key, uint64_t token);
/* Live or ended; NULL: none. */
struct pending_slip *pending_by_key(const struct pending *p, const struct pending_key *key);
struct pending_slip *pending_by_token(const struct pending *p, uint64_t token);
/* The live slip of the token; NULL: there was none. It is ended now, its content still stands. */
struct pending_slip *pending_end(struct pending *p, uint64_t token);

static inline bool pending_is_full(const struct pending *p)
{
	return p->live == p->live_max;
}

#endif
