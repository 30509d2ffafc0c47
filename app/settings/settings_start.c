/* SPDX-License-Identifier: BSD-3-Clause */
#include "settings_start.h"

#include "fail.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
settings_read(struct settings *settings, struct config **config, char **args, int count)
{
	static char error[CONFIG_ERROR_MAX];
	struct settings first;

	options_defaults(&first);
	int refused = options_parse(&first, args, count, error);

	log_set_format((enum log_format)log_format_parse(first.log_format));
	if (refused != 0)
		return fail_usage(error);
	*settings = first;
	if (first.config == NULL)
		return EXIT_SUCCESS;
	options_defaults(settings);
	*config = config_load(settings, first.config, log_text, error);
	if (*config == NULL || options_parse(settings, args, count, error) != 0)
		return fail_usage(error);
	log_set_format((enum log_format)log_format_parse(settings->log_format));
	return EXIT_SUCCESS;
}

bool
settings_print(const struct settings *s, const char *program, const char *version)
{
	if (s->print != NULL && strcmp(s->print, "man") == 0)
		options_print_mdoc();
	else if (s->print != NULL)
		config_print_template();
	else if (s->help)
		options_help(version);
	else if (s->version)
		printf("%s %s\n", program, version);
	else
		return false;
	return true;
}
