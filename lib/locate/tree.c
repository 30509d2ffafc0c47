/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is the search tree one that walks end in?
 *
 * The file's nodes point at each other by number, so that whoever made it may have made a loop, a
 * path that is longer than an address, or levels that share their next level: 33 nodes then have
 * 2^32 paths. One depth-first pass tells all three. Each node is visited once: behind it stay its
 * height and how many nodes a walk below it would visit.
 *
 * That subtrees are shared is legal: IPv4 is written once, and its aliases point there.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

#define ADDRESS_BITS_MAX 128

/* `steps` of a node on whose path the walk stands; of one that was never seen: 0 */
#define BUSY UINT32_MAX

struct visit {
	uint32_t node, below[2]; /* `below`: nodes; NO_NODE where a record is none */
	unsigned int side;       /* the next to look at */
	uint64_t steps;
	unsigned int height;
};

#define NO_NODE UINT32_MAX

uint64_t
locate_tree_steps(const MMDB_s *mmdb)
{
	/* and a million for small files, in which real ones may share more */
	uint64_t steps = 8 * (uint64_t)mmdb->metadata.node_count + (1u << 20);

	return steps < BUSY ? steps : BUSY - 1;
}

static void
visit_start(const MMDB_s *mmdb, struct visit *visit, uint32_t node)
{
	MMDB_search_node_s records;

	*visit = (struct visit){.node = node, .below = {NO_NODE, NO_NODE}, .steps = 1, .height = 1};
	if (MMDB_read_node(mmdb, node, &records) != MMDB_SUCCESS)
		return; /* look-ups fail there, and say so */
	if (records.left_record_type == MMDB_RECORD_TYPE_SEARCH_NODE)
		visit->below[0] = (uint32_t)records.left_record;
	if (records.right_record_type == MMDB_RECORD_TYPE_SEARCH_NODE)
		visit->below[1] = (uint32_t)records.right_record;
}

static void
visit_add(struct visit *visit, uint64_t steps, unsigned int height)
{
	visit->steps += steps;
	if (visit->height < height + 1)
		visit->height = height + 1;
}

static int
walk(const MMDB_s *mmdb, uint32_t *steps, uint8_t *heights, const atomic_bool *cancel,
     const char **wrong)
{
	const unsigned int bits = mmdb->metadata.ip_version == 6 ? ADDRESS_BITS_MAX : 32;
	const uint64_t most = locate_tree_steps(mmdb);
	struct visit path[ADDRESS_BITS_MAX];
	unsigned int depth = 1; /* nodes on the path: the next one would decide bit `depth` */

	visit_start(mmdb, &path[0], 0);
	steps[0] = BUSY;
	for (uint64_t count = 1; depth > 0; count++) {
		struct visit *visit = &path[depth - 1];

		if (count % LOCATE_CANCEL_STEPS == 0 && locate_is_cancelled(cancel))
			return -ECANCELED;
		if (visit->steps > most) {
			*wrong = "the search tree leads to the same nodes again and again";
			return -ELOOP;
		}
		if (visit->side == 2) {
			steps[visit->node] = (uint32_t)visit->steps;
			heights[visit->node] = (uint8_t)visit->height;
			if (--depth > 0)
				visit_add(visit - 1, visit->steps, visit->height);
			continue;
		}
		const uint32_t below = visit->below[visit->side++];
		if (below == NO_NODE)
			continue;
		if (steps[below] == BUSY) {
			*wrong = "the search tree has a loop";
			return -ELOOP;
		}
		if (depth + (steps[below] != 0 ? heights[below] : 1u) > bits) {
			*wrong = "the search tree is deeper than an address has bits";
			return -ELOOP;
		}
		if (steps[below] != 0) {
			visit_add(visit, steps[below], heights[below]);
			continue;
		}
		steps[below] = BUSY;
		visit_start(mmdb, &path[depth++], below);
	}
	return 0;
}

int
locate_tree_check(const MMDB_s *mmdb, const atomic_bool *cancel, const char **wrong)
{
	const size_t nodes = mmdb->metadata.node_count;

	if (nodes == 0)
		return 0;
	uint32_t *steps = calloc(nodes, sizeof(*steps));
	uint8_t *heights = calloc(nodes, sizeof(*heights));
	int error = steps != NULL && heights != NULL ? walk(mmdb, steps, heights, cancel, wrong)
						     : -ENOMEM;

	free(heights);
	free(steps);
	return error;
}
