/* SPDX-License-Identifier: BSD-3-Clause */
#include "folder_reader.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define REFUSED_SUFFIX ".refused"

struct folder_reader {
	char path[PATH_MAX - 128];
	int folder, lock, watch;
	struct dirent **found; /* sorted; those before `next` were handed out */
	int count, next;
	char last[64]; /* the last one that was handed out: later listings go on behind it */
};

static int
is_record(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end != NULL && strcmp(end, RECORD_FILE_SUFFIX) == 0 && entry->d_name[0] != '.' &&
	       strlen(entry->d_name) < 64;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
forget(struct folder_reader *r)
{
	for (int i = 0; i < r->count; i++)
		free(r->found[i]);
	free(r->found);
	r->found = NULL;
	r->count = r->next = 0;
}

struct folder_reader *
folder_reader_open(const char *path, char error[RECORD_ERROR_MAX])
{
	struct folder_reader *r = calloc(1, sizeof(*r));
	const char *why = NULL;

	if (r == NULL) {
		snprintf(error, RECORD_ERROR_MAX, "out of memory");
		return NULL;
	}
	r->lock = r->watch = -1;
	snprintf(r->path, sizeof(r->path), "%s", path);
	r->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->folder < 0)
		why = strerror(errno);
	if (why == NULL) {
		r->lock =
			openat(r->folder, "taker", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (r->lock < 0)
			why = strerror(errno);
		else if (flock(r->lock, LOCK_EX | LOCK_NB) != 0)
			why = "another process takes its records";
	}
	if (why == NULL) {
		r->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (r->watch < 0 || inotify_add_watch(r->watch, path, IN_MOVED_TO) < 0)
			why = strerror(errno);
	}
	if (why == NULL)
		return r;
	snprintf(error, RECORD_ERROR_MAX, "%.160s: %s", path, why);
	folder_reader_close(r);
	return NULL;
}

void
folder_reader_close(struct folder_reader *r)
{
	if (r == NULL)
		return;
	forget(r);
	if (r->folder >= 0)
		close(r->folder);
	if (r->lock >= 0)
		close(r->lock);
	if (r->watch >= 0)
		close(r->watch);
	free(r);
}

/* Those that came since the last listing. A clock that was set back makes names that sort before
 * what was handed out: they are seen once all else is taken. */
static int
list(struct folder_reader *r)
{
	char events[4096];
	int kept = 0;

	while (read(r->watch, events, sizeof(events)) > 0)
		continue;
	forget(r);
	r->count = scandir(r->path, &r->found, is_record, by_name);
	if (r->count < 0) {
		r->count = 0;
		return -errno;
	}
	for (int i = 0; i < r->count; i++) {
		if (strcmp(r->found[i]->d_name, r->last) > 0)
			r->found[kept++] = r->found[i];
		else
			free(r->found[i]);
	}
	r->count = kept;
	return 0;
}

/* 1, 0: it is gone, given up by the sensor; or -errno. */
static int
read_file(const struct folder_reader *r, const char *name, struct folder_message *m)
{
	struct stat st;
	int fd = openat(r->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	int error = fstat(fd, &st) != 0 ? -errno : 0;
	if (error == 0 && (!S_ISREG(st.st_mode) || st.st_size > RECORD_UNPACK_MOST))
		error = -EBADMSG;
	if (error == 0) {
		m->data = malloc((size_t)st.st_size + 1);
		error = m->data == NULL ? -ENOMEM : 0;
	}
	m->size = 0;
	while (error == 0 && m->size < (size_t)st.st_size) {
		const ssize_t n = read(fd, (char *)m->data + m->size, (size_t)st.st_size - m->size);

		if (n <= 0)
			error = n < 0 ? -errno : -EBADMSG;
		else
			m->size += (size_t)n;
	}
	close(fd);
	if (error != 0) {
		free(m->data);
		m->data = NULL;
	}
	return error != 0 ? error : 1;
}

int
folder_reader_next(struct folder_reader *r, struct folder_message *m,
		   bool (*is_known)(const void *context, const char *name), const void *context)
{
	char error[RECORD_ERROR_MAX];
	struct record record;

	*m = (struct folder_message){0};
	for (;;) {
		if (r->next == r->count) {
			int listed = list(r);

			if (listed != 0 || r->count == 0)
				return listed;
		}
		const char *name = r->found[r->next++]->d_name;

		snprintf(m->name, sizeof(m->name), "%.63s", name);
		snprintf(r->last, sizeof(r->last), "%.63s", name);
		if (is_known != NULL && is_known(context, name))
			continue;
		int code = read_file(r, name, m);

		if (code == 0)
			continue;
		if (code == 1)
			code = record_unpack(m->data, m->size, &record, error);
		else
			snprintf(error, sizeof(error), "%s", strerror(-code));
		if (code == 0) {
			snprintf(m->sensor, sizeof(m->sensor), "%s", record.head.sensor);
			record_free(&record);
			return 1;
		}
		free(m->data);
		m->data = NULL;
		if (code == -ENOMEM || code == -EIO || code == -EMFILE || code == -ENFILE)
			return code;
		folder_reader_refuse(r, m->name, error);
	}
}

void
folder_reader_done(struct folder_reader *r, const char *name)
{
	(void)unlinkat(r->folder, name, 0); /* the sensor may have given it up */
}

static int
is_refused(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end != NULL && strcmp(end, REFUSED_SUFFIX) == 0;
}

/* What nobody takes is not to fill the disk: the oldest of them make room for one more. */
static void
limit_refused(const struct folder_reader *r)
{
	struct dirent **found;
	const int count = scandir(r->path, &found, is_refused, by_name);

	for (int i = 0; i < count; i++) {
		if (count - i >= REFUSED_MOST) {
			log_warning("%s/%s is removed: there are %d of them", r->path,
				    found[i]->d_name, count);
			(void)unlinkat(r->folder, found[i]->d_name, 0);
		}
		free(found[i]);
	}
	if (count >= 0)
		free(found);
}

void
folder_reader_refuse(struct folder_reader *r, const char *name, const char *why)
{
	char to[80];

	limit_refused(r);
	snprintf(to, sizeof(to), "%s" REFUSED_SUFFIX, name);
	log_error("%s/%s: %s; it is set aside as %s", r->path, name, why, to);
	(void)renameat(r->folder, name, r->folder, to);
}

void
folder_reader_rewind(struct folder_reader *r)
{
	forget(r);
	r->last[0] = 0;
}

int
folder_reader_fd(const struct folder_reader *r)
{
	return r->watch;
}
