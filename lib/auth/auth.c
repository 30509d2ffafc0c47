/* SPDX-License-Identifier: BSD-3-Clause */
#include "auth.h"

#include "attempts.h"
#include "clock.h"
#include "sessions.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_MS      1000
#define CHECKS_MOST  4 /* passwords that may be under way: each has a thread of the web server */
#define WAIT_BUSY_S  1
#define LOG_EVERY_MS 1000

struct auth {
	struct auth_settings settings;
	char path[4096];

	pthread_mutex_t checking; /* one hash of a password at a time: each takes 16 MB */
	pthread_mutex_t lock;     /* of all below */
	struct users *users;      /* NULL: there is no file */
	struct users *reading;    /* by who checks a password now: not to be freed */
	struct stat seen;
	uint64_t looked_ms, logged_ms;
	bool bad; /* the file cannot be read any more, and this was said */
	unsigned int checks;
	struct sessions sessions;
	struct attempts attempts;
};

static uint64_t
now_ms(void)
{
	return monotonic_ns() / 1000000;
}

static void __attribute__((format(printf, 2, 3))) say(const struct auth *a, const char *format, ...)
{
	char line[USERS_ERROR_MAX + 64];
	va_list arguments;

	if (a->settings.log == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	a->settings.log(line);
}

static bool
is_other(const struct stat *a, const struct stat *b)
{
	return a->st_ino != b->st_ino || a->st_dev != b->st_dev || a->st_size != b->st_size ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/* [lock] */
static void
look_at_file(struct auth *a, uint64_t now)
{
	char error[USERS_ERROR_MAX];
	struct stat file = {0};

	if (a->settings.users == NULL || now - a->looked_ms < LOOK_MS)
		return;
	a->looked_ms = now;
	if (stat(a->path, &file) == 0 && !is_other(&file, &a->seen))
		return;
	struct users *users = users_read(a->path, error);
	if (users == NULL) {
		if (!a->bad)
			say(a, "%s; those who were in it stay", error);
		a->bad = true;
		return;
	}
	a->bad = false;
	a->seen = file;
	sessions_review(&a->sessions, users);
	if (a->reading != a->users)
		users_free(a->users);
	a->users = users;
	say(a, "the users are read anew from %.300s", a->path);
}

struct auth *
auth_create(const struct auth_settings *settings, char error[USERS_ERROR_MAX])
{
	struct auth *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		snprintf(error, USERS_ERROR_MAX, "out of memory");
		return NULL;
	}
	a->settings = *settings;
	pthread_mutex_init(&a->lock, NULL);
	pthread_mutex_init(&a->checking, NULL);
	if (settings->users == NULL)
		return a;
	snprintf(a->path, sizeof(a->path), "%s", settings->users);
	if (stat(a->path, &a->seen) != 0)
		memset(&a->seen, 0, sizeof(a->seen));
	a->users = users_read(a->path, error);
	a->looked_ms = now_ms();
	if (a->users != NULL)
		return a;
	auth_destroy(a);
	return NULL;
}

void
auth_destroy(struct auth *a)
{
	if (a == NULL)
		return;
	users_free(a->users);
	pthread_mutex_destroy(&a->lock);
	pthread_mutex_destroy(&a->checking);
	explicit_bzero(&a->sessions, sizeof(a->sessions));
	free(a);
}

static void
let_in(struct auth_answer *answer, enum role role, const char *name)
{
	answer->verdict = AUTH_IN;
	answer->role = role;
	snprintf(answer->name, sizeof(answer->name), "%s", name);
}

/* By what is known already. [lock] */
static bool
by_session(struct auth *a, const char *text, const struct auth_request *r, uint64_t now,
	   struct auth_answer *answer)
{
	struct session *s = sessions_find(&a->sessions, text, now);

	if (s == NULL)
		return false;
	s->last_ms = now;
	memcpy(s->octets, r->octets, sizeof(s->octets));
	let_in(answer, s->role, s->name);
	return true;
}

/* A wrong one counts, and is said, but not so often that the log is full of it. [lock] */
static void
refuse(struct auth *a, const struct auth_request *r, const char *what, uint64_t now,
       struct auth_answer *answer)
{
	answer->verdict = AUTH_WRONG;
	attempts_wrong(&a->attempts, r->octets, now);
	if (now - a->logged_ms < LOG_EVERY_MS)
		return;
	a->logged_ms = now;
	say(a, "a wrong %s was shown", what);
}

/* [lock] */
static void
by_token(struct auth *a, const char *token, const struct auth_request *r, uint64_t now,
	 struct auth_answer *answer)
{
	char name[USERS_NAME_MAX];
	enum role role = ROLE_NONE;

	answer->wait_s = attempts_wait(&a->attempts, r->octets, r->loopback, now);
	if (answer->wait_s > 0) {
		answer->verdict = AUTH_WAIT;
		return;
	}
	if (a->users != NULL && strlen(token) < USERS_TOKEN_MAX)
		role = users_check_token(a->users, token, name);
	if (role == ROLE_NONE) {
		refuse(a, r, "token", now, answer);
		return;
	}
	attempts_right(&a->attempts, r->octets);
	struct session *s = sessions_add(&a->sessions, USER_TOKEN, name, role, token, now);
	if (s != NULL)
		memcpy(s->octets, r->octets, sizeof(s->octets));
	let_in(answer, role, name);
}

/* The hash is made without the lock, so that those who are in do not wait for it. */
static enum role
check_password(struct auth *a, const struct auth_request *r)
{
	enum role role = ROLE_NONE;

	pthread_mutex_lock(&a->checking);
	pthread_mutex_lock(&a->lock);
	struct users *users = a->reading = a->users;
	pthread_mutex_unlock(&a->lock);
	if (users != NULL)
		role = users_check(users, r->user, r->password);
	pthread_mutex_lock(&a->lock);
	a->reading = NULL;
	if (users != a->users)
		users_free(users); /* another was read meanwhile */
	pthread_mutex_unlock(&a->lock);
	pthread_mutex_unlock(&a->checking);
	return role;
}

static void
by_password(struct auth *a, const struct auth_request *r, uint64_t now, struct auth_answer *answer)
{
	pthread_mutex_lock(&a->lock);
	answer->wait_s = attempts_wait(&a->attempts, r->octets, r->loopback, now);
	if (answer->wait_s == 0 && a->checks >= CHECKS_MOST)
		answer->wait_s = WAIT_BUSY_S;
	if (answer->wait_s == 0)
		a->checks++;
	pthread_mutex_unlock(&a->lock);
	if (answer->wait_s > 0) {
		answer->verdict = AUTH_WAIT;
		return;
	}
	const enum role role = check_password(a, r);
	pthread_mutex_lock(&a->lock);
	a->checks--;
	struct session *s = role != ROLE_NONE ? sessions_add(&a->sessions, USER_PERSON, r->user,
							     role, NULL, now)
					      : NULL;
	if (s != NULL) {
		memcpy(s->octets, r->octets, sizeof(s->octets));
		attempts_right(&a->attempts, r->octets);
		let_in(answer, role, r->user);
		snprintf(answer->session, sizeof(answer->session), "%s", s->text);
		say(a, "%s is in, as %s", r->user, role_names[role]);
	} else {
		refuse(a, r, "password", now, answer);
	}
	pthread_mutex_unlock(&a->lock);
}

/* [lock] */
static void
by_proxy(struct auth *a, const char *name, struct auth_answer *answer)
{
	enum role role = ROLE_NONE;

	if (!users_is_name(name)) {
		answer->verdict = AUTH_WRONG;
		return;
	}
	if (a->users != NULL)
		role = users_role(a->users, USER_PERSON, name);
	let_in(answer, role != ROLE_NONE ? role : ROLE_VIEWER, name);
}

void
auth_ask(struct auth *a, const struct auth_request *r, struct auth_answer *answer)
{
	const uint64_t now = now_ms();

	*answer = (struct auth_answer){.verdict = AUTH_OUT};
	pthread_mutex_lock(&a->lock);
	look_at_file(a, now);
	if (a->settings.proxy && r->proxy_user != NULL)
		by_proxy(a, r->proxy_user, answer);
	else if (r->token != NULL && !by_session(a, r->token, r, now, answer))
		by_token(a, r->token, r, now, answer);
	else if (r->token == NULL && r->user == NULL && r->cookie != NULL &&
		 !by_session(a, r->cookie, r, now, answer) && strncmp(r->cookie, "phm_", 4) == 0)
		by_token(a, r->cookie, r, now, answer);
	pthread_mutex_unlock(&a->lock);
	if (answer->verdict == AUTH_OUT && r->user != NULL && r->password != NULL)
		by_password(a, r, now, answer);
}

void
auth_leave(struct auth *a, const char *text)
{
	pthread_mutex_lock(&a->lock);
	struct session *s = sessions_find(&a->sessions, text, now_ms());
	if (s != NULL && s->kind == USER_PERSON)
		sessions_end(s);
	pthread_mutex_unlock(&a->lock);
}

static int
latest_first(const void *a, const void *b)
{
	const struct auth_session *x = a, *y = b;

	return x->last_ms < y->last_ms ? 1 : x->last_ms > y->last_ms ? -1 : 0;
}

int
auth_sessions(struct auth *a, struct auth_session **sessions, size_t *count)
{
	const uint64_t now = now_ms();
	const int64_t utc = utc_ms();

	*count = 0;
	*sessions = calloc(SESSIONS_MOST, sizeof(**sessions));
	if (*sessions == NULL)
		return -ENOMEM;
	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < SESSIONS_MOST; i++) {
		const struct session *s = &a->sessions.all[i];

		if (!s->used || (s->kind == USER_PERSON && now - s->last_ms > SESSION_IDLE_MS))
			continue;
		struct auth_session *out = &(*sessions)[(*count)++];
		memcpy(out->name, s->name, sizeof(out->name));
		out->role = s->role;
		out->token = s->kind == USER_TOKEN;
		memcpy(out->octets, s->octets, sizeof(out->octets));
		out->since_ms = utc - (int64_t)(now - s->since_ms);
		out->last_ms = utc - (int64_t)(now - s->last_ms);
	}
	pthread_mutex_unlock(&a->lock);
	qsort(*sessions, *count, sizeof(**sessions), latest_first);
	return 0;
}
