/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "cpu_list.h"
#include "http.h"
#include "parse.h"
#include "pci_address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct settings, field)

const struct option_def *
options_find(const char *name)
{
	for (size_t i = 0; i < option_count; i++) {
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	}
	return NULL;
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

/* Texts that stand for something else: checked where they are set, so that the line is named. */
static int
translate(struct settings *s, const struct option_def *option, const char *value, const char *where,
	  char error[OPTIONS_ERROR_MAX])
{
	cpu_set_t cpus;

	if (option->offset == AT(window_name)) {
		s->window = window_parse(value);
		if (s->window == WINDOWS) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no window; it is one of now, 1m, 5m, 1h, 24h, "
				 "start",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(decap_text)) {
		if (parse_decap_option(value, &s->decap) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is neither none, all, nor a list of gre, erspan, "
				 "ipip, "
				 "vxlan, vxlan-gpe, geneve, gtpu, teredo, l2tp",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(print) && strcmp(value, "config") != 0 &&
		   strcmp(value, "man") != 0) {
		snprintf(error, OPTIONS_ERROR_MAX, "%s: '%.60s' is neither config nor man", where,
			 value);
		return -1;
	} else if (option->offset == AT(listen)) {
		char address[64];
		uint16_t port;

		if (strcmp(value, "auto") != 0 && strcmp(value, "off") != 0 &&
		    http_parse_listen(value, address, &port) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is not an IPv4 ADDRESS:PORT, such as 127.0.0.1:8080 "
				 "(ports 1 to 65535), nor auto, nor off",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(cpus) && cpu_list_parse(value, &cpus) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no list of CPUs, such as 0,2-5 (0 to 1023)", where, value);
		return -1;
	} else if (option->offset == AT(frame_ancestors)) {
		/* it becomes part of a header */
		if (strpbrk(value, ";,\r\n") != NULL || strlen(value) > 200) {
			snprintf(
				error, OPTIONS_ERROR_MAX,
				"%s: a list of sources such as 'self' or https://wall.example.net, "
				"at most 200 characters, without ';' and ','",
				where);
			return -1;
		}
	}
	return 0;
}

int
options_set(struct settings *settings, const struct option_def *option, const char *value,
	    const char *where, char error[OPTIONS_ERROR_MAX])
{
	struct text_list *list = field(settings, option);
	char address[PCI_ADDRESS_MAX];
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
		return translate(settings, option, value, where, error);
	case OPTION_LIST:
		if (list->count == LIST_MAX) {
			snprintf(error, OPTIONS_ERROR_MAX, "%s: given more than %d times", where,
				 LIST_MAX);
			return -1;
		}
		if (option->offset == AT(devices) && strcmp(value, "auto") != 0 &&
		    pci_address_parse(value, address) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is neither a PCI address, such as 0000:03:00.0, nor "
				 "auto",
				 where, value);
			return -1;
		}
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

int
options_parse(struct settings *settings, char **args, int count, char error[OPTIONS_ERROR_MAX])
{
	bool seen[OPTIONS_MAX] = {false};

	for (int i = 0; i < count; i++) {
		char name[64], where[80];
		const char *arg = args[i];

		if (strcmp(arg, "-h") == 0)
			arg = "--help";
		if (strcmp(arg, "-V") == 0)
			arg = "--version";
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
		}
		if (option->kind == OPTION_LIST && !seen[option - options])
			((struct text_list *)field(settings, option))->count = 0;
		seen[option - options] = true;
		if (options_set(settings, option, value, where, error) != 0)
			return -1;
	}
	return 0;
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
	else if (s->json && !s->check)
		wrong = "--json goes with --check; /api/v1/status is JSON anyway";
	else if (s->pcaps.count > 0 && s->interfaces.count == 0 && s->devices.count == 0 &&
		 s->lanes > 0)
		wrong = "--lanes is given by the captures: one for each --pcap";
	else if (s->interfaces.count > 0 && s->data_room > 0 && s->data_room < 2016)
		/* a frame of the kernel's ring (2,048 octets) without its header */
		wrong = "--data-room is too small for an --interface, which needs 2016 at least";
	else if (s->once && s->open)
		wrong = "--once ends before a browser could ask: leave out --open";
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
