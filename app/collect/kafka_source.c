/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_source.h"

#include "clock.h"
#include "kafka_stats.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTITIONS_LOOK_MS 30000
#define METADATA_WAIT_MS   1000
#define STATISTICS_MS      "1000"

struct read_partition {
	bool rests, at_end;
	int64_t told;          /* the offset that Kafka was told last */
	int64_t wanted;        /* the offset that is to come next; -1: any */
	uint64_t answered_ns;  /* when its leader last did, as far as we know */
	unsigned int answered; /* statistics in a row that say so */
};

struct kafka_source {
	struct kafka_source_settings settings;
	rd_kafka_t *kafka;
	rd_kafka_message_t *current;
	struct read_partition *partitions; /* [count] */
	bool *answers;                     /* [count] for kafka_stats_read */
	uint32_t count, ours;              /* partitions, and those of them that are read */
	uint64_t looked_ns;
	int64_t ahead_ms; /* of our clock before the brokers' */
	bool clock_known, told_create_time, fatal;
	struct kafka_source_status status;
};

/* -- what librdkafka says, from rd_kafka_consumer_poll: on our thread */

static void
on_error(rd_kafka_t *kafka, int error, const char *reason, void *context)
{
	const struct kafka_source *s = context;
	(void)kafka;

	if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !s->status.away)
		log_warning("%s: %s", rd_kafka_err2str((rd_kafka_resp_err_t)error), reason);
}

/* Who answers, every STATISTICS_MS. 1 would keep the text. */
static int
on_statistics(rd_kafka_t *kafka, char *json, size_t size, void *context)
{
	struct kafka_source *s = context;
	struct kafka_stats stats = {.answers = s->answers, .count = s->count};
	(void)kafka;

	if (!kafka_stats_read(json, size, s->settings.topic, &stats))
		return 0;
	if (stats.away != s->status.away)
		log_warning(stats.away ? "no broker answers" : "brokers answer again");
	s->status.away = stats.away;
	s->status.lag = (uint64_t)stats.lag;
	for (uint32_t i = 0; i < s->count; i++) {
		struct read_partition *p = &s->partitions[i];

		/* one that rests is not asked; while all are away nobody is to be blamed */
		if (s->answers[i] || p->rests || stats.away)
			p->answered_ns = monotonic_ns();
		p->answered = s->answers[i] || (p->rests && !stats.away) ? p->answered + 1 : 0;
	}
	return 0;
}

static void
on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text)
{
	(void)kafka;
	/* what it has to say of brokers that are away comes by on_error */
	if (level <= LOG_WARNING && strcmp(facility, "FAIL") != 0)
		log_at(level, "kafka", NULL, "%s: %s", facility, text);
}

/* -- partitions */

/* How many the topic has; 0: nobody says so now. */
static uint32_t
count_partitions(struct kafka_source *s)
{
	const struct rd_kafka_metadata *metadata = NULL;
	uint32_t count = 0;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(s->kafka, s->settings.topic, NULL);

	if (topic != NULL &&
	    rd_kafka_metadata(s->kafka, 0, topic, &metadata, METADATA_WAIT_MS) ==
		    RD_KAFKA_RESP_ERR_NO_ERROR &&
	    metadata->topic_cnt == 1) {
		if (metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
			count = (uint32_t)metadata->topics[0].partition_cnt;
		else
			log_warning("topic %s: %s", s->settings.topic,
				    rd_kafka_err2str(metadata->topics[0].err));
	}
	if (metadata != NULL)
		rd_kafka_metadata_destroy(metadata);
	if (topic != NULL)
		rd_kafka_topic_destroy(topic);
	return count;
}

/* Reads `count` partitions from now on: those that are new, from where they are to go on. */
static void
join(struct kafka_source *s, uint32_t count)
{
	struct read_partition *partitions = realloc(s->partitions, count * sizeof(*partitions));

	if (partitions != NULL)
		s->partitions = partitions;
	bool *answers = realloc(s->answers, count * sizeof(*answers));
	if (answers != NULL)
		s->answers = answers;
	if (partitions == NULL || answers == NULL)
		return;
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)(count - s->count));

	uint32_t ours = 0;
	for (uint32_t i = s->count; i < count; i++) {
		const int64_t offset = s->settings.offset(s->settings.context, i);

		s->partitions[i] =
			(struct read_partition){.wanted = offset, .answered_ns = monotonic_ns()};
		if (!kafka_source_has(s, i))
			continue;
		ours++;
		rd_kafka_topic_partition_list_add(list, s->settings.topic, (int32_t)i)->offset =
			offset >= 0            ? offset
			: s->settings.from_end ? RD_KAFKA_OFFSET_END
					       : RD_KAFKA_OFFSET_BEGINNING;
		s->settings.joined(s->settings.context, i);
	}
	rd_kafka_error_t *error =
		list->cnt > 0 ? rd_kafka_incremental_assign(s->kafka, list) : NULL;
	if (error != NULL) {
		log_error("partitions cannot be read: %s", rd_kafka_error_string(error));
		rd_kafka_error_destroy(error);
	} else {
		log_line("reading %u of %u partitions of %s", s->ours + ours, count,
			 s->settings.topic);
		s->ours += ours;
		s->count = count;
	}
	rd_kafka_topic_partition_list_destroy(list);
}

