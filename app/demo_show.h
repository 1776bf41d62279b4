/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Show: one performance of a plan: starts the engine, then the exchange, looks at the engine from
 * outside until everything that was sent has arrived or been given up, stops both, and gives the
 * verdict.
 *
 * Thread rule: control.
 */
#ifndef APP_DEMO_SHOW_H
#define APP_DEMO_SHOW_H

#include <signal.h>
#include <stdbool.h>

#include "app/demo_plan.h"

#define DEMO_REASON_BYTES 512u

enum demo_result {
	DEMO_GOOD,
	DEMO_BAD,     /* a check failed, or it broke off; said already */
	DEMO_STOPPED, /* by a signal */
	DEMO_NO_PORT, /* nothing was sent: engine or exchange could not start; why is in reason[] */
};

enum demo_result demo_show(const struct demo_plan *p, bool repaint,
                           const volatile sig_atomic_t *stopped, char reason[DEMO_REASON_BYTES]);

#endif
