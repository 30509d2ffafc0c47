/* SPDX-License-Identifier: BSD-3-Clause */
#include "log_format.h"

#include "utf8.h"

#include <endian.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define NAME "packet-heatmap"
#define DPDK "dpdk" /* lines of this area name themselves, as "EAL: ..." */

int
log_format_parse(const char *name)
{
	static const char *const names[] = {"auto", "text", "json", "journal"};

	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
		if (strcmp(name, names[i]) == 0)
			return i;
	}
	return -1;
}

/* What is written so far. What would not fit is left out; `reserve` octets are kept for the end. */
struct out {
	char *text;
	size_t used;
};

static bool
put(struct out *o, const char *octets, size_t length, size_t reserve)
{
	if (length > LOG_RENDERED_MAX - reserve - o->used)
		return false;
	memcpy(o->text + o->used, octets, length);
	o->used += length;
	return true;
}

static bool
put_text(struct out *o, const char *text)
{
	return put(o, text, strlen(text), 0);
}

static void
put_json(struct out *o, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	const size_t end = sizeof("\"}\n");
	char escape[8];

	put_text(o, "\"");
	while (*p != 0) {
		size_t length = utf8_length(p);
		bool fits;

		if (length == 0) {
			fits = put(o, "\xef\xbf\xbd", 3, end); /* U+FFFD */
			length = 1;
		} else if (*p == '"' || *p == '\\') {
			snprintf(escape, sizeof(escape), "\\%c", *p);
			fits = put(o, escape, 2, end);
		} else if (*p < 0x20 || *p == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", *p);
			fits = put(o, escape, 6, end);
		} else {
			fits = put(o, (const char *)p, length, end);
		}
		if (!fits)
			break;
		p += length;
	}
	put(o, "\"", 1, end - 1);
}

static const char *
level_name(int priority)
{
	static const char *const names[] = {"emergency", "alert",  "critical", "error",
					    "warning",   "notice", "info",     "debug"};

	return names[priority & 7];
}

static void
render_json(const struct log_entry *e, struct out *o)
{
	time_t seconds = (time_t)(e->time_ms / 1000);
	char date[24], text[96];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"area\":", date,
		 (int)(e->time_ms % 1000), level_name(e->priority));
	put_text(o, text);
	put_json(o, e->area);
	if (e->id != NULL) {
		snprintf(text, sizeof(text), ",\"message_id\":\"%.32s\"", e->id);
		put_text(o, text);
	}
	put_text(o, ",\"message\":");
	put_json(o, e->message);
	put_text(o, "}\n");
}

/* NAME, a line feed, the length in 64 bits, the octets, a line feed: whatever they are. */
static void
put_field(struct out *o, const char *name, const char *value)
{
	size_t length = strnlen(value, LOG_RENDERED_MAX / 2);
	uint64_t size = htole64(length);

	put_text(o, name);
	put_text(o, "\n");
	put(o, (const char *)&size, sizeof(size), 0);
	put(o, value, length, 0);
	put_text(o, "\n");
}

static const char *
program_of(const struct log_entry *e)
{
	return e->program != NULL ? e->program : NAME;
}

static void
render_journal(const struct log_entry *e, struct out *o)
{
	const char priority[2] = {(char)('0' + (e->priority & 7)), 0};

	put_field(o, "MESSAGE", e->message);
	put_field(o, "PRIORITY", priority);
	put_field(o, "SYSLOG_IDENTIFIER", program_of(e));
	put_field(o, "PACKET_HEATMAP_AREA", e->area);
	if (e->id != NULL)
		put_field(o, "MESSAGE_ID", e->id);
}

static void
render_line(const struct log_entry *e, bool prefixed, struct out *o)
{
	char prefix[4];
	size_t begin;

	if (prefixed) {
		snprintf(prefix, sizeof(prefix), "<%d>", e->priority & 7);
		put_text(o, prefix);
	}
	if (strcmp(e->area, DPDK) != 0) {
		put_text(o, program_of(e));
		put_text(o, ": ");
	}
	begin = o->used;
	put(o, e->message, strnlen(e->message, LOG_RENDERED_MAX - o->used - 1), 1);
	/* a line of its own would be read as another message, with whatever prefix it brings */
	for (size_t i = begin; prefixed && i < o->used; i++) {
		if (o->text[i] == '\n')
			o->text[i] = ' ';
	}
	put_text(o, "\n");
}

size_t
log_render(const struct log_entry *entry, enum log_format format, char *out)
{
	struct out o = {.text = out};

	if (format == LOG_FORMAT_JSON)
		render_json(entry, &o);
	else if (format == LOG_FORMAT_JOURNAL)
		render_journal(entry, &o);
	else
		render_line(entry, format == LOG_FORMAT_PREFIX, &o);
	return o.used;
}
