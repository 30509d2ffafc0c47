/* SPDX-License-Identifier: BSD-3-Clause */
/* The options as texts: --help, and the list of the man page. */
#include "options.h"
#include "wrap.h"

#include <stdio.h>

void
options_print_mdoc(void)
{
	const char *section = NULL;

	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		if (options_section(o) != section)
			printf("%s.Ss %s\n.Bl -tag -width Ds\n", section ? ".El\n" : "",
			       options_section(o));
		section = options_section(o);
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

/* What stands around the options. */
struct manual {
	const char *name, *synopsis, *description, *memory, *rest;
};

#define EXIT_STATUS                                                                                \
	"\nEXIT STATUS\n"                                                                          \
	"    0    ended as asked\n"                                                                \
	"    1    something is wrong with the machine or a file; the line says what\n"             \
	"    2    the command line or the configuration file is wrong\n"

static const struct manual sensor = {
	.name = "packet-heatmap - where in the world a network's packets come from and go to",
	.synopsis = "    packet-heatmap --interface NAME [OPTION]...\n"
		    "    packet-heatmap --pcap FILE [--once] [OPTION]...\n"
		    "    packet-heatmap --device ADDRESS [OPTION]...\n"
		    "    packet-heatmap --locate ADDRESS... [--json]\n"
		    "    packet-heatmap top [--token FILE] [URL]\n"
		    "    packet-heatmap --config FILE [--check [--json]] [OPTION]...\n"
		    "    packet-heatmap EAL-ARGUMENT... -- [OPTION]...\n",
	.description = "Counts TCP and UDP packets by host on DPDK lcores, locates the hosts every "
		       "10 seconds in a city database, and serves a world heatmap with a TCP and a "
		       "UDP layer at http://127.0.0.1:8080/. Every packet is accounted for: "
		       "/api/v1/status shows the ledger.",
	.memory = "A lane has two tables of --hosts-per-lane hosts; the start log says how much "
		  "that is. In ordinary memory only what is used becomes resident, huge pages are "
		  "taken in full.",
	.rest = "\nSIGNALS\n"
		"    SIGINT, SIGTERM   count and write the last period, then end; the second one\n"
		"                      ends at once\n"
		"    SIGHUP            open the databases anew\n"
		"    SIGUSR1, SIGUSR2  ignored\n" EXIT_STATUS
		"    130  interrupted before the end of --once, or before anything was counted:\n"
		"         no file was written\n"
		"\nEXAMPLES\n"
		"    packet-heatmap --interface eth0 --html ip_heatmap.html --open\n"
		"    packet-heatmap --pcap day.pcap --once --hosts hosts.csv --html day.html\n"
		"    packet-heatmap -l 0-3 -a 0000:01:00.0 -- --name dc-west\n",
};

static const struct manual wall = {
	.name = "packet-heatmap-collector - the sensors of many sites on one map",
	.synopsis = "    packet-heatmap-collector --brokers HOST:PORT [OPTION]...\n"
		    "    packet-heatmap-collector --collect-dir DIR [OPTION]...\n"
		    "    packet-heatmap-collector --config FILE [OPTION]...\n",
	.description = "Takes the records of sensors (packet-heatmap --records) from Apache Kafka, "
		       "or from a folder, adds them up, each once, and serves the map of all of "
		       "them at http://127.0.0.1:8080/. With --history it goes on after a crash as "
		       "if nothing had been; without, all begins with its start.",
	.memory = "The rows of a period, and since the start, of each sensor: 72 octets a place.",
	.rest = "\nSIGNALS\n"
		"    SIGINT, SIGTERM   end; what is not drawn yet is read again at the next start\n"
		"    SIGHUP            open the file of --output anew\n" EXIT_STATUS "\nEXAMPLES\n"
		"    packet-heatmap-collector --brokers kafka1:9092 --history /var/lib/wall\n"
		"    packet-heatmap-collector --collect-dir /srv/records\n",
};

void
options_help(const char *version)
{
	const struct manual *m = options_program() == PROGRAM_WALL ? &wall : &sensor;
	const char *section = NULL;

	printf("NAME\n");
	print_wrapped("    ", m->name);
	printf("\nSYNOPSIS\n%s\nDESCRIPTION\n", m->synopsis);
	print_wrapped("    ", m->description);
	printf("\nOPTIONS\n");
	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		char help[640];

		if (options_section(o) != section)
			printf("%s  %s\n", section ? "\n" : "", options_section(o));
		section = options_section(o);
		printf("    --%s%s%s\n", o->name, o->value ? " " : "", o->value ? o->value : "");
		if (o->default_value == NULL)
			snprintf(help, sizeof(help), "%s", o->help);
		else if (o->unit != NULL)
			snprintf(help, sizeof(help), "%s (%.10g to %.10g %s; default %s)", o->help,
				 o->min, o->max, o->unit, o->default_value);
		else
			snprintf(help, sizeof(help), "%s (default %s)", o->help, o->default_value);
		print_wrapped("        ", help);
	}
	printf("\nMEMORY\n");
	print_wrapped("    ", m->memory);
	printf("%s\nVERSION\n    %s\n", m->rest, version);
}
