/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a request may see what it asks for: by a session's cookie, a token, a password, or the
 * word of a proxy that is trusted.
 *
 *     cookie or token that is known       its session                      no hash, no disk
 *     token                               sha256crypt, then a session      a ms
 *     name and password                   yescrypt, then a session         50 ms, one at a time
 *     a trusted proxy's header            its name; a role where the file has one, else viewer
 *
 * The file of users is looked at once a second at most, and read anew where it is another; one that
 * cannot be read leaves things as they were, and is said once. A password that somebody changed
 * ends no session: removing the name does.
 *
 * [any thread]
 */
#pragma once

#include "users.h"

#include <stdint.h>

struct auth;

struct auth_settings {
	const char *users;             /* the file; NULL: only the proxy's word counts */
	bool proxy;                    /* a proxy's word counts */
	void (*log)(const char *line); /* a line without its end */
};

/* NULL with a line in `error`. */
struct auth *auth_create(const struct auth_settings *settings, char error[USERS_ERROR_MAX]);
void auth_destroy(struct auth *auth); /* NULL is fine */

/* what a request has; NULL: it has it not */
struct auth_request {
	const uint8_t *octets; /* [16] who asks; IPv4 mapped */
	bool loopback;
	const char *cookie;          /* the session's text, or a token */
	const char *token;           /* of Authorization: Bearer, or ?token= */
	const char *user, *password; /* of Authorization: Basic */
	const char *proxy_user;      /* of a proxy that is trusted */
};

enum auth_verdict {
	AUTH_IN,    /* `role` and `name` say who */
	AUTH_OUT,   /* nothing that counts was shown */
	AUTH_WRONG, /* what was shown is wrong */
	AUTH_WAIT,  /* too many wrong ones, or too much to do: after `wait_s` */
};

struct auth_answer {
	enum auth_verdict verdict;
	enum role role;
	char name[USERS_NAME_MAX];
	char session[USERS_TOKEN_MAX]; /* of a password: the new session's text; else empty */
	unsigned int wait_s;
};

void auth_ask(struct auth *auth, const struct auth_request *request, struct auth_answer *answer);
/* Ends the session of this text, if there is one. */
void auth_leave(struct auth *auth, const char *session);

struct auth_session {
	char name[USERS_NAME_MAX];
	enum role role;
	bool token;
	uint8_t octets[16];
	int64_t since_ms, last_ms; /* UTC, ms since 1970 */
};

/* Those that are there now, the latest first; malloc'ed. 0 or -ENOMEM. */
int auth_sessions(struct auth *auth, struct auth_session **sessions, size_t *count);
