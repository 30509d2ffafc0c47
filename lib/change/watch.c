/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread, its events, and what of them is kept. */
#include "internal.h"
#include "join.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS          INT64_C(86400000)
#define LOOK_MS         1000
#define OVER_SLOTS      2
#define NOTE_EVENT      "event/"
#define NOTE_UNTIL      "watch/until"
#define NOTE_NAME       32
#define LINE_MAX_OCTETS 320

struct watch {
	struct history *history;
	struct watch_settings settings;
	struct slot_memory memory;
	pthread_t thread;
	bool started;
	int64_t next_ms; /* the slot to look at; 0: the first that there is */

	pthread_mutex_t lock; /* guards what is below */
	pthread_cond_t changed;
	bool ending, finish;
	struct event *events; /* [count], oldest first; those that are not over may be anywhere */
	size_t count, room;
	uint64_t last_id;
	struct watch_status status;
};

/* what a slot has to have kept */
struct notes {
	struct note *all;
	size_t count, room;
};

static int64_t
slot_start(int64_t ms)
{
	return ms - ((ms % SLOT_MS) + SLOT_MS) % SLOT_MS;
}

static void
add_note(struct notes *notes, const char *name, char *value)
{
	if (notes->count == notes->room) {
		const size_t room = 2 * notes->room + 8;
		struct note *all = realloc(notes->all, room * sizeof(*all));

		if (all == NULL) {
			free(value);
			return;
		}
		notes->all = all;
		notes->room = room;
	}
	struct note note = {strdup(name), value, value != NULL ? strlen(value) : 0};
	if (note.name == NULL)
		free(value);
	else
		notes->all[notes->count++] = note;
}

static void
note_event(struct notes *notes, const struct event *event, bool forget)
{
	char name[NOTE_NAME];
	json_t *o = forget ? NULL : event_json(event);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

	json_decref(o);
	snprintf(name, sizeof(name), NOTE_EVENT "%012" PRIu64, event->id);
	if (forget || text != NULL)
		add_note(notes, name, text);
}

/* -- what is kept of earlier ones */

