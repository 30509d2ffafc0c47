/* SPDX-License-Identifier: BSD-3-Clause */
#include "users_command.h"

#include "fail.h"
#include "users.h"

#include <bsd/readpassphrase.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSWORD_LEAST 8

bool
users_is_asked(const struct settings *s)
{
	return s->add_user != NULL || s->add_token != NULL || s->role_text != NULL;
}

/* A line without its end; false: there is none, or it is too long. */
static bool
read_line(char line[USERS_SECRET_MAX])
{
	if (fgets(line, USERS_SECRET_MAX, stdin) == NULL)
		return false;
	const size_t length = strcspn(line, "\r\n");

	if (line[length] == 0 && length == USERS_SECRET_MAX - 1)
		return false;
	line[length] = 0;
	return true;
}

/* At a terminal twice, unseen, whatever signal ends it; else the first line. NULL, or what is
 * wrong. */
static const char *
read_password(char password[USERS_SECRET_MAX])
{
	char again[USERS_SECRET_MAX];

	if (!isatty(STDIN_FILENO)) {
		if (!read_line(password))
			return "no password stands on standard input, or one of over 255 octets";
	} else {
		const bool read =
			readpassphrase("Password: ", password, USERS_SECRET_MAX, 0) != NULL &&
			readpassphrase("Once more: ", again, sizeof(again), 0) != NULL;
		const bool same = read && strcmp(password, again) == 0;

		explicit_bzero(again, sizeof(again));
		if (!read)
			return "the terminal cannot be asked; give it on standard input";
		if (!same)
			return "the two are not the same";
		/* what did not fit was left out without a word */
		if (strlen(password) == USERS_SECRET_MAX - 1)
			return "a password has 254 octets at most";
	}
	return strlen(password) < PASSWORD_LEAST ? "a password has 8 characters at least" : NULL;
}

int
users_command(const struct settings *s)
{
	char secret[USERS_SECRET_MAX] = "", error[USERS_ERROR_MAX];
	const enum user_kind kind = s->add_token != NULL ? USER_TOKEN : USER_PERSON;
	const char *name = s->add_token != NULL ? s->add_token : s->add_user;
	const enum role role = s->role_text != NULL ? role_parse(s->role_text) : ROLE_VIEWER;
	const char *wrong = NULL;

	if (name == NULL)
		return fail_usage("--role says what --add-user or --add-token may");
	if (s->add_user != NULL && s->add_token != NULL)
		return fail_usage("--add-user or --add-token, one at a time");
	if (s->users == NULL)
		return fail_usage("into which file? Name it with --users FILE");
	if (kind == USER_PERSON)
		wrong = read_password(secret);
	if (wrong != NULL) {
		explicit_bzero(secret, sizeof(secret));
		snprintf(error, sizeof(error), "--add-user: %s", wrong);
		return fail_usage(error);
	}
	const int ret = users_add(s->users, kind, name, role, secret, error);
	if (ret != 0) {
		explicit_bzero(secret, sizeof(secret));
		return fail(error);
	}
	if (kind == USER_TOKEN)
		printf("%s\n", secret);
	explicit_bzero(secret, sizeof(secret));
	return EXIT_SUCCESS;
}
