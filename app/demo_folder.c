/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/memory.h"

#define PREFIX "/tmp/genesis-demo-"

static int lock_file = -1;

static void remove_files(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(folder);
}

static void remove_matches(const char *pattern)
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		unlink(g.gl_pathv[i]);
	globfree(&g);
}

/* Of a demo and an engine that were killed both; pid is the demo's, as text. */
static void remove_engine(const char *pid)
{
	static const char *const places[] = {"/dev/shm", "/dev/hugepages"};
	char name[64];
	char path[MEMORY_PATH_BYTES];

	snprintf(name, sizeof(name), "demo-%.20s", pid);
	memory_control_path(path, name);
	if (memory_control_is_held(path) != 0)
		return;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/genesis-%s.*", places[i], name);
		remove_matches(path);
	}
}

static void remove_stale(void)
{
	glob_t g;
	struct stat st;

	if (glob(PREFIX "[0-9]*", 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		int fd = open(g.gl_pathv[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
		    flock(fd, LOCK_EX | LOCK_NB) == 0) {
			remove_engine(g.gl_pathv[i] + strlen(PREFIX));
			remove_files(g.gl_pathv[i]);
		}
		close(fd);
	}
	globfree(&g);
}

int demo_folder_create(char *path, size_t bytes, const char *keep)
{
	remove_stale();
	if (keep != NULL)
		snprintf(path, bytes, "%s", keep);
	else
		snprintf(path, bytes, PREFIX "%d", (int)getpid());
	if (mkdir(path, 0700) != 0 && (errno != EEXIST || keep == NULL))
		return -errno;
	lock_file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock_file < 0 || flock(lock_file, LOCK_EX | LOCK_NB) != 0)
		return -errno;
	return 0;
}

void demo_folder_remove(const char *path, bool keep)
{
	if (!keep)
		remove_files(path);
	if (lock_file >= 0)
		close(lock_file);
	lock_file = -1;
}
