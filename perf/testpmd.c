/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/testpmd.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "perf/measure.h"

#define WORDS_MAX  24u
#define WORD_BYTES 512u
#define WAIT_MS    20000 /* for an answer */
#define PROMPT     "testpmd> "
#define LOOKS_MAX  50u
#define LOOK_SHARE 200u /* of the time measured that a look may take */

struct child {
	pid_t pid;
	int terminal;
	char text[65536]; /* since the last prompt */
	size_t bytes;
};

static void exec_child(const struct testpmd_options *o)
{
	char words[6][WORD_BYTES];

	snprintf(words[0], WORD_BYTES, "-m%u", o->memory_mib);
	snprintf(words[1], WORD_BYTES, "--lcores=0@%" PRIu64 ",1@%" PRIu64, o->other_cpu, o->cpu);
	snprintf(words[2], WORD_BYTES, "--vdev=%s", o->device);
	snprintf(words[3], WORD_BYTES, "--total-num-mbufs=%u", o->buffers);
	const char *huge[] = {"--in-memory", NULL};
	const char *small[] = {"--no-huge", "--no-shconf"};
	const char *const *memory = o->huge_pages ? huge : small;
	const char *argv[WORDS_MAX] = {
	        "dpdk-testpmd", "--no-telemetry", "--no-pci", "--iova-mode=va", "--log-level=error",
	        words[0],       words[1],         words[2],   memory[0]};
	uint32_t n = 9;

	if (memory[1] != NULL)
		argv[n++] = memory[1];
	argv[n++] = "--";
	argv[n++] = "-i";
	argv[n++] = "--forward-mode=rxonly";
	argv[n++] = words[3];
	argv[n] = NULL;
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* On a terminal of its own: into a pipe it would say everything at its end. */
static int spawn(struct child *c, const struct testpmd_options *o)
{
	struct termios raw;

	memset(&raw, 0, sizeof(raw));
	cfmakeraw(&raw);
	c->pid = forkpty(&c->terminal, NULL, &raw, NULL);
	if (c->pid == 0)
		exec_child(o);
	return c->pid < 0 ? -errno : 0;
}

/* Reads up to the prompt. */
static bool answered(struct child *c)
{
	struct pollfd p = {.fd = c->terminal, .events = POLLIN};

	c->bytes = 0;
	c->text[0] = '\0';
	while (c->bytes + 1 < sizeof(c->text) && poll(&p, 1, WAIT_MS) == 1) {
		ssize_t n = read(c->terminal, c->text + c->bytes, sizeof(c->text) - 1 - c->bytes);

		if (n <= 0)
			return false;
		c->bytes += (size_t)n;
		c->text[c->bytes] = '\0';
		if (c->bytes >= strlen(PROMPT) &&
		    strcmp(c->text + c->bytes - strlen(PROMPT), PROMPT) == 0)
			return true;
	}
	return false;
}

static bool ask(struct child *c, const char *command)
{
	return write(c->terminal, command, strlen(command)) == (ssize_t)strlen(command) &&
	       answered(c);
}

static uint64_t received(struct child *c)
{
	const char *at = ask(c, "show port stats 0\n") ? strstr(c->text, "RX-packets:") : NULL;

	return at == NULL ? 0 : strtoull(at + strlen("RX-packets:"), NULL, 10);
}

/* CPU time of the busiest thread: the forwarding one. */
static uint64_t busiest_ns(const struct child *c)
{
	char path[300];
	uint64_t most = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)c->pid);
	DIR *d = opendir(path);

	for (struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d)) {
		unsigned long long ns = 0;

		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", (int)c->pid,
		         e->d_name);
		FILE *f = fopen(path, "r");

		if (f == NULL)
			continue;
		if (fscanf(f, "%llu", &ns) == 1 && ns > most)
			most = ns;
		fclose(f);
	}
	if (d != NULL)
		closedir(d);
	return most;
}

struct moment {
	uint64_t packets;
	uint64_t
	        cpu_ns; /* when they were counted: somewhere within the question, take the middle */
};

/* Asks until the answer comes fast enough to know when it was true, or takes the fastest. */
static struct moment look(struct child *c, uint64_t width_ns)
{
	struct moment best = {0};
	uint64_t best_ns = UINT64_MAX;

	for (uint32_t i = 0; i < LOOKS_MAX && best_ns > width_ns; i++) {
		uint64_t before_ns = busiest_ns(c);
		uint64_t packets = received(c);
		uint64_t took_ns = busiest_ns(c) - before_ns;

		if (took_ns < best_ns) {
			best_ns = took_ns;
			best = (struct moment){.packets = packets,
			                       .cpu_ns = before_ns + took_ns / 2};
		}
	}
	return best;
}

static int run(struct child *c, const struct testpmd_options *o, double *packets_per_s)
{
	if (!answered(c) || !ask(c, "start\n"))
		return -EIO;
	usleep(100000);
	uint64_t width_ns = o->measure_ms * 1000000u / LOOK_SHARE;
	struct moment from = look(c, width_ns);
	uint64_t wanted_ns = from.cpu_ns + o->measure_ms * 1000000u;
	uint64_t give_up_ns = measure_now_ns() + WAIT_MS * 1000000ull;

	while (busiest_ns(c) < wanted_ns && measure_now_ns() < give_up_ns)
		usleep(10000);
	struct moment to = look(c, width_ns);

	if (to.cpu_ns <= from.cpu_ns || to.packets <= from.packets)
		return -EIO;
	*packets_per_s =
	        (double)(to.packets - from.packets) * 1e9 / (double)(to.cpu_ns - from.cpu_ns);
	return 0;
}

int testpmd_rxonly(const struct testpmd_options *o, double *packets_per_s, char reason[128])
{
	struct child *c = calloc(1, sizeof(*c));
	int status = 0;

	if (c == NULL)
		measure_fail("testpmd: out of memory");
	signal(SIGPIPE, SIG_IGN);
	int rc = spawn(c, o);

	if (rc == 0) {
		rc = run(c, o, packets_per_s);
		if (rc != 0 || write(c->terminal, "stop\nquit\n", 10) != 10)
			kill(c->pid, SIGKILL);
		while (read(c->terminal, c->text, sizeof(c->text)) > 0)
			;
		close(c->terminal);
		waitpid(c->pid, &status, 0);
	}
	if (rc != 0)
		snprintf(reason, 128, "%s",
		         WIFEXITED(status) && WEXITSTATUS(status) == 127
		                 ? "dpdk-testpmd is not installed"
		                 : "dpdk-testpmd did not receive");
	free(c);
	return rc;
}
