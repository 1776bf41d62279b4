/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_send.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/clock.h"
#include "app/memory.h"
#include "dataplane/port/eal.h"

#define EAL_MIB          128u
#define DESCRIPTORS      256u
#define BUFFERS          8192u /* AF_XDP sends out of these too, and fills its receive ring first */
#define BURST            32u
#define LINK_WAIT_NS     5000000000ull
#define STUCK_NS         10000000000ull
#define SETTLE_NS        200000000ull /* for what a driver or its peer still holds */
#define SETTLE_LOOK_NS   5000000u
#define SESSION_PAUSE_NS 50000000ull
#define POLL_NS          100000000ull
#define SLEEP_MIN_NS     100000u /* less is spent turning */
#define SLEEP_MAX_NS     10000000u

static void pause_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
	                             .tv_nsec = (long)(ns % 1000000000u)},
	          NULL);
}

/* "0000:17:00.0": virtual ones begin with "net_". */
static bool is_pci(const char *device)
{
	return strchr(device, ':') != NULL && strncmp(device, "net_", 4) != 0;
}

static int start_eal(const struct exchange_options *o, char error[EXCHANGE_ERROR_BYTES])
{
	struct eal_options e = {.program = "genesis",
	                        .huge_pages = memory_huge_pages_free() * 2 >= EAL_MIB,
	                        .memory_mib = EAL_MIB,
	                        .main_cpu = -1};
	uint32_t pci = 0;

	static_assert(DAY_FEED_LINES_MAX + EXCHANGE_SERVERS_MAX < 32, "they fit pci_allow");
	for (uint32_t i = 0; i < o->line_count; i++)
		if (is_pci(o->line[i].device))
			e.pci_allow[pci++] = o->line[i].device;
	for (uint32_t i = 0; i < o->servers.count; i++)
		if (is_pci(o->servers.list[i].device))
			e.pci_allow[pci++] = o->servers.list[i].device;
	return eal_start(&e, error);
}

int exchange_sender_open_port(struct port **port, const char *name, const char *device,
                              char error[EXCHANGE_ERROR_BYTES])
{
	struct port_options p = {.name = name,
	                         .device = device,
	                         .queues = 1,
	                         .descriptors = DESCRIPTORS,
	                         .buffers = BUFFERS,
	                         .frame_bytes_max = 1522,
	                         .socket = -1,
	                         .transmit = true};
	int rc = port_open(port, &p, error);

	return rc == 0 ? port_start(*port, error) : rc;
}

/* Which packets are the line's. */
static int find_packets(struct exchange_sender *s, uint32_t line)
{
	struct exchange_cursor *c = &s->line[line];

	c->packets = calloc(s->packets->count + 1, sizeof(*c->packets));
	if (c->packets == NULL)
		return -ENOMEM;
	for (uint64_t i = 0; i < s->packets->count; i++)
		if (s->packets->list[i].line == line)
			c->packets[c->count++] = i;
	return 0;
}

/* Where in the list the line stands; UINT64_MAX: at its end. */
static uint64_t place(const struct exchange_cursor *c)
{
	return c->next < c->count ? c->packets[c->next] : UINT64_MAX;
}

/* A memif has no link before its peer comes, a NIC negotiates; a link that does not come is no
 * reason to send nothing. */
static void wait_for_links(const struct exchange_sender *s)
{
	uint64_t end_ns = clock_now_ns() + LINK_WAIT_NS;
	bool up = false;

	while (!up && clock_now_ns() < end_ns) {
		up = true;
		for (uint32_t i = 0; i < s->line_count; i++) {
			port_poll(s->line[i].port, clock_now_ns());
			up = up && port_stats(s->line[i].port)->link_up != 0;
		}
		if (!up)
			pause_ns(10000000);
	}
}

