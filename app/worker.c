/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/worker.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "dataplane/port/eal.h"

/* After a stop the ports are no longer polled, but what is in the logs is applied; this bounds it
 * against a group that can never catch up. */
#define DRAIN_TURNS_MAX (1u << 20)

static void idle(enum config_idle how)
{
	switch (how) {
	case CONFIG_IDLE_SPIN:
		break;
	case CONFIG_IDLE_PAUSE:
		__builtin_ia32_pause();
		break;
	case CONFIG_IDLE_YIELD:
		sched_yield();
		break;
	}
}

static void *worker_main(void *argument)
{
	struct worker *w = argument;
	struct engine_core *c = w->core;
	bool registered = eal_is_running() && eal_thread_register() == 0;

	int rc = w->seal == SEAL_NONE ? 0 : seal_thread(w->seal);
	uint32_t wish;

	atomic_store_explicit(&w->sealed, rc, memory_order_release);
	while ((wish = atomic_load_explicit(&w->wish, memory_order_acquire)) != WORKER_STOP) {
		uint32_t moved;

		if (wish == WORKER_RUN) {
			moved = engine_core_step(c, clock_now_ns());
		} else {
			moved = engine_core_work(c, clock_now_ns());
			if (wish == WORKER_QUIET || engine_core_took_all(c))
				atomic_store_explicit(&w->phase, wish, memory_order_release);
		}
		if (moved == 0)
			idle(w->config->idle);
	}
	for (uint32_t i = 0; i < DRAIN_TURNS_MAX; i++)
		if (engine_core_work(c, clock_now_ns()) == 0 && engine_core_at_head(c))
			break;
	engine_core_publish(c);
	atomic_store_explicit(&w->phase, WORKER_STOP, memory_order_release);
	while (w->seal != SEAL_NONE && rc == 0)
		__builtin_ia32_pause(); /* even exit is a system call; the process's takes us along
		                         */
	if (registered)
		eal_thread_unregister();
	return NULL;
}

static int start_one(struct worker *w, char error[ENGINE_ERROR_BYTES])
{
	pthread_attr_t attributes;
	int rc = pthread_attr_init(&attributes);

	if (rc == 0 && w->config->cpu != CONFIG_NONE) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(w->config->cpu, &set);
		rc = pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
	}
	if (rc == 0)
		rc = pthread_create(&w->thread, &attributes, worker_main, w);
	pthread_attr_destroy(&attributes);
	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES,
		         "core %s: cannot start its thread on CPU %d: %s", w->config->name,
		         (int)w->config->cpu, strerror(rc));
		return -rc;
	}
	char name[16];

	snprintf(name, sizeof(name), "%.15s", w->config->name);
	pthread_setname_np(w->thread, name);
	w->started = true;
	return 0;
}

/* Waits until every worker has closed its door. */
static int await_seals(struct workers *w, char error[ENGINE_ERROR_BYTES])
{
	for (uint32_t i = 0; i < w->count; i++) {
		int32_t rc;

		while ((rc = atomic_load_explicit(&w->items[i].sealed, memory_order_acquire)) > 0)
			sched_yield();
		if (rc < 0) {
			snprintf(error, ENGINE_ERROR_BYTES,
			         "core %s: the kernel refuses the seal: %s",
			         w->items[i].config->name, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

int workers_start(struct workers *w, struct engine *e, enum seal seal,
                  char error[ENGINE_ERROR_BYTES])
{
	*w = (struct workers){.items = calloc(e->config->core_count, sizeof(*w->items)),
	                      .count = e->config->core_count};
	if (w->items == NULL) {
		snprintf(error, ENGINE_ERROR_BYTES, "out of memory");
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < w->count; i++) {
		w->items[i].core = &e->cores[i];
		w->items[i].config = &e->config->cores[i];
		w->items[i].seal = seal;
		atomic_store_explicit(&w->items[i].sealed, 1, memory_order_relaxed);
		int rc = start_one(&w->items[i], error);

		if (rc != 0) {
			workers_stop(w);
			return rc;
		}
	}
	int rc = await_seals(w, error);

	if (rc != 0)
		workers_stop(w);
	return rc;
}

static void reach(struct workers *w, enum worker_phase phase)
{
	for (uint32_t i = 0; i < w->count; i++)
		atomic_store_explicit(&w->items[i].wish, phase, memory_order_release);
	for (uint32_t i = 0; i < w->count; i++)
		while (w->items[i].started &&
		       atomic_load_explicit(&w->items[i].phase, memory_order_acquire) != phase)
			sched_yield();
}

void workers_stop(struct workers *w)
{
	/* Cores that poll hand over to cores that own feeds, and these feed shards of others: first
	 * all ports go quiet, then all rings empty, then everybody finishes what is there. */
	reach(w, WORKER_QUIET);
	reach(w, WORKER_TAKEN);
	for (uint32_t i = 0; i < w->count; i++)
		atomic_store_explicit(&w->items[i].wish, WORKER_STOP, memory_order_release);
	bool parked = false;

	for (uint32_t i = 0; i < w->count; i++) {
		struct worker *x = &w->items[i];

		if (!x->started)
			continue;
		if (x->seal == SEAL_NONE ||
		    atomic_load_explicit(&x->sealed, memory_order_acquire) != 0) {
			pthread_join(x->thread, NULL);
			continue;
		}
		while (atomic_load_explicit(&x->phase, memory_order_acquire) != WORKER_STOP)
			sched_yield();
		parked = true;
	}
	if (!parked) /* a parked worker still looks at its own struct */
		free(w->items);
	*w = (struct workers){0};
}
