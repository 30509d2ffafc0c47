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

static int
write_text(struct outputs *o, struct picture *s, const char *path, enum text_kind kind)
{
	const struct text *text = text_get(s, kind, o->settings->view);

	return text != NULL ? file_replace_text(path, text->plain, text->length) : -ENOMEM;
}

static int
write_html(struct outputs *o, struct picture *s, const char *path)
{
	return write_text(o, s, path, TEXT_HTML);
}

static int
write_status(struct outputs *o, struct picture *s, const char *path)
{
	return write_text(o, s, path, TEXT_STATUS);
}

static int
write_hosts(struct outputs *o, struct picture *s, const char *path)
{
	(void)o;
	return file_replace(path, write_csv, s);
}

/* The picture of this record, or of a later one: then the file is the newer for it. */
static void
take(struct outputs *o, const struct period *period, const char *path,
     int (*write)(struct outputs *o, struct picture *s, const char *path))
{
	uint64_t start = monotonic_ns();

	/* of captures that are read to their end, the whole is what is wanted */
	if (o->settings->once && !period->head.over)
		return;
	struct picture *s = picture_current();
	if (s == NULL)
		return;
	output_result(o, path, write(o, s, path));
	picture_release(s);
	atomic_store(&o->last_ms, (double)(monotonic_ns() - start) / 1e6);
}

static void
html_take(void *context, struct period *period)
{
	struct outputs *o = context;

	take(o, period, o->settings->html, write_html);
}

static void
hosts_take(void *context, struct period *period)
{
	struct outputs *o = context;

	take(o, period, o->settings->hosts, write_hosts);
}

static void
status_take(void *context, struct period *period)
{
	struct outputs *o = context;

	take(o, period, o->settings->status, write_status);
}

/* One waits while one is written: whoever is slower than the periods gets the newest. */
const struct consumer_ops html_consumer_ops = {.name = "html", .capacity = 2, .take = html_take};
const struct consumer_ops hosts_consumer_ops = {.name = "hosts", .capacity = 2, .take = hosts_take};
const struct consumer_ops status_consumer_ops = {
	.name = "status", .capacity = 2, .take = status_take};

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
	const uint64_t *frames = p->head.ledger.decode.frames;
	double all = p->head.received ? (double)p->head.received : 1,
	       seconds = period_seconds(&p->head);
	char rate[16], bits[16], hosts[16], lost[16], date[32];
	time_t end = (time_t)(p->head.end_ms / 1000);
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
		date, short_number((double)p->head.received / seconds, rate),
		short_number((double)period_octets(&p->head) * 8 / seconds, bits),
		100 * (double)frames[DECODE_TCP] / all, 100 * (double)frames[DECODE_UDP] / all,
		short_number((double)p->hosts.count, hosts), s ? picture_points(s, WINDOW_NOW) : 0,
		short_number((double)p->head.lost, lost),
		p->head.ledger.geo[GEO_TABLE_FULL] ? "  TABLE FULL" : "",
		p->head.lanes_late ? "  LANE LATE" : "");
	fflush(to);
	picture_release(s);
}

const struct consumer_ops console_consumer_ops = {
	.name = "console", .capacity = 8, .take = console_take};
