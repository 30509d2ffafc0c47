/* SPDX-License-Identifier: BSD-3-Clause */
/* How each program of ours begins with its settings. [main, start] */
#pragma once

#include "config.h"

/* Defaults, then the file, then the command line, which also names the file; `*config` holds what
 * is borrowed from it. EXIT_SUCCESS, or what the process ends with, said. */
int settings_read(struct settings *settings, struct config **config, char **args, int count);

/* --print, --help, --version. False: none is asked for, there is something to run. */
bool settings_print(const struct settings *settings, const char *program, const char *version);
