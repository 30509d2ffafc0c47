/* SPDX-License-Identifier: BSD-3-Clause */
#include "file.h"
#include "large.h"
#include "picture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct snapshot *current; /* holds one reference; guarded by current_lock */

void
time_text(int64_t ms, char text[32])
{
	int64_t part = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
	time_t seconds = (time_t)((ms - part) / 1000);
	struct tm tm;
	char date[24];

	/* a year of more than four digits is a clock or a database gone wrong */
	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900 ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		snprintf(date, sizeof(date), "1970-01-01T00:00:00");
	snprintf(text, 32, "%s.%03dZ", date, (int)part);
}

const char *
link_name(enum link_state link)
{
	return link == LINK_UP ? "up" : link == LINK_DOWN ? "down" : "unknown";
}

void
counts_measures(const struct counts *c, uint64_t m[MEASURES])
{
	const uint64_t(*values[2])[DIRECTIONS] = {c->packets, c->octets};

	for (int v = 0; v < 2; v++) {
		uint64_t tcp_src = values[v][LAYER_TCP][AS_SOURCE];
		uint64_t tcp_dst = values[v][LAYER_TCP][AS_DESTINATION];
		uint64_t udp_src = values[v][LAYER_UDP][AS_SOURCE];
		uint64_t udp_dst = values[v][LAYER_UDP][AS_DESTINATION];

		*m++ = tcp_src + tcp_dst + udp_src + udp_dst;
		*m++ = tcp_src + tcp_dst;
		*m++ = udp_src + udp_dst;
		*m++ = tcp_src + udp_src;
		*m++ = tcp_dst + udp_dst;
		*m++ = tcp_src;
		*m++ = tcp_dst;
		*m++ = udp_src;
		*m++ = udp_dst;
	}
}

static int
order_of_points(const void *a, const void *b)
{
	const struct point *pa = a, *pb = b;
	uint64_t na = counts_packets(&pa->counts), nb = counts_packets(&pb->counts);

	if (na != nb)
		return na > nb ? -1 : 1;
	return pa->place->number < pb->place->number ? -1 : 1;
}

static int
order_of_talkers(const void *a, const void *b)
{
	const struct host_row *ra = a, *rb = b;
	uint64_t na = counts_packets(&ra->counts), nb = counts_packets(&rb->counts);

	if (na != nb)
		return na > nb ? -1 : 1;
	return host_row_order(ra, rb);
}

static int
picture_take(struct picture *picture, const struct heat *heat, const struct locate *locate,
	     enum window window)
{
	struct heat_window hw;
	size_t n = 0;

	heat_window(heat, window, &hw);
	picture->ledger = hw.ledger;
	picture->seconds = hw.seconds;
	for (uint32_t p = 0; p < hw.places; p++)
		n += counts_packets(&hw.counts[p]) > 0;
	if (n == 0)
		return 0;
	picture->points = large_alloc(n * sizeof(*picture->points));
	if (picture->points == NULL)
		return -ENOMEM;
	for (uint32_t p = 0; p < hw.places; p++) {
		if (counts_packets(&hw.counts[p]) == 0)
			continue;
		picture->points[picture->count].place = locate_get(locate, p);
		picture->points[picture->count++].counts = hw.counts[p];
	}
	return 0;
}

/* [lock held, or before publication] */
static void
picture_sort(struct picture *picture)
{
	if (!picture->sorted && picture->count > 1)
		qsort(picture->points, picture->count, sizeof(*picture->points), order_of_points);
	picture->sorted = true;
}

/*
 * The first SNAPSHOT_TALKERS by each measure, all in one pass: for each measure a short list whose
 * least member is the bar that the next host must clear. Nearly all hosts fail all bars, so the
 * cost is 18 comparisons a host.
 */
