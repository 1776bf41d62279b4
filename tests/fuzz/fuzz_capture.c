/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any bytes as a capture file: read to the end in bursts, every byte that is handed out is touched.
 */
#include <stdlib.h>

#include "dataplane/port/capture.h"
#include "tests/fuzz/target.h"
#include "tests/unit/port/craft.h"

static volatile uint8_t sink;

static void touch(const uint8_t *data, uint32_t bytes)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + data[i]);
	sink = sum;
}

static void read_packets(struct capture *c)
{
	struct packet packets[PACKET_BURST_MAX];

	for (uint32_t n; (n = capture_receive(c, packets, PACKET_BURST_MAX)) > 0;)
		for (uint32_t i = 0; i < n; i++)
			touch(packets[i].data, packets[i].bytes);
}

static void read_messages(struct capture *c)
{
	const uint8_t *blocks;
	uint32_t bytes;
	uint32_t count;

	while ((count = capture_blocks(c, &blocks, &bytes)) > 0) {
		uint32_t offset = 0;

		for (uint32_t i = 0; i < count; i++)
			offset += 2 + (uint32_t)(blocks[offset] << 8 | blocks[offset + 1]);
		if (offset != bytes || bytes > 65535)
			abort();
		touch(blocks, bytes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct capture *c;
	char error[CAPTURE_ERROR_BYTES];

	if (capture_open_memory(&c, data, bytes, error) != 0)
		return 0;
	if (capture_kind(c) == CAPTURE_PACKETS)
		read_packets(c);
	else
		read_messages(c);
	capture_close(c);
	return 0;
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static struct craft files[6];
	static struct fuzz_seed seeds[6];

	for (uint32_t i = 0; i < 2; i++) {
		struct craft *pcap = &files[i];
		struct craft *pcapng = &files[2 + i];

		*pcap = (struct craft){.big_endian = i == 1};
		craft_pcap_header(pcap, i == 0 ? 0xa1b2c3d4 : 0xa1b23c4d, 1);
		craft_pcap_record(pcap, (struct craft_time){1, 2}, 1, 60, 60);
		craft_pcap_record(pcap, (struct craft_time){1, 3}, 2, 42, 1514);
		*pcapng = (struct craft){.big_endian = i == 1};
		craft_pcapng_section(pcapng);
		craft_pcapng_interface(pcapng, 1, i == 0 ? 9 : 0x80 | 30);
		craft_pcapng_packet(pcapng, (struct craft_time){1, 2}, 1, 61);
		craft_pcapng_packet(pcapng, (struct craft_time){1, 3}, 2, 42);
	}
	files[4] = (struct craft){0};
	craft_block(&files[4], 'S', 12);
	craft_block(&files[4], 0, 0);
	craft_block(&files[4], 'A', 36);
	files[5] = (struct craft){0};
	craft_gzip(&files[5], files[0].data, files[0].bytes);
	for (uint32_t i = 0; i < 6; i++)
		seeds[i] = (struct fuzz_seed){files[i].data, files[i].bytes};
	*count = 6;
	return seeds;
}
