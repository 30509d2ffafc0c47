/* SPDX-License-Identifier: BSD-3-Clause */
#include "http.h"

#include "text.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct http {
	struct mg_context *context;
	struct http_settings settings;
	char frame_ancestors[256];
};

/* one answer */
struct answer {
	int status;
	const char *reason;
	const char *type;
	const void *data;
	size_t length;
	bool gzip;
	const char *etag; /* NULL: none */
	const char *cache;
	bool is_page;        /* HTML: gets a policy of what it may load */
	bool self_contained; /* its own <meta> says what it may load; only frames are ours to say */
};

/* what each HTML answer may load: what it ships, and nothing else */
#define CSP_PAGE                                                                                   \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "          \
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"

static void
send_answer(struct mg_connection *conn, const struct http *http, const struct answer *a)
{
	const struct mg_request_info *request = mg_get_request_info(conn);
	bool head = strcmp(request->request_method, "HEAD") == 0;
	char date[64];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	mg_printf(conn,
		  "HTTP/1.1 %d %s\r\n"
		  "Date: %s\r\n"
		  "Connection: close\r\n"
		  "Cache-Control: %s\r\n"
		  "X-Content-Type-Options: nosniff\r\n"
		  "Referrer-Policy: no-referrer\r\n"
		  "Cross-Origin-Resource-Policy: same-origin\r\n",
		  a->status, a->reason, date, a->cache ? a->cache : "no-cache");
	if (a->is_page)
		mg_printf(conn, "Content-Security-Policy: %s%sframe-ancestors %s\r\n",
			  a->self_contained ? "" : CSP_PAGE, a->self_contained ? "" : "; ",
			  http->frame_ancestors);
	else
		mg_printf(conn, "Content-Security-Policy: default-src 'none'; "
				"frame-ancestors 'none'\r\n");
	if (a->etag != NULL)
		mg_printf(conn, "ETag: \"%s%s\"\r\nVary: Accept, Accept-Encoding\r\n", a->etag,
			  a->gzip ? "-gz" : "");
	if (a->status == 405)
		mg_printf(conn, "Allow: GET, HEAD\r\n");
	if (a->status != 304) {
		mg_printf(conn, "Content-Type: %s\r\nContent-Length: %zu\r\n%s", a->type, a->length,
			  a->gzip ? "Content-Encoding: gzip\r\n" : "");
	}
	mg_write(conn, "\r\n", 2);
	if (!head && a->status != 304)
		mg_write(conn, a->data, a->length);
}

static int
send_error(struct mg_connection *conn, const struct http *http, int status, const char *reason,
	   const char *text)
{
	char body[160];

	snprintf(body, sizeof(body), "{\"error\":\"%s\"}\n", text);
	struct answer a = {.status = status,
			   .reason = reason,
			   .type = "application/json",
			   .data = body,
			   .length = strlen(body),
			   .cache = "no-store"};
	send_answer(conn, http, &a);
	return status;
}

/* 0, or the status that was sent: every route takes GET and HEAD only. */
static int
refuse_method(struct mg_connection *conn, const struct http *http)
{
	const char *method = mg_get_request_info(conn)->request_method;

	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return 0;
	return send_error(conn, http, 405, "Method Not Allowed", "only GET and HEAD");
}

/* Chooses the encoding and answers 304 where the client has it already. */
static int
send_text(struct mg_connection *conn, const struct http *http, struct answer *a, const void *plain,
	  size_t length, const void *gzip, size_t gzip_length)
{
	a->status = 200;
	a->reason = "OK";
	a->data = plain;
	a->length = length;
	if (gzip != NULL && http_accepts_gzip(mg_get_header(conn, "Accept-Encoding"))) {
		a->gzip = true;
		a->data = gzip;
		a->length = gzip_length;
	}
	if (http_etag_matches(mg_get_header(conn, "If-None-Match"), a->etag)) {
		a->status = 304;
		a->reason = "Not Modified";
	}
	send_answer(conn, http, a);
	return a->status;
}

