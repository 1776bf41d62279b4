/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "app/attach.h"
#include "app/clock.h"
#include "app/command.h"
#include "app/demo_net.h"
#include "app/demo_process.h"
#include "app/demo_verdict.h"
#include "app/demo_view.h"

#define LOOK_MS     10
#define VIEW_NS     500000000ull
#define QUIET_NS    5000000000ull /* more than hold_max */
#define QUIET_TURNS 1000u         /* and the engine did have its turns */
#define SETTLE_NS   60000000000ull
#define PLAIN_VIEWS 2 /* of so many views a line */

struct show {
	const struct demo_plan *plan;
	const volatile sig_atomic_t *stopped;
	char *reason;
	struct demo_process engine;
	struct demo_process exchange;
	struct attach attach;
	struct board board;
	struct demo_view view;
	struct demo_sent sent;
	uint64_t start_ns; /* of the first packet */
	uint64_t next_view_ns;
};

static void rest(void)
{
	nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000l}, NULL);
}

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static uint64_t line_packets(const struct show *s, uint32_t line)
{
	return load(&s->attach.shared->feeds[0].lines[line].stats[0]);
}

static enum demo_result no_port(struct show *s, const char *who, const char *file)
{
	char path[DEMO_PATH_BYTES];
	char line[DEMO_REASON_BYTES / 2];

	demo_plan_path(s->plan, file, path);
	demo_process_last_line(path, line, sizeof(line));
	snprintf(s->reason, DEMO_REASON_BYTES, "%s", line[0] != '\0' ? line : who);
	return DEMO_NO_PORT;
}

static int start(struct show *s, struct demo_process *p, const struct demo_command *c,
                 const char *name)
{
	char file[32];
	char out[DEMO_PATH_BYTES];
	char error[DEMO_PATH_BYTES];

	/* The engine's standard output is its report. */
	snprintf(file, sizeof(file), "%s.json", name);
	if (p == &s->exchange)
		snprintf(file, sizeof(file), "%s.out", name);
	demo_plan_path(s->plan, file, out);
	snprintf(file, sizeof(file), "%s.err", name);
	demo_plan_path(s->plan, file, error);
	struct demo_process_options o = {
	        .argv = c->argv,
	        .out_path = out,
	        .error_path = error,
	        .net = p == &s->exchange && s->plan->ports != DEMO_RINGS ? demo_net_venue() : -1};

	return demo_process_start(p, &o);
}

static enum demo_result start_engine(struct show *s)
{
	struct demo_command c;
	char error[ATTACH_ERROR_BYTES];

	demo_plan_run(s->plan, &c);
	printf("\nThe two commands, as one would type them%s:\n",
	       s->plan->ports == DEMO_RINGS ? "" : " (each in its network namespace)");
	demo_command_print(&c, stdout);
	if (demo_plan_write_config(s->plan) != 0 || start(s, &s->engine, &c, "engine") != 0)
		return no_port(s, "the engine cannot be started", "engine.err");
	for (;; rest()) {
		if (*s->stopped)
			return DEMO_STOPPED;
		if (!demo_process_runs(&s->engine))
			return no_port(s, "the engine ended at once", "engine.err");
		if (s->attach.shared == NULL &&
		    attach_open(&s->attach, s->plan->engine, error) != 0)
			continue;
		if (atomic_load_explicit(&s->attach.shared->state, memory_order_acquire) ==
		    SHARED_RUNNING)
			break;
	}
	return attach_board(&s->attach, 0, &s->board) == 0
	               ? DEMO_GOOD
	               : no_port(s, "the engine has no board", "engine.err");
}

static enum demo_result start_exchange(struct show *s)
{
	struct demo_command c;

	demo_plan_exchange(s->plan, &c);
	demo_command_print(&c, stdout);
	printf("\nThe exchange makes a day of %" PRIu64 " messages in %u symbols, seed %" PRIu64
	       " ...\n",
	       demo_plan_messages(s->plan), DEMO_SYMBOLS, s->plan->seed);
	fflush(stdout);
	if (start(s, &s->exchange, &c, "exchange") != 0)
		return no_port(s, "the exchange cannot be started", "exchange.err");
	while (line_packets(s, 0) + line_packets(s, 1) == 0) {
		if (*s->stopped)
			return DEMO_STOPPED;
		if (!demo_process_runs(&s->exchange) || !demo_process_runs(&s->engine))
			return no_port(s, "the exchange sent nothing", "exchange.err");
		rest();
	}
	s->start_ns = clock_now_ns();
	s->next_view_ns = s->start_ns + VIEW_NS;
	return DEMO_GOOD;
}

