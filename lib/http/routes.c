/* SPDX-License-Identifier: BSD-3-Clause */
/* What is answered under which path. */
#include "answer.h"
#include "door.h"
#include "login.h"

#include "fleet_json.h"
#include "locate_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ?window= of the request, or the picture's own; WINDOWS where it names none that exists. */
static enum window
window_of(struct mg_connection *conn, const struct picture *p)
{
	char name[16];
	int n = query_value(conn, "window", name, sizeof(name));

	if (n == -1)
		return picture_default_view(p).window;
	return n > 0 ? window_parse(name) : WINDOWS;
}

enum side
side_of(struct mg_connection *conn, const struct picture *p)
{
	char name[16];
	int n = query_value(conn, "side", name, sizeof(name));

	if (n == -1)
		return picture_default_view(p).side;
	return n > 0 ? side_parse(name) : SIDES;
}

static int
answer_text(struct mg_connection *conn, const struct http *http, enum text_kind kind)
{
	const struct text_format *format = text_format(kind);
	struct picture *p = picture_current();
	int status = refuse_method(conn, http);

	if (status == 0 && p == NULL)
		status = send_error(conn, http, 503, "Service Unavailable",
				    "the first period is not over yet");
	if (status == 0) {
		/* without windows, what else is asked of it is not its to judge */
		const struct view view = {format->by_view ? window_of(conn, p) : 0,
					  format->by_view ? side_of(conn, p) : 0};
		const bool known = view.window != WINDOWS && view.side != SIDES;
		struct text *text = known ? text_take(p, kind, view) : NULL;
		struct answer a = {.type = format->type,
				   .is_page = format->is_page,
				   .self_contained = format->is_page};

		picture_release(p); /* the text is enough to send, however slowly */
		p = NULL;
		if (view.window == WINDOWS) {
			status = send_error(conn, http, 400, "Bad Request",
					    "window is one of now, 1m, 5m, 1h, 24h, start");
		} else if (view.side == SIDES) {
			status = send_error(conn, http, 400, "Bad Request", SIDES_TEXT);
		} else if (text == NULL) {
			status = send_error(conn, http, 500, "Internal Server Error",
					    "out of memory");
		} else {
			a.etag = text->etag;
			status = send_text(conn, http, &a, text->plain, text->length, text->gzip,
					   text->gzip_length);
		}
		text_free(text);
	}
	picture_release(p);
	return status;
}

/* A window of now, or, where it can, with from= and to= a time of the past. */
static int
answer_format(struct mg_connection *conn, const struct http *http, enum text_kind kind)
{
	const struct text_format *format = text_format(kind);
	const bool past = format->of_points != NULL || format->of_range != NULL;
	int status = format->by_view ? answer_part(conn, http, kind) : -1;

	if (past && status < 0)
		status = answer_range(conn, http, kind);

	return status >= 0 ? status : answer_text(conn, http, kind);
}

static int
on_openapi(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	struct answer a = {.type = "application/vnd.oai.openapi+json;version=3.1",
			   .etag = http_openapi_etag};
	int status = refuse_method(conn, http);

	if (status != 0)
		return status;
	return send_text(conn, http, &a, http_openapi, http_openapi_length, NULL, 0);
}

/* Two formats, as Prometheus asks for them; the older one also for who takes neither, since what
 * asks for JSON here would rather have something than 406. */
static int
on_metrics(struct mg_connection *conn, void *http)
{
	static const enum text_kind kinds[] = {TEXT_PROMETHEUS, TEXT_OPENMETRICS};
	const char *const types[] = {text_format(kinds[0])->type, text_format(kinds[1])->type};
	int chosen = http_choose(mg_get_header(conn, "Accept"), types, 2);

	return answer_text(conn, http, kinds[chosen < 0 ? 0 : chosen]);
}

