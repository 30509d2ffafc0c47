/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of this folder only. */
#pragma once

#include "history.h"

#include "merge.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

#define HISTORY_FILE "history.sqlite"

#define COUNTERS     (LAYERS * DIRECTIONS * 2) /* of struct counts */
_Static_assert(sizeof(struct counts) == COUNTERS * sizeof(uint64_t), "counts are eight numbers");

/* An hour of 10 s periods; or so many points (72 octets each: 150 MB), whatever is less. */
#define QUEUE_MAX        360
#define QUEUE_POINTS_MAX 2000000

/* --- sum.c: counts by place, dense, and what else a row holds -------------------------------- */

struct sum {
	int64_t start_ms, end_ms; /* of the first and the last period in it */
	uint64_t seq;             /* of the last period in it */
	uint64_t covered_ms, periods, received, lost;
	struct ledger ledger;
	struct counts *counts; /* [places], by id of the place */
	uint32_t places;
	struct host_list hosts; /* by address; host_row.place: the id of the place, 0: none */
};

int sum_room(struct sum *sum, uint32_t place); /* 0 or -ENOMEM */
int sum_add(struct sum *into, const struct sum *from);
void sum_clear(struct sum *sum); /* keeps the memory */
void sum_free(struct sum *sum);

/* A zstd frame with a check sum; malloc'ed. 0 or -ENOMEM. */
int blob_pack(const void *plain, size_t length, void **blob, size_t *size);
/* 0 and `plain` is malloc'ed, -ENOMEM, or -EBADMSG. */
int blob_unpack(const void *blob, size_t size, unsigned char **plain, size_t *length);

/* The counts as a blob: malloc'ed. 0 or -ENOMEM. */
int blob_encode(const struct sum *sum, void **blob, size_t *size);
/* Adds a blob's counts. 0, -ENOMEM, or -EBADMSG: damaged, and nothing was added. */
int blob_add(struct sum *sum, const void *blob, size_t size);
/* The same for the ids alone that `wanted` says yes to: into one row of counts. */
int blob_add_some(struct counts *into, const void *blob, size_t size,
		  bool (*wanted)(const void *context, uint32_t place), const void *context);

/* --- hosts.c: the busiest hosts of a row ------------------------------------------------------ */

/* The busiest of a list as a blob; NULL and 0: none. 0 or -ENOMEM. */
int hosts_encode(const struct host_list *hosts, unsigned int of_place, void **blob, size_t *size);
/* Puts a blob's rows behind those of the list. 0, -ENOMEM, or -EBADMSG: damaged, nothing is put. */
int hosts_decode(struct host_list *into, const void *blob, size_t size);
/* Adds a list to another, both sorted. 0 or -ENOMEM. */
int hosts_add(struct host_list *into, const struct host_list *from);
/* Cuts or empties a list, sorted. */
void hosts_hide(struct host_list *hosts, const struct privacy *privacy);
/* Sorts a list that rows were put behind, and adds up equal ones: where it has grown much since it
 * was *compact, or at the `last`. 0 or -ENOMEM. */
int hosts_compact(struct host_list *hosts, size_t *compact, bool last);

/* --- names.c: the ledger by name, so that a store outlives a change of the enums -------------- */

struct names;                          /* name <-> number in this store */
struct names *names_load(sqlite3 *db); /* NULL: errno ENOMEM or EIO */
void names_free(struct names *names);
/* [writer] Numbers for all names that this program has. SQLite's code. */
int names_complete(struct names *names, sqlite3 *db);
int ledger_encode(const struct names *names, const struct ledger *ledger, void **blob,
		  size_t *size);
/* Adds. What this program has no name for is left out. 0 or -EBADMSG. */
int ledger_decode(const struct names *names, const void *blob, size_t size, struct ledger *ledger);

/* --- varint.h's two: LEB128 ------------------------------------------------------------------- */

static inline size_t
varint_put(unsigned char *to, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		to[n++] = (unsigned char)(value | 0x80);
	to[n++] = (unsigned char)value;
	return n;
}

/* False at the end of the octets, or for a number of more than 64 bits. */
static inline bool
varint_get(const unsigned char **at, const unsigned char *end, uint64_t *value)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; *at < end && shift < 64; shift += 7) {
		const unsigned char octet = *(*at)++;

		if (shift == 63 && octet > 1)
			return false;
		v |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80) {
			*value = v;
			return true;
		}
	}
	return false;
}

/* --- places.c: the places of a store, by what they say ---------------------------------------- */

struct places;
struct places *known_places_load(sqlite3 *db, int *code); /* NULL with SQLite's code */
void known_places_free(struct places *places);
/* [writer] The id of a place, made in the open transaction where it is new; 0 with SQLite's code.
 */
uint32_t known_places_id(struct places *places, sqlite3 *db, const struct place *place, int *code);
/* [writer] A transaction was rolled back: forgets the ids that it made. */
void known_places_rolled_back(struct places *places);
void known_places_committed(struct places *places);

/* --- store.c: the file ------------------------------------------------------------------------ */

struct store {
	char path[4096];
	sqlite3 *db;
	sqlite3_stmt *insert[HISTORY_TIERS], *taken[HISTORY_TIERS];
	struct names *names;
	struct places *places;
	uint64_t seq;                        /* of the last period that is stored */
	uint64_t rolled[HISTORY_TIERS];      /* all periods up to this one are in the tier's rows */
	int64_t pruned_until[HISTORY_TIERS]; /* rows that began before are gone */
	uint64_t rows[HISTORY_TIERS];
	struct sum open[HISTORY_TIERS]; /* the slot being filled; [0] unused */
	int64_t open_slot[HISTORY_TIERS];
	unsigned int hosts_of_place; /* that a row keeps */
	struct privacy privacy;
};

