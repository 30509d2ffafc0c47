/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may: the file of users, passwords and tokens, sessions, and who has guessed wrong too often.
 */
#include "attempts.h"
#include "auth.h"
#include "base64.h"
#include "sessions.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

static char folder[64], path[96];

static int
setup(void **state)
{
	(void)state;
	scratch_make(folder);
	snprintf(path, sizeof(path), "%s/users", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

static void
write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void
add(enum user_kind kind, const char *name, enum role role, char secret[USERS_SECRET_MAX])
{
	char error[USERS_ERROR_MAX] = "";

	if (users_add(path, kind, name, role, secret, error) != 0)
		fail_msg("%s", error);
}

static void
test_the_file(void **state)
{
	char secret[USERS_SECRET_MAX] = "correct horse", token[USERS_SECRET_MAX] = "",
	     name[USERS_NAME_MAX], error[USERS_ERROR_MAX];
	struct stat file;
	(void)state;

	add(USER_PERSON, "anna", ROLE_ADMIN, secret);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0007, 0); /* not for all to read */
	add(USER_TOKEN, "wall_1", ROLE_VIEWER, token);
	assert_int_equal(strncmp(token, "phm_wall_1_", 11), 0);
	struct users *users = users_read(path, error);
	assert_non_null(users);
	assert_int_equal(users_check(users, "anna", "correct horse"), ROLE_ADMIN);
	assert_int_equal(users_check(users, "anna", "correct horsf"), ROLE_NONE);
	assert_int_equal(users_check(users, "anna", ""), ROLE_NONE);
	assert_int_equal(users_check(users, "berta", "correct horse"), ROLE_NONE);
	assert_int_equal(users_check(users, "berta", ""), ROLE_NONE);
	assert_int_equal(users_check(users, "wall_1", token), ROLE_NONE); /* no person */
	assert_int_equal(users_check_token(users, token, name), ROLE_VIEWER);
	assert_string_equal(name, "wall_1");
	token[strlen(token) - 1] ^= 1;
	assert_int_equal(users_check_token(users, token, name), ROLE_NONE);
	static const char *const none[] = {"",
					   "phm_",
					   "phm_wall_1",
					   "phm_wall_1_",
					   "phm__",
					   "wall_1_x",
					   "phm_anna_correct horse"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(users_check_token(users, none[i], name), ROLE_NONE);
	users_free(users);

	/* another password, in the same line; what stands beside it stays */
	char other[USERS_SECRET_MAX] = "battery staple";
	add(USER_PERSON, "anna", ROLE_VIEWER, other);
	users = users_read(path, error);
	assert_int_equal(users_check(users, "anna", "battery staple"), ROLE_VIEWER);
	assert_int_equal(users_check(users, "anna", "correct horse"), ROLE_NONE);
	assert_int_equal(users_role(users, USER_TOKEN, "wall_1"), ROLE_VIEWER);
	users_free(users);
}

static void
test_files_that_are_none(void **state)
{
	static const char *const hash = "$5$rounds=1000$abcdefgh$Q";
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "nobody is in it"},
		{"# only words\n\n", "nobody is in it"},
		{"anna:viewer:x\n", ":1: not KIND"},
		{"\nperson:anna:viewer:%s\n", ":2: neither a user nor a token"},
		{"user::viewer:%s\n", "a name is"},
		{"user:an na:viewer:%s\n", "a name is"},
		{"user:a23456789012345678901234567890123:viewer:%s\n", "a name is"},
		{"user:anna:root:%s\n", "neither viewer nor admin"},
		{"user:anna:viewer:secret\n", "no hash"},
		{"user:anna:viewer:\n", "no hash"},
		{"user:anna:viewer:%s\nuser:anna:admin:%s\n", ":2: the name stands there"},
	};
	char text[256], error[USERS_ERROR_MAX], secret[USERS_SECRET_MAX] = "longenough";
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *out = text;
		for (const char *c = bad[i].text; *c != 0; c++) {
			if (c[0] == '%')
				out += snprintf(out, 64, "%s", hash), c++;
			else
				*out++ = *c;
		}
		*out = 0;
		write_file(text);
		assert_null(users_read(path, error));
		assert_true_of(strstr(error, bad[i].says) != NULL, "%zu: %s", i, error);
		assert_non_null(strstr(error, path));
		/* and nothing is written over what cannot be read */
		if (strstr(bad[i].says, "nobody") == NULL)
			assert_int_equal(
				users_add(path, USER_PERSON, "b", ROLE_VIEWER, secret, error), -1);
	}
	unlink(path);
	assert_null(users_read(path, error));
	assert_non_null(strstr(error, "No such file"));
}

static const uint8_t here[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};
static const uint8_t there[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 2};

