/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is in: a session for each browser that gave a password, known by 128 bits of chance in its
 * cookie, and one for each token that was seen lately, known by the token itself. They are in
 * memory only: after a restart a password is asked for again, a token is not.
 *
 * Pure but for the chance; the caller locks.
 */
#pragma once

#include "users.h"

#include <stdint.h>

#define SESSIONS_MOST   512 /* the one that is idle longest goes */
#define SESSION_TEXT    USERS_TOKEN_MAX
#define SESSION_IDLE_MS (12 * 3600 * UINT64_C(1000)) /* of a person; a token's goes on */

struct session {
	bool used;
	enum user_kind kind;
	enum role role;
	char name[USERS_NAME_MAX];
	char text[SESSION_TEXT]; /* of the cookie, or the token */
	uint8_t octets[16];      /* the address that asked last */
	uint64_t since_ms, last_ms;
};

struct sessions {
	struct session all[SESSIONS_MOST];
};

/* NULL: there is none, or it is over. Looks at all of them, in a time that tells nothing of them.
 */
struct session *sessions_find(struct sessions *sessions, const char *text, uint64_t now_ms);
/* `text` NULL: one is made. NULL: there is no chance to be had. */
struct session *sessions_add(struct sessions *sessions, enum user_kind kind, const char *name,
			     enum role role, const char *text, uint64_t now_ms);
void sessions_end(struct session *session);
/* The file of users is another: who is not in it any more is out, roles are as it says. Tokens have
 * to be shown anew. */
void sessions_review(struct sessions *sessions, const struct users *users);
