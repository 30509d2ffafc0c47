/* SPDX-License-Identifier: BSD-3-Clause */
#include "front.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <string.h>

/* below this a front saves no cache worth having, and would grow at once */
#define LEAST_SETS 256u

/* where a period starts of which nothing is known yet */
#define FIRST_SETS 16384u

/* Two sets for three hosts, as a power of two; see "How large". */
static uint32_t
sets_for(uint32_t hosts)
{
	uint32_t sets = rte_align32pow2((uint32_t)(2ull * hosts / 3));

	return RTE_MAX(sets, LEAST_SETS);
}

static void *
sets_alloc(uint32_t sets, int socket)
{
	return rte_zmalloc_socket("count front", (size_t)sets * RTE_CACHE_LINE_SIZE,
				  RTE_CACHE_LINE_SIZE, socket);
}

int
front_open(struct front *front, uint32_t hosts, int socket)
{
	uint32_t most = sets_for(hosts);

	memset(front, 0, sizeof(*front));
	front->most4 = front->most6 = most - 1;
	front->mask4 = front->mask6 = RTE_MIN(most, FIRST_SETS) - 1;
	front->sets4 = sets_alloc(most, socket);
	front->sets6 = sets_alloc(most, socket);
	if (front->sets4 == NULL || front->sets6 == NULL) {
		front_close(front);
		return -ENOMEM;
	}
	return 0;
}

void
front_close(struct front *front)
{
	rte_free(front->sets4);
	rte_free(front->sets6);
	memset(front, 0, sizeof(*front));
}

uint64_t
front_memory(uint32_t hosts)
{
	return 2ull * sets_for(hosts) * RTE_CACHE_LINE_SIZE;
}

void
front_resize(struct front *front, uint32_t hosts4, uint32_t hosts6)
{
	front->mask4 = RTE_MIN(sets_for(hosts4) - 1, front->most4);
	front->mask6 = RTE_MIN(sets_for(hosts6) - 1, front->most6);
	front->evicted4 = front->evicted6 = 0;
}
