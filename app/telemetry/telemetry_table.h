/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table within the limits of telemetry's answers: an array for each column, and as many rows as
 * one answer holds. [telemetry client] Each table is one thread's.
 */
#pragma once

#include <rte_telemetry.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TELEMETRY_COLUMNS_MAX 12

enum telemetry_column {
	COLUMN_END,
	COLUMN_TEXT = RTE_TEL_STRING_VAL + 100,
	COLUMN_INT,
	COLUMN_U64,
};

struct telemetry_table {
	struct {
		const char *name;
		enum telemetry_column kind;
		struct rte_tel_data *data; /* the library frees it once it is part of the answer */
	} columns[TELEMETRY_COLUMNS_MAX];
	size_t count, rows, octets;
};

/* A value of a row: by the kind of its column. */
union telemetry_cell {
	const char *text; /* ASCII, see telemetry_encode_name */
	int number;
	uint64_t big;
};

/* A column more, before the first row. `name` stays the caller's. 0, or -ENOMEM: then free. */
int telemetry_table_column(struct telemetry_table *t, const char *name, enum telemetry_column kind);
/* A row: a cell for each column. False: the answer is full, and nothing was added. */
bool telemetry_table_row(struct telemetry_table *t, const union telemetry_cell *cells);
/* Into the answer, an object, which owns it from here on. */
void telemetry_table_put(struct telemetry_table *t, struct rte_tel_data *d);
/* What was not put; empty is fine. */
void telemetry_table_free(struct telemetry_table *t);

/*
 * Percent-encodes all but printable ASCII, and the signs that JSON would escape: the library looks
 * up other octets in front of a table of its own. Cut, where it must be, between two characters.
 */
const char *telemetry_encode_name(const char *name, char text[RTE_TEL_MAX_STRING_LEN]);
