/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/seal.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEAL_POSSIBLE false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
        __has_feature(memory_sanitizer)
#define SEAL_POSSIBLE false
#endif
#endif
#ifndef SEAL_POSSIBLE
#define SEAL_POSSIBLE true
#endif

bool seal_is_possible(void)
{
	return SEAL_POSSIBLE;
}

int seal_check(const struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;

	for (uint32_t i = 0; i < c->core_count; i++)
		if (c->cores[i].idle == CONFIG_IDLE_YIELD) {
			snprintf(error, ENGINE_ERROR_BYTES,
			         "--seal: core %s has idle: yield, which is a system call; use "
			         "spin or pause",
			         c->cores[i].name);
			return -EINVAL;
		}
	for (uint32_t i = 0; i < e->port_count; i++)
		if (!port_is_syscall_free(e->ports[i])) {
			snprintf(error, ENGINE_ERROR_BYTES,
			         "--seal: port %s (%.200s) receives by system calls; only PCI, "
			         "memif, ring and null "
			         "ports can be sealed",
			         port_name(e->ports[i]), port_description(e->ports[i]));
			return -EINVAL;
		}
	return 0;
}

/* Only what is safe in a handler, and what the filter lets through. */
static void on_trap(int signal, siginfo_t *info, void *context)
{
	char text[] = "genesis: a sealed worker made system call 0000\n";
	char *digit = text + sizeof(text) - 3;

	(void)signal;
	(void)context;
	for (unsigned call = (unsigned)info->si_syscall; call != 0 && *digit == '0'; call /= 10)
		*digit-- = (char)('0' + call % 10);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(128 + SIGSYS);
	_exit(128 + SIGSYS);
}

void seal_prepare(enum seal seal)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	if (seal == SEAL_TRAP)
		sigaction(SIGSYS, &action, NULL);
}

int seal_thread(enum seal seal)
{
	static const int calls[] = {SCMP_SYS(rt_sigreturn), SCMP_SYS(write), SCMP_SYS(tgkill),
	                            SCMP_SYS(exit_group)};
	scmp_filter_ctx filter =
	        seccomp_init(seal == SEAL_TRAP ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);
	int rc = filter == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	/* The context is left allocated: giving it back could need a system call, and the door is
	 * closed. */
	return rc;
}
