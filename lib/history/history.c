/* SPDX-License-Identifier: BSD-3-Clause */
/* The store's queue, and the thread that writes. */
#include "history.h"

#include "internal.h"
#include "join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* After a failure: the first try comes soon, a disk that stays full is asked once a minute. */
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS  60000

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
	sum->hosts.by_place = host_cut_any(store->privacy.cut);
	for (size_t i = 0; i < sample->host_count && code == SQLITE_OK; i++) {
		const struct history_host *host = &sample->hosts[i];
		const uint32_t id = host->place == NULL ? 0
							: known_places_id(store->places, store->db,
									  host->place, &code);

		if (code == SQLITE_OK && host_list_reserve(&sum->hosts, 1) != 0)
			code = SQLITE_NOMEM;
		if (code == SQLITE_OK)
			sum->hosts.rows[sum->hosts.count++] =
				(struct host_row){host->addr, host->family, id, host->counts};
	}
	if (code == SQLITE_OK && host_list_sort(&sum->hosts) != 0)
		code = SQLITE_NOMEM;
	hosts_hide(&sum->hosts, &store->privacy);
	return code;
}

/* Notes without a period, at the front again where they could not be stored. */
static void
put_back(struct history *h, struct note *notes, size_t count)
{
	pthread_mutex_lock(&h->lock);
	struct note *all = realloc(notes, (count + h->loose_count) * sizeof(*all));
	if (all != NULL) {
		if (h->loose_count > 0)
			memcpy(all + count, h->loose, h->loose_count * sizeof(*all));
		free(h->loose);
		h->loose = all;
		h->loose_count += count;
	} else {
		notes_free(notes, count);
	}
	pthread_mutex_unlock(&h->lock);
}

/* One transaction for all that waits. SQLite's code; nothing of it is stored if it is not OK. */
static int
store_samples(struct history *h, const struct history_sample *samples, size_t count)
{
	pthread_mutex_lock(&h->lock);
	struct note *loose = h->loose;
	const size_t loose_count = h->loose_count;
	h->loose = NULL;
	h->loose_count = 0;
	pthread_mutex_unlock(&h->lock);
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
	if (code == SQLITE_OK)
		code = notes_store(store->db, loose, loose_count);
	/* as many rows as the size asks for, but no more than a few steps a period */
	for (size_t step = 0; count > 0 && step < 4 + 2 * count && more && code == SQLITE_OK;
	     step++)
		code = prune(store, &h->settings, samples[count - 1].end_ms,
			     (int64_t)samples[count - 1].covered_ms, &more);
	if (code == SQLITE_OK)
		code = store_run(store->db, "COMMIT");
	if (code == SQLITE_OK) {
		known_places_committed(store->places);
		notes_free(loose, loose_count);
		return code;
	}
	if (loose_count > 0)
		put_back(h, loose, loose_count);
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
	if (!store_is_damaged(code) && h->store.db != NULL && rollup_load(&h->store) == SQLITE_OK)
		return;
	store_close(&h->store);
	if (store_is_damaged(code) && history_set_aside(h) == 0) {
		pthread_mutex_lock(&h->lock);
		h->status.damaged++;
		pthread_mutex_unlock(&h->lock);
	}
	if (history_open_store(h, error) != SQLITE_OK)
		history_log(h, "history: %s", error);
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
		history_sample_free(&samples[i]);
	}
	if (count > 0)
		h->status.stored_until_ms = samples[count - 1].end_ms;
	h->first = (h->first + count) % QUEUE_MAX;
	h->waiting -= count;
	const unsigned long long dropped = h->status.dropped;
	pthread_mutex_unlock(&h->lock);
	history_describe(h);
	if (was_failing)
		history_log(h,
			    "history: stored again; %llu periods have been dropped since the start",
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
		history_log(
			h,
			"history: cannot store in %s: %s; tried again until it can be, counting "
			"and the map go on",
			h->folder, error);
}

/* Waits for work, or for the time to try again. The samples to store: those at the queue's front,
 * up to its wrap; none where there are only notes. False: there is nothing more, and it ends. */
static bool
next_samples(struct history *h, unsigned int wait_ms, struct history_sample **samples,
	     size_t *count)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&h->lock);
	while (h->waiting == 0 && h->loose_count == 0 && !h->ending)
		pthread_cond_wait(&h->changed, &h->lock);
	while (wait_ms > 0 && !h->ending &&
	       pthread_cond_timedwait(&h->changed, &h->lock, &until) != ETIMEDOUT)
		;
	*count = h->waiting;
	if (*count > QUEUE_MAX - h->first)
		*count = QUEUE_MAX - h->first;
	*samples = &h->queue[h->first];
	const bool more = *count > 0 || h->loose_count > 0;
	pthread_mutex_unlock(&h->lock);
	return more;
}

static void *
writer_run(void *argument)
{
	struct history *h = argument;
	unsigned int wait_ms = 0;
	struct history_sample *samples;
	size_t count;
	bool last_try = false;

	while (next_samples(h, wait_ms, &samples, &count)) {
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
			history_log(h, "history: ends with %zu periods that could not be stored",
				    count);
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
		history_sample_free(sample);
	} else {
		h->queue[(h->first + h->waiting) % QUEUE_MAX] = *sample;
		h->waiting++;
		h->waiting_points += sample->count;
		pthread_cond_signal(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	sample->points = NULL;
	sample->hosts = NULL;
	sample->notes = NULL;
	return ret;
}

void
history_settle(struct history *h, int timeout_ms)
{
	const struct timespec nap = {.tv_nsec = 2000000};
	struct history_status status;

	for (int ms = 0; timeout_ms < 0 || ms < timeout_ms; ms += 2) {
		history_status(h, &status);
		if (status.waiting == 0 || status.failing)
			return;
		nanosleep(&nap, NULL);
	}
}

int
history_keep(struct history *h, struct note *notes, size_t count)
{
	pthread_mutex_lock(&h->lock);
	struct note *all = realloc(h->loose, (h->loose_count + count) * sizeof(*all));
	if (all != NULL) {
		memcpy(all + h->loose_count, notes, count * sizeof(*all));
		h->loose = all;
		h->loose_count += count;
		pthread_cond_signal(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	if (all == NULL) {
		notes_free(notes, count);
		return -ENOMEM;
	}
	free(notes);
	return 0;
}

void
history_status(struct history *h, struct history_status *status)
{
	pthread_mutex_lock(&h->lock);
	*status = h->status;
	status->waiting = h->waiting;
	pthread_mutex_unlock(&h->lock);
}
