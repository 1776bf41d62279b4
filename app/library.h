/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Component types: built-in ones by name, and those that a shared object exports as
 * `genesis_component`.
 */
#ifndef APP_LIBRARY_H
#define APP_LIBRARY_H

#include "dataplane/shard/component.h"

#define LIBRARY_ERROR_BYTES 512u

/* The ops of a type. library NULL: built in. Loaded objects stay loaded for the life of the
 * process. NULL with one clear line in error[]. */
const struct component_ops *library_find(const char *type, const char *library,
                                         char error[LIBRARY_ERROR_BYTES]);

#endif
