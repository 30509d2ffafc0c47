/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may look: a file with a line for each,
 *
 *     user:NAME:ROLE:HASH       a person, by a password; HASH as crypt(5) has it, yescrypt
 *     token:NAME:ROLE:HASH      a program or a wall, by a token; HASH is sha256crypt's, which is
 *                               enough for 192 bits of chance and costs each request little
 *
 * and lines that are empty or begin with #. ROLE is viewer or admin. A name is 1 to 32 of
 * A-Z a-z 0-9 . _ @ - and stands once among users and once among tokens.
 *
 * [any thread] A struct users is not changed once it is read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define USERS_NAME_MAX   33
#define USERS_SECRET_MAX 256
#define USERS_TOKEN_MAX  80 /* with its 0 */
#define USERS_ERROR_MAX  512

enum role {
	ROLE_NONE,
	ROLE_VIEWER,
	ROLE_ADMIN,
};

extern const char *const role_names[3]; /* "none", "viewer", "admin" */
/* ROLE_NONE: no such word. */
enum role role_parse(const char *name);

enum user_kind {
	USER_PERSON,
	USER_TOKEN,
};

struct users;

/* NULL with a line in `error`: what is wrong, where. Somebody must be in it. */
struct users *users_read(const char *path, char error[USERS_ERROR_MAX]);
/* The same but for what users_check needs, which takes as long as a password. */
struct users *users_parse(const char *path, char error[USERS_ERROR_MAX]);
void users_free(struct users *users); /* NULL is fine */
/* ROLE_NONE: there is none of that name. */
enum role users_role(const struct users *users, enum user_kind kind, const char *name);
/* Is it the password? Takes as long (some 50 ms and 16 MB) for a name that is not there. */
enum role users_check(const struct users *users, const char *name, const char *password);
/* Whose token it is, its name in `name`; a ms or so. A token tells its own name, so that one hash
 * is made. */
enum role users_check_token(const struct users *users, const char *token,
			    char name[USERS_NAME_MAX]);

bool users_is_name(const char *name);
/*
 * Adds a line to the file, or replaces the one of that kind and name; the file is made where there
 * is none, readable by its owner and group alone. `secret`: of a person the password; a token is
 * made, and written into it. 0, or -1 with a line.
 */
int users_add(const char *path, enum user_kind kind, const char *name, enum role role,
	      char secret[USERS_SECRET_MAX], char error[USERS_ERROR_MAX]);
