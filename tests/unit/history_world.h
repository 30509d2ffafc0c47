/* SPDX-License-Identifier: BSD-3-Clause */
/* Made-up periods for the store, and a list of all that was offered to it: what its ranges are held
 * against. One process, one folder; a test begins with begin(). */
#pragma once

#include "history.h"
#include "unit.h"

#define PLACES  40 /* the second half: the twins of the first, on our own side */
#define TWINS   (PLACES / 2)
#define PERIODS 6000

#define MONDAY  INT64_C(1700438400000) /* 2023-11-20T00:00:00Z */

struct offered {
	int64_t start_ms;
	uint64_t covered_ms, received, lost;
	struct ledger ledger;
	struct counts counts[PLACES];
};

extern char folder[];
extern char said[4096]; /* all lines of the log */
extern uint64_t seed;
extern struct offered oracle[PERIODS];
extern size_t offered;
extern size_t known_places; /* that periods have counts of */

uint64_t any(uint64_t below);
struct history_settings settings(void);
void remove_files(void);
int begin(void **state);
struct history *open_started(const struct history_settings *s);
void fill_sample(struct history_sample *sample, const struct offered *o);
void make_period(struct offered *o, int64_t start, uint64_t length);
void offer(struct history *h, int64_t start, uint64_t length);
void settle(struct history *h);
/* A range against the list: after its ends were rounded, which must contain what was asked for. */
void check_range(struct history *h, int64_t from, int64_t to);
void check_series(struct history *h, int64_t from, int64_t to, int64_t step, const char *country);
void check_all(struct history *h, int64_t from, int64_t to);
/* Of a group of tests: the folder, and its end. */
int world_setup(void **state);
int world_teardown(void **state);
