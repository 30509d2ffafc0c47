/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry.h"

#include "picture.h"
#include "telemetry_table.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <rte_telemetry.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS 4

/* Splits at commas; a parameter that is left out or empty is "". -EINVAL: there are more. */
static int
split(const char *params, char text[256], const char *list[PARAMETERS])
{
	char *rest = text;

	for (int i = 0; i < PARAMETERS; i++)
		list[i] = "";
	if (params == NULL)
		return 0;
	if (strlen(params) > 255)
		return -EINVAL;
	memcpy(text, params, strlen(params) + 1);
	for (int i = 0; rest != NULL; i++) {
		if (i == PARAMETERS)
			return -EINVAL;
		list[i] = strsep(&rest, ",");
	}
	return 0;
}

/* Digits and nothing else. 0, or -EINVAL: none, or more than `most`. */
static int
parse_number(const char *text, unsigned long most, size_t *value)
{
	char *end;

	if (text[0] == 0 || strspn(text, "0123456789") != strlen(text))
		return -EINVAL;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno != 0 || n > most)
		return -EINVAL;
	*value = n;
	return 0;
}

/* The window of that name; that which is shown where none is named; or WINDOWS. */
static enum window
parse_window(const struct picture *p, const char *text)
{
	return text[0] == 0 ? picture_default_view(p).window : window_parse(text);
}

static void
put_period(struct rte_tel_data *d, const struct picture *p, enum window window)
{
	rte_tel_data_add_dict_u64(d, "period", picture_facts(p)->record.number);
	rte_tel_data_add_dict_string(d, "window", window_names[window]);
}

static void
put_page(struct rte_tel_data *d, size_t all, size_t from, size_t rows, size_t last)
{
	rte_tel_data_add_dict_u64(d, "all", all);
	rte_tel_data_add_dict_u64(d, "from", from);
	rte_tel_data_add_dict_u64(d, "rows", rows);
	if (from + rows < last)
		rte_tel_data_add_dict_u64(d, "next", from + rows);
}

static void
put_ledger(struct rte_tel_data *d, const struct ledger *l)
{
	char name[RTE_TEL_MAX_STRING_LEN];

	rte_tel_data_add_dict_u64(d, "frames", ledger_frames(l));
	for (int r = 0; r < DECODE_RESULTS; r++) {
		snprintf(name, sizeof(name), "%s%s", r < DECODE_FIRST_MALFORMED ? "" : "malformed_",
			 decode_result_name((enum decode_result)r));
		rte_tel_data_add_dict_u64(d, name, l->decode.frames[r]);
	}
	rte_tel_data_add_dict_u64(d, "malformed_total", ledger_malformed(l));
	for (int r = 0; r < GEO_RESULTS; r++) {
		snprintf(name, sizeof(name), "addresses_%s", geo_result_name((enum geo_result)r));
		rte_tel_data_add_dict_u64(d, name, l->geo[r]);
	}
	for (int e = 0; e < DECODE_EVENTS; e++) {
		snprintf(name, sizeof(name), "event_%s", decode_event_name((enum decode_event)e));
		rte_tel_data_add_dict_u64(d, name, l->decode.events[e]);
	}
	for (int t = 0; t < TUNNELS; t++) {
		snprintf(name, sizeof(name), "unwrapped_%s", tunnel_name((enum tunnel)t));
		rte_tel_data_add_dict_u64(d, name, l->decode.unwrapped[t]);
	}
	rte_tel_data_add_dict_u64(d, "unwrapped_too_deep", l->decode.tunnel_too_deep);
	for (int w = 0; w < WAYS; w++) {
		snprintf(name, sizeof(name), "way_%s", way_name((enum way)w));
		rte_tel_data_add_dict_u64(d, name, l->decode.ways[w]);
		snprintf(name, sizeof(name), "way_octets_%s", way_name((enum way)w));
		rte_tel_data_add_dict_u64(d, name, l->decode.way_octets[w]);
	}
}

static int
answer_ledger(struct picture *p, const char *const *params, struct rte_tel_data *d)
{
	const struct picture_facts *f = picture_facts(p);
	/* since the start: that is what a counter is to a monitor */
	enum window window = params[0][0] == 0 ? WINDOW_START : window_parse(params[0]);
	struct picture_window w;

	if (window == WINDOWS || params[1][0] != 0)
		return -EINVAL;
	rte_tel_data_start_dict(d);
	put_period(d, p, window);
	if (window != WINDOW_START) {
		(void)picture_get_window(p, all_of(window), &w); /* of all: it cannot fail */
		put_ledger(d, &w.ledger);
		return 0;
	}
	rte_tel_data_add_dict_u64(d, "received", f->sums.received);
	rte_tel_data_add_dict_u64(d, "lost", f->sums.lost);
	rte_tel_data_add_dict_int(d, "balanced", f->balanced);
	put_ledger(d, &f->sums.ledger);
	return 0;
}

static uint64_t
whole(double value)
{
	return isfinite(value) && value > 0 ? (uint64_t)llround(value) : 0;
}

