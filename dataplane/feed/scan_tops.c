/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/scan.h"
#include "dataplane/wire/tops.h"

uint64_t scan_tops(struct message_scan *s, const uint8_t *blocks, uint32_t bytes, uint32_t count)
{
	return scan_iex(s, blocks, bytes, count, tops_lengths);
}

struct message_subject scan_tops_subject(const uint8_t *message, uint32_t bytes)
{
	return scan_iex_subject(message, bytes, tops_lengths);
}
