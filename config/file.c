/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int file_read(const char *path, char *out, uint64_t room, uint64_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	*bytes = 0;
	while (n > 0 && *bytes < room) {
		n = read(fd, out + *bytes, room - *bytes);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			*bytes += (uint64_t)n;
	}
	int status = n < 0 ? -errno : 0;

	close(fd);
	return status;
}
