/* SPDX-License-Identifier: BSD-3-Clause */
#include "heat.h"

#include "large.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * A bucket is closed when one more period would take it further from its length than it is now. So
 * a bucket and the next one are together longer than one bucket is planned to be, and a window of n
 * planned buckets holds at most 2 n.
 */
#define MAX_BUCKETS (2 * 24)

/* Somewhat less than half a period: periods of 10 s take 9.999 s or 10.001 s, and a window must not
 * alternate between two lengths that are equally near. */
#define NEAREST 0.45

/* Arrays grow by an eighth: at most an eighth is unused, and an entry is copied 9 times on average
 * until the array has its final size. */
#define GROWTH(n) ((n) / 8)
#define SMALLEST  64

const char *const window_names[WINDOWS] = {"now", "1m", "5m", "1h", "24h", "start"};

static const struct {
	double seconds;       /* 0: the last period alone */
	unsigned int buckets; /* how finely it slides; 0: never expires */
} plans[WINDOWS] = {
	[WINDOW_NOW] = {0, 1},    [WINDOW_1M] = {60, 6},      [WINDOW_5M] = {300, 10},
	[WINDOW_1H] = {3600, 12}, [WINDOW_24H] = {86400, 24}, [WINDOW_START] = {0, 0},
};

struct entry {
	struct counts counts;
	uint32_t place;
};

_Static_assert(sizeof(struct entry) == 72, "heat.h computes the memory with 72 octets an entry");

/* The counts of some consecutive periods. */
struct bucket {
	struct entry *entries; /* ascending by place, each place once */
	size_t count, capacity;
	struct ledger ledger;
	double seconds;
};

struct ring {
	struct counts *sum; /* [heat->places] */
	uint32_t places;
	struct ledger ledger;
	double seconds;
	struct bucket buckets[MAX_BUCKETS]; /* circular; the newest is being filled */
	unsigned int oldest, used;
};

struct heat {
	struct counts *period; /* by place, the period under way */
	uint32_t capacity;     /* of `period` */
	uint32_t places;
	uint32_t *touched; /* places with counts in `period`, so that only those are walked */
	size_t touched_count, touched_capacity;
	struct ledger ledger;
	struct ring rings[WINDOWS];
};

enum window
window_parse(const char *name)
{
	for (int w = 0; w < WINDOWS; w++) {
		if (strcmp(name, window_names[w]) == 0)
			return (enum window)w;
	}
	return WINDOWS;
}

struct heat *
heat_create(void)
{
	return calloc(1, sizeof(struct heat));
}

void
heat_destroy(struct heat *heat)
{
	if (heat == NULL)
		return;
	for (int w = 0; w < WINDOWS; w++) {
		free(heat->rings[w].sum);
		for (int b = 0; b < MAX_BUCKETS; b++)
			free(heat->rings[w].buckets[b].entries);
	}
	free(heat->period);
	free(heat->touched);
	free(heat);
}

/* Grows an array of counts, with zeros, so that it has an element for `place`. */
static int
make_room(struct counts **counts, uint32_t *capacity, uint32_t place)
{
	if (place < *capacity)
		return 0;
	if (place > UINT32_MAX / 2)
		return -ENOMEM; /* no database has so many: the number is wrong */
	uint32_t want = *capacity + GROWTH(*capacity);
	if (want <= place)
		want = place + 1;
	if (want < SMALLEST)
		want = SMALLEST;
	struct counts *grown = large_grow(*counts, (size_t)*capacity * sizeof(*grown),
					  (size_t)want * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	memset(grown + *capacity, 0, (size_t)(want - *capacity) * sizeof(*grown));
	*counts = grown;
	*capacity = want;
	return 0;
}

int
heat_add(struct heat *heat, uint32_t place, const struct counts *counts)
{
	/* a place is entered in touched[] when its packets leave 0: without packets it would be
	 * entered again */
	if (counts_packets(counts) == 0)
		return 0;
	if (make_room(&heat->period, &heat->capacity, place) != 0)
		return -ENOMEM;
	if (counts_packets(&heat->period[place]) == 0) {
		if (heat->touched_count == heat->touched_capacity) {
			size_t want =
				heat->touched_capacity + GROWTH(heat->touched_capacity) + SMALLEST;
			uint32_t *touched = realloc(heat->touched, want * sizeof(*touched));

			if (touched == NULL)
				return -ENOMEM;
			heat->touched = touched;
			heat->touched_capacity = want;
		}
		heat->touched[heat->touched_count++] = place;
	}
	counts_add(&heat->period[place], counts);
	if (place >= heat->places)
		heat->places = place + 1;
	return 0;
}

void
heat_add_ledger(struct heat *heat, const struct ledger *ledger)
{
	ledger_add(&heat->ledger, ledger);
}

static void
counts_subtract(struct counts *from, const struct counts *what)
{
	for (int l = 0; l < LAYERS; l++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			from->packets[l][d] -= what->packets[l][d];
			from->octets[l][d] -= what->octets[l][d];
		}
	}
}

