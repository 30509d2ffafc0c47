/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking and posting, by libcurl. One thread. */
#pragma once

#include <stddef.h>

#define WEB_ERROR_MAX 256

struct web; /* one client: its connection, and what it shows */

/* [main] Once, before the first. 0 or -1. */
int web_begin(void);
void web_end(void);

/* What is read of the first lines of a secret file: an address, and headers of a request, a line
 * each. 0, or -1 with a line. The file is no longer needed. */
struct web *web_create(const char *url, const char *const *headers, size_t count);
void web_destroy(struct web *web); /* NULL is fine */

/* GET of url + path: malloc'ed body in *body. The status, or -1 with a line. */
long web_get(struct web *web, const char *path, char **body, size_t *length,
	     char error[WEB_ERROR_MAX]);
/* POST of JSON to the url. The status, or -1 with a line. No redirect is followed. */
long web_post(struct web *web, const char *json, char error[WEB_ERROR_MAX]);
