/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One immutable picture of a moment: places over all windows, hosts since the start, facts.
 *
 *     map's thread                     any thread
 *     ------------                     ----------
 *     picture_create (all windows)
 *     picture_publish ───────────────▶ picture_current   (+1 reference)
 *         the last one -1                accessors
 *                                        picture_release   (-1; the last one frees)
 *
 * Nothing that an accessor returns changes while a reference is held. Two things are put in order
 * at first demand only, because most windows are never asked for: the points of a window are
 * sorted, and the hosts grouped by place. Each has a lock of its own, held for that and nothing
 * else. The host list of everything since the start belongs to the picture: the next period reads
 * it and writes a new one.
 *
 * No EAL; the only global is the current picture.
 */
#pragma once

#include "asn.h"
#include "consumer.h"
#include "folder.h"
#include "heat.h"
#include "history.h"
#include "ledger.h"
#include "locate.h"
#include "merge.h"
#include "period.h"
#include "privacy.h"
#include "request_stats.h"
#include "top.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURE_HISTORY 90

/* The page that the data is poured into. */
struct picture_page {
	const char *html;
	size_t length; /* holds @@IPHEAT_DATA@@ once */
};

/* The steps of a merge, in order. The last two are those of the period before: a text cannot tell
 * how long it took itself. */
enum merge_step {
	STEP_SWAP,  /* asking the lanes and waiting for them */
	STEP_DRAIN, /* their tables into one list, and cleared */
	STEP_SORT,
	STEP_LOCATE, /* and adding to the heat */
	STEP_HEAT,   /* windows */
	STEP_TOTAL,  /* merging into the hosts since the start */
	STEP_PICTURE,
	STEP_ENCODE, /* and compressing the texts */
	STEP_FILES,
	STEPS,
};

/* A histogram since the start, in seconds: bounds are FACTS_BOUNDS. */
#define FACTS_BUCKETS 10
extern const double facts_bounds[FACTS_BUCKETS];
struct facts_histogram {
	uint64_t count, buckets[FACTS_BUCKETS]; /* each on its own, not added up */
	double sum;
};
void facts_histogram_add(struct facts_histogram *histogram, double seconds);

/* What /proc/self says. */
struct facts_process {
	uint64_t resident_kb, virtual_kb; /* in 1,000 octets */
	double cpu_s;                     /* user and system time of all threads */
	uint64_t threads, open_fds, max_fds;
};

/* What the map has added up since the start. */
struct picture_sums {
	int64_t started_ms;      /* UTC, ms since 1970 */
	uint64_t received, lost; /* received is counted apart from the ledger */
	struct ledger ledger;
	uint64_t unlisted; /* addresses that are in no row of the host list */
	struct facts_histogram management, lateness; /* work of a period; beyond its length */
	double history[PICTURE_HISTORY];             /* packets/s, oldest first */
	size_t history_count;
	double step_ms[STEPS]; /* of the last period */
};

/* One more period's packets/s at the end; the oldest goes. */
void sums_remember_rate(struct picture_sums *sums, double pps);

struct fleet_report; /* lib/fleet */

/*
 * What the manager knows beside the counts. What it points at is borrowed for the call of
 * picture_create only, which copies it; but for `html`, static data of lib/page. A number that
 * comes with each period stands in `record`, one that the map adds up in `sums`: both are handed on
 * whole, so that only who counts it and who shows it know of it.
 */
struct picture_facts {
	struct period_head record; /* of the last period; its ledger has the geo results */
	struct picture_sums sums;
	const char *version, *ui_build;
	const struct picture_page *html; /* the page that goes with the data */
	const char *const *sources;
	size_t source_count;
	int64_t now_ms;    /* UTC, ms since 1970 */
	double interval_s; /* when to look again, by the wall clock */
	double uptime_s;   /* monotonic */
	bool huge_pages;
	bool balanced; /* the ledgers of this period and since the start */
	uint64_t hosts_limit, hosts_per_lane;
	struct privacy privacy; /* which the hosts follow: those of `hosts` are cut already */
	struct facts_process process;
	const struct request_stats *requests;   /* lives as long as the process; or NULL */
	uint32_t metrics_places;                /* that /metrics names, by packets */
	uint64_t windows_memory_kb;             /* allocated by lib/heat */
	uint64_t output_errors;                 /* files that could not be written */
	const struct consumer_stats *consumers; /* of the period records; names are static */
	size_t consumer_count;
	uint64_t reloads, reload_failures; /* of the databases, since the start */
	bool databases_refused;            /* what lies there now was: what is in use is older */
	unsigned int databases_renewed; /* bit i: there is another file at the path of the i-th */
	const char *history_folder;     /* NULL: nothing is kept */
	struct history_status store;    /* of that history */
	const char *records_folder;     /* NULL: no records are written */
	struct record_status records;   /* of those in it */
	struct fleet_report *fleet; /* the sensors; the picture takes a reference. NULL: of one */
	const char *settings_json;  /* an object: the effective configuration; or NULL */
	const char *security_json;  /* an object: user, capabilities, seccomp; or NULL */
};

