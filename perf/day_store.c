/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define CHUNK_BYTES   (1u << 20)
#define PAGE_MESSAGES 4096u
#define PAGES_MAX     (DAY_STORE_SPAN_MAX / PAGE_MESSAGES)

struct chunk {
	struct chunk *older;
	uint32_t used;
	uint8_t bytes[CHUNK_BYTES];
};

struct run {
	char session[DAY_STORE_SESSION_BYTES];
	bool open;
	bool begun;
	uint64_t base; /* sequence of message 0 of page 0 */
	uint64_t told;
	const uint8_t ***pages; /* of PAGE_MESSAGES: length and bytes of each; NULL: not there */
	uint64_t page_count;
};

struct day_store {
	struct run runs[DAY_STORE_RUNS_MAX];
	struct chunk *chunks; /* newest first */
	uint64_t messages;
	uint32_t run_now;
};

int day_store_create(struct day_store **out)
{
	struct day_store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->run_now = UINT32_MAX;
	*out = s;
	return 0;
}

void day_store_destroy(struct day_store *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < DAY_STORE_RUNS_MAX; i++) {
		for (uint64_t p = 0; p < s->runs[i].page_count; p++)
			free(s->runs[i].pages[p]);
		free(s->runs[i].pages);
	}
	while (s->chunks != NULL) {
		struct chunk *c = s->chunks;

		s->chunks = c->older;
		free(c);
	}
	free(s);
}

int day_store_open(struct day_store *s, uint32_t run, const char session[DAY_STORE_SESSION_BYTES])
{
	if (run >= DAY_STORE_RUNS_MAX)
		return -EINVAL;
	struct run *r = &s->runs[run];

	if (r->open)
		return 0;
	memcpy(r->session, session, DAY_STORE_SESSION_BYTES);
	r->open = true;
	r->told = 1;
	return 0;
}

/* Room for a message, with its length in front. */
static uint8_t *place(struct day_store *s, uint32_t bytes)
{
	struct chunk *c = s->chunks;

	assert(bytes <= CHUNK_BYTES);
	if (c == NULL || c->used + bytes > CHUNK_BYTES) {
		c = malloc(sizeof(*c));
		if (c == NULL)
			return NULL;
		c->older = s->chunks;
		c->used = 0;
		s->chunks = c;
	}
	uint8_t *at = c->bytes + c->used;

	c->used += bytes;
	return at;
}

/* The page with this number, made where it is missing; NULL: no memory. */
static const uint8_t **page_of(struct run *r, uint64_t number)
{
	assert(number < PAGES_MAX);
	if (number >= r->page_count) {
		uint64_t count = r->page_count * 2 > number + 1 ? r->page_count * 2 : number + 1;
		const uint8_t ***pages = realloc(r->pages, count * sizeof(*pages));

		if (pages == NULL)
			return NULL;
		memset(pages + r->page_count, 0, (count - r->page_count) * sizeof(*pages));
		r->pages = pages;
		r->page_count = count;
	}
	if (r->pages[number] == NULL)
		r->pages[number] = calloc(PAGE_MESSAGES, sizeof(*r->pages[number]));
	return r->pages[number];
}

int day_store_add(struct day_store *s, uint32_t run, uint64_t sequence, const uint8_t *data,
                  uint32_t bytes)
{
	assert(run < DAY_STORE_RUNS_MAX && s->runs[run].open);
	struct run *r = &s->runs[run];

	if (!r->begun) {
		/* The other line may come with earlier ones yet: a few pages' room for that. */
		uint64_t before = 4 * PAGE_MESSAGES;

		r->base = sequence > before ? sequence - before : 0;
		r->begun = true;
	}
	if (sequence < r->base || sequence - r->base >= DAY_STORE_SPAN_MAX || bytes > UINT16_MAX)
		return -ERANGE;
	const uint8_t **page = page_of(r, (sequence - r->base) / PAGE_MESSAGES);

	if (page == NULL)
		return -ENOMEM;
	const uint8_t **entry = &page[(sequence - r->base) % PAGE_MESSAGES];

	if (*entry != NULL)
		return 0;
	uint8_t *at = place(s, bytes + 2);

	if (at == NULL)
		return -ENOMEM;
	put_be16(at, (uint16_t)bytes);
	if (bytes > 0)
		memcpy(at + 2, data, bytes);
	*entry = at;
	s->messages++;
	return 0;
}

void day_store_tell(struct day_store *s, uint32_t run, uint64_t end)
{
	if (run >= DAY_STORE_RUNS_MAX || !s->runs[run].open)
		return;
	if (end > s->runs[run].told)
		s->runs[run].told = end;
	if (s->run_now == UINT32_MAX || run > s->run_now)
		s->run_now = run;
}

uint32_t day_store_run(const struct day_store *s, const uint8_t *session)
{
	for (uint32_t i = 0; i < DAY_STORE_RUNS_MAX; i++)
		if (s->runs[i].open &&
		    memcmp(s->runs[i].session, session, DAY_STORE_SESSION_BYTES) == 0)
			return i;
	return UINT32_MAX;
}

const char *day_store_session(const struct day_store *s, uint32_t run)
{
	assert(run < DAY_STORE_RUNS_MAX && s->runs[run].open);
	return s->runs[run].session;
}

uint64_t day_store_told(const struct day_store *s, uint32_t run)
{
	assert(run < DAY_STORE_RUNS_MAX);
	return s->runs[run].open ? s->runs[run].told : 1;
}

uint64_t day_store_first(const struct day_store *s, uint32_t run)
{
	assert(run < DAY_STORE_RUNS_MAX);
	return s->runs[run].begun && s->runs[run].base > 0 ? s->runs[run].base : 1;
}

uint32_t day_store_run_now(const struct day_store *s)
{
	return s->run_now;
}

const uint8_t *day_store_find(const struct day_store *s, uint32_t run, uint64_t sequence,
                              uint32_t *bytes)
{
	if (run >= DAY_STORE_RUNS_MAX || !s->runs[run].begun)
		return NULL;
	const struct run *r = &s->runs[run];

	if (sequence < r->base || sequence >= r->told || sequence - r->base >= DAY_STORE_SPAN_MAX)
		return NULL;
	uint64_t number = (sequence - r->base) / PAGE_MESSAGES;

	if (number >= r->page_count || r->pages[number] == NULL)
		return NULL;
	const uint8_t *at = r->pages[number][(sequence - r->base) % PAGE_MESSAGES];

	if (at == NULL)
		return NULL;
	*bytes = be16(at);
	return at + 2;
}

uint64_t day_store_messages(const struct day_store *s)
{
	return s->messages;
}
