/* SPDX-License-Identifier: BSD-3-Clause */
#include "outputs.h"
#include "as_user.h"
#include "doctor.h"
#include "file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
ask_output(const void *path, struct verdict *answer)
{
	answer->error = -file_check(path);
}

/* Does our own program answer there? One request, one second. */
static bool
is_our_server(const char *address, uint16_t port)
{
	static const char request[] = "HEAD /api/v1/status HTTP/1.0\r\nHost: localhost\r\n\r\n";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval second = {.tv_sec = 1};
	char answer[64] = "";
	int fd;
	bool ours;

	if (address[0] == 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (to.sin_addr.s_addr == htonl(INADDR_ANY))
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	ours = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
	       recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) > 12 &&
	       strncmp(answer + 8, " 200", 4) == 0;
	close(fd);
	return ours;
}

void
check_listen(struct doctor *d)
{
	const char *listen = d->settings->listen;
	const char *user = who(d);
	char address[64] = "", remedy[160], error[256];
	uint16_t port = 0;
	int ret;

	if (strcmp(listen, "off") == 0) {
		say(d, CHECK_OK, "listen address", NULL, "none, as asked");
		return;
	}
	if (strcmp(listen, "auto") == 0)
		listen = "127.0.0.1:8080";
	http_parse_listen(listen, address, &port); /* was looked at where it was set */
	ret = as_user_listen(user, listen, error);
	if (ret == 0 && !http_address_is_here(listen)) {
		snprintf(remedy, sizeof(remedy),
			 "ip address names this host's; 0.0.0.0:%u is all of them", port);
		say(d, CHECK_WARNING, "listen address", remedy,
		    "%s is not an address of this host yet; the map waits for it", listen);
	} else if (ret == 0) {
		say(d, CHECK_OK, "listen address", NULL, "%s is free", listen);
	} else if (ret == -EADDRINUSE && is_our_server(address, port)) {
		say(d, CHECK_OK, "listen address", NULL, "%s is served by a running packet-heatmap",
		    listen);
	} else {
		if (ret == -EACCES)
			snprintf(remedy, sizeof(remedy),
				 "sysctl net.ipv4.ip_unprivileged_port_start=%u, or a port from "
				 "1024 on",
				 port);
		else
			snprintf(remedy, sizeof(remedy), "ss -ltnp 'sport = :%u' names who has it",
				 port);
		say(d, CHECK_FAULT, "listen address", remedy, "%s", error);
	}
}

static bool
check_output(struct doctor *d, const char *option, const char *path)
{
	char folder[PATH_MAX], quoted[PATH_MAX], remedy[2 * PATH_MAX];
	const char *user = who(d);
	struct verdict answer;
	const char *slash;

	if (path == NULL)
		return false;
	as_user_ask(who(d), ask_output, path, &answer);
	if (answer.error == 0) {
		say(d, CHECK_OK, "output files", NULL, "%s: %s can be written", option, path);
		return true;
	}
	slash = strrchr(path, '/');
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 2,
		 slash ? path : "./");
	/* Not for a folder that is there: it may be /etc, and must not change hands. */
	if (answer.error == ENOENT && access(folder, F_OK) != 0)
		snprintf(remedy, sizeof(remedy), "install -d -o %s %s", user ? user : "$USER",
			 quote(folder, quoted, sizeof(quoted)));
	else
		snprintf(remedy, sizeof(remedy), "%s = FILE, in a folder of %s such as %s", option,
			 user ? user : "this user", "/var/lib/packet-heatmap");
	say(d, CHECK_FAULT, "output files", remedy, "%s: %s cannot be written by %s: %s", option,
	    path, user ? user : "this user", strerror(answer.error));
	return true;
}

/* What is in it is not opened: a running service may have it. */
static bool
check_folder(struct doctor *d, const char *option, const char *folder)
{
	char file[PATH_MAX];

	if (folder == NULL)
		return false;
	snprintf(file, sizeof(file), "%s/lock.check", folder);
	if (access(folder, F_OK) != 0)
		snprintf(file, sizeof(file), "%s", folder);
	return check_output(d, option, file);
}

void
check_outputs(struct doctor *d)
{
	const struct settings *s = d->settings;
	char clash[OUTPUTS_CLASH_MAX];
	bool any = check_output(d, "html", s->html);

	any = check_output(d, "hosts", s->hosts) || any;
	any = check_output(d, "status", s->status) || any;
	if (outputs_clash(s, clash))
		say(d, CHECK_FAULT, "output files", "name two files", "%s", clash);
	any = check_folder(d, "history", s->history) || any;
	any = check_folder(d, "records", s->records) || any;
	if (!any)
		say(d, CHECK_OK, "output files", NULL, "none are asked for");
}
