/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct settings, field)

static enum program of_program = PROGRAM_SENSOR;

void
options_of(enum program program)
{
	of_program = program;
}

enum program
options_program(void)
{
	return of_program;
}

const struct option_def *
options_next(const struct option_def *before)
{
	for (const struct option_def *o = before != NULL ? before + 1 : options;
	     o < options + option_count; o++) {
		if (((o->programs != 0 ? o->programs : PROGRAM_SENSOR) & of_program) != 0)
			return o;
	}
	return NULL;
}

/* The last one named at or before it. */
const char *
options_section(const struct option_def *option)
{
	while (option->section == NULL)
		option--;
	return option->section;
}

const struct option_def *
options_find(const char *name)
{
	const struct option_def *o = options_next(NULL);

	while (o != NULL && strcmp(o->name, name) != 0)
		o = options_next(o);
	return o;
}

static void *
field(struct settings *settings, const struct option_def *option)
{
	return (char *)settings + option->offset;
}

static int
parse_number(const struct option_def *option, const char *value, double *number)
{
	const char *allowed = option->kind == OPTION_SECONDS ? "0123456789." : "0123456789";
	char *end;

	/* "1k" or "0x10" are refused rather than guessed */
	if (value[0] == 0 || strspn(value, allowed) != strlen(value))
		return -EINVAL;
	*number = strtod(value, &end);
	if (*end != 0 || *number < option->min || *number > option->max)
		return -ERANGE;
	return 0;
}

int
options_set(struct settings *settings, const struct option_def *option, const char *value,
	    const char *where, char error[OPTIONS_ERROR_MAX])
{
	struct text_list *list = field(settings, option);
	double number;

	if (option->kind == OPTION_FLAG) {
		bool yes = strcmp(value, "yes") == 0;

		if (!yes && strcmp(value, "no") != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is not allowed; allowed are yes and no", where,
				 value);
			return -1;
		}
		*(bool *)field(settings, option) = yes;
		return 0;
	}
	if (value[0] == 0) {
		snprintf(error, OPTIONS_ERROR_MAX, "%s: the value is empty", where);
		return -1;
	}
	switch (option->kind) {
	case OPTION_TEXT:
		*(const char **)field(settings, option) = value;
		return options_translate(settings, option, value, where, error);
	case OPTION_LIST:
		if (list->count == LIST_MAX) {
			snprintf(error, OPTIONS_ERROR_MAX, "%s: given more than %d times", where,
				 LIST_MAX);
			return -1;
		}
		if (options_translate(settings, option, value, where, error) != 0)
			return -1;
		list->items[list->count++] = value;
		return 0;
	case OPTION_FLAG:
	case OPTION_NUMBER:
	case OPTION_SECONDS:
	default:
		if (option->offset == AT(idle_sleep_us) && strcmp(value, "auto") == 0) {
			settings->idle_sleep_us = IDLE_SLEEP_AUTO;
			return 0;
		}
		if (parse_number(option, value, &number) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is not a %s from %.10g to %.10g%s%s", where, value,
				 option->kind == OPTION_SECONDS ? "number" : "whole number",
				 option->min, option->max, option->unit ? " " : "",
				 option->unit ? option->unit : "");
			return -1;
		}
		if (option->kind == OPTION_SECONDS)
			*(double *)field(settings, option) = number;
		else
			*(uint32_t *)field(settings, option) = (uint32_t)number;
		return 0;
	}
}

void
options_defaults(struct settings *settings)
{
	char error[OPTIONS_ERROR_MAX];

	memset(settings, 0, sizeof(*settings));
	/* also of those that the program has not: what reads them need not know which it is in */
	for (size_t i = 0; i < option_count; i++) {
		if (options[i].default_value != NULL)
			options_set(settings, &options[i], options[i].default_value, "default",
				    error);
	}
}

void
options_split(int argc, char **argv, int *eal_argc, char ***ours, int *our_count)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			*eal_argc = i - 1;
			*ours = argv + i + 1;
			*our_count = argc - i - 1;
			return;
		}
	}
	*eal_argc = 0;
	*ours = argv + 1;
	*our_count = argc > 0 ? argc - 1 : 0;
}

/* "jsonl FILE" of the command line: settings point at it. */
static char *joined_output;

