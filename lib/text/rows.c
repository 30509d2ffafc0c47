/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of --output. The order of the fields is part of the format: a new one goes to the end.
 */
#include "internal.h"
#include "report.h"

#include <string.h>

/* a value is a number or, where `text` is not NULL, a text */
struct cell {
	const char *name, *text;
	uint64_t number;
	double decimal;
	int decimals; /* 0: `number` */
};

#define NUMBER(n, v)     ((struct cell){.name = (n), .number = (v)})
#define TEXT(n, v)       ((struct cell){.name = (n), .text = (v)})
#define DECIMAL(n, v, d) ((struct cell){.name = (n), .decimal = (v), .decimals = (d)})

#define CELLS_MAX        32

static void
put_row(struct buffer *b, enum row_format format, const struct cell *cells, size_t n)
{
	const bool json = format == ROWS_JSONL;

	for (size_t i = 0; i < n; i++) {
		const struct cell *cell = &cells[i];

		buffer_text(b, i > 0 ? "," : json ? "{" : "");
		if (json) {
			buffer_json_string(b, cell->name);
			buffer_char(b, ':');
		}
		if (cell->text != NULL && json)
			buffer_json_string(b, cell->text);
		else if (cell->text != NULL)
			buffer_csv_text(b, cell->text, false);
		else if (cell->decimals > 0)
			buffer_decimal(b, cell->decimal, (unsigned int)cell->decimals);
		else
			buffer_number(b, cell->number);
	}
	buffer_text(b, json ? "}\n" : "\n");
}

static size_t
period_cells(const struct picture *picture, const char *time, struct cell cells[CELLS_MAX])
{
	const struct picture_facts *f = picture_facts(picture);
	const struct ledger *l = &f->record.ledger;
	size_t n = 0;

	cells[n++] = TEXT("time", time);
	cells[n++] = NUMBER("period", f->record.number);
	cells[n++] = DECIMAL("seconds", period_seconds(&f->record), 3);
	cells[n++] = NUMBER("received", f->record.received);
	cells[n++] = NUMBER("lost", f->record.lost);
	cells[n++] = NUMBER("tcp_packets", l->decode.frames[DECODE_TCP]);
	cells[n++] = NUMBER("udp_packets", l->decode.frames[DECODE_UDP]);
	cells[n++] = NUMBER("tcp_frame_octets", l->decode.octets[DECODE_TCP]);
	cells[n++] = NUMBER("udp_frame_octets", l->decode.octets[DECODE_UDP]);
	cells[n++] = NUMBER("other_ip", l->decode.frames[DECODE_OTHER_IP]);
	cells[n++] = NUMBER("not_ip", l->decode.frames[DECODE_NOT_IP]);
	cells[n++] = NUMBER("malformed", ledger_malformed(l));
	cells[n++] = NUMBER("located", l->geo[GEO_LOCATED]);
	cells[n++] = NUMBER("private", l->geo[GEO_PRIVATE]);
	cells[n++] = NUMBER("not_in_database", l->geo[GEO_NOT_IN_DATABASE]);
	cells[n++] = NUMBER("table_full", l->geo[GEO_TABLE_FULL]);
	cells[n++] = NUMBER("places", picture_points(picture, WINDOW_NOW));
	cells[n++] = TEXT("balanced", f->balanced ? "yes" : "no");
	/* later than the others: columns are only added behind */
	cells[n++] = NUMBER("filtered", l->decode.frames[DECODE_FILTERED]);
	cells[n++] = NUMBER("no_position", l->geo[GEO_NO_POSITION]);
	cells[n++] = NUMBER("site", l->geo[GEO_SITE]);
	return n;
}

static size_t
place_cells(const char *time, const struct picture_facts *f, const struct point *point,
	    struct cell cells[CELLS_MAX])
{
	static const char *const names[LAYERS][DIRECTIONS][2] = {
		{{"tcp_src_packets", "tcp_src_octets"}, {"tcp_dst_packets", "tcp_dst_octets"}},
		{{"udp_src_packets", "udp_src_octets"}, {"udp_dst_packets", "udp_dst_octets"}}};
	static const struct place nowhere;
	static const struct counts nothing;
	const struct place *place = point ? point->place : &nowhere;
	const struct counts *counts = point ? &point->counts : &nothing;
	size_t n = 0;

	cells[n++] = TEXT("time", time);
	cells[n++] = NUMBER("period", f->record.number);
	cells[n++] = DECIMAL("seconds", period_seconds(&f->record), 3);
	cells[n++] = NUMBER("place", place->number);
	cells[n++] = TEXT("city", place->city);
	cells[n++] = TEXT("country", place->country);
	cells[n++] = DECIMAL("latitude", place->latitude, 3);
	cells[n++] = DECIMAL("longitude", place->longitude, 3);
	for (int l = 0; l < LAYERS; l++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			cells[n++] = NUMBER(names[l][d][0], counts->packets[l][d]);
			cells[n++] = NUMBER(names[l][d][1], counts->octets[l][d]);
		}
	}
	cells[n++] = NUMBER("own", place->own);
	cells[n++] = NUMBER("site", place->basis == BASIS_SITE);
	return n;
}

static void
put_names(struct buffer *b, const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buffer_text(b, i > 0 ? "," : "");
		buffer_text(b, cells[i].name);
	}
	buffer_char(b, '\n');
}

void
rows_header(bool places, struct buffer *b)
{
	static const char *const period =
		"time,period,seconds,received,lost,tcp_packets,udp_packets,tcp_frame_octets,"
		"udp_frame_octets,other_ip,not_ip,malformed,located,private,not_in_database,"
		"table_full,places,balanced,filtered,no_position,site\n";
	static const struct picture_facts none;
	struct cell cells[CELLS_MAX];

	if (places)
		put_names(b, cells, place_cells("", &none, NULL, cells));
	else
		buffer_text(b, period);
}

void
rows_period(struct picture *picture, enum row_format format, bool places, struct buffer *b)
{
	const struct picture_facts *f = picture_facts(picture);
	struct cell cells[CELLS_MAX];
	struct picture_window w;
	char time[32];

	time_text(f->record.end_ms, time);
	if (!places) {
		put_row(b, format, cells, period_cells(picture, time, cells));
		return;
	}
	(void)picture_get_window(picture, all_of(WINDOW_NOW), &w); /* of all: it cannot fail */
	for (size_t i = 0; i < w.count; i++)
		put_row(b, format, cells, place_cells(time, f, &w.points[i], cells));
}
