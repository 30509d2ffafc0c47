/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_list.h"

#include "capture_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 65536

struct entry {
	char *path;
	dev_t device;
	ino_t inode;
	int64_t first_ns; /* of its first record; CAPTURE_NO_TIME: none yet */
	uint64_t octets;
	struct timespec changed; /* when it was looked at */
	bool taken, here, capture;
};

struct capture_list {
	char *name;
	const atomic_bool *cancel;
	void (*note)(const char *text);
	struct entry *entries;
	size_t count, room;
	char *current; /* that capture_list_next gave out */
};

bool
capture_list_is_many(const char *name)
{
	struct stat st;

	if (stat(name, &st) == 0)
		return S_ISDIR(st.st_mode);
	return strpbrk(name, "*?[") != NULL;
}

/* Its first record's time. False: no capture, or none yet. */
static bool
look_into(const struct capture_list *l, struct entry *e, const struct stat *st)
{
	const struct capture_wait wait = {.cancel = l->cancel};
	char error[CAPTURE_ERROR_MAX], text[CAPTURE_ERROR_MAX + 300];
	struct capture_record first;
	int fd = open(e->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	e->octets = (uint64_t)st->st_size;
	e->changed = st->st_mtim;
	e->first_ns = CAPTURE_NO_TIME;
	e->capture = false;
	if (fd < 0)
		snprintf(error, sizeof(error), "%s", strerror(errno));
	struct capture_file *file = fd >= 0 ? capture_file_open(fd, &wait, error) : NULL;
	if (file != NULL) {
		if (capture_file_look(file, &first) == 1)
			e->first_ns = first.ns;
		e->capture = true;
	} else if (st->st_size > 0 && l->note != NULL &&
		   (l->cancel == NULL || !atomic_load(l->cancel))) {
		snprintf(text, sizeof(text), "%.250s: left out: %s", e->path, error);
		l->note(text);
	}
	capture_file_close(file);
	return e->capture;
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* A file of that name is there. */
static int
see(struct capture_list *l, const char *path)
{
	struct entry *e = l->entries, *end = l->entries + l->count;
	struct stat st;

	if (l->cancel != NULL && atomic_load(l->cancel))
		return -ECANCELED;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	while (e < end && strcmp(e->path, path) != 0)
		e++;
	if (e == end) {
		if (l->count == FILES_MAX)
			return -E2BIG;
		if (l->count == l->room) {
			size_t room = l->room ? 2 * l->room : 64;
			struct entry *more = realloc(l->entries, room * sizeof(*more));

			if (more == NULL)
				return -ENOMEM;
			l->entries = more;
			l->room = room;
		}
		e = &l->entries[l->count];
		*e = (struct entry){.path = strdup(path)};
		if (e->path == NULL)
			return -ENOMEM;
		l->count++;
	} else if (same_time(&e->changed, &st.st_mtim) && e->inode == st.st_ino &&
		   e->device == st.st_dev) {
		e->here = true;
		return 0;
	} else if (e->taken) {
		/* one that grew behind the end where it was left is not begun again; tcpdump -W
		 * begins the same file anew, with another first packet */
		const int64_t before = e->first_ns;
		const bool same = e->inode == st.st_ino && e->device == st.st_dev;

		look_into(l, e, &st);
		e->taken = same &&
			   (e->first_ns == before || !e->capture || e->first_ns == CAPTURE_NO_TIME);
		if (e->taken && !e->capture)
			e->changed = (struct timespec){0}; /* it was just begun: look again */
		if (e->taken)
			e->first_ns = before;
		e->here = true;
		e->inode = st.st_ino;
		e->device = st.st_dev;
		return 0;
	}
	e->here = true;
	e->inode = st.st_ino;
	e->device = st.st_dev;
	look_into(l, e, &st);
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int
see_folder(struct capture_list *l)
{
	struct dirent **names;
	char path[4096];
	int n = scandir(l->name, &names, NULL, alphasort), ret = 0;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		const bool slash = l->name[0] != 0 && l->name[strlen(l->name) - 1] == '/';

		if (names[i]->d_name[0] != '.' && ret == 0 &&
		    snprintf(path, sizeof(path), "%s%s%s", l->name, slash ? "" : "/",
			     names[i]->d_name) < (int)sizeof(path))
			ret = see(l, path);
		free(names[i]);
	}
	free(names);
	return ret;
}

static int
see_pattern(struct capture_list *l)
{
	glob_t found;
	int ret = glob(l->name, 0, NULL, &found);

	if (ret == GLOB_NOMATCH)
		return 0;
	if (ret != 0)
		return ret == GLOB_NOSPACE ? -ENOMEM : -EIO;
	for (size_t i = 0; i < found.gl_pathc && ret == 0; i++)
		ret = see(l, found.gl_pathv[i]);
	globfree(&found);
	return ret;
}

static int
see_all(struct capture_list *l)
{
	struct stat st;
	size_t kept = 0;
	int ret;

	for (size_t i = 0; i < l->count; i++)
		l->entries[i].here = false;
	ret = stat(l->name, &st) == 0 && S_ISDIR(st.st_mode) ? see_folder(l) : see_pattern(l);
	if (ret != 0)
		return ret;
	for (size_t i = 0; i < l->count; i++) {
		if (l->entries[i].here)
			l->entries[kept++] = l->entries[i];
		else
			free(l->entries[i].path);
	}
	l->count = kept;
	if (l->count > 0)
		qsort(l->entries, l->count, sizeof(*l->entries), by_time);
	return 0;
}

size_t
capture_list_look_again(struct capture_list *l)
{
	size_t left = 0;

	if (see_all(l) != 0)
		return 0;
	for (size_t i = 0; i < l->count; i++)
		left += l->entries[i].capture && !l->entries[i].taken;
	return left;
}

struct capture_list *
capture_list_open(const char *name, const atomic_bool *cancel, void (*note)(const char *text),
		  char error[CAPTURE_ERROR_MAX])
{
	struct capture_list *l = calloc(1, sizeof(*l));
	size_t captures = 0;
	int ret = l != NULL && (l->name = strdup(name)) != NULL ? 0 : -ENOMEM;

	if (ret == 0) {
		l->cancel = cancel;
		l->note = note;
		ret = see_all(l);
	}
	for (size_t i = 0; ret == 0 && i < l->count; i++)
		captures += l->entries[i].capture;
	if (ret != 0)
		snprintf(error, CAPTURE_ERROR_MAX, "%s",
			 ret == -ECANCELED ? "stopped while it was looked at" : strerror(-ret));
	else if (l->count == 0)
		snprintf(error, CAPTURE_ERROR_MAX, "there is no file in it, or of that pattern");
	else if (captures == 0)
		snprintf(error, CAPTURE_ERROR_MAX, "none of its %zu files is a capture", l->count);
	if (captures > 0)
		return l;
	capture_list_close(l);
	return NULL;
}

void
capture_list_set_cancel(struct capture_list *l, const atomic_bool *cancel)
{
	l->cancel = cancel;
}

const char *
capture_list_next(struct capture_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct entry *e = &l->entries[i];

		if (!e->capture || e->taken)
			continue;
		e->taken = true;
		free(l->current);
		l->current = strdup(e->path);
		return l->current;
	}
	return NULL;
}

size_t
capture_list_count(const struct capture_list *l)
{
	return l->count;
}

uint64_t
capture_list_octets(const struct capture_list *l)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->count; i++)
		sum += l->entries[i].capture ? l->entries[i].octets : 0;
	return sum;
}

void
capture_list_close(struct capture_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->count; i++)
		free(l->entries[i].path);
	free(l->entries);
	free(l->current);
	free(l->name);
	free(l);
}