static void
put_lane(struct rte_tel_data *d, const struct period_lane *l)
{
	char text[RTE_TEL_MAX_STRING_LEN];

	rte_tel_data_add_dict_string(d, "port", telemetry_encode_name(l->port, text));
	rte_tel_data_add_dict_u64(d, "queue", l->queue);
	rte_tel_data_add_dict_u64(d, "lcore", l->lcore);
	rte_tel_data_add_dict_u64(d, "cpu", l->cpu);
	rte_tel_data_add_dict_u64(d, "received", l->received);
	rte_tel_data_add_dict_u64(d, "hosts", l->hosts);
	rte_tel_data_add_dict_u64(d, "swaps_missed", l->skipped);
	rte_tel_data_add_dict_u64(d, "cycles_per_packet", whole(l->cycles_per_packet));
	rte_tel_data_add_dict_u64(d, "busy_permille", whole(l->busy * 1000));
	rte_tel_data_add_dict_u64(d, "headroom_pps", whole(l->headroom_pps));
}

static int
answer_lanes(struct picture *p, const char *const *params, struct rte_tel_data *d)
{
	const struct picture_facts *f = picture_facts(p);
	struct telemetry_table t = {0};
	char text[RTE_TEL_MAX_STRING_LEN];
	size_t n;

	if (params[1][0] != 0)
		return -EINVAL;
	if (params[0][0] != 0) {
		if (parse_number(params[0], UINT_MAX, &n) != 0 || n >= f->record.lane_count)
			return -EINVAL;
		rte_tel_data_start_dict(d);
		rte_tel_data_add_dict_u64(d, "period", f->record.number);
		put_lane(d, &f->record.lanes[n]);
		return 0;
	}
	if (telemetry_table_column(&t, "lane", COLUMN_U64) != 0 ||
	    telemetry_table_column(&t, "port", COLUMN_TEXT) != 0 ||
	    telemetry_table_column(&t, "queue", COLUMN_U64) != 0 ||
	    telemetry_table_column(&t, "lcore", COLUMN_U64) != 0) {
		telemetry_table_free(&t);
		return -ENOMEM;
	}
	/* 64 lanes at most, names of 63 octets: all fit */
	for (size_t i = 0; i < f->record.lane_count; i++) {
		const struct period_lane *l = &f->record.lanes[i];
		const union telemetry_cell cells[] = {
			{.big = i},
			{.text = telemetry_encode_name(l->port, text)},
			{.big = l->queue},
			{.big = l->lcore}};
		if (!telemetry_table_row(&t, cells))
			break;
	}
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_u64(d, "period", f->record.number);
	rte_tel_data_add_dict_u64(d, "lanes", f->record.lane_count);
	telemetry_table_put(&t, d);
	return 0;
}

/* The four columns that every list of counts has. */
static int
count_columns(struct telemetry_table *t)
{
	static const char *const names[] = {"tcp_packets", "udp_packets", "tcp_octets",
					    "udp_octets"};
	int error = 0;

	for (size_t i = 0; i < 4 && error == 0; i++)
		error = telemetry_table_column(t, names[i], COLUMN_U64);
	return error;
}

static void
count_cells(union telemetry_cell *cells, const struct counts *c)
{
	for (int l = 0; l < LAYERS; l++) {
		cells[l].big = c->packets[l][AS_SOURCE] + c->packets[l][AS_DESTINATION];
		cells[2 + l].big = c->octets[l][AS_SOURCE] + c->octets[l][AS_DESTINATION];
	}
}

/* One of the lists that `top` offers. */
struct list {
	enum { PLACES, COUNTRIES, HOSTS } what;
	size_t count;
	const struct point *points;
	struct country *countries; /* ours to free */
	const struct host_row *hosts;
};

static int
list_make(struct picture *p, const char *what, enum window window, struct list *list)
{
	struct picture_window w;

	*list = (struct list){0};
	if (strcmp(what, "hosts") == 0) {
		/* of other windows nothing is kept of hosts */
		if (window != WINDOW_NOW && window != WINDOW_START)
			return -EINVAL;
		list->what = HOSTS;
		list->count = picture_talkers(p, all_of(window), &list->hosts);
		return 0;
	}
	(void)picture_get_window(p, all_of(window), &w); /* of all: it cannot fail */
	if (strcmp(what, "countries") == 0) {
		list->what = COUNTRIES;
		return picture_countries(&w, &list->countries, &list->count);
	}
	if (what[0] != 0 && strcmp(what, "places") != 0)
		return -EINVAL;
	list->points = w.points;
	list->count = w.count;
	return 0;
}

/* Row `i`: its name, and of places the country, into cells. `text` is room for the name. */
static const struct counts *
list_row(const struct list *list, size_t i, union telemetry_cell cells[2],
	 char text[RTE_TEL_MAX_STRING_LEN])
{
	if (list->what == HOSTS) {
		cells[0].text = host_addr_text(&list->hosts[i].addr, list->hosts[i].family, text);
		return &list->hosts[i].counts;
	}
	if (list->what == COUNTRIES) {
		cells[0].text = list->countries[i].code;
		return &list->countries[i].counts;
	}
	cells[0].text = telemetry_encode_name(list->points[i].place->city, text);
	cells[1].text = list->points[i].place->country;
	return &list->points[i].counts;
}

