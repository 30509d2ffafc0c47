/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decompression of a stream, octet by octet to where it is cut or damaged.
 *
 * gzip and zstd, which nearly all compressed captures are, by zlib and libzstd: libarchive drops up
 * to 64 KiB that stood before the damage. xz, lz4, bzip2 and lzip by libarchive, which is one
 * library for all of them. Members that stand one behind the other are read as one, as gzip(1),
 * zstd(1) and the others do.
 *
 * One thread at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UNPACK_WHY_MAX 200

struct unpack;

/* Up to `size` octets of the compressed stream. 0: the end; -1 with errno. */
typedef ssize_t unpack_source(void *context, void *to, size_t size);

/* By the first octets (6 of them): what is it compressed with? NULL: nothing known. */
const char *unpack_find(const uint8_t *octets, size_t length);

/* `name` of unpack_find. NULL: no memory. */
struct unpack *unpack_create(const char *name, unpack_source *source, void *context);
void unpack_free(struct unpack *unpack); /* NULL is fine */

/* 0: the end; -1: damaged, or the source failed (unpack_why). */
ssize_t unpack_read(struct unpack *unpack, void *to, size_t size);
const char *unpack_why(const struct unpack *unpack);
