/* SPDX-License-Identifier: BSD-3-Clause */
#include "browser.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* the writing end of the pipe to the child; -1: there is none */
static int to_child = -1;

static bool
on_path(const char *program)
{
	const char *path = getenv("PATH");
	char candidate[4096];

	for (const char *p = path ? path : "/usr/bin:/bin"; *p != 0;) {
		size_t length = strcspn(p, ":");

		snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)length, p, program);
		if (access(candidate, X_OK) == 0)
			return true;
		p += length + (p[length] == ':');
	}
	return false;
}

/*
 * A browser refuses to run as root, and root's has no profile: under sudo it is started as the user
 * behind it, with the desktop's variables that sudo took away put back.
 */
static void
start_browser(const char *url)
{
	const char *user = getenv("SUDO_USER");
	const struct passwd *pw = user && geteuid() == 0 ? getpwnam(user) : NULL;
	char runtime[64], bus[96];
	char *argv[12];
	int argc = 0;
	pid_t child;

	bool desktop = getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL;
	if (!desktop || !on_path("xdg-open") || (pw != NULL && !on_path("runuser"))) {
		log_line("no desktop here to open the page in; it is at %s", url);
		return;
	}
	if (pw != NULL) {
		snprintf(runtime, sizeof(runtime), "XDG_RUNTIME_DIR=/run/user/%u", pw->pw_uid);
		snprintf(bus, sizeof(bus), "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/%u/bus",
			 pw->pw_uid);
		argv[argc++] = strdup("runuser");
		argv[argc++] = strdup("-u");
		argv[argc++] = strdup(user);
		argv[argc++] = strdup("--");
		argv[argc++] = strdup("env");
		argv[argc++] = strdup(runtime);
		argv[argc++] = strdup(bus);
	}
	argv[argc++] = strdup("xdg-open");
	argv[argc++] = strdup(url);
	argv[argc] = NULL;

	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, ignored;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	/* a browser's chatter does not belong on our console; our blocked signals are not its own
	 */
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETPGROUP);
	int error = posix_spawnp(&child, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	if (error != 0)
		log_line("cannot start a browser (%s); the page is at %s", strerror(error), url);
}

int
browser_prepare(void)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int error = -errno;

		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (child == 0) {
		char url[256];
		ssize_t length;

		close(ends[1]);
		/* 0: the parent has ended without a word */
		length = read(ends[0], url, sizeof(url) - 1);
		if (length > 0) {
			url[length] = 0;
			start_browser(url);
		}
		_exit(0);
	}
	close(ends[0]);
	to_child = ends[1];
	return 0;
}

void
browser_open(const char *url)
{
	size_t length = strlen(url);

	/* shorter than a pipe's buffer: written whole or not at all, and at once */
	if (to_child < 0 || write(to_child, url, length) != (ssize_t)length)
		log_line("cannot start a browser; the page is at %s", url);
	if (to_child >= 0)
		close(to_child);
	to_child = -1;
}
