/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --check: the doctor. Looks at all that a start needs, says it in one line each, and for each
 * fault the command that remedies it. Changes nothing; may be run beside the service.
 *
 * [start] The process does nothing else afterwards. EAL runs in a child that reports and ends.
 */
#pragma once

#include "check_level.h"
#include "drivers.h"
#include "eal.h"
#include "options.h"

#include <stdbool.h>
#include <stdint.h>

/* What the caller knows better than this file. */
struct check_plan {
	unsigned int lanes;                  /* of all sources together */
	struct eal_memory memory;            /* that they take */
	bool eal_source;                     /* EAL's own arguments stand left of "--" */
	const struct driver_choice *choices; /* of the interfaces; NULL: none were made */
	const char *root; /* "": this host; tests: a made-up tree with sys/ and proc/ */
};

/*
 * Prints to stdout, as lines or as one JSON object. Returns the worst level, which is the exit
 * code: 0, 1 or 2, as monitoring plug-ins do it.
 */
int check_run(const struct settings *settings, const struct check_plan *plan, bool json);
