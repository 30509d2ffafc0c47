/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The past, out of the store: /api/v1/heat?from=&to= and /api/v1/series. Each request reads by a
 * connection of its own, so none waits for the writer or for another.
 */
#include "past.h"

#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIME_MAX 48

#define TIMES    "a time is as 2026-11-27T01:00:00Z, seconds since 1970, now, or -24h (m, h, d, w, y)"

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
past_refuse(struct mg_connection *conn, const struct http *http, const char *text)
{
	return send_error(conn, http, 400, "Bad Request", text);
}

/* A moment; unchanged where it is not given. 0, or the status that was sent. */
static int
read_moment(struct mg_connection *conn, const struct http *http, const char *name, int64_t now,
	    int64_t *ms)
{
	char text[TIME_MAX], why[TIME_MAX + sizeof(TIMES)];
	const int n = query_value(conn, name, text, sizeof(text));

	if (n == -1 || (n > 0 && history_parse_time(text, now, ms) == 0))
		return 0;
	snprintf(why, sizeof(why), "%s: " TIMES, name);
	return past_refuse(conn, http, why);
}

int
past_times(struct mg_connection *conn, const struct http *http, int64_t length_ms, int64_t *from,
	   int64_t *to)
{
	const int64_t now = now_ms();
	char text[TIME_MAX];

	*to = now;
	if (length_ms == 0 && query_value(conn, "from", text, sizeof(text)) == -1)
		return past_refuse(conn, http, "from is missing: " TIMES);
	int status = read_moment(conn, http, "to", now, to);
	*from = *to - length_ms;
	if (status == 0)
		status = read_moment(conn, http, "from", now, from);
	if (status == 0 && *from >= *to)
		status = past_refuse(conn, http, "from is not before to");
	return status;
}

/* Where no step is asked for: 200 or so, as a line on a page has. */
static int64_t
default_step(int64_t length)
{
	static const int64_t steps[] = {60000, 300000, 3600000, 86400000};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (length / steps[i] <= 300)
			return steps[i];
	}
	return steps[3];
}

/* step=. 0, or the status that was sent. */
static int
read_step(struct mg_connection *conn, const struct http *http, int64_t length, int64_t *step)
{
	char text[TIME_MAX];
	const int n = query_value(conn, "step", text, sizeof(text));

	*step = default_step(length);
	if (n == 0 || (n > 0 && history_parse_length(text, step) != 0))
		return past_refuse(conn, http,
				   "step is a length such as 60 (seconds), 5m, 1h or 1d");
	return 0;
}

struct picture *
past_picture(struct mg_connection *conn, const struct http *http, int *status)
{
	struct picture *p = NULL;

	*status = refuse_method(conn, http);
	if (*status == 0 && http->settings.history == NULL)
		*status = send_error(conn, http, 404, "Not Found",
				     "nothing is kept here: start with --history DIR");
	if (*status == 0) {
		p = picture_current();
		if (p == NULL)
			*status = send_error(conn, http, 503, "Service Unavailable",
					     "the first period is not over yet");
	}
	return p;
}

int
past_send(struct mg_connection *conn, const struct http *http, int ret, const char *why,
	  const struct text *text, const char *type)
{
	struct answer a = {.type = type};

	if (ret == -EINVAL)
		return past_refuse(conn, http, why);
	if (ret == -ENOMEM)
		return send_error(conn, http, 500, "Internal Server Error", "out of memory");
	if (ret != 0)
		return send_error(conn, http, 500, "Internal Server Error",
				  "the history cannot be read; see the log and /api/v1/status");
	a.etag = text->etag;
	a.is_page = a.self_contained = strncmp(type, "text/html", 9) == 0;
	return send_text(conn, http, &a, text->plain, text->length, text->gzip, text->gzip_length);
}

/* What a saved page draws below its map: timeline_from= to timeline_to=, else the time itself, by
 * step=. 0, or the status that was sent. */
static int
read_timeline(struct mg_connection *conn, const struct http *http, int64_t from, int64_t to,
	      struct history_series *timeline)
{
	char error[HISTORY_ERROR_MAX] = "";
	const int64_t now = now_ms();
	int64_t step;

	int status = read_moment(conn, http, "timeline_from", now, &from);
	if (status == 0)
		status = read_moment(conn, http, "timeline_to", now, &to);
	if (status == 0 && from >= to)
		status = past_refuse(conn, http, "timeline_from is not before timeline_to");
	if (status == 0)
		status = read_step(conn, http, to - from, &step);
	if (status != 0)
		return status;
	const int ret =
		history_series(http->settings.history, from, to, step, NULL, timeline, error);
	return ret == 0 ? 0 : past_send(conn, http, ret, error, NULL, "");
}

