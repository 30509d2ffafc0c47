/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MS 5000

/* The last thing that went wrong tells why nobody answers. */
static void
on_error(rd_kafka_t *kafka, int code, const char *reason, void *context)
{
	char *error = context;
	(void)kafka;

	if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		snprintf(error, KAFKA_ERROR_MAX, "%s", reason);
}

static void
on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text)
{
	(void)kafka;
	(void)level;
	(void)facility;
	(void)text;
}

static void
read_config(const rd_kafka_ConfigResource_t *topic, struct kafka_probe *probe)
{
	size_t count;
	const rd_kafka_ConfigEntry_t **all = rd_kafka_ConfigResource_configs(topic, &count);

	for (size_t i = 0; i < count; i++) {
		const char *value = rd_kafka_ConfigEntry_value(all[i]);

		if (strcmp(rd_kafka_ConfigEntry_name(all[i]), "message.timestamp.type") == 0 &&
		    value != NULL)
			snprintf(probe->timestamp_type, sizeof(probe->timestamp_type), "%s", value);
	}
}

/* Whether they may be asked is the brokers' to decide. */
static void
ask_config(rd_kafka_t *kafka, const char *topic, struct kafka_probe *probe)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);

	rd_kafka_DescribeConfigs(kafka, &resource, 1, NULL, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
	const rd_kafka_DescribeConfigs_result_t *result =
		event ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
	if (result != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		size_t count;
		const rd_kafka_ConfigResource_t **found =
			rd_kafka_DescribeConfigs_result_resources(result, &count);

		if (count == 1)
			read_config(found[0], probe);
	}
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_ConfigResource_destroy(resource);
	rd_kafka_queue_destroy(queue);
}

/* How much is there, and how much of it is read. */
static void
ask_offsets(rd_kafka_t *kafka, const struct kafka_source_settings *settings,
	    struct kafka_probe *probe)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(probe->partitions + 1);
	int64_t low, high;

	for (int i = (int)settings->share; i < probe->partitions; i += (int)settings->shares)
		rd_kafka_topic_partition_list_add(list, settings->topic, i);
	probe->lag =
		rd_kafka_committed(kafka, list, ANSWER_MS) == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : -1;
	bool any = false;
	for (int i = 0; i < list->cnt; i++) {
		if (rd_kafka_query_watermark_offsets(kafka, settings->topic,
						     list->elems[i].partition, &low, &high,
						     ANSWER_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
			continue;
		const int64_t read = list->elems[i].offset;

		any = any || read >= 0;
		probe->messages += high - low;
		probe->lag += high - (read > low ? read : low);
	}
	if (!any)
		probe->lag = -1;
	rd_kafka_topic_partition_list_destroy(list);
}

static int
ask(rd_kafka_t *kafka, const struct kafka_source_settings *settings, struct kafka_probe *probe,
    char error[KAFKA_ERROR_MAX])
{
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, settings->topic, NULL);
	rd_kafka_resp_err_t code =
		topic != NULL ? rd_kafka_metadata(kafka, 0, topic, &metadata, ANSWER_MS)
			      : rd_kafka_last_error();

	if (topic != NULL)
		rd_kafka_topic_destroy(topic);
	rd_kafka_poll(kafka, 0); /* for on_error */
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (error[0] == 0)
			snprintf(error, KAFKA_ERROR_MAX, "%s", rd_kafka_err2str(code));
		return -EIO;
	}
	const struct rd_kafka_metadata_topic *t = &metadata->topics[0];

	probe->brokers = metadata->broker_cnt;
	probe->has_topic = t->err == RD_KAFKA_RESP_ERR_NO_ERROR;
	snprintf(error, KAFKA_ERROR_MAX, "%s", rd_kafka_err2str(t->err));
	probe->partitions = probe->has_topic ? t->partition_cnt : 0;
	for (int i = 0; i < probe->partitions; i++)
		probe->leaderless += t->partitions[i].leader < 0;
	rd_kafka_metadata_destroy(metadata);
	if (!probe->has_topic)
		return 0;
	ask_config(kafka, settings->topic, probe);
	ask_offsets(kafka, settings, probe);
	return 0;
}

int
kafka_probe(const struct kafka_source_settings *settings, struct kafka_probe *probe,
	    char error[KAFKA_ERROR_MAX])
{
	rd_kafka_conf_t *conf = kafka_source_conf(settings, error);

	*probe = (struct kafka_probe){.lag = -1};
	if (conf == NULL)
		return -EINVAL;
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_opaque(conf, error);
	rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, KAFKA_ERROR_MAX);
	if (kafka == NULL) {
		rd_kafka_conf_destroy(conf);
		return -EINVAL;
	}
	error[0] = 0;
	const int code = ask(kafka, settings, probe, error);

	rd_kafka_destroy(kafka);
	return code;
}
