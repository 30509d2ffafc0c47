/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that are replaced as a whole: a reader sees the old text or the new one, never a half, also
 * after a power cut (temporary file beside it, fsync, rename, fsync of the folder).
 */
#pragma once

#include <stddef.h>

/*
 * Can a file be put there? 0, or -errno: the folder is missing or not writable, the path is a
 * folder. Tries it with a temporary file, which it removes. Removes temporary files that an earlier
 * process left in that folder when it was killed.
 */
int file_check(const char *path);

/*
 * Replaces `path` by what `write` puts into the descriptor it is given. A symbolic link is
 * followed; owner, group and permissions of a file that stands there stay, as far as we may give
 * them. What is no regular file (a FIFO, /dev/stdout) is written to, not replaced: its descriptor
 * does not block, file_write waits for it with a bound. A file that is a mount point (one file that
 * a container was given) cannot be replaced, and is written in place. 0 or -errno, and then the old
 * file stands as it was, but for a mount point, of which the beginning may be new.
 */
int file_replace(const char *path, int (*write)(int fd, void *context), void *context);

/* The same with a text. */
int file_replace_text(const char *path, const char *text, size_t length);

/* Would two of these paths be one file? Pipes and devices may stand several times. */
int file_is_same(const char *one, const char *other);

/* [any thread] From now on a pipe's reader has so long for all of it: the process ends. */
void file_hurry(unsigned int ms);

/* Writes all of it: 0 or -errno, -ETIMEDOUT where a reader took nothing for a second. */
int file_write(int fd, const char *data, size_t length);
