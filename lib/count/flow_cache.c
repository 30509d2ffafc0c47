/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow_cache.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <string.h>

/* below this a flow cache saves no cache worth having, and would grow at once */
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
	return rte_zmalloc_socket("flow cache", (size_t)sets * RTE_CACHE_LINE_SIZE,
				  RTE_CACHE_LINE_SIZE, socket);
}

int
flow_cache_open(struct flow_cache *cache, uint32_t hosts, int socket)
{
	uint32_t most = sets_for(hosts);

	memset(cache, 0, sizeof(*cache));
	cache->most4 = cache->most6 = most - 1;
	cache->mask4 = cache->mask6 = RTE_MIN(most, FIRST_SETS) - 1;
	cache->sets4 = sets_alloc(most, socket);
	cache->sets6 = sets_alloc(most, socket);
	if (cache->sets4 == NULL || cache->sets6 == NULL) {
		flow_cache_close(cache);
		return -ENOMEM;
	}
	return 0;
}

void
flow_cache_close(struct flow_cache *cache)
{
	rte_free(cache->sets4);
	rte_free(cache->sets6);
	memset(cache, 0, sizeof(*cache));
}

uint64_t
flow_cache_memory(uint32_t hosts)
{
	return 2ull * sets_for(hosts) * RTE_CACHE_LINE_SIZE;
}

void
flow_cache_resize(struct flow_cache *cache, uint32_t hosts4, uint32_t hosts6)
{
	cache->mask4 = RTE_MIN(sets_for(hosts4) - 1, cache->most4);
	cache->mask6 = RTE_MIN(sets_for(hosts6) - 1, cache->most6);
	cache->evicted4 = cache->evicted6 = 0;
}