/* Opens, makes or upgrades; takes up the slots being filled. SQLite's code with a line in `error`.
 */
int store_open(struct store *store, const struct history_settings *settings,
	       char error[HISTORY_ERROR_MAX]);
void store_close(struct store *store);
/* Runs SQL without results. SQLite's code. */
int store_run(sqlite3 *db, const char *sql);
int64_t store_number(sqlite3 *db, const char *sql, int *code); /* 0 where there is no row */
/* A connection that only reads. SQLite's code. */
int store_open_reader(const char *path, sqlite3 **db);
/* Is the file at `path` a store that this program can read? 0, or -1 with a line in `error`. */
int store_judge(const char *path, char error[HISTORY_ERROR_MAX]);
/* Octets of the file as it will be after the next checkpoint. */
uint64_t store_octets(const struct store *store);

/* --- notes.c ---------------------------------------------------------------------------------- */

/* Within a transaction. SQLite's code. */
int notes_store(sqlite3 *db, const struct note *notes, size_t count);

/* --- rollup.c: from periods to slots ---------------------------------------------------------- */

/* Takes up from the file what was being filled, and what has been pruned: at the start, and after a
 * transaction was rolled back. SQLite's code. */
int rollup_load(struct store *store);
/* Within a transaction: the period, and what it ends. SQLite's code. */
int rollup_add(struct store *store, struct sum *period);
int64_t slot_of(int64_t ms, int tier);

/* --- prune.c -----------------------------------------------------------------------------------
 */

/* Within a transaction, a bounded number of rows; a period takes `period_ms`. SQLite's code. *more:
 * there is more to do. */
int prune(struct store *store, const struct history_settings *settings, int64_t now_ms,
	  int64_t period_ms, bool *more);

/* --- visit.c: the rows of a time range ----------------------------------------------------------
 */

struct visit_row {
	int tier;
	int64_t start_ms, end_ms;
	uint64_t covered_ms, periods, received, lost;
	uint64_t packets[LAYERS], octets[LAYERS];
	const void *ledger, *places;
	const void *hosts; /* NULL: none, or not asked for */
	size_t ledger_size, places_size, hosts_size;
};

struct visit {
	sqlite3 *db;
	int coarsest; /* tier: no row of a coarser one is taken */
	int (*row)(void *context, const struct visit_row *row); /* 0 to go on */
	void *context;
	bool hosts; /* a row's hosts are asked for */
	/* found by visit_load */
	uint64_t rolled[HISTORY_TIERS];
	int64_t pruned[HISTORY_TIERS];
	/* found by visit_round */
	int64_t from_ms, to_ms;
	int resolution;
};

/* Opens a read transaction. SQLite's code. */
int visit_load(struct visit *visit);
/* Rounds the range to what is kept, for the next visit_rows. */
void visit_round(struct visit *visit, int64_t from_ms, int64_t to_ms);
/* Both. */
int visit_begin(struct visit *visit, int64_t from_ms, int64_t to_ms);
/* Each period in the range is in exactly one of the rows. 0, what `row` returned, or -EIO. */
int visit_rows(struct visit *visit);

/* --- question.c: what is asked of the store ----------------------------------------------------
 */

/* one question: its connection, and what it adds up */
struct question {
	struct visit visit;
	struct names *names;
	struct sum sum;
	uint64_t rows, damaged;
	unsigned int tiers;
	size_t compact; /* hosts that there were when they were last added up */
};

/* -EIO, with SQLite's line. */
int question_say(sqlite3 *db, const char *path, char error[HISTORY_ERROR_MAX]);
/* 0, -ENOMEM or -EIO; question_close in any case. */
int question_open(struct history *history, struct question *question,
		  char error[HISTORY_ERROR_MAX]);
void question_close(struct question *question);
/* 0 also for a damaged row, which is counted. */
int question_tolerate(struct question *question, int error);
/* A row's counts, ledger, frames, and hosts where asked for, into the question's sum; for
 * visit.row. */
int question_add_row(void *question, const struct visit_row *row);
/* Columns PLACE_COLUMNS, from `column` on. */
#define PLACE_COLUMNS "latitude, longitude, radius, country, city, own, site, asn"
void place_of_row(sqlite3_stmt *statement, int column, uint32_t id, struct place *place);

struct history {
	struct history_settings settings;
	char folder[4000];
	int lock_fd;
	struct store store; /* [writer], and history_open before it */

	pthread_t thread;
	bool started, ended;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct history_sample *queue; /* [QUEUE_MAX], circular */
	size_t first, waiting;
	size_t waiting_points;
	struct note *loose; /* that wait for the next transaction */
	size_t loose_count;
	bool ending;
	struct history_status status;
};

/* --- open.c: shared with the thread that writes ----------------------------------------------- */

void history_log(const struct history *history, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool store_is_damaged(int code);
/* The file and what belongs to it, out of the way but not gone. 0 or -errno. */
int history_set_aside(struct history *history);
/* Opens the store; a damaged one once more, anew. SQLite's code. */
int history_open_store(struct history *history, char error[HISTORY_ERROR_MAX]);
/* [writer, or history_open] What status says of the file. */
void history_describe(struct history *history);
void history_sample_free(struct history_sample *sample);
void history_free(struct history *history);
