/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values of a scenario file: what stands at a key is read as the key's type, compared with its
 * bounds and stored where the key says. Names of services must be known before what calls them so.
 */
#ifndef PERF_SCENARIO_VALUE_H
#define PERF_SCENARIO_VALUE_H

#include <stdint.h>

#include "perf/scenario_keys.h"

#define SCENARIO_PATH_BYTES 96u

struct arena;
struct report;
struct tree_node;

struct scenario_loader {
	struct scenario *scenario;
	struct arena *arena;
	const struct report *report;
	const struct tree_node *root;
	char path[SCENARIO_PATH_BYTES]; /* of the key at hand, for messages */
};

/* Reports "what; what the key allows" for the key at hand. Always an error. */
int scenario_refuse(struct scenario_loader *l, const struct scenario_key *k, uint32_t line,
                    const char *what);
void scenario_store(const struct scenario_key *k, void *base, uint64_t value);
/* The node's value into the struct at `base`. 0 or an error that was reported. */
int scenario_take(struct scenario_loader *l, const struct scenario_key *k,
                  const struct tree_node *n, void *base);

#endif
