/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Profile: a file with all settings of resilience, under a name. `profile: ultimate` in a
 * configuration takes the file's settings as its own, and what the configuration says besides
 * stands above them, key by key. The file is ordinary YAML with the one section `resilience`; what
 * it leaves out has its default, and it names no profile itself.
 *
 * A name is looked up beside the configuration (NAME.yaml, profiles/NAME.yaml), in the source tree
 * that the program was built from, and where profiles are installed. What has a slash or ends in
 * .yaml is a path, from the configuration's folder.
 */
#ifndef CONFIG_PROFILE_H
#define CONFIG_PROFILE_H

#include <stdint.h>

#include "config/config.h"
#include "resilience/options.h"

#define PROFILE_PATH_BYTES 512u

/* The settings of a profile, for who needs no engine: simulation, tests. A path is taken from the
 * current folder. 0; -errno with *error filled. */
int config_profile_load(const char *name_or_path, struct resilience_options *out,
                        struct config_error *error);

/* Every duration x second_ns / 1 s, none below 1 ns if it was not 0: profiles are written at a
 * scale of seconds, and run at any other, from 1 us to 10 s. What is no time (never, none) stays.
 */
void config_profile_scale(struct resilience_options *o, uint64_t second_ns);

#endif
