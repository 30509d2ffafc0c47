/* SPDX-License-Identifier: BSD-3-Clause */
#include "internal.h"
#include "picture.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const double facts_bounds[FACTS_BUCKETS] = {0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

void
facts_histogram_add(struct facts_histogram *histogram, double seconds)
{
	for (int i = 0; i < FACTS_BUCKETS; i++) {
		if (seconds <= facts_bounds[i]) {
			histogram->buckets[i]++;
			break;
		}
	}
	histogram->sum += seconds;
	histogram->count++;
}

void
sums_remember_rate(struct picture_sums *sums, double pps)
{
	if (sums->history_count == PICTURE_HISTORY) {
		memmove(sums->history, sums->history + 1, (PICTURE_HISTORY - 1) * sizeof(double));
		sums->history_count--;
	}
	sums->history[sums->history_count++] = pps;
}

/* Where the next copy goes. Without memory it only adds up how much is needed. */
struct store {
	char *memory;
	size_t used;
};

static void *
keep(struct store *store, const void *data, size_t size)
{
	char *at = store->memory ? store->memory + store->used : NULL;

	if (at != NULL && size > 0)
		memcpy(at, data, size);
	/* the next one may be an array of anything */
	store->used += (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	return at;
}

static const char *
keep_text(struct store *store, const char *text)
{
	return text ? keep(store, text, strlen(text) + 1) : NULL;
}

static void
keep_all(struct store *store, struct picture_facts *to, const struct picture_facts *from)
{
	*to = *from;
	to->version = keep_text(store, from->version);
	to->ui_build = keep_text(store, from->ui_build);
	to->settings_json = keep_text(store, from->settings_json);
	to->security_json = keep_text(store, from->security_json);
	to->history_folder = keep_text(store, from->history_folder);
	to->record.lanes = keep(store, from->record.lanes,
				from->record.lane_count * sizeof(*from->record.lanes));
	to->record.ports = keep(store, from->record.ports,
				from->record.port_count * sizeof(*from->record.ports));
	to->consumers =
		keep(store, from->consumers, from->consumer_count * sizeof(*from->consumers));

	const char **sources =
		keep(store, from->sources, from->source_count * sizeof(*from->sources));
	for (size_t i = 0; i < from->source_count; i++) {
		const char *source = keep_text(store, from->sources[i]);

		if (sources != NULL)
			sources[i] = source;
	}
	to->sources = sources;
}

int
facts_copy(struct picture_facts *to, const struct picture_facts *from, void **owned)
{
	struct store store = {0};

	keep_all(&store, to, from);
	store.memory = malloc(store.used + 1);
	if (store.memory == NULL)
		return -ENOMEM;
	store.used = 0;
	keep_all(&store, to, from);
	*owned = store.memory;
	return 0;
}
