/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/eal.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_debug.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_version.h>

#include "dataplane/port/eal_log.h"

#define ARGUMENTS_MAX      96u
#define ARGUMENT_BYTES     64u
#define PCI_ALLOW_MAX      32u
#define EXTRA_MAX          40u
#define MEMORY_MIB_DEFAULT 256u /* --no-huge takes all its memory at the start */

/* EAL keeps pointers into its arguments, and a process has one EAL: hence static. */
static struct {
	bool running;
	bool used;
	bool pci;
	int count;
	char *argv[ARGUMENTS_MAX + 1];
	char text[ARGUMENTS_MAX][ARGUMENT_BYTES];
} eal;

__attribute__((format(printf, 1, 2))) static void argument(const char *format, ...)
{
	va_list list;

	assert(eal.count < (int)ARGUMENTS_MAX);
	va_start(list, format);
	vsnprintf(eal.text[eal.count], ARGUMENT_BYTES, format, list);
	va_end(list);
	eal.argv[eal.count] = eal.text[eal.count];
	eal.count++;
}

static void memory_arguments(const struct eal_options *o)
{
	if (o->huge_pages) {
		argument("--in-memory");
		if (o->memory_mib > 0)
			argument("-m%u", o->memory_mib);
		return;
	}
	/* EAL refuses --in-memory together with --no-huge; without shared configuration it leaves
	 * no files either. */
	argument("--no-huge");
	argument("--no-shconf");
	argument("-m%u", o->memory_mib > 0 ? o->memory_mib : MEMORY_MIB_DEFAULT);
}

static int device_arguments(const struct eal_options *o, char error[EAL_ERROR_BYTES])
{
	for (uint32_t i = 0; i < PCI_ALLOW_MAX && o->pci_allow[i] != NULL; i++) {
		if (strlen(o->pci_allow[i]) + 2 >= ARGUMENT_BYTES) {
			snprintf(error, EAL_ERROR_BYTES, "PCI device %.64s...: too long",
			         o->pci_allow[i]);
			return -EINVAL;
		}
		argument("-a%s", o->pci_allow[i]);
		eal.pci = true;
	}
	if (!eal.pci) {
		argument("--no-pci");
		/* Nothing needs physical addresses, so ordinary users can run it too. */
		argument("--iova-mode=va");
	}
	return 0;
}

static int extra_arguments(const struct eal_options *o, char error[EAL_ERROR_BYTES])
{
	uint32_t count = 0;

	for (; o->extra != NULL && o->extra[count] != NULL; count++) {
		if (count == EXTRA_MAX) {
			snprintf(error, EAL_ERROR_BYTES, "more than %u extra EAL arguments",
			         EXTRA_MAX);
			return -E2BIG;
		}
		/* The caller's own text: its length has no bound. getopt does not write to it. */
		eal.argv[eal.count++] = (char *)(uintptr_t)o->extra[count];
	}
	return 0;
}

static int build_arguments(const struct eal_options *o, char error[EAL_ERROR_BYTES])
{
	int cpu = o->main_cpu >= 0 ? o->main_cpu : sched_getcpu();

	eal.count = 0;
	argument("%s", o->program != NULL ? o->program : "genesis");
	argument("--lcores=0@%d", cpu >= 0 ? cpu : 0);
	argument("--no-telemetry");
	argument("--log-level=%s", o->log_level != NULL ? o->log_level : "error");
	memory_arguments(o);
	int result = device_arguments(o, error);

	return result != 0 ? result : extra_arguments(o, error);
}

static int initialise(const struct eal_options *o, char error[EAL_ERROR_BYTES])
{
	eal_log_hold();
	int result = rte_eal_init(eal.count, eal.argv);
	const char *reason = eal_log_reason();

	if (result < 0) {
		result = rte_errno != 0 ? -rte_errno : -EIO;
		snprintf(error, EAL_ERROR_BYTES, "DPDK does not start: %s%s",
		         reason[0] != '\0' ? reason : strerror(-result),
		         o->huge_pages ? " (are huge pages reserved? else run without them)" : "");
	}
	eal_log_release(result >= 0);
	return result < 0 ? result : 0;
}

int eal_start(const struct eal_options *o, char error[EAL_ERROR_BYTES])
{
	cpu_set_t affinity;

	error[0] = '\0';
	if (eal.used) {
		snprintf(error, EAL_ERROR_BYTES, "DPDK can be started once per process");
		return -EALREADY;
	}
	eal.used = true;
	int result = build_arguments(o, error);

	if (result == 0)
		result = eal_log_open();
	if (result != 0)
		return result;
	/* EAL pins the thread that calls it; Genesis pins its threads itself. */
	bool known = sched_getaffinity(0, sizeof(affinity), &affinity) == 0;

	result = initialise(o, error);
	if (known)
		sched_setaffinity(0, sizeof(affinity), &affinity);
	eal.running = result == 0;
	return result;
}

void eal_stop(void)
{
	if (!eal.running)
		return;
	rte_eal_cleanup();
	eal.running = false;
}

bool eal_is_running(void)
{
	return eal.running;
}

bool eal_has_pci(void)
{
	return eal.pci;
}

const char *eal_version(void)
{
	return rte_version();
}

int eal_thread_register(void)
{
	assert(eal.running);
	if (rte_lcore_id() != LCORE_ID_ANY)
		return 0;
	return rte_thread_register() == 0 ? 0 : -rte_errno;
}

void eal_thread_unregister(void)
{
	/* The thread that started EAL is its lcore 0 for good. */
	if (rte_lcore_id() == LCORE_ID_ANY || rte_lcore_id() == rte_get_main_lcore())
		return;
	rte_thread_unregister();
}
