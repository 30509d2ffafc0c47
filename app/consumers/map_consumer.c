/* SPDX-License-Identifier: BSD-3-Clause */
#include "map_consumer.h"

#include "clock.h"
#include "fleet_report.h"
#include "log.h"
#include "process.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STORE_WAITING 100 /* periods that may wait for the disk before packet time does */
#define STORE_WAIT_MS 30000

/* What one period brought, once it is located. */
struct located {
	const struct period *period;
	struct host_list hosts; /* a copy with places: the record itself never changes */
	struct ledger ledger;
	bool balanced;
};

int
map_consumer_init(struct map_consumer *m)
{
	m->heat = heat_create();
	return m->heat ? 0 : -ENOMEM;
}

/* A step of the merge is over: it took from the end of the one before to now. */
static void
step_done(struct map_consumer *m, enum merge_step step)
{
	uint64_t now = monotonic_ns();

	m->sums.step_ms[step] = (double)(now - m->step_ns) / 1e6;
	m->step_ns = now;
}

static int
copy_hosts(struct host_list *to, const struct host_list *from)
{
	if (host_list_reserve(to, from->count) != 0)
		return -ENOMEM;
	if (from->count > 0)
		memcpy(to->rows, from->rows, from->count * sizeof(*from->rows));
	to->count = from->count;
	return 0;
}

/* Hosts beyond a lane's table have no row; their packets are on the map all the same. So are those
 * of other sensors, which say places only. */
static int
locate_overflow(struct map_consumer *m, const struct period *p)
{
	int error = 0;

	for (const struct period *late = p->late; late != NULL && error == 0; late = late->next)
		error = locate_overflow(m, late);

	for (size_t i = 0; i < p->overflow_count; i++) {
		const struct period_overflow *o = &p->overflow[i];
		uint32_t place = locate_place(m->locate, o->place);

		if (place == PLACE_UNASKED || heat_add(m->heat, place, &o->counts) != 0)
			error = -ENOMEM;
	}
	return error;
}

/* Gives each host its place and each of its packets its geo result. */
static int
locate_hosts(struct map_consumer *m, struct located *l)
{
	int error = locate_overflow(m, l->period);
	size_t hints[2] = {0, 0};

	for (size_t i = 0; i < l->hosts.count; i++) {
		struct host_row *row = &l->hosts.rows[i];
		enum geo_result result = GEO_NOT_IN_DATABASE;

		row->place = locate_host(m->locate, &row->addr, row->family);
		if (row->place == PLACE_PRIVATE) {
			result = GEO_PRIVATE;
		} else if (row->place != PLACE_NONE &&
			   !locate_get(m->locate, row->place)->has_position) {
			result = GEO_NO_POSITION;
		} else if (row->place != PLACE_NONE) {
			result = locate_get(m->locate, row->place)->basis == BASIS_SITE
					 ? GEO_SITE
					 : GEO_LOCATED;
			if (heat_add(m->heat, row->place, &row->counts) != 0)
				error = -ENOMEM;
		}
		l->ledger.geo[result] += counts_packets(&row->counts);
		const uint32_t network =
			locate_network(m->locate, &row->addr, row->family, row->place, hints);
		if (network != PLACE_PRIVATE && network != PLACE_NONE &&
		    heat_add(m->heat, network, &row->counts) != 0)
			error = -ENOMEM;
	}
	heat_add_ledger(m->heat, &l->ledger);
	return error;
}

/* Everything since the start = what the last picture holds + this period. */
static int
add_to_total(struct map_consumer *m, const struct host_list *period, struct host_list *total)
{
	static const struct host_list nothing;
	struct counts left_out = {0};

	int error = host_list_merge(total, m->last ? picture_hosts(m->last) : &nothing, period,
				    m->settings->hosts_total, &left_out);
	m->sums.unlisted += counts_packets(&left_out);
	return error;
}

static void
check_ledger(struct map_consumer *m, struct located *l)
{
	const uint64_t *frames = l->ledger.decode.frames;

	l->balanced = ledger_ways(&l->ledger) == frames[DECODE_TCP] + frames[DECODE_UDP] &&
		      ledger_balances(&l->ledger, l->period->head.received) &&
		      ledger_balances(&m->sums.ledger, m->sums.received);
	if (!l->balanced && !m->told_imbalance) {
		log_event(LOG_CRIT, LOG_ID_LEDGER,
			  "the ledger does not balance: %llu frames received, %llu accounted for; "
			  "this is a bug, please report it with /api/v1/status",
			  (unsigned long long)m->sums.received,
			  (unsigned long long)ledger_frames(&m->sums.ledger));
		m->told_imbalance = true;
	}
}

