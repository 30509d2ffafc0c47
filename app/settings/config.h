/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file: an INI file (config_read.h), every key an option of the table.
 *
 *     # a comment
 *     [counting]
 *     period = 10
 *
 * A section is called as in --help, in lower case; a flag is yes or no; a repeatable option may
 * stand several times. The section "Commands" of the table (--check and the like) is not for a
 * file.
 *
 * [start] Needs no EAL.
 */
#pragma once

#include "options.h"

#define CONFIG_ERROR_MAX 4864 /* a path and an options error */

/* Holds the texts that settings borrow from the file. */
struct config;

/*
 * Sets over *settings what the file says. NULL, and in `error` the line for the user: file, line,
 * what is wrong, what is allowed. `warn` (or NULL) is told what is allowed and yet looks like a
 * mistake: a key that stands twice, of which the last one counts. Keep the result as long as the
 * settings; config_free(NULL) is fine.
 */
struct config *config_load(struct settings *settings, const char *path,
			   void (*warn)(const char *line), char error[CONFIG_ERROR_MAX]);
void config_free(struct config *config);

/* Prints the file that has every option with its help, unit, range and default, commented out. */
void config_print_template(void);

/* The settings in force as a JSON object, for status and log: NULL on ENOMEM, else to be freed. */
char *config_json(const struct settings *settings);

/* Is this option set in a file (and shown as a setting), or a command of the command line only? */
bool config_is_setting(const struct option_def *option);
