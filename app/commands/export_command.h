/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --export FORMAT: what a history holds of a time, on standard output. Reads beside a process that
 * writes there; needs no EAL and no right but to read the folder.
 */
#pragma once

#include "options.h"

/* --export, or one of the options that go with it, is there. */
bool export_is_asked(const struct settings *settings);

/* What the process ends with: 0; 1 the history cannot be read, or standard output not written; 2
 * something is wrong in the command line. */
int export_command(const struct settings *settings, const char *version);
