/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists of the busiest: countries, cities, hosts, hosts of a place. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
picture_countries(const struct picture_window *window, struct country **countries, size_t *count)
{
	struct country *sums = calloc(PLACE_COUNTRIES, sizeof(*sums));
	struct country *sorted = malloc(PLACE_COUNTRIES * sizeof(*sorted));
	struct top_row rows[PLACE_COUNTRIES];
	size_t n = 0;

	if (sums == NULL || sorted == NULL) {
		free(sums);
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < window->count; i++) {
		const struct point *point = &window->points[i];
		const size_t country = place_country_index(point->place->country);
		struct country *sum = &sums[country];

		if (country != 0)
			memcpy(sum->code, point->place->country, sizeof(sum->code));
		counts_add(&sum->counts, &point->counts);
	}
	for (size_t i = 0; i < PLACE_COUNTRIES; i++) {
		uint64_t packets = counts_packets(&sums[i].counts);

		if (packets > 0)
			rows[n++] = (struct top_row){packets, i};
	}
	top_sort(rows, n);
	for (size_t i = 0; i < n; i++)
		sorted[i] = sums[rows[i].row];
	free(sums);
	*countries = sorted;
	*count = n;
	return 0;
}

size_t
picture_cities(const struct picture_window *window, bool sites, struct top_row rows[TOP_MAX])
{
	struct top top;

	top_init(&top);
	for (size_t i = 0; i < window->count; i++) {
		const struct place *place = window->points[i].place;

		if (place->city[0] != 0 && (place->basis == BASIS_SITE) == sites)
			top_add(&top, i, &window->points[i].counts);
	}
	return top_take(&top, rows);
}

size_t
picture_networks(const struct picture_window *window, struct top_row rows[TOP_MAX])
{
	struct top top;

	top_init(&top);
	for (size_t i = 0; i < window->network_count; i++) {
		if (window->side != SIDE_REMOTE || !window->networks[i].place->own)
			top_add(&top, i, &window->networks[i].counts);
	}
	return top_take(&top, rows);
}

int
talkers_take(struct talkers *talkers, const struct host_list *hosts, const struct picture *p,
	     enum side side)
{
	struct top_row rows[TOP_MAX];
	struct top top;

