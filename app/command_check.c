/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/engine_host.h"
#include "config/profile.h"

#define COMMAND "check"

struct arguments {
	bool quiet;
	bool options;
	const char *profile;
};

static const struct argument arguments[] = {
        {ARGUMENT_FLAG, .letter = 'q', .name = "quiet", .text = "print nothing but errors",
         .offset = offsetof(struct arguments, quiet)},
        {ARGUMENT_TEXT, .letter = 'p', .name = "profile", .value = "PROFILE",
         .text = "check with this profile, a name or a file, in place of the configuration's "
                 "own; without a configuration, print the profile's settings",
         .offset = offsetof(struct arguments, profile)},
        {ARGUMENT_FLAG, .letter = 'o', .name = "options",
         .text = "print every configuration key with its type, bounds, default and meaning "
                 "(docs/config.md)",
         .offset = offsetof(struct arguments, options)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_check = {
        .name = COMMAND,
        .summary = "check a configuration; print it resolved, with cores and memory",
        .usage = "[OPTION...] CONFIG\n--profile PROFILE",
        .operand = "FILE",
        .text = "Checks a configuration against itself and this machine. Prints it resolved (every "
                "key with its value, a profile's too), which core does what, and how much memory "
                "it takes.",
        .arguments = arguments,
        .exits =
                "0 it can run here; 1 it is right but this machine lacks something; 2 it is wrong.",
        .run = enter,
};

static const char *size_text(uint64_t bytes, char text[24])
{
	if (bytes >= 1ull << 30)
		snprintf(text, 24, "%.2f GiB", (double)bytes / (1ull << 30));
	else
		snprintf(text, 24, "%.2f MiB", (double)bytes / (1ull << 20));
	return text;
}

/* The lines that core i polls for feeds of others. */
static void print_handed_over(const struct config *c, uint32_t i)
{
	for (uint32_t f = 0; f < c->feed_count; f++) {
		const struct config_feed *feed = &c->feeds[f];

		for (uint32_t n = 0; n < feed->line_count && feed->core != i; n++)
			if (c->ports[feed->lines[n].port].core == i)
				printf(" hands line %s of feed %s to core %s;", feed->lines[n].name,
				       feed->name, c->cores[feed->core].name);
	}
}

static void print_core(const struct config *c, uint32_t i)
{
	const struct config_core *core = &c->cores[i];

	printf("#   core %s, ", core->name);
	if (core->cpu == CONFIG_NONE)
		printf("not pinned:");
	else
		printf("CPU %u:", core->cpu);
	for (uint32_t p = 0; p < c->port_count; p++)
		if (c->ports[p].core == i)
			printf(" polls port %s (%u queue%s);", c->ports[p].name, c->ports[p].queues,
			       c->ports[p].queues == 1 ? "" : "s");
	print_handed_over(c, i);
	for (uint32_t f = 0; f < c->feed_count; f++)
		if (c->feeds[f].core == i)
			printf(" arbitrates feed %s;", c->feeds[f].name);
	for (uint32_t s = 0; s < c->shard_count; s++)
		if (c->shards[s].core == i)
			printf(" runs shard %s;", c->shards[s].name);
	putchar('\n');
}

static void print_memory(const struct config *c, const struct engine_sizes *z)
{
	char text[24];
	uint64_t pages = (z->segments_bytes + z->state_bytes + (2 << 20) - 1) >> 21;

	printf("# memory\n");
	printf("#   segments (logs and parking)  %s\n", size_text(z->segments_bytes, text));
	printf("#   feeds (arbiters, directories) %s\n", size_text(z->feeds_bytes, text));
	printf("#   boards                       %s\n", size_text(z->boards_bytes, text));
	printf("#   shards                       %s\n", size_text(z->shards_bytes, text));
	printf("#   %u group%s (books, components) %s\n", z->group_count,
	       z->group_count == 1 ? "" : "s", size_text(z->groups_bytes, text));
	if (z->hand_over_count != 0)
		printf("#   %u ring%s between cores       %s\n", z->hand_over_count,
		       z->hand_over_count == 1 ? " " : "s", size_text(z->hand_overs_bytes, text));
	if (z->requester_count != 0)
		printf("#   requests of %u core%s          %s\n", z->requester_count,
		       z->requester_count == 1 ? " " : "s", size_text(z->requests_bytes, text));
	printf("#   DPDK                         %u MiB\n", c->engine.dpdk_memory_mib);
	printf("#   huge pages of 2 MiB: wants %" PRIu64 " + %u, free now %" PRIu64 "\n", pages,
	       c->engine.dpdk_memory_mib / 2, memory_huge_pages_free());
}

static void print_notes(const struct config *c)
{
	char text[ENGINE_HOST_TEXT_BYTES];

	for (uint32_t i = 0; i < c->port_count; i++)
		if (engine_host_note(c, i, text) != NULL)
			printf("# note: %s\n", text);
}

/* What the machine must have. Each finding is one line on stderr. */
static int check_machine(const struct config *c, const struct engine_sizes *z)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t pages = (z->segments_bytes + z->state_bytes + (2 << 20) - 1) >> 21;
	uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	int rc = EXIT_OK;

	for (uint32_t i = 0; i < c->core_count; i++)
		if (c->cores[i].cpu != CONFIG_NONE && (long)c->cores[i].cpu >= cpus)
			rc = command_failed(COMMAND,
			                    "%s: core %s wants CPU %u, this machine has 0 to %ld",
			                    c->path, c->cores[i].name, c->cores[i].cpu, cpus - 1);
	if (z->segments_bytes + z->state_bytes > physical)
		rc = command_failed(
		        COMMAND, "%s: wants %" PRIu64 " MiB, this machine has %" PRIu64 " MiB",
		        c->path, (z->segments_bytes + z->state_bytes) >> 20, physical >> 20);
	if (c->engine.huge_pages == CONFIG_HUGE_YES &&
	    memory_huge_pages_free() < pages + c->engine.dpdk_memory_mib / 2)
		rc = command_failed(COMMAND,
		                    "%s: engine.huge_pages is yes: wants %" PRIu64
		                    " free huge pages, there are %" PRIu64,
		                    c->path, pages + c->engine.dpdk_memory_mib / 2,
		                    memory_huge_pages_free());
	return rc;
}

/* A profile alone. */
static int check_profile(const char *profile, bool quiet)
{
	struct resilience_options o;
	struct config_error error;

	if (config_profile_load(profile, &o, &error) != 0) {
		fprintf(stderr, "genesis " COMMAND ": %s\n", error.text);
		return EXIT_USAGE;
	}
	if (!quiet)
		config_print_resilience(&o, stdout);
	return EXIT_OK;
}

static int check(const char *path, const struct arguments *a)
{
	struct config c = {0};
	struct engine_sizes z;
	char error[ENGINE_ERROR_BYTES];
	int rc = command_load_profiled(COMMAND, path, a->profile, &c);

	if (rc != EXIT_OK)
		return rc;
	if (engine_measure(&c, &z, error) != 0) {
		config_finish(&c);
		fprintf(stderr, "genesis " COMMAND ": %s\n", error);
		return EXIT_USAGE;
	}
	if (!a->quiet) {
		if (c.profile != NULL)
			printf("# profile %s: %s\n", c.profile, c.profile_path);
		config_print(&c, stdout);
		printf("\n# cores\n");
		for (uint32_t i = 0; i < c.core_count; i++)
			print_core(&c, i);
		print_memory(&c, &z);
		print_notes(&c);
	}
	rc = check_machine(&c, &z);
	config_finish(&c);
	return rc;
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	int rc = argument_parse(&command_check, argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (a.options) {
		config_print_options(stdout);
		return EXIT_OK;
	}
	if (a.profile != NULL && optind == argc)
		return check_profile(a.profile, a.quiet);
	if (optind + 1 != argc)
		return command_usage(COMMAND, "give one configuration file");
	return check(argv[optind], &a);
}
