/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The web side, on civetweb: exact routes, no document root, GET and HEAD only.
 *
 * What is not in the route table never reaches civetweb's own file code. Answers are texts that a
 * picture made once for its period, or assets that are compiled in; both exist plain and gzipped
 * and carry an ETag, so that a request costs a look-up and a write. Connections are closed after
 * each answer: an open one would hold a thread.
 *
 * [start] http_start from the main lcore: civetweb's threads inherit its affinity and so stay off
 * the RX cores. Requests run on civetweb's threads and only read pictures.
 */
#pragma once

#include "asks.h"
#include "auth.h"
#include "history.h"
#include "networks.h"
#include "request_stats.h"
#include "watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* a file of the page, static data */
struct http_asset {
	const char *path; /* "/app.js" */
	const char *type;
	const unsigned char *data;
	size_t length;
	const unsigned char *gzip; /* NULL: not worth it (fonts) */
	size_t gzip_length;
	const char *etag;
	const char *scripts; /* hashes of its inline scripts, as CSP's script-src has them; or "" */
};

struct http_settings {
	const char *listen; /* "127.0.0.1:8080" or "8080"; port 0: one that is free */
	const struct http_asset *assets;
	size_t asset_count;
	const char *frame_ancestors; /* CSP's value: 'none', 'self' or origins */
	unsigned int threads;
	const char *const *cors; /* origins whose pages may read the answers; "*": all */
	size_t cors_count;
	const char *const *hosts; /* further names that Host may have; "*": any */
	size_t host_count;
	const char *host_name;          /* the machine's; NULL: unknown */
	struct request_stats *requests; /* counted there; NULL: not counted */
	struct history *history;        /* NULL: none; stays until http_stop */
	struct watch *watch;            /* of it; NULL: none; stays until then */
	struct auth *auth;              /* NULL: everybody may; stays until then */
	const char *proxy_user;         /* header by which a trusted proxy names who; NULL: none */
	const struct networks *trusted; /* proxies' addresses; NULL: none */
	struct fleet_asks *fleet;       /* of the wall of a fleet; else NULL; stays until then */
};

struct http;

/*
 * Can this address be listened on? 0, or -1 with a line for the user in `error`. Called before
 * anything else starts, and again by http_start.
 */
int http_check(const char *listen, char error[256]);
/* Is it an address of this host now? One that is not can be listened on, and waits for it. */
bool http_address_is_here(const char *listen);
struct http *http_start(const struct http_settings *settings, char error[256]);
uint16_t http_port(const struct http *http);  /* that it listens on, the one chosen too */
bool http_is_absent(const struct http *http); /* at an address that is not this host's yet */
void http_stop(struct http *http);            /* waits for requests under way; NULL is fine */

/* Pure: routing and negotiation, for tests. */

/* Does an Accept-Encoding header (RFC 9110 12.5.3) take gzip? NULL: no. */
int http_accepts_gzip(const char *accept_encoding);
/*
 * Which of these media types does an Accept header prefer (RFC 9110 12.5.1)? Their order is ours,
 * for who takes several as gladly: but who names one means that. -1: it takes none of them. NULL or
 * nothing in it: the first.
 */
int http_choose(const char *accept, const char *const types[], size_t count);
/* Does an If-None-Match header (RFC 9110 13.1.2) name this tag? */
int http_etag_matches(const char *if_none_match, const char *etag);
/*
 * A Range header (RFC 9110 14.1.2) of one range, for a text of `whole` octets. 0 with where it
 * begins and its length; -ERANGE: it begins behind the end; -EINVAL: no such header, which is to be
 * ignored (several ranges, another unit, nonsense).
 */
int http_parse_range(const char *range, size_t whole, size_t *from, size_t *length);
/* An origin as browsers send it ("https://wall.example.net:8443"), or "*". */
int http_check_origin(const char *origin);
/* A name or an address without a port, as Host has it, or "*". 0 or -EINVAL. */
int http_check_host(const char *name);
/* Splits "ADDRESS:PORT" or "PORT"; port 0 is for any that is free. 0 or -EINVAL. */
int http_parse_listen(const char *listen, char address[64], uint16_t *port);