static void
test_attempts(void **state)
{
	static struct attempts a;
	const uint8_t six[16] = {0x20, 1, 0xd, 0xb8, [15] = 1},
		      near[16] = {0x20, 1, 0xd, 0xb8, [15] = 9};
	uint64_t now = 5000;
	(void)state;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(attempts_wait(&a, here, false, now), 0);
		attempts_wrong(&a, here, now);
	}
	assert_int_equal(attempts_wait(&a, here, false, now), 1);
	assert_int_equal(attempts_wait(&a, there, false, now), 0); /* nobody else waits */
	assert_int_equal(attempts_wait(&a, here, false, now + 1000), 0);
	for (int i = 0; i < 20; i++)
		attempts_wrong(&a, here, now);
	assert_int_equal(attempts_wait(&a, here, false, now), 60); /* and not for ever */
	assert_int_equal(attempts_wait(&a, here, true, now), 2);
	assert_int_equal(attempts_wait(&a, here, false, now + 600000), 0);
	attempts_right(&a, here);
	assert_int_equal(attempts_wait(&a, here, false, now), 0);
	/* one customer has many addresses */
	for (int i = 0; i < 5; i++)
		attempts_wrong(&a, six, now);
	assert_int_equal(attempts_wait(&a, near, false, now), 2);
	/* more addresses than there is room: those that were wrong longest ago go */
	for (unsigned int i = 0; i < 3 * ATTEMPTS_KEPT; i++) {
		uint8_t many[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};

		memcpy(many + 13, &i, 3);
		attempts_wrong(&a, many, ++now);
	}
	assert_int_equal(attempts_wait(&a, near, false, now), 0);
}

static void
test_sessions(void **state)
{
	static struct sessions all;
	char first[SESSION_TEXT];
	(void)state;

	struct session *s = sessions_add(&all, USER_PERSON, "anna", ROLE_ADMIN, NULL, 1);
	assert_non_null(s);
	assert_int_equal(strlen(s->text), 32);
	memcpy(first, s->text, sizeof(first));
	assert_ptr_equal(sessions_find(&all, first, 1000), s);
	assert_null(sessions_find(&all, "", 1000));
	assert_null(sessions_find(&all, NULL, 1000));
	first[31] ^= 1;
	assert_null(sessions_find(&all, first, 1000));
	first[31] ^= 1;
	assert_null(sessions_find(&all, first, 2 + SESSION_IDLE_MS)); /* idle for too long */
	/* the one that is idle longest makes room */
	for (uint64_t i = 0; i < SESSIONS_MOST + 1; i++)
		assert_non_null(sessions_add(
			&all, USER_TOKEN, "t", ROLE_VIEWER,
			(char[SESSION_TEXT]){(char)('a' + i % 26), (char)('a' + i / 26), 0},
			10 + i));
	assert_null(sessions_find(&all, "aa", 5000));
	assert_non_null(sessions_find(&all, "ba", 5000));
}

static void
ask(struct auth *auth, struct auth_request request, struct auth_answer *answer)
{
	request.octets = here;
	auth_ask(auth, &request, answer);
}