/* Whose addresses are shown: all, or those that are not on our own side (struct place, own). */
enum side {
	SIDE_ALL,
	SIDE_REMOTE,
	SIDES,
};
extern const char *const side_names[SIDES]; /* "all", "remote" */
enum side side_parse(const char *name);     /* or SIDES */

/* What of a picture is looked at. */
struct view {
	enum window window;
	enum side side;
};

static inline struct view
all_of(enum window window)
{
	return (struct view){window, SIDE_ALL};
}

struct picture;

/*
 * [map] Takes over `hosts` (sorted, located; also on failure). `period_hosts` is only read: the
 * talkers of the last period. NULL with errno ENOMEM.
 */
struct picture *picture_create(const struct picture_facts *facts, const struct heat *heat,
			       const struct locate *locate, struct host_list *hosts,
			       const struct host_list *period_hosts, struct view view);

/* [map] Makes it the current one. Takes over the caller's reference; NULL: none any more. */
void picture_publish(struct picture *picture);
/* [any thread] The current one with a reference for the caller, or NULL before the first. */
struct picture *picture_current(void);
/* [any thread] NULL is fine. */
void picture_release(struct picture *picture);

/* From here on: [any thread] that holds a reference. What is returned lives as long as that. */

const struct picture_facts *picture_facts(const struct picture *picture);
/* The databases that the places come from, then those of networks; and what locate_errors said. */
size_t picture_databases(const struct picture *picture, const struct locate_database **databases);
uint64_t picture_database_errors(const struct picture *picture);
/* The same databases, open; a caller that keeps them takes a reference of its own. */
struct locate_databases *picture_opened(const struct picture *picture);

/* Everything since the start. */
const struct host_list *picture_hosts(const struct picture *picture);
/* NULL for a host without a place, and for a number that there is not (yet). */
const struct place *picture_place(const struct picture *picture, uint32_t number);

/* What is shown where nothing else is asked for. */
struct view picture_default_view(const struct picture *picture);

/* a place with counts in some window */
struct point {
	const struct place *place;
	struct counts counts;
};

struct picture_window {
	const struct point *points; /* by packets, descending, then by number of the place */
	size_t count;
	struct ledger ledger;
	double seconds; /* that the counts cover */
	enum side side;
	const struct point *networks; /* in no order, of all sides; see picture_networks */
	size_t network_count;
};

/* The number of points, without sorting them. */
size_t picture_points(const struct picture *picture, enum window window);
/* Sorts the points at the first call, and picks those of a side. 0 or -ENOMEM. The ledger and the
 * seconds are those of all. */
int picture_get_window(struct picture *picture, struct view view, struct picture_window *out);

struct country {
	char code[3]; /* empty for places without one */
	struct counts counts;
};

/* All countries with packets, by packets, descending, then by code. 0 or -ENOMEM; the caller frees
 * *countries. */
int picture_countries(const struct picture_window *window, struct country **countries,
		      size_t *count);
/* The busiest places that are cities, or those that are sites, as rows of the window's points. */
size_t picture_cities(const struct picture_window *window, bool sites,
		      struct top_row rows[TOP_MAX]);
/* The busiest networks of the window's side, as rows of its `networks`. */
size_t picture_networks(const struct picture_window *window, struct top_row rows[TOP_MAX]);
/* The busiest hosts: of the last period, or for WINDOW_START of everything since the start. None
 * with privacy.no_hosts. */
size_t picture_talkers(const struct picture *picture, struct view view,
		       const struct host_row **hosts);
/* The busiest hosts of a place since the start, as rows of picture_hosts; *hosts: how many it has.
 * Groups the hosts by place at the first call. With privacy.no_hosts no rows. 0, -ENOENT or
 * -ENOMEM. */
int picture_place_talkers(struct picture *picture, uint32_t place, struct top_row rows[TOP_MAX],
			  size_t *count, size_t *hosts);

/* Whose network an address is in, as it is told (privacy.cut): 0, none, where nobody says, and
 * where what is told of it is in several. */
struct asn picture_asn(const struct picture *picture, const struct host_addr *addr,
		       uint32_t family);

struct picture_share {
	struct asn asn;
	struct counts counts;
};

/* The busiest networks of a place since the start, by packets: at most PICTURE_SHARES, malloc'ed;
 * goes through its hosts. 0, -ENOENT or -ENOMEM. */
#define PICTURE_SHARES 6
int picture_place_networks(struct picture *picture, uint32_t place, struct picture_share **shares,
			   size_t *count);

/*
 * One thing that somebody to the right keeps with a picture, for as long as it lives (lib/text:
 * what it has encoded). The first call makes it, all others get the same. NULL with errno ENOMEM.
 */
void *picture_attachment(struct picture *picture, void *(*create)(void), void (*destroy)(void *));
