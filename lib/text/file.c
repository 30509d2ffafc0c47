/* SPDX-License-Identifier: BSD-3-Clause */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A reader that takes nothing for so long must not stop the periods. */
#define READER_WAIT_MS 1000

/* as many as the kernel follows, path_resolution(7) */
#define LINKS_MAX 40

/* Follows links, so that a link's target is replaced and not the link, also one that is not there
 * yet. Folders in between may be links: rename(2) follows those. */
static int
resolve(const char *path, char real[PATH_MAX])
{
	char target[PATH_MAX], folder[PATH_MAX], next[PATH_MAX];

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(real, PATH_MAX, "%s", path);
	for (int links = 0; links < LINKS_MAX; links++) {
		ssize_t n = readlink(real, target, sizeof(target) - 1);

		if (n < 0) /* no link, or nothing there */
			return errno == EINVAL || errno == ENOENT ? 0 : -errno;
		target[n] = 0;
		snprintf(folder, sizeof(folder), "%s", real);
		n = target[0] == '/'
			    ? snprintf(next, sizeof(next), "%s", target)
			    : snprintf(next, sizeof(next), "%s/%s", dirname(folder), target);
		if ((size_t)n >= sizeof(next))
			return -ENAMETOOLONG;
		memcpy(real, next, sizeof(next));
	}
	return -ELOOP;
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
	int error = resolve(path, real);
	if (error != 0)
		return error;
	int fd = open_temporary(real, temporary);
	if (fd < 0)
		return fd;
	close(fd);
	unlink(temporary);
	return 0;
}

/* As far as that can be had: the file stands there by now, and some file systems cannot do it, some
 * folders may be written but not read. */
static void
sync_folder(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int
file_replace(const char *path, int (*write)(int fd, void *context), void *context)
{
	char real[PATH_MAX], temporary[PATH_MAX];
	int error;

	if (is_special(path)) {
		/* a FIFO without a reader is refused at once instead of waiting for one */
		int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		error = write(fd, context);
		close(fd);
		return error;
	}
	error = resolve(path, real);
	if (error != 0)
		return error;
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
	sync_folder(real);
	return 0;
}

int
file_write(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n >= 0) {
			data += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd reader = {.fd = fd, .events = POLLOUT};

			if (poll(&reader, 1, READER_WAIT_MS) == 0)
				return -ETIMEDOUT;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

struct whole {
	const char *text;
	size_t length;
};

static int
write_whole(int fd, void *context)
{
	const struct whole *w = context;

	return file_write(fd, w->text, w->length);
}

int
file_replace_text(const char *path, const char *text, size_t length)
{
	struct whole w = {text, length};

	return file_replace(path, write_whole, &w);
}
