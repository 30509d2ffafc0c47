/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Prints `text` to stdout in lines of at most 80 columns, each begun with `prefix`. */
void print_wrapped(const char *prefix, const char *text);
