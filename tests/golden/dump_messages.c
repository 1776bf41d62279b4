/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Prints every message of captures as one line of text, for comparison with other decoders. Reads
 * classic pcap files only (little-endian, any resolution). Takes every UDP payload as the
 * protocol's without asking its header for more than the count: captures with blanked headers are
 * welcome.
 *
 * usage: dump_messages PROTOCOL FILE...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/protocol.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/frame.h"

#define FRAME_BYTES_MAX 65536u

static void dump_payload(const struct protocol *p, const struct datagram *d)
{
	char text[1024];
	uint32_t at = p->header_bytes;

	while (d->payload_bytes >= at + 2) {
		uint32_t bytes = protocol_block_length(p, d->payload + at);

		if (d->payload_bytes - at - 2 < bytes)
			break;
		p->describe(d->payload + at + 2, bytes, text, sizeof(text));
		printf("%s\n", text);
		at += 2 + bytes;
	}
	if (d->payload_bytes != at)
		printf("(%" PRIu32 " bytes left)\n", d->payload_bytes - at);
}

static int dump_file(const struct protocol *p, const char *path)
{
	static uint8_t frame[FRAME_BYTES_MAX];
	static const struct frame_options options = {false, false};
	uint8_t header[24];
	struct datagram d;
	FILE *f = fopen(path, "rb");

	if (f == NULL || fread(header, 1, 24, f) != 24) {
		fprintf(stderr, "%s: cannot be read\n", path);
		return 1;
	}
	while (fread(header, 1, 16, f) == 16) {
		uint32_t bytes = le32(header + 8);

		if (bytes > sizeof(frame) || fread(frame, 1, bytes, f) != bytes)
			break; /* cut in mid-record: read up to there */
		enum frame_verdict v = frame_parse(frame, bytes, &options, &d);

		if (v == FRAME_OK)
			dump_payload(p, &d);
		else
			printf("(frame: %s)\n", frame_verdict_name(v));
	}
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	const struct protocol *p = argc < 3 ? NULL : protocol_find(argv[1]);

	if (p == NULL) {
		fprintf(stderr, "usage: %s PROTOCOL FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (dump_file(p, argv[i]) != 0)
			return 1;
	return 0;
}
