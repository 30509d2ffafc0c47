/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of texts share: a world of places, hosts by chance in it, a picture of them, and
 * what reads a text back.
 */
#pragma once

#include "json.h"
#include "text.h"
#include "unit.h"

struct world {
	struct locate *locate;
	struct heat *heat;
	struct host_list hosts;
	struct ledger ledger;
	struct picture_facts facts;
	enum side side; /* that is asked for */
	enum window window;
	struct dice dice;
};

void world_begin(struct world *w, const char *one, const char *two);
/* Before anything is added: which networks are on our own side. */
void world_own(struct world *w, const char *const *networks, size_t count);
void world_end(struct world *w);
/* Is the host of the side that is asked for? */
bool world_shows(const struct world *w, const struct host_row *row);
/* What the manager does with a host. */
uint32_t world_add(struct world *w, const char *address, const struct counts *counts);
struct counts any_counts(struct dice *dice);
void add_by_chance(struct world *w, unsigned int n);
/* Ends the period and makes the picture; the world keeps its hosts. */
struct picture *try_picture(struct world *w);
struct picture *make_picture(struct world *w);
json_t *parse_json(const char *text, size_t length);
json_t *heat_json(struct picture *s, struct view view);
const char *string_at(const json_t *json, const char *key);
uint64_t integer_at(const json_t *json, size_t i);
/* C8 of README.md */
void c8_of(const struct counts *c, uint64_t c8[8]);
void assert_c8(const json_t *row, size_t from, const struct counts *c);
void assert_gzip(const struct text *text);
struct candidate {
	struct counts counts;
	bool listed;
};

/* Whoever is above the twelfth by any measure is there; whoever is there is among them by one. */
void assert_top(const struct candidate *all, size_t n);
