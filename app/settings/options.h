/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every setting exists once, in the table of option_table.c: its name, unit, range, default and
 * help. Flags, --help, the configuration file, validation and the log of what is in force come from
 * it.
 *
 * Pure: no EAL, no file is opened; all strings are borrowed from argv or from the caller.
 */
#pragma once

#include "heat.h"
#include "history.h"
#include "picture.h"
#include "privacy.h"
#include "report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCES_ERROR_MAX 4400 /* a line about an interface or a device */
#define LIST_MAX          64
#define OPTIONS_MAX       128
/* octets of an interface's ring: a block, and what one mapping may be without doubt */
#define INTERFACE_RING_LEAST (256u << 10)
#define INTERFACE_RING_MOST  (1u << 30)

#define IDLE_SLEEP_AUTO      UINT32_MAX

struct text_list {
	const char *items[LIST_MAX];
	unsigned int count;
};

enum interface_driver {
	DRIVER_AF_PACKET,
	DRIVER_AF_XDP,
	DRIVER_AUTO, /* AF_XDP where it can be and deprives nobody */
};

struct settings {
	/* where packets come from */
	struct text_list interfaces, pcaps, devices;
	bool pcap_loop, once, strict, follow;
	const char *speed_text;
	const char *filter;
	bool exclude_self, overlap;
	double speed; /* of speed_text: packet time by wall time; 0: as fast as it goes */
	const char *driver_text;
	enum interface_driver driver;          /* of driver_text */
	uint32_t ring_frames, ring_frame_size; /* of a packet socket, for each queue */
	/* of each interface, see drivers.h; 0 queues: nobody has chosen yet, --lanes says */
	bool interface_xdp[LIST_MAX];
	uint16_t interface_queues[LIST_MAX];
	uint32_t pcap_rate; /* packets/s of each lane; 0: as fast as they can be read */

	/* where addresses are */
	struct text_list geo_dbs, geo_dirs, asn_dbs, own_texts;

	/* where records of sensors come from; of the wall of a fleet alone */
	const char *brokers, *topic, *kafka_conf, *collect_dir, *too_late_text, *share_text;
	uint32_t share, shares; /* of share_text: 0 of 1 is all */
	double silent_s;
	int64_t too_late_ms; /* of too_late_text */
	uint32_t sensors_most;

	/* counting */
	double period_s;
	const char *window_name, *side_name;
	struct view view; /* of those two */
	uint32_t lanes, hosts_per_lane, hosts_total, burst;
	const char *decap_text;
	uint32_t decap; /* of decap_text */
	uint32_t idle_sleep_us;

	/* the port */
	uint32_t rx_descriptors, mbufs, data_room, mtu;
	bool no_promiscuous;

	/* what comes out */
	const char *listen;
	const char *html, *hosts, *status;
	const char *sites; /* a file of sites.h */
	const char *anonymise;
	struct privacy privacy; /* of that, and no_hosts */
	bool open, quiet;
	const char *output; /* FORMAT FILE */
	const char *output_path;
	enum row_format output_format; /* both of `output` */
	const char *rows, *report;
	const char *history, *history_size_text, *history_keep_text;
	uint64_t history_size;                  /* octets, of history_size_text */
	int64_t history_keep_ms[HISTORY_TIERS]; /* of history_keep_text */
	const char *unusual_text;
	double unusual_pps; /* of unusual_text; 0: off */
	const char *records, *records_size_text, *records_keep_text;
	uint64_t records_size;   /* octets, of records_size_text */
	int64_t records_keep_ms; /* of records_keep_text */
	const char *site, *site_group, *site_position;
	bool has_site_position;
	double site_latitude, site_longitude; /* of site_position */
	const char *name, *frame_ancestors;
	struct text_list cors_origins, http_hosts;
	const char *users, *proxy_user;
	struct text_list proxies;
	bool no_auth;
	uint32_t metrics_top_places, history_hosts;

	/* the process */
	const char *file_prefix, *cpus, *user, *telemetry, *log_format;
	bool no_huge, no_seccomp;

	/* commands: of the command line only, not settings */
	const char *config, *print;
	const char *add_user, *add_token, *role_text;
	struct text_list locate;
	const char *export_format, *export_from, *export_to, *export_step;
	bool check, json, help, version;
};

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_NUMBER,
	OPTION_SECONDS, /* a decimal */
};

struct option_def {
	const char *section; /* NULL: as the one before in the table */
	const char *name;    /* without "--" */
	const char *value;   /* how --help calls the value; NULL for a flag */
	enum option_kind kind;
	size_t offset; /* in struct settings */
	double min, max;
	const char *unit;          /* NULL: none */
	const char *default_value; /* as it would be typed; NULL: none */
	const char *help;
	unsigned int programs; /* enum program, as bits; 0: the sensor's */
};

/* Which programs have an option. */
enum program {
	PROGRAM_SENSOR = 1, /* packet-heatmap */
	PROGRAM_WALL = 2,   /* packet-heatmap-collector */
};

extern const struct option_def options[];
extern const size_t option_count;

/* [main] Whose options are known from now on. Before that: the sensor's. */
void options_of(enum program program);
enum program options_program(void);
/* Those of the program, in the order of the table: the one behind `before`, NULL for the first.
 * NULL: there is none. */
const struct option_def *options_next(const struct option_def *before);
/* The section that it is in. */
const char *options_section(const struct option_def *option);

#define OPTIONS_ERROR_MAX 512

void options_defaults(struct settings *settings);

/*
 * Sets one option from its text, as `--name value` or a line of a file would; a flag is "yes" or
 * "no". `where` opens the error line ("--period", "packet-heatmap.conf:12"). 0, or -1 with the line
 * in `error`.
 */
int options_set(struct settings *settings, const struct option_def *option, const char *value,
		const char *where, char error[OPTIONS_ERROR_MAX]);
const struct option_def *options_find(const char *name);

/* What else a text sets, or that it cannot be one: called by options_set for each text that is set.
 * 0, or -1 with the line. */
int options_translate(struct settings *settings, const struct option_def *option, const char *value,
		      const char *where, char error[OPTIONS_ERROR_MAX]);

/*
 * Splits argv at the first "--": EAL's arguments stand left of it, ours right; without one, all are
 * ours. *eal_argc: how many of argv[1..] are EAL's (0 without "--").
 */
void options_split(int argc, char **argv, int *eal_argc, char ***ours, int *our_count);

/*
 * Reads our arguments over what *settings hold: the defaults, or a configuration file over them. A
 * list that is given here replaces one that was there. 0, or -1 with the line in `error`.
 */
int options_parse(struct settings *settings, char **args, int count, char error[OPTIONS_ERROR_MAX]);

/* What no single option can say: combinations. `eal_source`: EAL's own arguments are given. */
int options_check(const struct settings *settings, bool eal_source, char error[OPTIONS_ERROR_MAX]);

/* The value in force as text, into `text`. Returns `text`. */
const char *options_value(const struct settings *settings, const struct option_def *option,
			  char *text, size_t size);

/* Prints the options as items of an mdoc(7) list, for the man page. */
void options_print_mdoc(void);

/* Prints the manual to stdout. */
void options_help(const char *version);
