/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inside the engine: what its files share while one is being built.
 */
#ifndef APP_ENGINE_BUILD_H
#define APP_ENGINE_BUILD_H

#include "app/engine.h"

/* Creates and locks the control file; an engine of that name that lives is refused, files of a dead
 * one are replaced with a word about it on stderr. */
int engine_claim_name(struct engine *e, char error[ENGINE_ERROR_BYTES]);

/* Bytes of state that the rings between cores take, once it is known which there are. */
uint64_t engine_lines_measure(struct engine *e);
/* Rings, feeds and lines to their receivers. 0 or -errno with one clear line. */
int engine_build_lines(struct engine *e, char error[ENGINE_ERROR_BYTES]);

/* How `from` hands over to `to`: number of its receiver's exit + 1; 0: they are one. */
uint32_t engine_lines_exit(const struct engine *e, uint32_t from, uint32_t to);

/* Fills the shared block's names and offsets. */
void engine_describe(struct engine *e);

#endif
