/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/message_ids.h"

#include <assert.h>

static_assert(MESSAGE_IDS % MESSAGE_IDS_BLOCK == 0, "blocks are whole");

void message_ids_init(struct message_ids *m, uint16_t first)
{
	*m = (struct message_ids){.next = first};
}

static uint64_t *block_of(struct message_ids *m, uint16_t id)
{
	return &m->free_ns[id / MESSAGE_IDS_BLOCK];
}

bool message_ids_take(struct message_ids *m, uint64_t now_ns, uint64_t lifetime_ns, uint16_t *id)
{
	uint64_t *free_ns = block_of(m, m->next);

	/* The lap before was through with a block when its last id was: inside, nothing is asked.
	 */
	if (!m->is_inside && now_ns < *free_ns)
		return false;
	uint64_t until_ns = now_ns + lifetime_ns;

	*free_ns = until_ns < now_ns ? UINT64_MAX : until_ns;
	*id = m->next++;
	m->is_inside = m->next % MESSAGE_IDS_BLOCK != 0;
	return true;
}

uint64_t message_ids_free_ns(const struct message_ids *m)
{
	return m->is_inside ? 0 : m->free_ns[m->next / MESSAGE_IDS_BLOCK];
}
