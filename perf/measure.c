/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/measure.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES (2ull << 20)

void measure_fail(const char *format, ...)
{
	va_list list;

	fflush(stdout);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

void measure_pin(uint64_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		fprintf(stderr, "cannot pin to CPU %" PRIu64 "\n", cpu);
}

bool measure_has_cpus(uint64_t a, uint64_t b)
{
	cpu_set_t set;

	return a != b && a < CPU_SETSIZE && b < CPU_SETSIZE &&
	       sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_ISSET(a, &set) &&
	       CPU_ISSET(b, &set);
}

void measure_wait(void)
{
	static _Thread_local uint32_t waits;

	if (++waits % 1024 == 0)
		sched_yield();
	else
		__builtin_ia32_pause();
}

void *measure_memory(uint64_t bytes)
{
	uint64_t rounded = (bytes + HUGE_PAGE_BYTES - 1) & ~(HUGE_PAGE_BYTES - 1);
	void *p = aligned_alloc(HUGE_PAGE_BYTES, rounded);

	if (p == NULL)
		measure_fail("no memory for %" PRIu64 " bytes", bytes);
	madvise(p, rounded, MADV_HUGEPAGE);
	memset(p, 0, rounded);
	return p;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

double measure_median(double *values, uint32_t count)
{
	qsort(values, count, sizeof(values[0]), compare);
	return values[count / 2];
}

uint64_t measure_hash_bytes(uint64_t hash, const void *data, uint64_t bytes)
{
	const uint8_t *p = data;

	for (; bytes >= 8; bytes -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		hash = measure_hash(hash, word);
	}
	for (; bytes > 0; bytes--, p++)
		hash = measure_hash(hash, *p);
	return hash;
}

static void usage(FILE *out, const char *about, const struct measure_option *table)
{
	fprintf(out, "%s\n\n", about);
	for (const struct measure_option *o = table; o->name != NULL; o++) {
		fprintf(out, "  --%-12s %s", o->name, o->help);
		if (o->number != NULL)
			fprintf(out, " (default %" PRIu64 ")", *o->number);
		fputc('\n', out);
	}
	fprintf(out, "  --json         one JSON object instead of text\n");
}

static bool take(const struct measure_option *o, const char *value)
{
	char *end;

	if (o->text != NULL) {
		*o->text = value;
		return true;
	}
	if (value[0] < '0' || value[0] > '9')
		return false;
	uint64_t number = strtoull(value, &end, 10);

	if (*end != '\0' || number < o->min || number > o->max)
		return false;
	*o->number = number;
	return true;
}

void measure_options(int argc, char **argv, const char *about, const struct measure_option *table,
                     bool *json)
{
	for (int i = 1; i < argc; i++) {
		const struct measure_option *o = table;

		if (strcmp(argv[i], "--json") == 0) {
			*json = true;
			continue;
		}
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout, about, table);
			exit(0);
		}
		while (o->name != NULL &&
		       (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, o->name) != 0))
			o++;
		if (o->name == NULL || i + 1 == argc || !take(o, argv[i + 1])) {
			fprintf(stderr, "%s: wrong option or value: %s %s\n\n", argv[0], argv[i],
			        i + 1 < argc ? argv[i + 1] : "");
			usage(stderr, about, table);
			exit(2);
		}
		i++;
	}
}

void measure_begin(struct measure_rows *r, const char *bench, bool json)
{
	*r = (struct measure_rows){.json = json};
	if (json)
		printf("{\"bench\": \"%s\", \"rows\": [", bench);
}

static void end_row(struct measure_rows *r)
{
	if (r->in_row)
		printf(r->json ? "}" : "\n");
	r->in_row = false;
	fflush(stdout);
}

void measure_row(struct measure_rows *r)
{
	end_row(r);
	if (r->json)
		printf("%s\n  {", r->count == 0 ? "" : ",");
	r->count++;
}

static void key(struct measure_rows *r, const char *name)
{
	if (r->json)
		printf("%s\"%s\": ", r->in_row ? ", " : "", name);
	else
		printf("%s%s ", r->in_row ? "  " : "", name);
	r->in_row = true;
}

void measure_text(struct measure_rows *r, const char *name, const char *value)
{
	key(r, name);
	printf(r->json ? "\"%s\"" : "%s", value);
}

void measure_count(struct measure_rows *r, const char *name, uint64_t value)
{
	key(r, name);
	printf("%" PRIu64, value);
}

void measure_figure(struct measure_rows *r, const char *name, double value)
{
	key(r, name);
	printf("%.3f", value);
}

void measure_result(struct measure_rows *r, const char *group, uint64_t hash)
{
	measure_text(r, "group", group);
	key(r, "hash");
	printf(r->json ? "\"%016" PRIx64 "\"" : "%016" PRIx64, hash);
}

void measure_end(struct measure_rows *r)
{
	end_row(r);
	if (r->json)
		printf("\n]}\n");
}