int exchange_sender_open(struct exchange_sender *s, struct exchange_packets *packets,
                         const struct exchange_options *o, char error[EXCHANGE_ERROR_BYTES])
{
	static const char *const names[DAY_FEED_LINES_MAX] = {"A", "B"};

	*s = (struct exchange_sender){.packets = packets,
	                              .options = o,
	                              .line_count = o->line_count,
	                              .flat = o->pace.rate == EXCHANGE_FLAT};
	int rc = start_eal(o, error);

	for (uint32_t i = 0; rc == 0 && i < s->line_count; i++) {
		struct exchange_cursor *c = &s->line[i];

		rc = find_packets(s, i);
		if (rc != 0) {
			snprintf(error, EXCHANGE_ERROR_BYTES, "%s", strerror(-rc));
			break;
		}
		c->port_shared = i > 0 && strcmp(o->line[i].device, o->line[0].device) == 0;
		if (c->port_shared)
			c->port = s->line[0].port;
		else
			rc = exchange_sender_open_port(&c->port, names[i], o->line[i].device,
			                               error);
	}
	if (rc == 0)
		wait_for_links(s);
	return rc;
}

/* The time at which the packet may leave; UINT64_MAX: not now, others come first. */
static uint64_t leave_ns(const struct exchange_sender *s, uint64_t index)
{
	const struct exchange_packet *p = &s->packets->list[index];

	if (p->run > s->run)
		return UINT64_MAX;
	for (uint32_t i = 0; i < s->line_count; i++)
		if (place(&s->line[i]) < index && index - place(&s->line[i]) > EXCHANGE_AHEAD_MAX)
			return UINT64_MAX;
	uint64_t due_ns = s->flat ? s->start_ns : s->start_ns + p->due_ns;

	return due_ns < s->run_from_ns ? s->run_from_ns : due_ns;
}

/* One burst of what is due on the line; returns how many were sent. */
static uint32_t send_line(struct exchange_sender *s, uint32_t line, uint64_t now_ns)
{
	struct exchange_cursor *c = &s->line[line];
	struct port_frame frames[BURST];
	uint32_t count = 0;
	uint32_t sent;

	while (count < BURST && c->next + count < c->count) {
		uint64_t i = c->packets[c->next + count];

		if (leave_ns(s, i) > now_ns)
			break;
		frames[count++] = (struct port_frame){.data = s->packets->list[i].frame,
		                                      .bytes = s->packets->list[i].bytes};
	}
	if (count == 0)
		return 0;
	enum port_send verdict = port_send_burst(port_queue(c->port, 0), frames, count, &sent);

	s->full += verdict == PORT_SEND_FULL;
	s->no_buffer += verdict == PORT_SEND_NO_BUFFER;
	for (uint32_t i = 0; i < sent; i++) {
		struct exchange_packet *p = &s->packets->list[c->packets[c->next++]];

		p->sent = true;
		if (s->store != NULL && !p->corrupt && p->sequence != 0)
			day_store_tell(s->store, p->run, p->sequence + p->claimed);
	}
	s->sent += sent;
	return sent;
}

/* The earliest time at which any line may send; UINT64_MAX: all is sent, or sessions change. */
static uint64_t earliest_ns(const struct exchange_sender *s)
{
	uint64_t earliest = UINT64_MAX;

	for (uint32_t i = 0; i < s->line_count; i++) {
		uint64_t next = place(&s->line[i]);
		uint64_t at_ns = next == UINT64_MAX ? UINT64_MAX : leave_ns(s, next);

		if (at_ns < earliest)
			earliest = at_ns;
	}
	return earliest;
}

/* The next session that some line still has; false: none. */
static bool next_run(struct exchange_sender *s, uint64_t now_ns)
{
	uint32_t run = UINT32_MAX;

	for (uint32_t i = 0; i < s->line_count; i++)
		if (place(&s->line[i]) != UINT64_MAX) {
			uint32_t here = s->packets->list[place(&s->line[i])].run;

			run = here < run ? here : run;
		}
	if (run == UINT32_MAX)
		return false;
	assert(run > s->run);
	s->run = run;
	s->run_from_ns = now_ns + SESSION_PAUSE_NS;
	return true;
}

static void poll_ports(const struct exchange_sender *s, uint64_t now_ns)
{
	for (uint32_t i = 0; i < s->line_count; i++)
		if (s->line[i].port != NULL && !s->line[i].port_shared)
			port_poll(s->line[i].port, now_ns);
}

static void wait_until(uint64_t at_ns, uint64_t now_ns)
{
	uint64_t ns = at_ns > now_ns ? at_ns - now_ns : 0;

	if (ns > SLEEP_MIN_NS)
		pause_ns(ns - SLEEP_MIN_NS / 2 < SLEEP_MAX_NS ? ns - SLEEP_MIN_NS / 2
		                                              : SLEEP_MAX_NS);
}