static int
by_id(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Room for one more. 0 or -ENOMEM. */
static int
grow(struct watch *w)
{
	if (w->count < w->room)
		return 0;
	const size_t room = 2 * w->room + 64;
	struct event *events = realloc(w->events, room * sizeof(*events));

	if (events == NULL)
		return -ENOMEM;
	w->events = events;
	w->room = room;
	return 0;
}

static void
take_note(void *context, const char *name, const void *value, size_t size)
{
	struct watch *w = context;
	struct event event;
	char until[24] = "";

	if (strcmp(name, NOTE_UNTIL) == 0 && size < sizeof(until)) {
		memcpy(until, value, size);
		w->next_ms = slot_start(strtoll(until, NULL, 10));
		w->status.until_ms = w->next_ms;
	} else if (strncmp(name, NOTE_EVENT, strlen(NOTE_EVENT)) == 0 &&
		   event_read(value, size, &event) && grow(w) == 0) {
		w->events[w->count++] = event;
		w->last_id = event.id > w->last_id ? event.id : w->last_id;
	}
}

static void
watch_free(struct watch *w)
{
	slot_forget(&w->memory);
	free(w->events);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
	free(w);
}

struct watch *
watch_create(struct history *history, const struct watch_settings *settings)
{
	struct watch *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;

	if (w == NULL)
		return NULL;
	w->history = history;
	w->settings = *settings;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (history_notes(history, take_note, w) != 0) {
		watch_free(w);
		errno = EIO;
		return NULL;
	}
	if (w->count > 1)
		qsort(w->events, w->count, sizeof(*w->events), by_id);
	for (size_t i = 0; i < w->count; i++)
		w->status.active += !w->events[i].over;
	return w;
}

/* -- from findings to events; [watch's thread], which alone changes events, under the lock */

static void
say(const struct watch *w, const char *what, const struct event *event)
{
	char line[LINE_MAX_OCTETS], text[LINE_MAX_OCTETS + 64];

	if (w->settings.log == NULL)
		return;
	event_line(event, line, sizeof(line));
	snprintf(text, sizeof(text), "%s: %s (score %.0f)", what, line, event->score);
	w->settings.log(text);
}

static bool
is_of(const struct event *e, const struct finding *f)
{
	if (e->over || e->subject != f->subject || e->direction != f->direction)
		return false;
	if (e->subject == EVENT_PLACE)
		return e->place == f->place;
	return e->subject == EVENT_ALL || place_country_index(e->country) == f->country;
}

static void
go_on(struct event *e, const struct finding *f, int64_t slot_ms)
{
	e->to_ms = slot_ms + SLOT_MS;
	if (fabs(f->score) <= fabs(e->score))
		return;
	e->now = f->now;
	e->usual = f->usual;
	e->score = f->score;
}

/* Reads the place's words without the lock: the store may be slow. 0 or an error. */
static int
begin(struct watch *w, const struct finding *f, int64_t slot_ms, struct event *e)
{
	struct place place = {0};
	const int ret = f->subject == EVENT_PLACE
				? history_lookup(w->history, &f->place, 1, &place, NULL)
				: 0;

	*e = (struct event){
		.from_ms = slot_ms,
		.to_ms = slot_ms + SLOT_MS,
		.subject = f->subject,
		.direction = f->direction,
		.place = f->place,
		.latitude = place.latitude,
		.longitude = place.longitude,
		.now = f->now,
		.usual = f->usual,
		.score = f->score,
	};
	if (f->subject != EVENT_ALL && f->country != 0) {
		e->country[0] = (char)('A' + (f->country - 1) / 26);
		e->country[1] = (char)('A' + (f->country - 1) % 26);
	}
	memcpy(e->name, place.city, sizeof(e->name));
	return ret;
}

/* Under the lock. The oldest go, be they over or not. */
static void
keep(struct watch *w, struct event *e, struct notes *notes)
{
	if (grow(w) != 0)
		return;
	if (w->count == EVENTS_MOST) {
		note_event(notes, &w->events[0], true);
		w->status.active -= !w->events[0].over;
		memmove(w->events, w->events + 1, (w->count - 1) * sizeof(*w->events));
		w->count--;
	}
	e->id = ++w->last_id;
	w->events[w->count++] = *e;
	w->status.active++;
	w->status.events++;
	note_event(notes, e, false);
}

static void
take_finding(struct watch *w, const struct finding *f, int64_t slot_ms, struct notes *notes)
{
	struct event fresh;
	size_t i = w->count;

	while (i > 0 && !is_of(&w->events[i - 1], f))
		i--;
	if (i > 0) {
		pthread_mutex_lock(&w->lock);
		go_on(&w->events[i - 1], f, slot_ms);
		pthread_mutex_unlock(&w->lock);
		note_event(notes, &w->events[i - 1], false);
		return;
	}
	if (begin(w, f, slot_ms, &fresh) != 0)
		return; /* it is found again with the next slot */
	pthread_mutex_lock(&w->lock);
	keep(w, &fresh, notes);
	pthread_mutex_unlock(&w->lock);
	say(w, "unusual", &fresh);
}

static void
end_old(struct watch *w, int64_t slot_ms, struct notes *notes)
{
	for (size_t i = 0; i < w->count; i++) {
		struct event *e = &w->events[i];

		if (e->over || slot_ms + SLOT_MS - e->to_ms < OVER_SLOTS * SLOT_MS)
			continue;
		pthread_mutex_lock(&w->lock);
		e->over = true;
		w->status.active--;
		pthread_mutex_unlock(&w->lock);
		note_event(notes, e, false);
		say(w, "usual again", e);
	}
}

/* -- slots */

/* The slot to look at next; false: none is whole yet. */
static bool
next_slot(struct watch *w, int64_t *slot_ms)
{
	struct history_status status;

	history_status(w->history, &status);
	if (status.stored_until_ms == 0)
		return false;
	if (w->next_ms == 0) {
		int64_t first;

		if (history_next(w->history, INT64_MIN, &first) != 0 || first == 0)
			return false;
		w->next_ms = slot_start(first);
	}
	if (w->next_ms < w->settings.from_ms)
		w->next_ms = slot_start(w->settings.from_ms);
	/* after a long time off, a day is enough; and a clock that was set back begins anew */
	const int64_t newest = slot_start(status.stored_until_ms);
	if (!w->settings.all && w->next_ms < newest - DAY_MS)
		w->next_ms = newest - DAY_MS;
	if (w->next_ms > newest + DAY_MS)
		w->next_ms = newest;
	*slot_ms = w->next_ms;
	return w->next_ms + SLOT_MS <= status.stored_until_ms;
}

/* Where nothing was counted it goes on with what was counted next: years may lie between. */
static int
go_past(struct watch *w, int64_t slot_ms, bool empty)
{
	int64_t start = 0;
	const int ret = empty ? history_next(w->history, slot_ms + SLOT_MS, &start) : 0;

	if (ret != 0)
		return ret;
	w->next_ms = start != 0 ? slot_start(start) : slot_ms + SLOT_MS;
	return 0;
}

static int
look_at(struct watch *w, int64_t slot_ms)
{
	struct notes notes = {0};
	struct history_status status;
	struct slot_view view;
	char until[24];
	history_status(w->history, &status);
	int ret = slot_look(w->history, &w->memory, slot_ms, status.oldest_ms,
			    w->settings.least_pps, &view);

	if (ret == 0)
		ret = go_past(w, slot_ms, view.empty);
	if (ret != 0)
		return ret;
	for (size_t i = 0; i < view.count; i++)
		take_finding(w, &view.findings[i], slot_ms, &notes);
	/* of a gap, up to its end */
	end_old(w, view.empty ? w->next_ms - SLOT_MS : slot_ms, &notes);
	snprintf(until, sizeof(until), "%" PRId64, w->next_ms);
	add_note(&notes, NOTE_UNTIL, strdup(until));
	if (notes.count > 0)
		history_keep(w->history, notes.all, notes.count);
	pthread_mutex_lock(&w->lock);
	w->status.until_ms = w->next_ms;
	w->status.slots++;
	if (view.counted)
		w->status.learning = view.learning;
	pthread_mutex_unlock(&w->lock);
	return 0;
}

/* Waits for the next look, or the end. What the end asks for. */
static bool
wait_a_while(struct watch *w, bool *finish)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_MS / 1000;
	pthread_mutex_lock(&w->lock);
	while (!w->ending && pthread_cond_timedwait(&w->changed, &w->lock, &until) != ETIMEDOUT)
		;
	const bool ending = w->ending;
	*finish = w->finish;
	pthread_mutex_unlock(&w->lock);
	return !ending;
}

