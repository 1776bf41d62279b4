/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/protocol.h"

static int complain(const char *command, const char *format, va_list arguments)
{
	fprintf(stderr, "genesis %s: ", command);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

int command_usage(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(command, format, arguments);
	va_end(arguments);
	fprintf(stderr, "See `genesis %s --help`.\n", command);
	return EXIT_USAGE;
}

int command_failed(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(command, format, arguments);
	va_end(arguments);
	return EXIT_FAILED;
}

int command_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);

	if (errno != 0 || *end != '\0' || v < min || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

int command_address(const char *text, uint32_t *address, uint16_t *port)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');
	struct in_addr in;
	uint64_t number;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (inet_pton(AF_INET, host, &in) != 1 || command_number(colon + 1, 1, 65535, &number) != 0)
		return -EINVAL;
	*address = ntohl(in.s_addr);
	*port = (uint16_t)number;
	return 0;
}

int command_load_config(const char *command, const char *path, struct config *c)
{
	return command_load_profiled(command, path, NULL, c);
}

int command_load_profiled(const char *command, const char *path, const char *profile,
                          struct config *c)
{
	const struct protocol *const *all = protocol_all();
	const char *names[8] = {NULL};
	struct config_error error;

	for (size_t i = 0; all[i] != NULL && i + 1 < sizeof(names) / sizeof(names[0]); i++)
		names[i] = all[i]->name;
	const struct config_context context = {.protocols = names, .profile = profile};

	if (config_load(c, path, &context, &error) == 0)
		return EXIT_OK;
	fprintf(stderr, "genesis %s: %s\n", command, error.text);
	return EXIT_USAGE;
}
