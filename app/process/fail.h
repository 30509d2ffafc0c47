/* SPDX-License-Identifier: BSD-3-Clause */
/* A start that cannot be: said, and what the process ends with. [main] */
#pragma once

#define EXIT_USAGE 2

/* Logs the line; EXIT_FAILURE. */
int fail_at(const char *area, const char *text);
#define fail(text) fail_at(__FILE_NAME__, text)
/* A setting is wrong: EXIT_USAGE. */
int fail_usage(const char *text);
