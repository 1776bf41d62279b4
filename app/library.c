/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The book is not in this table: every group has one. */
static const struct component_ops *const built_in[] = {NULL};

static const struct component_ops *check(const struct component_ops *ops, const char *type,
                                         const char *library, char error[LIBRARY_ERROR_BYTES])
{
	if (ops->abi != COMPONENT_ABI) {
		snprintf(error, LIBRARY_ERROR_BYTES,
		         "%s: made for component interface %u, this engine has %u; build it again "
		         "with these headers",
		         library, ops->abi, COMPONENT_ABI);
		return NULL;
	}
	if (ops->name == NULL || strcmp(ops->name, type) != 0) {
		snprintf(error, LIBRARY_ERROR_BYTES,
		         "%s: exports the component type '%s', the configuration says '%s'",
		         library, ops->name == NULL ? "(none)" : ops->name, type);
		return NULL;
	}
	if (ops->state_bytes == NULL) {
		snprintf(error, LIBRARY_ERROR_BYTES,
		         "%s: its genesis_component has no state_bytes()", library);
		return NULL;
	}
	return ops;
}

/* The loader's own text would not say from where it looked. */
static void not_there(const char *path, char error[LIBRARY_ERROR_BYTES])
{
	char here[160];

	if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		snprintf(error, LIBRARY_ERROR_BYTES, "%.400s: no such file", path);
	else
		snprintf(error, LIBRARY_ERROR_BYTES,
		         "%.200s: no such file in %s, where genesis was started; build it there "
		         "first (docs/components.md), or give its full path",
		         path, here);
}

const struct component_ops *library_find(const char *type, const char *library,
                                         char error[LIBRARY_ERROR_BYTES])
{
	if (library == NULL) {
		for (uint32_t i = 0; built_in[i] != NULL; i++)
			if (strcmp(built_in[i]->name, type) == 0)
				return built_in[i];
		snprintf(error, LIBRARY_ERROR_BYTES,
		         "component type '%s' is not built in; name the shared object that has it "
		         "with `library`",
		         type);
		return NULL;
	}
	/* A path without a slash means a file here, not a search through the system's libraries. */
	char path[512];

	snprintf(path, sizeof(path), "%s%s", strchr(library, '/') == NULL ? "./" : "", library);
	if (access(path, F_OK) != 0) {
		not_there(path, error);
		return NULL;
	}
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		snprintf(error, LIBRARY_ERROR_BYTES, "%s", dlerror());
		return NULL;
	}
	const struct component_ops *ops = dlsym(handle, "genesis_component");

	if (ops == NULL) {
		snprintf(error, LIBRARY_ERROR_BYTES, "%s: has no symbol `genesis_component`",
		         library);
		dlclose(handle);
		return NULL;
	}
	ops = check(ops, type, library, error);
	if (ops == NULL)
		dlclose(handle);
	return ops;
}
