/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the JSON texts share. What has structure is made with jansson (Debian's most used C library
 * for JSON: it checks UTF-8 and escapes; measured share here: a few ms); the rows of numbers go
 * straight into the buffer.
 */
#pragma once

#include "buffer.h"
#include "picture.h"
#include "time_text.h"

#include <jansson.h>

/* As a JSON string, whatever octets it is made of. NULL on ENOMEM */
json_t *json_text(const char *text);
/* Appends `"name":value` pairs of an object to one that is open in the buffer. Frees it. */
void buffer_members(struct buffer *b, json_t *object);
/* C8: tcp, udp packets; tcp, udp octets; the same as source */
void buffer_counts(struct buffer *b, const struct counts *c);

/* {"through":N,"in":N,"out":N,"inside":N} */
json_t *ways_json(const uint64_t ways[WAYS]);
const char *link_name(enum link_state link);
