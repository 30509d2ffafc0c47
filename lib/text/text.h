/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The texts of a picture: what the HTTP API answers and the output files carry. See README.md.
 *
 * A text is encoded and compressed at its first demand, and then kept as long as its picture. Each
 * has a lock of its own: who asks for a text waits for who is encoding that same text, and for
 * nobody else. So a writer of output files does not wait behind requests for other texts.
 */
#pragma once

#include "picture.h"

#include <stddef.h>
#include <stdint.h>

#define TEXT_NAMES 2000 /* points whose names are sent along */

enum text_kind {
	TEXT_HEAT,      /* JSON, by window */
	TEXT_HTML,      /* one file, by window */
	TEXT_CSV,       /* RFC 4180, by window */
	TEXT_GEOJSON,   /* RFC 7946, by window */
	TEXT_COUNTRIES, /* RFC 7946, by window */
	TEXT_STATUS,    /* JSON; from here on the same for all windows */
	TEXT_OPENMETRICS,
	TEXT_PROMETHEUS, /* text format 0.0.4 */
	TEXT_KINDS,
};

struct text {
	char *plain;
	size_t length;
	unsigned char *gzip; /* NULL where gzip failed: then plain it is */
	size_t gzip_length;
	char etag[64];                   /* without quotes and without the suffix of an encoding */
	_Atomic unsigned int references; /* beside the first; text.c's */
};

/* [any thread] Made at the first call, kept until the picture goes. NULL with errno ENOMEM, or
 * EINVAL for a page without a hole. */
const struct text *text_get(struct picture *picture, enum text_kind kind, enum window window);
/* The same with a reference of its own, which outlives the picture: for who sends it to a slow
 * reader, for whom nobody should keep a picture with all its hosts. Given back by text_free. */
struct text *text_take(struct picture *picture, enum text_kind kind, enum window window);

/* [any thread] The answer for /api/v1/place/ID: 0 and malloc'ed JSON in *json, or -ENOENT,
 * -ENOMEM. */
int text_place(struct picture *picture, uint32_t place, enum window window, char **json);

/* [any thread] Writes the host table as CSV. 0 or -errno. */
int text_write_hosts(const struct picture *picture, int fd);

/*
 * The heat of a time range out of the store, in the shape of /api/v1/heat (TEXT_HEAT, TEXT_CSV,
 * TEXT_GEOJSON or TEXT_COUNTRIES), and the steps of a series. [any thread] `picture` says what
 * sensor and databases there are. 0 and *text, freed by text_free; or -ENOMEM. The ETag is made of
 * the content: the same for as long as the store has the same rows.
 */
int text_range(const struct picture *picture, const struct history_range *range,
	       enum text_kind kind, struct text **text);
int text_series(const struct picture *picture, const struct history_series *series,
		const struct history_filter *filter, struct text **text);
void text_free(struct text *text); /* NULL is fine */
