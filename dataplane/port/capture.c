/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "dataplane/port/capture_stream.h"
#include "dataplane/wire/bytes.h"

#define PCAP_HEADER_BYTES    24u
#define PCAPNG_BLOCK_MIN     12u /* type, length, length again */
#define BLOCKS_BYTES_MAX     65535u
#define MESSAGE_HEADER_BYTES 2u
#define FRAME_BYTES_MAX      262144u /* libpcap's own bound for Ethernet */
#define ARENA_BYTES          131072u /* a full burst of usual frames, 2 KiB each */
#define FILE_BUFFER_BYTES    (32u * 1024u)

struct capture {
	struct capture_stream stream;
	enum capture_kind kind;
	bool cut;
	bool ended;
	bool has_pending; /* packets: read from the file, but the arena was full */
	/* The first bytes, read to tell the kind; given again to whoever reads on. */
	uint8_t head[PCAP_HEADER_BYTES];
	uint32_t head_bytes;
	uint32_t head_used;
	/* Packets. libpcap has room for one packet at a time, a burst needs all of them: arena. */
	pcap_t *pcap;
	struct packet pending; /* its data is libpcap's, valid until the next read */
	uint8_t *arena;
	/* Messages: blocks[0..held) is read; [0..given) was handed out by the last call. */
	uint8_t *blocks;
	uint32_t held;
	uint32_t given;
	char file_buffer[FILE_BUFFER_BYTES];
};

static_assert(BLOCKS_BYTES_MAX / MESSAGE_HEADER_BYTES < 65534,
              "the bound on blocks follows from the one on bytes");

/* Magic numbers of a pcap file as its writer's machine stores them: us, ns, and the three modified
 * formats that libpcap reads. */
static bool is_pcap_magic(uint32_t magic)
{
	return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d || magic == 0xa1b2cd34 ||
	       magic == 0xa1b234cd || magic == 0xa12b3c4d;
}

static bool is_pcapng_magic(uint32_t magic)
{
	return magic == 0x0a0d0d0a; /* a palindrome: the same in both byte orders */
}

/* The stream with the head put back in front. */
static size_t read_on(struct capture *c, uint8_t *out, size_t bytes)
{
	size_t from_head = c->head_bytes - c->head_used;

	if (from_head > bytes)
		from_head = bytes;
	memcpy(out, c->head + c->head_used, from_head);
	c->head_used += (uint32_t)from_head;
	return from_head + capture_stream_read(&c->stream, out + from_head, bytes - from_head);
}

static ssize_t cookie_read(void *cookie, char *out, size_t bytes)
{
	return (ssize_t)read_on(cookie, (uint8_t *)out, bytes);
}

/* A file that ends inside its own header is a capture without packets, not an error. */
static int header_cut(struct capture *c)
{
	c->cut = true;
	c->ended = true;
	return 0;
}

/* Does libpcap's refusal mean that the file ended too early? The head tells for pcap; a pcapng file
 * has its first interface in a block of its own, and only libpcap knows how far that got. */
static bool is_cut_message(const char *text)
{
	return strstr(text, "truncated") != NULL ||
	       strstr(text, "no Interface Description") != NULL;
}

static int check_link_type(struct capture *c, char *what, size_t what_bytes)
{
	int type = pcap_datalink(c->pcap);

	if (type == DLT_EN10MB)
		return 0;
	const char *name = pcap_datalink_val_to_name(type);

	snprintf(what, what_bytes, "link type %s (%d), only Ethernet can be read",
	         name == NULL ? "unknown" : name, type);
	return -EPROTONOSUPPORT;
}

static int open_packets(struct capture *c, bool pcapng, char *what, size_t what_bytes)
{
	const cookie_io_functions_t io = {.read = cookie_read};
	char text[PCAP_ERRBUF_SIZE] = "";

	c->arena = malloc(ARENA_BYTES);
	if (c->arena == NULL)
		return -ENOMEM;
	if (c->head_bytes < (pcapng ? PCAPNG_BLOCK_MIN : PCAP_HEADER_BYTES))
		return header_cut(c);
	FILE *f = fopencookie(c, "r", io);

	if (f == NULL)
		return -ENOMEM;
	setvbuf(f, c->file_buffer, _IOFBF, sizeof(c->file_buffer));
	c->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, text);
	if (c->pcap != NULL)
		return check_link_type(c, what, what_bytes);
	fclose(f);
	if (is_cut_message(text))
		return header_cut(c);
	snprintf(what, what_bytes, "%s", text);
	return -EINVAL;
}

static int open_messages(struct capture *c)
{
	c->blocks = malloc(MESSAGE_HEADER_BYTES + UINT16_MAX);
	return c->blocks == NULL ? -ENOMEM : 0;
}

/* The stream is open; finds out what it holds. */
static int open_kind(struct capture *c, char *what, size_t what_bytes)
{
	c->head_bytes = (uint32_t)capture_stream_read(&c->stream, c->head, sizeof(c->head));
	if (c->stream.error != 0)
		return c->stream.error;
	uint32_t big = c->head_bytes < 4 ? 0 : be32(c->head);
	uint32_t little = __builtin_bswap32(big);

	c->kind = is_pcap_magic(big) || is_pcap_magic(little) || is_pcapng_magic(big)
	                  ? CAPTURE_PACKETS
	                  : CAPTURE_MESSAGES;
	if (c->kind == CAPTURE_PACKETS)
		return open_packets(c, is_pcapng_magic(big), what, what_bytes);
	return open_messages(c);
}

