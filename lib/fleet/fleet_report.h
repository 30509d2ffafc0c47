/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the sensors are at one moment: what a picture shows of them. Immutable, and counts its
 * references: any thread may read it while it holds one.
 */
#pragma once

#include "databases.h"
#include "fleet.h"

#define FLEET_OLD_DAYS 100 /* as --check of a sensor judges a database */

struct fleet_report_sensor {
	struct fleet_sensor of; /* its names point into this row */
	char name[PERIOD_NAME_MAX];
	bool losing, old; /* of its last packets some were lost; a database of it is old */
	char site[RECORD_NAME_MAX], group[RECORD_NAME_MAX], software[RECORD_NAME_MAX];
};

/* What goes to a wall of walls, as records of our own. */
struct fleet_relayed {
	bool there;
	uint64_t written;          /* messages */
	uint64_t waiting, octets;  /* in the folder */
	uint64_t unstored;         /* not in the history yet */
	uint64_t dropped, packets; /* given up, and TCP and UDP packets that only they told of */
	bool failing;
};

/* Where the messages come from: filled in by who reads them. */
struct fleet_transport {
	uint32_t partitions, at_end;
	uint64_t messages, octets;
	uint64_t unreadable; /* messages that are no record */
	uint64_t expired;    /* that were gone before they were read */
	uint64_t lag;        /* that wait to be read, as far as one knows */
	struct fleet_relayed relayed;
	bool away; /* whoever has them does not answer */
};

struct fleet_report {
	int64_t made_ms; /* UTC */
	struct fleet_status status;
	struct fleet_transport transport;
	size_t losing, old; /* sensors: of their last packets some were lost; an old database */
	struct locate_database databases[LOCATE_MAX_DATABASES]; /* as their licences want it */
	size_t database_count;
	size_t count;
	_Atomic unsigned int references;
	struct fleet_report_sensor sensors[]; /* the worst first, then by name */
};

/* [fleet's thread] One reference. NULL: ENOMEM. */
struct fleet_report *fleet_report_make(const struct fleet *fleet,
				       const struct fleet_transport *transport, int64_t now_ms);
struct fleet_report *fleet_report_ref(struct fleet_report *report);
void fleet_report_unref(struct fleet_report *report); /* NULL is fine */

/* The process has one at a time that is shown. Takes over the reference; NULL: none any more. */
void fleet_report_publish(struct fleet_report *report);
/* [any thread] A reference to it; NULL: this process is no wall of a fleet, or not yet. */
struct fleet_report *fleet_report_current(void);