int
options_parse(struct settings *settings, char **args, int count, char error[OPTIONS_ERROR_MAX])
{
	bool seen[OPTIONS_MAX] = {false}, follows_locate = false;

	for (int i = 0; i < count; i++) {
		char name[64], where[80];
		const char *arg = args[i];

		if (strcmp(arg, "-h") == 0)
			arg = "--help";
		if (strcmp(arg, "-V") == 0)
			arg = "--version";
		/* more addresses behind --locate's first */
		if (settings->locate.count > 0 && follows_locate &&
		    (arg[0] != '-' || strcmp(arg, "-") == 0)) {
			if (options_set(settings, options_find("locate"), arg, "--locate", error) !=
			    0)
				return -1;
			continue;
		}
		if (strncmp(arg, "--", 2) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "'%.80s' is not an option; see --help (EAL's own arguments stand "
				 "left of '--')",
				 arg);
			return -1;
		}
		size_t length = strcspn(arg + 2, "=");
		snprintf(name, sizeof(name), "%.*s", (int)length, arg + 2);
		const struct option_def *option = length < sizeof(name) ? options_find(name) : NULL;
		if (option == NULL) {
			snprintf(error, OPTIONS_ERROR_MAX, "unknown option '%.80s'; see --help",
				 arg);
			return -1;
		}
		snprintf(where, sizeof(where), "--%s", option->name);
		const char *value = arg[2 + length] == '=' ? arg + 2 + length + 1 : NULL;
		if (option->kind == OPTION_FLAG && value != NULL && strcmp(value, "no") != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s takes no value; %s=no takes back what a file has set", where,
				 where);
			return -1;
		}
		if (option->kind == OPTION_FLAG && value == NULL)
			value = "yes";
		if (value == NULL) {
			if (i + 1 >= count) {
				snprintf(error, OPTIONS_ERROR_MAX, "%s needs a value: %s", where,
					 option->value);
				return -1;
			}
			value = args[++i];
			/* the one with two: as one text, which is what the file has */
			if (option->offset == AT(output) && strchr(value, ' ') == NULL &&
			    i + 1 < count) {
				char *both;

				if (asprintf(&both, "%s %s", value, args[++i]) < 0)
					return -1;
				free(joined_output);
				value = joined_output = both;
			}
		}
		if (option->kind == OPTION_LIST && !seen[option - options])
			((struct text_list *)field(settings, option))->count = 0;
		seen[option - options] = true;
		follows_locate = option->offset == AT(locate);
		if (options_set(settings, option, value, where, error) != 0)
			return -1;
	}
	return 0;
}

/* How often it is named. */
static unsigned int
standard_input(const struct text_list *pcaps)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < pcaps->count; i++)
		n += strcmp(pcaps->items[i], "-") == 0;
	return n;
}

/* Sources that DPDK drives; captures that are read once and `any` are ours alone. */
static unsigned int
ethdevs(const struct settings *s)
{
	unsigned int n = s->devices.count + (s->pcap_loop ? s->pcaps.count : 0);

	for (unsigned int i = 0; i < s->interfaces.count; i++)
		n += strcmp(s->interfaces.items[i], "any") != 0;
	return n;
}

