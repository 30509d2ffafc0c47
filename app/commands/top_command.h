/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `packet-heatmap top`: a table in a terminal of what a running packet-heatmap counts.
 *
 * A client of its HTTP API and nothing else: it needs no EAL, no right, and not the same host.
 * Plain ANSI sequences, so that it works over ssh; the terminal is given back as it was on every
 * end.
 */
#pragma once

/* The whole of it: `arguments` are those behind "top". What the process ends with. */
int top_run(int count, char **arguments);
