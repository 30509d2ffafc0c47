/* SPDX-License-Identifier: BSD-3-Clause */
/* What a snapshot is made of: shared by the files of this room only. */
#pragma once

#include "buffer.h"
#include "snapshot.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

/* a place with counts in some window */
struct point {
	const struct place *place;
	struct counts counts;
};

struct picture {
	struct point *points; /* sorted by packets, descending, then by number; see sorted */
	size_t count;
	bool sorted;
	struct ledger ledger;
	double seconds;
};

/* the busiest hosts: whoever is among the first SNAPSHOT_TALKERS by any measure */
struct talkers {
	struct host_row *rows;
	size_t count;
};

struct snapshot {
	atomic_uint references;
	enum window window;
	struct picture pictures[WINDOWS];
	struct host_list hosts;     /* since the start */
	const struct place **place; /* [places] by number; locate's own array may move */
	uint32_t places;
	struct talkers talkers_now, talkers_start;
	const struct snapshot_template *html;

	/* the facts, owned */
	char *version, *ui_build, *name;
	char *status; /* encoded at creation: it needs what only the manager knows */
	json_t *sensor;
	char generated[32], now[32], started[32];
	int64_t started_ms;
	uint64_t period;
	double interval_s;
	bool over, balanced;
	enum link_state link;

	pthread_mutex_t lock; /* guards what is made at first demand, below */
	struct text *texts[TEXT_KINDS][WINDOWS];
	uint32_t *by_place;   /* indices of hosts.rows, grouped by place */
	uint32_t *place_from; /* [places + 1] into by_place */
};

/* the measures by which a row can be ranked: packets or octets x TCP, UDP, both x source,
 * destination, both */
#define MEASURES 18
void counts_measures(const struct counts *c, uint64_t measures[MEASURES]);

/* Of `count` hosts, those that `which` names, or the first ones. 0, or -ENOMEM; the caller frees
 * talkers->rows, which is NULL where there is none. */
int talkers_take(struct talkers *talkers, const struct host_row *hosts, const uint32_t *which,
		 size_t count);

/* C8: tcp, udp packets; tcp, udp octets; the same as source */
void buffer_counts(struct buffer *b, const struct counts *c);

/* Fills text->gzip from text->plain; leaves it NULL where that fails. */
void text_compress(struct text *text, int level);

/* encode.c; the caller holds the lock. 0 or -ENOMEM */
int encode_heat(const struct snapshot *s, enum window window, struct buffer *out);
int encode_html(const struct snapshot *s, enum window window, struct buffer *out);
int encode_place(const struct snapshot *s, uint32_t place, enum window window, struct buffer *out);

/* status.c; NULL on ENOMEM, else malloc'ed */
char *encode_status(const struct snapshot_facts *facts, const struct snapshot *s,
		    const struct locate *locate);

/* NULL for a host without a place */
const struct place *snapshot_place_of(const struct snapshot *s, uint32_t number);

/* As a JSON string, whatever octets it is made of. NULL on ENOMEM */
json_t *json_text(const char *text);

const char *link_name(enum link_state link);
void time_text(int64_t ms, char text[32]);
