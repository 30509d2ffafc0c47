/* SPDX-License-Identifier: BSD-3-Clause */
/* The store's life, its queue, and the thread that writes. */
#include "history.h"

#include "internal.h"
#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* An hour of 10 s periods; or so many points (72 octets each: 150 MB), whatever is less. */
#define QUEUE_MAX        360
#define QUEUE_POINTS_MAX 2000000

/* After a failure: the first try comes soon, a disk that stays full is asked once a minute. */
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS  60000

static void __attribute__((format(printf, 2, 3)))
log_to(const struct history *h, const char *format, ...)
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

static bool
is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* The file and what belongs to it, out of the way but not gone. */
static int
set_aside(struct history *h)
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
	log_to(h, "history: %s/%s is damaged; it is kept as %s.damaged-%s, and a new one is begun",
	       h->folder, HISTORY_FILE, HISTORY_FILE, stamp);
	return 0;
}

/* Opens the store; a damaged one once more, anew. SQLite's code. */
static int
open_store(struct history *h, char error[HISTORY_ERROR_MAX])
{
	int code = store_open(&h->store, &h->settings, error);

	if (!is_damage(code))
		return code;
	if (set_aside(h) != 0) {
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

/* [writer, or history_open] */
static void
describe(struct history *h)
{
	int code;
	const int64_t oldest = oldest_start(h->store.db, &code);
	const uint64_t octets = store_octets(&h->store);

	pthread_mutex_lock(&h->lock);
	h->status.oldest_ms = oldest;
	h->status.octets = octets;
	pthread_mutex_unlock(&h->lock);
}

static void
sample_free(struct history_sample *sample)
{
	free(sample->points);
	notes_free(sample->notes, sample->note_count);
}

static void
history_free(struct history *h)
{
	store_close(&h->store);
	if (h->lock_fd >= 0)
		close(h->lock_fd);
	for (size_t i = 0; h->queue != NULL && i < h->waiting; i++)
		sample_free(&h->queue[(h->first + i) % QUEUE_MAX]);
	free(h->queue);
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
	} else if (lock_folder(h, error) == 0 && open_store(h, error) == SQLITE_OK) {
		int code;

		h->status.stored_until_ms =
			store_number(h->store.db, "SELECT max(finish) FROM tier0", &code);
		describe(h);
		return h;
	}
	history_free(h);
	return NULL;
}

struct history *
history_read(const char *folder, char error[HISTORY_ERROR_MAX])
{
	struct history *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		snprintf(error, HISTORY_ERROR_MAX, "out of memory");
		return NULL;
	}
	h->lock_fd = -1;
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

/* The sample as a sum by the store's ids, in the open transaction. SQLite's code. */
static int
to_sum(struct store *store, const struct history_sample *sample, struct sum *sum)
{
	int code = SQLITE_OK;

	sum->start_ms = sample->start_ms;
	sum->end_ms = sample->end_ms;
	sum->covered_ms = sample->covered_ms;
	sum->received = sample->received;
	sum->lost = sample->lost;
	sum->ledger = sample->ledger;
	for (size_t i = 0; i < sample->count && code == SQLITE_OK; i++) {
		uint32_t id =
			known_places_id(store->places, store->db, sample->points[i].place, &code);

		if (code != SQLITE_OK)
			break;
		if (sum_room(sum, id) != 0)
			code = SQLITE_NOMEM;
		else
			counts_add(&sum->counts[id], &sample->points[i].counts);
	}
	return code;
}

/* One transaction for all that waits. SQLite's code; nothing of it is stored if it is not OK. */
static int
store_samples(struct history *h, const struct history_sample *samples, size_t count)
{
	struct store *store = &h->store;
	bool more = true;
	int code = store_run(store->db, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
		struct sum period = {0};

		code = to_sum(store, &samples[i], &period);
		if (code == SQLITE_OK)
			code = rollup_add(store, &period);
		if (code == SQLITE_OK)
			code = notes_store(store->db, samples[i].notes, samples[i].note_count);
		sum_free(&period);
	}
	/* as many rows as the size asks for, but no more than a few steps a period */
	for (size_t step = 0; step < 4 + 2 * count && more && code == SQLITE_OK; step++)
		code = prune(store, &h->settings, samples[count - 1].end_ms,
			     (int64_t)samples[count - 1].covered_ms, &more);
	if (code == SQLITE_OK)
		code = store_run(store->db, "COMMIT");
	if (code == SQLITE_OK) {
		known_places_committed(store->places);
		return code;
	}
	char why[128];
	snprintf(why, sizeof(why), "%s", sqlite3_errmsg(store->db));
	store_run(store->db, "ROLLBACK");
	known_places_rolled_back(store->places);
	pthread_mutex_lock(&h->lock);
	memcpy(h->status.error, why, sizeof(why));
	pthread_mutex_unlock(&h->lock);
	return code;
}

/* The file is at its bound although rows went with each period: some more of them. */
static void
make_room(struct history *h)
{
	bool more = true;
	int code = store_run(h->store.db, "BEGIN IMMEDIATE");

	for (int step = 0; step < 64 && more && code == SQLITE_OK; step++)
		code = prune(&h->store, &h->settings, h->status.stored_until_ms, 0, &more);
	store_run(h->store.db, code == SQLITE_OK ? "COMMIT" : "ROLLBACK");
}

/* The sums being filled may hold what was rolled back: read again. A damaged file is replaced. */
static void
recover(struct history *h, int code)
{
	char error[HISTORY_ERROR_MAX];

	if ((code & 0xff) == SQLITE_FULL && h->store.db != NULL)
		make_room(h);
	if (!is_damage(code) && h->store.db != NULL && rollup_load(&h->store) == SQLITE_OK)
		return;
	store_close(&h->store);
	if (is_damage(code) && set_aside(h) == 0) {
		pthread_mutex_lock(&h->lock);
		h->status.damaged++;
		pthread_mutex_unlock(&h->lock);
	}
	if (open_store(h, error) != SQLITE_OK)
		log_to(h, "history: %s", error);
}

static void
after_success(struct history *h, struct history_sample *samples, size_t count)
{
	pthread_mutex_lock(&h->lock);
	const bool was_failing = h->status.failing;
	h->status.failing = false;
	h->status.error[0] = 0;
	h->status.stored += count;
	for (size_t i = 0; i < count; i++) {
		h->waiting_points -= samples[i].count;
		sample_free(&samples[i]);
	}
	h->status.stored_until_ms = samples[count - 1].end_ms;
	h->first = (h->first + count) % QUEUE_MAX;
	h->waiting -= count;
	const unsigned long long dropped = h->status.dropped;
	pthread_mutex_unlock(&h->lock);
	describe(h);
	if (was_failing)
		log_to(h, "history: stored again; %llu periods have been dropped since the start",
		       dropped);
}

/* True: said for the first time since it worked. */
static void
after_failure(struct history *h)
{
	char error[128];

	pthread_mutex_lock(&h->lock);
	const bool first = !h->status.failing;
	h->status.failing = true;
	h->status.failures++;
	memcpy(error, h->status.error, sizeof(error));
	pthread_mutex_unlock(&h->lock);
	if (first)
		log_to(h,
		       "history: cannot store in %s: %s; tried again until it can be, counting "
		       "and the map go on",
		       h->folder, error);
}

/* Waits for work, or for the time to try again. The samples to store: those at the queue's front,
 * up to its wrap. 0: none, and the end. */
static size_t
next_samples(struct history *h, unsigned int wait_ms, struct history_sample **samples)
{
	struct timespec until;
	size_t count;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&h->lock);
	while (h->waiting == 0 && !h->ending)
		pthread_cond_wait(&h->changed, &h->lock);
	while (wait_ms > 0 && !h->ending &&
	       pthread_cond_timedwait(&h->changed, &h->lock, &until) != ETIMEDOUT)
		;
	count = h->waiting;
	if (count > QUEUE_MAX - h->first)
		count = QUEUE_MAX - h->first;
	*samples = &h->queue[h->first];
	pthread_mutex_unlock(&h->lock);
	return count;
}

