/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way to civetweb's workers: a connection comes to one when its whole request header is there.
 *
 *     listener -> waits here, costs a descriptor -> header is whole -> a worker -> closed
 *
 * civetweb gives each connection a worker as it is accepted, and waits ten seconds for the first
 * line: 32 that say nothing shut everybody else out, for as long as they like. Here they wait on
 * one thread, and the oldest silent ones of the address that has most of them go first when room is
 * short. No address has more than a quarter of the workers at a time, and two are kept for
 * loopback, where a proxy or the operator asks from.
 *
 * civetweb takes no socket that others have opened. So its own listener is replaced by an eventfd,
 * which it can wait for all the same, and its calls of accept come to gate_accept (the process' own
 * accept asks gate_owns first). What it is told as the peer's port is the number of a place here,
 * by which gate_release knows the connection when it is closed.
 *
 * [start] open, start, stop. [any thread] gate_owns, gate_accept, gate_release.
 */
#pragma once

#include "peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct gate;

/*
 * Listens on the address, which need not be this host's yet (a VPN that comes up later):
 * *absent tells. NULL with errno: EADDRINUSE, EACCES, ...
 */
struct gate *gate_open(const struct sockaddr *address, socklen_t length, bool *absent);

/* The address that it listens on; its port, if 0 was asked for, is the one chosen. */
uint16_t gate_port(const struct gate *gate);

/*
 * From here on connections are taken, and go to the `workers` workers behind `listener`, civetweb's
 * descriptor. 0 or -errno.
 */
int gate_start(struct gate *gate, int listener, unsigned int workers);

/* No more are taken, those that wait are closed. Before civetweb is stopped, which wakes up by it.
 */
void gate_stop(struct gate *gate);
void gate_close(struct gate *gate); /* after civetweb has ended; NULL is fine */

/* Is it the descriptor that stands for civetweb's listener? */
bool gate_owns(int fd);
/* In the place of accept(2) on it. -1 with errno. */
int gate_accept(struct sockaddr *address, socklen_t *length);
/* Who it is that civetweb knows by this peer's port. False: nobody. */
bool gate_peer(int remote_port, struct peer *peer);
/* The connection that civetweb knows by this peer's port is closed. */
void gate_release(int remote_port);

struct gate_counts {
	uint64_t taken, shed, timed_out, refused; /* connections since the start */
	unsigned int waiting, served;             /* now */
};
void gate_read(struct gate *gate, struct gate_counts *counts);
