/* SPDX-License-Identifier: BSD-3-Clause
 *
 * EAL log: what DPDK has to say goes to stderr, except that while a device is being attached or EAL
 * started the error lines are held back: DPDK's calls return little more than -EINVAL, the reason
 * stands only in its log, and the caller's error text wants exactly one line. Private to port.
 *
 * Thread rule: hold, reason and show from the control core; lines may come from any thread.
 */
#ifndef DATAPLANE_PORT_EAL_LOG_H
#define DATAPLANE_PORT_EAL_LOG_H

#include <stdbool.h>

/* Before rte_eal_init(). 0 or -errno. */
int eal_log_open(void);
void eal_log_hold(void);
/* The first error line since the hold, without its newline; "" if there was none. */
const char *eal_log_reason(void);
/* Ends the hold. show: what was held goes to stderr after all (the call had succeeded). */
void eal_log_release(bool show);

#endif