static void
look_for_partitions(struct kafka_source *s)
{
	const uint64_t now = monotonic_ns();

	if (s->looked_ns != 0 && now - s->looked_ns < PARTITIONS_LOOK_MS * 1000000ull &&
	    s->count > 0)
		return;
	s->looked_ns = now;
	const uint32_t count = count_partitions(s);

	if (count > s->count)
		join(s, count);
}

/* -- */

rd_kafka_conf_t *
kafka_source_conf(const struct kafka_source_settings *settings, char error[KAFKA_ERROR_MAX])
{
	static const char *const always[][2] = {
		{"client.id", "packet-heatmap-collector"},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"enable.partition.eof", "true"},
		/* what was to come next is gone: what is still there, and it is said */
		{"auto.offset.reset", "earliest"},
		{"check.crcs", "true"},
		{"statistics.interval.ms", STATISTICS_MS},
		/* bounded memory: what is fetched and not read yet */
		{"queued.max.messages.kbytes", "65536"},
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int code = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]) && code == 0; i++)
		code = kafka_conf_set(conf, always[i][0], always[i][1], always[i][0], error);
	if (code == 0)
		code = kafka_conf_set(conf, "group.id", settings->group, "--name", error);
	if (code == 0)
		code = kafka_conf_connect(conf, settings->brokers, settings->conf, error);
	if (code == 0)
		return conf;
	rd_kafka_conf_destroy(conf);
	return NULL;
}

struct kafka_source *
kafka_source_open(const struct kafka_source_settings *settings, char error[KAFKA_ERROR_MAX])
{
	struct kafka_source *s = calloc(1, sizeof(*s));
	rd_kafka_conf_t *conf = s ? kafka_source_conf(settings, error) : NULL;

	if (conf == NULL) {
		if (s == NULL)
			snprintf(error, KAFKA_ERROR_MAX, "out of memory");
		free(s);
		return NULL;
	}
	s->settings = *settings;
	if (kafka_conf_scram_is_broken(conf))
		log_warning(
			"librdkafka %s cannot log in by SCRAM to Kafka 4: use PLAIN over TLS, or "
			"a client certificate",
			rd_kafka_version_str());
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_stats_cb(conf, on_statistics);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_opaque(conf, s);
	s->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, KAFKA_ERROR_MAX);
	if (s->kafka == NULL) {
		rd_kafka_conf_destroy(conf);
		kafka_source_close(s);
		return NULL;
	}
	rd_kafka_poll_set_consumer(s->kafka);
	return s;
}

void
kafka_source_close(struct kafka_source *s)
{
	if (s == NULL)
		return;
	if (s->current != NULL)
		rd_kafka_message_destroy(s->current);
	if (s->kafka != NULL) {
		rd_kafka_consumer_close(s->kafka);
		rd_kafka_destroy(s->kafka);
	}
	free(s->partitions);
	free(s->answers);
	free(s);
}

/* The header of that name as a number; 0: there is none. */
static int64_t
header(const rd_kafka_message_t *message, const char *name)
{
	rd_kafka_headers_t *headers;
	const void *value;
	char text[24];
	size_t size;

	if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    size == 0 || size >= sizeof(text))
		return 0;
	memcpy(text, value, size);
	text[size] = 0;
	return strtoll(text, NULL, 10);
}

/* Our clock before theirs: a message takes some time to here, so the least difference is nearest.
 * What has waited in the topic says nothing. */
static void
learn_clock(struct kafka_source *s, int64_t appended_ms)
{
	const int64_t ahead = utc_ms() - appended_ms;

	if (!s->clock_known || ahead < s->ahead_ms)
		s->ahead_ms = ahead;
	s->clock_known = true;
}

