/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts by place, and their blob: a zstd frame with a check sum over columns of LEB128 numbers,
 *
 *     number of places, then their ids (ascending, as differences),
 *     then for each of the eight counters the values of all places
 *
 * Columns rather than rows: neighbours are alike, and a counter that a place never has (UDP octets
 * of a place that speaks TCP) is a run of zeros.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define VARINT_MAX 10
#define ZSTD_LEVEL 3

int
sum_room(struct sum *sum, uint32_t place)
{
	if (place < sum->places)
		return 0;
	uint32_t want = sum->places + sum->places / 8;
	if (want <= place)
		want = place + 64;
	struct counts *counts = realloc(sum->counts, want * sizeof(*counts));
	if (counts == NULL)
		return -ENOMEM;
	memset(counts + sum->places, 0, (want - sum->places) * sizeof(*counts));
	sum->counts = counts;
	sum->places = want;
	return 0;
}

static bool
is_empty(const struct counts *counts)
{
	return counts_packets(counts) == 0 && counts_octets(counts) == 0;
}

int
sum_add(struct sum *into, const struct sum *from)
{
	if (from->places > 0 && sum_room(into, from->places - 1) != 0)
		return -ENOMEM;
	if (hosts_add(&into->hosts, &from->hosts) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < from->places; i++)
		counts_add(&into->counts[i], &from->counts[i]);
	if (into->periods == 0 || from->start_ms < into->start_ms)
		into->start_ms = from->start_ms;
	if (into->periods == 0 || from->end_ms > into->end_ms)
		into->end_ms = from->end_ms;
	if (from->seq > into->seq)
		into->seq = from->seq;
	into->covered_ms += from->covered_ms;
	into->periods += from->periods;
	into->received += from->received;
	into->lost += from->lost;
	ledger_add(&into->ledger, &from->ledger);
	return 0;
}

void
sum_clear(struct sum *sum)
{
	struct counts *counts = sum->counts;
	const uint32_t places = sum->places;
	struct host_list hosts = sum->hosts;

	hosts.count = 0;
	if (counts != NULL)
		memset(counts, 0, places * sizeof(*counts));
	*sum = (struct sum){.counts = counts, .places = places, .hosts = hosts};
}

void
sum_free(struct sum *sum)
{
	free(sum->counts);
	host_list_free(&sum->hosts);
	*sum = (struct sum){0};
}

static uint64_t
counter(const struct counts *counts, int i)
{
	uint64_t values[COUNTERS];

	memcpy(values, counts, sizeof(values));
	return values[i];
}

int
blob_pack(const void *plain, size_t length, void **blob, size_t *size)
{
	const size_t bound = ZSTD_compressBound(length);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t packed = 0;

	*blob = malloc(bound);
	if (*blob != NULL && context != NULL) {
		ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
		packed = ZSTD_compress2(context, *blob, bound, plain, length);
	}
	ZSTD_freeCCtx(context);
	if (packed == 0 || ZSTD_isError(packed)) {
		free(*blob);
		*blob = NULL;
		return -ENOMEM;
	}
	*size = packed;
	return 0;
}

int
blob_unpack(const void *blob, size_t size, unsigned char **plain, size_t *length)
{
	const unsigned long long said = ZSTD_getFrameContentSize(blob, size);

	/* no frame of a store is larger than this */
	if (said == ZSTD_CONTENTSIZE_ERROR || said == ZSTD_CONTENTSIZE_UNKNOWN ||
	    said > (1ull << 31))
		return -EBADMSG;
	*plain = malloc(said + 1);
	if (*plain == NULL)
		return -ENOMEM;
	const size_t got = ZSTD_decompress(*plain, said, blob, size);
	if (ZSTD_isError(got) || got != said) {
		free(*plain);
		return -EBADMSG;
	}
	*length = got;
	return 0;
}

int
blob_encode(const struct sum *sum, void **blob, size_t *size)
{
	size_t count = 0, n;
	uint32_t last = 0;

	for (uint32_t i = 0; i < sum->places; i++)
		count += !is_empty(&sum->counts[i]);
	unsigned char *plain = malloc((1 + count * (1 + COUNTERS)) * VARINT_MAX);

	if (plain == NULL)
		return -ENOMEM;
	n = varint_put(plain, count);
	for (uint32_t i = 0; i < sum->places; i++) {
		if (is_empty(&sum->counts[i]))
			continue;
		n += varint_put(plain + n, i - last);
		last = i;
	}
	for (int c = 0; c < COUNTERS; c++) {
		for (uint32_t i = 0; i < sum->places; i++) {
			if (!is_empty(&sum->counts[i]))
				n += varint_put(plain + n, counter(&sum->counts[i], c));
		}
	}
	const int error = blob_pack(plain, n, blob, size);
	free(plain);
	return error;
}