int
talkers_take(struct talkers *talkers, const struct host_row *hosts, const uint32_t *which,
	     size_t count)
{
	struct {
		uint64_t bar;
		size_t count;
		struct {
			uint64_t value;
			size_t row;
		} best[SNAPSHOT_TALKERS];
	} lists[MEASURES] = {0};
	size_t rows[MEASURES * SNAPSHOT_TALKERS], n = 0;

	for (size_t i = 0; i < count; i++) {
		size_t row = which ? which[i] : i;
		uint64_t measures[MEASURES];

		counts_measures(&hosts[row].counts, measures);
		for (int m = 0; m < MEASURES; m++) {
			if (measures[m] <= lists[m].bar)
				continue;
			size_t at = lists[m].count;
			if (at < SNAPSHOT_TALKERS)
				lists[m].count++;
			else
				at--;
			while (at > 0 && lists[m].best[at - 1].value < measures[m]) {
				lists[m].best[at] = lists[m].best[at - 1];
				at--;
			}
			lists[m].best[at].value = measures[m];
			lists[m].best[at].row = row;
			if (lists[m].count == SNAPSHOT_TALKERS)
				lists[m].bar = lists[m].best[SNAPSHOT_TALKERS - 1].value;
		}
	}
	for (int m = 0; m < MEASURES; m++) {
		for (size_t k = 0; k < lists[m].count; k++) {
			size_t seen = 0;

			while (seen < n && rows[seen] != lists[m].best[k].row)
				seen++;
			if (seen == n)
				rows[n++] = lists[m].best[k].row;
		}
	}
	if (n == 0)
		return 0;
	talkers->rows = malloc(n * sizeof(*talkers->rows));
	if (talkers->rows == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		talkers->rows[i] = hosts[rows[i]];
	talkers->count = n;
	qsort(talkers->rows, n, sizeof(*talkers->rows), order_of_talkers);
	return 0;
}

/*
 * Names come from the command line and the file system: any octets, or cut within a character. What
 * is no UTF-8 jansson refuses, and all that it belongs to with it.
 */
json_t *
json_text(const char *text)
{
	size_t length = strlen(text);
	json_t *string = NULL;

	for (size_t cut = 0; cut <= length && cut < 4 && string == NULL; cut++)
		string = json_stringn(text, length - cut);
	if (string != NULL)
		return string;
	char *ascii = strdup(text);
	if (ascii == NULL)
		return NULL;
	for (char *c = ascii; *c != 0; c++)
		*c = (unsigned char)*c < 0x80 ? *c : '?';
	string = json_string(ascii);
	free(ascii);
	return string;
}

/* The part of the heat's text that is about the sensor: the same for all windows. */
static json_t *
sensor_json(const struct snapshot_facts *facts, const struct locate *locate)
{
	json_t *sources = json_array(), *history = json_array();
	char titles[512] = "";
	char attribution[512] = "";
	const char *url = "";
	double seconds = facts->period_s > 0 ? facts->period_s : 1;
	uint64_t offered = facts->period_frames + facts->period_lost;

	for (size_t i = 0; i < facts->source_count; i++)
		json_array_append_new(sources, json_text(facts->sources[i]));
	for (size_t i = 0; i < facts->history_count; i++)
		json_array_append_new(history, json_real(round(facts->history[i] * 10) / 10));
	/* IPv4 and IPv6 files of one maker have one title: said once */
	for (size_t i = 0; i < locate_databases(locate); i++) {
		const struct locate_database *db = locate_database(locate, i);

		/* each maker whose data is on the map is named, the first one's site is linked */
		if (attribution[0] == 0)
			url = db->attribution_url;
		if (strstr(attribution, db->attribution) == NULL) {
			size_t used = strlen(attribution);
			snprintf(attribution + used, sizeof(attribution) - used, "%s%s",
				 used ? "; " : "", db->attribution);
		}
		if (strstr(titles, db->title) != NULL)
			continue;
		size_t used = strlen(titles);
		snprintf(titles + used, sizeof(titles) - used, "%s%s", used ? ", " : "", db->title);
	}
	return json_pack("{s:o, s:o, s:s, s:f, s:f, s:f, s:f, s:I, s:o, s:s, s:s, s:o}", "name",
			 json_text(facts->name), "sources", sources, "link", link_name(facts->link),
			 "rx_pps", round((double)facts->period_frames / seconds * 10) / 10,
			 "rx_bps", round((double)facts->period_octets * 8 / seconds), "drop_pps",
			 round((double)facts->period_lost / seconds * 10) / 10, "drop_pct",
			 offered ? round(1e8 * (double)facts->period_lost / (double)offered) / 1e6
				 : 0.0,
			 "lost_total", (json_int_t)facts->lost, "geo_db", json_text(titles),
			 "attribution", attribution, "attribution_url", url, "history", history);
}

static void
snapshot_destroy(struct snapshot *s)
{
	for (int w = 0; w < WINDOWS; w++) {
		free(s->pictures[w].points);
		for (int k = 0; k < TEXT_KINDS; k++) {
			if (s->texts[k][w] == NULL)
				continue;
			free(s->texts[k][w]->plain);
			free(s->texts[k][w]->gzip);
			free(s->texts[k][w]);
		}
	}
	host_list_free(&s->hosts);
	free(s->talkers_now.rows);
	free(s->talkers_start.rows);
	free(s->by_place);
	free(s->place);
	free(s->place_from);
	free(s->version);
	free(s->ui_build);
	free(s->name);
	free(s->status);
	json_decref(s->sensor);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int
places_take(struct snapshot *s, const struct locate *locate)
{
	size_t n = locate_count(locate);

	s->place = malloc((n + 1) * sizeof(*s->place));
	if (s->place == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s->place[i] = locate_get(locate, (uint32_t)i);
	s->places = (uint32_t)n;
	return 0;
}

const struct place *
snapshot_place_of(const struct snapshot *s, uint32_t number)
{
	return number < s->places ? s->place[number] : NULL;
}

struct snapshot *
snapshot_create(const struct snapshot_facts *facts, const struct heat *heat,
		const struct locate *locate, struct host_list *hosts,
		const struct host_list *period_hosts, enum window window,
		const struct snapshot_template *html)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	int error = 0;

	if (s == NULL) {
		host_list_free(hosts);
		errno = ENOMEM;
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	atomic_init(&s->references, 1);
	s->hosts = *hosts;
	*hosts = (struct host_list){0};
	s->window = window;
	s->html = html;
	s->version = strdup(facts->version);
	s->ui_build = strdup(facts->ui_build);
	s->name = strdup(facts->name);
	s->sensor = sensor_json(facts, locate);
	s->started_ms = facts->started_ms;
	s->period = facts->period;
	s->interval_s = facts->interval_s;
	s->over = facts->over;
	s->balanced = facts->balanced;
	s->link = facts->link;
	time_text(facts->generated_ms, s->generated);
	time_text(facts->now_ms, s->now);
	time_text(facts->started_ms, s->started);
	error = places_take(s, locate);
	for (int w = 0; w < WINDOWS && error == 0; w++)
		error = picture_take(&s->pictures[w], heat, locate, (enum window)w);
	if (error == 0)
		error = talkers_take(&s->talkers_now, period_hosts->rows, NULL,
				     period_hosts->count);
	if (error == 0)
		error = talkers_take(&s->talkers_start, s->hosts.rows, NULL, s->hosts.count);
	if (error == 0)
		s->status = encode_status(facts, s, locate);
	if (error != 0 || !s->version || !s->ui_build || !s->name || !s->sensor || !s->status) {
		snapshot_destroy(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

void
snapshot_publish(struct snapshot *snapshot)
{
	pthread_mutex_lock(&current_lock);
	struct snapshot *last = current;
	current = snapshot;
	pthread_mutex_unlock(&current_lock);
	snapshot_release(last);
}

struct snapshot *
snapshot_current(void)
{
	/* the lock spans look-up and reference: between them the manager could free it */
	pthread_mutex_lock(&current_lock);
	struct snapshot *s = current;
	if (s != NULL)
		atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	pthread_mutex_unlock(&current_lock);
	return s;
}

void
snapshot_release(struct snapshot *snapshot)
{
	if (snapshot != NULL &&
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
		snapshot_destroy(snapshot);
}

const struct host_list *
snapshot_hosts(const struct snapshot *snapshot)
{
	return &snapshot->hosts;
}

enum window
snapshot_window(const struct snapshot *snapshot)
{
	return snapshot->window;
}

size_t
snapshot_points(const struct snapshot *snapshot, enum window window)
{
	return snapshot->pictures[window].count;
}

uint64_t
snapshot_period(const struct snapshot *snapshot)
{
	return snapshot->period;
}

int64_t
snapshot_started(const struct snapshot *snapshot)
{
	return snapshot->started_ms;
}

/* gzip framing: 16 + MAX_WBITS */
void
text_compress(struct text *text, int level)
{
	z_stream z = {0};

	if (deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	size_t bound = deflateBound(&z, text->length);
	text->gzip = malloc(bound);
	if (text->gzip != NULL) {
		z.next_in = (Bytef *)text->plain;
		z.avail_in = (uInt)text->length;
		z.next_out = text->gzip;
		z.avail_out = (uInt)bound;
		if (text->length > UINT32_MAX || deflate(&z, Z_FINISH) != Z_STREAM_END) {
			free(text->gzip);
			text->gzip = NULL;
		} else {
			text->gzip_length = z.total_out;
			unsigned char *fit = realloc(text->gzip, text->gzip_length);
			if (fit != NULL)
				text->gzip = fit;
		}
	}
	deflateEnd(&z);
}

static struct text *
make_text(struct snapshot *s, enum text_kind kind, enum window window)
{
	static const char letters[TEXT_KINDS] = {'h', 'm', 's'};
	struct text *text = calloc(1, sizeof(*text));
	struct buffer b = {0};
	int error = 0;

	if (text == NULL)
		return NULL;
	picture_sort(&s->pictures[window]);
	switch (kind) {
	case TEXT_HEAT:
		error = encode_heat(s, window, &b);
		break;
	case TEXT_HTML:
		error = encode_html(s, window, &b);
		break;
	case TEXT_STATUS:
	default:
		buffer_text(&b, s->status);
		error = b.failed ? -ENOMEM : 0;
		break;
	}
	if (error != 0) {
		buffer_free(&b);
		free(text);
		return NULL;
	}
	text->plain = b.data;
	text->length = b.length;
	/* start, period and page: the three things that a text depends on */
	snprintf(text->etag, sizeof(text->etag), "%llx-%llu-%c%d-%.12s",
		 (unsigned long long)s->started_ms, (unsigned long long)s->period, letters[kind],
		 window, s->ui_build);
	/* level 1: a text lives for one period; at 100,000 places level 6 takes several times as
	 * long for a fifth fewer octets on a link that is local */
	text_compress(text, 1);
	return text;
}

const struct text *
snapshot_text(struct snapshot *s, enum text_kind kind, enum window window)
{
	pthread_mutex_lock(&s->lock);
	struct text **slot = &s->texts[kind][kind == TEXT_STATUS ? 0 : window];
	if (*slot == NULL)
		*slot = make_text(s, kind, kind == TEXT_STATUS ? 0 : window);
	const struct text *text = *slot;
	pthread_mutex_unlock(&s->lock);
	if (text == NULL)
		errno = ENOMEM;
	return text;
}

/* Groups the hosts by place: a counting sort, once for a snapshot. [lock held] */
static int
group_by_place(struct snapshot *s)
{
	if (s->place_from != NULL)
		return 0;
	uint32_t *from = calloc((size_t)s->places + 2, sizeof(*from));
	uint32_t *by_place = malloc((s->hosts.count + 1) * sizeof(*by_place));
	if (from == NULL || by_place == NULL) {
		free(from);
		free(by_place);
		return -ENOMEM;
	}
	for (size_t i = 0; i < s->hosts.count; i++) {
		if (s->hosts.rows[i].place < s->places)
			from[s->hosts.rows[i].place + 2]++;
	}
	for (uint32_t p = 0; p < s->places; p++)
		from[p + 2] += from[p + 1];
	for (size_t i = 0; i < s->hosts.count; i++) {
		if (s->hosts.rows[i].place < s->places)
			by_place[from[s->hosts.rows[i].place + 1]++] = (uint32_t)i;
	}
	s->by_place = by_place;
	s->place_from = from;
	return 0;
}

int
snapshot_place(struct snapshot *s, uint32_t place, enum window window, char **json)
{
	struct buffer b = {0};

	if (place >= s->places)
		return -ENOENT;
	pthread_mutex_lock(&s->lock);
	picture_sort(&s->pictures[window]);
	int error = group_by_place(s);
	if (error == 0)
		error = encode_place(s, place, window, &b);
	pthread_mutex_unlock(&s->lock);
	if (error == 0) {
		buffer_char(&b, 0);
		error = b.failed ? -ENOMEM : 0;
	}
	if (error != 0) {
		buffer_free(&b);
		return error;
	}
	*json = b.data;
	return 0;
}

/* The eight counters in the order of the CSV's columns. */
static void
buffer_csv_counts(struct buffer *b, const struct counts *c)
{
	for (int l = 0; l < LAYERS; l++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			buffer_char(b, ',');
			buffer_number(b, c->packets[l][d]);
			buffer_char(b, ',');
			buffer_number(b, c->octets[l][d]);
		}
	}
	buffer_char(b, '\n');
}

int
snapshot_write_hosts(const struct snapshot *s, int fd)
{
	struct buffer b = {0};
	char text[HOST_ADDR_TEXT];
	int error = 0;

	buffer_text(&b, "address,country,latitude,longitude,"
			"tcp_src_packets,tcp_src_octets,tcp_dst_packets,tcp_dst_octets,"
			"udp_src_packets,udp_src_octets,udp_dst_packets,udp_dst_octets\n");
	for (size_t i = 0; i < s->hosts.count && error == 0; i++) {
		const struct host_row *row = &s->hosts.rows[i];
		const struct place *place = snapshot_place_of(s, row->place);

		buffer_text(&b, host_addr_text(&row->addr, row->family, text));
		buffer_char(&b, ',');
		if (place != NULL)
			buffer_text(&b, place->country);
		buffer_char(&b, ',');
		if (place != NULL && place->has_position)
			buffer_decimal(&b, place->latitude, 6);
		buffer_char(&b, ',');
		if (place != NULL && place->has_position)
			buffer_decimal(&b, place->longitude, 6);
		buffer_csv_counts(&b, &row->counts);
		/* written in pieces: a million rows are 80 MB */
		if (b.length > 1 << 20) {
			error = file_write(fd, b.data, b.length);
			b.length = 0;
		}
	}
	if (error == 0 && b.failed)
		error = -ENOMEM;
	if (error == 0)
		error = file_write(fd, b.data, b.length);
	buffer_free(&b);
	return error;
}
