/* SPDX-License-Identifier: BSD-3-Clause */
#include "as_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void
as_user_ask(const char *user, void (*ask)(const void *about, struct verdict *answer),
	    const void *about, struct verdict *answer)
{
	const struct passwd *pw = user != NULL && geteuid() == 0 ? getpwnam(user) : NULL;
	int ends[2];
	pid_t child;

	*answer = (struct verdict){.error = EIO};
	if (pw == NULL) {
		ask(about, answer);
		return;
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (initgroups(pw->pw_name, pw->pw_gid) == 0 && setgid(pw->pw_gid) == 0 &&
		    setuid(pw->pw_uid) == 0)
			ask(about, answer);
		_exit(write(ends[1], answer, sizeof(*answer)) == sizeof(*answer) ? 0 : 1);
	}
	close(ends[1]);
	if (child > 0) {
		if (read(ends[0], answer, sizeof(*answer)) != sizeof(*answer))
			*answer = (struct verdict){.error = EIO};
		waitpid(child, NULL, 0);
	}
	close(ends[0]);
}

static void
ask_listen(const void *address, struct verdict *answer)
{
	errno = 0;
	answer->error = http_check(address, answer->text) == 0 ? 0 : errno != 0 ? errno : EINVAL;
}

int
as_user_listen(const char *user, const char *address, char error[256])
{
	const char *colon = strrchr(address, ':');
	struct verdict answer;

	as_user_ask(user, ask_listen, address, &answer);
	if (answer.error == EACCES)
		snprintf(error, 256,
			 "cannot listen on %.21s%s%.32s: %.40s; choose a port from 1024 on with "
			 "--listen, or sysctl net.ipv4.ip_unprivileged_port_start=%.8s",
			 address, user ? " as " : "", user ? user : "", strerror(answer.error),
			 colon ? colon + 1 : "80");
	else if (answer.error != 0)
		snprintf(error, 256, "%s",
			 answer.text[0] != 0 ? answer.text : strerror(answer.error));
	return -answer.error;
}
