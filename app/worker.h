/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Workers: a thread per configured core, each turning engine_core_step() until told to stop. The
 * control thread starts and joins them; nothing else passes between them but two words and the
 * shared block.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/engine.h"
#include "app/seal.h"

enum worker_phase {
	WORKER_RUN,
	WORKER_QUIET, /* ports are no longer polled; what is in the logs goes on to the books */
	WORKER_TAKEN, /* all are quiet, and what they had handed over is in the logs */
	WORKER_STOP,
};

struct worker {
	struct engine_core *core;
	const struct config_core *config;
	pthread_t thread;
	bool started;
	enum seal seal;
	/* enum worker_phase, written by control with release, and
	 * enum worker_phase, written by the worker with release: each pairs with the other's
	 * acquire. What all workers did in a phase is seen by each of them in the next. */
	_Atomic uint32_t wish;
	_Atomic uint32_t phase;
	/* 1 until the worker has tried its seal, then 0 or -errno; release, pairs with control's
	 * acquire. */
	_Atomic int32_t sealed;
};

struct workers {
	struct worker *items;
	uint32_t count;
};

/* 0 or -errno with one clear line (a CPU that does not exist, threads cannot be made, the kernel
 * refuses the seal). Stops what it started on failure. */
int workers_start(struct workers *w, struct engine *e, enum seal seal,
                  char error[ENGINE_ERROR_BYTES]);
/* Stops, joins (sealed ones cannot exit: they park); what is in the logs is applied and the last
 * counters are published before it returns. Accepts a zeroed struct. */
void workers_stop(struct workers *w);

#endif
