/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/component.h"

#include <assert.h>
#include <string.h>

const char *component_setting(const struct component_settings *s, const char *key)
{
	assert(s != NULL);
	assert(key != NULL);
	for (uint32_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i].key, key) == 0)
			return s->items[i].value;
	return NULL;
}