int
answer_range(struct mg_connection *conn, const struct http *http, enum text_kind kind)
{
	char error[HISTORY_ERROR_MAX], text[TIME_MAX];
	struct history_range range = {0};
	struct history_series timeline = {0};
	const bool page = text_format(kind)->is_page;
	struct text *json = NULL;
	int64_t from, to;
	int status;

	if (query_value(conn, "from", text, sizeof(text)) == -1 &&
	    query_value(conn, "to", text, sizeof(text)) == -1)
		return -1;
	struct picture *p = past_picture(conn, http, &status);
	if (p == NULL)
		return status;
	if (query_value(conn, "window", text, sizeof(text)) != -1)
		status = past_refuse(conn, http, "a window or a time range, not both");
	else
		status = past_times(conn, http, 0, &from, &to);
	const enum side side = side_of(conn, p);
	if (status == 0 && side == SIDES)
		status = past_refuse(conn, http, SIDES_TEXT);
	if (status == 0 && page)
		status = read_timeline(conn, http, from, to, &timeline);
	if (status == 0) {
		int ret = history_range(http->settings.history, from, to, &range, error);

		if (ret == 0)
			ret = text_range(p, &range, page ? &timeline : NULL, kind, side, &json);
		status = past_send(conn, http, ret, error, json, text_format(kind)->type);
		history_range_free(&range);
		text_free(json);
	}
	history_series_free(&timeline);
	picture_release(p);
	return status;
}

/* place=, country= and network=. 0, or the status that was sent. */
static int
read_filter(struct mg_connection *conn, const struct http *http, struct history_filter *filter,
	    char country[8])
{
	char text[16];
	int n = query_value(conn, "place", text, sizeof(text));

	if (n != -1) {
		if (n == 0 || n > 9 || strspn(text, "0123456789") != (size_t)n || text[0] == '0')
			return past_refuse(conn, http,
					   "place is an id, as /api/v1/heat?from= tells it");
		sscanf(text, "%u", &filter->place);
	}
	n = query_value(conn, "country", country, 8);
	if (n != -1) {
		/* empty: places without one */
		if (country[0] != 0 && (n != 2 || country[0] < 'A' || country[0] > 'Z' ||
					country[1] < 'A' || country[1] > 'Z'))
			return past_refuse(conn, http,
					   "country is two capital letters, ISO 3166-1");
		filter->country = country;
	}
	n = query_value(conn, "network", text, sizeof(text));
	if (n != -1) {
		const size_t as = strncasecmp(text, "AS", 2) == 0 ? 2 : 0;
		const size_t digits = strspn(text + as, "0123456789");

		if (n <= (int)as || text[as + digits] != 0 || digits > 10 ||
		    strtoull(text + as, NULL, 10) > UINT32_MAX)
			return past_refuse(
				conn, http,
				"network is the number of an AS, such as 3320 or AS3320");
		filter->by_network = true;
		filter->network = (uint32_t)strtoull(text + as, NULL, 10);
	}
	if ((filter->country != NULL) + (filter->place != 0) + filter->by_network > 1)
		return past_refuse(conn, http,
				   "a place, a country or a network: one of them, not both");
	return 0;
}

/* As JSON, or as CSV where the path says so. */
int
on_series(struct mg_connection *conn, void *context)
{
	const char *path = mg_get_request_info(conn)->local_uri;
	const bool csv = strcmp(path, "/api/v1/series.csv") == 0;
	const struct http *http = context;
	char error[HISTORY_ERROR_MAX], country[8] = "";
	struct history_series series = {0};
	struct history_filter filter = {0};
	struct text *json = NULL;
	int64_t from, to, step = 0;
	int status;

	struct picture *p = past_picture(conn, http, &status);
	if (p == NULL)
		return status;
	status = past_times(conn, http, 0, &from, &to);
	if (status == 0)
		status = read_filter(conn, http, &filter, country);
	if (status == 0)
		status = read_step(conn, http, to - from, &step);
	if (status == 0) {
		int ret = history_series(http->settings.history, from, to, step, &filter, &series,
					 error);

		if (ret == 0)
			ret = text_series(p, &series, &filter, csv, &json);
		status = past_send(conn, http, ret, error, json,
				   csv ? text_format(TEXT_CSV)->type : "application/json");
		history_series_free(&series);
		text_free(json);
	}
	picture_release(p);
	return status;
}
