/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/clock.h"
#include "app/command.h"
#include "app/exchange_report.h"
#include "app/exchange_report_servers.h"
#include "dataplane/port/capture.h"

#define COMMAND "exchange"

static volatile sig_atomic_t stop;

static int enter(int argc, char **argv);

const struct command command_exchange = {
        .name = COMMAND,
        .summary = "a test venue: send a made-up or recorded day on two impaired lines",
        .usage = "--line-a [DEVICE=]ADDR:PORT [OPTION...]",
        .text = "A test venue: makes up a trading day from a seed (or reads one), cuts it into the "
                "packets of one or two lines (MoldUDP64), impairs each line by its own dice, sends "
                "them through DPDK ports, and gives an exact account of what it sent. It sends to "
                "nothing but the ports and addresses it is given, and to who asks its servers.",
        .arguments = exchange_arguments,
        .notes = "Everything is prepared in memory before the first packet leaves (about 250 bytes "
                 "per packet). It ends when all is sent, by count or duration, or by SIGINT or "
                 "SIGTERM; books and report are of what was sent until then. Servers answer while "
                 "it sends and, with --linger, after that; the report is then written once more at "
                 "the end, with all that they did.\n\n" SERVE_SCRIPT_HELP,
        .exits = "0 done; 1 a port or file cannot be had, or a port took nothing for 10 s; 2 wrong "
                 "usage.",
        .run = enter,
};

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int write_pcap(const struct exchange_options *o, const struct exchange_made *m)
{
	char error[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;

	if (o->write_pcap == NULL)
		return EXIT_OK;
	if (capture_create(&w, o->write_pcap, error) != 0)
		return command_failed(COMMAND, "%s", error);
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < m->packets.count; i++) {
		const struct exchange_packet *p = &m->packets.list[i];

		rc = capture_write(w, p->frame, p->bytes, m->start_ns + p->due_ns);
	}
	int finished = capture_finish(w);

	if (rc == 0)
		rc = finished;
	return rc == 0 ? EXIT_OK : command_failed(COMMAND, "%s: %s", o->write_pcap, strerror(-rc));
}

static int write_books(const struct exchange_report *r, FILE *out)
{
	return day_referee_write_csv(r->account->books, out);
}

static int write_report(const struct exchange_report *r, FILE *out)
{
	exchange_report_json(r, out);
	return ferror(out) ? -EIO : 0;
}

static int write_file(const char *path, int (*write)(const struct exchange_report *, FILE *),
                      const struct exchange_report *r)
{
	if (path == NULL)
		return EXIT_OK;
	FILE *out = fopen(path, "w");
	int rc = out == NULL ? -errno : write(r, out);

	if (out != NULL && fclose(out) != 0 && rc == 0)
		rc = -errno;
	return rc == 0 ? EXIT_OK : command_failed(COMMAND, "%s: %s", path, strerror(-rc));
}

/* sender NULL: nothing was sent. */
static int account(const struct exchange_options *o, const struct exchange_made *m,
                   const struct exchange_sender *sender, const struct exchange_servers *servers)
{
	struct exchange_account a;
	int error = exchange_account_make(&a, &m->packets, sender == NULL);

	if (error != 0)
		return command_failed(COMMAND, "%s", strerror(-error));
	struct exchange_report r = {
	        .options = o, .made = m, .account = &a, .servers = servers, .sender = sender};
	int rc = write_file(o->books, write_books, &r);

	if (rc == EXIT_OK)
		rc = write_file(o->report, write_report, &r);
	if (!o->quiet)
		exchange_report_text(&r, stdout);
	exchange_account_finish(&a);
	return rc;
}

/* Some peers do not take it well when the other end goes away, and servers may be asked yet. */
static int linger(const struct exchange_options *o, const struct exchange_made *m,
                  const struct exchange_sender *s, const struct exchange_servers *servers)
{
	int rc = EXIT_OK;

	exchange_sender_linger(s, clock_now_ns() + o->linger_ns, &stop);
	if (servers == NULL)
		return EXIT_OK;
	/* What servers did is told last, and in the report once more with all else. */
	if (o->linger_ns > 0 && o->report != NULL) {
		struct exchange_options again = *o;

		again.quiet = true;
		again.books = NULL;
		rc = account(&again, m, s, servers);
	}
	if (!o->quiet)
		exchange_report_servers_text(servers, stdout);
	return rc;
}

static int send_and_serve(const struct exchange_options *o, struct exchange_made *m,
                          struct exchange_sender *s, struct exchange_servers *servers,
                          char error[EXCHANGE_ERROR_BYTES])
{
	if (servers != NULL)
		exchange_servers_start(servers, clock_now_ns());
	int sent = exchange_sender_run(s, &stop, error);
	int rc = account(o, m, s, servers);

	fflush(stdout);
	if (rc == EXIT_OK && sent == 0)
		rc = linger(o, m, s, servers);
	return sent == 0 ? rc : command_failed(COMMAND, "%s", error);
}

static int send_all(const struct exchange_options *o, struct exchange_made *m)
{
	struct exchange_sender s;
	struct exchange_servers *servers = NULL;
	char error[EXCHANGE_ERROR_BYTES];

	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	int rc = exchange_sender_open(&s, &m->packets, o, error);

	s.store = m->store;
	if (rc == 0)
		rc = exchange_servers_open(&servers, o, m->store, &s, error);
	rc = rc == 0 ? send_and_serve(o, m, &s, servers, error)
	             : command_failed(COMMAND, "%s", error);
	exchange_servers_close(servers);
	exchange_sender_close(&s);
	return rc;
}

static int enter(int argc, char **argv)
{
	struct exchange_options o;
	struct exchange_made m;
	char error[EXCHANGE_ERROR_BYTES];
	int rc = exchange_options_parse(&o, &command_exchange, argc, argv);

	if (rc != EXIT_OK)
		return rc;
	int made = exchange_make(&m, &o, error);

	if (made != 0) {
		command_failed(COMMAND, "%s", error);
		return made == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	rc = write_pcap(&o, &m);
	if (rc == EXIT_OK)
		rc = o.line[0].device[0] == '\0' ? account(&o, &m, NULL, NULL) : send_all(&o, &m);
	exchange_made_finish(&m);
	return rc;
}