static int
answer_top(struct picture *p, const char *const *params, struct rte_tel_data *d)
{
	enum window window = parse_window(p, params[2]);
	char text[RTE_TEL_MAX_STRING_LEN];
	union telemetry_cell cells[2 + 4];
	struct telemetry_table t = {0};
	struct list list;
	size_t wanted, from = 0;

	if (parse_number(params[0], UINT_MAX, &wanted) != 0 || wanted == 0 || window == WINDOWS ||
	    (params[3][0] != 0 && parse_number(params[3], UINT_MAX, &from) != 0))
		return -EINVAL;
	int error = list_make(p, params[1], window, &list);
	if (error != 0)
		return error;
	size_t names = list.what == PLACES ? 2 : 1;
	error = telemetry_table_column(&t,
				       list.what == HOSTS       ? "host"
				       : list.what == COUNTRIES ? "country"
								: "place",
				       COLUMN_TEXT);
	if (error == 0 && names == 2)
		error = telemetry_table_column(&t, "country", COLUMN_TEXT);
	if (error == 0)
		error = count_columns(&t);
	size_t last = wanted < list.count ? wanted : list.count;
	for (size_t i = from; i < last && error == 0; i++) {
		count_cells(cells + names, list_row(&list, i, cells, text));
		if (!telemetry_table_row(&t, cells))
			break;
	}
	free(list.countries);
	if (error != 0) {
		telemetry_table_free(&t);
		return error;
	}
	rte_tel_data_start_dict(d);
	put_period(d, p, window);
	put_page(d, list.count, from, t.rows, last);
	telemetry_table_put(&t, d);
	return 0;
}

static int
answer_heat(struct picture *p, const char *const *params, struct rte_tel_data *d)
{
	enum window window = parse_window(p, params[0]);
	struct picture_window w;
	struct telemetry_table t = {0};
	size_t from = 0;

	if (window == WINDOWS || params[2][0] != 0 ||
	    (params[1][0] != 0 && parse_number(params[1], UINT_MAX, &from) != 0))
		return -EINVAL;
	(void)picture_get_window(p, all_of(window), &w); /* of all: it cannot fail */
	int error = telemetry_table_column(&t, "place", COLUMN_U64);
	if (error == 0)
		error = telemetry_table_column(&t, "latitude_e6", COLUMN_INT);
	if (error == 0)
		error = telemetry_table_column(&t, "longitude_e6", COLUMN_INT);
	if (error == 0)
		error = count_columns(&t);
	for (size_t i = from; i < w.count && error == 0; i++) {
		const struct point *point = &w.points[i];
		union telemetry_cell cells[3 + 4] = {
			{.big = point->place->number},
			{.number = (int)lround(point->place->latitude * 1e6)},
			{.number = (int)lround(point->place->longitude * 1e6)},
		};

		count_cells(cells + 3, &point->counts);
		if (!telemetry_table_row(&t, cells))
			break;
	}
	if (error != 0) {
		telemetry_table_free(&t);
		return error;
	}
	rte_tel_data_start_dict(d);
	put_period(d, p, window);
	put_page(d, w.count, from, t.rows, w.count);
	telemetry_table_put(&t, d);
	return 0;
}

/* [telemetry client] */
static int
answer(int (*make)(struct picture *, const char *const *, struct rte_tel_data *),
       const char *params, struct rte_tel_data *d)
{
	const char *list[PARAMETERS];
	char text[256];
	struct picture *p;
	int error = split(params, text, list);

	if (error != 0)
		return error;
	p = picture_current();
	if (p == NULL)
		return -EAGAIN;
	error = make(p, list, d);
	picture_release(p);
	return error;
}

#define COMMAND(name)                                                                              \
	static int on_##name(const char *cmd, const char *params, struct rte_tel_data *d)          \
	{                                                                                          \
		(void)cmd;                                                                         \
		return answer(answer_##name, params, d);                                           \
	}
COMMAND(ledger)
COMMAND(lanes)
COMMAND(top)
COMMAND(heat)

int
telemetry_register(void)
{
	/* the library takes 63 octets of help */
	static const struct {
		const char *name;
		telemetry_cb answer;
		const char *help;
	} commands[] = {
		{"/packet_heatmap/ledger", on_ledger,
		 "Where frames and addresses went. Optional: window"},
		{"/packet_heatmap/lanes", on_lanes, "Lists the lanes; with a number: one of them"},
		{"/packet_heatmap/top", on_top,
		 "Busiest: N[,places|countries|hosts[,window[,from]]]"},
		{"/packet_heatmap/heat", on_heat, "Places and counts, in pages: [window[,from]]"},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && error == 0; i++)
		error = rte_telemetry_register_cmd(commands[i].name, commands[i].answer,
						   commands[i].help);
	return error;
}
