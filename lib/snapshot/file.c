/* SPDX-License-Identifier: BSD-3-Clause */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Follows links, so that a link's target is replaced and not the link. */
static void
resolve(const char *path, char real[PATH_MAX])
{
	if (realpath(path, real) == NULL)
		snprintf(real, PATH_MAX, "%s", path);
}

static int
open_temporary(const char *path, char temporary[PATH_MAX])
{
	char copy[PATH_MAX];
	struct stat st;
	mode_t mode;

	/* what is there keeps its permissions; a new file gets what the umask leaves */
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		mode = st.st_mode & 0777;
	} else {
		mode = umask(0);
		umask(mode);
		mode = 0666 & ~mode;
	}
	snprintf(copy, sizeof(copy), "%s", path);
	if ((size_t)snprintf(temporary, PATH_MAX, "%s/.packet-heatmap.XXXXXX", dirname(copy)) >=
	    PATH_MAX)
		return -ENAMETOOLONG;
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) != 0) {
		int error = -errno;
		close(fd);
		unlink(temporary);
		return error;
	}
	return fd;
}

static bool
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int
file_check(const char *path)
{
	char real[PATH_MAX], temporary[PATH_MAX];

	if (path[0] == 0 || path[strlen(path) - 1] == '/')
		return -EISDIR;
	if (is_special(path))
		return access(path, W_OK) == 0 ? 0 : -errno;
	resolve(path, real);
	int fd = open_temporary(real, temporary);
	if (fd < 0)
		return fd;
	close(fd);
	unlink(temporary);
	return 0;
}

static int
sync_folder(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* some file systems cannot; the file itself is safe by then */
	fsync(fd);
	close(fd);
	return 0;
}

int
file_replace(const char *path, int (*write)(int fd, void *context), void *context)
{
	char real[PATH_MAX], temporary[PATH_MAX];
	int error;

	if (is_special(path)) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		error = write(fd, context);
		close(fd);
		return error;
	}
	resolve(path, real);
	int fd = open_temporary(real, temporary);
	if (fd < 0)
		return fd;
	error = write(fd, context);
	if (error == 0 && fsync(fd) != 0)
		error = -errno;
	if (close(fd) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(temporary, real) != 0)
		error = -errno;
	if (error != 0) {
		unlink(temporary);
		return error;
	}
	return sync_folder(real);
}

struct whole {
	const char *text;
	size_t length;
};

static int
write_whole(int fd, void *context)
{
	const struct whole *w = context;

	for (size_t done = 0; done < w->length;) {
		ssize_t n = write(fd, w->text + done, w->length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

int
file_replace_text(const char *path, const char *text, size_t length)
{
	struct whole w = {text, length};

	return file_replace(path, write_whole, &w);
}
