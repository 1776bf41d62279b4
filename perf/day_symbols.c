/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define SLOTS_MIN 256u

static const char none[8];
static const char blank[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};

static char *slot_of(struct day_symbols *s, const void *symbol)
{
	uint64_t i = day_symbols_mix(le64(symbol)) & (s->slots - 1);

	while (memcmp(s->names[i], none, 8) != 0 && memcmp(s->names[i], symbol, 8) != 0)
		i = (i + 1) & (s->slots - 1);
	return s->names[i];
}

static int grow(struct day_symbols *s)
{
	struct day_symbols old = *s;

	s->slots = old.slots == 0 ? SLOTS_MIN : old.slots * 2;
	s->names = calloc(s->slots, sizeof(*s->names));
	if (s->names == NULL) {
		*s = old;
		return -ENOMEM;
	}
	for (uint64_t i = 0; i < old.slots; i++)
		if (memcmp(old.names[i], none, 8) != 0)
			memcpy(slot_of(s, old.names[i]), old.names[i], 8);
	free(old.names);
	return 0;
}

int day_symbols_add(struct day_symbols *s, const uint8_t symbol[8])
{
	if (memcmp(symbol, none, 8) == 0 || memcmp(symbol, blank, 8) == 0)
		return 0;
	if ((s->count + 1) * 2 > s->slots && grow(s) != 0)
		return -ENOMEM;
	char *slot = slot_of(s, symbol);

	if (memcmp(slot, none, 8) == 0) {
		memcpy(slot, symbol, 8);
		s->count++;
	}
	return 0;
}

void day_symbols_finish(struct day_symbols *s)
{
	free(s->names);
	*s = (struct day_symbols){0};
}
