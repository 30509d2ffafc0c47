/* SPDX-License-Identifier: BSD-3-Clause */
#include "export_command.h"

#include "assets.h"
#include "clock.h"
#include "fail.h"
#include "file.h"
#include "geo.h"
#include "json.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* of a timeline, where --step is not given */
#define STEPS_MOST 300

static const struct format {
	const char *name;
	enum text_kind kind;
	bool series;
} formats[] = {
	{"csv", TEXT_CSV, false},
	{"geojson", TEXT_GEOJSON, false},
	{"countries", TEXT_COUNTRIES, false},
	{"json", TEXT_HEAT, false},
	{"html", TEXT_HTML, false},
	{"series", TEXT_CSV, true},
};
#define FORMATS "csv, geojson, countries, json, html, series"

struct job {
	const struct settings *settings;
	const struct format *format;
	struct history *history;
	int64_t kept_from, kept_to, from, to; /* ms since 1970 */
	int64_t step;                         /* ms; 0: none is asked for */
	struct picture *picture;
};

static int
say(const char *text)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	return EXIT_FAILURE;
}

bool
export_is_asked(const struct settings *s)
{
	return s->export_format != NULL || s->export_from != NULL || s->export_to != NULL ||
	       s->export_step != NULL;
}

static const struct format *
format_of(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

static int
refuse(const char *option, const char *value, const char *why)
{
	char line[256];

	snprintf(line, sizeof(line), "%s: '%.60s' is %s", option, value, why);
	return fail_usage(line);
}

/* What the command line says, before anything is opened. */
static int
read_words(struct job *e)
{
	static const char no_time[] = "no time, such as 2026-11-27T01:00:00Z, 2026-11-27 or -24h";
	const struct settings *s = e->settings;
	const int64_t now = utc_ms();

	if (s->export_format == NULL)
		return fail_usage("--from, --to and --step say of which time --export is");
	e->format = format_of(s->export_format);
	if (e->format == NULL)
		return refuse("--export", s->export_format, "none of " FORMATS);
	if (s->export_from != NULL && history_parse_time(s->export_from, now, &e->from) != 0)
		return refuse("--from", s->export_from, no_time);
	if (s->export_to != NULL && history_parse_time(s->export_to, now, &e->to) != 0)
		return refuse("--to", s->export_to, no_time);
	if (s->export_step != NULL && history_parse_length(s->export_step, &e->step) != 0)
		return refuse("--step", s->export_step,
			      "no length, such as 60 (seconds), 5m, 1h or 1d");
	if (s->history == NULL)
		return fail_usage("--export: of which history? Name its folder with --history DIR");
	return EXIT_SUCCESS;
}

/* All that is kept, unless times are given. */
static int
find_times(struct job *e)
{
	const struct settings *s = e->settings;

	if (history_bounds(e->history, &e->kept_from, &e->kept_to) != 0)
		return say("the history cannot be read");
	if (s->export_from == NULL)
		e->from = e->kept_from;
	if (s->export_to == NULL)
		e->to = e->kept_to > e->from ? e->kept_to : utc_ms();
	if (e->from < e->to)
		return EXIT_SUCCESS;
	return fail_usage("--from is not before --to");
}

/* As on the page: about 200 steps. */
static int64_t
step_of(const struct job *e)
{
	static const int64_t steps[] = {60000, 300000, 3600000};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && e->step == 0; i++) {
		if ((e->to - e->from) / steps[i] <= STEPS_MOST)
			return steps[i];
	}
	return e->step != 0 ? e->step : 86400000;
}

