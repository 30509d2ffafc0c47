/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The texts of a picture: what the HTTP API answers and the output files carry. See README.md.
 *
 * A text is encoded and compressed at its first demand, and then kept as long as its picture. Each
 * has a lock of its own: who asks for a text waits for who is encoding that same text, and for
 * nobody else. So a writer of output files does not wait behind requests for other texts.
 */
#pragma once

#include "asks.h"
#include "change.h"
#include "picture.h"
#include "watch.h"

#include <stddef.h>
#include <stdint.h>

#define TEXT_NAMES 2000 /* points whose names are sent along */

enum text_kind {
	TEXT_HEAT,      /* JSON */
	TEXT_HTML,      /* one file */
	TEXT_CSV,       /* RFC 4180 */
	TEXT_GEOJSON,   /* RFC 7946 */
	TEXT_COUNTRIES, /* RFC 7946 */
	TEXT_STATUS,    /* JSON */
	TEXT_OPENMETRICS,
	TEXT_PROMETHEUS, /* text format 0.0.4 */
};
#define TEXT_KINDS_MAX 16 /* formats.c may have more than those with names */

struct buffer;
struct text_format {
	const char *path; /* of the API; NULL: it shares one with others */
	const char *type; /* of RFC 9110's Content-Type */
	char letter;      /* its own, in ETags */
	bool by_view;     /* else the same for all windows and sides */
	bool is_page;     /* for people: whole in one file, its script inside */
	/* One of the two. 0, -ENOMEM, or -EINVAL for a page without a hole. */
	int (*of_picture)(struct picture *picture, struct view view, struct buffer *out);
	int (*of_points)(const struct picture_window *window, struct buffer *out);
	/* Of a time of the past; NULL: by of_points, or not at all. */
	int (*of_range)(const struct picture *picture, const struct history_range *range,
			const struct history_series *timeline, const struct picture_window *window,
			struct buffer *out);
};

/* NULL: there are no more. Any thread. */
const struct text_format *text_format(enum text_kind kind);

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
const struct text *text_get(struct picture *picture, enum text_kind kind, struct view view);
/* The same with a reference of its own, which outlives the picture: for who sends it to a slow
 * reader, for whom nobody should keep a picture with all its hosts. Given back by text_free. */
struct text *text_take(struct picture *picture, enum text_kind kind, struct view view);

/* [any thread] The answer for /api/v1/place/ID: 0 and malloc'ed JSON in *json, or -ENOENT,
 * -ENOMEM. */
int text_place(struct picture *picture, uint32_t place, enum window window, char **json);

/* [any thread] Writes the host table as CSV. 0 or -errno. */
int text_write_hosts(const struct picture *picture, int fd);

/*
 * The heat of a time range out of the store, in a format that has `of_points` or `of_range`, and
 * the steps of a series, as JSON or CSV. [any thread] `picture` says what sensor and databases
 * there are. `timeline`: what a page draws below its map, unfiltered; or NULL. 0 and *text, freed
 * by text_free; or -ENOMEM. The ETag is made of the content: the same for as long as the store has
 * the same rows.
 */
int text_range(const struct picture *picture, const struct history_range *range,
	       const struct history_series *timeline, enum text_kind kind, enum side side,
	       struct text **text);
int text_series(const struct picture *picture, const struct history_series *series,
		const struct history_filter *filter, bool csv, struct text **text);
/* A place of the store and what it had; its number is its key there. */
int text_kept_place(const struct place *place, const struct history_range *range,
		    struct text **text);
/* What changed; and what was unusual, `watch` NULL where nothing is watched. */
int text_change(const struct picture *picture, const struct change *change, enum side side,
		struct text **text);
int text_events(const struct event *events, size_t count, const struct watch_status *watch,
		int64_t from_ms, int64_t to_ms, struct text **text);
/* The same of one sensor of a fleet, or of a group of sites. */
int text_fleet(const struct picture *picture, const struct fleet_choice *choice,
	       const struct fleet_rows *rows, enum text_kind kind, enum side side,
	       struct text **text);
void text_free(struct text *text); /* NULL is fine */
