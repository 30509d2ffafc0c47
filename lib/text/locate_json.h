/* SPDX-License-Identifier: BSD-3-Clause */
/* [any thread] An explanation as JSON; the caller frees it. NULL without memory. */
#pragma once

#include "explain.h"
#include "json.h"

json_t *locate_json(const struct explanation *explanation);
