/* SPDX-License-Identifier: BSD-3-Clause */
#include "users.h"

#include "file.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_MOST   10000
#define LINE_MOST    512
#define SECRET_BYTES 24
#define TOKEN_PREFIX "phm_"
/* the least that sha256crypt takes: a token has no need to be slow */
#define TOKEN_HASH "$5$rounds=1000$"

const char *const role_names[3] = {"none", "viewer", "admin"};
static const char *const kind_names[] = {"user", "token"};

struct user {
	enum user_kind kind;
	enum role role;
	char name[USERS_NAME_MAX];
	char hash[CRYPT_OUTPUT_SIZE];
};

struct users {
	struct user *all;
	size_t count;
	char nobody[CRYPT_OUTPUT_SIZE]; /* the hash that a name which is not there is held against
					 */
};

enum role
role_parse(const char *name)
{
	return strcmp(name, "viewer") == 0  ? ROLE_VIEWER
	       : strcmp(name, "admin") == 0 ? ROLE_ADMIN
					    : ROLE_NONE;
}

bool
users_is_name(const char *name)
{
	static const char fine[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				   "._@-";
	const size_t length = strlen(name);

	return length > 0 && length < USERS_NAME_MAX && strspn(name, fine) == length;
}

static const struct user *
find(const struct users *users, enum user_kind kind, const char *name)
{
	for (size_t i = 0; i < users->count; i++) {
		if (users->all[i].kind == kind && strcmp(users->all[i].name, name) == 0)
			return &users->all[i];
	}
	return NULL;
}

/* What is wrong with the line; NULL: nothing. It is taken apart. */
static const char *
read_line(char *line, struct user *user)
{
	char *name = strchr(line, ':'), *role = name ? strchr(name + 1, ':') : NULL,
	     *hash = role ? strchr(role + 1, ':') : NULL;

	if (hash == NULL)
		return "not KIND:NAME:ROLE:HASH";
	*name++ = *role++ = *hash++ = 0;
	if (strcmp(line, kind_names[USER_PERSON]) == 0)
		user->kind = USER_PERSON;
	else if (strcmp(line, kind_names[USER_TOKEN]) == 0)
		user->kind = USER_TOKEN;
	else
		return "neither a user nor a token";
	if (!users_is_name(name))
		return "a name is 1 to 32 of A-Z a-z 0-9 . _ @ -";
	user->role = role_parse(role);
	if (user->role == ROLE_NONE)
		return "the role is neither viewer nor admin";
	if (strlen(hash) >= sizeof(user->hash) || hash[0] != '$' ||
	    crypt_checksalt(hash) == CRYPT_SALT_INVALID)
		return "no hash that crypt(5) knows";
	snprintf(user->name, sizeof(user->name), "%s", name);
	snprintf(user->hash, sizeof(user->hash), "%s", hash);
	return NULL;
}

static int
wrong(char error[USERS_ERROR_MAX], const char *path, size_t line, const char *what)
{
	snprintf(error, USERS_ERROR_MAX, "%.300s:%zu: %s", path, line, what);
	return -1;
}

static int
read_lines(struct users *users, FILE *file, const char *path, char error[USERS_ERROR_MAX])
{
	char line[LINE_MOST];
	size_t number = 0;

	while (fgets(line, sizeof(line), file) != NULL) {
		struct user user;

		if (++number > LINES_MOST || strlen(line) == sizeof(line) - 1)
			return wrong(error, path, number, "a line, or the file, is too long");
		line[strcspn(line, "\r\n")] = 0;
		if (line[0] == 0 || line[0] == '#')
			continue;
		const char *what = read_line(line, &user);
		if (what == NULL && find(users, user.kind, user.name) != NULL)
			what = "the name stands there a second time";
		if (what != NULL)
			return wrong(error, path, number, what);
		struct user *all = realloc(users->all, (users->count + 1) * sizeof(*all));
		if (all == NULL)
			return wrong(error, path, number, "out of memory");
		users->all = all;
		users->all[users->count++] = user;
	}
	if (ferror(file)) {
		snprintf(error, USERS_ERROR_MAX, "%.300s: %s", path, strerror(errno));
		return -1;
	}
	if (users->count > 0)
		return 0;
	snprintf(error, USERS_ERROR_MAX,
		 "%.300s: nobody is in it; packet-heatmap --users FILE "
		 "--add-user NAME adds somebody",
		 path);
	return -1;
}

/* Of a word that nobody knows: as slow as the others. */
static void
make_nobody(struct users *users)
{
	struct crypt_data data = {0};
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof(salt)) != NULL &&
	    crypt_rn("", salt, &data, sizeof(data)) != NULL)
		snprintf(users->nobody, sizeof(users->nobody), "%s", data.output);
}

struct users *
users_read(const char *path, char error[USERS_ERROR_MAX])
{
	struct users *users = users_parse(path, error);

	if (users != NULL)
		make_nobody(users);
	return users;
}

struct users *
users_parse(const char *path, char error[USERS_ERROR_MAX])
{
	struct users *users = calloc(1, sizeof(*users));
	FILE *file = fopen(path, "re");

	if (users == NULL || file == NULL) {
		snprintf(error, USERS_ERROR_MAX, "%.300s: %s", path,
			 file ? "out of memory" : strerror(errno));
	} else if (read_lines(users, file, path, error) == 0) {
		fclose(file);
		return users;
	}
	if (file != NULL)
		fclose(file);
	users_free(users);
	return NULL;
}