static void *
writer_run(void *argument)
{
	struct history *h = argument;
	unsigned int wait_ms = 0;
	struct history_sample *samples;
	size_t count;
	bool last_try = false;

	while ((count = next_samples(h, wait_ms, &samples)) > 0) {
		int code = h->store.db ? store_samples(h, samples, count) : SQLITE_CANTOPEN;

		if (code == SQLITE_OK) {
			after_success(h, samples, count);
			wait_ms = 0;
			continue;
		}
		after_failure(h);
		recover(h, code);
		pthread_mutex_lock(&h->lock);
		const bool ending = h->ending;
		pthread_mutex_unlock(&h->lock);
		if (ending && last_try) {
			log_to(h, "history: ends with %zu periods that could not be stored", count);
			break;
		}
		last_try = ending;
		wait_ms = wait_ms == 0 ? RETRY_FIRST_MS : 2 * wait_ms;
		if (wait_ms > RETRY_MOST_MS)
			wait_ms = RETRY_MOST_MS;
	}
	return NULL;
}

int
history_start(struct history *h)
{
	int error = pthread_create(&h->thread, NULL, writer_run, h);

	if (error != 0)
		return -error;
	pthread_setname_np(h->thread, "history");
	h->started = true;
	return 0;
}

int
history_close(struct history *h, int timeout_ms)
{
	if (h == NULL)
		return 0;
	pthread_mutex_lock(&h->lock);
	h->ending = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	if (h->started && (timeout_ms < 0 ? pthread_join(h->thread, NULL)
					  : join_within(h->thread, timeout_ms)) != 0)
		return -ETIMEDOUT;
	history_free(h);
	return 0;
}

int
history_offer(struct history *h, struct history_sample *sample)
{
	const uint64_t *frames = sample->ledger.decode.frames;
	int ret = 0;

	pthread_mutex_lock(&h->lock);
	if (sample->points == NULL || h->waiting == QUEUE_MAX ||
	    (h->waiting > 0 && h->waiting_points + sample->count > QUEUE_POINTS_MAX)) {
		h->status.dropped++;
		h->status.dropped_packets += frames[DECODE_TCP] + frames[DECODE_UDP];
		ret = sample->points == NULL ? -ENOMEM : -EAGAIN;
		sample_free(sample);
	} else {
		h->queue[(h->first + h->waiting) % QUEUE_MAX] = *sample;
		h->waiting++;
		h->waiting_points += sample->count;
		pthread_cond_signal(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	sample->points = NULL;
	sample->notes = NULL;
	return ret;
}

void
history_status(struct history *h, struct history_status *status)
{
	pthread_mutex_lock(&h->lock);
	*status = h->status;
	status->waiting = h->waiting;
	pthread_mutex_unlock(&h->lock);
}
