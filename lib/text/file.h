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
 * followed; what is no regular file (a FIFO, /dev/stdout) is written to, not replaced: its
 * descriptor does not block, file_write waits for it with a bound. 0 or -errno, and then the old
 * file stands as it was.
 */
int file_replace(const char *path, int (*write)(int fd, void *context), void *context);

/* The same with a text. */
int file_replace_text(const char *path, const char *text, size_t length);

/* Writes all of it: 0 or -errno, -ETIMEDOUT where a reader took nothing for a second. */
int file_write(int fd, const char *data, size_t length);
