/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Consumers of what the map has drawn: each output file, and the line on stdout. Each writes on its
 * own thread, so a slow disk, a FIFO whose reader trickles, or a terminal stopped with Ctrl-S costs
 * its own periods and nothing else.
 */
#pragma once

#include "consumer.h"
#include "options.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define OUTPUTS_CLASH_MAX 320

/* [start] Are two outputs to be written to one file, where each would undo the other? Then `text`
 * says which. */
bool outputs_clash(const struct settings *settings, char text[OUTPUTS_CLASH_MAX]);

struct outputs {
	const struct settings *settings;
	_Atomic uint64_t errors; /* files that could not be written, since the start */
	_Atomic double last_ms;  /* what the last writing of a file took */
};

/* Context of all: struct outputs. Those of files are for who has asked for the file. */
extern const struct consumer_ops html_consumer_ops, hosts_consumer_ops, status_consumer_ops,
	console_consumer_ops;