/* The ?window= of the request, or the picture's own; WINDOWS where it names none that exists. */
static enum window
window_of(struct mg_connection *conn, const struct picture *p)
{
	const char *query = mg_get_request_info(conn)->query_string;
	char name[16];

	if (query == NULL)
		return picture_default_window(p);
	int n = mg_get_var(query, strlen(query), "window", name, sizeof(name));
	if (n == -1)
		return picture_default_window(p);
	/* "start%00x" decodes to more than it looks like */
	return n > 0 && strlen(name) == (size_t)n ? window_parse(name) : WINDOWS;
}

static int
answer_text(struct mg_connection *conn, const struct http *http, enum text_kind kind,
	    const char *type)
{
	struct picture *p = picture_current();
	int status = refuse_method(conn, http);

	if (status == 0 && p == NULL)
		status = send_error(conn, http, 503, "Service Unavailable",
				    "the first period is not over yet");
	if (status == 0) {
		enum window window = window_of(conn, p);
		const struct text *text = window == WINDOWS ? NULL : text_get(p, kind, window);
		struct answer a = {.type = type,
				   .is_page = kind == TEXT_HTML,
				   .self_contained = kind == TEXT_HTML};

		if (window == WINDOWS) {
			status = send_error(conn, http, 400, "Bad Request",
					    "window is one of now, 1m, 5m, 1h, 24h, start");
		} else if (text == NULL) {
			status = send_error(conn, http, 500, "Internal Server Error",
					    "out of memory");
		} else {
			a.etag = text->etag;
			status = send_text(conn, http, &a, text->plain, text->length, text->gzip,
					   text->gzip_length);
		}
	}
	picture_release(p);
	return status;
}

static int
on_heat(struct mg_connection *conn, void *http)
{
	return answer_text(conn, http, TEXT_HEAT, "application/json");
}

static int
on_csv(struct mg_connection *conn, void *http)
{
	return answer_text(conn, http, TEXT_CSV, "text/csv; charset=utf-8; header=present");
}

static int
on_geojson(struct mg_connection *conn, void *http)
{
	return answer_text(conn, http, TEXT_GEOJSON, "application/geo+json");
}

/* By content negotiation, as Prometheus asks: OpenMetrics to who names it. */
static int
on_metrics(struct mg_connection *conn, void *http)
{
	const char *accept = mg_get_header(conn, "Accept");

	if (accept != NULL && strstr(accept, "application/openmetrics-text") != NULL)
		return answer_text(conn, http, TEXT_OPENMETRICS,
				   "application/openmetrics-text; version=1.0.0; charset=utf-8");
	return answer_text(conn, http, TEXT_PROMETHEUS, "text/plain; version=0.0.4; charset=utf-8");
}

static int
on_html(struct mg_connection *conn, void *http)
{
	return answer_text(conn, http, TEXT_HTML, "text/html; charset=utf-8");
}

static int
on_status(struct mg_connection *conn, void *http)
{
	return answer_text(conn, http, TEXT_STATUS, "application/json");
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
			 (unsigned long long)picture_facts(p)->started_ms,
			 (unsigned long long)picture_facts(p)->period, number, window);
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
	for (size_t i = 0; i < http->settings.asset_count; i++) {
		const struct http_asset *asset = &http->settings.assets[i];
		struct answer a = {.type = asset->type,
				   .etag = asset->etag,
				   .is_page = strncmp(asset->type, "text/html", 9) == 0};

		if (strcmp(path, asset->path) == 0)
			return send_text(conn, http, &a, asset->data, asset->length, asset->gzip,
					 asset->gzip_length);
	}
	return send_error(conn, http, 404, "Not Found", "no such page");
}

/*
 * The one way in: every request ends here, so that civetweb's own code for files,
 * folders, PUT, DELETE and WebDAV is never reached.
 */
