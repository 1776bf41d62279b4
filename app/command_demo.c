/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The demo: a day that we make up ourselves goes over two lossy lines into a live engine: real
 * ports (rings inside the process), real polling core, real books. At the end the books are
 * compared with the maker's.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/command.h"
#include "app/demo_traffic.h"
#include "app/demo_view.h"
#include "app/engine.h"
#include "app/worker.h"
#include "dataplane/port/eal.h"

#define COMMAND      "demo"
#define RING_PACKETS 1024u
#define VIEW_NS      500000000ull
#define SETTLE_NS                                                                      \
	10000000000ull /* how long the engine may take to finish after the last packet \
	                */
#define EAL_MIB 128u

static const char configuration[] =
        "engine: {name: demo-%d, pool: 128MiB, dpdk_memory: 128MiB, publish_turns: 4096}\n"
        "cores:\n"
        "  - {name: worker, idle: %s}\n"
        "ports:\n"
        "  - {name: a, device: net_ring_demo_a, core: worker, buffers: 4096}\n"
        "  - {name: b, device: net_ring_demo_b, core: worker, buffers: 4096}\n"
        "feeds:\n"
        "  - name: itch\n"
        "    protocol: itch50\n"
        "    lines:\n"
        "      - {name: A, port: a, address: \"239.192.0.1:26400\"}\n"
        "      - {name: B, port: b, address: \"239.192.0.2:26400\"}\n"
        "    gap: {hold_max: 2s}\n"
        "    symbols_max: 1024\n"
        "groups:\n"
        "  - {name: books, feed: itch, symbols: all, symbols_max: 1024, orders_max: 1048576, "
        "levels_max: 262144}\n";

struct arguments {
	uint64_t seed;
	uint64_t seconds;
	bool plain;
	enum seal seal;
};

