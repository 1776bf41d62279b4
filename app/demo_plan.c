/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_plan.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#define SHOW_MS   20000u /* the times below are of a show of 20 s */
#define GAP_MS    20u    /* however long the show is: shorter, and nothing may be in it */
#define COLUMNS   79
#define ADDRESS_A "239.192.0.1:26400"
#define ADDRESS_B "239.192.0.2:26400"

static const struct {
	uint32_t from_ms;
	const char *text;
} acts[DEMO_ACTS] = {
        {0, "calm: both lines bring everything, B a little later"},
        {3000, "bursts: three times many messages at once"},
        {6000, "A and B lose packets at different places: the other line heals"},
        {10000, "A and B lose the same packets: a real gap, and every book says so"},
        {12500, "A is dark: B carries on alone"},
        {17000, "A is back"},
};

/* Messages per second. What a veth pair bears on a busy machine is less than what rings do, which
 * also hold the exchange back when they are full. */
static const struct {
	const char *driver;
	const char *text;
	uint32_t calm;
	uint32_t burst;
	uint32_t burst_ms;
} kinds[DEMO_PORTS_COUNT] = {
        [DEMO_AF_XDP] = {"net_af_xdp", "AF_XDP, a veth pair per line", 25000, 150000, 200},
        [DEMO_AF_PACKET] = {"net_af_packet", "AF_PACKET, a veth pair per line", 25000, 150000, 200},
        [DEMO_RINGS] = {"net_memif", "rings in shared memory (memif)", 50000, 500000, 600},
};

static const uint32_t bursts_ms[] = {3000, 4000, 5000};
static const struct {
	char line;
	uint32_t from_ms;
	uint32_t for_ms;
} losses[] = {{'A', 6000, 800}, {'B', 7000, 800}, {'A', 8000, 800}, {'B', 9000, 800}};

const char *demo_ports_text(enum demo_ports ports)
{
	return kinds[ports].text;
}

const char *demo_act_text(uint32_t act)
{
	return acts[act].text;
}

static uint64_t scaled_ms(const struct demo_plan *p, uint64_t ms)
{
	return ms * p->seconds * 1000 / SHOW_MS;
}

uint32_t demo_plan_act(const struct demo_plan *p, uint64_t elapsed_ns)
{
	uint32_t act = 0;

	while (act + 1 < DEMO_ACTS && elapsed_ns / 1000000 >= scaled_ms(p, acts[act + 1].from_ms))
		act++;
	return act;
}

uint64_t demo_plan_messages(const struct demo_plan *p)
{
	uint64_t bursts = sizeof(bursts_ms) / sizeof(bursts_ms[0]);
	uint64_t burst_ms = scaled_ms(p, kinds[p->ports].burst_ms) * bursts;
	uint64_t calm_ms = p->seconds * 1000 - burst_ms;

	return (calm_ms * kinds[p->ports].calm + burst_ms * kinds[p->ports].burst) / 1000;
}

void demo_plan_path(const struct demo_plan *p, const char *name, char path[DEMO_PATH_BYTES])
{
	snprintf(path, DEMO_PATH_BYTES, "%s/%s", p->folder, name);
}

/* The interfaces are demo_net.h's; the engine makes the sockets. */
static void device(const struct demo_plan *p, uint32_t line, bool venue, char text[DEMO_WORD_BYTES])
{
	const char *driver = kinds[p->ports].driver;
	const char name = line == 0 ? 'a' : 'b';

	if (p->ports == DEMO_RINGS)
		snprintf(text, DEMO_WORD_BYTES, "%s%u,role=%s,socket-abstract=no,socket=%s/%c.sock",
		         driver, line, venue ? "client" : "server", p->folder, name);
	else
		snprintf(text, DEMO_WORD_BYTES, "%s%u,iface=%s%c%s", driver, line,
		         venue ? "venue-" : "line-", name,
		         p->ports == DEMO_AF_PACKET && !venue ? ",framecnt=8192" : "");
}

