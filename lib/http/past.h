/* SPDX-License-Identifier: BSD-3-Clause */
/* What the routes of the past share. Each returns 0, or the status that was sent. */
#pragma once

#include "answer.h"

#include <stdint.h>

/* The picture that says whose the answer is, its reference the caller's; NULL with the status that
 * was sent: another method, nothing is kept, or no period is over yet. */
struct picture *past_picture(struct mg_connection *conn, const struct http *http, int *status);
/* 400, with this text. */
int past_refuse(struct mg_connection *conn, const struct http *http, const char *text);
/* from= and to=: now where it is not given. `length_ms`: how far back it begins where that is not
 * given; 0: it has to be. */
int past_times(struct mg_connection *conn, const struct http *http, int64_t length_ms,
	       int64_t *from, int64_t *to);
/* The text, or the error that `ret` is: -EINVAL with its line, -ENOMEM, -EIO. */
int past_send(struct mg_connection *conn, const struct http *http, int ret, const char *why,
	      const struct text *text, const char *type);
