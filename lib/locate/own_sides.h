/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes the look-up of sides (sides.h) out of our networks and the special-purpose registries: what
 * locate_host makes of an address, place aside. */
#pragma once

#include "networks.h"
#include "sides.h"

/* NULL with errno ENOMEM. The caller frees it by free(3). */
struct sides *own_sides_create(const struct networks *own);
