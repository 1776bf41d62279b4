/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Net: the demo's own network, if the machine lets it: two network namespaces without a name, one
 * for the engine, one for the venue, and a veth pair per line between them: "line-a" here and
 * "venue-a" there, "line-b" and "venue-b". Namespaces without a name belong to the processes in
 * them and go with the last, however it ends: there is nothing to remove, no name that could clash,
 * and nothing that a killed demo could leave behind.
 *
 * Thread rule: the only thread of the process.
 */
#ifndef APP_DEMO_NET_H
#define APP_DEMO_NET_H

#include <stdint.h>

#define DEMO_NET_ERROR_BYTES 256u

/* The process and its future children move into the engine's namespace. 0, or -errno with the
 * reason in error[]: no right to make namespaces, no `ip`, no veth. */
int demo_net_create(char error[DEMO_NET_ERROR_BYTES]);
/* The venue's namespace, for setns(); -1: there is none. */
int demo_net_venue(void);
/* Packets that the two interfaces of line 0 or 1 say they dropped. */
uint64_t demo_net_drops(uint32_t line);

#endif