int demo_plan_write_config(const struct demo_plan *p)
{
	char path[DEMO_PATH_BYTES];
	char a[DEMO_WORD_BYTES];
	char b[DEMO_WORD_BYTES];

	demo_plan_path(p, "engine.yaml", path);
	device(p, 0, false, a);
	device(p, 1, false, b);
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return -errno;
	fprintf(f,
	        "engine: {name: %s, pool: 128MiB, dpdk_memory: 128MiB, publish_turns: 256}\n"
	        "cores:\n"
	        "  - {name: worker, idle: %s}\n"
	        "ports:\n"
	        "  - {name: a, device: \"%s\", core: worker, descriptors: 2048}\n"
	        "  - {name: b, device: \"%s\", core: worker, descriptors: 2048}\n"
	        "feeds:\n"
	        "  - name: itch\n"
	        "    protocol: itch50\n"
	        "    lines:\n"
	        "      - {name: A, port: a, address: \"" ADDRESS_A "\"}\n"
	        "      - {name: B, port: b, address: \"" ADDRESS_B "\"}\n"
	        "    gap: {hold_max: 1s}\n"
	        "    symbols_max: 1024\n"
	        "groups:\n"
	        "  - {name: books, feed: itch, symbols_max: 1024, orders_max: 1048576, "
	        "levels_max: 262144}\n",
	        p->engine, p->seal == SEAL_NONE ? "yield" : "pause", a, b);
	return fclose(f) == 0 ? 0 : -errno;
}

__attribute__((format(printf, 2, 3))) static void word(struct demo_command *c, const char *format,
                                                       ...)
{
	va_list arguments;

	assert(c->count < DEMO_WORDS_MAX);
	va_start(arguments, format);
	vsnprintf(c->words[c->count], DEMO_WORD_BYTES, format, arguments);
	va_end(arguments);
	c->argv[c->count] = c->words[c->count];
	c->argv[++c->count] = NULL;
}

void demo_plan_run(const struct demo_plan *p, struct demo_command *c)
{
	c->count = 0;
	word(c, "%s", p->program);
	word(c, "run");
	word(c, "--json");
	if (p->seal != SEAL_NONE) {
		word(c, "--seal");
		word(c, "%s", p->seal == SEAL_KILL ? "kill" : "trap");
	}
	word(c, "--books");
	word(c, "%s/engine.csv", p->folder);
	word(c, "%s/engine.yaml", p->folder);
}

void demo_plan_exchange(const struct demo_plan *p, struct demo_command *c)
{
	char text[DEMO_WORD_BYTES];

	c->count = 0;
	word(c, "%s", p->program);
	word(c, "exchange");
	word(c, "--quiet");
	word(c, "--linger=1h"); /* the engine goes first */
	for (uint32_t i = 0; i < 2; i++) {
		device(p, i, true, text);
		word(c, "--line-%c", "ab"[i]);
		word(c, "%.400s=%s", text, i == 0 ? ADDRESS_A : ADDRESS_B);
	}
	word(c, "--seed=%" PRIu64, p->seed);
	word(c, "--symbols=%u", DEMO_SYMBOLS);
	word(c, "--messages=%" PRIu64, demo_plan_messages(p));
	word(c, "--skew=B:200us");
	word(c, "--rate=messages/s:%u", kinds[p->ports].calm);
	for (uint32_t i = 0; i < sizeof(bursts_ms) / sizeof(bursts_ms[0]); i++)
		word(c, "--rate=messages/s:%u@%" PRIu64 "ms:%" PRIu64 "ms", kinds[p->ports].burst,
		     scaled_ms(p, bursts_ms[i]), scaled_ms(p, kinds[p->ports].burst_ms));
	for (uint32_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		word(c, "--loss=%c:2%%@%" PRIu64 "ms:%" PRIu64 "ms", losses[i].line,
		     scaled_ms(p, losses[i].from_ms), scaled_ms(p, losses[i].for_ms));
	word(c, "--blackout=both:%" PRIu64 "ms:%ums", scaled_ms(p, 10500), GAP_MS);
	word(c, "--blackout=A:%" PRIu64 "ms:%" PRIu64 "ms", scaled_ms(p, acts[4].from_ms),
	     scaled_ms(p, acts[5].from_ms - acts[4].from_ms));
	word(c, "--books");
	word(c, "%s/exchange.csv", p->folder);
	word(c, "--report");
	word(c, "%s/exchange.json", p->folder);
}

void demo_command_print(const struct demo_command *c, FILE *out)
{
	int column = fprintf(out, "  genesis");

	for (uint32_t i = 1; i < c->count; i++) {
		int bytes = (int)strlen(c->argv[i]) + 1;

		if (i > 1 && column + bytes > COLUMNS - 2)
			column = fprintf(out, " \\\n     ") - 3;
		column += fprintf(out, " %s", c->argv[i]);
	}
	fputc('\n', out);
}