/* Unpacked and looked through: 0, -ENOMEM or -EBADMSG. */
static int
blob_open(const void *blob, size_t size, unsigned char **plain, const unsigned char **at,
	  const unsigned char **end, uint64_t *count)
{
	size_t length;
	const int error = blob_unpack(blob, size, plain, &length);

	if (error != 0)
		return error;
	*at = *plain;
	*end = *plain + length;
	/* a place takes 9 octets at least */
	if (!varint_get(at, *end, count) || *count > length / (1 + COUNTERS)) {
		free(*plain);
		return -EBADMSG;
	}
	return 0;
}

/* The ids, ascending; malloc'ed. 0, -ENOMEM or -EBADMSG. */
static int
blob_ids(const unsigned char **at, const unsigned char *end, uint64_t count, uint32_t **ids)
{
	uint64_t id = 0, more;

	*ids = malloc((count + 1) * sizeof(**ids));
	if (*ids == NULL)
		return -ENOMEM;
	for (uint64_t i = 0; i < count; i++) {
		if (!varint_get(at, end, &more) || (more == 0 && i > 0) ||
		    (id += more) > UINT32_MAX / 2) {
			free(*ids);
			return -EBADMSG;
		}
		(*ids)[i] = (uint32_t)id;
	}
	return 0;
}

/* The check sum has held, so what is wrong now was written wrong; still nothing is read past it. */
static int
add_columns(const unsigned char *at, const unsigned char *end, uint64_t count, uint64_t *into[])
{
	uint64_t value;

	for (int c = 0; c < COUNTERS; c++) {
		for (uint64_t i = 0; i < count; i++) {
			if (!varint_get(&at, end, &value))
				return -EBADMSG;
			if (into[i] != NULL)
				into[i][c] += value;
		}
	}
	return at == end ? 0 : -EBADMSG;
}

int
blob_add(struct sum *sum, const void *blob, size_t size)
{
	const unsigned char *at, *end;
	unsigned char *plain;
	uint64_t count, value;
	uint32_t *ids;
	int error = blob_open(blob, size, &plain, &at, &end, &count);

	if (error != 0)
		return error;
	error = blob_ids(&at, end, count, &ids);
	if (error != 0) {
		free(plain);
		return error;
	}
	if (count > 0)
		error = sum_room(sum, ids[count - 1]);
	/* looked through before the first is added: half a row would be worse than none */
	const unsigned char *look = at;
	for (uint64_t i = 0; error == 0 && i < count * COUNTERS; i++) {
		if (!varint_get(&look, end, &value))
			error = -EBADMSG;
	}
	if (error == 0 && look != end)
		error = -EBADMSG;
	for (int c = 0; error == 0 && c < COUNTERS; c++) {
		for (uint64_t i = 0; i < count; i++) {
			varint_get(&at, end, &value);
			((uint64_t *)(void *)&sum->counts[ids[i]])[c] += value;
		}
	}
	free(ids);
	free(plain);
	return error;
}

int
blob_add_some(struct counts *into, const void *blob, size_t size,
	      bool (*wanted)(const void *context, uint32_t place), const void *context)
{
	const unsigned char *at, *end;
	unsigned char *plain;
	uint64_t count, sum[COUNTERS] = {0};
	uint32_t *ids;
	int error = blob_open(blob, size, &plain, &at, &end, &count);

	if (error != 0)
		return error;
	error = blob_ids(&at, end, count, &ids);
	if (error != 0) {
		free(plain);
		return error;
	}
	uint64_t **to = calloc(count + 1, sizeof(*to));
	if (to == NULL)
		error = -ENOMEM;
	for (uint64_t i = 0; error == 0 && i < count; i++)
		to[i] = wanted(context, ids[i]) ? sum : NULL;
	if (error == 0)
		error = add_columns(at, end, count, to);
	if (error == 0) {
		struct counts found;

		memcpy(&found, sum, sizeof(found));
		counts_add(into, &found);
	}
	free(to);
	free(ids);
	free(plain);
	return error;
}