/* Subtracts the oldest bucket from the window's sum and frees it. */
static void
expire(struct ring *ring)
{
	struct bucket *bucket = &ring->buckets[ring->oldest];

	for (size_t i = 0; i < bucket->count; i++)
		counts_subtract(&ring->sum[bucket->entries[i].place], &bucket->entries[i].counts);
	ledger_subtract(&ring->ledger, &bucket->ledger);
	free(bucket->entries);
	*bucket = (struct bucket){0};
	ring->oldest = (ring->oldest + 1) % MAX_BUCKETS;
	ring->used--;
	/* summed anew rather than subtracted from: rounding errors must not add up over months */
	ring->seconds = 0;
	for (unsigned int b = 0; b < ring->used; b++)
		ring->seconds += ring->buckets[(ring->oldest + b) % MAX_BUCKETS].seconds;
}

/* No more entries will be added: gives the unused ones back. */
static void
bucket_close(struct bucket *bucket)
{
	struct entry *entries;

	if (bucket->count == bucket->capacity)
		return;
	if (bucket->count == 0) {
		free(bucket->entries);
		bucket->entries = NULL;
		bucket->capacity = 0;
		return;
	}
	entries = realloc(bucket->entries, bucket->count * sizeof(*entries));
	if (entries == NULL)
		return; /* the larger one is as good */
	bucket->entries = entries;
	bucket->capacity = bucket->count;
}

/* Expires what the window no longer covers. The bucket for a period that takes `seconds`. */
static struct bucket *
bucket_for(struct ring *ring, enum window window, double seconds)
{
	const double whole = plans[window].seconds, part = whole / plans[window].buckets;
	const double slack = NEAREST * seconds;
	struct bucket *newest;

	while (ring->used > 0 && ring->seconds + seconds > whole + slack)
		expire(ring);
	newest = &ring->buckets[(ring->oldest + ring->used + MAX_BUCKETS - 1) % MAX_BUCKETS];
	if (ring->used == 0 || newest->seconds + seconds > part + slack) {
		if (ring->used > 0)
			bucket_close(newest);
		if (ring->used == MAX_BUCKETS)
			expire(ring);
		newest = &ring->buckets[(ring->oldest + ring->used) % MAX_BUCKETS];
		ring->used++;
	}
	return newest;
}

static int
order_of_places(const void *a, const void *b)
{
	uint32_t pa = *(const uint32_t *)a, pb = *(const uint32_t *)b;

	return pa < pb ? -1 : pa > pb;
}

/* Buckets are merged with touched[] in ascending order. Where many places have counts, looking at
 * all places costs less than sorting. */
static void
sort_touched(struct heat *heat)
{
	size_t n = 0;

	if (heat->touched_count < heat->places / 8) {
		if (heat->touched_count > 1)
			qsort(heat->touched, heat->touched_count, sizeof(*heat->touched),
			      order_of_places);
		return;
	}
	for (uint32_t place = 0; place < heat->places && n < heat->touched_count; place++) {
		if (counts_packets(&heat->period[place]) != 0)
			heat->touched[n++] = place;
	}
}

