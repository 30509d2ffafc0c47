/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The places of a window by RFC 4180, whose lines end in CR LF; and the host table since the start,
 * a file for awk, cut and join, whose lines end as theirs do.
 */
#include "buffer.h"
#include "file.h"
#include "internal.h"

#include <errno.h>

/* The eight counters in the order of the CSV's columns. */
static void
buffer_csv_counts(struct buffer *b, const struct counts *c)
{
	for (int l = 0; l < LAYERS; l++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			buffer_char(b, ',');
			buffer_number(b, c->packets[l][d]);
			buffer_char(b, ',');
			buffer_number(b, c->octets[l][d]);
		}
	}
}

int
encode_csv(const struct picture_window *w, struct buffer *b)
{
	buffer_text(b, "id,country,city,latitude,longitude,"
		       "tcp_src_packets,tcp_src_octets,tcp_dst_packets,tcp_dst_octets,"
		       "udp_src_packets,udp_src_octets,udp_dst_packets,udp_dst_octets,"
		       "radius_km,precision,own\r\n");
	for (size_t i = 0; i < w->count; i++) {
		const struct place *place = w->points[i].place;

		buffer_number(b, place->number);
		buffer_char(b, ',');
		buffer_text(b, place->country);
		buffer_char(b, ',');
		buffer_csv_text(b, place->city, true);
		buffer_char(b, ',');
		buffer_decimal(b, place->latitude, 3);
		buffer_char(b, ',');
		buffer_decimal(b, place->longitude, 3);
		buffer_csv_counts(b, &w->points[i].counts);
		buffer_char(b, ',');
		if (place->radius_km > 0)
			buffer_decimal(b, (double)place->radius_km, 0);
		buffer_char(b, ',');
		buffer_text(b, place_precision(place));
		buffer_text(b, place->own ? ",1\r\n" : ",0\r\n");
	}
	return b->failed ? -ENOMEM : 0;
}

static void
csv_network(struct buffer *b, const struct picture *picture, const struct host_row *row)
{
	const struct asn asn = picture_asn(picture, &row->addr, row->family);

	buffer_char(b, ',');
	if (asn.number != 0)
		buffer_number(b, asn.number);
	buffer_char(b, ',');
	if (asn.name[0] != 0)
		buffer_csv_text(b, asn.name, true);
}

int
text_write_hosts(const struct picture *picture, int fd)
{
	const struct host_list *hosts = picture_hosts(picture);
	struct buffer b = {0};
	char text[HOST_ADDR_TEXT];
	int error = 0;

	buffer_text(&b, "address,country,latitude,longitude,"
			"tcp_src_packets,tcp_src_octets,tcp_dst_packets,tcp_dst_octets,"
			"udp_src_packets,udp_src_octets,udp_dst_packets,udp_dst_octets");
	/* only where it is known, so that who reads twelve columns goes on doing so */
	const bool networks = locate_databases_asn(picture_opened(picture)) != NULL;
	buffer_text(&b, networks ? ",asn,network\n" : "\n");
	const size_t count = picture_facts(picture)->privacy.no_hosts ? 0 : hosts->count;
	for (size_t i = 0; i < count && error == 0; i++) {
		const struct host_row *row = &hosts->rows[i];
		const struct place *place = picture_place(picture, row->place);

		buffer_text(&b, host_addr_text(&row->addr, row->family, text));
		buffer_char(&b, ',');
		if (place != NULL)
			buffer_text(&b, place->country);
		buffer_char(&b, ',');
		if (place != NULL && place->has_position)
			buffer_decimal(&b, place->latitude, 6);
		buffer_char(&b, ',');
		if (place != NULL && place->has_position)
			buffer_decimal(&b, place->longitude, 6);
		buffer_csv_counts(&b, &row->counts);
		if (networks)
			csv_network(&b, picture, row);
		buffer_char(&b, '\n');
		/* written in pieces: a million rows are 80 MB */
		if (b.length > 1 << 20) {
			error = file_write(fd, b.data, b.length);
			b.length = 0;
		}
	}
	if (error == 0 && b.failed)
		error = -ENOMEM;
	if (error == 0)
		error = file_write(fd, b.data, b.length);
	buffer_free(&b);
	return error;
}
