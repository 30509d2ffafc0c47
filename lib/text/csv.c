/* SPDX-License-Identifier: BSD-3-Clause */
/* The host table since the start, and the places of a window: RFC 4180. */
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
	buffer_char(b, '\n');
}

/* A city's name may hold commas and quotes. */
static void
buffer_csv_text(struct buffer *b, const char *text)
{
	buffer_char(b, '"');
	for (; *text != 0; text++) {
		if (*text == '"')
			buffer_char(b, '"');
		buffer_char(b, *text);
	}
	buffer_char(b, '"');
}

int
encode_csv(const struct picture_window *w, struct buffer *b)
{
	buffer_text(b, "id,country,city,latitude,longitude,"
		       "tcp_src_packets,tcp_src_octets,tcp_dst_packets,tcp_dst_octets,"
		       "udp_src_packets,udp_src_octets,udp_dst_packets,udp_dst_octets\n");
	for (size_t i = 0; i < w->count; i++) {
		const struct place *place = w->points[i].place;

		buffer_number(b, place->number);
		buffer_char(b, ',');
		buffer_text(b, place->country);
		buffer_char(b, ',');
		buffer_csv_text(b, place->city);
		buffer_char(b, ',');
		buffer_decimal(b, place->latitude, 3);
		buffer_char(b, ',');
		buffer_decimal(b, place->longitude, 3);
		buffer_csv_counts(b, &w->points[i].counts);
	}
	return b->failed ? -ENOMEM : 0;
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
			"udp_src_packets,udp_src_octets,udp_dst_packets,udp_dst_octets\n");
	for (size_t i = 0; i < hosts->count && error == 0; i++) {
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
