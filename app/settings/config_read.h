/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of a configuration file, before anybody asks what they mean.
 *
 *     # a comment
 *     ; another
 *     [section]
 *     key = value # and another: behind white space
 *     path = /srv/site#1/map.html
 *     name = "white space at its ends, # and ; as they are "
 *
 * What begins with a quote ends with the same one. Outside of quotes \# and \; are the characters,
 * which nothing but a comment would need. Single quotes stay in frame-ancestors, whose words have
 * them. DPDK's rte_cfgfile, which read these files before, ends a value at any '#', so that a path
 * was silently another one; and keeps no line numbers.
 */
#pragma once

#include <stddef.h>

#define CONFIG_VALUE_MAX 4095
#define CONFIG_LINE_MAX  (CONFIG_VALUE_MAX + 256)

struct config_line {
	unsigned int number;
	char *section; /* as it is written; NULL: none has begun */
	char *key;     /* NULL: the line begins a section */
	char *value;
};

/*
 * 0 with *lines, to be given back by config_lines_free; or -errno with a line for the user. What is
 * no regular file is refused.
 */
int config_read(const char *path, struct config_line **lines, size_t *count, char error[4864]);
void config_lines_free(struct config_line *lines, size_t count);
