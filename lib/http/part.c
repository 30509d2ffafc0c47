/* SPDX-License-Identifier: BSD-3-Clause */
/* One sensor of a fleet, or one group of sites: ?sensor= and ?group=. */
#include "answer.h"

#include <errno.h>
#include <string.h>

#define PATIENCE_MS 5000

static int
refuse(struct mg_connection *conn, const struct http *http, int ret)
{
	switch (ret) {
	case -ENOENT:
		return send_error(conn, http, 404, "Not Found",
				  "there is no such sensor or group: /api/v1/sensors names them");
	case -ETIMEDOUT:
		return send_error(conn, http, 503, "Service Unavailable",
				  "the fleet is busy; ask again");
	default:
		return send_error(conn, http, 500, "Internal Server Error", "out of memory");
	}
}

/* `window=` as the choice has it. 0, or the status that was sent. */
static int
read_window(struct mg_connection *conn, const struct http *http, const struct picture *p,
	    bool *start)
{
	char name[16];
	const int n = query_value(conn, "window", name, sizeof(name));
	const enum window window = n == -1 ? picture_default_view(p).window
				   : n > 0 ? window_parse(name)
					   : WINDOWS;

	*start = window == WINDOW_START;
	/* unasked, the server's own choice may be another */
	if (n == -1 || window == WINDOW_START || window == WINDOW_NOW)
		return 0;
	return send_error(conn, http, 400, "Bad Request",
			  "of one sensor or group the window is now or start");
}

static int
answer(struct mg_connection *conn, const struct http *http, enum text_kind kind,
       struct fleet_choice *choice, const struct picture *p)
{
	const enum side side = side_of(conn, p);
	struct fleet_rows rows;
	struct text *text = NULL;
	char time[8];
	int status = read_window(conn, http, p, &choice->start);

	if (status != 0)
		return status;
	if (side == SIDES)
		return send_error(conn, http, 400, "Bad Request", SIDES_TEXT);
	if (query_value(conn, "from", time, sizeof(time)) != -1 ||
	    query_value(conn, "to", time, sizeof(time)) != -1)
		return send_error(conn, http, 400, "Bad Request",
				  "the past is kept of all sensors together");
	int ret = fleet_ask(http->settings.fleet, choice, PATIENCE_MS, &rows);
	if (ret == 0)
		ret = text_fleet(p, choice, &rows, kind, side, &text);
	fleet_rows_free(&rows);
	if (ret != 0)
		return refuse(conn, http, ret);
	struct answer a = {.type = text_format(kind)->type, .etag = text->etag};

	status =
		send_text(conn, http, &a, text->plain, text->length, text->gzip, text->gzip_length);
	text_free(text);
	return status;
}

int
answer_part(struct mg_connection *conn, const struct http *http, enum text_kind kind)
{
	char sensor[PERIOD_NAME_MAX], group[RECORD_NAME_MAX];
	const int n = query_value(conn, "sensor", sensor, sizeof(sensor));
	const int m = query_value(conn, "group", group, sizeof(group));
	struct fleet_choice choice = {.sensor = n > 0 ? sensor : NULL,
				      .group = n > 0 ? NULL : group};

	if (n == -1 && m == -1)
		return -1;
	int status = refuse_method(conn, http);
	if (status != 0)
		return status;
	if (http->settings.fleet == NULL)
		return send_error(conn, http, 400, "Bad Request",
				  "sensor and group are of the wall of a fleet; this is a sensor");
	if ((n != -1) == (m != -1) || n == 0 || m == 0)
		return send_error(conn, http, 400, "Bad Request",
				  "the name of a sensor, or of a group");
	if (text_format(kind)->is_page ||
	    (text_format(kind)->of_points == NULL && text_format(kind)->of_range == NULL))
		return send_error(conn, http, 400, "Bad Request",
				  "this file is of all sensors together");
	struct picture *p = picture_current();
	if (p == NULL)
		return send_error(conn, http, 503, "Service Unavailable",
				  "the first period is not over yet");
	status = answer(conn, http, kind, &choice, p);
	picture_release(p);
	return status;
}
