/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parking by itself: the ordered list against a plain array, the store against its segments.
 */
#include "dataplane/feed/parking.h"

#include "resilience/prng.h"
#include "tests/unit/suite.h"
#include "tests/unit/feed/log_double.h"

#define PIECES   500u
#define SEGMENTS 3u

static struct segment_pool pool;
static struct region region;
static struct parking_room room;
static uint8_t page_epoch[256];

static void open_room(uint32_t segments, uint32_t pieces)
{
	static _Alignas(REGION_PAGE_BYTES) uint8_t memory[sizeof(page_epoch) * REGION_PAGE_BYTES];

	memset(memory, 0, sizeof(memory));
	log_double_open(&pool, LOG_DOUBLE_SEGMENTS);
	CU_ASSERT_EQUAL_FATAL(region_init(&region, memory, sizeof(memory), page_epoch), 0);
	uint64_t place = region_place(&region, parking_bytes(segments, pieces), 64);

	CU_ASSERT_NOT_EQUAL_FATAL(place, UINT64_MAX);
	parking_init(region_at(&region, place), segments, pieces);
	room = parking_room(region_at(&region, place), &region, &pool,
	                    (uint32_t)segment_double.user);
}

static uint32_t link_piece(uint64_t first, uint64_t end)
{
	struct parking_path path;
	uint32_t i = parking_take(&room);

	if (i == 0)
		return 0;
	room.pieces[i].first = first;
	room.pieces[i].end = end;
	parking_seek(&room, first, &path);
	parking_link(&room, &path, i);
	return i;
}

static void test_empty(void)
{
	struct parking_path path;

	open_room(SEGMENTS, PIECES);
	CU_ASSERT_EQUAL(parking_first(&room), 0);
	CU_ASSERT_EQUAL(parking_end(&room), 0);
	parking_seek(&room, 10, &path);
	CU_ASSERT_EQUAL(parking_after(&room, &path), 0);
	CU_ASSERT_EQUAL(segment_double.held, 0);
}

static void test_pieces_are_bounded_and_reused(void)
{
	open_room(SEGMENTS, PIECES);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < PIECES; i++)
			CU_ASSERT_NOT_EQUAL(link_piece(1000 - i * 2, 1001 - i * 2), 0);
		CU_ASSERT_EQUAL(link_piece(5000, 5001), 0);
		CU_ASSERT_EQUAL(room.state->pieces, PIECES);
		CU_ASSERT_EQUAL(parking_end(&room), 1001);
		for (uint32_t i = 0; i < PIECES; i++) {
			uint32_t first = parking_first(&room);

			CU_ASSERT_EQUAL(room.pieces[first].first, 1000 - (PIECES - 1 - i) * 2);
			parking_unlink_first(&room);
			parking_put(&room, first);
		}
		CU_ASSERT_EQUAL(room.state->pieces, 0);
		CU_ASSERT_EQUAL(parking_end(&room), 0);
	}
}

/* What the list must look like: every level sorted and a part of the level below. */
static void check_list(const bool *linked, uint32_t positions)
{
	struct parking_path path;
	uint32_t at = parking_first(&room);
	uint32_t before = 0;

	for (uint32_t p = 0; p < positions; p++) {
		parking_seek(&room, p, &path);
		CU_ASSERT_EQUAL(path.before[0], before);
		CU_ASSERT_EQUAL(parking_after(&room, &path), at);
		if (!linked[p])
			continue;
		CU_ASSERT_EQUAL_FATAL(room.pieces[at].first, p);
		before = at;
		at = room.pieces[at].next[0];
	}
	CU_ASSERT_EQUAL(at, 0);
	CU_ASSERT_EQUAL(room.state->last, before);
	for (uint32_t level = 1; level < PARKING_LEVELS; level++)
		for (at = room.pieces[0].next[level]; at != 0; at = room.pieces[at].next[level]) {
			CU_ASSERT(room.pieces[at].levels > level);
			CU_ASSERT(linked[room.pieces[at].first]);
		}
}

static void test_against_an_array(void)
{
	enum { POSITIONS = 300 };
	bool linked[POSITIONS] = {false};
	struct prng random;

	prng_init(&random, 7);
	open_room(SEGMENTS, PIECES);
	for (uint32_t step = 0; step < 3000; step++) {
		uint32_t p = (uint32_t)prng_below(&random, POSITIONS);
		struct parking_path path;

		if (linked[p]) {
			parking_seek(&room, p, &path);
			uint32_t i = parking_after(&room, &path);

			CU_ASSERT_EQUAL_FATAL(room.pieces[i].first, p);
			parking_unlink(&room, &path);
			parking_put(&room, i);
		} else {
			CU_ASSERT_NOT_EQUAL_FATAL(link_piece(p, p + prng_below(&random, 2)), 0);
		}
		linked[p] = !linked[p];
		if (step % 100 == 0)
			check_list(linked, POSITIONS);
	}
	check_list(linked, POSITIONS);
}