/* What is told of all consumers: the map itself and those behind it. */
static size_t
describe_consumers(struct map_consumer *m, struct consumer_stats stats[MAP_CONSUMERS_MAX])
{
	size_t n = 0;

	if (*m->self != NULL)
		consumer_stats(*m->self, &stats[n++]);
	return n + after_map_stats(m->after, stats + n, MAP_CONSUMERS_MAX - n);
}

/* How often there is something new to see, by the wall clock; no page looks every millisecond. */
static double
wall_interval(const struct settings *s, bool packet_time)
{
	if (!packet_time)
		return s->period_s;
	return s->speed > 0 ? fmax(1, s->period_s / s->speed) : 1;
}

/*
 * The clock may have been set since the start, as by NTP on a machine that wakes in 1970: the start
 * is as long ago as the monotonic clock says. By less than a second it does not move, so that it
 * does not shake with how the two are read.
 */
static void
follow_clock(struct map_consumer *m, const struct period *p)
{
	const int64_t started =
		p->head.end_ms - (int64_t)((p->head.end_ns - m->started_ns) / 1000000);

	if (!p->head.packet_time && llabs(started - m->sums.started_ms) > 1000)
		m->sums.started_ms = started;
}

static struct picture *
draw(struct map_consumer *m, struct located *l, struct host_list *total)
{
	const struct period *p = l->period;
	if (p->head.packet_time && m->last == NULL) {
		m->sums.started_ms = p->head.start_ms;
		m->started_ns = p->head.start_ns;
	}
	follow_clock(m, p);
	struct consumer_stats consumers[MAP_CONSUMERS_MAX];
	struct picture_facts facts = {
		.record = p->head,
		.sums = m->sums,
		.version = m->version,
		.ui_build = m->ui_build,
		.html = m->html,
		.sources = m->sources,
		.source_count = m->source_count,
		.now_ms = utc_ms(),
		.interval_s = wall_interval(m->settings, p->head.packet_time),
		.uptime_s = (double)(p->head.end_ns - m->started_ns) / 1e9,
		.huge_pages = m->huge_pages,
		.balanced = l->balanced,
		.hosts_limit = m->settings->hosts_total,
		.hosts_per_lane = m->settings->hosts_per_lane,
		.privacy = m->settings->privacy,
		.process = process_read(),
		.requests = m->requests,
		.metrics_places = m->settings->metrics_top_places,
		.windows_memory_kb = heat_memory(m->heat) / 1000,
		.output_errors = atomic_load(&m->after->outputs.errors) + stream_errors(m->stream),
		.consumers = consumers,
		.consumer_count = describe_consumers(m, consumers),
		.settings_json = m->settings_json,
		.security_json = m->security_json,
	};

	facts.fleet = fleet_report_current();
	facts.record.ledger = l->ledger;
	if (m->loader != NULL) {
		facts.reloads = atomic_load(&m->loader->reloads);
		facts.reload_failures = atomic_load(&m->loader->failures);
		facts.databases_renewed = atomic_load(&m->loader->renewed);
		facts.databases_refused = atomic_load(&m->loader->refused);
	}
	if (m->store != NULL) {
		facts.history_folder = m->settings->history;
		history_status(m->store, &facts.store);
	}
	if (m->records != NULL) {
		facts.records_folder = m->settings->records;
		facts.records = records_status(m->records);
	}
	struct picture *picture =
		picture_create(&facts, m->heat, m->locate, total, &l->hosts, m->settings->view);

	fleet_report_unref(facts.fleet);
	return picture;
}

/* The texts that are asked for most: made here, so that no request waits for them. */
static void
encode(const struct map_consumer *m, struct picture *s)
{
	if (!m->serves)
		return;
	if (text_get(s, TEXT_HEAT, m->settings->view) == NULL ||
	    text_get(s, TEXT_STATUS, m->settings->view) == NULL)
		log_error("out of memory: a text of this period could not be made");
}

