/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a store: for writing, with its lock, or for reading; and what is found in it. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void
history_log(const struct history *h, const char *format, ...)
{
	char line[HISTORY_ERROR_MAX + 128];
	va_list arguments;

	if (h->settings.log == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	h->settings.log(line);
}

bool
store_is_damaged(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

int
history_set_aside(struct history *h)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char from[4200], to[4300], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(from, sizeof(from), "%s/%s%s", h->folder, HISTORY_FILE, parts[i]);
		snprintf(to, sizeof(to), "%s/%s.damaged-%s%s", h->folder, HISTORY_FILE, stamp,
			 parts[i]);
		if (rename(from, to) != 0 && errno != ENOENT)
			return -errno;
	}
	history_log(
		h, "history: %s/%s is damaged; it is kept as %s.damaged-%s, and a new one is begun",
		h->folder, HISTORY_FILE, HISTORY_FILE, stamp);
	return 0;
}

int
history_open_store(struct history *h, char error[HISTORY_ERROR_MAX])
{
	int code = store_open(&h->store, &h->settings, error);

	if (!store_is_damaged(code))
		return code;
	if (history_set_aside(h) != 0) {
		snprintf(error, HISTORY_ERROR_MAX, "%.300s/%s is damaged and cannot be renamed: %s",
			 h->folder, HISTORY_FILE, strerror(errno));
		return code;
	}
	pthread_mutex_lock(&h->lock);
	h->status.damaged++;
	pthread_mutex_unlock(&h->lock);
	return store_open(&h->store, &h->settings, error);
}

static int
lock_folder(struct history *h, char error[HISTORY_ERROR_MAX])
{
	char path[4100];

	if (mkdir(h->folder, 0750) != 0 && errno != EEXIST) {
		snprintf(error, HISTORY_ERROR_MAX, "--history %.300s: cannot make the folder: %s",
			 h->folder, strerror(errno));
		return -1;
	}
	snprintf(path, sizeof(path), "%s/lock", h->folder);
	h->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (h->lock_fd < 0) {
		snprintf(error, HISTORY_ERROR_MAX, "--history %.300s: cannot write there: %s",
			 h->folder, strerror(errno));
		return -1;
	}
	if (flock(h->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		snprintf(error, HISTORY_ERROR_MAX,
			 "--history %.300s: %s; each process needs a folder of its own", h->folder,
			 errno == EWOULDBLOCK ? "another process writes there" : strerror(errno));
		return -1;
	}
	return 0;
}

static int64_t
oldest_start(sqlite3 *db, int *code)
{
	int64_t oldest = 0;
	char sql[64];

	*code = SQLITE_OK;
	for (int tier = 0; tier < HISTORY_TIERS && *code == SQLITE_OK; tier++) {
		snprintf(sql, sizeof(sql), "SELECT min(start) FROM tier%d", tier);
		int64_t start = store_number(db, sql, code);
		if (start != 0 && (oldest == 0 || start < oldest))
			oldest = start;
	}
	return oldest;
}

/* Periods of today, and days whose periods are gone. */
static int64_t
newest_end(sqlite3 *db, int *code)
{
	int64_t newest = 0;
	char sql[64];

	*code = SQLITE_OK;
	for (int tier = 0; tier < HISTORY_TIERS && *code == SQLITE_OK; tier++) {
		snprintf(sql, sizeof(sql), "SELECT max(finish) FROM tier%d", tier);
		int64_t end = store_number(db, sql, code);
		newest = end > newest ? end : newest;
	}
	return newest;
}

void
history_describe(struct history *h)
{
	int code;
	const int64_t oldest = oldest_start(h->store.db, &code);
	const uint64_t octets = store_octets(&h->store);

	pthread_mutex_lock(&h->lock);
	h->status.oldest_ms = oldest;
	h->status.octets = octets;
	pthread_mutex_unlock(&h->lock);
}

void
history_sample_free(struct history_sample *sample)
{
	free(sample->points);
	free(sample->hosts);
	notes_free(sample->notes, sample->note_count);
}

void
history_free(struct history *h)
{
	store_close(&h->store);
	if (h->lock_fd >= 0)
		close(h->lock_fd);
	for (size_t i = 0; h->queue != NULL && i < h->waiting; i++)
		history_sample_free(&h->queue[(h->first + i) % QUEUE_MAX]);
	free(h->queue);
	notes_free(h->loose, h->loose_count);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->changed);
	free(h);
}

struct history *
history_open(const struct history_settings *settings, char error[HISTORY_ERROR_MAX])
{
	struct history *h = calloc(1, sizeof(*h));
	pthread_condattr_t monotonic;

	if (h == NULL) {
		snprintf(error, HISTORY_ERROR_MAX, "out of memory");
		return NULL;
	}
	h->settings = *settings;
	h->lock_fd = -1;
	snprintf(h->folder, sizeof(h->folder), "%s", settings->folder);
	h->settings.folder = h->folder;
	h->status.limit = settings->size;
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&h->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	h->queue = calloc(QUEUE_MAX, sizeof(*h->queue));
	if (h->queue == NULL || strlen(settings->folder) >= sizeof(h->folder)) {
		snprintf(error, HISTORY_ERROR_MAX, "--history: %s",
			 h->queue ? "the path is too long" : "out of memory");
	} else if (lock_folder(h, error) == 0 && history_open_store(h, error) == SQLITE_OK) {
		int code;

		h->status.stored_until_ms =
			store_number(h->store.db, "SELECT max(finish) FROM tier0", &code);
		history_describe(h);
		return h;
	}
	history_free(h);
	return NULL;
}

struct history *
history_read(const char *folder, struct privacy privacy, char error[HISTORY_ERROR_MAX])
{
	struct history *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		snprintf(error, HISTORY_ERROR_MAX, "out of memory");
		return NULL;
	}
	h->lock_fd = -1;
	h->settings.privacy = privacy;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	const int length =
		snprintf(h->store.path, sizeof(h->store.path), "%s/%s", folder, HISTORY_FILE);
	if ((size_t)length >= sizeof(h->store.path))
		snprintf(error, HISTORY_ERROR_MAX, "--history: the path is too long");
	else if (access(h->store.path, F_OK) != 0)
		snprintf(error, HISTORY_ERROR_MAX, "--history %.300s: there is no %s in it: %s",
			 folder, HISTORY_FILE, strerror(errno));
	else if (store_judge(h->store.path, error) == 0)
		return h;
	history_free(h);
	return NULL;
}

int
history_bounds(struct history *h, int64_t *from_ms, int64_t *to_ms)
{
	sqlite3 *db = NULL;
	int code = store_open_reader(h->store.path, &db);

	*from_ms = *to_ms = 0;
	if (code == SQLITE_OK)
		*from_ms = oldest_start(db, &code);
	if (code == SQLITE_OK)
		*to_ms = newest_end(db, &code);
	sqlite3_close(db);
	return code == SQLITE_OK ? 0 : -EIO;
}