int
options_check(const struct settings *s, bool eal_source, char error[OPTIONS_ERROR_MAX])
{
	const char *wrong = NULL;

	if (s->interfaces.count == 0 && s->pcaps.count == 0 && s->devices.count == 0 && !eal_source)
		wrong = "no source of packets: name --interface NAME, --pcap FILE, --device "
			"ADDRESS, "
			"or a device in EAL's arguments left of '--'";
	else if (s->devices.count > 0 && eal_source)
		wrong = "--device and EAL's own arguments exclude each other: name the card by -a "
			"left of '--'";
	else if (s->once && s->pcaps.count == 0)
		wrong = "--once needs captures: name them with --pcap FILE";
	else if (s->once && s->interfaces.count > 0)
		wrong = "--once ends with its captures, an --interface never does: leave one out";
	else if (s->once && s->pcap_loop)
		wrong = "--once and --pcap-loop exclude each other";
	else if (s->pcap_loop && s->pcaps.count == 0)
		wrong = "--pcap-loop needs captures: name them with --pcap FILE";
	else if (s->strict && s->pcaps.count == 0)
		wrong = "--strict is about captures: name them with --pcap FILE";
	else if (s->once && s->devices.count > 0)
		wrong = "--once ends with its captures, a --device never does: leave one out";
	else if (s->json && !s->check && s->locate.count == 0)
		wrong = "--json goes with --check and --locate; /api/v1/status is JSON anyway";
	else if (s->pcap_loop && s->interfaces.count == 0 && s->devices.count == 0 && s->lanes > 0)
		wrong = "--lanes is given by the captures of --pcap-loop: one for each --pcap";
	else if ((s->follow || s->speed_text != NULL) && s->pcaps.count == 0)
		wrong = "--follow and --speed are about captures: name them with --pcap FILE";
	else if (s->follow && s->once)
		wrong = "--once ends with its captures, --follow never does: leave one out";
	else if (s->pcap_loop && (s->follow || s->speed_text != NULL))
		wrong = "--pcap-loop has neither an end nor a time: leave out --follow and --speed";
	else if (s->speed_text != NULL && s->pcap_rate > 0)
		wrong = "--speed and --pcap-rate exclude each other";
	else if (s->speed_text != NULL && s->interfaces.count + s->devices.count > 0)
		wrong = "--speed is the time of captures, an --interface or --device has that of "
			"the wall clock: leave one out";
	else if (s->follow && standard_input(&s->pcaps) > 0)
		wrong = "--follow needs a file, a folder or a pattern: standard input ends at its "
			"end";
	else if (standard_input(&s->pcaps) > 1)
		wrong = "--pcap - is named twice, and there is one standard input";
	else if (ethdevs(s) > RTE_MAX_ETHPORTS)
		wrong = "too many sources: DPDK, as it is built here, has room for " RTE_STR(
			RTE_MAX_ETHPORTS) " interfaces, devices and looped captures; "
					  "--interface any takes from all interfaces at once";
	else if (s->interfaces.count > 0 && s->data_room > 0 &&
		 s->data_room < s->ring_frame_size - 32)
		/* a frame of the kernel's ring without its header */
		wrong = "--data-room is too small for an --interface, which needs "
			"--ring-frame-size (2048) less 32";
	else if ((s->ring_frames & (s->ring_frames - 1)) != 0)
		wrong = "--ring-frames is no power of two, such as 16384";
	else if ((s->ring_frame_size & (s->ring_frame_size - 1)) != 0)
		wrong = "--ring-frame-size is no power of two, such as 2048";
	else if ((uint64_t)s->ring_frames * s->ring_frame_size < INTERFACE_RING_LEAST)
		wrong = "--ring-frames times --ring-frame-size is less than 256 KiB, a block of "
			"the ring";
	else if ((uint64_t)s->ring_frames * s->ring_frame_size > INTERFACE_RING_MOST)
		wrong = "--ring-frames times --ring-frame-size is more than 1 GiB";
	else if (s->driver != DRIVER_AF_PACKET && s->interfaces.count == 0)
		wrong = "--driver is about interfaces: name them with --interface NAME";
	else if (!s->once && strcmp(s->report, "auto") != 0)
		wrong = "--report is what --once ends with: add --once";
	else if (s->exclude_self &&
		 (strcmp(s->listen, "off") == 0 || (s->once && strcmp(s->listen, "auto") == 0)))
		wrong = "--exclude-self is about the web server, and there is none";
	else if (s->once && s->open)
		wrong = "--once ends before a browser could ask: leave out --open";
	else if (s->records == NULL &&
		 (s->site != NULL || s->site_group != NULL || s->site_position != NULL))
		wrong = "--site, --site-group and --site-position are what records say: name "
			"their folder with --records DIR";
	else if (s->privacy.no_hosts && s->hosts != NULL)
		wrong = "--no-hosts lets no address leave, and --hosts writes them to a file: "
			"leave one out; --anonymise cuts them";
	else if (s->records != NULL && s->records_size < 1000000)
		wrong = "--records-size is below 1MB";
	if (wrong == NULL)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX, "%s", wrong);
	return -1;
}

const char *
options_value(const struct settings *settings, const struct option_def *option, char *text,
	      size_t size)
{
	const void *at = (const char *)settings + option->offset;
	const struct text_list *list = at;
	const char *value;
	size_t used = 0;

	switch (option->kind) {
	case OPTION_FLAG:
		snprintf(text, size, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case OPTION_TEXT:
		value = *(const char *const *)at;
		snprintf(text, size, "%s", value ? value : "");
		break;
	case OPTION_LIST:
		text[0] = 0;
		for (unsigned int i = 0; i < list->count && used < size; i++)
			used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "",
						 list->items[i]);
		break;
	case OPTION_SECONDS:
		snprintf(text, size, "%.10g", *(const double *)at);
		break;
	case OPTION_NUMBER:
	default:
		if (option->offset == AT(idle_sleep_us) && *(const uint32_t *)at == IDLE_SLEEP_AUTO)
			snprintf(text, size, "auto");
		else
			snprintf(text, size, "%u", *(const uint32_t *)at);
		break;
	}
	return text;
}
