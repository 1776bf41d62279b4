/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ether.h"

#include <assert.h>

#include "dataplane/wire/bytes.h"

#define HEADER_BYTES 14u
#define TAG_BYTES    4u
#define TAGS_MAX     2u
#define VLAN_MASK    0x0fffu
#define TYPE_VLAN    0x8100u

static_assert(ETHER_HEADER_BYTES_MAX == HEADER_BYTES + TAG_BYTES, "one tag is written");

static bool is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == 0x88a8 || type == 0x9100;
}

bool ether_parse(const uint8_t *frame, uint32_t bytes, struct ether *out)
{
	uint32_t at = HEADER_BYTES; /* first byte behind the type that counts */

	if (bytes < HEADER_BYTES)
		return false;
	struct ether e = {.destination = be48(frame), .source = be48(frame + ETHER_MAC_BYTES)};

	while (is_tag(be16(frame + at - 2))) {
		if (e.tag_count == TAGS_MAX || bytes - at < TAG_BYTES)
			return false;
		if (e.tag_count++ == 0)
			e.vlan = be16(frame + at) & VLAN_MASK;
		at += TAG_BYTES;
	}
	e.type = be16(frame + at - 2);
	e.payload = frame + at;
	e.payload_bytes = bytes - at;
	*out = e;
	return true;
}

uint32_t ether_build(uint8_t *frame, const struct ether *e)
{
	uint32_t at = 2 * ETHER_MAC_BYTES;

	assert(e->vlan <= VLAN_MASK);
	put_be48(frame, e->destination);
	put_be48(frame + ETHER_MAC_BYTES, e->source);
	if (e->vlan != 0) {
		put_be16(frame + at, TYPE_VLAN);
		put_be16(frame + at + 2, e->vlan);
		at += TAG_BYTES;
	}
	put_be16(frame + at, e->type);
	return at + 2;
}

uint64_t ether_of_group(uint32_t group)
{
	return 0x01005e000000ull | (group & 0x007fffffu);
}

uint64_t ether_of_address(uint32_t address)
{
	return 0x020000000000ull | address;
}
