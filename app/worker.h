/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Workers: a thread per configured core, each turning engine_core_step() until told to stop. The
 * control thread starts and joins them; nothing else passes between them but the stop word and the
 * shared block.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include <stdatomic.h>
#include <pthread.h>

#include "app/engine.h"

enum worker_phase {
	WORKER_RUN,
	WORKER_QUIET, /* ports are no longer polled; what is in the logs goes on to the books */
	WORKER_STOP,
};

struct worker {
	struct engine_core *core;
	const struct config_core *config;
	pthread_t thread;
	bool started;
	_Atomic uint32_t
	        stop; /* relaxed: nothing is passed with it; the join orders everything else */
};

struct workers {
	struct worker *items;
	uint32_t count;
};

/* 0 or -errno with one clear line (a CPU that does not exist, threads cannot be made). Stops what
 * it started on failure. */
int workers_start(struct workers *w, struct engine *e, char error[ENGINE_ERROR_BYTES]);
/* Stops, joins; each worker finishes what its logs hold and publishes its last counters. Accepts a
 * zeroed struct. */
void workers_stop(struct workers *w);

#endif