static bool
is_ending(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	const bool ending = w->ending && !w->finish;
	pthread_mutex_unlock(&w->lock);
	return ending;
}

static void
look_at_due(struct watch *w)
{
	int64_t slot_ms;

	while (!is_ending(w) && next_slot(w, &slot_ms) && look_at(w, slot_ms) == 0)
		;
}

static void *
watch_run(void *argument)
{
	struct watch *w = argument;
	bool finish = false;

	while (wait_a_while(w, &finish))
		look_at_due(w);
	if (finish) {
		history_settle(w->history, -1);
		look_at_due(w);
	}
	return NULL;
}

int
watch_start(struct watch *w)
{
	const int error = pthread_create(&w->thread, NULL, watch_run, w);

	if (error != 0)
		return -error;
	pthread_setname_np(w->thread, "watch");
	w->started = true;
	return 0;
}

int
watch_end(struct watch *w, bool finish, int timeout_ms)
{
	if (w == NULL)
		return 0;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	w->finish = finish;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (w->started && (timeout_ms < 0 ? pthread_join(w->thread, NULL)
					  : join_within(w->thread, timeout_ms)) != 0)
		return -ETIMEDOUT;
	watch_free(w);
	return 0;
}

/* -- what is asked */

void
watch_status(struct watch *w, struct watch_status *status)
{
	pthread_mutex_lock(&w->lock);
	*status = w->status;
	pthread_mutex_unlock(&w->lock);
}

int
watch_events(struct watch *w, int64_t from_ms, int64_t to_ms, bool active, struct event **events,
	     size_t *count)
{
	*count = 0;
	pthread_mutex_lock(&w->lock);
	*events = malloc((w->count + 1) * sizeof(**events));
	for (size_t i = w->count; i > 0 && *events != NULL; i--) {
		const struct event *e = &w->events[i - 1];

		if (e->from_ms < to_ms && e->to_ms > from_ms && !(active && e->over))
			(*events)[(*count)++] = *e;
	}
	pthread_mutex_unlock(&w->lock);
	return *events != NULL ? 0 : -ENOMEM;
}
