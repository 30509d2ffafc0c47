/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket that listens, and answers that need no worker. Any thread. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Listens on the address, without blocking. It need not be this host's yet (a VPN that comes up
 * later): *absent tells. -1 with errno: EADDRINUSE, EACCES, ...
 */
int listener_open(const struct sockaddr *address, socklen_t length, bool *absent);

/*
 * Answers with a problem (RFC 9457), or 204 without a word, and closes. What has come is read
 * first: a connection that is closed over unread octets is reset, and the answer lost. Does not
 * wait.
 */
void listener_answer(int fd, int status, const char *why);