static void test_search_stays_short(void)
{
	open_room(SEGMENTS, 4000);
	for (uint32_t i = 0; i < 4000; i++)
		link_piece(2 * i, 2 * i + 1);
	uint32_t highest = 0;
	uint64_t levels = 0;

	for (uint32_t i = parking_first(&room); i != 0; i = room.pieces[i].next[0]) {
		highest = room.pieces[i].levels > highest ? room.pieces[i].levels : highest;
		levels += room.pieces[i].levels;
	}
	CU_ASSERT(highest >= 4); /* 4^6 = 4096 */
	CU_ASSERT(levels < 4000 * 3 / 2);
}

static void test_store_keeps_bytes(void)
{
	struct parking_spot spots[64];
	uint8_t bytes[64];

	open_room(SEGMENTS, PIECES);
	for (uint32_t i = 0; i < 64; i++) {
		memset(bytes, (int)i, sizeof(bytes));
		CU_ASSERT_FATAL(parking_store(&room, bytes, i + 1, &spots[i]));
	}
	CU_ASSERT_EQUAL(room.state->bytes, 64 * 65 / 2);
	for (uint32_t i = 0; i < 64; i++) {
		memset(bytes, (int)i, sizeof(bytes));
		CU_ASSERT_EQUAL(memcmp(parking_at(&room, spots[i]), bytes, i + 1), 0);
		CU_ASSERT_EQUAL(spots[i].offset % 8, 0);
		CU_ASSERT(spots[i].offset >= SEGMENT_FIRST_RECORD);
	}
	CU_ASSERT_EQUAL(segment_double.held, 1);
	for (uint32_t i = 0; i < 64; i++)
		parking_unstore(&room, spots[i], i + 1);
	CU_ASSERT_EQUAL(segment_double.held, 0);
	CU_ASSERT_EQUAL(room.state->bytes, 0);
}

static void test_segments_are_bounded_and_given_back(void)
{
	static uint8_t big[65536];
	struct parking_spot spots[SEGMENTS * 32];
	struct parking_spot last;
	uint32_t stored = 0;

	open_room(SEGMENTS, PIECES);
	while (parking_store(&room, big, sizeof(big), &spots[stored]))
		stored++;
	CU_ASSERT_EQUAL_FATAL(stored, SEGMENTS * 31); /* the header takes the 32nd's place */
	CU_ASSERT_EQUAL(segment_double.held, SEGMENTS);
	CU_ASSERT(parking_store(&room, big, 1000, &last)); /* but something smaller fits */
	parking_unstore(&room, last, 1000);
	/* The middle one first: its slot is used again. */
	for (uint32_t i = 31; i < 62; i++)
		parking_unstore(&room, spots[i], sizeof(big));
	CU_ASSERT_EQUAL(segment_double.held, SEGMENTS - 1);
	CU_ASSERT_FATAL(parking_store(&room, big, sizeof(big), &spots[31]));
	CU_ASSERT_EQUAL(spots[31].slot, 1);
	for (uint32_t i = 0; i < stored; i++)
		if (i < 32 || i >= 62)
			parking_unstore(&room, spots[i], sizeof(big));
	CU_ASSERT_EQUAL(segment_double.held, 0);
	CU_ASSERT_EQUAL(room.state->segments_held, 0);
}

static void test_pool_refuses(void)
{
	struct parking_spot spot;
	uint8_t byte = 1;

	open_room(SEGMENTS, PIECES);
	segment_double.limit = 0;
	CU_ASSERT(!parking_store(&room, &byte, 1, &spot));
	CU_ASSERT_EQUAL(room.state->bytes, 0);
	segment_double.limit = 1;
	CU_ASSERT(parking_store(&room, &byte, 1, &spot));
	parking_unstore(&room, spot, 1);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"empty", test_empty},
	        {"pieces are bounded and reused", test_pieces_are_bounded_and_reused},
	        {"against an array", test_against_an_array},
	        {"search stays short", test_search_stays_short},
	        {"the store keeps bytes", test_store_keeps_bytes},
	        {"segments are bounded and given back", test_segments_are_bounded_and_given_back},
	        {"the pool refuses", test_pool_refuses},
	};

	return SUITE_RUN("feed_parking", tests);
}