static int open_named(struct capture **out, struct capture *c, int error, const char *name,
                      char text[CAPTURE_ERROR_BYTES])
{
	char what[PCAP_ERRBUF_SIZE] = "";

	if (error == 0) {
		error = open_kind(c, what, sizeof(what));
		if (error != 0)
			capture_close(c);
	} else {
		free(c);
	}
	*out = error == 0 ? c : NULL;
	text[0] = '\0';
	if (error != 0)
		snprintf(text, CAPTURE_ERROR_BYTES, "%s: %s", name,
		         what[0] != '\0' ? what : strerror(-error));
	return error;
}

int capture_open(struct capture **out, const char *path, char error[CAPTURE_ERROR_BYTES])
{
	struct capture *c = calloc(1, sizeof(*c));

	return open_named(out, c, c == NULL ? -ENOMEM : capture_stream_open(&c->stream, path), path,
	                  error);
}

int capture_open_memory(struct capture **out, const void *data, uint64_t bytes,
                        char error[CAPTURE_ERROR_BYTES])
{
	struct capture *c = calloc(1, sizeof(*c));

	return open_named(out, c,
	                  c == NULL ? -ENOMEM : capture_stream_open_memory(&c->stream, data, bytes),
	                  "memory", error);
}

enum capture_kind capture_kind(const struct capture *c)
{
	return c->kind;
}

/* Reads the next packet into pending; false: the capture has ended. */
static bool next_packet(struct capture *c)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	if (c->ended)
		return false;
	int result = pcap_next_ex(c->pcap, &header, &data);

	if (result != 1 || header->caplen > FRAME_BYTES_MAX) {
		/* A clean end is PCAP_ERROR_BREAK for files; everything else is a record that is
		 * not whole. A damaged gzip stream may also end between two records. */
		c->cut |= result != PCAP_ERROR_BREAK || c->stream.damaged;
		c->ended = true;
		return false;
	}
	c->pending = (struct packet){
	        .data = data,
	        .bytes = header->caplen,
	        .time_source = TIME_CAPTURE,
	        /* With nanosecond precision tv_usec holds nanoseconds. */
	        .time_ns = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec,
	};
	c->has_pending = true;
	return true;
}

uint32_t capture_receive(struct capture *c, struct packet *out, uint32_t max)
{
	assert(c->kind == CAPTURE_PACKETS);
	uint32_t count = 0;
	uint32_t used = 0;

	while (count < max) {
		if (!c->has_pending && !next_packet(c))
			break;
		if (c->pending.bytes > ARENA_BYTES && count == 0) {
			/* Alone: it may stay where libpcap has it. */
			out[0] = c->pending;
			c->has_pending = false;
			return 1;
		}
		if (c->pending.bytes > ARENA_BYTES - used)
			break;
		memcpy(c->arena + used, c->pending.data, c->pending.bytes);
		out[count] = c->pending;
		out[count].data = c->arena + used;
		used += c->pending.bytes;
		count++;
		c->has_pending = false;
	}
	return count;
}

/* One block may be longer than what a call may give: messages of 65534 and 65535 bytes. No message
 * of any protocol is near that, so its last bytes are let go and its length is put right: it stays
 * one message with one sequence number. */
static void shorten_first_block(struct capture *c)
{
	assert(c->held > BLOCKS_BYTES_MAX);
	put_be16(c->blocks, BLOCKS_BYTES_MAX - MESSAGE_HEADER_BYTES);
}

/* How many bytes of whole blocks stand in blocks[0..limit), and how many blocks that is. */
static uint32_t whole_blocks(const struct capture *c, uint32_t limit, uint32_t *count)
{
	uint32_t offset = 0;

	*count = 0;
	while (limit - offset >= MESSAGE_HEADER_BYTES) {
		uint32_t bytes = MESSAGE_HEADER_BYTES + be16(c->blocks + offset);

		if (bytes > limit - offset)
			break;
		offset += bytes;
		(*count)++;
	}
	return offset;
}

uint32_t capture_blocks(struct capture *c, const uint8_t **blocks, uint32_t *bytes)
{
	assert(c->kind == CAPTURE_MESSAGES);
	const uint32_t capacity = MESSAGE_HEADER_BYTES + UINT16_MAX;
	uint32_t count;

	c->held -= c->given;
	memmove(c->blocks, c->blocks + c->given, c->held);
	c->held += (uint32_t)read_on(c, c->blocks + c->held, capacity - c->held);
	uint32_t limit = c->held < BLOCKS_BYTES_MAX ? c->held : BLOCKS_BYTES_MAX;

	c->given = whole_blocks(c, limit, &count);
	*blocks = c->blocks;
	*bytes = c->given;
	if (count > 0)
		return count;
	c->given = whole_blocks(c, c->held, &count);
	if (count > 0) {
		shorten_first_block(c);
		*bytes = BLOCKS_BYTES_MAX;
		return 1;
	}
	c->cut |= c->held > 0 || c->stream.damaged;
	return 0;
}

bool capture_cut(const struct capture *c)
{
	return c->cut;
}

void capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->pcap != NULL)
		pcap_close(c->pcap); /* closes its FILE as well */
	capture_stream_close(&c->stream);
	free(c->arena);
	free(c->blocks);
	free(c);
}
