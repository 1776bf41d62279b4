/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dpdk-testpmd as a child: what DPDK's own receiver makes of a device, to be measured beside.
 */
#ifndef PERF_TESTPMD_H
#define PERF_TESTPMD_H

#include <stdbool.h>
#include <stdint.h>

struct testpmd_options {
	const char *device; /* "net_null0,size=64" */
	uint32_t buffers;
	uint32_t memory_mib;
	bool huge_pages;
	uint64_t cpu;       /* of the forwarding thread */
	uint64_t other_cpu; /* of its command line */
	uint64_t measure_ms;
};

/* rxonly forwarding: packets per second of CPU time of the forwarding thread, so that other
 * programs on its CPU do not count. 0, or -errno with a reason: not there, did not start. */
int testpmd_rxonly(const struct testpmd_options *o, double *packets_per_s, char reason[128]);

#endif