static enum kafka_event
take_message(struct kafka_source *s, struct kafka_message *m)
{
	const rd_kafka_message_t *from = s->current;
	struct read_partition *p = &s->partitions[from->partition];
	rd_kafka_timestamp_type_t type;

	m->partition = (uint32_t)from->partition;
	m->offset = from->offset;
	m->data = from->payload;
	m->size = from->len;
	m->appended_ms = rd_kafka_message_timestamp(from, &type);
	m->sent_ms = header(from, "sent-ms");
	if (type != RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME) {
		if (!s->told_create_time)
			log_warning("topic %s has not message.timestamp.type=LogAppendTime: wrong "
				    "clocks of sensors cannot be told",
				    s->settings.topic);
		s->told_create_time = true;
		m->sent_ms = 0;
		if (m->appended_ms < 0)
			m->appended_ms = utc_ms();
	}
	learn_clock(s, m->appended_ms);
	if (p->wanted >= 0 && from->offset > p->wanted) {
		s->status.expired += (uint64_t)(from->offset - p->wanted);
		log_error("partition %d: Kafka has given up messages %lld to %lld before they were "
			  "read",
			  from->partition, (long long)p->wanted, (long long)from->offset - 1);
	}
	p->wanted = from->offset + 1;
	p->at_end = false;
	s->status.messages++;
	s->status.octets += from->len;
	return KAFKA_MESSAGE;
}

enum kafka_event
kafka_source_next(struct kafka_source *s, int timeout_ms, struct kafka_message *m)
{
	look_for_partitions(s);
	if (s->current != NULL)
		rd_kafka_message_destroy(s->current);
	s->current = rd_kafka_consumer_poll(s->kafka, timeout_ms);
	if (s->current == NULL)
		return KAFKA_NOTHING;
	if (s->current->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
	    (uint32_t)s->current->partition < s->count)
		return take_message(s, m);
	if (s->current->err == RD_KAFKA_RESP_ERR__PARTITION_EOF &&
	    (uint32_t)s->current->partition < s->count) {
		m->partition = (uint32_t)s->current->partition;
		s->partitions[m->partition].at_end = true;
		return KAFKA_AT_END;
	}
	log_warning("%s", rd_kafka_message_errstr(s->current));
	return KAFKA_NOTHING;
}

void
kafka_source_rest(struct kafka_source *s, uint32_t partition, bool rests)
{
	if (partition >= s->count || s->partitions[partition].rests == rests)
		return;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, s->settings.topic, (int32_t)partition);
	if (rests)
		rd_kafka_pause_partitions(s->kafka, list);
	else
		rd_kafka_resume_partitions(s->kafka, list);
	rd_kafka_topic_partition_list_destroy(list);
	s->partitions[partition].rests = rests;
}

void
kafka_source_tell_offsets(struct kafka_source *s)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)s->count + 1);

	for (uint32_t i = 0; i < s->count; i++) {
		const int64_t offset = s->settings.offset(s->settings.context, i);

		if (!kafka_source_has(s, i) || offset <= s->partitions[i].told)
			continue;
		rd_kafka_topic_partition_list_add(list, s->settings.topic, (int32_t)i)->offset =
			offset;
		s->partitions[i].told = offset;
	}
	/* not waited for: it is told again soon */
	if (list->cnt > 0)
		rd_kafka_commit(s->kafka, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}

bool
kafka_source_has(const struct kafka_source *s, uint32_t partition)
{
	return partition % s->settings.shares == s->settings.share;
}

uint32_t
kafka_source_partitions(const struct kafka_source *s)
{
	return s->count;
}

bool
kafka_source_is_at_end(const struct kafka_source *s, uint32_t partition)
{
	return s->partitions[partition].at_end && s->partitions[partition].answered > 1;
}

uint64_t
kafka_source_unanswered_ms(const struct kafka_source *s, uint32_t partition)
{
	return (monotonic_ns() - s->partitions[partition].answered_ns) / 1000000;
}

int64_t
kafka_source_clock_ms(const struct kafka_source *s)
{
	return utc_ms() - (s->clock_known ? s->ahead_ms : 0);
}

void
kafka_source_status(const struct kafka_source *s, struct kafka_source_status *status)
{
	*status = s->status;
	status->partitions = s->ours;
	status->at_end = 0;
	for (uint32_t i = 0; i < s->count; i++)
		status->at_end += s->partitions[i].at_end;
}
