/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may see what: each route has a rule, and login_check holds a request against it before the
 * route's handler runs. Any thread.
 *
 * A browser shows its session by a cookie, a program a token by Authorization: Bearer, a wall
 * without a keyboard opens /?token=... once, and a proxy that is trusted names the user in a header
 * of its own. Without struct auth everybody may.
 */
#pragma once

#include "answer.h"

enum access {
	ACCESS_ALL,
	ACCESS_VIEWER,
	ACCESS_ADMIN,
};

/* 0: it may; or the status that was sent. */
int login_check(struct mg_connection *conn, const struct http *http, const char *path,
		enum access access);