static void look(struct show *s, bool now)
{
	uint64_t now_ns = clock_now_ns();

	demo_view_act(&s->view, now_ns - s->start_ns, stdout);
	if (now_ns < s->next_view_ns && !now)
		return;
	if (now && load(&s->attach.shared->feeds[0].messages[0]) == s->view.last.messages)
		return; /* the last picture has it all */
	s->next_view_ns = now_ns + (s->view.repaint ? VIEW_NS : PLAIN_VIEWS * VIEW_NS);
	demo_view_draw(&s->view, now_ns - s->start_ns, stdout);
}

/* Has the engine everything that was sent? */
static bool has_all(const struct show *s)
{
	const struct shared_feed *f = &s->attach.shared->feeds[0];
	struct arbiter_stats a;

	SHARED_COPY(&a, f->arbiter);
	return line_packets(s, 0) >= s->sent.packets[0] &&
	       line_packets(s, 1) >= s->sent.packets[1] &&
	       load(&f->messages[0]) + a.lost_messages >= s->sent.messages + s->sent.lost;
}

/* Until the engine has all, or had its turns for a while and nothing came. */
static void settle(struct show *s)
{
	const struct shared *e = s->attach.shared;
	uint64_t end_ns = clock_now_ns() + SETTLE_NS;
	uint64_t quiet_ns = 0;
	uint64_t turns = 0;
	uint64_t seen = UINT64_MAX;

	while (!*s->stopped && demo_process_runs(&s->engine) && !has_all(s)) {
		uint64_t now_ns = clock_now_ns();
		struct arbiter_stats a;

		SHARED_COPY(&a, e->feeds[0].arbiter);
		uint64_t sum = line_packets(s, 0) + line_packets(s, 1) + a.lost_messages;

		if (sum != seen) {
			seen = sum;
			quiet_ns = now_ns + QUIET_NS;
			turns = load(&e->cores[0].turns) + QUIET_TURNS;
		}
		if (now_ns > end_ns || (now_ns > quiet_ns && load(&e->cores[0].turns) > turns))
			break;
		look(s, false);
		rest();
	}
}

/* Until the exchange has sent everything, which its report tells: it stays until the engine has
 * gone, since a memif peer that goes away under a polling engine may take that along. */
static enum demo_result play(struct show *s)
{
	s->view.shared = s->attach.shared;
	s->view.board = &s->board;
	while (demo_sent_read(s->plan, &s->sent) != 0) {
		if (*s->stopped)
			return DEMO_STOPPED;
		if (!demo_process_runs(&s->exchange) || !demo_process_runs(&s->engine)) {
			bool exchange = s->exchange.pid == 0;

			no_port(s, exchange ? "the exchange broke off" : "the engine broke off",
			        exchange ? "exchange.err" : "engine.err");
			command_failed("demo", "%s", s->reason);
			return DEMO_BAD;
		}
		look(s, false);
		rest();
	}
	settle(s);
	if (*s->stopped)
		return DEMO_STOPPED;
	look(s, true);
	return DEMO_GOOD;
}

static enum demo_result judge(struct show *s)
{
	struct demo_outside o = {.until_gap = s->view.until_gap};

	demo_view_suspects(s->attach.shared, &s->board, &o.suspect, &o.books);
	demo_process_stop(&s->engine, SIGINT);
	demo_process_stop(&s->exchange, SIGINT);
	for (uint32_t i = 0; i < 2; i++)
		o.kernel_drops[i] = s->plan->ports == DEMO_RINGS ? 0 : demo_net_drops(i);
	o.engine_status = s->engine.status;
	o.exchange_status = s->exchange.status;
	return demo_verdict(s->plan, &s->sent, &o, stdout) == EXIT_OK ? DEMO_GOOD : DEMO_BAD;
}

enum demo_result demo_show(const struct demo_plan *p, bool repaint,
                           const volatile sig_atomic_t *stopped, char reason[DEMO_REASON_BYTES])
{
	struct show s = {.plan = p,
	                 .stopped = stopped,
	                 .reason = reason,
	                 .view = {.plan = p, .repaint = repaint}};
	enum demo_result result = start_engine(&s);

	if (result == DEMO_GOOD)
		result = start_exchange(&s);
	if (result == DEMO_GOOD)
		result = play(&s);
	if (result == DEMO_GOOD)
		result = judge(&s);
	demo_process_stop(&s.engine, SIGINT);
	demo_process_stop(&s.exchange, SIGINT);
	attach_close(&s.attach);
	return result;
}
