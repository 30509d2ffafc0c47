/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer.h"

#include "buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* what each HTML answer may load: what it ships, and nothing else */
/* %s: the hashes of its inline scripts. One of them sets a base, to where the page is. */
#define CSP_PAGE                                                                                   \
	"default-src 'none'; script-src 'self' %s; style-src 'self'; img-src 'self' data:; "       \
	"font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; "

/* what neither page ever asks of a browser, nor what it shows in a frame may */
#define PERMISSIONS                                                                                \
	"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "  \
	"magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), "      \
	"serial=(), usb=()"

/* May the page that asks read the answer (CORS)? Its origin or "*"; NULL: no, or it did not ask. */
static const char *
allowed_origin(struct mg_connection *conn, const struct http *http)
{
	const char *origin = mg_get_header(conn, "Origin");

	for (size_t i = 0; origin != NULL && i < http->settings.cors_count; i++) {
		const char *allowed = http->settings.cors[i];

		if (strcmp(allowed, "*") == 0)
			return allowed;
		if (strcasecmp(allowed, origin) == 0)
			return origin;
	}
	return NULL;
}

static void
send_cors(struct mg_connection *conn, const struct http *http)
{
	const char *origin = allowed_origin(conn, http);

	mg_printf(conn, "Cross-Origin-Resource-Policy: %s\r\n",
		  origin ? "cross-origin" : "same-origin");
	if (origin != NULL)
		mg_printf(conn,
			  "Access-Control-Allow-Origin: %s\r\n"
			  "Access-Control-Expose-Headers: ETag, Date, Content-Range, Allow\r\n",
			  origin);
}

void
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
		  "Permissions-Policy: " PERMISSIONS "\r\n"
		  "Vary: Accept, Accept-Encoding%s%s\r\n%s",
		  a->status, a->reason, date, a->cache ? a->cache : "no-cache",
		  http->settings.cors_count > 0 ? ", Origin" : "",
		  http->settings.auth != NULL ? ", Cookie, Authorization" : "",
		  a->more ? a->more : "");
	send_cors(conn, http);
	/* nothing of another's is in the page, and no window of another's holds on to it */
	if (a->is_page)
		mg_printf(conn, "Cross-Origin-Opener-Policy: same-origin\r\n"
				"Cross-Origin-Embedder-Policy: require-corp\r\n");
	if (a->is_page)
		mg_printf(conn, "Content-Security-Policy: ");
	if (a->is_page && !a->self_contained)
		mg_printf(conn, CSP_PAGE, a->scripts ? a->scripts : "");
	if (a->is_page)
		mg_printf(conn, "frame-ancestors %s\r\n", http->frame_ancestors);
	else
		mg_printf(conn, "Content-Security-Policy: default-src 'none'; "
				"frame-ancestors 'none'\r\n");
	if (a->etag != NULL)
		mg_printf(conn, "ETag: \"%s%s\"\r\nAccept-Ranges: bytes\r\n", a->etag,
			  a->gzip ? "-gz" : "");
	if (a->status == 405)
		mg_printf(conn, "Allow: GET, HEAD\r\n");
	if (a->status == 503)
		mg_printf(conn, "Retry-After: 1\r\n");
	if (a->status == 206)
		mg_printf(conn, "Content-Range: bytes %zu-%zu/%zu\r\n", a->from,
			  a->from + a->length - 1, a->whole);
	if (a->status == 416)
		mg_printf(conn, "Content-Range: bytes */%zu\r\n", a->whole);
	if (a->status != 304) {
		mg_printf(conn, "Content-Type: %s\r\nContent-Length: %zu\r\n%s", a->type, a->length,
			  a->gzip ? "Content-Encoding: gzip\r\n" : "");
	}
	mg_write(conn, "\r\n", 2);
	if (!head && a->status != 304)
		mg_write(conn, a->data, a->length);
}

/* A path as a client may have sent it is only repeated where it is plain ASCII. */
static bool
is_plain(const char *text)
{
	for (; *text != 0; text++) {
		if (*text < 0x21 || *text > 0x7e)
			return false;
	}
	return true;
}

static int
send_problem(struct mg_connection *conn, const struct http *http, struct answer *a,
	     const char *text)
{
	const char *path = mg_get_request_info(conn)->local_uri_raw;
	struct buffer b = {0};

	buffer_text(&b, "{\"type\":\"about:blank\",\"title\":");
	buffer_json_string(&b, a->reason);
	buffer_text(&b, ",\"status\":");
	buffer_number(&b, (uint64_t)a->status);
	buffer_text(&b, ",\"detail\":");
	buffer_json_string(&b, text);
	if (path != NULL && is_plain(path) && strlen(path) < 512) {
		buffer_text(&b, ",\"instance\":");
		buffer_json_string(&b, path);
	}
	buffer_text(&b, "}\n");
	a->type = "application/problem+json";
	a->cache = "no-store";
	a->data = b.failed ? "{}" : b.data;
	a->length = b.failed ? 2 : b.length;
	send_answer(conn, http, a);
	buffer_free(&b);
	return a->status;
}

int
send_error_with(struct mg_connection *conn, const struct http *http, int status, const char *reason,
		const char *text, const char *more)
{
	struct answer a = {.status = status, .reason = reason, .more = more};

	return send_problem(conn, http, &a, text);
}

int
send_error(struct mg_connection *conn, const struct http *http, int status, const char *reason,
	   const char *text)
{
	return send_error_with(conn, http, status, reason, text, NULL);
}