void
users_free(struct users *users)
{
	if (users != NULL)
		free(users->all);
	free(users);
}

enum role
users_role(const struct users *users, enum user_kind kind, const char *name)
{
	const struct user *user = find(users, kind, name);

	return user != NULL ? user->role : ROLE_NONE;
}

/* In a time that does not tell where they differ. */
static bool
is_same(const char *a, const char *b)
{
	const size_t length = strlen(a);
	unsigned int differs = 0;

	if (strlen(b) != length) /* of hashes, no secret */
		return false;
	for (size_t i = 0; i < length; i++)
		differs |= (unsigned int)(unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

static bool
holds(const char *secret, const char *hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *made = data ? crypt_rn(secret, hash, data, sizeof(*data)) : NULL;
	const bool same = made != NULL && is_same(made, hash);

	if (data != NULL)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return same;
}

enum role
users_check(const struct users *users, const char *name, const char *password)
{
	const struct user *user = find(users, USER_PERSON, name);
	const bool same = holds(password, user != NULL ? user->hash : users->nobody);

	return same && user != NULL ? user->role : ROLE_NONE;
}

enum role
users_check_token(const struct users *users, const char *token, char name[USERS_NAME_MAX])
{
	const char *secret = strrchr(token, '_');
	const size_t prefix = strlen(TOKEN_PREFIX);

	if (strncmp(token, TOKEN_PREFIX, prefix) != 0 || secret == NULL ||
	    secret < token + prefix || secret - token - prefix >= USERS_NAME_MAX)
		return ROLE_NONE;
	snprintf(name, USERS_NAME_MAX, "%.*s", (int)(secret - token - (ptrdiff_t)prefix),
		 token + prefix);
	const struct user *user = find(users, USER_TOKEN, name);
	return user != NULL && holds(secret + 1, user->hash) ? user->role : ROLE_NONE;
}

/* 192 bits of chance as hexadecimal. 0 or -1. */
static int
make_secret(char text[2 * SECRET_BYTES + 1])
{
	unsigned char octets[SECRET_BYTES];

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return -1;
	for (size_t i = 0; i < sizeof(octets); i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	return 0;
}

static int
make_hash(enum user_kind kind, const char *secret, char hash[CRYPT_OUTPUT_SIZE])
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE], word[2 * SECRET_BYTES + 1];
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *made = NULL;

	if (kind == USER_TOKEN && make_secret(word) == 0)
		snprintf(salt, sizeof(salt), TOKEN_HASH "%.16s$", word);
	else if (kind == USER_TOKEN ||
		 crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof(salt)) == NULL)
		salt[0] = 0;
	if (data != NULL && salt[0] != 0)
		made = crypt_rn(secret, salt, data, sizeof(*data));
	if (made != NULL)
		snprintf(hash, CRYPT_OUTPUT_SIZE, "%s", made);
	if (data != NULL)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return made != NULL ? 0 : -1;
}

/* The file with the line, in place of the one of that kind and name. 0 or -errno. */
static int
copy_with(const char *path, FILE *out, const char *start, const char *line)
{
	FILE *in = fopen(path, "re");
	char old[LINE_MOST];
	bool written = false;

	while (in != NULL && fgets(old, sizeof(old), in) != NULL) {
		const bool is_it = strncmp(old, start, strlen(start)) == 0;

		old[strcspn(old, "\n")] = 0;
		fprintf(out, "%s\n", is_it ? line : old);
		written = written || is_it;
	}
	if (in == NULL && errno != ENOENT)
		return -errno;
	if (in != NULL)
		fclose(in);
	if (!written)
		fprintf(out, "%s\n", line);
	return ferror(out) ? -EIO : 0;
}

int
users_add(const char *path, enum user_kind kind, const char *name, enum role role,
	  char secret[USERS_SECRET_MAX], char error[USERS_ERROR_MAX])
{
	char hash[CRYPT_OUTPUT_SIZE], start[64], line[LINE_MOST], word[2 * SECRET_BYTES + 1],
		*text = NULL;
	size_t length = 0;
	int ret;

	/* what cannot be read is not to be written over */
	if (access(path, F_OK) == 0) {
		struct users *users = users_parse(path, error);

		if (users == NULL && strstr(error, "nobody is in it") == NULL)
			return -1;
		users_free(users);
	}
	if (kind == USER_TOKEN && make_secret(word) == 0)
		snprintf(secret, USERS_SECRET_MAX, "%s", word);
	if (make_hash(kind, secret, hash) != 0) {
		snprintf(error, USERS_ERROR_MAX, "no hash can be made: %s", strerror(errno));
		return -1;
	}
	snprintf(start, sizeof(start), "%s:%s:", kind_names[kind], name);
	snprintf(line, sizeof(line), "%s%s:%s", start, role_names[role], hash);
	FILE *out = open_memstream(&text, &length);
	ret = out != NULL ? copy_with(path, out, start, line) : -ENOMEM;
	if (out != NULL && fclose(out) != 0 && ret == 0)
		ret = -ENOMEM;
	/* what is replaced keeps its owner and mode: of a new one these */
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd >= 0)
		close(fd);
	if (ret == 0)
		ret = file_replace_text(path, text, length);
	free(text);
	if (ret != 0) {
		snprintf(error, USERS_ERROR_MAX, "%.300s: %s", path, strerror(-ret));
		return -1;
	}
	if (kind == USER_TOKEN)
		snprintf(secret, USERS_SECRET_MAX, TOKEN_PREFIX "%s_%s", name, word);
	return 0;
}
