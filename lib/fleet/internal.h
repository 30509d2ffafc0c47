/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of this folder only. */
#pragma once

#include "fleet.h"
#include "locate.h"
#include "rows.h"
#include "seen.h"

/* without it uthash ends the process; an element that could not be added has hh.tbl NULL */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define BOOTS_MOST    16 /* processes of a sensor that are told apart from each other */
#define PARTIALS_MOST 8  /* periods of a sensor whose parts are not all here */
#define SKEW_RECORDS  16
#define SKEW_LEAST_MS 1000 /* below that clocks agree as well as networks let them */
#define GAP_SLOTS     30
#define LATE_SLOTS    6 /* late periods are given out together, once in so many */
#define NO_SLOT       INT64_MIN

/* A process of a sensor: what of it was taken, and what of that was given out. */
struct boot {
	uint64_t id;
	int64_t end_ms; /* of its newest period */
	uint64_t noted; /* the group of periods for which it was noted last */
	struct seen taken, given;
};

/* A period of which parts are missing. */
struct partial {
	struct partial *next; /* older */
	uint64_t boot_id, number;
	uint32_t parts, here;
	bool *got; /* [parts] */
	struct rows rows;
	struct record head;         /* without what it points at */
	struct fleet_origin origin; /* of the first that came */
};

struct sensor {
	UT_hash_handle hh; /* by name */
	char name[PERIOD_NAME_MAX];
	uint32_t index; /* in the order in which they came */
	char site[RECORD_NAME_MAX], group[RECORD_NAME_MAX], software[RECORD_NAME_MAX];
	struct fleet_sensor told; /* what it says and what we have counted; states are made anew */
	struct boot *boots[BOOTS_MOST];
	size_t boot_count;
	int64_t forgotten_ms; /* the end of the newest period of a process that was forgotten */
	struct partial *partials;
	int64_t skews[SKEW_RECORDS];
	size_t skew_count, skew_next;
	uint32_t partition;
	bool packet_time;    /* its newest is of captures: it is never waited for */
	int64_t newest_ms;   /* its newest end, by the common clock */
	int64_t newest_slot; /* and the slot of that */
	struct rows now, start;
};

/* One period in a slot. */
struct given {
	struct sensor *sensor;
	uint64_t boot_id, number;
	uint32_t partition;
	int64_t offset;
};

struct slot {
	int64_t number; /* its end is number * period_ms */
	struct rows rows;
	struct ledger ledger;
	uint64_t received, lost;
	bool packet_time; /* some of it is of captures */
	struct given *given;
	size_t count, room;
};

/* slots in ascending order */
struct slots {
	struct slot **all;
	size_t count, room;
};

struct partition {
	bool known, at_end;
	int64_t clock_ms;
	int64_t next_offset; /* behind its last message; -1: none came, and none was restored */
	int64_t newest_ms;   /* the newest end of a period in it, by the common clock */
};

struct fleet {
	struct fleet_settings settings;
	struct locate *places;
	struct sensor *sensors; /* uthash */
	struct sensor **by_index;
	size_t sensor_count;
	struct slots open, late;
	int64_t late_since_ms; /* the clock as the first of `late` came */
	int64_t given_slot;    /* NO_SLOT before the first */
	uint64_t periods;      /* given out */
	uint64_t groups;       /* of notes */
	struct rows scratch;
	struct partition *partitions; /* [FLEET_PARTITIONS] */
	uint32_t partition_count;     /* one above the highest that is known */
	struct fleet_status status;
};

/* -- sensors.c */
/* NULL: out of memory, or (errno EUSERS) too many of them. */
struct sensor *sensor_find(struct fleet *fleet, const char *name);
void sensors_free(struct fleet *fleet);
/* The process of that id, which has said that a period ended at `end_ms`. NULL: ENOMEM, or (errno
 * 0) it is older than those that are still known. */
struct boot *sensor_boot(struct sensor *sensor, uint64_t id, int64_t end_ms);
struct boot *sensor_boot_known(struct sensor *sensor, uint64_t id);
/* Takes up what a record says of how the sensor is. */
void sensor_hear(struct sensor *sensor, const struct record *record,
		 const struct fleet_origin *origin);
int64_t sensor_skew(const struct sensor *sensor);
void partial_free(struct partial *partial);
enum fleet_state sensor_state(const struct fleet *fleet, const struct sensor *sensor);

/* -- slots.c */
struct slot *slots_get(struct slots *slots, int64_t number); /* made if need be; NULL: ENOMEM */
void slots_remove_first(struct slots *slots);                /* and frees it */
void slots_free(struct slots *slots);
/* 0, or -ENOMEM and nothing is added. */
int slot_add(struct slot *slot, const struct rows *rows, const struct record *head,
	     const struct given *given);
