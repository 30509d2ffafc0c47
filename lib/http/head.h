/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is wrong with a request's header that civetweb would not say: judged before a worker has it.
 *
 * RFC 9112: lengths that a proxy might read in another way (6.3), white space before a colon (5.1),
 * folded lines (5.2), control characters; a target of another server (3.2.2), or of none (3.2.4).
 * No route takes a body, so none is waited for: a worker would, for ten seconds.
 *
 * Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does a header end in there? By an empty line behind others; a lone line feed ends a line too. */
bool head_is_whole(const char *text, size_t length);

/*
 * `head`: a whole header, with the empty line. `port`: that we listen on. 0: civetweb may have it,
 * which also answers what is no request at all; else the status to answer: 204 (OPTIONS *), 400,
 * 405 and 413 (a body, without and with a method that there is), 421 (another server's). *why is
 * for people.
 */
int head_judge(const char *head, size_t length, uint16_t port, const char **why);
