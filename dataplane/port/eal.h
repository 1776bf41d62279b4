/* SPDX-License-Identifier: BSD-3-Clause
 *
 * EAL: starts DPDK once per process, --in-memory, without telemetry and without DPDK's own
 * hugetlbfs files; Genesis has its own. Also the small wrappers around what Genesis uses of DPDK
 * beside ports: in-process ring ports for tests and self-made traffic.
 *
 * Thread rule: control core.
 */
#ifndef DATAPLANE_PORT_EAL_H
#define DATAPLANE_PORT_EAL_H

#include <stdbool.h>
#include <stdint.h>

#define EAL_ERROR_BYTES 256u

struct eal_options {
	const char *program;
	bool huge_pages;           /* false: --no-huge */
	uint32_t memory_mib;       /* for --no-huge and as --socket-mem hint */
	const char *pci_allow[32]; /* NULL-terminated; none: --no-pci */
	const char *const *extra;  /* NULL-terminated extra EAL arguments, may be NULL */
	int main_cpu;              /* -1: the one it runs on */
	const char *log_level;     /* "error", "info", ...; NULL: "error" */
};

/* 0 or -errno with one clear line in error[]. May be called once. Does not keep the caller's CPU
 * affinity changed. */
int eal_start(const struct eal_options *o, char error[EAL_ERROR_BYTES]);
void eal_stop(void);
bool eal_is_running(void);
/* Were PCI devices allowed at the start? */
bool eal_has_pci(void);
const char *eal_version(void);

/* To be called by a thread that Genesis made, before it receives: gives it a DPDK core id of its
 * own, without which the buffer pools' per-core caches pass it by. 0 or -errno (-ENOMEM: no id
 * left); receiving works without it as well, only slower. Unregister before the thread ends. */
int eal_thread_register(void);
void eal_thread_unregister(void);

/* A port made of a ring inside the process: what one side sends, port_receive() on the other gets.
 * The sender copies its frame into a buffer. Names an ethdev that port_options.device can name. */
struct eal_ring_port;
int eal_ring_port_create(struct eal_ring_port **out, const char *device, uint32_t capacity,
                         char error[EAL_ERROR_BYTES]);
/* Sends one frame. 0; -ENOBUFS: the ring or the buffers are full (nothing was sent). One sender
 * thread. */
int eal_ring_port_send(struct eal_ring_port *p, const uint8_t *frame, uint32_t bytes);
void eal_ring_port_destroy(struct eal_ring_port *p);

#endif
