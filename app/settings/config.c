/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "config_read.h"
#include "json.h"
#include "wrap.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config {
	struct config_line *lines; /* all of the file, in its order */
	size_t count;
};

bool
config_is_setting(const struct option_def *option)
{
	return strcmp(options_section(option), "Commands") != 0;
}

static bool
known_section(const char *name)
{
	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		if (strcasecmp(options_section(o), name) == 0 && config_is_setting(o))
			return true;
	}
	return false;
}

static void
list_sections(char *text, size_t size)
{
	const char *section = NULL;
	size_t used = 0;

	text[0] = 0;
	for (const struct option_def *o = options_next(NULL); o != NULL && used < size;
	     o = options_next(o)) {
		if (options_section(o) == section || !config_is_setting(o))
			continue;
		section = options_section(o);
		used += (size_t)snprintf(text + used, size - used, "%s[%s]", used ? " " : "",
					 section);
	}
	for (char *c = text; *c != 0; c++)
		*c = (char)tolower((unsigned char)*c);
}

static int
check_section(const char *section, const char *where, char error[CONFIG_ERROR_MAX])
{
	char sections[160];

	if (section != NULL && known_section(section))
		return 0;
	list_sections(sections, sizeof(sections));
	if (section == NULL)
		snprintf(error, CONFIG_ERROR_MAX,
			 "%s: a key stands before the first section; there are %s", where,
			 sections);
	else
		snprintf(error, CONFIG_ERROR_MAX, "%s: '[%.60s]' is no section; there are %s",
			 where, section, sections);
	return -EINVAL;
}

static int
set_line(struct settings *settings, const struct config_line *line, const char *where,
	 char error[CONFIG_ERROR_MAX])
{
	const struct option_def *option = options_find(line->key);
	char said[OPTIONS_ERROR_MAX], right[64];

	if (option == NULL || !config_is_setting(option)) {
		size_t used = (size_t)snprintf(error, CONFIG_ERROR_MAX,
					       "%s: unknown key '%.60s'; [%s] has", where,
					       line->key, line->section);

		for (const struct option_def *o = options_next(NULL);
		     o != NULL && used < CONFIG_ERROR_MAX; o = options_next(o)) {
			if (strcasecmp(options_section(o), line->section) == 0)
				used += (size_t)snprintf(error + used, CONFIG_ERROR_MAX - used,
							 " %s", o->name);
		}
		return -EINVAL;
	}
	if (strcasecmp(options_section(option), line->section) != 0) {
		snprintf(right, sizeof(right), "%s", options_section(option));
		for (char *c = right; *c != 0; c++)
			*c = (char)tolower((unsigned char)*c);
		snprintf(error, CONFIG_ERROR_MAX, "%s: '%s' belongs to [%s], not to [%s]", where,
			 line->key, right, line->section);
		return -EINVAL;
	}
	if (options_set(settings, option, line->value, line->key, said) != 0) {
		snprintf(error, CONFIG_ERROR_MAX, "%s: %s", where, said);
		return -EINVAL;
	}
	return 0;
}

/* Says where the same key stood before, if it is not one that may stand several times. */
static void
warn_of_equal(const struct config *config, size_t at, const char *where,
	      void (*warn)(const char *line))
{
	const char *key = config->lines[at].key;
	char line[CONFIG_ERROR_MAX];

	for (size_t i = at; warn != NULL && i-- > 0;) {
		if (config->lines[i].key == NULL || strcmp(config->lines[i].key, key) != 0)
			continue;
		snprintf(line, sizeof(line),
			 "%s: '%s' stands in line %u too; this later one counts", where, key,
			 config->lines[i].number);
		warn(line);
		return;
	}
}

static int
set_all(const struct config *config, struct settings *settings, const char *path,
	void (*warn)(const char *line), char error[CONFIG_ERROR_MAX])
{
	char where[4200];

	for (size_t i = 0; i < config->count; i++) {
		const struct config_line *line = &config->lines[i];

		snprintf(where, sizeof(where), "%.4095s:%u", path, line->number);
		if (check_section(line->section, where, error) != 0 ||
		    (line->key != NULL && set_line(settings, line, where, error) != 0))
			return -EINVAL;
		if (line->key != NULL && options_find(line->key)->kind != OPTION_LIST)
			warn_of_equal(config, i, where, warn);
	}
	return 0;
}

struct config *
config_load(struct settings *settings, const char *path, void (*warn)(const char *line),
	    char error[CONFIG_ERROR_MAX])
{
	struct config *config = calloc(1, sizeof(*config));

	if (config == NULL) {
		snprintf(error, CONFIG_ERROR_MAX, "%.4095s: out of memory", path);
		return NULL;
	}
	if (config_read(path, &config->lines, &config->count, error) != 0 ||
	    set_all(config, settings, path, warn, error) != 0) {
		config_free(config);
		return NULL;
	}
	return config;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	config_lines_free(config->lines, config->count);
	free(config);
}

void
config_print_template(void)
{
	const char *section = NULL;
	char range[160];

	printf("# SPDX-License-Identifier: BSD-3-Clause\n");
	printf("# Settings of packet-heatmap%s, for --config.\n",
	       options_program() == PROGRAM_WALL ? "-collector" : "");
	print_wrapped(
		"# ",
		"Each stands here with its default, "
		"commented out; options of the command line override what is set here. A flag "
		"is yes or no (--FLAG=no overrides a yes). What may stand several times says so.");
	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		if (!config_is_setting(o))
			continue;
		if (options_section(o) != section) {
			section = options_section(o);
			printf("\n[");
			for (const char *c = section; *c != 0; c++)
				putchar(tolower((unsigned char)*c));
			printf("]\n");
		}
		printf("\n");
		print_wrapped("# ", o->help);
		if (o->unit != NULL) {
			snprintf(range, sizeof(range), "In %s, from %.10g to %.10g.", o->unit,
				 o->min, o->max);
			print_wrapped("# ", range);
		}
		if (o->default_value == NULL && o->kind != OPTION_FLAG)
			printf("# Not set by default.\n");
		printf("#%s = %s\n", o->name,
		       o->default_value         ? o->default_value
		       : o->kind == OPTION_FLAG ? "no"
						: o->value);
	}
}

char *
config_json(const struct settings *settings)
{
	json_t *object = json_object();
	char *text;

	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		char value[4096];

		/* no setting is a secret; one that will be must be masked here */
		if (config_is_setting(o))
			json_object_set_new(
				object, o->name,
				json_text(options_value(settings, o, value, sizeof(value))));
	}
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}
