/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking a packet-heatmap for its heat. One thread. */
#pragma once

#include <jansson.h>

#define TOP_ERROR_MAX 256

struct top_server {
	char url[300], host[256], port[8];
	char token[256]; /* shown to it; empty: none */
};

/* "http://HOST[:PORT][/]", "HOST[:PORT]". 0 or -EINVAL. */
int top_parse_url(const char *text, struct top_server *server);
/* The first line of the file as the token. 0 or -errno, -EINVAL: no token stands there. */
int top_read_token(const char *path, struct top_server *server);
/* /api/v1/heat of the last period; the caller frees it. NULL with a line. */
json_t *top_ask(const struct top_server *server, char error[TOP_ERROR_MAX]);
