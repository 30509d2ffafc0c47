/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *
ways_json(const uint64_t ways[WAYS])
{
	json_t *o = json_object();

	for (int w = 0; w < WAYS; w++)
		json_object_set_new(o, way_name((enum way)w), json_integer((json_int_t)ways[w]));
	return o;
}

const char *
link_name(enum link_state link)
{
	return link == LINK_UP ? "up" : link == LINK_DOWN ? "down" : "unknown";
}

/*
 * Names come from the command line and the file system: any octets, or cut within a character. What
 * is no UTF-8 jansson refuses, and all that it belongs to with it.
 */
json_t *
json_text(const char *text)
{
	size_t length = strlen(text);
	json_t *string = NULL;

	for (size_t cut = 0; cut <= length && cut < 4 && string == NULL; cut++)
		string = json_stringn(text, length - cut);
	if (string != NULL)
		return string;
	char *ascii = strdup(text);
	if (ascii == NULL)
		return NULL;
	for (char *c = ascii; *c != 0; c++)
		*c = (unsigned char)*c < 0x80 ? *c : '?';
	string = json_string(ascii);
	free(ascii);
	return string;
}

void
buffer_members(struct buffer *b, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

	json_decref(object);
	if (text == NULL) {
		b->failed = true;
		return;
	}
	buffer_put(b, text + 1, strlen(text) - 2); /* without the braces */
	free(text);
}

void
buffer_counts(struct buffer *b, const struct counts *c)
{
	const uint64_t tcp_src = c->packets[LAYER_TCP][AS_SOURCE];
	const uint64_t udp_src = c->packets[LAYER_UDP][AS_SOURCE];
	const uint64_t tcp_src_octets = c->octets[LAYER_TCP][AS_SOURCE];
	const uint64_t udp_src_octets = c->octets[LAYER_UDP][AS_SOURCE];
	const uint64_t values[8] = {
		tcp_src + c->packets[LAYER_TCP][AS_DESTINATION],
		udp_src + c->packets[LAYER_UDP][AS_DESTINATION],
		tcp_src_octets + c->octets[LAYER_TCP][AS_DESTINATION],
		udp_src_octets + c->octets[LAYER_UDP][AS_DESTINATION],
		tcp_src,
		udp_src,
		tcp_src_octets,
		udp_src_octets,
	};

	for (int i = 0; i < 8; i++) {
		if (i > 0)
			buffer_char(b, ',');
		buffer_number(b, values[i]);
	}
}
