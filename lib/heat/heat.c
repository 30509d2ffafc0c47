/* SPDX-License-Identifier: BSD-3-Clause */
#include "heat.h"

#include "large.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A bucket ends where one more period would take it further from its length than it is. Two
 * neighbours are together longer than one should be, so a window never has more than twice as many
 * as planned, the one before them and the one that is being filled.
 */
#define MAX_BUCKETS (2 * 24 + 2)

/* Half a period, and some air: periods of 10 s take 9.999 s or 10.001 s, and a window must not
 * waver between two lengths that are equally near. */
#define NEAREST 0.45

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

/* What one stretch of time saw: only the places that it saw. */
struct bucket {
	struct entry *entries;
	size_t count, capacity;
	struct ledger ledger;
	double seconds;
};

struct ring {
	struct counts *sum; /* [heat->places] */
	uint32_t places;
	struct ledger ledger;
	double seconds;
	struct bucket buckets[MAX_BUCKETS]; /* in a circle; the newest is being filled */
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

/* Grows an array of counts, with zeros, so that `place` is in it. */
static int
make_room(struct counts **counts, uint32_t *capacity, uint32_t place)
{
	if (place < *capacity)
		return 0;
	if (place > UINT32_MAX / 2)
		return -ENOMEM; /* doubling would wrap around */
	uint32_t want = *capacity ? *capacity : 1024;
	while (want <= place)
		want *= 2;
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
	/* a place is noted when its packets leave 0: without any it would be noted again */
	if (counts_packets(counts) == 0)
		return 0;
	if (make_room(&heat->period, &heat->capacity, place) != 0)
		return -ENOMEM;
	if (counts_packets(&heat->period[place]) == 0) {
		if (heat->touched_count == heat->touched_capacity) {
			size_t want = heat->touched_capacity ? 2 * heat->touched_capacity : 1024;
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

static void
ledger_subtract(struct ledger *from, const struct ledger *what)
{
	for (int v = 0; v < DECODE_RESULTS; v++) {
		from->decode.frames[v] -= what->decode.frames[v];
		from->decode.octets[v] -= what->decode.octets[v];
	}
	for (int r = 0; r < DECODE_EVENTS; r++)
		from->decode.events[r] -= what->decode.events[r];
	for (int t = 0; t < TUNNELS; t++)
		from->decode.unwrapped[t] -= what->decode.unwrapped[t];
	from->decode.tunnel_too_deep -= what->decode.tunnel_too_deep;
	for (int f = 0; f < GEO_RESULTS; f++)
		from->geo[f] -= what->geo[f];
}

/* Lets go of the oldest bucket. */
static void
expire(struct ring *ring)
{
	struct bucket *bucket = &ring->buckets[ring->oldest];

	for (size_t i = 0; i < bucket->count; i++)
		counts_subtract(&ring->sum[bucket->entries[i].place], &bucket->entries[i].counts);
	ledger_subtract(&ring->ledger, &bucket->ledger);
	ring->seconds -= bucket->seconds;
	bucket->count = 0;
	bucket->seconds = 0;
	memset(&bucket->ledger, 0, sizeof(bucket->ledger));
	ring->oldest = (ring->oldest + 1) % MAX_BUCKETS;
	ring->used--;
	if (ring->used == 0)
		ring->seconds = 0; /* nor what rounding left */
}

/* The bucket that a period goes into, once what the window has left behind is gone. */
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
		if (ring->used == MAX_BUCKETS)
			expire(ring);
		newest = &ring->buckets[(ring->oldest + ring->used) % MAX_BUCKETS];
		ring->used++;
	}
	return newest;
}

static int
order_of_entries(const void *a, const void *b)
{
	uint32_t pa = ((const struct entry *)a)->place, pb = ((const struct entry *)b)->place;

	return pa < pb ? -1 : pa > pb;
}

/* Entries of several periods in one bucket: adds up those of the same place. */
static void
compact(struct bucket *bucket)
{
	size_t kept = 0;

	if (bucket->count == 0)
		return; /* the entries may be NULL, which qsort must not be given */
	qsort(bucket->entries, bucket->count, sizeof(*bucket->entries), order_of_entries);
	for (size_t i = 0; i < bucket->count; i++) {
		if (kept > 0 && bucket->entries[kept - 1].place == bucket->entries[i].place)
			counts_add(&bucket->entries[kept - 1].counts, &bucket->entries[i].counts);
		else
			bucket->entries[kept++] = bucket->entries[i];
	}
	bucket->count = kept;
}

static int
bucket_add_period(struct bucket *bucket, const struct heat *heat, double seconds)
{
	size_t want = bucket->count + heat->touched_count;

	if (want > bucket->capacity) {
		/* the doubles of earlier periods first: they may be all the room that is needed */
		compact(bucket);
		want = bucket->count + heat->touched_count;
	}
	if (want > bucket->capacity) {
		size_t capacity = want + want / 2;
		struct entry *entries =
			large_grow(bucket->entries, bucket->count * sizeof(*bucket->entries),
				   capacity * sizeof(*bucket->entries));

		if (entries == NULL)
			return -ENOMEM;
		bucket->entries = entries;
		bucket->capacity = capacity;
	}
	for (size_t i = 0; i < heat->touched_count; i++) {
		struct entry *entry = &bucket->entries[bucket->count++];

		entry->place = heat->touched[i];
		entry->counts = heat->period[entry->place];
	}
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

int
heat_end_period(struct heat *heat, double seconds)
{
	int error = 0;

	for (int w = 0; w < WINDOWS; w++) {
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

void
heat_window(const struct heat *heat, enum window window, struct heat_window *out)
{
	const struct ring *ring = &heat->rings[window];

	out->counts = ring->sum;
	out->places = heat->places < ring->places ? heat->places : ring->places;
	out->ledger = ring->ledger;
	out->seconds = ring->seconds;
}
