/* SPDX-License-Identifier: BSD-3-Clause
 *
 * CoAP node: a server of resources that behaves by a script. GET reads one (2.05, 4.04), PUT
 * replaces or creates it (2.04, 2.01), POST adds to its end or creates it (2.04, 2.01; not
 * idempotent, so that what is done twice shows), DELETE removes it (2.02, whether it was there or
 * not). `.well-known/core` lists what is there; anything but GET on it, and other methods, are
 * 4.05. An error by the script, and no room for another resource, are 5.03. Queries change nothing,
 * preconditions and proxies are unknown here (4.02 to a confirmable request);
 * contents are not sent in blocks, longer ones than a resource holds are 4.13.
 *
 * A request takes effect when it comes; its answer leaves when the script says: of a confirmable
 * one as its acknowledgement, of another as a message of its own that wants none. A message id that
 * the same client used before takes effect once: the answer to a confirmable one is repeated when
 * it had left already. Remembered are the last SERVE_COAP_SEEN_MAX for as long as the client may
 * send again, and no others.
 *
 * Wrong answers: another token, a message that ends within its token (within
 * its header where there is none), the content of another resource, twice, late.
 *
 * Pure: bytes and time in, answers and times out (serve_queue.h). One owner.
 *
 * Spec: RFC 7252 (4.2, 4.3, 4.5, 5.8); links: RFC 6690.
 */
#ifndef PERF_SERVE_COAP_H
#define PERF_SERVE_COAP_H

#include "dataplane/wire/coap.h"
#include "perf/serve_counts.h"
#include "perf/serve_queue.h"
#include "perf/serve_resources.h"
#include "perf/serve_script.h"

#define SERVE_COAP_SEEN_MAX    256u
#define SERVE_COAP_LIFETIME_NS 247000000000ull /* EXCHANGE_LIFETIME */
#define SERVE_COAP_REPLY_BYTES 1152u           /* of a message (RFC 7252, 4.6) */
#define SERVE_COAP_METHODS     8u              /* codes 0.01 to 0.07 */

struct serve_coap_seen { /* a message that took effect */
	uint64_t until_ns;
	uint64_t reply_ns; /* when its answer leaves */
	uint32_t address;
	uint16_t port;
	uint16_t id;
	uint32_t bytes; /* of the answer; 0: none is repeated */
	uint8_t reply[SERVE_COAP_REPLY_BYTES];
};

struct serve_coap_counts {
	uint64_t methods[SERVE_COAP_METHODS]; /* by code; 0: other messages than requests */
	uint64_t success;                     /* answers of class 2 that were made ... */
	uint64_t client_errors;               /* ... 4 ... */
	uint64_t server_errors;               /* ... and 5 */
	uint64_t resets;                      /* what could not be understood was rejected */
};

struct serve_coap {
	struct serve_resources *resources;
	const struct serve_script *script;
	struct serve_queue queue;
	struct serve_counts counts;
	struct serve_coap_counts more;
	uint64_t start_ns; /* where the script's times begin */
	struct serve_coap_seen *seen;
	uint32_t seen_next; /* the oldest, taken next */
	uint16_t next_id;   /* of messages of its own */
};

/* Memory for a queue of `room` answers and what is remembered. */
uint64_t serve_coap_bytes(uint32_t room);
/* resources and script outlive it; memory: serve_coap_bytes(room), 8-byte aligned, the caller's. */
void serve_coap_init(struct serve_coap *c, struct serve_resources *resources,
                     const struct serve_script *script, void *memory, uint32_t room);
/* A datagram came. */
void serve_coap_on_request(struct serve_coap *c, const uint8_t *payload, uint32_t bytes,
                           const struct serve_peer *peer, uint64_t now_ns);
/* The next answer that is due; NULL: none. Valid until the next call. */
const struct serve_reply *serve_coap_poll(struct serve_coap *c, uint64_t now_ns);

#endif