static int
on_request(struct mg_connection *conn)
{
	struct http *http = mg_get_user_data(mg_get_context(conn));
	static const struct {
		const char *path;
		int (*handler)(struct mg_connection *conn, void *http);
	} routes[] = {
		{"/api/v1/heat", on_heat},
		{"/api/v1/heat.csv", on_csv},
		{"/api/v1/heat.geojson", on_geojson},
		{"/api/v1/status", on_status},
		{"/ip_heatmap.html", on_html},
		{"/metrics", on_metrics},
	};
	const struct mg_request_info *request = mg_get_request_info(conn);
	const char *path = request->local_uri;

	if (path == NULL)
		return send_error(conn, http, 400, "Bad Request", "no path");
	/* exact routes: civetweb has taken "//", "/./" and the like out of the path */
	if (request->local_uri_raw != NULL && strcmp(request->local_uri_raw, path) != 0)
		return send_error(conn, http, 404, "Not Found", "no such page");
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(path, routes[i].path) == 0)
			return routes[i].handler(conn, http);
	}
	if (strncmp(path, "/api/v1/place/", 14) == 0)
		return on_place(conn, http);
	return on_asset(conn, http);
}

static int
on_log(const struct mg_connection *conn, const char *message)
{
	(void)conn;
	(void)message;
	/* a client that hangs up is no event; failures to start come back by mg_start2 */
	return 1;
}

int
http_check(const char *listen_at, char error[256])
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	char address[64];
	uint16_t port;
	int one = 1;

	if (http_parse_listen(listen_at, address, &port) != 0) {
		snprintf(error, 256,
			 "--listen %.100s: not an IPv4 ADDRESS:PORT, such as 127.0.0.1:8080",
			 listen_at);
		return -1;
	}
	inet_pton(AF_INET, address, &at.sin_addr);
	at.sin_port = htons(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* as civetweb does: a port whose last connections linger is free */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 1) != 0) {
		snprintf(error, 256, "cannot listen on %s:%u: %s; choose another with --listen",
			 address, port, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

struct http *
http_start(const struct http_settings *settings, char error[256])
{
	char address[64], listen_at[80], threads[8], text[128] = "";
	uint16_t port;
	unsigned int code = 0;

	if (http_check(settings->listen, error) != 0)
		return NULL;
	http_parse_listen(settings->listen, address, &port);
	snprintf(listen_at, sizeof(listen_at), "%s:%u", address, port);
	snprintf(threads, sizeof(threads), "%u", settings->threads);

	const char *options[] = {
		"listening_ports",
		listen_at,
		"num_threads",
		threads,
		"request_timeout_ms",
		"10000",
		/* no route needs it, and "/%00..." would be taken for "/" */
		"decode_url",
		"no",
		"enable_directory_listing",
		"no",
		"enable_keep_alive",
		"no",
		"listen_backlog",
		"64",
		NULL,
	};
	struct http *http = calloc(1, sizeof(*http));
	if (http == NULL) {
		snprintf(error, 256, "out of memory");
		return NULL;
	}
	http->settings = *settings;
	snprintf(http->frame_ancestors, sizeof(http->frame_ancestors), "%s",
		 settings->frame_ancestors);
	/* begin_request rather than a handler: a handler can only be set once the server runs */
	struct mg_callbacks callbacks = {.begin_request = on_request, .log_message = on_log};
	struct mg_init_data init = {
		.callbacks = &callbacks, .user_data = http, .configuration_options = options};
	struct mg_error_data failure = {&code, text, sizeof(text)};

	mg_init_library(0);
	http->context = mg_start2(&init, &failure);
	if (http->context == NULL) {
		snprintf(error, 256, "cannot start the web server on %s: %s", listen_at,
			 text[0] ? text : "civetweb does not say why");
		mg_exit_library();
		free(http);
		return NULL;
	}
	return http;
}

void
http_stop(struct http *http)
{
	if (http == NULL)
		return;
	mg_stop(http->context);
	mg_exit_library();
	free(http);
}
