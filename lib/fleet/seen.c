/* SPDX-License-Identifier: BSD-3-Clause */
#include "seen.h"

#include <string.h>

#define VERSION_OCTET 1

/* The first range that ends at `number` or behind it. */
static size_t
find(const struct seen *s, uint64_t number)
{
	size_t i = s->count;

	/* what comes is nearly always behind all others */
	while (i > 0 && s->ranges[i - 1].last >= number)
		i--;
	return i;
}

enum seen_answer
seen_ask(const struct seen *s, uint64_t number)
{
	const size_t i = find(s, number);

	if (i < s->count && s->ranges[i].first <= number)
		return SEEN_COUNTED;
	return number <= s->closed ? SEEN_UNKNOWN : SEEN_NEW;
}

static void
remove_range(struct seen *s, size_t i)
{
	s->count--;
	memmove(&s->ranges[i], &s->ranges[i + 1], (s->count - i) * sizeof(s->ranges[0]));
}

void
seen_add(struct seen *s, uint64_t number)
{
	size_t i = find(s, number);

	if (i < s->count && s->ranges[i].first <= number)
		return;
	const bool before = i > 0 && s->ranges[i - 1].last + 1 == number;
	const bool after = i < s->count && s->ranges[i].first == number + 1;

	if (before && after) {
		s->ranges[i - 1].last = s->ranges[i].last;
		remove_range(s, i);
	} else if (before) {
		s->ranges[i - 1].last = number;
	} else if (after) {
		s->ranges[i].first = number;
	} else {
		if (s->count == SEEN_RANGES) {
			/* the oldest gap is closed */
			s->closed = s->ranges[1].first - 1;
			remove_range(s, 0);
			if (number <= s->closed)
				return;
			i--;
		}
		memmove(&s->ranges[i + 1], &s->ranges[i], (s->count - i) * sizeof(s->ranges[0]));
		s->ranges[i].first = s->ranges[i].last = number;
		s->count++;
	}
}

/* -- LEB128, as in lib/history */

static size_t
put(uint8_t *out, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

static bool
get(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; *at < end && shift < 64; shift += 7) {
		const uint8_t octet = *(*at)++;

		if (shift == 63 && octet > 1)
			return false;
		*value |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80)
			return true;
	}
	return false;
}

size_t
seen_pack(const struct seen *s, uint8_t out[SEEN_PACKED_MAX])
{
	size_t n = 0;
	uint64_t before = 0;

	out[n++] = VERSION_OCTET;
	n += put(out + n, s->closed);
	for (size_t i = 0; i < s->count; i++) {
		n += put(out + n, s->ranges[i].first - before);
		n += put(out + n, s->ranges[i].last - s->ranges[i].first);
		before = s->ranges[i].last;
	}
	return n;
}

bool
seen_unpack(struct seen *s, const void *data, size_t size)
{
	const uint8_t *at = data, *end = at + size;
	uint64_t before = 0, skip, more;

	*s = (struct seen){0};
	bool fine = size > 0 && *at++ == VERSION_OCTET && get(&at, end, &s->closed);
	while (fine && at < end) {
		fine = s->count < SEEN_RANGES && get(&at, end, &skip) && get(&at, end, &more) &&
		       skip > (s->count > 0) && skip <= UINT64_MAX - before &&
		       more <= UINT64_MAX - before - skip;
		if (!fine)
			break;
		s->ranges[s->count].first = before + skip;
		s->ranges[s->count].last = before = before + skip + more;
		s->count++;
	}
	if (!fine)
		*s = (struct seen){0};
	return fine;
}
