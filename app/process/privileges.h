/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From root to nobody in particular.
 *
 * What a hostile packet or request could reach, should it find a bug, is what the process may do at
 * that moment. So before the first packet is parsed, and after card, sockets and databases are
 * open:
 *
 *     privileges_drop     user and groups of another, no capability but the one that is needed to
 *                         open an interface again, none to be had again
 *     privileges_confine  a seccomp filter: no exec, no fork, no ptrace, no module, no mount...
 *
 * Both hold for every thread of the process, also those that EAL has started already.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** What packets come from, as bits: it decides what the process may still do. Captures: 0. */
enum privileges_source {
	SOURCE_PACKET_SOCKET = 1, /**< interfaces of the kernel */
	SOURCE_XDP = 2,           /**< those that are captured on by AF_XDP */
	SOURCE_CARD = 4,          /**< devices of our own, and whatever EAL's own arguments name */
};

/** What the kernel says of this process, not what was wished. */
struct privileges {
	uid_t uid;
	char user[64];                /**< name of uid, or its number */
	unsigned long long effective; /**< capability bits, CapEff of /proc/self/status */
	bool no_new_privileges;       /**< NoNewPrivs: exec gives nothing back */
	int seccomp;                  /**< 0 none, 2 filter */
};

/**
 * Of what such sources need, take into effect what the process is permitted to have. An executable
 * with file capabilities that are permitted but not effective (a container's: cap_net_raw=p) starts
 * where they are not to be had, too, and has to ask.
 *
 * Main thread, before others are started. What is not permitted stays away; the opening of the
 * source says so.
 */
void privileges_raise(unsigned int sources);

/**
 * Become `user` for good: its groups, its uid, no_new_privs, and no capability. Of an interface the
 * calling thread, and those that it starts from now on, keep CAP_NET_RAW alone: one that was gone
 * can be opened again. With AF_XDP CAP_NET_ADMIN and CAP_BPF too, for the program on the interface.
 *
 * Main thread, before lanes are launched and HTTP is started; process is root, or is `user` already
 * (then only no_new_privs is set). setresuid of glibc changes all threads; so does this.
 *
 * @return 0; -ENOENT no such user; -EPERM neither root nor `user`; -errno. `error` says it in
 * words.
 */
int privileges_drop(const char *user, unsigned int sources, char *error, size_t size);

/**
 * Load the system call filter into all threads (no_new_privs is set with it). What is not allowed
 * fails with EPERM. Each kind of source has what it needs and no other has: packet sockets, AF_XDP
 * and bpf(2), ioctl(2). Raw sockets of IP nobody has. No memory can become executable any more, so
 * whatever is to be loaded is loaded here.
 *
 * Main thread, after privileges_drop. @return 0; PRIVILEGES_LEAK_CHECK: built with
 * AddressSanitizer, whose search for leaks needs what the filter forbids; or -errno (-ENOSYS,
 * -EOPNOTSUPP: the kernel has no seccomp, or who started us keeps it from us).
 */
#define PRIVILEGES_LEAK_CHECK 1
int privileges_confine(unsigned int sources);

/**
 * Calls `start` without capabilities, so that the threads which it starts have none either: of all
 * threads only the caller's own opens sources. Who stays root keeps those for files (CAP_CHOWN,
 * CAP_DAC_OVERRIDE, ...): a file that is replaced stays its owner's, another's folder can be
 * written to. Main thread. @return what `start` does, or -errno: the capabilities could not be put
 * down.
 */
int privileges_without(int (*start)(void *context), void *context);

/** Read the state from /proc/self/status, of the calling thread. Any thread. @return 0 or -errno.
 */
int privileges_read(struct privileges *state);