/* Located, and added to the windows and the total. 0 or -ENOMEM. */
static int
process_period(struct map_consumer *m, struct located *l, struct host_list *total)
{
	const struct period *p = l->period;
	int error = copy_hosts(&l->hosts, &p->hosts);

	l->ledger = p->head.ledger;
	if (error == 0)
		error = locate_hosts(m, l);
	step_done(m, STEP_LOCATE);
	if (error == 0)
		error = heat_end_period(m->heat, period_seconds(&p->head));
	step_done(m, STEP_HEAT);
	/* from here on only what may be told: places and counts are done */
	if (error == 0 && host_cut_any(m->settings->privacy.cut))
		host_list_cut(&l->hosts, m->settings->privacy.cut);
	if (error == 0)
		error = add_to_total(m, &l->hosts, total);
	step_done(m, STEP_TOTAL);
	if (error != 0)
		return error;
	ledger_add(&m->sums.ledger, &l->ledger);
	m->sums.received += p->head.received;
	m->sums.lost += p->head.lost;
	/* the first period is not late: it begins when the lanes do */
	facts_histogram_add(&m->sums.lateness,
			    fmax(0, period_seconds(&p->head) - m->settings->period_s));
	sums_remember_rate(&m->sums, (double)p->head.received / period_seconds(&p->head));
	check_ledger(m, l);
	return 0;
}

/* Periods of packet time can come faster than a disk takes them, and can wait. */
static void
wait_for_store(struct history *store)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	struct history_status status;

	for (int i = 0; i < STORE_WAIT_MS; i++) {
		history_status(store, &status);
		if (status.waiting < STORE_WAITING || status.failing)
			return;
		nanosleep(&nap, NULL);
	}
}

static void
offer_sample(struct map_consumer *m, const struct period *p, struct history_sample *sample)
{
	sample->start_ms = p->head.start_ms;
	sample->end_ms = p->head.end_ms;
	sample->covered_ms = (p->head.end_ns - p->head.start_ns) / 1000000;
	sample->notes = notes_copy(p->notes, p->note_count);
	sample->note_count = p->note_count;
	if (p->note_count > 0 && sample->notes == NULL)
		atomic_store(&m->failed, true);
	if (p->head.packet_time || m->patient)
		wait_for_store(m->store);
	history_offer(m->store, sample);
}

/* The rows of a period that has no hosts. */
static struct history_point *
points_of(struct map_consumer *m, const struct period *p)
{
	struct history_point *points = malloc((p->overflow_count + 1) * sizeof(*points));

	for (size_t i = 0; i < p->overflow_count && points != NULL; i++) {
		const uint32_t place = locate_place(m->locate, p->overflow[i].place);

		points[i] =
			(struct history_point){locate_get(m->locate, place), p->overflow[i].counts};
	}
	return points;
}

/* The busiest of the period's hosts, as the store keeps them. 0 or -ENOMEM. */
static int
choose_hosts(struct map_consumer *m, const struct located *l, struct history_sample *sample)
{
	uint32_t *chosen;
	size_t count;
	const struct settings *s = m->settings;
	int error = history_choose(l->hosts.rows, l->hosts.count,
				   s->privacy.no_hosts ? 0 : s->history_hosts, &chosen, &count);

	if (error != 0)
		return error;
	sample->hosts = malloc((count + 1) * sizeof(*sample->hosts));
	for (size_t i = 0; i < count && sample->hosts != NULL; i++) {
		const struct host_row *row = &l->hosts.rows[chosen[i]];
		const struct place *place = locate_get(m->locate, row->place);

		sample->hosts[sample->host_count++] = (struct history_host){
			row->addr, row->family, place != NULL && place->has_position ? place : NULL,
			row->counts};
	}
	free(chosen);
	return sample->hosts != NULL ? 0 : -ENOMEM;
}

/* What was late for its own period goes where it belongs; the rest is this one's. */
static void
keep_late(struct map_consumer *m, const struct located *l)
{
	const struct period *p = l->period;
	struct history_sample rest = {
		.received = p->head.received, .lost = p->head.lost, .ledger = l->ledger};

	for (const struct period *late = p->late; late != NULL; late = late->next) {
		struct history_sample sample = {.received = late->head.received,
						.lost = late->head.lost,
						.ledger = late->head.ledger,
						.points = points_of(m, late),
						.count = late->overflow_count};

		rest.received -= sample.received;
		rest.lost -= sample.lost;
		ledger_subtract(&rest.ledger, &sample.ledger);
		offer_sample(m, late, &sample);
	}
	rest.points = points_of(m, p);
	rest.count = p->overflow_count;
	offer_sample(m, p, &rest);
}

