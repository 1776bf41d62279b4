/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port/eal_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <rte_log.h>

#define HELD_BYTES   4096u
#define REASON_BYTES 200u

/* DPDK's log is one per process, so is this. */
static struct {
	pthread_mutex_t lock;
	FILE *stream;
	bool holding;
	uint32_t held_bytes;
	char held[HELD_BYTES]; /* what does not fit is dropped: the first lines tell the reason */
	char reason[REASON_BYTES];
} eal_log = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ssize_t on_text(void *cookie, const char *text, size_t bytes)
{
	(void)cookie;
	pthread_mutex_lock(&eal_log.lock);
	if (eal_log.holding && rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR) {
		size_t room = HELD_BYTES - eal_log.held_bytes;
		size_t part = bytes < room ? bytes : room;

		memcpy(eal_log.held + eal_log.held_bytes, text, part);
		eal_log.held_bytes += (uint32_t)part;
	} else {
		fwrite(text, 1, bytes, stderr);
	}
	pthread_mutex_unlock(&eal_log.lock);
	return (ssize_t)bytes;
}

int eal_log_open(void)
{
	const cookie_io_functions_t io = {.write = on_text};

	if (eal_log.stream != NULL)
		return 0;
	eal_log.stream = fopencookie(NULL, "w", io);
	if (eal_log.stream == NULL)
		return -ENOMEM;
	/* Every message at once, while its level can still be asked for. */
	setvbuf(eal_log.stream, NULL, _IONBF, 0);
	return rte_openlog_stream(eal_log.stream) == 0 ? 0 : -EINVAL;
}

void eal_log_hold(void)
{
	pthread_mutex_lock(&eal_log.lock);
	eal_log.holding = true;
	eal_log.held_bytes = 0;
	pthread_mutex_unlock(&eal_log.lock);
}

const char *eal_log_reason(void)
{
	pthread_mutex_lock(&eal_log.lock);
	uint32_t bytes = 0;

	while (bytes < eal_log.held_bytes && eal_log.held[bytes] != '\n' &&
	       bytes < REASON_BYTES - 1)
		bytes++;
	memcpy(eal_log.reason, eal_log.held, bytes);
	eal_log.reason[bytes] = '\0';
	pthread_mutex_unlock(&eal_log.lock);
	return eal_log.reason;
}

void eal_log_release(bool show)
{
	pthread_mutex_lock(&eal_log.lock);
	eal_log.holding = false;
	if (show)
		fwrite(eal_log.held, 1, eal_log.held_bytes, stderr);
	eal_log.held_bytes = 0;
	pthread_mutex_unlock(&eal_log.lock);
}