static int
on_place(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	const char *id = mg_get_request_info(conn)->local_uri + strlen("/api/v1/place/");
	struct picture *p = NULL;
	char *end, *json = NULL;
	int status = refuse_method(conn, http);

	if (status != 0)
		return status;
	unsigned long number = strtoul(id, &end, 10);
	if (*id < '0' || *id > '9' || *end != 0 || number >= PLACE_UNASKED)
		return send_error(conn, http, 404, "Not Found", "no such place");
	p = picture_current();
	if (p == NULL)
		return send_error(conn, http, 503, "Service Unavailable",
				  "the first period is not over yet");
	enum window window = window_of(conn, p);
	int error = window == WINDOWS ? -EINVAL : text_place(p, (uint32_t)number, window, &json);
	if (error == -EINVAL) {
		status = send_error(conn, http, 400, "Bad Request",
				    "window is one of now, 1m, 5m, 1h, 24h, start");
	} else if (error == -ENOENT) {
		status = send_error(conn, http, 404, "Not Found", "no such place");
	} else if (error != 0) {
		status = send_error(conn, http, 500, "Internal Server Error", "out of memory");
	} else {
		char etag[64];
		struct answer a = {.type = "application/json", .etag = etag};

		snprintf(etag, sizeof(etag), "%llx-%llu-p%lu-%d",
			 (unsigned long long)picture_facts(p)->sums.started_ms,
			 (unsigned long long)picture_facts(p)->record.number, number, window);
		status = send_text(conn, http, &a, json, strlen(json), NULL, 0);
	}
	free(json);
	picture_release(p);
	return status;
}

static int
on_asset(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	const char *path = mg_get_request_info(conn)->local_uri;
	int status = refuse_method(conn, http);

	if (status != 0)
		return status;
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	status = send_asset(conn, http, path, 200, "OK", NULL);
	return status != 404 ? status : send_error(conn, http, 404, "Not Found", "no such page");
}

/* How the sensors of a fleet are now: also while no period is over. */
static int
on_sensors(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	struct fleet_report *report;
	int status = refuse_method(conn, http);

	if (status != 0)
		return status;
	report = fleet_report_current();
	status = send_json(conn, http, sensors_json(report), NULL);
	fleet_report_unref(report);
	return status;
}

/* What the map does with an address: by the databases of the current picture. */
static int
on_locate(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	struct picture *p = NULL;
	enum addr_family family;
	struct explanation e;
	struct host_addr addr;
	char ip[HOST_ADDR_TEXT];
	int status = refuse_method(conn, http);

	if (status != 0)
		return status;
	if (query_value(conn, "ip", ip, sizeof(ip)) <= 0 ||
	    host_addr_parse(ip, &addr, &family) != 0)
		return send_error(conn, http, 400, "Bad Request",
				  "ip is an address such as 192.0.2.1 or 2001:db8::1");
	p = picture_current();
	if (p == NULL)
		return send_error(conn, http, 503, "Service Unavailable",
				  "the first period is not over yet");
	json_t *o =
		locate_explain(picture_opened(p), &addr, family, &e) == 0 ? locate_json(&e) : NULL;
	status = send_json(conn, http, o, NULL);
	picture_release(p);
	return status;
}

/* Exact paths, and who may; those of the texts' formats (lib/text/formats.c) come after them, by
 * their number, for viewers. */
static const struct route {
	const char *path;
	int (*handler)(struct mg_connection *conn, void *http);
	enum access access;
} routes[] = {
	{"/api/v1/change", on_change, ACCESS_VIEWER},
	{"/api/v1/events", on_events, ACCESS_VIEWER},
	{"/api/v1/locate", on_locate, ACCESS_VIEWER},
	{"/api/v1/openapi.json", on_openapi, ACCESS_VIEWER},
	{"/api/v1/sensors", on_sensors, ACCESS_VIEWER},
	{"/api/v1/series", on_series, ACCESS_VIEWER},
	{"/api/v1/series.csv", on_series, ACCESS_VIEWER},
	{"/api/v1/session", on_session, ACCESS_ALL},
	{"/api/v1/sessions", on_sessions, ACCESS_ADMIN},
	{"/metrics", on_metrics, ACCESS_VIEWER},
};

