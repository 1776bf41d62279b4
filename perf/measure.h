/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Measure: what all benchmarks share: clocks, pinning, memory, medians, hashes, options, and rows
 * of results as text or JSON.
 *
 * A benchmark prints one JSON object with --json, {"bench": NAME, "rows": [{...}, ...]}, and else a
 * line per row with the same keys. A row with a "group" must have the "hash" of all other rows with
 * that group: they did the same work. perf/run reads this.
 *
 * For programs: ends the process with one clear line where a benchmark cannot go on.
 */
#ifndef PERF_MEASURE_H
#define PERF_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define MEASURE_ROUNDS_MAX 101u
#define MEASURE_SKIP       77 /* exit code: this machine cannot */

/* Ends the process with 1. */
__attribute__((format(printf, 1, 2), noreturn)) void measure_fail(const char *format, ...);

static inline uint64_t measure_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Monotonic; no system call. */
static inline uint64_t measure_now_ns(void)
{
	return measure_clock_ns(CLOCK_MONOTONIC);
}

/* This thread's CPU time: what other processes take does not count. A system call. */
static inline uint64_t measure_cpu_ns(void)
{
	return measure_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The calling thread; a word on stderr when that is not possible. */
void measure_pin(uint64_t cpu);
/* Whether this process may use both CPUs, and they are two. */
bool measure_has_cpus(uint64_t a, uint64_t b);

/* One turn of waiting for another thread. It may have no CPU right now: then it shall have this
 * one. */
void measure_wait(void);

/* Zeroed and touched, 2 MiB aligned, in huge pages where the kernel gives them; free() it. */
void *measure_memory(uint64_t bytes);

/* Sorts the values. */
double measure_median(double *values, uint32_t count);

static inline uint64_t measure_hash(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

uint64_t measure_hash_bytes(uint64_t hash, const void *data, uint64_t bytes);

/* An option of a benchmark: a number within bounds or a text. */
struct measure_option {
	const char *name; /* "messages"; NULL ends the table */
	const char *help;
	uint64_t *number;
	uint64_t min;
	uint64_t max;
	const char **text;
};

/* Reads --NAME VALUE of the table, --json and --help. Ends the process after --help (0) and on what
 * it does not know (2). */
void measure_options(int argc, char **argv, const char *about, const struct measure_option *table,
                     bool *json);

struct measure_rows {
	bool json;
	bool in_row;
	uint32_t count;
};

void measure_begin(struct measure_rows *r, const char *bench, bool json);
void measure_row(struct measure_rows *r);
void measure_text(struct measure_rows *r, const char *key, const char *value);
void measure_count(struct measure_rows *r, const char *key, uint64_t value);
void measure_figure(struct measure_rows *r, const char *key, double value);
/* Keys "group" and "hash". */
void measure_result(struct measure_rows *r, const char *group, uint64_t hash);
void measure_end(struct measure_rows *r);

#endif
