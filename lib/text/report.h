/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Texts for a terminal and for pipes: the report that ends --once, and the lines of --output.
 *
 * [any thread] that holds a reference to the picture. Each appends to `out`; check out->failed.
 */
#pragma once

#include "buffer.h"
#include "picture.h"

/* Totals, ledger, and the busiest countries, places and hosts; as text, or as one JSON object. */
void report_text(struct picture *picture, struct buffer *out);
void report_json(struct picture *picture, struct buffer *out);

enum row_format {
	ROWS_JSONL,
	ROWS_CSV,
};

/* The names of the columns as the first line of a CSV. */
void rows_header(bool places, struct buffer *out);
/* The picture's last period: one line, or a line for each of its places. */
void rows_period(struct picture *picture, enum row_format format, bool places, struct buffer *out);