/* All that counts, and the file that changes under it. */
static void
test_asking(void **state)
{
	char secret[USERS_SECRET_MAX] = "correct horse", token[USERS_SECRET_MAX] = "",
	     error[USERS_ERROR_MAX];
	struct auth_answer a;
	struct auth_session *sessions;
	size_t count;
	(void)state;

	unlink(path);
	add(USER_PERSON, "anna", ROLE_ADMIN, secret);
	add(USER_TOKEN, "prometheus", ROLE_VIEWER, token);
	struct auth *auth =
		auth_create(&(struct auth_settings){.users = path, .proxy = true}, error);
	assert_non_null(auth);
	ask(auth, (struct auth_request){0}, &a);
	assert_int_equal(a.verdict, AUTH_OUT);
	ask(auth, (struct auth_request){.cookie = "0123"}, &a);
	assert_int_equal(a.verdict, AUTH_OUT);
	ask(auth, (struct auth_request){.token = "phm_prometheus_00"}, &a);
	assert_int_equal(a.verdict, AUTH_WRONG);
	ask(auth, (struct auth_request){.token = token}, &a);
	assert_int_equal(a.verdict, AUTH_IN);
	assert_int_equal(a.role, ROLE_VIEWER);
	assert_string_equal(a.name, "prometheus");
	assert_string_equal(a.session, "");
	ask(auth, (struct auth_request){.cookie = token}, &a); /* a wall's */
	assert_int_equal(a.verdict, AUTH_IN);
	ask(auth, (struct auth_request){.user = "anna", .password = "wrong"}, &a);
	assert_int_equal(a.verdict, AUTH_WRONG);
	ask(auth, (struct auth_request){.user = "anna", .password = "correct horse"}, &a);
	assert_int_equal(a.verdict, AUTH_IN);
	assert_int_equal(a.role, ROLE_ADMIN);
	char session[USERS_TOKEN_MAX];
	memcpy(session, a.session, sizeof(session));
	assert_int_equal(strlen(session), 32);
	ask(auth, (struct auth_request){.cookie = session}, &a);
	assert_int_equal(a.verdict, AUTH_IN);
	assert_string_equal(a.name, "anna");
	assert_int_equal(auth_sessions(auth, &sessions, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(sessions[0].name, "anna");
	assert_false(sessions[0].token);
	free(sessions);
	/* a proxy's word: a role where the file has one */
	ask(auth, (struct auth_request){.proxy_user = "anna"}, &a);
	assert_int_equal(a.role, ROLE_ADMIN);
	ask(auth, (struct auth_request){.proxy_user = "carl@example.net"}, &a);
	assert_int_equal(a.role, ROLE_VIEWER);
	ask(auth, (struct auth_request){.proxy_user = "x y"}, &a);
	assert_int_equal(a.verdict, AUTH_WRONG);
	/* too many wrong ones: also a right one waits, but not who is in */
	for (int i = 0; i < 6; i++)
		ask(auth, (struct auth_request){.user = "anna", .password = "wrong"}, &a);
	assert_int_equal(a.verdict, AUTH_WAIT);
	assert_true(a.wait_s > 0);
	ask(auth, (struct auth_request){.user = "anna", .password = "correct horse"}, &a);
	assert_int_equal(a.verdict, AUTH_WAIT);
	ask(auth, (struct auth_request){.cookie = session}, &a);
	assert_int_equal(a.verdict, AUTH_IN);
	auth_leave(auth, session);
	ask(auth, (struct auth_request){.cookie = session}, &a);
	assert_int_equal(a.verdict, AUTH_OUT);
	auth_destroy(auth);
}

static void
wait_for_look(void)
{
	nanosleep(&(const struct timespec){.tv_sec = 1, .tv_nsec = 50000000}, NULL);
}

static void
test_the_file_changes(void **state)
{
	char secret[USERS_SECRET_MAX] = "correct horse", token[USERS_SECRET_MAX] = "",
	     error[USERS_ERROR_MAX];
	struct auth_answer a;
	(void)state;

	unlink(path);
	add(USER_PERSON, "anna", ROLE_ADMIN, secret);
	add(USER_TOKEN, "wall", ROLE_VIEWER, token);
	struct auth *auth = auth_create(&(struct auth_settings){.users = path}, error);
	assert_non_null(auth);
	ask(auth, (struct auth_request){.user = "anna", .password = "correct horse"}, &a);
	char session[USERS_TOKEN_MAX];
	memcpy(session, a.session, sizeof(session));
	ask(auth, (struct auth_request){.token = token}, &a);
	assert_int_equal(a.verdict, AUTH_IN);
	/* what cannot be read leaves things as they were */
	char *kept = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "r");
	assert_true(getdelim(&kept, &size, 0, file) > 0);
	fclose(file);
	write_file("nonsense\n");
	wait_for_look();
	ask(auth, (struct auth_request){.cookie = session}, &a);
	assert_int_equal(a.verdict, AUTH_IN);
	/* anna is a viewer now, and the wall is gone */
	char *line = strstr(kept, "token:");
	*line = 0;
	memcpy(strstr(kept, "admin"), "viewe", 5);
	char text[1024];
	snprintf(text, sizeof(text), "user:anna:viewer:%s", strstr(kept, "viewe:") + 6);
	write_file(text);
	free(kept);
	wait_for_look();
	ask(auth, (struct auth_request){.cookie = session}, &a);
	assert_int_equal(a.verdict, AUTH_IN);
	assert_int_equal(a.role, ROLE_VIEWER);
	ask(auth, (struct auth_request){.token = token}, &a);
	assert_int_equal(a.verdict, AUTH_WRONG);
	/* and without her name she is out */
	char more[USERS_SECRET_MAX] = "another one";
	unlink(path);
	add(USER_PERSON, "berta", ROLE_VIEWER, more);
	wait_for_look();
	ask(auth, (struct auth_request){.cookie = session}, &a);
	assert_int_equal(a.verdict, AUTH_OUT);
	auth_destroy(auth);
}

static void
test_base64(void **state)
{
	char out[16];
	(void)state;

	assert_int_equal(base64_decode("YTpi", out, sizeof(out)), 3);
	assert_string_equal(out, "a:b");
	assert_int_equal(base64_decode("w6Q6", out, sizeof(out)), 3);
	assert_int_equal(base64_decode("YQ==", out, sizeof(out)), 1);
	assert_int_equal(base64_decode("YWI=", out, sizeof(out)), 2);
	assert_int_equal(base64_decode("", out, sizeof(out)), 0);
	assert_string_equal(out, "");
	static const char *const bad[] = {
		"Y",        "YQ=",  "YQ=a",  "Y===", "=YQ=",
		"YQ==YQ==", "Y Q=", "YQ=\n", "AAAA", "YWFhYWFhYWFhYWFhYWFhYWFh"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true_of(base64_decode(bad[i], out, sizeof(out)) == -1, "%s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file), cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_attempts), cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_asking),   cmocka_unit_test(test_the_file_changes),
		cmocka_unit_test(test_base64),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
