/* SPDX-License-Identifier: BSD-3-Clause */
#include "folder_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A file that was read and is not stored yet. */
struct pending {
	UT_hash_handle hh; /* by name; in the order in which they were read */
	char name[64];
};

struct folder_source {
	struct folder_reader *reader;
	struct pending *pending;
	int64_t first, next; /* the number of the first of them, and of the next file */
};

struct folder_source *
folder_source_open(const char *path, char error[RECORD_ERROR_MAX])
{
	struct folder_source *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(error, RECORD_ERROR_MAX, "out of memory");
		return NULL;
	}
	s->reader = folder_reader_open(path, error);
	if (s->reader != NULL)
		return s;
	free(s);
	return NULL;
}

static void
forget_first(struct folder_source *s)
{
	struct pending *first = s->pending;

	HASH_DEL(s->pending, first);
	free(first);
	s->first++;
}

void
folder_source_close(struct folder_source *s)
{
	if (s == NULL)
		return;
	while (s->pending != NULL)
		forget_first(s);
	folder_reader_close(s->reader);
	free(s);
}

static bool
is_pending(const void *context, const char *name)
{
	const struct folder_source *s = context;
	struct pending *p;

	HASH_FIND_STR(s->pending, name, p);
	return p != NULL;
}

/* Files of several sensors do not come in the order of their names: once all are read, those that
 * are there now are looked at anew, but for those that are pending. */
int
folder_source_next(struct folder_source *s, int64_t *number, void **data, size_t *size)
{
	struct folder_message m;
	struct pending *p;
	const int code = folder_reader_next(s->reader, &m, is_pending, s);

	if (code != 1) {
		folder_reader_rewind(s->reader);
		return code;
	}
	p = calloc(1, sizeof(*p));
	if (p != NULL) {
		snprintf(p->name, sizeof(p->name), "%s", m.name);
		HASH_ADD_STR(s->pending, name, p);
	}
	if (p == NULL || p->hh.tbl == NULL) {
		free(p);
		free(m.data);
		return -ENOMEM;
	}
	*number = s->next++;
	*data = m.data;
	*size = m.size;
	return 1;
}

void
folder_source_stored(struct folder_source *s, int64_t number)
{
	while (s->pending != NULL && s->first < number) {
		folder_reader_done(s->reader, s->pending->name);
		forget_first(s);
	}
}

int
folder_source_fd(const struct folder_source *s)
{
	return folder_reader_fd(s->reader);
}
