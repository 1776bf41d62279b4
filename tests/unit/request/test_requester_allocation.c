/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A requester allocates nothing and makes no system call, whatever path it takes: the play of the
 * property test once more, with the allocator counted (linked with --wrap), and in a child in
 * seccomp's strict mode, in which the kernel kills whoever calls anything but read, write and exit.
 * Under sanitizers the runtime makes calls of its own; then only allocations are counted.
 */
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/allocation_guard.h"
#include "tests/unit/request/requester_play.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRICT_POSSIBLE false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
        __has_feature(memory_sanitizer)
#define STRICT_POSSIBLE false
#endif
#endif
#ifndef STRICT_POSSIBLE
#define STRICT_POSSIBLE true
#endif

static struct play p;
static char paths[PLAY_CALLS][8];

static void run(void)
{
	play_run(&p, 8000, paths);
}

static void begin(void)
{
	CU_ASSERT_FATAL(play_open(&p, 1));
}

/* Or the proof is of nothing. */
static bool went_every_way(void)
{
	const struct requester_stats *s = &p.world.requester.stats;
	const struct operation_stats *o = &p.world.requester.operations.stats;

	return o->verdicts[OPERATION_REJECTED_OPEN] != 0 && o->outcomes[OPERATION_SUCCESS] != 0 &&
	       o->outcomes[OPERATION_FAILURE] != 0 && o->outcomes[OPERATION_TIMEOUT] != 0 &&
	       o->attempts[OPERATION_HEDGE] != 0 && o->attempts[OPERATION_RETRY] != 0 &&
	       s->unsent_id != 0 && s->unsent_mac != 0 && s->unreachable != 0 && s->foreign != 0 &&
	       s->malformed != 0 && s->unexpected != 0 && s->refused != 0 && s->unusable != 0 &&
	       s->progress != 0 && s->receipts != 0;
}

static void test_guard_sees(void)
{
	calls = 0;
	guarded = true;
	void *volatile m = malloc(100);

	free(m);
	guarded = false;
	CU_ASSERT_EQUAL(calls, 2);
}

static void test_no_allocation(void)
{
	begin();
	calls = 0;
	guarded = true;
	run();
	guarded = false;
	CU_ASSERT_EQUAL(calls, 0);
	CU_ASSERT_EQUAL(p.wrong, 0);
	CU_ASSERT_TRUE(went_every_way());
	requester_world_close(&p.world);
}

/* How a child ends that does the work in strict mode: its wait status. */
static int strictly(void (*work)(void))
{
	fflush(stdout);
	pid_t child = fork();

	CU_ASSERT_FATAL(child >= 0);
	if (child == 0) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
			_exit(77);
		work();
		syscall(SYS_exit, 0); /* the one way out that is left */
	}
	int status = 0;

	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	return status;
}

static void call_the_system(void)
{
	(void)syscall(SYS_getppid);
}

static void test_strict_mode_sees(void)
{
	int status = strictly(call_the_system);

	CU_ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 77);
}

static void test_no_system_call(void)
{
	begin();
	int status = strictly(run);

	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("(no strict mode here) ");
	requester_world_close(&p.world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the guard sees", test_guard_sees},
	        {"no allocation", test_no_allocation},
	        {"strict mode sees", test_strict_mode_sees},
	        {"no system call", test_no_system_call},
	};

	return suite_run("requester_allocation", tests, STRICT_POSSIBLE ? 4 : 2);
}
