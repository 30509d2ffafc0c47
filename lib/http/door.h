/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may knock: what a browser says about where a request comes from, before any route is looked
 * up. Pure but for door_check, which answers; any thread.
 *
 * A page of anybody's can let its own name point at 127.0.0.1 (DNS rebinding) and then reads a wall
 * there as if it were its own. What it cannot change is the Host that the browser sends: the name
 * of that page. So only names that are known to be this server's get an answer. An address in Host
 * needs no look-up, thus nobody can rebind it; where the server listens on all addresses, each will
 * do.
 */
#pragma once

#include "http.h"

#include <civetweb.h>

/* A Host header (RFC 9110 7.2) without its port, in lower case, without brackets and the root's
 * dot. 0 or -EINVAL. */
int door_host_name(const char *host, char name[256]);

/* Is this Host one of the server's? `address`: where it listens. */
int door_knows_host(const struct http_settings *settings, const char *address, const char *host);

/* Does an Origin name the host that Host does? Without the scheme: a proxy may do TLS. */
int door_same_origin(const char *origin, const char *host);

/* 0: come in; or the status that was sent. */
int door_check(struct mg_connection *conn, const struct http *http);
