/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "json.h"
#include "wrap.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <rte_cfgfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COMMENT '#'
/* rte_cfgfile reads a line into a buffer of this size, and refuses what does not fit */
#define LINE_MAX_OCTETS (CFG_NAME_LEN + CFG_VALUE_LEN + 2)

struct config {
	struct rte_cfgfile_entry *entries; /* all of the file, in its order */
	size_t count;
};

/* The section of options[i]: the last one named at or before it. */
static const char *
section_of(const struct option_def *option)
{
	const char *section = "";

	for (const struct option_def *o = options; o <= option; o++) {
		if (o->section != NULL)
			section = o->section;
	}
	return section;
}

bool
config_is_setting(const struct option_def *option)
{
	return strcmp(section_of(option), "Commands") != 0;
}

static bool
known_section(const char *name)
{
	for (size_t i = 0; i < option_count; i++) {
		if (options[i].section != NULL && strcasecmp(options[i].section, name) == 0 &&
		    config_is_setting(&options[i]))
			return true;
	}
	return false;
}

static void
list_sections(char *text, size_t size)
{
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0; i < option_count && used < size; i++) {
		if (options[i].section == NULL || !config_is_setting(&options[i]))
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s[%s]", used ? " " : "",
					 options[i].section);
	}
	for (char *c = text; *c != 0; c++)
		*c = (char)tolower((unsigned char)*c);
}

static char *
trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return text;
}

/*
 * rte_cfgfile keeps no line numbers and passes over a line that it does not understand. So the file
 * is read here first: each line must be what it can be, and lines[] remembers where the entries
 * are, in their order, which is that of rte_cfgfile.
 */
static int
check_line(char *line, bool *in_section, char *what, size_t size)
{
	char sections[160], *equals;

	if (strlen(line) > 0 && line[strlen(line) - 1] != '\n' && strlen(line) >= LINE_MAX_OCTETS) {
		snprintf(what, size, "the line is longer than %d characters", LINE_MAX_OCTETS);
		return -EINVAL;
	}
	line[strcspn(line, "#")] = 0;
	line = trim(line);
	if (line[0] == 0)
		return 0;
	if (line[0] == '[') {
		size_t length = strcspn(line, "]");

		if (strcmp(line + length, "]") == 0) {
			line[length] = 0;
			*in_section = true;
			if (known_section(trim(line + 1)))
				return 0;
		}
		list_sections(sections, sizeof(sections));
		snprintf(what, size, "'%.60s' is no section; there are %s", line, sections);
		return -EINVAL;
	}
	equals = strchr(line, '=');
	if (equals == NULL || equals == line) {
		snprintf(what, size,
			 "'%.60s' is neither [section], nor key = value, nor a # comment", line);
		return -EINVAL;
	}
	if (!*in_section) {
		list_sections(sections, sizeof(sections));
		snprintf(what, size, "'%.60s' stands before the first section; there are %s", line,
			 sections);
		return -EINVAL;
	}
	*equals = 0;
	if (strlen(trim(line)) >= CFG_NAME_LEN || strlen(trim(equals + 1)) >= CFG_VALUE_LEN) {
		snprintf(what, size, "a key has at most %d characters, a value %d",
			 CFG_NAME_LEN - 1, CFG_VALUE_LEN - 1);
		return -EINVAL;
	}
	return 1;
}

static int
find_lines(const char *path, unsigned int **lines, size_t *count, char error[CONFIG_ERROR_MAX])
{
	char line[LINE_MAX_OCTETS + 1], what[300];
	unsigned int number = 0;
	bool in_section = false;
	struct stat st;
	int ret = 0;
	/* a FIFO without a writer must not hold the start up: it is refused below */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

	*lines = NULL;
	*count = 0;
	if (file == NULL || fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(error, CONFIG_ERROR_MAX, "--config %.4095s: %s", path,
			 file ? "is not a regular file" : strerror(errno));
		if (file != NULL)
			fclose(file);
		return -EINVAL;
	}
	while (ret >= 0 && fgets(line, sizeof(line), file) != NULL) {
		number++;
		if (number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) {
			/* rte_cfgfile would take it for part of the first word, and it cannot be
			 * seen */
			snprintf(
				what, sizeof(what),
				"the file begins with a byte order mark; save it as UTF-8 without");
			ret = -EINVAL;
		} else if (strchr(line, '\n') == NULL && strlen(line) < sizeof(line) - 1 &&
			   !feof(file)) {
			/* what follows the zero would be passed over without a word */
			snprintf(what, sizeof(what), "the line holds a zero byte");
			ret = -EINVAL;
		} else {
			ret = check_line(line, &in_section, what, sizeof(what));
		}
		if (ret < 0)
			snprintf(error, CONFIG_ERROR_MAX, "%.4095s:%u: %s", path, number, what);
		if (ret <= 0)
			continue;
		unsigned int *more = realloc(*lines, (*count + 1) * sizeof(**lines));
		if (more == NULL) {
			ret = -ENOMEM;
			snprintf(error, CONFIG_ERROR_MAX, "%.4095s: out of memory", path);
			break;
		}
		*lines = more;
		(*lines)[(*count)++] = number;
	}
	fclose(file);
	return ret < 0 ? ret : 0;
}

