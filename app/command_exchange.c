/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/exchange_report.h"
#include "dataplane/port/capture.h"

#define COMMAND "exchange"

static volatile sig_atomic_t stop;

static void help_source(void)
{
	printf("usage: genesis exchange --line-a [DEVICE=]ADDR:PORT [OPTION...]\n\n"
	       "A test venue: makes up a trading day from a seed (or reads one), cuts it into the "
	       "packets of one or two lines\n"
	       "(MoldUDP64), impairs each line by its own dice, sends them through DPDK ports, and "
	       "gives an exact account of what\n"
	       "it sent. It sends to nothing but the ports and addresses it is given.\n\n"
	       "What is sent\n"
	       "      --seed N           another day (default 1); the same options give the same "
	       "packets\n"
	       "      --messages N       of a session (default 100000)\n"
	       "      --symbols N        (default 1000)\n"
	       "      --live-orders N    orders resting at most (default: what suits the number of "
	       "messages)\n"
	       "      --protocol NAME    itch50, the only one\n"
	       "      --sessions N       days one after the other, up to %u, each a session and a "
	       "seed of its own (default 1)\n"
	       "      --heartbeat TIME   idle time that brings a heartbeat (default 1s)\n"
	       "      --input FILE       instead of a made-up day: a BinaryFILE, or a capture "
	       "whose "
	       "MoldUDP64 datagrams are sent\n"
	       "                         again as they are\n"
	       "      --input-line A:ADDR:PORT  what line A takes of a capture; then B:ADDR:PORT "
	       "(default: the first two\n"
	       "                         destinations; where there is one, both lines send it)\n\n",
	       EXCHANGE_SESSIONS_MAX);
}

static void help_lines(void)
{
	printf("Where to and how fast\n"
	       "      --line-a [DEVICE=]ADDR:PORT  line A: a device as in configurations, and its "
	       "UDP destination. Without a\n"
	       "      --line-b [DEVICE=]ADDR:PORT  device nothing is sent, only files are written. "
	       "Both lines may name one device\n"
	       "      --rate RATE        packets/s:N (both lines together), messages/s:N, times:X "
	       "(as recorded, X times faster)\n"
	       "                         or flat (as fast as the ports take it); default "
	       "messages/s:100000\n"
	       "      --count N          ends after N packets\n"
	       "      --duration TIME    ends after so long\n\n"
	       "What goes wrong; VALUE for both lines, A:VALUE or B:VALUE for one. P is parts per "
	       "million of packets, or 0.1%%;\n"
	       "times are of sending (flat: as if a million messages were sent per second)\n"
	       "      --loss P           lost one by one\n"
	       "      --burst-loss P[/N] chance that a loss of 1 to N (default 40) packets begins\n"
	       "      --duplicate P      sent twice\n"
	       "      --reorder P[/TIME] held back by up to TIME (default 2ms)\n"
	       "      --skew TIME        the line runs behind by TIME\n"
	       "      --corrupt P        one bit of the payload flipped, the checksum left as it "
	       "was; counted as lost, for a reader\n"
	       "                         that verifies checksums (verify_udp_checksum)\n"
	       "      --blackout T:D     from T after the start nothing comes for D, heartbeats "
	       "neither; up to %u per line\n\n",
	       DAY_BLACKOUTS_MAX);
}

static void help_files(void)
{
	printf("What is written\n"
	       "      --write-pcap FILE    the packets as they are to be sent, at their times\n"
	       "      --write-binary FILE  the messages of the whole day, unimpaired (BinaryFILE)\n"
	       "      --books FILE         the books of a right reader of what was sent, as CSV\n"
	       "      --report FILE        the account as JSON: per line, and every range of "
	       "messages that no line carried\n"
	       "  -q, --quiet              no summary\n"
	       "  -h, --help               this text\n\n"
	       "Everything is prepared in memory before the first packet leaves (about 250 bytes "
	       "per packet). It ends when all is\n"
	       "sent, by count or duration, or by SIGINT or SIGTERM; books and report are of what "
	       "was sent until then.\n"
	       "Exit code: 0 done; 1 a port or file cannot be had, or a port took nothing for 10 "
	       "s; "
	       "2 wrong usage.\n");
}

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
                   const struct exchange_sender *sender)
{
	struct exchange_account a;
	int error = exchange_account_make(&a, &m->packets, sender == NULL);

	if (error != 0)
		return command_failed(COMMAND, "%s", strerror(-error));
	struct exchange_report r = {.options = o, .made = m, .account = &a, .sender = sender};
	int rc = write_file(o->books, write_books, &r);

	if (rc == EXIT_OK)
		rc = write_file(o->report, write_report, &r);
	if (!o->quiet)
		exchange_report_text(&r, stdout);
	exchange_account_finish(&a);
	return rc;
}

static int send_all(const struct exchange_options *o, struct exchange_made *m)
{
	struct exchange_sender s;
	char error[EXCHANGE_ERROR_BYTES];

	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	int rc = exchange_sender_open(&s, &m->packets, o, error);

	if (rc == 0) {
		rc = exchange_sender_run(&s, &stop, error);
		int written = account(o, m, &s);

		if (rc == 0 && written != EXIT_OK) {
			exchange_sender_close(&s);
			return written;
		}
	}
	exchange_sender_close(&s);
	return rc == 0 ? EXIT_OK : command_failed(COMMAND, "%s", error);
}

int command_exchange(int argc, char **argv)
{
	struct exchange_options o;
	struct exchange_made m;
	char error[EXCHANGE_ERROR_BYTES];
	int rc = exchange_options_parse(&o, argc, argv);

	if (rc != EXIT_OK)
		return rc;
	if (o.help) {
		help_source();
		help_lines();
		help_files();
		return EXIT_OK;
	}
	int made = exchange_make(&m, &o, error);

	if (made != 0) {
		command_failed(COMMAND, "%s", error);
		return made == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	rc = write_pcap(&o, &m);
	if (rc == EXIT_OK)
		rc = o.line[0].device[0] == '\0' ? account(&o, &m, NULL) : send_all(&o, &m);
	exchange_made_finish(&m);
	return rc;
}
