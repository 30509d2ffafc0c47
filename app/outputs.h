/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two consumers of what the map has drawn: the output files, and the line on stdout. Each writes on
 * its own thread, so a slow disk, a FIFO whose reader trickles, or a terminal stopped with Ctrl-S
 * costs its own periods and nothing else.
 */
#pragma once

#include "consumer.h"
#include "options.h"

#include <stdatomic.h>
#include <stdint.h>

struct outputs {
	const struct settings *settings;
	_Atomic uint64_t errors; /* files that could not be written, since the start */
	_Atomic double last_ms;  /* what the last writing took */
};

extern const struct consumer_ops files_consumer_ops;   /* context: struct outputs */
extern const struct consumer_ops console_consumer_ops; /* context: struct outputs */
