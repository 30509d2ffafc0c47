/* SPDX-License-Identifier: BSD-3-Clause */
#include "file.h"

#include "clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
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

/*
 * A temporary file is locked for as long as its maker lives: the kernel lets go of the lock when it
 * dies, however it does. So a lock that is to be had is a file that a crash left behind; a process
 * number in the name would not tell, since it is given again, and is another one in a container.
 */
#define TEMPORARY     ".packet-heatmap.tmp."
#define TEMPORARY_END 6 /* what mkostemp puts there */

/* Tries of a name, when a start elsewhere takes the new file for one that is left behind. */
#define TEMPORARY_TRIES 8

/* The new file, locked; -errno. Where files cannot be locked it is not: then a crash leaves it. */
static int
make_temporary(const char *folder, char temporary[PATH_MAX])
{
	for (int tries = 0; tries < TEMPORARY_TRIES; tries++) {
		struct stat st;

		if ((size_t)snprintf(temporary, PATH_MAX, "%s/" TEMPORARY "XXXXXX", folder) >=
		    PATH_MAX)
			return -ENAMETOOLONG;
		int fd = mkostemp(temporary, O_CLOEXEC);
		if (fd < 0)
			return -errno;
		while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
			continue;
		if (fstat(fd, &st) == 0 && st.st_nlink > 0)
			return fd;
		close(fd);
	}
	return -EAGAIN;
}

/* Removes a temporary file that nobody writes any more. */
static void
remove_if_left_behind(int folder, const char *name)
{
	struct stat st;

	if (strncmp(name, TEMPORARY, strlen(TEMPORARY)) != 0 ||
	    strlen(name) != strlen(TEMPORARY) + TEMPORARY_END)
		return;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	bool left = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    (st.st_uid == geteuid() || geteuid() == 0) && flock(fd, LOCK_EX | LOCK_NB) == 0;
	/* removed while locked: its maker, if it only just made it, then sees that it is gone */
	if (left)
		unlinkat(folder, name, 0);
	close(fd);
}

/* Removes what crashes left in the folder of `path`; as far as that can be had. */
static void
remove_left_behind(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	DIR *dir = opendir(dirname(copy));
	if (dir == NULL)
		return;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		remove_if_left_behind(dirfd(dir), entry->d_name);
	closedir(dir);
}

static int
open_temporary(const char *path, char temporary[PATH_MAX])
{
	char copy[PATH_MAX];
	struct stat st;
	mode_t mode;
	bool there = stat(path, &st) == 0;

	/* what is there keeps its permissions; a new file gets what the umask leaves */
	if (there) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		mode = st.st_mode & 0777;
	} else {
		mode = umask(0);
		umask(mode);
		mode = 0666 & ~mode;
	}
	snprintf(copy, sizeof(copy), "%s", path);
	int fd = make_temporary(dirname(copy), temporary);
	if (fd < 0)
		return fd;
	/* Its owner too, that a file of the web server's stays readable to it. Who may not give
	 * files away gives at least the group, if it is one of ours. */
	if (there && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
	    fchown(fd, st.st_uid, st.st_gid) != 0)
		(void)!fchown(fd, (uid_t)-1, st.st_gid);
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

/* Nothing can be renamed onto it. */
static bool
is_mount_point(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &st) == 0 &&
	       S_ISREG(st.stx_mode) &&
	       (st.stx_attributes_mask & st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* In a sticky folder, such as /tmp, only owners may replace what is there (rename(2)). */
static bool
is_kept_by_sticky(const char *path)
{
	char copy[PATH_MAX];
	struct stat file, folder;
	const uid_t me = geteuid();

	snprintf(copy, sizeof(copy), "%s", path);
	return me != 0 && lstat(path, &file) == 0 && stat(dirname(copy), &folder) == 0 &&
	       (folder.st_mode & S_ISVTX) != 0 && file.st_uid != me && folder.st_uid != me;
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
	if (is_mount_point(real))
		return access(real, W_OK) == 0 ? 0 : -errno;
	if (is_kept_by_sticky(real))
		return -EPERM;
	remove_left_behind(real);
	int fd = open_temporary(real, temporary);
	if (fd < 0)
		return fd;
	unlink(temporary);
	close(fd);
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

/* Over what stands there, and then no longer than that. */
static int
write_in_place(const char *path, int (*write)(int fd, void *context), void *context)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int error = write(fd, context);
	off_t end = error == 0 ? lseek(fd, 0, SEEK_CUR) : -1;
	if (error == 0 && (end < 0 || ftruncate(fd, end) != 0 || fsync(fd) != 0))
		error = -errno;
	if (close(fd) != 0 && error == 0)
		error = -errno;
	return error;
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
	if (is_mount_point(real))
		return write_in_place(real, write, context);
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

/* Both names as far as there is something: the folder's true one and the last part. */
static int
true_name(const char *path, char name[2 * PATH_MAX])
{
	char real[PATH_MAX], copy[PATH_MAX], folder[PATH_MAX];
	int error = resolve(path, real);

	if (error != 0)
		return error;
	snprintf(copy, sizeof(copy), "%s", real);
	if (realpath(dirname(copy), folder) == NULL)
		return -errno;
	snprintf(copy, sizeof(copy), "%s", real);
	snprintf(name, 2 * PATH_MAX, "%s/%s", folder, basename(copy));
	return 0;
}

int
file_is_same(const char *one, const char *other)
{
	char names[2][2 * PATH_MAX];
	struct stat a, b;

	if (is_special(one) || is_special(other))
		return 0;
	if (stat(one, &a) == 0 && stat(other, &b) == 0)
		return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	return true_name(one, names[0]) == 0 && true_name(other, names[1]) == 0 &&
	       strcmp(names[0], names[1]) == 0;
}

/* monotonic_ns; 0: readers have their usual time. */
static _Atomic int64_t readers_end;

void
file_hurry(unsigned int ms)
{
	atomic_store(&readers_end, (int64_t)monotonic_ns() + ms * INT64_C(1000000));
}

/* How long a reader may still take nothing. */
static int
patience_ms(void)
{
	int64_t end = atomic_load(&readers_end), left = (end - (int64_t)monotonic_ns()) / 1000000;

	if (end == 0 || left > READER_WAIT_MS)
		return READER_WAIT_MS;
	return left > 0 ? (int)left : 0;
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

			const int patience = patience_ms();

			if (patience == 0 || poll(&reader, 1, patience) == 0)
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
