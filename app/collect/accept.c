/* SPDX-License-Identifier: BSD-3-Clause */
/* civetweb's calls of accept(2) come here: the gate hands out its connections (lib/http/gate.h). A
 * sensor's come to app/telemetry, which has more to tell apart. */
#include "gate.h"

#include <sys/syscall.h>
#include <unistd.h>

/* glibc declares it with a union in place of the pointer, so here it has another name. */
int any_accept(int fd, struct sockaddr *address, socklen_t *length) __asm__("accept");

int
any_accept(int fd, struct sockaddr *address, socklen_t *length)
{
	if (gate_owns(fd))
		return gate_accept(address, length);
	return (int)syscall(SYS_accept, fd, address, length);
}
