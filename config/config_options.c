/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Prints docs/config.md.
 */
#include <stdio.h>

#include "config/config.h"

int main(void)
{
	config_print_options(stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
