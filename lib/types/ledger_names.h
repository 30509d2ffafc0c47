/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All numbers of a ledger, by name: "frames.tcp", "events.snapped", "addresses.located".
 *
 * For what outlives a process or leaves the machine (lib/history, lib/record): a version of the
 * program that knows more reasons, or fewer, or in another order, reads what another one wrote. So
 * a name is never given to anything else.
 */
#pragma once

#include "ledger.h"

#include <stddef.h>

#define LEDGER_NAME_MAX 80
#define LEDGER_NAMES    (2 * DECODE_RESULTS + DECODE_EVENTS + TUNNELS + 1 + GEO_RESULTS + 2 * WAYS)

struct ledger_name {
	char text[LEDGER_NAME_MAX];
	size_t offset; /* of its number in a struct ledger */
};

/* [any thread] Fills in all of them, always in the same order. */
void ledger_names(struct ledger_name names[LEDGER_NAMES]);

/* The number that a name is for. */
uint64_t *ledger_number(struct ledger *ledger, const struct ledger_name *name);