int
send_json(struct mg_connection *conn, const struct http *http, json_t *object, const char *more)
{
	char *text = object ? json_dumps(object, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) : NULL;
	int status = 200;

	json_decref(object);
	if (text == NULL) {
		status = send_error(conn, http, 500, "Internal Server Error", "out of memory");
	} else {
		struct answer a = {.status = 200,
				   .reason = "OK",
				   .type = "application/json",
				   .data = text,
				   .length = strlen(text),
				   .more = more};

		send_answer(conn, http, &a);
	}
	free(text);
	return status;
}

int
send_asset(struct mg_connection *conn, const struct http *http, const char *path, int status,
	   const char *reason, const char *more)
{
	for (size_t i = 0; i < http->settings.asset_count; i++) {
		const struct http_asset *asset = &http->settings.assets[i];
		struct answer a = {.status = status,
				   .reason = reason,
				   .type = asset->type,
				   .etag = asset->etag,
				   .is_page = strncmp(asset->type, "text/html", 9) == 0,
				   .scripts = asset->scripts,
				   .more = more};

		if (strcmp(path, asset->path) != 0)
			continue;
		if (status == 200)
			return send_text(conn, http, &a, asset->data, asset->length, asset->gzip,
					 asset->gzip_length);
		a.etag = NULL;
		a.cache = "no-store";
		a.data = asset->data;
		a.length = asset->length;
		send_answer(conn, http, &a);
		return status;
	}
	return 404;
}

int
refuse_method(struct mg_connection *conn, const struct http *http)
{
	const char *method = mg_get_request_info(conn)->request_method;

	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return 0;
	return send_error(conn, http, 405, "Method Not Allowed", "only GET and HEAD");
}

bool
is_preflight(struct mg_connection *conn, const struct http *http)
{
	return strcmp(mg_get_request_info(conn)->request_method, "OPTIONS") == 0 &&
	       mg_get_header(conn, "Access-Control-Request-Method") != NULL &&
	       allowed_origin(conn, http) != NULL;
}

int
send_preflight(struct mg_connection *conn, const struct http *http)
{
	mg_printf(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\nVary: Origin\r\n");
	send_cors(conn, http);
	mg_printf(conn, "Access-Control-Allow-Methods: GET, HEAD\r\n"
			"Access-Control-Allow-Headers: Authorization, If-None-Match, If-Range, "
			"Range\r\n"
			"Access-Control-Max-Age: 600\r\n\r\n");
	return 204;
}

/* Only a part of it was asked for, and of this state. */
static void
take_range(struct mg_connection *conn, struct answer *a)
{
	const char *range = mg_get_header(conn, "Range");
	const char *state = mg_get_header(conn, "If-Range");
	char tag[96];

	if (range == NULL || strcmp(mg_get_request_info(conn)->request_method, "GET") != 0)
		return;
	snprintf(tag, sizeof(tag), "\"%s%s\"", a->etag, a->gzip ? "-gz" : "");
	if (state != NULL && strcmp(state, tag) != 0)
		return;
	a->whole = a->length;
	switch (http_parse_range(range, a->whole, &a->from, &a->length)) {
	case 0:
		a->status = 206;
		a->reason = "Partial Content";
		a->data = (const char *)a->data + a->from;
		break;
	case -ERANGE:
		a->status = 416;
		a->reason = "Range Not Satisfiable";
		break;
	default:
		break;
	}
}

/* For spreadsheets that take a CSV for their country's old character set without it. */
#define MARK "\xef\xbb\xbf"

static bool
wants_mark(struct mg_connection *conn, const struct answer *a)
{
	char value[4];

	return strncmp(a->type, "text/csv", 8) == 0 &&
	       query_value(conn, "bom", value, sizeof(value)) == 1 && value[0] == '1';
}

static char *
with_mark(const char *text, size_t length)
{
	char *marked = malloc(length + sizeof(MARK) - 1);

	if (marked != NULL) {
		memcpy(marked, MARK, sizeof(MARK) - 1);
		memcpy(marked + sizeof(MARK) - 1, text, length);
	}
	return marked;
}

int
send_text(struct mg_connection *conn, const struct http *http, struct answer *a, const void *plain,
	  size_t length, const void *gzip, size_t gzip_length)
{
	char tag[96], marked_tag[96], *marked = NULL;

	a->status = 200;
	a->reason = "OK";
	a->data = plain;
	a->length = length;
	if (wants_mark(conn, a) && (marked = with_mark(plain, length)) != NULL) {
		snprintf(marked_tag, sizeof(marked_tag), "%s-bom", a->etag);
		a->etag = marked_tag;
		a->data = marked;
		a->length = length + sizeof(MARK) - 1;
		gzip = NULL;
	}
	if (gzip != NULL && http_accepts_gzip(mg_get_header(conn, "Accept-Encoding"))) {
		a->gzip = true;
		a->data = gzip;
		a->length = gzip_length;
	}
	/* the tag of what would be sent: a browser that has the one has not the other */
	snprintf(tag, sizeof(tag), "%.80s%s", a->etag, a->gzip ? "-gz" : "");
	if (http_etag_matches(mg_get_header(conn, "If-None-Match"), tag)) {
		a->status = 304;
		a->reason = "Not Modified";
	} else {
		take_range(conn, a);
	}
	if (a->status == 416) {
		a->gzip = false;
		a->etag = NULL;
		send_problem(conn, http, a, "the range begins behind the end");
	} else {
		send_answer(conn, http, a);
	}
	free(marked);
	return a->status;
}

int
query_value(struct mg_connection *conn, const char *name, char *value, size_t size)
{
	const char *query = mg_get_request_info(conn)->query_string;
	int n = query ? mg_get_var(query, strlen(query), name, value, size) : -1;

	if (n == -1)
		return -1;
	/* "start%00x" decodes to more than it looks like */
	return n > 0 && strlen(value) == (size_t)n ? n : 0;
}
