/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Folder: where a demo keeps its files while it runs, /tmp/genesis-demo-PID. A lock on it says that
 * the demo lives; what killed ones left, there and of their engines, the next demo removes.
 *
 * Thread rule: control.
 */
#ifndef APP_DEMO_FOLDER_H
#define APP_DEMO_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Makes it, or takes `keep` (made where it is missing), and removes stale ones. 0 or -errno. */
int demo_folder_create(char *path, size_t bytes, const char *keep);
/* Removes it with the files in it, unless it is to be kept. */
void demo_folder_remove(const char *path, bool keep);

#endif
