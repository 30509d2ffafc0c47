/* SPDX-License-Identifier: BSD-3-Clause */
/* The page, compiled in: made by embed.py from dist. Static data, any thread may read it. */
#pragma once

#include "http.h"
#include "picture.h"

extern const struct http_asset page_assets[];
extern const size_t page_asset_count;
extern const char page_build[]; /* changes with the page: 12 hex digits */
extern const struct picture_page page_template;
