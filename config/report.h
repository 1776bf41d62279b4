/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Report: how a configuration error is put into words. One error, one line:
 * "FILE:LINE: KEY: what is wrong; what is allowed".
 */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdint.h>

#include "config/config.h"

#define REPORT_QUOTE_BYTES 48u

struct report {
	struct config_error *error;
	const char *name; /* of the file, as the user gave it */
};

/* Fills the error; line 0: none, key NULL: none. Returns -EINVAL, for the caller to return. */
__attribute__((format(printf, 4, 5))) int report_error(const struct report *r, uint32_t line,
                                                       const char *key, const char *format, ...);
/* The same for a lack of memory. Returns -ENOMEM. */
int report_no_memory(const struct report *r);

/* What the user wrote, short enough for a message and cut between characters. */
struct report_quote {
	char text[REPORT_QUOTE_BYTES];
};

struct report_quote report_quote(const char *text);

#endif
