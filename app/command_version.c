/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/shared.h"
#include "dataplane/port/eal.h"

int command_version(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		printf("usage: genesis version\n\nPrints the version, the DPDK it runs on, and the "
		       "component interface.\n");
		return EXIT_OK;
	}
	if (argc > 1)
		return command_usage("version", "takes no arguments");
	printf("genesis %s\n%s\ncomponent interface %u, shared block %u\n", GENESIS_VERSION,
	       eal_version(), COMPONENT_ABI, SHARED_VERSION);
	return EXIT_OK;
}