/* How many of the period's places the bucket has no entry for yet. */
static size_t
new_places(const struct bucket *bucket, const struct heat *heat)
{
	size_t known = 0, k = 0;

	for (size_t i = 0; i < heat->touched_count && k < bucket->count; i++) {
		while (k < bucket->count && bucket->entries[k].place < heat->touched[i])
			k++;
		known += k < bucket->count && bucket->entries[k].place == heat->touched[i];
	}
	return heat->touched_count - known;
}

/* 0 or -ENOMEM: the bucket is as it was. Linear in the places of both. */
static int
bucket_add_period(struct bucket *bucket, const struct heat *heat, double seconds)
{
	const size_t want = bucket->count + new_places(bucket, heat);

	if (want > bucket->capacity) {
		/* a bucket's first period is often its only one: no more than it needs */
		size_t capacity = want + (bucket->count > 0 ? GROWTH(want) : 0);
		struct entry *entries = realloc(bucket->entries, capacity * sizeof(*entries));

		if (entries == NULL)
			return -ENOMEM;
		bucket->entries = entries;
		bucket->capacity = capacity;
	}
	/* merged from the end, so that it is done in place */
	size_t from = bucket->count, to = want, i = heat->touched_count;

	while (i > 0) {
		uint32_t place = heat->touched[i - 1];

		if (from > 0 && bucket->entries[from - 1].place >= place) {
			struct entry *entry = &bucket->entries[--to];

			if (to != --from)
				*entry = bucket->entries[from];
			if (entry->place != place)
				continue;
			counts_add(&entry->counts, &heat->period[place]);
		} else {
			bucket->entries[--to] = (struct entry){heat->period[place], place};
		}
		i--;
	}
	bucket->count = want;
	ledger_add(&bucket->ledger, &heat->ledger);
	bucket->seconds += seconds;
	return 0;
}

static int
ring_add_period(struct ring *ring, enum window window, const struct heat *heat, double seconds)
{
	if (heat->places > 0 && make_room(&ring->sum, &ring->places, heat->places - 1) != 0)
		return -ENOMEM;
	if (plans[window].buckets > 0 &&
	    bucket_add_period(bucket_for(ring, window, seconds), heat, seconds) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < heat->touched_count; i++)
		counts_add(&ring->sum[heat->touched[i]], &heat->period[heat->touched[i]]);
	ledger_add(&ring->ledger, &heat->ledger);
	ring->seconds += seconds;
	return 0;
}

static int
end_period(struct heat *heat, double seconds, enum window first, enum window last)
{
	int error = 0;

	if (!isfinite(seconds) || seconds < 0)
		seconds = 0; /* one such number would spoil the sums for good */
	sort_touched(heat);
	for (int w = (int)first; w <= (int)last; w++) {
		int e = ring_add_period(&heat->rings[w], (enum window)w, heat, seconds);
		if (e != 0)
			error = e;
	}
	for (size_t i = 0; i < heat->touched_count; i++)
		memset(&heat->period[heat->touched[i]], 0, sizeof(struct counts));
	heat->touched_count = 0;
	memset(&heat->ledger, 0, sizeof(heat->ledger));
	return error;
}

int
heat_end_period(struct heat *heat, double seconds)
{
	return end_period(heat, seconds, WINDOW_NOW, WINDOW_START);
}

int
heat_recall_period(struct heat *heat, double seconds)
{
	return end_period(heat, seconds, WINDOW_1M, WINDOW_24H);
}

void
heat_window(const struct heat *heat, enum window window, struct heat_window *out)
{
	const struct ring *ring = &heat->rings[window];

	out->counts = ring->sum;
	out->places = heat->places < ring->places ? heat->places : ring->places;
	out->ledger = ring->ledger;
	out->seconds = ring->seconds;
}

size_t
heat_memory(const struct heat *heat)
{
	size_t octets = sizeof(*heat) + large_size(heat->capacity * sizeof(*heat->period)) +
			heat->touched_capacity * sizeof(*heat->touched);

	for (int w = 0; w < WINDOWS; w++) {
		const struct ring *ring = &heat->rings[w];

		octets += large_size(ring->places * sizeof(*ring->sum));
		for (int b = 0; b < MAX_BUCKETS; b++)
			octets += ring->buckets[b].capacity * sizeof(*ring->buckets[b].entries);
	}
	return octets;
}
