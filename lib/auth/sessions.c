/* SPDX-License-Identifier: BSD-3-Clause */
#include "sessions.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define CHANCE 16

struct session *
sessions_find(struct sessions *sessions, const char *text, uint64_t now_ms)
{
	char wanted[SESSION_TEXT] = "";
	struct session *found = NULL;

	if (text == NULL || text[0] == 0 || strlen(text) >= sizeof(wanted))
		return NULL;
	memcpy(wanted, text, strlen(text));
	for (size_t i = 0; i < SESSIONS_MOST; i++) {
		struct session *s = &sessions->all[i];
		unsigned int differs = !s->used;

		for (size_t k = 0; k < sizeof(wanted); k++)
			differs |= (unsigned int)(unsigned char)(wanted[k] ^ s->text[k]);
		if (differs == 0)
			found = s;
	}
	if (found != NULL && found->kind == USER_PERSON &&
	    now_ms - found->last_ms > SESSION_IDLE_MS) {
		sessions_end(found);
		return NULL;
	}
	return found;
}

static int
make_text(char text[SESSION_TEXT])
{
	unsigned char octets[CHANCE];

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return -1;
	for (size_t i = 0; i < sizeof(octets); i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	return 0;
}

struct session *
sessions_add(struct sessions *sessions, enum user_kind kind, const char *name, enum role role,
	     const char *text, uint64_t now_ms)
{
	struct session *chosen = &sessions->all[0], s = {.used = true,
							 .kind = kind,
							 .role = role,
							 .since_ms = now_ms,
							 .last_ms = now_ms};

	snprintf(s.name, sizeof(s.name), "%s", name);
	if (text != NULL)
		memcpy(s.text, text, strnlen(text, sizeof(s.text) - 1));
	else if (make_text(s.text) != 0)
		return NULL;
	for (size_t i = 0; i < SESSIONS_MOST && chosen->used; i++) {
		struct session *other = &sessions->all[i];

		if (!other->used || other->last_ms < chosen->last_ms)
			chosen = other;
	}
	*chosen = s;
	return chosen;
}

void
sessions_end(struct session *session)
{
	explicit_bzero(session, sizeof(*session));
}

void
sessions_review(struct sessions *sessions, const struct users *users)
{
	for (size_t i = 0; i < SESSIONS_MOST; i++) {
		struct session *s = &sessions->all[i];

		if (!s->used)
			continue;
		s->role = s->kind == USER_PERSON ? users_role(users, USER_PERSON, s->name)
						 : ROLE_NONE;
		if (s->role == ROLE_NONE)
			sessions_end(s);
	}
}
