/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record: what one sensor says of one period, as octets that leave the machine.
 *
 *     sensor      struct record ── record_pack ──▶ messages (record.proto), each below a bound
 *     collector   message ── record_unpack ──▶ struct record, checked as what comes from outside
 *
 * record.proto says what is in it, and what readers may rely on. Pure: no file, no socket, no
 * thread of its own; any thread may call, each with records of its own.
 */
#pragma once

#include "counts.h"
#include "locate.h"
#include "period.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_VERSION   1
#define RECORD_NAME_MAX  64
#define RECORD_ERROR_MAX 256
/* Kafka's brokers take messages of 1 MiB unless told otherwise, with what they put around. */
#define RECORD_MESSAGE_MOST 900000u
#define RECORD_PARTS_MOST   1000u
#define RECORD_UNPACK_MOST  (2u << 20) /* larger messages are refused unread */

struct record_point {
	const struct place *place; /* its number is not looked at */
	struct counts counts;
};

struct record_database {
	char type[RECORD_NAME_MAX];
	int64_t built; /* seconds since 1970 */
};

struct record {
	struct period_head head; /* its monotonic times: 0 and the period's length */
	uint32_t part, parts;    /* record_pack makes them */

	char site[RECORD_NAME_MAX], group[RECORD_NAME_MAX];
	bool has_position; /* the sensor's own */
	double latitude, longitude;
	char software[RECORD_NAME_MAX];
	struct record_database databases[LOCATE_MAX_DATABASES];
	size_t database_count;

	/* given up before this record was made, since the sensor's start */
	uint64_t records_dropped, packets_dropped;

	struct record_point *points;
	size_t count;

	/* [unpack] Numbers of the ledger whose names this version does not know: frames and
	 * addresses in them. With them the ledger balances. */
	uint64_t unknown_frames, unknown_addresses;
	void *memory; /* [unpack] what the pointers above point into */
};

/* What takes a message: 0, or an error that record_pack returns. `data` is valid for the call. */
typedef int record_take(void *context, uint32_t part, uint32_t parts, const void *data,
			size_t size);

/*
 * Packs the record into as many messages as it needs, each at most `most` octets, and hands them
 * over in order. All pointers are borrowed. 0; -ENOMEM; -E2BIG: more than RECORD_PARTS_MOST, or one
 * that is too large without a row.
 */
int record_pack(const struct record *record, size_t most, record_take *take, void *context);

/*
 * Fills in `record` from a message; record_free frees what it points at. What comes from outside is
 * checked: names are valid UTF-8 without control characters, positions on the globe, places named
 * as lib/locate names them. -EBADMSG with a line in `error`: no record, or one that makes no sense;
 * -EPROTONOSUPPORT: one of a newer version; -ENOMEM.
 */
int record_unpack(const void *data, size_t size, struct record *record,
		  char error[RECORD_ERROR_MAX]);
void record_free(struct record *record);

/* With what is unknown to this version: do the frames and addresses add up? */
bool record_balances(const struct record *record);
