/* SPDX-License-Identifier: BSD-3-Clause */
/* What changed, and what was unusual: /api/v1/change and /api/v1/events. */
#include "past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

int
on_change(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	enum change_against against = AGAINST_DAY;
	char name[16], error[HISTORY_ERROR_MAX] = "";
	struct text *text = NULL;
	struct change change;
	int64_t from, to;
	int status;

	struct picture *p = past_picture(conn, http, &status);
	if (p == NULL)
		return status;
	const enum side side = side_of(conn, p);
	const int n = query_value(conn, "against", name, sizeof(name));
	if (n != -1)
		against = n > 0 ? change_against_parse(name) : AGAINSTS;
	status = past_times(conn, http, HOUR_MS, &from, &to);
	if (status == 0 && against == AGAINSTS)
		status = past_refuse(conn, http, "against is one of day, week, usual");
	if (status == 0 && side == SIDES)
		status = past_refuse(conn, http, SIDES_TEXT);
	if (status == 0) {
		int ret = change_find(http->settings.history, from, to, against,
				      side == SIDE_REMOTE, &change, error);

		if (ret == 0) {
			ret = text_change(p, &change, side, &text);
			change_free(&change);
		}
		status = past_send(conn, http, ret, error, text, "application/json");
		text_free(text);
	}
	picture_release(p);
	return status;
}

int
on_events(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	struct watch *watch = http->settings.watch;
	struct watch_status now = {0};
	struct event *events = NULL;
	struct text *text = NULL;
	char active[8] = "";
	int64_t from, to;
	size_t count = 0;
	int status;

	struct picture *p = past_picture(conn, http, &status);
	if (p == NULL)
		return status;
	picture_release(p);
	status = past_times(conn, http, 24 * HOUR_MS, &from, &to);
	const int n = query_value(conn, "active", active, sizeof(active));
	if (status == 0 && n != -1 && strcmp(active, "0") != 0 && strcmp(active, "1") != 0)
		status = past_refuse(conn, http, "active is 0 or 1");
	if (status != 0)
		return status;
	int ret = 0;
	if (watch != NULL) {
		ret = watch_events(watch, from, to, active[0] == '1', &events, &count);
		watch_status(watch, &now);
	}
	if (ret == 0)
		ret = text_events(events, count, watch != NULL ? &now : NULL, from, to, &text);
	status = past_send(conn, http, ret, "", text, "application/json");
	text_free(text);
	free(events);
	return status;
}
