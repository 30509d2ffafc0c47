/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A text that grows, and the two plain encodings that the texts' rows need. A JSON library
 * makes everything with structure (jansson, see json.h); rows of numbers, up to a million of
 * them each period, are written straight: a snprintf a number took ten times as long.
 *
 * An allocation that fails sets `failed`; later puts do nothing. Check it once, at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data; /* malloc'ed; not terminated */
	size_t length, capacity;
	bool failed;
};

bool buffer_room(struct buffer *b, size_t more);
void buffer_free(struct buffer *b);
void buffer_put(struct buffer *b, const char *text, size_t length);
void buffer_text(struct buffer *b, const char *text);
void buffer_char(struct buffer *b, char c);
void buffer_number(struct buffer *b, uint64_t value);
/* A decimal with at most `decimals` (0..6) places, rounded, no trailing zeros, never "-0". Up to
 * 10^12; what is not finite is 0. */
void buffer_decimal(struct buffer *b, double value, unsigned int decimals);
/*
 * As a field of CSV (RFC 4180), in quotes where it needs them or if `always`. What begins as a
 * formula does gets an apostrophe, which tells a spreadsheet that it is text: it would run
 * "=HYPERLINK(...)" of whoever wrote the database.
 */
void buffer_csv_text(struct buffer *b, const char *text, bool always);
/* As a JSON string, quotes included. `text` is valid UTF-8; '<' becomes \u003c. */
void buffer_json_string(struct buffer *b, const char *text);