static const struct argument arguments[] = {
        {ARGUMENT_NUMBER, .letter = 's', .name = "seed", .value = "N",
         .text = "another day (default 1)", .offset = offsetof(struct arguments, seed),
         .max = UINT64_MAX / 2},
        {ARGUMENT_NUMBER, .letter = 'd', .name = "seconds", .value = "N",
         .text = "how long the show takes (default 14)",
         .offset = offsetof(struct arguments, seconds), .min = 1, .max = 3600},
        {ARGUMENT_FLAG, .letter = 'p', .name = "plain",
         .text = "no repainting, a line twice a second (default where standard output is no "
                 "terminal)",
         .offset = offsetof(struct arguments, plain)},
        {ARGUMENT_WORD, .name = "seal", .value = "kill|trap",
         .text = "the polling core may make no system call any more (see genesis run --help)",
         .offset = offsetof(struct arguments, seal)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_demo = {
        .name = COMMAND,
        .summary = "a made-up day on two lossy lines through a live engine, checked at the end",
        .usage = "[OPTION...]",
        .text = "Makes up a trading day, sends it over two lines that lose packets at different "
                "places into a live engine in this process (ring ports, one polling core), shows "
                "it working, and compares every book with the maker's at the end.",
        .arguments = arguments,
        .exits = "0 the books are the maker's; 1 they are not, or the engine could not be started.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	*a = (struct arguments){.seed = 1, .seconds = 14, .plain = !isatty(STDOUT_FILENO)};
	int rc = argument_parse(&command_demo, argc, argv, a);

	if (rc != EXIT_OK || optind == argc)
		return rc;
	return command_usage(COMMAND, "takes options only, not '%s'", argv[optind]);
}

/* Ctrl-C in the middle must not leave files and huge pages behind. */
static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

struct demo {
	const struct arguments *arguments;
	struct demo_traffic traffic;
	struct config config;
	struct engine *engine;
	struct workers workers;
	struct eal_ring_port *rings[2];
	struct demo_view view;
	uint64_t start_ns;
	uint64_t next_view_ns;
};

static void look(struct demo *d)
{
	uint64_t now_ns = clock_now_ns();

	if (now_ns < d->next_view_ns)
		return;
	d->next_view_ns = now_ns + VIEW_NS;
	engine_control_poll(d->engine, now_ns);
	demo_view_draw(&d->view, now_ns - d->start_ns, stdout);
}

/* Sends every packet at its time. A full ring is waited for: what the lines lose was decided
 * beforehand. */
static void play(struct demo *d)
{
	for (uint64_t i = 0; i < d->traffic.packet_count && !stopped; i++) {
		const struct demo_packet *p = &d->traffic.packets[i];

		while (!stopped && clock_now_ns() < d->start_ns + p->due_ns) {
			look(d);
			nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
		}
		while (!stopped &&
		       eal_ring_port_send(d->rings[p->line], d->traffic.bytes + p->offset,
		                          p->bytes) == -ENOBUFS)
			nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
		look(d);
	}
	uint64_t end_ns = clock_now_ns() + SETTLE_NS;
	const struct shared_feed *f = &d->engine->shared->feeds[0];

	while (!stopped && clock_now_ns() < end_ns &&
	       atomic_load_explicit(&f->messages[0], memory_order_relaxed) < d->traffic.messages) {
		look(d);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

static int start(struct demo *d, char error[ENGINE_ERROR_BYTES])
{
	struct eal_options eal = {.program = "genesis",
	                          .huge_pages = memory_huge_pages_free() >= EAL_MIB,
	                          .memory_mib = EAL_MIB,
	                          .main_cpu = -1};
	struct engine_options o = {.shared = true, .boards = true};
	int rc = eal_start(&eal, error);

	if (rc == 0)
		rc = eal_ring_port_create(&d->rings[0], "net_ring_demo_a", RING_PACKETS, error);
	if (rc == 0)
		rc = eal_ring_port_create(&d->rings[1], "net_ring_demo_b", RING_PACKETS, error);
	if (rc == 0)
		rc = engine_create(&d->engine, &d->config, &o, error);
	if (rc == 0)
		rc = engine_open_ports(d->engine, error);
	if (rc == 0)
		rc = d->arguments->seal == SEAL_NONE ? 0 : seal_check(d->engine, error);
	seal_prepare(d->arguments->seal);
	if (rc == 0)
		rc = workers_start(&d->workers, d->engine, d->arguments->seal, error);
	if (rc != 0)
		return rc;
	atomic_store_explicit(&d->engine->shared->state, SHARED_RUNNING, memory_order_release);
	d->view = (struct demo_view){.shared = d->engine->shared,
	                             .board = &d->engine->feeds[0].board,
	                             .messages_expected = d->traffic.messages,
	                             .repaint = !d->arguments->plain};
	return 0;
}

static int line_of_difference(const char *a, const char *b, char where[128])
{
	int line = 1;
	const char *start = a;

	while (*a != '\0' && *a == *b) {
		if (*a == '\n') {
			line++;
			start = a + 1;
		}
		a++;
		b++;
	}
	snprintf(where, 128, "%.*s", (int)strcspn(start, "\n"), start);
	return line;
}

static int check(const char *what, bool good)
{
	printf("  %s  %s\n", good ? "ok  " : "FAIL", what);
	return good ? 0 : 1;
}

static int verdict(struct demo *d)
{
	const struct engine_feed *f = &d->engine->feeds[0];
	const struct arbiter_stats *a = arbiter_stats(&f->receive.arbiter);
	const struct demo_traffic *t = &d->traffic;
	char *books = NULL;
	size_t books_bytes = 0;
	FILE *out = open_memstream(&books, &books_bytes);
	char text[256];
	char where[128];
	int bad = 0;

	if (out == NULL)
		return command_failed(COMMAND, "out of memory");
	int rc = engine_write_books(d->engine, 0, out);

	fclose(out);
	printf("\nWhat was checked\n");
	snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " messages applied once, in order",
	         f->scan->counts.messages, t->messages);
	bad += check(text, f->scan->counts.messages == t->messages);
	snprintf(text, sizeof(text),
	         "line A lost %" PRIu64 " messages, line B %" PRIu64
	         "; the other line healed %" PRIu64 ", %" PRIu64 " were lost",
	         t->lost_messages[0], t->lost_messages[1], a->healed_by_other_line,
	         a->lost_messages);
	bad += check(text, a->lost_messages == 0);
	bool equal = rc == 0 && books != NULL && books_bytes == t->books_bytes &&
	             memcmp(books, t->books, books_bytes) == 0;

	if (equal || rc != 0 || books == NULL)
		snprintf(text, sizeof(text),
		         "all books of %u symbols equal the maker's (%zu bytes of CSV)",
		         directory_count(&f->directory), t->books_bytes);
	else
		snprintf(text, sizeof(text), "the books differ from the maker's at line %d: %.100s",
		         line_of_difference(t->books, books, where), where);
	bad += check(text, equal);
	const char *broken = book_set_check(&d->engine->groups[0].group.books);

	snprintf(text, sizeof(text), "sums, queues and index inside the books agree%s%s",
	         broken == NULL ? "" : ": ", broken == NULL ? "" : broken);
	bad += check(text, broken == NULL);
	free(books);
	return bad == 0 ? EXIT_OK : EXIT_FAILED;
}

static void finish(struct demo *d)
{
	workers_stop(&d->workers);
	engine_destroy(d->engine);
	for (int i = 0; i < 2; i++)
		if (d->rings[i] != NULL)
			eal_ring_port_destroy(d->rings[i]);
	eal_stop();
	config_finish(&d->config);
	demo_traffic_free(&d->traffic);
}

static int load(struct demo *d)
{
	static const char *const protocols[] = {"itch50", NULL};
	struct config_error error;
	char text[sizeof(configuration) + 16];
	int bytes = snprintf(text, sizeof(text), configuration, (int)getpid(),
	                     d->arguments->seal == SEAL_NONE ? "yield" : "pause");

	if (config_load_text(&d->config, text, (uint64_t)bytes, "demo",
	                     &(struct config_context){.protocols = protocols}, &error) == 0)
		return EXIT_OK;
	return command_failed(COMMAND, "%s", error.text);
}

static int enter(int argc, char **argv)
{
	struct arguments a;
	char error[ENGINE_ERROR_BYTES];
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (a.seal != SEAL_NONE && !seal_is_possible()) {
		printf("SKIP: --seal: this build's sanitizer makes system calls of its own\n");
		return 77;
	}
	struct demo d = {.arguments = &a};
	struct demo_traffic_options o = {.seed = a.seed,
	                                 .messages = 100000 * a.seconds,
	                                 .symbols = 500,
	                                 .loss_ppm = 10000,
	                                 .duration_ns = a.seconds * 1000000000ull};

	printf("Making up a day of %" PRIu64 " messages in %u symbols, seed %" PRIu64 " ...\n",
	       o.messages, o.symbols, a.seed);
	fflush(stdout);
	rc = demo_traffic_make(&d.traffic, &o);
	if (rc != 0)
		return command_failed(COMMAND, "cannot make the day: %s", strerror(-rc));
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_stop}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_stop}, NULL);
	rc = load(&d);
	if (rc == EXIT_OK && start(&d, error) != 0)
		rc = command_failed(COMMAND, "%s", error);
	if (rc == EXIT_OK) {
		d.start_ns = clock_now_ns();
		play(&d);
		workers_stop(&d.workers);
		demo_view_draw(&d.view, clock_now_ns() - d.start_ns, stdout);
		rc = stopped ? command_failed(COMMAND,
		                              "stopped before the end, nothing was checked")
		             : verdict(&d);
	}
	finish(&d);
	return rc;
}
