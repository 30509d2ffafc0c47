/* SPDX-License-Identifier: BSD-3-Clause */
#include "internal.h"

#include <stdlib.h>
#include <zlib.h>

/* gzip framing: 16 + MAX_WBITS */
void
text_compress(struct text *text, int level)
{
	z_stream z = {0};

	if (deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	size_t bound = deflateBound(&z, text->length);
	text->gzip = malloc(bound);
	if (text->gzip != NULL) {
		z.next_in = (Bytef *)text->plain;
		z.avail_in = (uInt)text->length;
		z.next_out = text->gzip;
		z.avail_out = (uInt)bound;
		if (text->length > UINT32_MAX || deflate(&z, Z_FINISH) != Z_STREAM_END) {
			free(text->gzip);
			text->gzip = NULL;
		} else {
			text->gzip_length = z.total_out;
			unsigned char *fit = realloc(text->gzip, text->gzip_length);
			if (fit != NULL)
				text->gzip = fit;
		}
	}
	deflateEnd(&z);
}