/* what a request is counted under */
#define ROUTE_COUNT ((int)(sizeof(routes) / sizeof(routes[0])))

/* What the page of the login is made of; all other files are for who is in. */
static enum access
access_of(int route, const char *path)
{
	static const char *const open[] = {"/login.html", "/login.js", "/login.css"};

	if (route >= 0 && route < ROUTE_COUNT)
		return routes[route].access;
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]) && route < 0; i++) {
		if (strcmp(path, open[i]) == 0)
			return ACCESS_ALL;
	}
	return route < 0 && strncmp(path, "/fonts/", 7) == 0 ? ACCESS_ALL : ACCESS_VIEWER;
}

#define ROUTE_TEXT   ROUTE_COUNT
#define ROUTE_PLACE  (ROUTE_TEXT + TEXT_KINDS_MAX)
#define ROUTE_PLACES (ROUTE_PLACE + 1)
#define ROUTE_PAGE   (ROUTE_PLACES + 1)
#define PLACE_PREFIX "/api/v1/place/"

_Static_assert(ROUTE_PAGE + 1 < REQUEST_ROUTES, "each route has its counters");

int
answer_request(struct mg_connection *conn, struct http *http, int *route)
{
	const struct mg_request_info *request = mg_get_request_info(conn);
	const char *path = request->local_uri;

	*route = -1;
	if (path == NULL)
		return send_error(conn, http, 400, "Bad Request", "no path");
	/* exact routes: civetweb has taken "//", "/./" and the like out of the path */
	bool exact = request->local_uri_raw == NULL || strcmp(request->local_uri_raw, path) == 0;
	for (int i = 0; i < ROUTE_COUNT && exact; i++) {
		if (strcmp(path, routes[i].path) == 0)
			*route = i;
	}
	for (int k = 0; text_format(k) != NULL && exact; k++) {
		if (text_format(k)->path != NULL && strcmp(path, text_format(k)->path) == 0)
			*route = ROUTE_TEXT + k;
	}
	if (exact && strncmp(path, PLACE_PREFIX, strlen(PLACE_PREFIX)) == 0)
		*route = ROUTE_PLACE;
	if (exact && strncmp(path, PLACES_PREFIX, strlen(PLACES_PREFIX)) == 0)
		*route = ROUTE_PLACES;
	int refused = door_check(conn, http);
	if (refused != 0)
		return refused;
	if (is_preflight(conn, http))
		return send_preflight(conn, http);
	refused = login_check(conn, http, path, access_of(*route, path));
	if (refused != 0)
		return refused;
	if (!exact)
		return send_error(conn, http, 404, "Not Found", "no such page");
	if (*route == ROUTE_PLACE)
		return on_place(conn, http);
	if (*route == ROUTE_PLACES)
		return on_places(conn, http);
	if (*route >= ROUTE_TEXT)
		return answer_format(conn, http, *route - ROUTE_TEXT);
	if (*route >= 0)
		return routes[*route].handler(conn, http);
	int status = on_asset(conn, http);
	if (status != 404)
		*route = ROUTE_PAGE;
	return status;
}
void
name_routes(struct request_stats *requests)
{
	if (requests == NULL)
		return;
	for (int i = 0; i < ROUTE_COUNT; i++)
		requests->routes[i] = routes[i].path;
	for (int k = 0; text_format(k) != NULL; k++)
		requests->routes[ROUTE_TEXT + k] = text_format(k)->path;
	requests->routes[ROUTE_PLACE] = PLACE_PREFIX "{id}";
	requests->routes[ROUTE_PLACES] = PLACES_PREFIX "{key}";
	requests->routes[ROUTE_PAGE] = "page";
	requests->routes[REQUEST_ROUTES - 1] = "other";
}
