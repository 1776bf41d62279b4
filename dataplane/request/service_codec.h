/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Codec: how a request is put into words for a service, and what its nodes' datagrams mean. An
 * interpreter at the counter: he puts the clerk's request (resilience/operation.h) into the
 * language spoken there, keeps a slip with the request's token, and of what comes back says "this
 * is the answer to that slip", or that it is not. He sends nothing and decides nothing.
 *
 * One state per service and core, in memory of the caller's. The attempt's token is what ties a
 * reply to its request; where the format has no room for it (MoldUDP64) the codec keeps the
 * connection. Every codec remembers the attempts it put into words (pending.h), so that nothing
 * that a node sends can yield SERVICE_REPLY with a token that was not given to that node through
 * that source port: a reply that is bad never completes an operation.
 *
 *   encode  -> bytes of one datagram, sent once; the same attempt is never encoded twice
 *   decode  -> what a datagram means, and perhaps a receipt to send back
 *   forget  -> the attempt ended; its late reply is still told until its room is needed
 *
 * Pure: time is given, nothing is allocated, work and memory are bounded, O(1) for each call but
 * for the bytes themselves. One owner. Bring your own: docs/services.md.
 */
#ifndef DATAPLANE_REQUEST_SERVICE_CODEC_H
#define DATAPLANE_REQUEST_SERVICE_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/protocol.h"
#include "resilience/operation.h"

#define SERVICE_SOURCE_PORTS_MAX 64u
#define SERVICE_RECEIPT_BYTES    4u
#define SERVICE_STATE_ALIGN      64u
#define SERVICE_COUNT_MAX        65534u /* of messages in one request */

enum service_method { SERVICE_GET, SERVICE_PUT, SERVICE_POST, SERVICE_DELETE };

#define SERVICE_METHODS 4u

/* The bytes stay the caller's, until encode() returns. */
struct service_request {
	const uint8_t *path; /* "a/b/c", no slash at either end; bytes, not escaped */
	uint32_t path_bytes;
	uint32_t payload_bytes;
	const uint8_t *payload;
	uint64_t first_sequence; /* of ranges of messages (MoldUDP64), else 0 */
	struct session_key session;
	uint32_t count;
	uint8_t method; /* enum service_method */
};

struct service_attempt {
	uint64_t token; /* operation_output.token; not 0 */
	uint64_t now_ns;
	uint32_t node;
	uint32_t source_port_index; /* which of the service's source ports it is sent from */
};

enum service_encoding {
	SERVICE_ENCODED,
	SERVICE_NO_ID,       /* no message id is free on this source port, or as many attempts are
	                        under way as may be: not now. Another source port may do */
	SERVICE_TOO_LONG,    /* for the datagram */
	SERVICE_UNSPEAKABLE, /* cannot be said in this codec, now or ever */
};

#define SERVICE_ENCODINGS 4u

enum service_decoding {
	SERVICE_REPLY,          /* to the attempt out->token; out->ok says which kind */
	SERVICE_PROGRESS,       /* the node has it (CoAP: empty ACK): alive, no answer yet; token */
	SERVICE_REFUSED_PACKET, /* the node wants nothing of it (CoAP: RST): the attempt out->token
	                           has failed */
	SERVICE_UNUSABLE, /* answers the attempt out->token with what Genesis cannot take (CoAP: in
	                     blocks, larger than a datagram; a critical option not known): it has
	                     failed, and will again */
	SERVICE_MALFORMED,
	SERVICE_UNEXPECTED, /* well-formed, but no answer to anything asked there */
};

#define SERVICE_DECODINGS 6u

/* A datagram that came to a source port of the service from the address of one of its nodes. */
struct service_arrival {
	const uint8_t *bytes;
	uint64_t now_ns;
	uint32_t count;
	uint32_t node;
	uint32_t source_port_index; /* which of them it came to */
};

