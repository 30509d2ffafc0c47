/* SPDX-License-Identifier: BSD-3-Clause */
/* Answering a request: what the routes of this folder share, and nobody else. */
#pragma once

#include "http.h"
#include "text.h"

#include <civetweb.h>
#include <jansson.h>
#include <stdbool.h>

struct http {
	struct mg_context *context;
	struct gate *gate;
	bool absent; /* the address is not this host's yet */
	struct http_settings settings;
	char frame_ancestors[256], address[64]; /* of listen */
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
	const char *more; /* further lines of the header, each with its end; NULL: none */
	const char *cache;
	size_t from, whole;  /* of a 206: where the part begins, and the length of all */
	bool is_page;        /* HTML: gets a policy of what it may load */
	const char *scripts; /* of a page: hashes of its inline scripts; NULL: none */
	bool self_contained; /* its own <meta> says what it may load; only frames are ours to say */
};

/* Each answers and returns the status that was sent. */

void send_answer(struct mg_connection *conn, const struct http *http, const struct answer *a);
/* A problem, RFC 9457: `reason` is its title, `text` its detail. */
int send_error(struct mg_connection *conn, const struct http *http, int status, const char *reason,
	       const char *text);
/* The same with further lines of the header. */
int send_error_with(struct mg_connection *conn, const struct http *http, int status,
		    const char *reason, const char *text, const char *more);
/* 0, or the status that was sent: every route takes GET and HEAD only. */
int refuse_method(struct mg_connection *conn, const struct http *http);
/* Chooses the encoding and answers 304 where the client has it already. */
int send_text(struct mg_connection *conn, const struct http *http, struct answer *a,
	      const void *plain, size_t length, const void *gzip, size_t gzip_length);

/* A preflight of CORS from a page that may read the answers. */
bool is_preflight(struct mg_connection *conn, const struct http *http);
int send_preflight(struct mg_connection *conn, const struct http *http);

/* Answers with a JSON object, which it takes over; NULL: there was no memory for it. `more`: see
 * struct answer. */
int send_json(struct mg_connection *conn, const struct http *http, json_t *object,
	      const char *more);
/* A file of the page, `status` and `reason` of our own. */
int send_asset(struct mg_connection *conn, const struct http *http, const char *path, int status,
	       const char *reason, const char *more);

/* The API's description, made by openapi.py. */
extern const unsigned char http_openapi[];
extern const size_t http_openapi_length;
extern const char http_openapi_etag[];

/* The parameter, decoded, into `value`. Its length; 0: it is empty, too long, or holds a 0 octet;
 * -1: it is not there. */
int query_value(struct mg_connection *conn, const char *name, char *value, size_t size);

/* routes.c. Answers; the status, and in *route what the request is counted under: -1 where it has
 * no counters of its own. */
int answer_request(struct mg_connection *conn, struct http *http, int *route);
void name_routes(struct request_stats *requests); /* NULL is fine */

#define SIDES_TEXT "side is one of all, remote"
/* The ?side= of the request, or the picture's own; SIDES where it names none that exists. */
enum side side_of(struct mg_connection *conn, const struct picture *picture);

/* part.c. -1: the request names neither a sensor nor a group, the answer is another's. */
int answer_part(struct mg_connection *conn, const struct http *http, enum text_kind kind);

/* past.c. -1: the request names no time, the answer is another's. */
int answer_range(struct mg_connection *conn, const struct http *http, enum text_kind kind);
int on_series(struct mg_connection *conn, void *http);

/* login.c */
int on_session(struct mg_connection *conn, void *http);
int on_sessions(struct mg_connection *conn, void *http);

/* places.c */
#define PLACES_PREFIX "/api/v1/places/"
int on_places(struct mg_connection *conn, void *http);

/* change.c */
int on_change(struct mg_connection *conn, void *http);
int on_events(struct mg_connection *conn, void *http);