	top_init(&top);
	for (size_t i = 0; i < hosts->count; i++) {
		const struct place *place =
			side == SIDE_REMOTE ? picture_place(p, hosts->rows[i].place) : NULL;

		if (place == NULL || !place->own)
			top_add(&top, i, &hosts->rows[i].counts);
	}
	size_t n = top_take(&top, rows);
	if (n == 0)
		return 0;
	talkers->rows = malloc(n * sizeof(*talkers->rows));
	if (talkers->rows == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		talkers->rows[i] = hosts->rows[rows[i].row];
	talkers->count = n;
	return 0;
}

size_t
picture_talkers(const struct picture *p, struct view view, const struct host_row **hosts)
{
	const enum side side = p->has_own ? view.side : SIDE_ALL;
	const struct talkers *talkers =
		view.window == WINDOW_START ? &p->talkers_start[side] : &p->talkers_now[side];

	*hosts = talkers->rows;
	return talkers->count;
}

/* A counting sort, once for a picture. [group_lock held] */
static int
group_by_place(struct picture *p)
{
	if (p->place_from != NULL)
		return 0;
	uint32_t *from = calloc((size_t)p->places + 2, sizeof(*from));
	uint32_t *by_place = malloc((p->hosts.count + 1) * sizeof(*by_place));
	if (from == NULL || by_place == NULL) {
		free(from);
		free(by_place);
		return -ENOMEM;
	}
	for (size_t i = 0; i < p->hosts.count; i++) {
		if (p->hosts.rows[i].place < p->places)
			from[p->hosts.rows[i].place + 2]++;
	}
	for (uint32_t n = 0; n < p->places; n++)
		from[n + 2] += from[n + 1];
	for (size_t i = 0; i < p->hosts.count; i++) {
		if (p->hosts.rows[i].place < p->places)
			by_place[from[p->hosts.rows[i].place + 1]++] = (uint32_t)i;
	}
	p->by_place = by_place;
	p->place_from = from;
	return 0;
}

/* Which of by_place are hosts of the place. 0, -ENOENT or -ENOMEM. */
static int
rows_of_place(struct picture *p, uint32_t place, uint32_t *from, uint32_t *to)
{
	if (place >= p->places || place_is_network(p->place[place]))
		return -ENOENT;
	pthread_mutex_lock(&p->group_lock);
	int error = group_by_place(p);
	pthread_mutex_unlock(&p->group_lock);
	if (error != 0)
		return error;
	*from = p->place_from[place];
	*to = p->place_from[place + 1];
	return 0;
}

int
picture_place_talkers(struct picture *p, uint32_t place, struct top_row rows[TOP_MAX],
		      size_t *count, size_t *hosts)
{
	struct top top;

	uint32_t from, to;
	int error = rows_of_place(p, place, &from, &to);
	if (error != 0)
		return error;
	top_init(&top);
	for (uint32_t i = from; i < to; i++)
		top_add(&top, p->by_place[i], &p->hosts.rows[p->by_place[i]].counts);
	*count = p->facts.privacy.no_hosts ? 0 : top_take(&top, rows);
	*hosts = to - from;
	return 0;
}

static uint32_t
asn_of(const struct picture *p, const struct host_addr *addr, uint32_t family)
{
	const struct host_cut cut = p->facts.privacy.cut;

	return locate_asn(p->opened, addr, family,
			  family == ADDR_IPV4 ? 32u - cut.ipv4 : 128u - cut.ipv6);
}

struct asn
picture_asn(const struct picture *p, const struct host_addr *addr, uint32_t family)
{
	const uint32_t who = asn_of(p, addr, family);

	return who != 0 ? asn_get(locate_databases_asn(p->opened), who) : (struct asn){0, ""};
}

/* a host's network, to bring those of one together */
struct member {
	uint32_t who, row;
};

static int
by_network(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->who > y->who) - (x->who < y->who);
}

/* The busiest come first; the last one goes. */
static void
offer_share(struct picture_share shares[PICTURE_SHARES], size_t *count,
	    const struct picture_share *share)
{
	size_t at = *count < PICTURE_SHARES ? (*count)++ : PICTURE_SHARES;

	for (; at > 0 && counts_packets(&shares[at - 1].counts) < counts_packets(&share->counts);
	     at--) {
		if (at < PICTURE_SHARES)
			shares[at] = shares[at - 1];
	}
	if (at < PICTURE_SHARES)
		shares[at] = *share;
}

int
picture_place_networks(struct picture *p, uint32_t place, struct picture_share **shares,
		       size_t *count)
{
	const struct asn_table *table = locate_databases_asn(p->opened);
	uint32_t from, to;
	int error = rows_of_place(p, place, &from, &to);

	*count = 0;
	*shares = NULL;
	if (error != 0 || table == NULL || from == to)
		return error;
	struct member *members = malloc((to - from) * sizeof(*members));
	*shares = malloc(PICTURE_SHARES * sizeof(**shares));
	if (members == NULL || *shares == NULL) {
		free(members);
		free(*shares);
		*shares = NULL;
		return -ENOMEM;
	}
	for (uint32_t i = from; i < to; i++) {
		const struct host_row *row = &p->hosts.rows[p->by_place[i]];

		members[i - from] =
			(struct member){asn_of(p, &row->addr, row->family), p->by_place[i]};
	}
	qsort(members, to - from, sizeof(*members), by_network);
	for (uint32_t i = 0; i < to - from;) {
		struct picture_share share = {.asn = asn_get(table, members[i].who)};
		const uint32_t who = members[i].who;

		for (; i < to - from && members[i].who == who; i++)
			counts_add(&share.counts, &p->hosts.rows[members[i].row].counts);
		offer_share(*shares, count, &share);
	}
	free(members);
	return 0;
}