/* Filled as far as the verdict says; receipt_bytes always. */
struct service_answer {
	uint64_t token;
	const uint8_t *payload; /* into the datagram; MoldUDP64: the whole datagram, for the arbiter
	                         */
	uint32_t payload_bytes;
	uint16_t code;         /* as the codec has it; MoldUDP64: how many messages it brings */
	bool ok;               /* REPLY: false: the node says no */
	bool ambiguous;        /* REPLY: it may answer an earlier attempt too (Karn's rule) */
	uint8_t receipt_bytes; /* to be sent back to the node as they are; 0: nothing */
	uint8_t receipt[SERVICE_RECEIPT_BYTES];
};

/* CoAP's transmission parameters, by their names in RFC 7252, 4.8. docs/services.md explains those
 * that are missing here: they belong to confirmable requests or to multicast, which Genesis does
 * not send, or their work is done by the operation engine. */
struct service_coap_options {
	uint64_t max_latency_ns;  /* MAX_LATENCY: longest time a datagram is under way */
	uint64_t non_lifetime_ns; /* NON_LIFETIME: until a message id is used again; 0: MAX_LATENCY,
	                             which the RFC says does where each message is sent once */
	uint32_t nstart;          /* NSTART: requests under way to one node; 0: as many as the
	                             operation engine lets through */
	uint32_t content_format;  /* of payloads sent; COAP_FORMAT_NONE: not said */
	uint16_t first_id;        /* of message ids: another for every start of the program */
};

struct service_codec_options {
	uint32_t nodes;        /* 1 to SERVICE_NODES_MAX */
	uint32_t source_ports; /* 1 to SERVICE_SOURCE_PORTS_MAX */
	uint32_t attempts_max; /* under way at a time: at least the operation engine's attempts of
	                          this service; 1 to OPERATION_SLOTS_MAX */
	struct service_coap_options coap;
};

struct service_codec {
	const char *name; /* as in configuration: "coap", "text", "moldudp64" */

	/* Of a state; 0: the options are out of bounds. */
	uint64_t (*state_bytes)(const struct service_codec_options *o);
	/* `state` is SERVICE_STATE_ALIGN aligned and the state's until the end. 0 or -EINVAL. */
	int (*init)(void *state, const struct service_codec_options *o);

	/* What may be repeated. reorder_safe: the service bears a late copy of an older write. */
	enum operation_repeat (*repeat)(const struct service_request *r, bool reorder_safe);

	/* ENCODED: out[0..*bytes) is the datagram's payload, and the attempt is remembered; else
	 * nothing is, and *bytes is 0. */
	enum service_encoding (*encode)(void *state, const struct service_request *r,
	                                const struct service_attempt *a, uint8_t *out,
	                                uint32_t capacity, uint32_t *bytes);

	enum service_decoding (*decode)(void *state, const struct service_arrival *d,
	                                struct service_answer *out);

	/* The attempt ended: cancelled, overdue, replied, not sent after all. Once for each one
	 * encoded; others are ignored. */
	void (*forget)(void *state, uint64_t token);
};

extern const struct service_codec service_codec_coap;
extern const struct service_codec service_codec_text;
extern const struct service_codec service_codec_mold;

/* By name; NULL when there is none. */
const struct service_codec *service_codec_find(const char *name);
/* The table, ended by NULL. */
const struct service_codec *const *service_codec_all(void);

/* Options for a network of one's own: one source port, one node, 1024 attempts; see
 * docs/services.md for CoAP's. */
void service_codec_defaults(struct service_codec_options *o);
/* Whether they are within bounds. */
bool service_codec_options_check(const struct service_codec_options *o);

/* The one word of repeating by method (RFC 7252, 5.8; RFC 9110, 9.2): GET freely; PUT and DELETE
 * one after the other where the service is reorder_safe, else once; POST once. */
enum operation_repeat service_method_repeat(uint8_t method, bool reorder_safe);

#endif
