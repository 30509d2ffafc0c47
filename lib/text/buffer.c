/* SPDX-License-Identifier: BSD-3-Clause */
#include "buffer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
buffer_room(struct buffer *b, size_t more)
{
	if (b->failed)
		return false;
	if (b->capacity - b->length >= more)
		return true;
	size_t capacity = b->capacity ? b->capacity : 4096;
	while (capacity - b->length < more)
		capacity *= 2;
	char *data = realloc(b->data, capacity);
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

void
buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}

void
buffer_put(struct buffer *b, const char *text, size_t length)
{
	if (length == 0 || !buffer_room(b, length))
		return;
	memcpy(b->data + b->length, text, length);
	b->length += length;
}

void
buffer_text(struct buffer *b, const char *text)
{
	buffer_put(b, text, strlen(text));
}

void
buffer_char(struct buffer *b, char c)
{
	buffer_put(b, &c, 1);
}

void
buffer_number(struct buffer *b, uint64_t value)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buffer_put(b, digits + n, sizeof(digits) - n);
}

void
buffer_decimal(struct buffer *b, double value, unsigned int decimals)
{
	static const uint64_t scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	uint64_t scale = scales[decimals];
	double scaled = isfinite(value) ? round(fabs(value) * (double)scale) : 0;
	uint64_t whole = scaled < 1e18 ? (uint64_t)scaled : UINT64_C(1000000000000000000);

	if (value < 0 && whole > 0)
		buffer_char(b, '-');
	buffer_number(b, whole / scale);
	uint64_t fraction = whole % scale;
	if (fraction == 0)
		return;
	buffer_char(b, '.');
	for (unsigned int d = 0; d < decimals && fraction > 0; d++) {
		fraction *= 10;
		buffer_char(b, (char)('0' + fraction / scale));
		fraction %= scale;
	}
}

void
buffer_json_string(struct buffer *b, const char *text)
{
	char escape[8];

	buffer_char(b, '"');
	for (const char *p = text; *p != 0; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\') {
			buffer_char(b, '\\');
			buffer_char(b, *p);
		} else if (c < 0x20 || c == '<') {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			buffer_text(b, escape);
		} else {
			buffer_char(b, *p);
		}
	}
	buffer_char(b, '"');
}

void
buffer_csv_text(struct buffer *b, const char *text, bool always)
{
	const bool formula = *text != 0 && strchr("=+-@\t\r", *text) != NULL;

	if (!always && !formula && strpbrk(text, ",\"\n\r") == NULL) {
		buffer_text(b, text);
		return;
	}
	buffer_text(b, formula ? "\"'" : "\"");
	for (; *text != 0; text++) {
		if (*text == '"')
			buffer_char(b, '"');
		buffer_char(b, *text);
	}
	buffer_char(b, '"');
}
