/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Plan: what the demo shows, as the two commands that show it: the acts, the engine's
 * configuration, and the exchange's options, which hold rates, losses and black-outs at their
 * times. The demo runs exactly these; anybody can.
 *
 * Thread rule: one owner.
 */
#ifndef APP_DEMO_PLAN_H
#define APP_DEMO_PLAN_H

#include <stdint.h>
#include <stdio.h>

#include "app/seal.h"

enum demo_ports { DEMO_AF_XDP, DEMO_AF_PACKET, DEMO_RINGS, DEMO_PORTS_COUNT };

#define DEMO_PATH_BYTES 256u
#define DEMO_WORDS_MAX  64u
#define DEMO_WORD_BYTES 512u
#define DEMO_ACTS       6u
#define DEMO_ACT_GAP    3u /* in which both lines lose the same */
#define DEMO_SYMBOLS    500u

struct demo_plan {
	char program[DEMO_PATH_BYTES];
	char folder[128]; /* of configuration, reports, books, sockets */
	char engine[32];
	enum demo_ports ports;
	uint64_t seed;
	uint64_t seconds;
	enum seal seal;
};

struct demo_command {
	const char *argv[DEMO_WORDS_MAX + 1];
	char words[DEMO_WORDS_MAX][DEMO_WORD_BYTES];
	uint32_t count;
};

const char *demo_ports_text(enum demo_ports ports);
/* The act at this time from the first packet on, 0 to DEMO_ACTS - 1, and its one line. */
uint32_t demo_plan_act(const struct demo_plan *p, uint64_t elapsed_ns);
const char *demo_act_text(uint32_t act);

uint64_t demo_plan_messages(const struct demo_plan *p);
/* A file of the folder. */
void demo_plan_path(const struct demo_plan *p, const char *name, char path[DEMO_PATH_BYTES]);
/* Writes engine.yaml. 0 or -errno. */
int demo_plan_write_config(const struct demo_plan *p);
void demo_plan_run(const struct demo_plan *p, struct demo_command *c);
void demo_plan_exchange(const struct demo_plan *p, struct demo_command *c);
/* As one would type it, in lines that a terminal holds. */
void demo_command_print(const struct demo_command *c, FILE *out);

#endif