/* The period's places go to the store's queue. What it cannot take is counted there. */
static void
keep(struct map_consumer *m, const struct located *l)
{
	const struct period *p = l->period;
	struct history_sample sample = {
		.received = p->head.received, .lost = p->head.lost, .ledger = l->ledger};
	struct heat_window now;
	size_t count = 0;

	if (m->store == NULL)
		return;
	if (p->late != NULL) {
		keep_late(m, l);
		return;
	}
	heat_window(m->heat, WINDOW_NOW, &now);
	for (uint32_t i = 0; i < now.places; i++)
		count += counts_packets(&now.counts[i]) != 0;
	sample.points = malloc((count + 1) * sizeof(*sample.points));
	for (uint32_t i = 0; i < now.places && sample.points != NULL; i++) {
		if (counts_packets(&now.counts[i]) != 0)
			sample.points[sample.count++] =
				(struct history_point){locate_get(m->locate, i), now.counts[i]};
	}
	if (choose_hosts(m, l, &sample) != 0)
		atomic_store(&m->failed, true);
	offer_sample(m, p, &sample);
}

static void
map_take(void *context, struct period *p)
{
	struct map_consumer *m = context;
	struct located l = {.period = p};
	struct host_list total = {0};
	struct locate_databases *databases = m->loader ? loader_take_databases(m->loader) : NULL;

	if (databases != NULL)
		locate_adopt(m->locate, databases);
	m->sums.step_ms[STEP_SWAP] = p->head.swap_ms;
	m->sums.step_ms[STEP_DRAIN] = p->head.drain_ms;
	m->sums.step_ms[STEP_SORT] = p->head.sort_ms;
	m->sums.step_ms[STEP_FILES] = atomic_load(&m->after->outputs.last_ms);
	m->step_ns = monotonic_ns();
	int error = process_period(m, &l, &total);
	struct picture *s = error == 0 ? draw(m, &l, &total) : NULL;

	step_done(m, STEP_PICTURE);
	host_list_free(&total);
	if (s == NULL) {
		host_list_free(&l.hosts);
		atomic_store(&m->failed, true);
		return;
	}
	encode(m, s);
	step_done(m, STEP_ENCODE);
	double management_ms = 0;
	for (int step = STEP_SWAP; step < STEP_FILES; step++)
		management_ms += m->sums.step_ms[step];
	facts_histogram_add(&m->sums.management, management_ms / 1000);
	if (m->stream != NULL)
		stream_offer(m->stream, s);
	if (m->records != NULL)
		records_offer(m->records, s);
	picture_publish(s);
	picture_release(m->last);
	m->last = picture_current();
	/* it is to be seen first: choosing the hosts of a million takes a while */
	keep(m, &l);
	host_list_free(&l.hosts);
	after_map_offer(m->after, p);
}

const struct consumer_ops map_consumer_ops = {.name = "map", .capacity = 4, .take = map_take};

void
map_consumer_log_summary(const struct map_consumer *m)
{
	const uint64_t *frames = m->sums.ledger.decode.frames;
	char filtered[48] = "";

	if (frames[DECODE_FILTERED] > 0)
		snprintf(filtered, sizeof(filtered), ", %llu filtered",
			 (unsigned long long)frames[DECODE_FILTERED]);
	log_event(LOG_NOTICE, LOG_ID_SUMMARY,
		  "%llu frames received: %llu TCP, %llu UDP, %llu other IP, %llu not IP, %llu "
		  "malformed%s; %zu hosts; %llu lost before us; the ledger %s",
		  (unsigned long long)m->sums.received, (unsigned long long)frames[DECODE_TCP],
		  (unsigned long long)frames[DECODE_UDP],
		  (unsigned long long)frames[DECODE_OTHER_IP],
		  (unsigned long long)frames[DECODE_NOT_IP],
		  (unsigned long long)ledger_malformed(&m->sums.ledger), filtered,
		  m->last ? picture_hosts(m->last)->count : 0, (unsigned long long)m->sums.lost,
		  ledger_balances(&m->sums.ledger, m->sums.received) ? "balances"
								     : "DOES NOT BALANCE");
}

void
map_consumer_free(struct map_consumer *m)
{
	picture_release(m->last);
	m->last = NULL;
	picture_publish(NULL);
	heat_destroy(m->heat);
	m->heat = NULL;
	locate_destroy(m->locate);
	m->locate = NULL;
}
