/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many sensors, one wall: records of all of them in, merged periods on a common grid out.
 *
 *     records, in any order,     struct fleet          fleet_take: one period for each slot of the
 *     some of them twice    ──▶  sensors, slots   ──▶  grid, with the sums of all sensors
 *
 * A merge is addition, so what is exact at the sensors is exact here:
 *
 *     sum of what fleet_take gives = sum of the records that fleet_add has answered FLEET_TAKEN
 *
 * whatever their order and repetition, across a crash too, if the notes of each period are stored
 * with it and given back at the next start (fleet_restore).
 *
 * Time. A record belongs to the slot whose end is nearest to its own end, as the common clock has
 * it: the sensor's, corrected by how that differs from the broker's (`skew`, the least difference
 * of late between when a message was appended and when it was sent). A slot is given out when all
 * that it waits for has come (fleet_take). What comes later is added to the period that is given
 * out next, and stands there as a period of its own (struct period, `late`), so that a store can
 * add it to the slot in which it was.
 *
 * Pure: no clock, no socket, no file. All times come in; in ms since 1970 (UTC) by the broker's
 * clock unless told otherwise. One thread at a time.
 */
#pragma once

#include "ledger.h"
#include "period.h"
#include "record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_PARTITIONS 4096
#define FLEET_WHY_MAX    128

struct fleet_settings {
	uint32_t period_ms;  /* the grid */
	uint32_t silent_ms;  /* who has not been heard for so long is waited for no more */
	int64_t too_late_ms; /* so far behind the slot given out last, nothing is added any more */
	uint32_t sensors_most; /* what comes from further ones is refused */
};

struct fleet;

struct fleet *fleet_create(const struct fleet_settings *settings); /* NULL: ENOMEM */
void fleet_destroy(struct fleet *fleet);                           /* NULL is fine */

/* Where a message comes from. */
struct fleet_origin {
	uint32_t partition; /* below FLEET_PARTITIONS */
	int64_t offset;     /* in it, ascending */
	int64_t appended_ms;
	int64_t sent_ms; /* what the sensor's own clock showed as it was sent; 0: not told */
};

enum fleet_answer {
	FLEET_TAKEN,    /* counts, once the period that it is in is given out */
	FLEET_PART,     /* waits for the other parts of its period */
	FLEET_REPEATED, /* is counted already */
	FLEET_TOO_LATE, /* its time is over: told, and not added */
	FLEET_REFUSED,  /* it does not balance, or there are too many sensors: told, not added */
	FLEET_NO_MEMORY,
	FLEET_ANSWERS,
};
extern const char *const fleet_answer_names[FLEET_ANSWERS];

/* Reads the record; what it points at may go afterwards. */
enum fleet_answer fleet_add(struct fleet *fleet, const struct record *record,
			    const struct fleet_origin *origin);

/* A partition will be read: nothing is due before it has brought something or has ended. */
void fleet_join(struct fleet *fleet, uint32_t partition);
/* A partition has nothing more to read now, and its clock shows `now_ms`. Until it is told so, its
 * clock is that of its last message. */
void fleet_at_end(struct fleet *fleet, uint32_t partition, int64_t now_ms);
/* It brings nothing any more, and is waited for no longer, nor are the sensors in it, which are
 * silent then; until it brings something. True: it was waited for until now. */
bool fleet_leave(struct fleet *fleet, uint32_t partition);
/* Is a partition so far ahead of what was given out that who reads it had better let it rest? Then
 * slots do not pile up while others are behind. Whoever a resting partition has is not waited for:
 * with it rests nothing else. */
bool fleet_may_rest(const struct fleet *fleet, uint32_t partition);

/*
 * The next period, if it is due; the caller's reference. It is
 *
 *   - when each sensor that is waited for has said what it has to say of the slot. One is waited
 *     for unless it, or what it says, is more than `silent_ms` and a period behind its partition's
 *     clock; and
 *   - each partition's clock is beyond the slot's end.
 *
 * A slot in which nobody said anything is given out empty, so that time goes on, also before the
 * first sensor is heard; of a gap of more
 * than 30 slots, all but its end is left out. NULL with errno 0: none is due; with ENOMEM, as after
 * FLEET_NO_MEMORY: counts are lost, and the process should end. `now_ns`: monotonic, for the
 * period's own.
 *
 * Its head has the sums of all in it, its rows are those of its own slot; `late` has what was of
 * earlier ones, oldest first. The notes of each are to be stored with it, or neither.
 */
struct period *fleet_take(struct fleet *fleet, uint64_t now_ns);

/* [start] A note that was stored. False: it is none of ours, or it is damaged. */
bool fleet_restore(struct fleet *fleet, const char *name, const void *value, size_t size);
/* The first offset of a partition that is to be read anew after a crash: all before it is in
 * periods that were given out, or never will be. -1: nothing is known. */
int64_t fleet_offset(const struct fleet *fleet, uint32_t partition);

/* -- how they are */

enum fleet_state {
	FLEET_LIVE,
	FLEET_LATE,   /* is heard, but what it says is old: it catches up */
	FLEET_SILENT, /* is not heard */
	FLEET_STATES,
};
extern const char *const fleet_state_names[FLEET_STATES];

struct fleet_sensor {
	const char *name, *site, *group, *software; /* until the next fleet_add */
	bool has_position;
	double latitude, longitude;
	enum fleet_state state;
	int64_t heard_ms, end_ms; /* its last message was appended, its newest period ended */
	int64_t skew_ms;          /* of its clock: positive, it is behind the common one */
	int64_t delay_ms;         /* from the end of its last period to when that was appended */
	uint64_t periods;         /* taken */
	uint64_t repeated, incomplete, late, too_late, too_late_packets, refused;
	uint64_t records_dropped, packets_dropped; /* as it says, since its start */
	uint64_t received, lost;                   /* since our start */
	uint64_t last_received, last_lost;         /* of its newest period */
	enum link_state link;
	int64_t database_built; /* of its oldest database, s since 1970; 0: none is told */
	struct ledger ledger;   /* since our start */
	struct ledger last_ledger;
};

struct fleet_status {
	size_t sensors, states[FLEET_STATES];
	struct record_database databases[LOCATE_MAX_DATABASES]; /* of all, the newest of a type */
	size_t database_count;
	uint64_t answers[FLEET_ANSWERS]; /* messages */
	uint64_t late, incomplete;       /* periods */
	uint64_t too_late_packets;       /* TCP and UDP packets that were not added */
	uint64_t refused_packets;
	uint64_t newer_frames; /* in results that newer sensors know and we do not; in no sum */
	size_t open;           /* slots that are being filled */
	int64_t until_ms;      /* end of the slot given out last; 0: none yet */
	char refused_why[FLEET_WHY_MAX]; /* the last time */
};

void fleet_status(const struct fleet *fleet, struct fleet_status *status);
size_t fleet_sensors(const struct fleet *fleet);
/* The i-th, in the order in which they came. */
void fleet_sensor(const struct fleet *fleet, size_t i, struct fleet_sensor *sensor);
/* What the i-th brought: in its newest period, and since our start; as rows by number of
 * fleet_place. Until the next fleet_add. */
struct rows;
const struct rows *fleet_sensor_now(const struct fleet *fleet, size_t i);
const struct rows *fleet_sensor_start(const struct fleet *fleet, size_t i);
const struct place *fleet_place(const struct fleet *fleet, uint32_t number);
