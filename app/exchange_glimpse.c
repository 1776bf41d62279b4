/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_glimpse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/value.h"

#define BUFFER_BYTES 65536u
#define LOOK_NS      1000000u
#define APPLY_MAX    8192u /* messages per turn; the lines wait meanwhile */
#define LISTENER     EXCHANGE_GLIMPSE_CLIENTS_MAX

struct client {
	int socket; /* -1: a free place */
	struct serve_glimpse machine;
	struct day_snapshot *snapshot;
	uint32_t begin; /* of what waits in buffer */
	uint32_t end;
	uint8_t buffer[BUFFER_BYTES];
};

struct exchange_glimpse {
	const struct exchange_glimpse_options *options;
	const struct day_store *store;
	struct day_state *state;
	uint32_t run;  /* that the state is of; UINT32_MAX: none yet */
	uint64_t next; /* sequence that it applies next */
	int epoll;
	int listener;
	uint64_t start_ns;
	uint64_t look_ns;
	struct exchange_glimpse_counts counts;
	struct client clients[EXCHANGE_GLIMPSE_CLIENTS_MAX];
};

static int fail(const struct exchange_glimpse_options *o, int error,
                char text[EXCHANGE_ERROR_BYTES])
{
	char address[VALUE_TEXT_BYTES];

	value_print_address(o->address, o->tcp_port, address);
	snprintf(text, EXCHANGE_ERROR_BYTES, "--glimpse %s: %s", address, strerror(error));
	return -error;
}

static int watch(struct exchange_glimpse *g, int socket, uint32_t place)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = place};

	return epoll_ctl(g->epoll, EPOLL_CTL_ADD, socket, &e);
}

