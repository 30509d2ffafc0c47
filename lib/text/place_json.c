/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of /api/v1/place/ID. */
#include "internal.h"
#include "json.h"

#include <errno.h>
#include <stdlib.h>

static int
encode_place(struct picture *picture, uint32_t number, enum window window, struct buffer *b)
{
	const struct host_list *hosts = picture_hosts(picture);
	const struct place *place = picture_place(picture, number);
	const struct point *point = NULL;
	struct picture_window w;
	struct top_row rows[TOP_MAX];
	char text[HOST_ADDR_TEXT], generated[32];
	struct picture_share *shares;
	size_t count, here, share_count;
	static const struct counts nothing;

	int error = picture_place_talkers(picture, number, rows, &count, &here);
	if (error == 0)
		error = picture_place_networks(picture, number, &shares, &share_count);
	if (error != 0)
		return error;
	(void)picture_get_window(picture, all_of(window), &w); /* of all: it cannot fail */
	for (size_t i = 0; i < w.count && point == NULL; i++) {
		if (w.points[i].place->number == number)
			point = &w.points[i];
	}
	time_text(picture_facts(picture)->record.end_ms, generated);
	buffer_char(b, '{');
	buffer_members(b,
		       json_pack("{s:i, s:I, s:s, s:s, s:f, s:f, s:f, s:s, s:s, s:I}", "v", 1, "id",
				 (json_int_t)number, "name", place->city, "country", place->country,
				 "latitude", place->latitude, "longitude", place->longitude,
				 "radius_km", text_radius(place), "generated", generated, "window",
				 window_names[window], "hosts", (json_int_t)here));
	heat_anonymised(b, picture_facts(picture)->privacy);
	buffer_text(b, ",\"counts\":[");
	buffer_counts(b, point ? &point->counts : &nothing);
	buffer_text(b, "],\"talkers\":[");
	for (size_t i = 0; i < count; i++) {
		const struct host_row *row = &hosts->rows[rows[i].row];

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_json_string(b, host_addr_text(&row->addr, row->family, text));
		buffer_char(b, ',');
		buffer_counts(b, &row->counts);
		buffer_char(b, ']');
	}
	buffer_text(b, "],\"networks\":[");
	for (size_t i = 0; i < share_count; i++) {
		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_number(b, shares[i].asn.number);
		buffer_char(b, ',');
		buffer_json_string(b, shares[i].asn.name);
		buffer_char(b, ',');
		buffer_counts(b, &shares[i].counts);
		buffer_char(b, ']');
	}
	free(shares);
	buffer_text(b, "]}\n");
	return b->failed ? -ENOMEM : 0;
}

int
text_place(struct picture *picture, uint32_t place, enum window window, char **json)
{
	struct buffer b = {0};
	int error = encode_place(picture, place, window, &b);

	if (error == 0) {
		buffer_char(&b, 0);
		error = b.failed ? -ENOMEM : 0;
	}
	if (error != 0) {
		buffer_free(&b);
		return error;
	}
	*json = b.data;
	return 0;
}
