/* SPDX-License-Identifier: BSD-3-Clause */
/* The page, its map, fonts and the text of /api/v1/heat in one file. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOLE "@@IPHEAT_DATA@@"

/* from here on the data goes in packed: half the octets, but no longer readable with an editor */
#define PACK_FROM (256 * 1024)

/* RFC 4648 4, with padding */
static void
buffer_base64(struct buffer *b, const unsigned char *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (!buffer_room(b, (length + 2) / 3 * 4))
		return;
	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t v = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
			     (left > 2 ? data[i + 2] : 0);

		buffer_char(b, digits[v >> 18]);
		buffer_char(b, digits[v >> 12 & 63]);
		buffer_char(b, left > 1 ? digits[v >> 6 & 63] : '=');
		buffer_char(b, left > 2 ? digits[v & 63] : '=');
	}
}

/* Inside a script element only '<' could end it. Names have it escaped already; what jansson wrote
 * (the sensor's name, a database's title) may not. */
static void
buffer_script_json(struct buffer *b, const char *json, size_t length)
{
	for (size_t i = 0, from = 0; i <= length; i++) {
		if (i < length && json[i] != '<')
			continue;
		buffer_put(b, json + from, i - from);
		if (i < length)
			buffer_text(b, "\\u003c");
		from = i + 1;
	}
}

/* The page with this JSON in it. 0, -EINVAL or -ENOMEM. */
static int
pour(const struct picture *picture, const struct buffer *json, struct buffer *b)
{
	const struct picture_page *page = picture_facts(picture)->html;
	const char *hole = memmem(page->html, page->length, HOLE, strlen(HOLE));
	struct text packed = {.plain = json->data, .length = json->length};

	if (hole == NULL)
		return -EINVAL;
	const char *after = hole + strlen(HOLE);
	buffer_put(b, page->html, (size_t)(hole - page->html));
	if (json->length >= PACK_FROM)
		text_compress(&packed, 6);
	if (packed.gzip != NULL)
		buffer_base64(b, packed.gzip, packed.gzip_length);
	else
		buffer_script_json(b, json->data, json->length);
	buffer_put(b, after, page->length - (size_t)(after - page->html));
	free(packed.gzip);
	return b->failed ? -ENOMEM : 0;
}

int
encode_html(struct picture *picture, struct view view, struct buffer *b)
{
	struct buffer json = {0};
	int error = encode_heat(picture, view, &json);

	if (error == 0)
		error = json.failed ? -ENOMEM : pour(picture, &json, b);
	buffer_free(&json);
	return error;
}

int
encode_html_range(const struct picture *picture, const struct history_range *range,
		  const struct history_series *timeline, const struct picture_window *window,
		  struct buffer *b)
{
	struct buffer json = {0};
	int error = encode_range(picture, range, timeline, window, &json);

	if (error == 0)
		error = json.failed ? -ENOMEM : pour(picture, &json, b);
	buffer_free(&json);
	return error;
}