/* false: errno says why. */
static bool listen_at(struct exchange_glimpse *g)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	                        .sin_port = htons(g->options->tcp_port),
	                        .sin_addr.s_addr = htonl(g->options->address)};
	int yes = 1;

	g->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	g->epoll = epoll_create1(EPOLL_CLOEXEC);
	return g->listener >= 0 && g->epoll >= 0 &&
	       setsockopt(g->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	       bind(g->listener, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
	       listen(g->listener, EXCHANGE_GLIMPSE_CLIENTS_MAX) == 0 &&
	       watch(g, g->listener, LISTENER) == 0;
}

int exchange_glimpse_open(struct exchange_glimpse **out, const struct exchange_glimpse_options *o,
                          const struct day_store *store, char error[EXCHANGE_ERROR_BYTES])
{
	struct exchange_glimpse *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return fail(o, ENOMEM, error);
	g->options = o;
	g->store = store;
	g->run = UINT32_MAX;
	g->epoll = g->listener = -1;
	for (uint32_t i = 0; i < EXCHANGE_GLIMPSE_CLIENTS_MAX; i++)
		g->clients[i].socket = -1;
	int rc = day_state_create(&g->state);

	if (rc != 0)
		rc = fail(o, -rc, error);
	else if (!listen_at(g))
		rc = fail(o, errno, error);
	if (rc != 0)
		exchange_glimpse_close(g);
	else
		*out = g;
	return rc;
}

void exchange_glimpse_start(struct exchange_glimpse *g, uint64_t now_ns)
{
	g->start_ns = now_ns;
}

const struct exchange_glimpse_counts *exchange_glimpse_counts(const struct exchange_glimpse *g)
{
	return &g->counts;
}

static void drop(struct exchange_glimpse *g, struct client *c)
{
	g->counts.messages += c->machine.sent;
	g->counts.ends[c->machine.end]++;
	close(c->socket);
	c->socket = -1;
	free(c->snapshot);
	c->snapshot = NULL;
}

static void welcome(struct exchange_glimpse *g, uint64_t now_ns)
{
	int s = accept4(g->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (s < 0)
		return;
	for (uint32_t i = 0; i < EXCHANGE_GLIMPSE_CLIENTS_MAX; i++) {
		struct client *c = &g->clients[i];

		if (c->socket >= 0 || watch(g, s, i) != 0)
			continue;
		c->socket = s;
		c->begin = c->end = 0;
		serve_glimpse_init(&c->machine, &g->options->script, ++g->counts.clients,
		                   g->start_ns, now_ns);
		return;
	}
	g->counts.turned_away++;
	close(s);
}

static void hear(struct client *c, uint64_t now_ns)
{
	uint8_t bytes[SERVE_GLIMPSE_IN_BYTES];
	ssize_t n = read(c->socket, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	serve_glimpse_on_bytes(&c->machine, bytes, n < 0 ? 0 : (uint32_t)n, now_ns);
}

static void look(struct exchange_glimpse *g, uint64_t now_ns)
{
	struct epoll_event events[EXCHANGE_GLIMPSE_CLIENTS_MAX + 1];
	int count = epoll_wait(g->epoll, events, EXCHANGE_GLIMPSE_CLIENTS_MAX + 1, 0);

	for (int i = 0; i < count; i++) {
		uint32_t place = events[i].data.u32;

		if (place == LISTENER)
			welcome(g, now_ns);
		else if (g->clients[place].socket >= 0)
			hear(&g->clients[place], now_ns);
	}
}

/* Applies what the store was told of; true: there is more of it. */
static bool follow(struct exchange_glimpse *g)
{
	uint32_t run = day_store_run_now(g->store);

	if (run == UINT32_MAX)
		return false;
	if (run != g->run) {
		day_state_reset(g->state);
		g->run = run;
		g->next = day_store_first(g->store, run);
	}
	uint64_t told = day_store_told(g->store, run);

	for (uint32_t i = 0; i < APPLY_MAX && g->next < told; i++) {
		uint32_t bytes;
		const uint8_t *m = day_store_find(g->store, run, g->next++, &bytes);

		/* No memory: the state stops here, and with it what is told of it. */
		if (m != NULL && day_state_apply(g->state, m, bytes) != 0)
			g->next--;
	}
	return g->next < told;
}

static void give(struct exchange_glimpse *g, struct client *c)
{
	/* Before the first message there is no session to be in: the client waits. */
	if (g->run == UINT32_MAX || day_state_snapshot(g->state, &c->snapshot) != 0)
		return;
	serve_glimpse_give(&c->machine, day_store_session(g->store, g->run), c->snapshot, g->next);
	g->counts.logins++;
}

/* What the machine says goes to the kernel; true: it took all, and there may be more. */
static bool serve(struct exchange_glimpse *g, struct client *c, bool is_whole, uint64_t now_ns)
{
	serve_glimpse_poll(&c->machine, now_ns);
	if (is_whole && serve_glimpse_wants(&c->machine, now_ns))
		give(g, c);
	if (c->begin == c->end) {
		c->begin = 0;
		c->end = serve_glimpse_output(&c->machine, c->buffer, BUFFER_BYTES, now_ns);
	}
	ssize_t n = c->begin == c->end ? 0
	                               : send(c->socket, c->buffer + c->begin, c->end - c->begin,
	                                      MSG_NOSIGNAL);

	if (n > 0) {
		c->begin += (uint32_t)n;
		g->counts.bytes += (uint64_t)n;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		serve_glimpse_on_bytes(&c->machine, NULL, 0, now_ns);
		c->begin = c->end;
	}
	if (serve_glimpse_is_over(&c->machine) && c->begin == c->end) {
		drop(g, c);
		return false;
	}
	return n > 0 && c->begin == c->end;
}

bool exchange_glimpse_turn(struct exchange_glimpse *g, uint64_t now_ns)
{
	bool has_more = follow(g);
	bool is_busy = has_more;

	if (now_ns >= g->look_ns) {
		look(g, now_ns);
		g->look_ns = now_ns + LOOK_NS;
	}
	for (uint32_t i = 0; i < EXCHANGE_GLIMPSE_CLIENTS_MAX; i++)
		if (g->clients[i].socket >= 0 && serve(g, &g->clients[i], !has_more, now_ns))
			is_busy = true;
	return is_busy;
}

void exchange_glimpse_close(struct exchange_glimpse *g)
{
	if (g == NULL)
		return;
	for (uint32_t i = 0; i < EXCHANGE_GLIMPSE_CLIENTS_MAX; i++)
		if (g->clients[i].socket >= 0)
			drop(g, &g->clients[i]);
	if (g->listener >= 0)
		close(g->listener);
	if (g->epoll >= 0)
		close(g->epoll);
	day_state_destroy(g->state);
	free(g);
}
