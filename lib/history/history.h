/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the wall has seen, on disk: every period for a day, coarser and coarser sums for years.
 *
 *     map's thread                  writer's thread               any thread
 *     ------------                  ---------------               ----------
 *     history_offer ──▶ queue ──▶ one transaction: the period,    history_range   (its own
 *     (never waits)               and each slot that it ended     history_series   connection)
 *
 * A tier is a table of rows, one for each slot of its length that saw a period; the first tier has
 * the periods themselves. A period belongs to the slots in which it starts, whole, so a sum is the
 * same from any tier. Slots lie on multiples of their length since 1970 (UTC): leap seconds and
 * time zones do not move them.
 *
 * What is lost where: nothing that history_status reports as stored (SQLite, WAL, fsync at each
 * commit). A row is written once and never changed; a slot that is being filled exists as the rows
 * of the tier below it. A clock that is set back adds further rows to old slots.
 *
 * No EAL. README.md tells the format, the figures, and why SQLite.
 */
#pragma once

#include "counts.h"
#include "host_row.h"
#include "ledger.h"
#include "locate.h"
#include "note.h"
#include "privacy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_TIERS        5 /* period, 1m, 5m, 1h, 1d */
#define HISTORY_ERROR_MAX    512
#define HISTORY_FOREVER      INT64_MAX

#define HISTORY_HOSTS_MAX    1000 /* that a row has */
#define HISTORY_HOSTS_OF_ALL 20   /* of all, beside those of each place */

extern const char *const history_tier_names[HISTORY_TIERS];
extern const int64_t history_tier_ms[HISTORY_TIERS]; /* 0 for the periods */

struct history_settings {
	const char *folder;             /* exists or can be made */
	uint64_t size;                  /* octets that the files may take */
	int64_t keep_ms[HISTORY_TIERS]; /* how long a tier's rows stay */
	unsigned int hosts_of_place;    /* that are kept; 0: no address is */
	/* what is kept of addresses, and what of those that an earlier process has kept comes out
	 */
	struct privacy privacy;
	void (*log)(const char *line); /* [any thread]; a line without its end */
	bool unsynced; /* without fsync: for what can be made again (a replayed capture, tests) */
};

/* "2GB", "500MB", "1TB": powers of ten; at least 1 MB. 0 or -EINVAL. */
int history_parse_size(const char *text, uint64_t *octets);
/* "24h,7d,31d,5y" for the tiers in order, the last one that is named for those after it too but for
 * the days, which stay; units m, h, d, w, y. Each must be at least as long as a slot of the tier
 * behind it. 0 or -EINVAL. */
int history_parse_keep(const char *text, int64_t keep_ms[HISTORY_TIERS]);

/*
 * A moment as people and programs write it: RFC 3339 ("2026-11-27T01:00:00Z", with an offset or
 * without seconds, a space for the T; a date alone is its midnight, UTC), seconds since 1970,
 * "now", or "-24h" before now (m, h, d, w, y). 0 or -EINVAL.
 */
int history_parse_time(const char *text, int64_t now_ms, int64_t *ms);
/* A length: "60", "1m", "5m", "1h", "1d". 0 or -EINVAL. */
int history_parse_length(const char *text, int64_t *ms);

struct history;

/*
 * [start] Opens or makes the store, and locks its folder against a second process. A file that is
 * damaged is renamed, said so, and a new one begun. NULL with a line in `error`.
 */
struct history *history_open(const struct history_settings *settings,
			     char error[HISTORY_ERROR_MAX]);

/*
 * [any thread] A store for reading only, also while another process writes it: history_range and
 * history_series, then history_close. Nothing is made or changed in the folder, but that SQLite may
 * leave its -shm there. NULL with a line in `error`: there is none, or one of another version.
 */
struct history *history_read(const char *folder, struct privacy privacy,
			     char error[HISTORY_ERROR_MAX]);
/* Start and end of what is in it; 0 and 0: nothing. 0 or -EIO. */
int history_bounds(struct history *history, int64_t *from_ms, int64_t *to_ms);

/* [start] The writer's thread; inherits affinity and signal mask of the caller. 0 or -errno. */
int history_start(struct history *history);

/* [any thread] Until what was offered is stored, or cannot be; or for `timeout_ms` (negative: as
 * long as it takes). */
void history_settle(struct history *history, int timeout_ms);

/* [end] Stores what waits, for at most `timeout_ms` (negative: as long as it takes). 0 and all is
 * freed (NULL is fine); or -ETIMEDOUT: the thread still runs, and what it uses must stay. */
int history_close(struct history *history, int timeout_ms);

/* What one period brought. */
struct history_point {
	const struct place *place; /* stays until history_close */
	struct counts counts;
};

/* One of the busiest, see history_choose. */
struct history_host {
	struct host_addr addr;
	uint32_t family;           /* enum addr_family */
	const struct place *place; /* NULL: none, or one without a position; as of a point */
	struct counts counts;
};

struct history_sample {
	int64_t start_ms, end_ms; /* UTC, ms since 1970 */
	uint64_t covered_ms;      /* by the monotonic clock */
	uint64_t received, lost;  /* frames */
	struct ledger ledger;
	struct history_point *points; /* malloc'ed, each place once */
	size_t count;
	struct history_host *hosts; /* malloc'ed */
	size_t host_count;
	struct note *notes; /* malloc'ed; stored with exactly these counts, or not at all */
	size_t note_count;
};

/*
 * [one thread] Takes over `points`, `hosts` and `notes`, also on failure. Never waits: 0; or
 * -EAGAIN, when the disk has not kept up for so long that the queue is full: counted as dropped; or
 * -ENOMEM for points that are NULL, counted so too.
 */
