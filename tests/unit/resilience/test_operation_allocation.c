/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Operations allocate nothing and make no system call, whatever path they take: successes,
 * refusals, timeouts, retries, OPEN and its probes, parallel attempts, hedges, recalls, late and
 * foreign replies, modes.
 *
 * Allocations: every call to the allocator from the project's own code passes through the wrappers
 * below (linked with --wrap), which count. System calls: a child plays the same in seccomp's strict
 * mode, in which the kernel kills whoever calls anything but read, write and exit. Under sanitizers
 * the runtime makes calls of its own; then only allocations are counted.
 */
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/allocation_guard.h"
#include "tests/unit/suite.h"
#include "tests/unit/resilience/operation_world.h"

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

#define TURNS        60000u
#define FLIGHT_SLOTS 65536u

struct flight {
	uint64_t time_ns;
	uint64_t token;
	bool ok;
};

/* Replies on their way, in order of arrival: quick ones, and slow ones. */
static struct lane {
	uint64_t latency_ns;
	uint64_t head;
	uint64_t tail;
	struct flight flights[FLIGHT_SLOTS];
} quick = {.latency_ns = 10 * MS}, slow = {.latency_ns = 1300 * MS};

static struct world world;
static struct prng chance;

/* Good times, bad times (half fails), and times in which nobody answers. */
static uint32_t weather(uint32_t turn)
{
	return turn / 3000 % 4;
}

static void read_outputs(uint32_t turn)
{
	for (uint32_t i = 0; i < world.out.count; i++) {
		const struct operation_output *x = &world.items[i];
		struct lane *l = prng_chance_ppm(&chance, 50000) ? &slow : &quick;
		struct flight f = {.time_ns = world.now_ns + l->latency_ns, .token = x->token};

		if (x->kind != OPERATION_SEND || weather(turn) == 3)
			continue;
		f.ok = weather(turn) != 2 || prng_chance_ppm(&chance, 500000);
		l->flights[l->head++ % FLIGHT_SLOTS] = f;
	}
	world.out.count = 0;
}

static void arrive(struct lane *l, uint32_t turn)
{
	for (; l->tail < l->head; l->tail++) {
		const struct flight *f = &l->flights[l->tail % FLIGHT_SLOTS];
		struct operation_reply r = {
		        .token = f->token, .node = OPERATION_NODE_UNKNOWN, .ok = f->ok};

		if (f->time_ns > world.now_ns)
			return;
		operation_on_reply(&world.table, &r, world.now_ns, &world.out);
		read_outputs(turn);
	}
}

static void submit(uint32_t turn)
{
	struct operation_request r = {
	        .deadline_ns = world.now_ns + 4 * SECOND,
	        .repeat = (uint8_t)(turn % 8 == 0 ? OPERATION_ONCE : OPERATION_FREELY),
	        .max_retries = OPERATION_ROUNDS_AS_SERVICE,
	        .class = (uint8_t)(turn % WORK_CLASSES),
	        .parallel_attempts = turn % 16 == 1 ? 3 : 0,
	        .fallback = turn % 5 == 0};

	if (operation_submit(&world.table, &r, world.now_ns, &world.out) == OPERATION_ACCEPTED &&
	    turn % 64 == 7)
		operation_recall(&world.table, world.items[0].operation, world.now_ns, &world.out);
	else if (turn % 64 == 9 && world.out.count != 0)
		operation_on_unsent(&world.table, world.items[0].token, world.now_ns, &world.out);
	else if (turn % 64 == 11 && world.out.count != 0)
		operation_on_unreachable(&world.table, world.items[0].token, world.now_ns,
		                         &world.out);
	read_outputs(turn);
}

static void play(void)
{
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		struct operation_reply nonsense = {.token = prng_next(&chance), .ok = true};

		world.now_ns += 2 * MS;
		submit(turn);
		arrive(&quick, turn);
		arrive(&slow, turn);
		if (turn % 1000 == 500)
			operation_on_node_unreachable(&world.table, 0, turn / 1000 % 3,
			                              world.now_ns);
		if (turn % 5000 == 4999)
			operation_set_mode(&world.table, &mode_policy_standard,
			                   (enum mode_id)(turn / 5000 % MODE_COUNT), world.now_ns);
		operation_on_reply(&world.table, &nonsense, world.now_ns, &world.out);
		while (operation_poll(&world.table, world.now_ns, &world.out))
			read_outputs(turn);
		read_outputs(turn);
	}
}

static void begin(void)
{
	world_defaults(&world);
	service_options_report(&world.service_options[0], SECOND);
	world.service_options[0].nodes = 3;
	world.options.pool.operations_max = WORLD_OPERATIONS_MAX;
	world.options.pool.attempts_max = WORLD_ATTEMPTS_MAX;
	CU_ASSERT_FATAL(world_open(&world));
	prng_init(&chance, 1);
	quick.head = quick.tail = slow.head = slow.tail = 0;
}

/* Or the proof is of nothing. */
static bool went_every_way(void)
{
	const struct operation_stats *s = &world.table.stats;
	bool all = s->verdicts[OPERATION_REJECTED_OPEN] != 0 &&
	           s->verdicts[OPERATION_REJECTED_THROTTLED] != 0 &&
	           s->verdicts[OPERATION_ANSWERED] != 0 && s->hedges_won != 0 && s->overdue != 0 &&
	           s->unsent != 0 && s->unreachable != 0 && s->cancelled != 0 &&
	           world.breaker_counters[0].probes != 0 && world.states[0].counters.unheard != 0;

	for (uint32_t i = 0; i < OPERATION_SEND_REASONS; i++)
		all = all && s->attempts[i] != 0;
	for (uint32_t i = 0; i < OPERATION_OUTCOMES; i++)
		all = all && (s->outcomes[i] != 0 || i == OPERATION_REJECTED);
	for (uint32_t i = 0; i < OPERATION_HEARINGS; i++)
		all = all && s->heard[i] != 0;
	for (uint32_t i = 0; i < BREAKER_STATES; i++)
		all = all &&
		      (world.breaker_counters[0].entered[i] != 0 || i == BREAKER_ULTRA_RESILIENT);
	return all;
}

static void test_guard_sees(void)
{
	calls = 0;
	guarded = true;
	void *volatile p = malloc(100);

	free(p);
	guarded = false;
	CU_ASSERT_EQUAL(calls, 2);
}

static void test_no_allocation(void)
{
	begin();
	calls = 0;
	guarded = true;
	play();
	guarded = false;
	CU_ASSERT_EQUAL(calls, 0);
	CU_ASSERT_TRUE(went_every_way());
	world_close(&world);
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
	int status = strictly(play);

	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("(no strict mode here) ");
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the guard sees", test_guard_sees},
	        {"no allocation", test_no_allocation},
	        {"strict mode sees", test_strict_mode_sees},
	        {"no system call", test_no_system_call},
	};

	return suite_run("operation_allocation", tests, STRICT_POSSIBLE ? 4 : 2);
}
