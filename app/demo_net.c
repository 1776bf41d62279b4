/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_net.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int engine_net = -1;
static int venue_net = -1;

static int fail(char error[DEMO_NET_ERROR_BYTES], int result, const char *what)
{
	snprintf(error, DEMO_NET_ERROR_BYTES, "%s", what);
	error[strcspn(error, "\n")] = '\0';
	return result;
}

/* A namespace of its own, which the process enters. Interfaces that come up talk IPv6 by
 * themselves; the demo counts every packet, so it is off. */
static int enter_new(int *net, char error[DEMO_NET_ERROR_BYTES])
{
	char text[128];

	if (unshare(CLONE_NEWNET) != 0) {
		int rc = -errno;

		snprintf(text, sizeof(text), "no network namespace can be made: %s", strerror(-rc));
		return fail(error, rc, text);
	}
	*net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*net < 0)
		return fail(error, -errno, "/proc/self/ns/net cannot be opened");
	FILE *f = fopen("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w");

	if (f != NULL) {
		fputs("1", f);
		fclose(f);
	}
	return 0;
}

/* The child: `ip`, which reads its commands from one pipe and complains into the other. */
static void become_ip(int net, int in, int out)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (setns(net, CLONE_NEWNET) == 0)
		execlp("ip", "ip", "-batch", "-", (char *)NULL);
	dprintf(STDERR_FILENO, "ip (iproute2): %s\n", strerror(errno));
	_exit(127);
}

static int run_ip(int net, const char *commands, char error[DEMO_NET_ERROR_BYTES])
{
	int in[2];
	int out[2];
	char said[DEMO_NET_ERROR_BYTES] = "ip failed";
	int status = 0;

	if (pipe2(in, O_CLOEXEC) != 0)
		return fail(error, -errno, "no pipe");
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return fail(error, -errno, "no pipe");
	}
	pid_t pid = fork();

	if (pid == 0)
		become_ip(net, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	/* Less than a pipe holds; a dead `ip` is an error, not a signal. */
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	bool written = pid > 0 && write(in[1], commands, strlen(commands)) > 0;

	signal(SIGPIPE, before);
	close(in[1]);
	ssize_t bytes = pid > 0 ? read(out[0], said, sizeof(said) - 1) : 0;

	if (bytes > 0)
		said[bytes] = '\0';
	close(out[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !written || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail(error, -EIO, said);
	return 0;
}

int demo_net_create(char error[DEMO_NET_ERROR_BYTES])
{
	char links[512];
	int rc = enter_new(&venue_net, error);

	if (rc == 0)
		rc = enter_new(&engine_net, error);
	if (rc != 0)
		return rc;
	snprintf(links, sizeof(links),
	         "link add name line-a type veth peer name venue-a netns /proc/%d/fd/%d\n"
	         "link add name line-b type veth peer name venue-b netns /proc/%d/fd/%d\n"
	         "link set line-a up\n"
	         "link set line-b up\n",
	         (int)getpid(), venue_net, (int)getpid(), venue_net);
	rc = run_ip(engine_net, links, error);
	if (rc == 0)
		rc = run_ip(venue_net, "link set venue-a up\nlink set venue-b up\n", error);
	return rc;
}

int demo_net_venue(void)
{
	return venue_net;
}

/* The two drop columns of a line of /proc/net/dev: received 4th, sent 12th. */
static uint64_t drops_of(const char *columns)
{
	uint64_t v[12];
	int bytes;

	for (uint32_t i = 0; i < 12; i++) {
		if (sscanf(columns, "%" SCNu64 "%n", &v[i], &bytes) != 1)
			return 0;
		columns += bytes;
	}
	return v[3] + v[11];
}

static uint64_t drops_here(const char *interface)
{
	FILE *f = fopen("/proc/self/net/dev", "r");
	size_t bytes = strlen(interface);
	char text[512];
	uint64_t drops = 0;

	while (f != NULL && fgets(text, sizeof(text), f) != NULL) {
		const char *name = text + strspn(text, " ");

		if (strncmp(name, interface, bytes) == 0 && name[bytes] == ':')
			drops = drops_of(name + bytes + 1);
	}
	if (f != NULL)
		fclose(f);
	return drops;
}

uint64_t demo_net_drops(uint32_t line)
{
	uint64_t drops = drops_here(line == 0 ? "line-a" : "line-b");

	if (setns(venue_net, CLONE_NEWNET) != 0)
		return drops;
	drops += drops_here(line == 0 ? "venue-a" : "venue-b");
	setns(engine_net, CLONE_NEWNET);
	return drops;
}