static uint64_t turn_aside(const struct exchange_sender *s, uint64_t now_ns)
{
	return s->aside.turn == NULL ? UINT64_MAX : s->aside.turn(s->aside.state, now_ns);
}

/* Lets drivers push out what they hold, and peers take it. */
static void settle(const struct exchange_sender *s, const volatile sig_atomic_t *stop)
{
	uint64_t now_ns = clock_now_ns();
	uint64_t end_ns = now_ns + SETTLE_NS;

	while (now_ns < end_ns && *stop == 0) {
		uint64_t aside_ns = turn_aside(s, now_ns);
		uint64_t look_ns = now_ns + SETTLE_LOOK_NS;
		uint32_t sent;

		for (uint32_t i = 0; i < s->line_count; i++)
			port_send_burst(port_queue(s->line[i].port, 0), NULL, 0, &sent);
		wait_until(aside_ns < look_ns ? aside_ns : look_ns, now_ns);
		now_ns = clock_now_ns();
	}
	poll_ports(s, now_ns);
}

/* false: the end. */
static bool turn(struct exchange_sender *s, uint64_t now_ns, uint64_t *progress_ns)
{
	uint64_t aside_ns = turn_aside(s, now_ns);
	uint64_t at_ns = earliest_ns(s);
	uint32_t sent = 0;

	if (at_ns == UINT64_MAX)
		return next_run(s, now_ns);
	if (at_ns > now_ns) {
		*progress_ns = now_ns; /* nothing was to be done */
		wait_until(at_ns < aside_ns ? at_ns : aside_ns, now_ns);
		return true;
	}
	if (!s->flat && now_ns - at_ns > s->lag_ns_max)
		s->lag_ns_max = now_ns - at_ns;
	for (uint32_t i = 0; i < s->line_count; i++)
		sent += send_line(s, i, now_ns);
	/* Nothing was taken: whoever is to take it may need this very core. */
	if (sent == 0)
		sched_yield();
	else
		*progress_ns = s->end_ns = now_ns;
	return true;
}

int exchange_sender_run(struct exchange_sender *s, const volatile sig_atomic_t *stop,
                        char error[EXCHANGE_ERROR_BYTES])
{
	uint64_t now_ns = clock_now_ns();
	uint64_t progress_ns = now_ns;
	uint64_t poll_ns = 0;
	int rc = 0;

	s->start_ns = s->end_ns = now_ns;
	if (s->packets->count > 0)
		s->run = s->packets->list[0].run;
	while (*stop == 0 && now_ns - s->start_ns <= s->options->duration_ns) {
		if (!turn(s, now_ns, &progress_ns))
			break;
		if (now_ns - progress_ns > STUCK_NS) {
			snprintf(error, EXCHANGE_ERROR_BYTES,
			         "the ports took nothing for %llu s (is anybody there?)",
			         STUCK_NS / 1000000000u);
			rc = -EIO;
			break;
		}
		if (now_ns >= poll_ns) {
			poll_ports(s, now_ns);
			poll_ns = now_ns + POLL_NS;
		}
		now_ns = clock_now_ns();
	}
	s->interrupted = *stop != 0;
	settle(s, stop);
	return rc;
}

void exchange_sender_linger(const struct exchange_sender *s, uint64_t end_ns,
                            const volatile sig_atomic_t *stop)
{
	uint64_t now_ns = clock_now_ns();

	while (*stop == 0 && now_ns < end_ns) {
		uint64_t aside_ns = turn_aside(s, now_ns);

		wait_until(aside_ns < end_ns ? aside_ns : end_ns, now_ns);
		now_ns = clock_now_ns();
	}
	poll_ports(s, now_ns);
}

const struct port_stats *exchange_sender_stats(const struct exchange_sender *s, uint32_t line)
{
	assert(line < s->line_count);
	return port_stats(s->line[line].port);
}

void exchange_sender_close(struct exchange_sender *s)
{
	for (uint32_t i = 0; i < s->line_count; i++) {
		if (!s->line[i].port_shared)
			port_close(s->line[i].port);
		free(s->line[i].packets);
	}
	*s = (struct exchange_sender){0};
	if (eal_is_running())
		eal_stop();
}