/* Whose the texts are, for those that say so. Databases are named where the defaults are found. */
static struct picture *
make_picture(const struct job *e, const char *version)
{
	static struct geo_paths paths;
	char error[LOCATE_ERROR_MAX], host[PERIOD_NAME_MAX] = "sensor";
	const struct host_list none = {0};
	struct host_list hosts = {0};
	struct picture_facts facts = {
		.version = version,
		.ui_build = page_build,
		.html = &page_template,
		.sources = &e->settings->history,
		.source_count = 1,
		.now_ms = utc_ms(),
		.interval_s = e->settings->period_s,
		.store = {.oldest_ms = e->kept_from, .stored_until_ms = e->kept_to},
	};
	struct locate_databases *databases =
		geo_find(e->settings, &paths, error) == 0
			? locate_databases_open(paths.list, paths.count, NULL, error)
			: NULL;
	struct locate *locate = locate_create_from(databases);
	struct heat *heat = heat_create();
	struct picture *picture = NULL;

	gethostname(host, sizeof(host) - 1);
	snprintf(facts.record.sensor, sizeof(facts.record.sensor), "%s",
		 e->settings->name != NULL ? e->settings->name : host);
	if (locate != NULL && heat != NULL)
		picture = picture_create(&facts, heat, locate, &hosts, &none, e->settings->view);
	heat_destroy(heat);
	locate_destroy(locate);
	return picture;
}

/* The ends lie where rows begin and end: said where that is not where they were asked to be. */
static void
tell_range(const struct job *e, const struct history_range *range)
{
	char from[32], to[32], line[160];

	if (range->periods == 0) {
		say("nothing is kept of that time");
		return;
	}
	if (range->from_ms >= e->from && range->to_ms <= e->to)
		return;
	time_text(range->from_ms, from);
	time_text(range->to_ms, to);
	snprintf(line, sizeof(line),
		 "from %s to %s: of that time no finer sums than of %s are kept", from, to,
		 history_tier_names[range->resolution]);
	say(line);
}

/* 0 with *text, or an error with its line. */
static int
make_text(struct job *e, enum text_kind kind, struct text **text, char error[HISTORY_ERROR_MAX])
{
	const bool page = text_format(kind)->is_page;
	struct history_series timeline = {0};
	struct history_range range = {0};

	int ret = history_range(e->history, e->from, e->to, &range, error);
	if (ret == 0)
		tell_range(e, &range);
	if (ret == 0 && page)
		ret = history_series(e->history, e->from, e->to, step_of(e), NULL, &timeline,
				     error);
	if (ret == 0)
		ret = text_range(e->picture, &range, page ? &timeline : NULL, kind,
				 e->settings->view.side, text);
	history_series_free(&timeline);
	history_range_free(&range);
	return ret;
}

static int
make_series(struct job *e, struct text **text, char error[HISTORY_ERROR_MAX])
{
	struct history_series series = {0};

	int ret = history_series(e->history, e->from, e->to, step_of(e), NULL, &series, error);
	if (ret == 0)
		ret = text_series(e->picture, &series, NULL, true, text);
	history_series_free(&series);
	return ret;
}

static int
write_text(struct job *e)
{
	char error[HISTORY_ERROR_MAX] = "out of memory";
	struct text *text = NULL;

	int ret = e->format->series ? make_series(e, &text, error)
				    : make_text(e, e->format->kind, &text, error);
	if (ret != 0)
		return ret == -EINVAL ? fail_usage(error) : say(error);
	ret = file_write(STDOUT_FILENO, text->plain, text->length);
	text_free(text);
	if (ret == 0)
		return EXIT_SUCCESS;
	snprintf(error, sizeof(error), "standard output cannot be written: %s", strerror(-ret));
	return say(error);
}

int
export_command(const struct settings *s, const char *version)
{
	struct job e = {.settings = s};
	char error[HISTORY_ERROR_MAX];

	int ret = read_words(&e);

	if (ret != EXIT_SUCCESS)
		return ret;
	e.history = history_read(s->history, s->privacy, error);
	if (e.history == NULL)
		return say(error);
	ret = find_times(&e);
	if (ret == EXIT_SUCCESS) {
		e.picture = make_picture(&e, version);
		ret = e.picture != NULL ? write_text(&e) : say("out of memory");
	}
	picture_release(e.picture);
	history_close(e.history, 0);
	return ret;
}
