/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Process: `genesis` commands as children of the demo. A child is told to end when the demo dies,
 * whatever it dies of. What it prints goes into files.
 *
 * Thread rule: the only thread of the process.
 */
#ifndef APP_DEMO_PROCESS_H
#define APP_DEMO_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct demo_process {
	pid_t pid;  /* 0: none */
	int status; /* exit code once it has ended; 128 + signal where one killed it */
};

struct demo_process_options {
	const char *const *argv; /* argv[0] is the program, a path */
	const char *out_path;
	const char *error_path;
	int net; /* a network namespace to run in; -1: the demo's */
};

/* 0 or -errno. */
int demo_process_start(struct demo_process *p, const struct demo_process_options *o);
bool demo_process_runs(struct demo_process *p);
/* Asks it to end and waits; one that does not end is killed. Accepts one that has ended. */
void demo_process_stop(struct demo_process *p, int signal);
/* The last line that is in a file; empty where there is none. */
void demo_process_last_line(const char *path, char *text, size_t bytes);

#endif
