/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK (256 << 10)

struct unpack {
	const struct compression *how;
	unpack_source *source;
	void *context;
	char why[UNPACK_WHY_MAX];

	z_stream z;
	ZSTD_DCtx *zstd;
	struct archive *archive;
	bool begun;  /* a member has, and has not ended */
	bool opened; /* the archive has found its data */
	bool over;
	size_t used, length; /* of the block */
	uint8_t block[BLOCK];
};

static int open_gzip(struct unpack *u);
static int open_zstd(struct unpack *u);
static int open_archive(struct unpack *u);
static ssize_t read_gzip(struct unpack *u, void *to, size_t size);
static ssize_t read_zstd(struct unpack *u, void *to, size_t size);
static ssize_t read_archive(struct unpack *u, void *to, size_t size);

static const struct compression {
	const char *name;
	size_t length;
	uint8_t magic[6];
	int (*open)(struct unpack *u);
	ssize_t (*read)(struct unpack *u, void *to, size_t size);
	int (*filter)(struct archive *archive);
} compressions[] = {
	{"gzip", 2, {0x1f, 0x8b}, open_gzip, read_gzip, NULL},
	{"zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}, open_zstd, read_zstd, NULL},
	{"xz",
	 6,
	 {0xfd, '7', 'z', 'X', 'Z', 0},
	 open_archive,
	 read_archive,
	 archive_read_support_filter_xz},
	{"lz4",
	 4,
	 {0x04, 0x22, 0x4d, 0x18},
	 open_archive,
	 read_archive,
	 archive_read_support_filter_lz4},
	{"bzip2",
	 3,
	 {'B', 'Z', 'h'},
	 open_archive,
	 read_archive,
	 archive_read_support_filter_bzip2},
	{"lzip",
	 4,
	 {'L', 'Z', 'I', 'P'},
	 open_archive,
	 read_archive,
	 archive_read_support_filter_lzip},
};

static ssize_t
damaged(struct unpack *u, const char *what)
{
	if (u->why[0] == 0)
		snprintf(u->why, sizeof(u->why), "%s: %.150s", u->how->name, what);
	errno = EIO;
	return -1;
}

/* Octets of the stream into the block, if it is empty. 1, 0 at the end, or -1. */
static int
refill(struct unpack *u)
{
	if (u->used < u->length)
		return 1;
	ssize_t n = u->source(u->context, u->block, sizeof(u->block));

	u->used = 0;
	u->length = n > 0 ? (size_t)n : 0;
	if (n < 0)
		snprintf(u->why, sizeof(u->why), "%s", strerror(errno));
	return n > 0 ? 1 : (int)n;
}

static int
open_gzip(struct unpack *u)
{
	return inflateInit2(&u->z, 15 + 16) == Z_OK ? 0 : -1; /* 16: with its header and check */
}

static ssize_t
read_gzip(struct unpack *u, void *to, size_t size)
{
	u->z.next_out = to;
	u->z.avail_out = (uInt)size;
	while (u->z.avail_out == size && !u->over) {
		int ret = refill(u);

		if (ret < 0)
			return -1;
		if (ret == 0 && u->begun)
			return damaged(u, "truncated: it ends before its last octets");
		if (ret == 0)
			return 0;
		/* what follows a member and is none: padding of tapes and block devices */
		if (!u->begun && u->z.total_in > 0 && u->block[u->used] != 0x1f) {
			u->over = true;
			break;
		}
		if (!u->begun && u->z.total_in > 0 && inflateReset(&u->z) != Z_OK)
			return damaged(u, "no memory");
		u->begun = true;
		u->z.next_in = u->block + u->used;
		u->z.avail_in = (uInt)(u->length - u->used);
		ret = inflate(&u->z, Z_NO_FLUSH);
		u->used = u->length - u->z.avail_in;
		if (ret == Z_STREAM_END)
			u->begun = false;
		else if (ret != Z_OK && ret != Z_BUF_ERROR && u->z.avail_out == size)
			return damaged(u, u->z.msg != NULL ? u->z.msg : "damaged");
	}
	return (ssize_t)(size - u->z.avail_out);
}

static int
open_zstd(struct unpack *u)
{
	u->zstd = ZSTD_createDCtx();
	return u->zstd != NULL ? 0 : -1;
}

static ssize_t
read_zstd(struct unpack *u, void *to, size_t size)
{
	ZSTD_outBuffer out = {.dst = to, .size = size};

	while (out.pos == 0) {
		int ret = refill(u);

		if (ret < 0)
			return -1;
		if (ret == 0)
			return u->begun ? damaged(u, "truncated: it ends before its last octets")
					: 0;
		ZSTD_inBuffer in = {.src = u->block, .size = u->length, .pos = u->used};
		size_t left = ZSTD_decompressStream(u->zstd, &out, &in);
		u->used = in.pos;
		if (ZSTD_isError(left) && out.pos == 0)
			return damaged(u, ZSTD_getErrorName(left));
		u->begun = left != 0;
	}
	return (ssize_t)out.pos;
}

static la_ssize_t
archive_octets(struct archive *archive, void *context, const void **buffer)
{
	struct unpack *u = context;
	int ret;

	u->used = u->length; /* what it was given it has taken */
	ret = refill(u);
	*buffer = u->block;
	if (ret < 0)
		archive_set_error(archive, errno, "%s", u->why);
	return ret > 0 ? (la_ssize_t)u->length : ret;
}

static int
open_archive(struct unpack *u)
{
	u->archive = archive_read_new();
	/* a warning would be that another program has to do it: Debian's library can itself */
	return u->archive != NULL && u->how->filter(u->archive) == ARCHIVE_OK &&
			       archive_read_support_format_raw(u->archive) == ARCHIVE_OK &&
			       archive_read_support_format_empty(u->archive) == ARCHIVE_OK
		       ? 0
		       : -1;
}

static ssize_t
read_archive(struct unpack *u, void *to, size_t size)
{
	la_ssize_t n = 0;

	if (!u->opened) {
		struct archive_entry *entry;
		int ret = archive_read_open(u->archive, u, NULL, archive_octets, NULL);

		if (ret == ARCHIVE_OK)
			ret = archive_read_next_header(u->archive, &entry);
		if (ret == ARCHIVE_EOF)
			return 0;
		if (ret < ARCHIVE_WARN)
			n = -1;
		u->opened = true;
	}
	if (n == 0)
		n = archive_read_data(u->archive, to, size);
	if (n >= 0)
		return (ssize_t)n;
	const char *why = archive_error_string(u->archive);
	return damaged(u, why != NULL ? why : "damaged");
}

const char *
unpack_find(const uint8_t *octets, size_t length)
{
	for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++) {
		const struct compression *c = &compressions[i];

		if (length >= c->length && memcmp(octets, c->magic, c->length) == 0)
			return c->name;
	}
	return NULL;
}

struct unpack *
unpack_create(const char *name, unpack_source *source, void *context)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->source = source;
	u->context = context;
	for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++) {
		if (strcmp(compressions[i].name, name) == 0)
			u->how = &compressions[i];
	}
	if (u->how != NULL && u->how->open(u) == 0)
		return u;
	unpack_free(u);
	return NULL;
}

void
unpack_free(struct unpack *u)
{
	if (u == NULL)
		return;
	if (u->how != NULL && u->how->read == read_gzip)
		inflateEnd(&u->z);
	ZSTD_freeDCtx(u->zstd);
	if (u->archive != NULL)
		archive_read_free(u->archive);
	free(u);
}

ssize_t
unpack_read(struct unpack *u, void *to, size_t size)
{
	return u->how->read(u, to, size);
}

const char *
unpack_why(const struct unpack *u)
{
	return u->why;
}
