/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The demo: `genesis run` and `genesis exchange` side by side, over whatever this machine lets them
 * use, with a live view between them and every book compared at the end.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/demo_folder.h"
#include "app/demo_net.h"
#include "app/demo_show.h"

#define COMMAND     "demo"
#define KEEP_LENGTH 80u

static const char *const ports_names[DEMO_PORTS_COUNT] = {"af_xdp", "af_packet", "rings"};

struct arguments {
	uint64_t seed;
	uint64_t seconds;
	const char *keep;
	int ports_word; /* 0: not given, else 1 + enum demo_ports */
	enum demo_ports ports;
	bool plain;
	enum seal seal;
};

static const struct argument arguments[] = {
        {ARGUMENT_NUMBER, .letter = 's', .name = "seed", .value = "N",
         .text = "another day (default 1)", .offset = offsetof(struct arguments, seed),
         .max = UINT64_MAX / 2},
        {ARGUMENT_NUMBER, .letter = 'd', .name = "seconds", .value = "N",
         .text = "how long the show takes (default 20)",
         .offset = offsetof(struct arguments, seconds), .min = 1, .max = 600},
        {ARGUMENT_FLAG, .letter = 'p', .name = "plain",
         .text = "no repainting, a line a second (default where standard output is no terminal)",
         .offset = offsetof(struct arguments, plain)},
        {ARGUMENT_WORD, .name = "ports", .value = "af_xdp|af_packet|rings",
         .text = "these and no others", .offset = offsetof(struct arguments, ports_word)},
        {ARGUMENT_TEXT, .name = "keep", .value = "DIR",
         .text = "leave configuration, reports and books there",
         .offset = offsetof(struct arguments, keep)},
        {ARGUMENT_WORD, .name = "seal", .value = "kill|trap",
         .text = "the engine's core may make no system call any more (see genesis run --help); "
                 "rings",
         .offset = offsetof(struct arguments, seal)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_demo = {
        .name = COMMAND,
        .summary = "exchange and engine side by side, over lossy lines, checked at the end",
        .usage = "[OPTION...]",
        .text = "Runs `genesis exchange` and `genesis run` side by side and shows what the engine "
                "does while the exchange sends a made-up day on two lines: calm; bursts; losses on "
                "both lines at different places; a loss of the same messages on both; a black-out "
                "of one line; calm again. At the end every book is compared with the exchange's "
                "own, and what was lost with what no line carried.\n\n"
                "As root the lines are veth pairs in a network namespace of the demo's own, "
                "received with AF_XDP, or with AF_PACKET where AF_XDP cannot be had; otherwise "
                "rings in shared memory.",
        .arguments = arguments,
        .exits = "0 everything that was checked is right; 1 it is not, it was stopped, or "
                 "something could not be started. Where a busy machine's kernel dropped packets on "
                 "both lines, that is said and checked instead of the books; with rings it cannot "
                 "happen.",
        .run = enter,
};

static bool ports_given(const struct arguments *a)
{
	return a->ports_word != 0;
}

static int parse(int argc, char **argv, struct arguments *a)
{
	*a = (struct arguments){.seed = 1, .seconds = 20, .plain = !isatty(STDOUT_FILENO)};
	int rc = argument_parse(&command_demo, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
	if (optind != argc)
		return command_usage(COMMAND, "takes options only, not '%s'", argv[optind]);
	if (a->keep != NULL && (strlen(a->keep) == 0 || strlen(a->keep) > KEEP_LENGTH))
		return command_usage(COMMAND, "--keep: give a path of up to %u characters",
		                     KEEP_LENGTH);
	if (ports_given(a))
		a->ports = (enum demo_ports)(a->ports_word - 1);
	if (a->seal != SEAL_NONE && ports_given(a) && a->ports != DEMO_RINGS)
		return command_usage(COMMAND,
		                     "--seal: these ports need system calls, rings do not");
	if (a->seal != SEAL_NONE)
		a->ports = DEMO_RINGS;
	return EXIT_OK;
}

/* Ctrl-C in the middle must leave nothing behind. */
static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* The best ports that this machine may have, as far as can be told without opening them. */
static int choose(struct arguments *a, struct demo_plan *p)
{
	char error[DEMO_NET_ERROR_BYTES] = "not root";
	int rc = -EPERM;

	p->ports = a->ports;
	if (a->ports == DEMO_RINGS)
		return EXIT_OK;
	if (geteuid() == 0)
		rc = demo_net_create(error);
	if (rc == 0)
		return EXIT_OK;
	if (ports_given(a))
		return command_failed(COMMAND, "%s: %s", ports_names[a->ports], error);
	printf("No veth pairs (%s), so rings.\n", error);
	p->ports = DEMO_RINGS;
	return EXIT_OK;
}

static int show(const struct arguments *a, struct demo_plan *p)
{
	char reason[DEMO_REASON_BYTES];

	for (;;) {
		printf("Ports: %s\n", demo_ports_text(p->ports));
		switch (demo_show(p, !a->plain, &stopped, reason)) {
		case DEMO_GOOD:
			return EXIT_OK;
		case DEMO_BAD:
			return EXIT_FAILED;
		case DEMO_STOPPED:
			return command_failed(COMMAND,
			                      "stopped before the end, nothing was checked");
		case DEMO_NO_PORT:
			break;
		}
		if (ports_given(a) || p->ports == DEMO_RINGS)
			return command_failed(COMMAND, "%s", reason);
		printf("Not over %s: %s\n\n", ports_names[p->ports], reason);
		p->ports = p->ports == DEMO_AF_XDP ? DEMO_AF_PACKET : DEMO_RINGS;
	}
}

static int perform(struct arguments *a)
{
	struct demo_plan p = {.seed = a->seed, .seconds = a->seconds, .seal = a->seal};
	ssize_t bytes = readlink("/proc/self/exe", p.program, sizeof(p.program) - 1);

	if (bytes < 0)
		return command_failed(COMMAND, "/proc/self/exe: %s", strerror(errno));
	p.program[bytes] = '\0';
	snprintf(p.engine, sizeof(p.engine), "demo-%d", (int)getpid());
	int rc = demo_folder_create(p.folder, sizeof(p.folder), a->keep);

	if (rc != 0)
		return command_failed(COMMAND, "%s: %s", p.folder, strerror(-rc));
	rc = choose(a, &p);
	if (rc == EXIT_OK)
		rc = show(a, &p);
	demo_folder_remove(p.folder, a->keep != NULL);
	return rc;
}

static int enter(int argc, char **argv)
{
	struct arguments a;
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (a.seal != SEAL_NONE && !seal_is_possible()) {
		printf("SKIP: --seal: this build's sanitizer makes system calls of its own\n");
		return 77;
	}
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_stop}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_stop}, NULL);
	return perform(&a);
}
