/* SPDX-License-Identifier: BSD-3-Clause */
/* --add-user and --add-token: who may see the map. [main] before anything else starts. */
#pragma once

#include "options.h"

#include <stdbool.h>

bool users_is_asked(const struct settings *settings);
/* What the process ends with. */
int users_command(const struct settings *settings);
