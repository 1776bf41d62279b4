/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Seal: proof instead of promise that a worker makes no system call. After start-up the worker
 * closes the door behind it: a seccomp filter on its own thread lets through only what a failing
 * assert needs to speak and die (write, tgkill, exit_group) and the return from a signal handler.
 * Anything else kills the process (SEAL_KILL) or raises SIGSYS (SEAL_TRAP), whose handler names the
 * call. A sealed thread cannot exit: at the end it parks, and the process's exit takes it along.
 *
 * Impossible where the work itself needs system calls: ports of AF_XDP, AF_PACKET, pcap and tap,
 * idle strategy `yield`. Those are refused by seal_check(). Under sanitizers the runtime makes
 * calls of its own: seal_is_possible() says no.
 */
#ifndef APP_SEAL_H
#define APP_SEAL_H

#include <stdbool.h>

#include "app/engine.h"

enum seal { SEAL_NONE, SEAL_KILL, SEAL_TRAP }; /* as in --seal kill|trap */
/* False in sanitizer builds. */
bool seal_is_possible(void);
/* 0, or -EINVAL with one clear line: what in the configuration needs system calls. The ports must
 * be open. */
int seal_check(const struct engine *e, char error[ENGINE_ERROR_BYTES]);
/* Control, before workers are sealed with SEAL_TRAP: the handler that names the call. */
void seal_prepare(enum seal seal);
/* The calling thread, for good. 0 or -errno. */
int seal_thread(enum seal seal);

#endif
