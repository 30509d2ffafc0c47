/* SPDX-License-Identifier: BSD-3-Clause */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "notify.h"

/* A manager's socket, in the file system or in the abstract name space ('@'). */
static int
manager_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
			 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void
expect_word(int fd, const char *expected)
{
	char text[256] = "";

	assert_int_equal(notify_send(expected), 0);
	assert_int_equal(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), strlen(expected));
	assert_string_equal(text, expected);
	close(fd);
}

static void
test_word_arrives_at_a_path(void **unused)
{
	char folder[] = "/tmp/notify-XXXXXX", path[64];

	(void)unused;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	expect_word(manager_listen(path), "READY=1\nSTATUS=two ports");
	unlink(path);
	rmdir(folder);
}

static void
test_word_arrives_at_an_abstract_name(void **unused)
{
	char path[64];

	(void)unused;
	snprintf(path, sizeof(path), "@notify-test-%d", (int)getpid());
	expect_word(manager_listen(path), "WATCHDOG=1");
}

static void
test_without_a_manager_nothing_happens(void **unused)
{
	(void)unused;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_send("READY=1"), 0);
}

static void
test_bad_sockets_are_errors(void **unused)
{
	char path[200];

	(void)unused;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	setenv("NOTIFY_SOCKET", path, 1); /* longer than an address holds */
	assert_int_equal(notify_send("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_send("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	assert_int_equal(notify_send("READY=1"), -ENOENT);
}

static void
test_watchdog_is_half_of_what_the_manager_grants(void **unused)
{
	char pid[32];

	(void)unused;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "60000000", 1);
	assert_int_equal(notify_watchdog_ms(), 30000);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ms(), 30000);
	setenv("WATCHDOG_PID", "1", 1); /* another process's */
	assert_int_equal(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 1);
	setenv("WATCHDOG_USEC", "12x", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "-5", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word_arrives_at_a_path),
		cmocka_unit_test(test_word_arrives_at_an_abstract_name),
		cmocka_unit_test(test_without_a_manager_nothing_happens),
		cmocka_unit_test(test_bad_sockets_are_errors),
		cmocka_unit_test(test_watchdog_is_half_of_what_the_manager_grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
