/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/seal.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/clock.h"
#include "tests/unit/suite.h"

static enum seal wanted;
static void (*work)(void);
static _Atomic int done;

static void *sealed_main(void *argument)
{
	(void)argument;
	if (seal_thread(wanted) != 0)
		_exit(99);
	work();
	done = 1;
	for (;;)
		__builtin_ia32_pause();
}

/* What becomes of a process whose sealed thread does the work: its wait status. */
static int outcome(enum seal seal, void (*what)(void))
{
	fflush(stdout);
	pid_t child = fork();

	CU_ASSERT_FATAL(child >= 0);
	if (child == 0) {
		pthread_t thread;

		wanted = seal;
		work = what;
		seal_prepare(seal);
		if (freopen("/dev/null", "w", stderr) == NULL ||
		    pthread_create(&thread, NULL, sealed_main, NULL) != 0)
			_exit(98);
		while (done == 0)
			usleep(1000);
		_exit(0);
	}
	int status = 0;

	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	return status;
}

static void allowed_work(void)
{
	volatile uint64_t sum = 0;

	for (int i = 0; i < 1000; i++)
		sum += clock_monotonic_ns(); /* the clock is no system call */
	if (sum == 0 || write(STDERR_FILENO, "still here\n", 11) < 0)
		abort();
}

static void forbidden_call(void)
{
	(void)getppid();
}

static void failing_assert(void)
{
	abort();
}

static void test_work_goes_on(void)
{
	CU_ASSERT_EQUAL(outcome(SEAL_KILL, allowed_work), 0);
	CU_ASSERT_EQUAL(outcome(SEAL_TRAP, allowed_work), 0);
}

static void test_kill(void)
{
	int status = outcome(SEAL_KILL, forbidden_call);

	CU_ASSERT_TRUE(WIFSIGNALED(status));
	CU_ASSERT_EQUAL(WTERMSIG(status), SIGSYS);
}

static void test_trap(void)
{
	int status = outcome(SEAL_TRAP, forbidden_call);

	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 128 + SIGSYS);
}

/* A worker that finds something broken must still be able to die of it. */
static void test_assert_dies(void)
{
	int status = outcome(SEAL_TRAP, failing_assert);

	CU_ASSERT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"work goes on", test_work_goes_on},
	        {"kill", test_kill},
	        {"trap", test_trap},
	        {"a failing assert still dies", test_assert_dies},
	};

	if (!seal_is_possible()) {
		printf("SKIP: this build's sanitizer makes system calls of its own\n");
		return 77;
	}
	return SUITE_RUN("seal", tests);
}
