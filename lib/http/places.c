/* SPDX-License-Identifier: BSD-3-Clause */
/* A place that is kept, by its key in the store: /api/v1/places/KEY. */
#include "past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* What it says, and what it had. 0, -ENOENT, or as history_range. */
static int
ask(struct history *history, uint32_t key, const struct history_span *span, struct text **text,
    char error[HISTORY_ERROR_MAX])
{
	struct history_range range;
	struct place place;
	int ret = history_lookup(history, &key, 1, &place, error);

	if (ret == 0 && !place.has_position) /* what is stored has one */
		ret = -ENOENT;
	if (ret != 0)
		return ret;
	ret = history_range(history, span->from_ms, span->to_ms, &range, error);
	if (ret == 0) {
		ret = text_kept_place(&place, &range, text);
		history_range_free(&range);
	}
	return ret;
}

int
on_places(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	const char *key = mg_get_request_info(conn)->local_uri + strlen(PLACES_PREFIX);
	char error[HISTORY_ERROR_MAX] = "";
	struct history_span span;
	struct text *text = NULL;
	int status;

	struct picture *p = past_picture(conn, http, &status);
	if (p == NULL)
		return status;
	picture_release(p);
	if (*key == 0 || strlen(key) > 9 || strspn(key, "0123456789") != strlen(key))
		return send_error(conn, http, 404, "Not Found", "no such place is kept");
	status = past_times(conn, http, DAY_MS, &span.from_ms, &span.to_ms);
	if (status != 0)
		return status;
	const int ret =
		ask(http->settings.history, (uint32_t)strtoul(key, NULL, 10), &span, &text, error);
	if (ret == -ENOENT)
		return send_error(conn, http, 404, "Not Found", "no such place is kept");
	status = past_send(conn, http, ret, error, text, "application/json");
	text_free(text);
	return status;
}
