/* SPDX-License-Identifier: BSD-3-Clause */
/* Apart from the rest: whoever shows them needs no fleet. */
#include "fleet.h"

const char *const fleet_answer_names[FLEET_ANSWERS] = {"taken",    "part",    "repeated",
						       "too_late", "refused", "no_memory"};

const char *const fleet_state_names[FLEET_STATES] = {"live", "late", "silent"};
