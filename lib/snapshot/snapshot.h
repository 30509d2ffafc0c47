/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One immutable picture of a period, and its texts.
 *
 *     manager                          HTTP threads
 *     -------                          ------------
 *     snapshot_create (all windows)
 *     snapshot_publish ───────────────▶ snapshot_current  (+1 reference)
 *         the last one -1                snapshot_text    made once, at first demand, then kept
 *                                        snapshot_release (-1; the last one frees)
 *
 * After snapshot_create nothing in it changes but the texts, which a mutex guards; so a request
 * never waits for the manager, nor the manager for a request. The host list of everything since
 * the start belongs to the snapshot: the next merge reads it and writes a new one.
 */
#pragma once

#include "heat.h"
#include "ledger.h"
#include "locate.h"
#include "merge.h"
#include "period.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_HISTORY 90
#define SNAPSHOT_TALKERS 12
#define SNAPSHOT_NAMES   2000 /* points whose names are sent along */

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

/* What the manager knows beside the counts. Strings are borrowed for the call only. */
struct snapshot_facts {
	const char *version, *ui_build, *name;
	const char *const *sources;
	size_t source_count;
	int64_t started_ms, generated_ms, now_ms; /* UTC, ms since 1970 */
	uint64_t period;                          /* 1.. */
	double period_s, interval_s;              /* what it took, what it should take */
	double uptime_s;                          /* monotonic */
	bool over;                                /* the captures have ended */
	bool huge_pages;
	enum link_state link; /* of all ports together: down if one is */
	uint64_t period_frames, period_octets, period_lost;
	uint64_t received, lost; /* since the start; received is counted apart from the ledger */
	struct ledger ledger;    /* since the start */
	struct ledger period_ledger;
	bool balanced;                /* of this period and since the start */
	uint64_t late, skipped_lanes; /* periods that ran late; swaps that did not come in time */
	uint64_t unlisted; /* addresses counted since the start for hosts beyond hosts_limit */
	uint64_t hosts_limit, hosts_per_lane;
	uint64_t memory_kb;         /* resident */
	uint64_t windows_memory_kb; /* allocated by lib/heat */
	uint64_t output_errors;     /* files that could not be written */
	double step_ms[STEPS];
	const double *history; /* packets/s, oldest first */
	size_t history_count;
	const struct period_lane *lanes;
	size_t lane_count;
	const struct period_port *ports;
	size_t port_count;
	const char *settings_json; /* an object: the effective configuration; or NULL */
	const char *security_json; /* an object: user, capabilities, seccomp; or NULL */
};

enum text_kind {
	TEXT_HEAT,   /* JSON, by window */
	TEXT_HTML,   /* one file, by window */
	TEXT_STATUS, /* JSON */
	TEXT_KINDS,
};

struct text {
	char *plain;
	size_t length;
	unsigned char *gzip; /* NULL where gzip failed: then plain it is */
	size_t gzip_length;
	char etag[64]; /* without quotes and without the suffix of an encoding */
};

struct snapshot;

/* The page that the heat is poured into: `before`, the JSON, `after`. Static data of lib/page. */
struct snapshot_template {
	const char *html;
	size_t length; /* holds @@IPHEAT_DATA@@ once */
};

/*
 * [manager] Takes over `hosts` (sorted, located; also on failure). `period_hosts` is only read: the
 * talkers of the last period. NULL with errno ENOMEM.
 */
struct snapshot *snapshot_create(const struct snapshot_facts *facts, const struct heat *heat,
				 const struct locate *locate, struct host_list *hosts,
				 const struct host_list *period_hosts, enum window window,
				 const struct snapshot_template *html);

/* [manager] Makes it the current one. Takes over the caller's reference. */
void snapshot_publish(struct snapshot *snapshot);
/* [any thread] The current one with a reference for the caller, or NULL before the first. */
struct snapshot *snapshot_current(void);
/* [any thread] NULL is fine. */
void snapshot_release(struct snapshot *snapshot);

/* [any thread] Everything since the start; lives as long as the snapshot. */
const struct host_list *snapshot_hosts(const struct snapshot *snapshot);
/* The window that is shown where none is asked for. */
enum window snapshot_window(const struct snapshot *snapshot);
size_t snapshot_points(const struct snapshot *snapshot, enum window window);
uint64_t snapshot_period(const struct snapshot *snapshot);
int64_t snapshot_started(const struct snapshot *snapshot); /* ms since 1970 */

/* [any thread] Made at the first call, kept until the snapshot goes. NULL with errno ENOMEM. */
const struct text *snapshot_text(struct snapshot *snapshot, enum text_kind kind,
				 enum window window);

/* [any thread] The answer for /api/v1/place/ID: 0 and malloc'ed JSON in *json, or -ENOENT,
 * -ENOMEM. */
int snapshot_place(struct snapshot *snapshot, uint32_t place, enum window window, char **json);

/* [any thread] Writes the host table as CSV (see lib/snapshot/README.md). 0 or -errno. */
int snapshot_write_hosts(const struct snapshot *snapshot, int fd);
