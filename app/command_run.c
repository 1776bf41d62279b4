/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/clock.h"
#include "app/command.h"
#include "app/engine_host.h"
#include "app/status_text.h"
#include "app/worker.h"
#include "dataplane/port/eal.h"

#define COMMAND         "run"
#define CONTROL_POLL_NS 100000000l

struct arguments {
	const char *config;
	const char *books;
	uint64_t duration_s; /* 0: until a signal */
	bool json;
	bool quiet;
	enum seal seal;
};

static const struct argument arguments[] = {
        {ARGUMENT_NUMBER, .letter = 'd', .name = "duration", .value = "SECONDS",
         .text = "stop by itself after so long", .offset = offsetof(struct arguments, duration_s),
         .min = 1, .max = 10000000},
        {ARGUMENT_TEXT, .letter = 'b', .name = "books", .value = "FILE",
         .text = "write the books at the end as CSV (first feed; FILE.NAME for each further one)",
         .offset = offsetof(struct arguments, books)},
        {ARGUMENT_FLAG, .letter = 'j', .name = "json",
         .text = "the summary as one JSON object (the object of `genesis status --json`)",
         .offset = offsetof(struct arguments, json)},
        {ARGUMENT_FLAG, .letter = 'q', .name = "quiet", .text = "no summary",
         .offset = offsetof(struct arguments, quiet)},
        {ARGUMENT_WORD, .name = "seal", .value = "kill|trap",
         .text = "workers may make no system call any more: the first one kills the process, or "
                 "says which it was and ends it; needs PCI, memif, ring or null ports and idle "
                 "spin or pause",
         .offset = offsetof(struct arguments, seal)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_run = {
        .name = COMMAND,
        .summary = "run the engine of a configuration",
        .usage = "[OPTION...] CONFIG",
        .operand = "FILE",
        .text = "Runs the engine of a configuration until SIGINT or SIGTERM, then prints a "
                "summary.",
        .arguments = arguments,
        .notes = "While it runs, `genesis status` and `genesis books` read it from outside.",
        .exits = "0 stopped cleanly; 1 a port, memory or file cannot be had; 2 wrong usage or "
                 "configuration.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	int rc = argument_parse(&command_run, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
	if (optind + 1 != argc)
		return command_usage(COMMAND, "give one configuration file");
	a->config = argv[optind];
	return EXIT_OK;
}

static int start_eal(const struct config *c, char error[ENGINE_ERROR_BYTES])
{
	struct eal_options o = {
	        .program = "genesis",
	        .huge_pages = c->engine.huge_pages == CONFIG_HUGE_YES ||
	                      (c->engine.huge_pages == CONFIG_HUGE_AUTO &&
	                       memory_huge_pages_free() * 2 >= c->engine.dpdk_memory_mib),
	        .memory_mib = c->engine.dpdk_memory_mib,
	        .extra = c->engine.eal,
	        .main_cpu = -1,
	};
	uint32_t pci = 0;

	for (uint32_t i = 0;
	     i < c->port_count && pci + 1 < sizeof(o.pci_allow) / sizeof(o.pci_allow[0]); i++)
		/* "0000:17:00.0": vdevs begin with "net_", existing names are looked up. */
		if (strchr(c->ports[i].device, ':') != NULL &&
		    strncmp(c->ports[i].device, "net_", 4) != 0)
			o.pci_allow[pci++] = c->ports[i].device;
	return eal_start(&o, error);
}

/* Control's loop until a signal or the duration's end: counters and links a few times per second,
 * and the ports' own addresses, if they have any, far more often. */
static void control(struct engine *e, uint64_t duration_s, const sigset_t *signals)
{
	uint64_t end_ns = duration_s == 0 ? UINT64_MAX : clock_now_ns() + duration_s * 1000000000u;
	const struct timespec wait = {.tv_nsec = engine_has_hosts(e) ? ENGINE_HOST_POLL_NS
	                                                             : CONTROL_POLL_NS};
	uint64_t now_ns = clock_now_ns();
	uint64_t poll_ns = now_ns;

	while (now_ns < end_ns) {
		int signal = sigtimedwait(signals, NULL, &wait);

		if (signal == SIGINT || signal == SIGTERM)
			break;
		now_ns = clock_now_ns();
		if (now_ns >= poll_ns) {
			engine_control_poll(e, now_ns);
			poll_ns = now_ns + CONTROL_POLL_NS;
		}
		engine_hosts_poll(e, now_ns);
	}
	engine_hosts_leave(e);
}

static int write_books(const struct engine *e, const char *base)
{
	for (uint32_t i = 0; i < e->config->feed_count; i++) {
		char path[1024];

		if (i == 0)
			snprintf(path, sizeof(path), "%s", base);
		else
			snprintf(path, sizeof(path), "%s.%s", base, e->config->feeds[i].name);
		FILE *out = fopen(path, "w");
		int rc = out == NULL ? -errno : engine_write_books(e, i, out);

		if (out != NULL && fclose(out) != 0 && rc == 0)
			rc = -errno;
		if (rc != 0)
			return command_failed(COMMAND, "%s: %s", path, strerror(-rc));
	}
	return EXIT_OK;
}

static int finish(struct engine *e, const struct arguments *a)
{
	char error[ENGINE_ERROR_BYTES];
	int rc = a->books == NULL ? EXIT_OK : write_books(e, a->books);

	if (rc == EXIT_OK && engine_write_reports(e, error) != 0)
		rc = command_failed(COMMAND, "%s", error);
	engine_control_poll(e, clock_now_ns());
	if (a->json)
		rc = status_json(e->shared, stdout) == 0 ? rc : EXIT_FAILED;
	else if (!a->quiet)
		status_text(e->shared, stdout);
	return rc;
}

static void print_notes(const struct config *c)
{
	char text[ENGINE_HOST_TEXT_BYTES];

	for (uint32_t i = 0; i < c->port_count; i++)
		if (engine_host_note(c, i, text) != NULL)
			fprintf(stderr, "genesis run: %s\n", text);
}

static int run(const struct config *c, const struct arguments *a, const sigset_t *signals)
{
	struct engine_options o = {.shared = true, .boards = true, .requests = ENGINE_REQUESTS_ALL};
	struct engine *e = NULL;
	struct workers workers = {0};
	char error[ENGINE_ERROR_BYTES];
	bool wrong = false;

	if (start_eal(c, error) != 0)
		return command_failed(COMMAND, "%s", error);
	int rc = engine_create(&e, c, &o, error);

	if (rc == 0)
		rc = engine_open_ports(e, error);
	if (rc == 0) {
		engine_control_poll(e, clock_now_ns());
		if (a->seal != SEAL_NONE)
			rc = seal_check(e, error);
		wrong = rc != 0;
		seal_prepare(a->seal);
		if (rc == 0)
			rc = workers_start(&workers, e, a->seal, error);
	}
	if (rc != 0) {
		command_failed(COMMAND, "%s", error);
		engine_destroy(e);
		eal_stop();
		return wrong ? EXIT_USAGE : EXIT_FAILED;
	}
	if (!e->state.huge && c->engine.huge_pages != CONFIG_HUGE_NO)
		fprintf(stderr,
		        "genesis run: not enough free huge pages, using 4 KiB pages (slower); "
		        "`genesis check` says how many it wants\n");
	print_notes(c);
	atomic_store_explicit(&e->shared->state, SHARED_RUNNING, memory_order_release);
	control(e, a->duration_s, signals);
	workers_stop(&workers);
	rc = finish(e, a);
	engine_destroy(e);
	eal_stop();
	return rc;
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	struct config c = {0};
	sigset_t signals;
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	rc = command_load_config(COMMAND, a.config, &c);
	if (rc != EXIT_OK)
		return rc;
	if (a.seal != SEAL_NONE && !seal_is_possible()) {
		fprintf(stderr, "genesis run: --seal is skipped: this build's sanitizer makes "
		                "system calls of its own\n");
		a.seal = SEAL_NONE;
	}
	if (c.port_count == 0) {
		config_finish(&c);
		return command_usage(COMMAND,
		                     "%s: has no ports; `genesis replay --config` reads captures",
		                     a.config);
	}
	/* Blocked before any thread is made, so that they reach control's sigtimedwait() and nobody
	 * else. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	rc = run(&c, &a, &signals);
	config_finish(&c);
	return rc;
}
