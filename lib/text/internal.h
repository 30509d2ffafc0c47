/* SPDX-License-Identifier: BSD-3-Clause */
/* One encoder a format: shared by the files of this folder only. */
#pragma once

#include "buffer.h"
#include "text.h"

/* Each appends to `out`. 0, -ENOMEM, or -EINVAL for a page without a hole. Any thread. */
int encode_heat(struct picture *picture, enum window window, struct buffer *out);
int encode_csv(struct picture *picture, enum window window, struct buffer *out);
int encode_geojson(struct picture *picture, enum window window, struct buffer *out);
int encode_html(struct picture *picture, enum window window, struct buffer *out);
int encode_metrics(struct picture *picture, bool openmetrics, struct buffer *out);
int encode_status(const struct picture *picture, struct buffer *out);

/* Fills text->gzip from text->plain; leaves it NULL where that fails. */
void text_compress(struct text *text, int level);
