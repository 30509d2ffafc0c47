/* SPDX-License-Identifier: BSD-3-Clause */
#include "folder.h"

#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_LENGTH (13 + 1 + 16 + 1 + 10 + 1 + 4)
#define NAME_FORMAT "%013" PRId64 "-%016" PRIx64 "-%010" PRIu64 "-%04" PRIu32 RECORD_FILE_SUFFIX

struct entry {
	char name[64];
	uint64_t size;
};

struct record_folder {
	struct record_folder_settings settings;
	char path[PATH_MAX - 128];
	int lock;
	struct entry *entries; /* from `first` on, oldest first */
	size_t first, count, capacity;
	uint64_t octets;
	struct record_folder_lost lost;
};

/* -- the list of what waits */

static bool
is_record(const char *name)
{
	return strlen(name) == NAME_LENGTH + strlen(RECORD_FILE_SUFFIX) &&
	       strcmp(name + NAME_LENGTH, RECORD_FILE_SUFFIX) == 0 &&
	       strspn(name, "0123456789abcdef-") == NAME_LENGTH;
}

static int
add_entry(struct record_folder *f, const char *name, uint64_t size)
{
	if (f->first + f->count == f->capacity) {
		const size_t capacity = 2 * f->count + 64;
		struct entry *entries = malloc(capacity * sizeof(*entries));

		if (entries == NULL)
			return -ENOMEM;
		if (f->count > 0)
			memcpy(entries, f->entries + f->first, f->count * sizeof(*entries));
		free(f->entries);
		f->entries = entries;
		f->capacity = capacity;
		f->first = 0;
	}
	struct entry *entry = &f->entries[f->first + f->count++];

	snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->size = size;
	f->octets += size;
	return 0;
}

static void
forget_first(struct record_folder *f)
{
	f->octets -= f->entries[f->first].size;
	f->first++;
	f->count--;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int
read_folder(struct record_folder *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *found;
	int error = 0;

	if (dir == NULL)
		return -errno;
	while (error == 0 && (found = readdir(dir)) != NULL) {
		struct stat st;

		if (is_record(found->d_name) &&
		    fstatat(dirfd(dir), found->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			error = add_entry(f, found->d_name, (uint64_t)st.st_size);
	}
	closedir(dir);
	if (f->count > 0)
		qsort(f->entries + f->first, f->count, sizeof(*f->entries), by_name);
	return error;
}

/* -- what is given up */

static void
path_of(const struct record_folder *f, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", f->path, name);
}

/* TCP and UDP packets that only this message tells of: the first part speaks for all of them. */
static uint64_t
packets_of(const void *data, size_t size)
{
	char error[RECORD_ERROR_MAX];
	struct record record;
	uint64_t packets = 0;

	if (record_unpack(data, size, &record, error) != 0)
		return 0;
	if (record.part == 0)
		packets = record.head.ledger.decode.frames[DECODE_TCP] +
			  record.head.ledger.decode.frames[DECODE_UDP];
	record_free(&record);
	return packets;
}

static void
count_lost(struct record_folder *f, uint64_t packets)
{
	f->lost.records++;
	f->lost.packets += packets;
}

/* Removes the oldest, if nobody has taken it meanwhile. */
static void
give_up_first(struct record_folder *f)
{
	const struct entry *entry = &f->entries[f->first];
	char path[PATH_MAX];
	uint64_t packets = 0;

	path_of(f, entry->name, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	void *data = fd < 0 || entry->size > RECORD_UNPACK_MOST ? NULL : malloc(entry->size + 1);
	if (data != NULL) {
		const ssize_t n = read(fd, data, entry->size);

		if (n > 0)
			packets = packets_of(data, (size_t)n);
	}
	free(data);
	if (fd >= 0)
		close(fd);
	if (unlink(path) == 0)
		count_lost(f, packets);
	forget_first(f);
}

static int64_t
start_of(const struct entry *entry)
{
	return strtoll(entry->name, NULL, 10);
}

static void
make_room(struct record_folder *f, uint64_t size, int64_t now_ms)
{
	struct stat st;
	char path[PATH_MAX];

	/* those that were taken, which are the oldest */
	while (f->count > 0) {
		path_of(f, f->entries[f->first].name, path);
		if (lstat(path, &st) == 0 || errno != ENOENT)
			break;
		forget_first(f);
	}
	while (f->count > 0 && (f->octets + size > f->settings.size ||
				start_of(&f->entries[f->first]) < now_ms - f->settings.keep_ms))
		give_up_first(f);
}

/* -- */

static int
fail(char error[RECORD_ERROR_MAX], const char *path, const char *what)
{
	snprintf(error, RECORD_ERROR_MAX, "%.160s: %s", path, what);
	return -1;
}

static int
take_lock(struct record_folder *f, char error[RECORD_ERROR_MAX])
{
	char path[PATH_MAX];

	path_of(f, "lock", path);
	f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (f->lock < 0)
		return fail(error, path, strerror(errno));
	if (flock(f->lock, LOCK_EX | LOCK_NB) != 0)
		return fail(error, f->path, "another process writes its records there");
	return 0;
}

struct record_folder *
record_folder_open(const struct record_folder_settings *settings, char error[RECORD_ERROR_MAX])
{
	struct record_folder *f = calloc(1, sizeof(*f));
	int code;

	if (f == NULL) {
		fail(error, settings->path, strerror(ENOMEM));
		return NULL;
	}
	f->settings = *settings;
	f->lock = -1;
	if ((size_t)snprintf(f->path, sizeof(f->path), "%s", settings->path) >= sizeof(f->path)) {
		fail(error, settings->path, strerror(ENAMETOOLONG));
	} else if (mkdir(f->path, 0755) != 0 && errno != EEXIST) {
		fail(error, f->path, strerror(errno));
	} else if (take_lock(f, error) == 0) {
		char path[PATH_MAX];

		path_of(f, "new" RECORD_FILE_SUFFIX, path); /* removes what a crash left, too */
		code = file_check(path);
		if (code == 0)
			code = read_folder(f);
		if (code == 0)
			return f;
		fail(error, f->path, strerror(-code));
	}
	record_folder_close(f);
	return NULL;
}

void
record_folder_close(struct record_folder *folder)
{
	if (folder == NULL)
		return;
	if (folder->lock >= 0)
		close(folder->lock);
	free(folder->entries);
	free(folder);
}

int
record_folder_put(struct record_folder *f, const struct period_head *head, uint32_t part,
		  const void *data, size_t size)
{
	char name[64], path[PATH_MAX];
	int error = size > f->settings.size ? -EFBIG : 0;

	make_room(f, size, head->end_ms);
	snprintf(name, sizeof(name), NAME_FORMAT, head->start_ms, head->boot_id, head->number,
		 part);
	path_of(f, name, path);
	if (error == 0)
		error = file_replace_text(path, data, size);
	if (error == 0) {
		error = add_entry(f, name, size);
		if (error != 0)
			unlink(path);
	}
	if (error != 0)
		count_lost(f, part > 0 ? 0
				       : head->ledger.decode.frames[DECODE_TCP] +
						 head->ledger.decode.frames[DECODE_UDP]);
	return error;
}

struct record_folder_lost
record_folder_dropped(const struct record_folder *folder)
{
	return folder->lost;
}

size_t
record_folder_waiting(const struct record_folder *folder, uint64_t *octets)
{
	*octets = folder->octets;
	return folder->count;
}
