/* SPDX-License-Identifier: BSD-3-Clause */
#include "outputs.h"

#include "clock.h"
#include "file.h"
#include "log.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int
write_csv(int fd, void *picture)
{
	return text_write_hosts(picture, fd);
}

/* A full disk must not end the appliance: each failure is said, counted, and tried again. */
static void
output_result(struct outputs *o, const char *path, int error)
{
	if (error == 0)
		return;
	atomic_fetch_add(&o->errors, 1);
	log_event(LOG_ERR, LOG_ID_OUTPUT_FAILED, "cannot write %s: %s", path, strerror(-error));
}

static void
write_text(struct outputs *o, struct picture *s, const char *path, enum text_kind kind)
{
	if (path == NULL)
		return;
	const struct text *text = text_get(s, kind, o->settings->window);
	output_result(o, path, text ? file_replace_text(path, text->plain, text->length) : -ENOMEM);
}

/* The picture of this record, or of a later one: then the files are the newer for it. */
static void
files_take(void *context, struct period *period)
{
	struct outputs *o = context;
	struct picture *s = picture_current();
	uint64_t start = monotonic_ns();

	if (s == NULL)
		return;
	/* of captures that are read to their end, the whole is what is wanted */
	if (o->settings->once && !period->over) {
		picture_release(s);
		return;
	}
	write_text(o, s, o->settings->html, TEXT_HTML);
	if (o->settings->hosts != NULL)
		output_result(o, o->settings->hosts,
			      file_replace(o->settings->hosts, write_csv, s));
	/* last: the next one tells how the others went */
	write_text(o, s, o->settings->status, TEXT_STATUS);
	picture_release(s);
	atomic_store(&o->last_ms, (double)(monotonic_ns() - start) / 1e6);
}

/* One waits while one is written: whoever is slower than the periods gets the newest. */
const struct consumer_ops files_consumer_ops = {.name = "files", .capacity = 2, .take = files_take};

/* 1234567 -> "1.23 M" */
static const char *
short_number(double value, char text[16])
{
	static const char *const units[] = {" ", " k", " M", " G", " T"};
	size_t unit = 0;

	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	snprintf(text, 16,
		 unit == 0       ? "%.0f%s"
		 : value < 9.995 ? "%.2f%s"
		 : value < 99.95 ? "%.1f%s"
				 : "%.0f%s",
		 value, units[unit]);
	return text;
}

static void
console_take(void *context, struct period *p)
{
	const struct outputs *o = context;
	const uint64_t *frames = p->ledger.decode.frames;
	double all = p->received ? (double)p->received : 1, seconds = period_seconds(p);
	char rate[16], bits[16], hosts[16], lost[16], date[32];
	time_t end = (time_t)(p->end_ms / 1000);
	struct tm tm;

	/* with --once the report says it; stdout may be the reader's of --output */
	if (o->settings->quiet || o->settings->once)
		return;
	FILE *to = o->settings->output != NULL && strcmp(o->settings->output_path, "-") == 0
			   ? stderr
			   : stdout;
	struct picture *s = picture_current();
	gmtime_r(&end, &tm);
	strftime(date, sizeof(date), "%H:%M:%SZ", &tm);
	fprintf(to,
		"%s  %spackets/s  %sbit/s  TCP %.0f%%  UDP %.0f%%  hosts %s  places %zu  lost "
		"%s%s%s\n",
		date, short_number((double)p->received / seconds, rate),
		short_number((double)period_octets(p) * 8 / seconds, bits),
		100 * (double)frames[DECODE_TCP] / all, 100 * (double)frames[DECODE_UDP] / all,
		short_number((double)p->hosts.count, hosts), s ? picture_points(s, WINDOW_NOW) : 0,
		short_number((double)p->lost, lost),
		p->ledger.geo[GEO_TABLE_FULL] ? "  TABLE FULL" : "",
		p->lanes_late ? "  LANE LATE" : "");
	fflush(to);
	picture_release(s);
}

const struct consumer_ops console_consumer_ops = {
	.name = "console", .capacity = 8, .take = console_take};
