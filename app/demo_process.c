/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"

#define STOP_NS 30000000000ull

static void become(const struct demo_process_options *o)
{
	int out = open(o->out_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	int error = open(o->error_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (out < 0 || error < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(error, STDERR_FILENO) < 0)
		_exit(126);
	if (o->net < 0 || setns(o->net, CLONE_NEWNET) == 0)
		execv(o->argv[0], (char *const *)(uintptr_t)o->argv);
	dprintf(STDERR_FILENO, "%s: %s\n", o->argv[0], strerror(errno));
	_exit(127);
}

int demo_process_start(struct demo_process *p, const struct demo_process_options *o)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(o);
	*p = (struct demo_process){.pid = pid};
	return 0;
}

static bool reap(struct demo_process *p, int options)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(p->pid, &status, options);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	p->pid = 0;
	p->status = pid < 0             ? 126
	            : WIFEXITED(status) ? WEXITSTATUS(status)
	                                : 128 + WTERMSIG(status);
	return true;
}

bool demo_process_runs(struct demo_process *p)
{
	return p->pid != 0 && !reap(p, WNOHANG);
}

void demo_process_stop(struct demo_process *p, int signal)
{
	uint64_t end_ns = clock_now_ns() + STOP_NS;

	if (p->pid == 0)
		return;
	kill(p->pid, signal);
	while (demo_process_runs(p) && clock_now_ns() < end_ns)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	if (p->pid == 0)
		return;
	kill(p->pid, SIGKILL);
	reap(p, 0);
}

void demo_process_last_line(const char *path, char *text, size_t bytes)
{
	FILE *f = fopen(path, "r");
	char line[1024];

	text[0] = '\0';
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			snprintf(text, bytes, "%s", line);
	}
	if (f != NULL)
		fclose(f);
}
