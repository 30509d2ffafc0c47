/* SPDX-License-Identifier: BSD-3-Clause */
#include "as_user.h"
#include "collect.h"
#include "doctor.h"
#include "kafka_probe.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SERVICE_USER "packet-heatmap-collector"

/* Files are removed once they are counted. */
static void
ask_folder(const void *path, struct verdict *answer)
{
	answer->error = access(path, R_OK | W_OK | X_OK) == 0 ? 0 : errno;
}

static void
check_folder(struct doctor *d)
{
	const char *folder = d->settings->collect_dir;
	char remedy[2 * PATH_MAX], quoted[PATH_MAX];
	struct verdict answer;

	as_user_ask(who(d), ask_folder, folder, &answer);
	if (answer.error == 0) {
		say(d, CHECK_OK, "records", NULL, "%s can be read, and files removed from it",
		    folder);
		return;
	}
	snprintf(remedy, sizeof(remedy),
		 answer.error == ENOENT ? "install -d -o %s %s" : "chown %s %s",
		 who(d) ? who(d) : "$USER", quote(folder, quoted, sizeof(quoted)));
	say(d, CHECK_FAULT, "records", remedy, "%s: %s", folder, strerror(answer.error));
}

static void
check_topic(struct doctor *d, const struct kafka_probe *p, const char *error)
{
	const char *topic = d->settings->topic;
	char remedy[512];

	if (!p->has_topic) {
		snprintf(remedy, sizeof(remedy),
			 "kafka-topics.sh --create --topic %s --partitions 12 --config "
			 "message.timestamp.type=LogAppendTime",
			 topic);
		say(d, CHECK_FAULT, "topic", remedy, "%s: %s", topic, error);
		return;
	}
	if (p->leaderless > 0)
		say(d, CHECK_WARNING, "topic",
		    "kafka-topics.sh --describe --unavailable-partitions",
		    "%s: %d of %d partitions have no leader", topic, p->leaderless, p->partitions);
	else
		say(d, CHECK_OK, "topic", NULL, "%s has %d partitions and %" PRId64 " messages",
		    topic, p->partitions, p->messages);
	if (strcmp(p->timestamp_type, "LogAppendTime") == 0) {
		say(d, CHECK_OK, "clock", NULL, "messages have the brokers' time");
	} else {
		snprintf(remedy, sizeof(remedy),
			 "kafka-configs.sh --alter --topic %s --add-config "
			 "message.timestamp.type=LogAppendTime",
			 topic);
		say(d, CHECK_WARNING, "clock", remedy,
		    p->timestamp_type[0] == 0
			    ? "the brokers do not say which time messages have"
			    : "messages have the sensors' time: wrong clocks cannot be told");
	}
	if (p->lag >= 0)
		say(d, CHECK_OK, "lag", NULL,
		    "%" PRId64 " messages wait for the collector named %s", p->lag,
		    collect_kafka(d->settings).group);
	else
		say(d, CHECK_OK, "lag", NULL, "a collector named %s has not read anything yet",
		    collect_kafka(d->settings).group);
}

static void
check_kafka(struct doctor *d)
{
	const struct kafka_source_settings settings = collect_kafka(d->settings);
	char error[KAFKA_ERROR_MAX] = "";
	struct kafka_probe probe;
	const int code = kafka_probe(&settings, &probe, error);

	if (code != 0) {
		say(d, CHECK_FAULT, "brokers",
		    code == -EINVAL ? "see CONFIGURATION.md of librdkafka"
				    : "name brokers that run, and how they are spoken to, in "
				      "--kafka-conf",
		    "%s", error);
		return;
	}
	say(d, CHECK_OK, "brokers", NULL, "%d answer", probe.brokers);
	check_topic(d, &probe, error);
}

int
collect_check(const struct settings *settings, bool json)
{
	struct doctor d = {
		.settings = settings,
		.service_user = SERVICE_USER,
		.root = "",
		.json = json,
		.checks = json ? json_array() : NULL,
	};

	if (settings->collect_dir != NULL)
		check_folder(&d);
	else
		check_kafka(&d);
	check_listen(&d);
	check_outputs(&d);
	if (settings->history == NULL)
		say(&d, CHECK_WARNING, "history", "history = /var/lib/packet-heatmap-collector",
		    "none: after a restart all begins anew");
	return doctor_end(&d);
}