int history_offer(struct history *history, struct history_sample *sample);

/*
 * [any thread] Which of these hosts a sample should have: of each place the `of_place` with the
 * most packets and those with the most octets, and HISTORY_HOSTS_OF_ALL of all likewise; at most
 * HISTORY_HOSTS_MAX, the busiest. Their indexes, ascending, malloc'ed. 0 or -ENOMEM.
 */
int history_choose(const struct host_row *rows, size_t count, unsigned int of_place,
		   uint32_t **chosen, size_t *chosen_count);

/* [start] All notes that were ever stored, each as it was the last time. 0 or -EIO. */
int history_notes(struct history *history,
		  void (*note)(void *context, const char *name, const void *value, size_t size),
		  void *context);
/* [any thread] Notes that belong to no period: stored soon, or with the end. Takes over `notes`,
 * which is malloc'ed, also on failure. 0 or -ENOMEM. */
int history_keep(struct history *history, struct note *notes, size_t count);

struct history_status {
	uint64_t stored;         /* periods since the start */
	int64_t stored_until_ms; /* end of the last one on disk; 0: none yet */
	int64_t oldest_ms;       /* start of the oldest row of any tier; 0: none */
	uint64_t octets, limit;  /* of the files; what they may take */
	size_t waiting;
	uint64_t dropped, dropped_packets; /* periods, TCP and UDP packets in them */
	uint64_t failures;                 /* attempts to store, since the start */
	uint64_t damaged;                  /* rows and files found damaged, since the start */
	bool failing;                      /* the last attempt failed */
	char error[128];                   /* of the last failure */
};

/* [any thread] */
void history_status(struct history *history, struct history_status *status);

/* Reading. [any thread], several at a time; none delays the writer. */

struct history_place {
	uint32_t id;        /* in this store, stable over restarts */
	struct place place; /* .number = id */
	struct counts counts;
};

/* Sums over a time range. */
struct history_range {
	int64_t from_ms, to_ms; /* as it was found: rounded outwards to what is still kept */
	unsigned int tiers;     /* bits: 1 << tier that a row came from */
	int resolution;         /* the tier to which the ends were rounded */
	uint64_t covered_ms, periods, rows, damaged;
	uint64_t received, lost;
	struct ledger ledger;
	struct history_place *places; /* by packets, descending, then by id */
	size_t count;
	struct privacy privacy; /* which the hosts below follow */
	/* the busiest hosts, by address: what each had at least. host_row.place: the index of its
	 * place in `places`, or PLACE_NONE */
	struct host_row *hosts;
	size_t host_count;
};

/* 0 with *range filled (history_range_free); -EINVAL for from >= to; -ENOMEM; -EIO with a line. */
int history_range(struct history *history, int64_t from_ms, int64_t to_ms,
		  struct history_range *range, char error[HISTORY_ERROR_MAX]);
void history_range_free(struct history_range *range);

/* Several times at once, by id: for who compares them. */

struct history_span {
	int64_t from_ms, to_ms;
};

struct history_sum {
	int64_t from_ms, to_ms; /* as it was found, see history_range */
	uint64_t covered_ms, received, lost;
	struct counts *counts; /* [places], by the place's id */
	uint32_t places;       /* up to the last one with packets */
};

/* As history_range. `sums` has room for `count` and is given back by history_sums_free. */
int history_sums(struct history *history, const struct history_span *spans, size_t count,
		 struct history_sum *sums, char error[HISTORY_ERROR_MAX]);
void history_sums_free(struct history_sum *sums, size_t count);
/* What these places say; of an id that the store does not have, nothing. 0 or -EIO with a line. */
int history_lookup(struct history *history, const uint32_t *ids, size_t count, struct place *places,
		   char error[HISTORY_ERROR_MAX]);
/* The start of the first row that starts at `after_ms` or later; 0: there is none. 0 or -EIO. */
int history_next(struct history *history, int64_t after_ms, int64_t *start_ms);

struct history_filter {
	const char *country; /* two letters, "" for places without one; NULL: no filter */
	uint32_t place;      /* its id; 0: no filter */
	bool by_network;     /* a filter by the number of a network: */
	uint32_t network;    /* 0: those of which nobody says whose they are */
};

struct history_step {
	uint64_t covered_ms, received, lost; /* frames; of a filtered series 0, but covered_ms */
	struct counts counts;                /* with a filter: the addresses of those places */
	uint64_t packets[LAYERS], octets[LAYERS]; /* without one: packets, frame octets */
};

struct history_series {
	int64_t from_ms, to_ms, step_ms; /* step: as it was found, a multiple of the tier's slots */
	int resolution;
	uint64_t damaged;
	struct history_step *steps;
	size_t count;
};

#define HISTORY_STEPS_MAX 20000

/* As history_range. -EINVAL too for more than HISTORY_STEPS_MAX steps, with a line. */
int history_series(struct history *history, int64_t from_ms, int64_t to_ms, int64_t step_ms,
		   const struct history_filter *filter, struct history_series *series,
		   char error[HISTORY_ERROR_MAX]);
void history_series_free(struct history_series *series);

/*
 * [start] The rows that make up the time from `from_ms` to `to_ms`, oldest first: `fine_from_ms`
 * and later as periods, before that in five minutes. visit: 0 to go on. Returns what it returned,
 * or -EIO, -ENOMEM.
 */
struct history_row {
	int64_t start_ms, end_ms;
	uint64_t covered_ms, received, lost;
	struct ledger ledger;
	const struct history_point *points; /* place->number: its id in the store */
	size_t count;
};
int history_recall(struct history *history, int64_t from_ms, int64_t fine_from_ms, int64_t to_ms,
		   int (*visit)(void *context, const struct history_row *row), void *context);
