/* SPDX-License-Identifier: BSD-3-Clause */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 512

/* An address that is not there yet can be bound all the same (ip(7)). */
static int
bind_it(int fd, const struct sockaddr *address, socklen_t length, bool *absent)
{
	const int one = 1;

	*absent = false;
	if (bind(fd, address, length) == 0)
		return 0;
	if (errno != EADDRNOTAVAIL || address->sa_family == AF_UNIX)
		return -1;
	*absent = true;
	if (setsockopt(fd, SOL_IP, IP_FREEBIND, &one, sizeof(one)) != 0)
		return -1;
	return bind(fd, address, length);
}

int
listener_open(const struct sockaddr *address, socklen_t length, bool *absent)
{
	const int one = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    bind_it(fd, address, length, absent) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

void
listener_answer(int fd, int status, const char *why)
{
	const char *reason = status == 204   ? "No Content"
			     : status == 405 ? "Method Not Allowed"
			     : status == 408 ? "Request Timeout"
			     : status == 413 ? "Content Too Large"
			     : status == 421 ? "Misdirected Request"
					     : "Bad Request";
	char text[512], body[256] = "", unread[4096];

	for (int i = 0; i < 8 && recv(fd, unread, sizeof(unread), MSG_DONTWAIT) > 0; i++)
		;
	if (status != 204)
		snprintf(body, sizeof(body),
			 "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
			 "\"detail\":\"%s\"}\n",
			 reason, status, why);
	int n = snprintf(
		text, sizeof(text),
		"HTTP/1.1 %d %s\r\nConnection: close\r\nCache-Control: no-store\r\n"
		"%s%s%sContent-Length: %zu\r\n\r\n%s",
		status, reason, status == 204 || status == 405 ? "Allow: GET, HEAD\r\n" : "",
		status != 204 ? "Content-Type: application/problem+json\r\n" : "",
		status != 204 ? "X-Content-Type-Options: nosniff\r\n" : "", strlen(body), body);
	(void)!send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	close(fd);
}
