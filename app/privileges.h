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

/** What the kernel says of this process, not what was wished. */
struct privileges {
	uid_t uid;
	char user[64];                /**< name of uid, or its number */
	unsigned long long effective; /**< capability bits, CapEff of /proc/self/status */
	bool no_new_privileges;       /**< NoNewPrivs: exec gives nothing back */
	int seccomp;                  /**< 0 none, 2 filter */
};

/**
 * Become `user` for good: its groups, its uid, no_new_privs, and no capability. With `packets` the
 * calling thread, and those that it starts from now on, keep CAP_NET_RAW alone: an interface that
 * was gone can be opened again.
 *
 * Main thread, before lanes are launched and HTTP is started; process is root, or is `user` already
 * (then only no_new_privs is set). setresuid of glibc changes all threads; so does this.
 *
 * @return 0; -ENOENT no such user; -EPERM neither root nor `user`; -errno. `error` says it in
 * words.
 */
int privileges_drop(const char *user, bool packets, char *error, size_t size);

/**
 * Load the system call filter into all threads (no_new_privs is set with it). What is not allowed
 * fails with EPERM. Raw sockets are allowed only with `packets`, and only those of AF_PACKET. No
 * memory can become executable any more, so whatever is to be loaded is loaded here.
 *
 * Main thread, after privileges_drop. @return 0, or -errno (-ENOSYS: the kernel has no seccomp;
 * -ENOTSUP: built with AddressSanitizer, whose search for leaks needs what the filter forbids).
 */
int privileges_confine(bool packets);

/** Read the state from /proc/self/status, of the calling thread. Any thread. @return 0 or -errno.
 */
int privileges_read(struct privileges *state);