static int
set_entry(struct settings *settings, const char *section, const struct rte_cfgfile_entry *entry,
	  const char *where, char error[CONFIG_ERROR_MAX])
{
	const struct option_def *option = options_find(entry->name);
	char said[OPTIONS_ERROR_MAX], right[64];

	if (option == NULL || !config_is_setting(option)) {
		size_t used =
			(size_t)snprintf(error, CONFIG_ERROR_MAX, "%s: unknown key '%s'; [%s] has",
					 where, entry->name, section);

		for (size_t i = 0; i < option_count && used < CONFIG_ERROR_MAX; i++) {
			if (strcasecmp(section_of(&options[i]), section) == 0)
				used += (size_t)snprintf(error + used, CONFIG_ERROR_MAX - used,
							 " %s", options[i].name);
		}
		return -EINVAL;
	}
	if (strcasecmp(section_of(option), section) != 0) {
		snprintf(right, sizeof(right), "%s", section_of(option));
		for (char *c = right; *c != 0; c++)
			*c = (char)tolower((unsigned char)*c);
		snprintf(error, CONFIG_ERROR_MAX, "%s: '%s' belongs to [%s], not to [%s]", where,
			 entry->name, right, section);
		return -EINVAL;
	}
	if (options_set(settings, option, entry->value, entry->name, said) != 0) {
		snprintf(error, CONFIG_ERROR_MAX, "%s: %s", where, said);
		return -EINVAL;
	}
	return 0;
}

/* Says where the same key stood before, if it is not one that may stand several times. */
static void
warn_of_equal(const struct config *config, const char *path, const unsigned int *lines,
	      void (*warn)(const char *line))
{
	const size_t last = config->count - 1;
	const char *name = config->entries[last].name;
	char line[CONFIG_ERROR_MAX];

	for (size_t i = last; warn != NULL && i-- > 0;) {
		if (strcmp(config->entries[i].name, name) != 0)
			continue;
		snprintf(line, sizeof(line),
			 "%.4095s:%u: '%s' stands in line %u too; this later one counts", path,
			 lines[last], name, lines[i]);
		warn(line);
		return;
	}
}

/* Sections in their order, and the entries of each: settings borrow the values from config. */
static int
set_all(struct config *config, struct rte_cfgfile *file, struct settings *settings,
	const char *path, const unsigned int *lines, size_t count, void (*warn)(const char *line),
	char error[CONFIG_ERROR_MAX])
{
	/* two equally named sections are two to rte_cfgfile: so by index */
	const int sections = rte_cfgfile_num_sections(file, NULL, 0);
	char where[4200], name[CFG_NAME_LEN];

	for (int s = 0; s < sections; s++) {
		struct rte_cfgfile_entry *first = config->entries + config->count;
		int entries = rte_cfgfile_section_entries_by_index(file, s, name, first,
								   (int)(count - config->count));

		for (int e = 0; e < entries; e++) {
			snprintf(where, sizeof(where), "%.4095s:%u", path, lines[config->count]);
			config->count++;
			if (set_entry(settings, trim(name), &first[e], where, error) != 0)
				return -EINVAL;
			if (options_find(first[e].name)->kind != OPTION_LIST)
				warn_of_equal(config, path, lines, warn);
		}
	}
	if (config->count != count) {
		snprintf(error, CONFIG_ERROR_MAX, "%.4095s: changed while it was read", path);
		return -EINVAL;
	}
	return 0;
}

struct config *
config_load(struct settings *settings, const char *path, void (*warn)(const char *line),
	    char error[CONFIG_ERROR_MAX])
{
	const struct rte_cfgfile_parameters parameters = {.comment_character = COMMENT};
	struct config *config = calloc(1, sizeof(*config));
	struct rte_cfgfile *file = NULL;
	unsigned int *lines = NULL;
	size_t count = 0;
	int ret = -ENOMEM;

	if (config == NULL) {
		snprintf(error, CONFIG_ERROR_MAX, "%.4095s: out of memory", path);
		return NULL;
	}
	ret = find_lines(path, &lines, &count, error);
	if (ret != 0)
		goto out;
	config->entries = calloc(count + 1, sizeof(*config->entries));
	file = rte_cfgfile_load_with_params(path, CFG_FLAG_EMPTY_VALUES, &parameters);
	if (file == NULL || config->entries == NULL) {
		snprintf(error, CONFIG_ERROR_MAX, "%.4095s: cannot be read", path);
		ret = -EINVAL;
		goto out;
	}
	ret = set_all(config, file, settings, path, lines, count, warn, error);
out:
	if (file != NULL)
		rte_cfgfile_close(file);
	free(lines);
	if (ret != 0) {
		config_free(config);
		config = NULL;
	}
	return config;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	free(config->entries);
	free(config);
}

void
config_print_template(void)
{
	char range[160];

	printf("# SPDX-License-Identifier: BSD-3-Clause\n");
	print_wrapped(
		"# ",
		"Settings of packet-heatmap, for --config. Each stands here with its default, "
		"commented out; options of the command line override what is set here. A flag "
		"is yes or no (--FLAG=no overrides a yes). What may stand several times says so.");
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *o = &options[i];

		if (!config_is_setting(o))
			continue;
		if (o->section != NULL) {
			printf("\n[");
			for (const char *c = o->section; *c != 0; c++)
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

	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *o = &options[i];
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
