/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger_names.h"

#include <assert.h>
#include <stdio.h>

struct list {
	struct ledger_name *names;
	size_t count;
};

static void
put(struct list *list, const char *group, const char *name, size_t offset)
{
	struct ledger_name *entry = &list->names[list->count++];

	snprintf(entry->text, sizeof(entry->text), "%s.%s", group, name);
	entry->offset = offset;
}

#define OFFSET(member, i) (offsetof(struct ledger, member) + (size_t)(i) * sizeof(uint64_t))

void
ledger_names(struct ledger_name names[LEDGER_NAMES])
{
	struct list list = {names, 0};

	for (int i = 0; i < DECODE_RESULTS; i++) {
		const char *name = decode_result_name((enum decode_result)i);

		put(&list, "frames", name, OFFSET(decode.frames, i));
		put(&list, "octets", name, OFFSET(decode.octets, i));
	}
	for (int i = 0; i < DECODE_EVENTS; i++)
		put(&list, "events", decode_event_name((enum decode_event)i),
		    OFFSET(decode.events, i));
	for (int i = 0; i < TUNNELS; i++)
		put(&list, "unwrapped", tunnel_name((enum tunnel)i), OFFSET(decode.unwrapped, i));
	put(&list, "unwrapped", "too_deep", OFFSET(decode.tunnel_too_deep, 0));
	for (int i = 0; i < GEO_RESULTS; i++)
		put(&list, "addresses", geo_result_name((enum geo_result)i), OFFSET(geo, i));
	for (int i = 0; i < WAYS; i++) {
		put(&list, "ways", way_name((enum way)i), OFFSET(decode.ways, i));
		put(&list, "way_octets", way_name((enum way)i), OFFSET(decode.way_octets, i));
	}
	assert(list.count == LEDGER_NAMES);
}

uint64_t *
ledger_number(struct ledger *ledger, const struct ledger_name *name)
{
	return (uint64_t *)(void *)((char *)ledger + name->offset);
}
