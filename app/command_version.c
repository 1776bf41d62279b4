/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>

#include "app/command.h"
#include "app/shared.h"
#include "dataplane/port/eal.h"

#define COMMAND "version"

static const struct argument arguments[] = {{ARGUMENT_END}};

static int enter(int argc, char **argv);

const struct command command_version = {
        .name = COMMAND,
        .summary = "say which version this is",
        .usage = "",
        .text = "Prints the version, the DPDK it runs on, and the component interface.",
        .arguments = arguments,
        .exits = "0 done; 2 wrong usage.",
        .run = enter,
};

static int enter(int argc, char **argv)
{
	int rc = argument_parse(&command_version, argc, argv, NULL);

	if (rc != EXIT_OK)
		return rc;
	if (optind != argc)
		return command_usage(COMMAND, "takes no arguments");
	printf("genesis %s\n%s\ncomponent interface %u, shared block %u\n", GENESIS_VERSION,
	       eal_version(), COMPONENT_ABI, SHARED_VERSION);
	return EXIT_OK;
}
