/* SPDX-License-Identifier: BSD-3-Clause */
#include "count.h"

#include "count_buffer.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_random.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * The swap: `asked` and `answered` count swaps. They are equal while the manager owns a buffer; the
 * lane counts into buffer `answered & 1`. Each word has one writer and a cache line of its own, and
 * the buffers, which change hands as a whole, share no line with anything.
 */
struct count_lane {
	alignas(RTE_CACHE_LINE_SIZE) _Atomic uint32_t asked;    /* manager writes */
	alignas(RTE_CACHE_LINE_SIZE) _Atomic uint32_t answered; /* lane writes */
	struct count_buffer buffer[2];                          /* its owner writes */
	int socket;                                             /* nobody writes after start */
};
_Static_assert(offsetof(struct count_lane, answered) % RTE_CACHE_LINE_SIZE == 0 &&
		       offsetof(struct count_lane, buffer) -
				       offsetof(struct count_lane, answered) ==
			       RTE_CACHE_LINE_SIZE,
	       "the manager's word, the lane's word and the buffers are on lines of their own");
_Static_assert(sizeof(struct count_buffer) % RTE_CACHE_LINE_SIZE == 0,
	       "no line belongs to two buffers, which may have two owners");

static struct count_buffer *
lane_buffer(struct count_lane *lane)
{
	return &lane->buffer[atomic_load_explicit(&lane->answered, memory_order_relaxed) & 1];
}

static struct count_buffer *
manager_buffer(struct count_lane *lane)
{
	return &lane->buffer[~atomic_load_explicit(&lane->asked, memory_order_relaxed) & 1];
}

struct count_lane *
count_create(unsigned int number, const struct count_settings *settings)
{
	uint32_t seed = (uint32_t)rte_rand();

	if (settings->hosts < COUNT_MIN_HOSTS || settings->hosts > COUNT_MAX_HOSTS) {
		errno = EINVAL;
		return NULL;
	}
	struct count_lane *lane = rte_zmalloc_socket("count lane", sizeof(*lane),
						     alignof(struct count_lane), settings->socket);
	if (lane == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	lane->socket = settings->socket;
	for (int i = 0; i < 2; i++) {
		char name[16];
		snprintf(name, sizeof(name), "lane%u.%c.", number, 'a' + i);

		int error = count_buffer_open(&lane->buffer[i], name, settings->hosts,
					      settings->socket, seed);
		if (error == 0)
			error = count_buffer_set_map(&lane->buffer[i], settings->map,
						     settings->socket);
		lane->buffer[i].sides = settings->sides;
		if (error < 0) {
			count_destroy(lane);
			errno = -error;
			return NULL;
		}
	}
	return lane;
}

void
count_destroy(struct count_lane *lane)
{
	if (lane == NULL)
		return;
	for (int i = 0; i < 2; i++)
		count_buffer_close(&lane->buffer[i]);
	rte_free(lane);
}

uint64_t
count_memory(const struct count_settings *settings)
{
	uint64_t slots = settings->map ? settings->map->slots : 0;

	return sizeof(struct count_lane) +
	       2 * (flow_cache_memory(settings->hosts) + host_table_memory(settings->hosts) +
		    slots * (sizeof(struct counts) + CELLS * sizeof(uint32_t)));
}

void
count_batch(struct count_lane *lane, struct parse_batch *batch)
{
	count_buffer_count(lane_buffer(lane), batch);
}

void
count_filtered(struct count_lane *lane, uint32_t frames, uint64_t octets)
{
	struct decode_counts *decode = &lane_buffer(lane)->decode;

	decode->frames[DECODE_FILTERED] += frames;
	decode->octets[DECODE_FILTERED] += octets;
}

bool
count_poll_swap(struct count_lane *lane)
{
	/* acquire: the clearing of the buffer that the lane is about to count into is seen too */
	uint32_t asked = atomic_load_explicit(&lane->asked, memory_order_acquire);

	/* release: so are, by the manager, the counts of the buffer that the lane leaves */
	if (likely(asked == atomic_load_explicit(&lane->answered, memory_order_relaxed)))
		return false;
	atomic_store_explicit(&lane->answered, asked, memory_order_release);
	return true;
}

void
count_request_swap(struct count_lane *lane)
{
	uint32_t asked = atomic_load_explicit(&lane->asked, memory_order_relaxed);
	atomic_store_explicit(&lane->asked, asked + 1, memory_order_release);
}

bool
count_swapped(const struct count_lane *lane)
{
	return atomic_load_explicit(&lane->answered, memory_order_acquire) ==
	       atomic_load_explicit(&lane->asked, memory_order_relaxed);
}

void
count_get_period(struct count_lane *lane, struct count_period *out)
{
	struct count_buffer *buffer = manager_buffer(lane);

	count_buffer_settle(buffer);
	out->hosts = buffer->hosts.used;
	out->decode = buffer->decode;
	out->overflowed = buffer->overflowed;
	out->map = buffer->map;
	out->overflow = buffer->overflow;
}

uint32_t
count_drain(struct count_lane *lane, struct host_row *rows)
{
	struct count_buffer *buffer = manager_buffer(lane);

	count_buffer_settle(buffer);
	if (buffer->hosts.used > 0) /* nobody allocates rows for none: then `rows` may be NULL */
		memcpy(rows, buffer->hosts.rows, buffer->hosts.used * sizeof(*rows));
	return buffer->hosts.used;
}

void
count_clear(struct count_lane *lane)
{
	count_buffer_clear(manager_buffer(lane));
}

int
count_set_map(struct count_lane *lane, const struct prefix_map *map)
{
	return count_buffer_set_map(manager_buffer(lane), map, lane->socket);
}
