/* SPDX-License-Identifier: BSD-3-Clause */
/* --locate ADDRESS...: what the map does with an address, and why. Needs no EAL and no right. */
#pragma once

#include "options.h"

/* What the process ends with: 0 all answered; 1 the databases cannot be opened, or an address of
 * standard input is none; 2 an address of the command line is none. */
int locate_command(const struct settings *settings);
