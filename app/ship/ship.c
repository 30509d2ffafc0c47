/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * packet-heatmap-ship: takes the records that a sensor has put into a folder to Apache Kafka.
 *
 *     packet-heatmap --records DIR  ──▶  its messages  ──▶  packet-heatmap-ship  ──▶  broker
 *
 * A process of its own, so that credentials, TLS, names and threads of librdkafka stay outside of
 * the one that reads foreign packets, and a sensor never waits for a broker: the folder is the
 * queue. A file is removed when the broker has acknowledged its message (acks=all), so a message
 * that was sent just before a crash comes twice, and never not at all; readers tell it by (sensor,
 * boot id, number, part).
 */
#include "clock.h"
#include "folder_reader.h"
#include "kafka_conf.h"
#include "log.h"
#include "notify.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define IN_FLIGHT_MOST 500 /* messages: what a crash may send twice */
#define POLL_MS        100
#define END_MS         10000
#define EXIT_SETTINGS  2 /* one is wrong: another start would not mend it */

struct ship {
	const char *records, *brokers, *topic, *conf;
	bool once;

	struct folder_reader *reader;
	rd_kafka_t *kafka;
	rd_kafka_topic_t *to;
	int signals;
	size_t in_flight;
	bool rewind; /* a message did not get there */
	bool away;   /* said that the broker is */
	bool scram;  /* and librdkafka's is one that Kafka 4 does not take */
	bool fatal;
	unsigned long sent;
};

static const char usage[] =
	"usage: packet-heatmap-ship --records DIR --brokers HOST:PORT[,HOST:PORT...] [OPTION...]\n"
	"\n"
	"Sends the records that packet-heatmap --records DIR writes to Apache Kafka, and removes\n"
	"each once the broker has it.\n"
	"\n"
	"  --records DIR      the folder that the sensor writes to\n"
	"  --brokers LIST     brokers to ask for all others\n"
	"  --topic NAME       default: packet-heatmap.places\n"
	"  --kafka-conf FILE  librdkafka's properties, a line each: property=value (TLS, SASL, "
	"...)\n"
	"  --once             end when all that waits is sent; exit code 1 if it cannot be\n"
	"  --help, --version\n";

/* -- what librdkafka calls, from rd_kafka_poll: on our thread */

static void
on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *context)
{
	struct ship *s = context;
	char *name = message->_private;
	(void)kafka;

	s->in_flight--;
	switch (message->err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		folder_reader_done(s->reader, name);
		s->sent++;
		if (s->away)
			log_line("the broker takes records again");
		s->away = false;
		break;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
		folder_reader_refuse(s->reader, name, rd_kafka_err2str(message->err));
		break;
	default:
		s->rewind = true;
		if (!s->away)
			log_warning("records cannot be sent: %s; they wait in %s",
				    rd_kafka_err2str(message->err), s->records);
		s->away = true;
	}
	free(name);
}

static void
on_error(rd_kafka_t *kafka, int error, const char *reason, void *context)
{
	struct ship *s = context;
	char why[512];

	if (error == RD_KAFKA_RESP_ERR__FATAL) {
		rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(kafka, why, sizeof(why));

		log_error("librdkafka gives up: %s: %s", rd_kafka_err2name(fatal), why);
		s->fatal = true;
		return;
	}
	if (!s->away || error == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
	    error == RD_KAFKA_RESP_ERR__SSL)
		log_warning("%s: %s", rd_kafka_err2str((rd_kafka_resp_err_t)error), reason);
	if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION && s->scram) {
		log_warning("librdkafka %s cannot log in by SCRAM to Kafka 4, as 2.6.1 and later "
			    "can: sasl.mechanism=PLAIN over TLS or a client certificate do",
			    rd_kafka_version_str());
		s->scram = false; /* said once */
	}
	if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		s->away = true;
}

static void
on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text)
{
	(void)kafka;
	/* what it has to say of brokers that are away comes by on_error */
	if (level <= LOG_WARNING && strcmp(facility, "FAIL") != 0)
		log_at(level, "kafka", NULL, "%s: %s", facility, text);
}

/* -- start */

static int
fail(const char *error)
{
	log_error("%s", error);
	return EXIT_FAILURE;
}

static int
start_kafka(struct ship *s)
{
	static const char *const always[][2] = {
		{"enable.idempotence", "true"}, /* acks=all, in order, within this process once */
		{"compression.codec", "zstd"},
		{"client.id", "packet-heatmap-ship"},
		{"queue.buffering.max.kbytes", "65536"},
		{"linger.ms", "5"},
		/* a message waits in its file, not here: it is tried anew from there */
		{"message.timeout.ms", "30000"},
		/* a topic that is not there is told as such, before that time is over */
		{"topic.metadata.propagation.max.ms", "5000"},
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[KAFKA_ERROR_MAX];
	int code = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]) && code == 0; i++)
		code = kafka_conf_set(conf, always[i][0], always[i][1], always[i][0], error);
	if (code == 0)
		code = kafka_conf_connect(conf, s->brokers, s->conf, error);
	if (code != 0) {
		rd_kafka_conf_destroy(conf);
		fail(error);
		return EXIT_SETTINGS;
	}
	s->scram = kafka_conf_scram_is_broken(conf);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_opaque(conf, s);
	s->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (s->kafka == NULL) {
		/* properties that do not go together */
		rd_kafka_conf_destroy(conf);
		fail(error);
		return EXIT_SETTINGS;
	}
	s->to = rd_kafka_topic_new(s->kafka, s->topic, NULL);
	if (s->to == NULL)
		return fail(rd_kafka_err2str(rd_kafka_last_error()));
	return EXIT_SUCCESS;
}

/* -- */

/* With what our clock shows now: a reader compares it with the broker's. */
static rd_kafka_resp_err_t
produce(struct ship *s, struct folder_message *m, char *name)
{
	char sent[24];
	const int length = snprintf(sent, sizeof(sent), "%lld", (long long)utc_ms());
	/* not rd_kafka_producev: its macros are no ISO C */
	const rd_kafka_vu_t what[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = s->to},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {m->data, m->size}},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {m->sensor, strlen(m->sensor)}},
		{.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {"sent-ms", sent, length}},
		{.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = name},
	};
	rd_kafka_error_t *error =
		rd_kafka_produceva(s->kafka, what, sizeof(what) / sizeof(what[0]));
	const rd_kafka_resp_err_t code =
		error != NULL ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;

	rd_kafka_error_destroy(error);
	return code;
}

/* Hands over one message. False: none waits, or there is no room now. */
static bool
send_next(struct ship *s)
{
	struct folder_message m;
	int code = folder_reader_next(s->reader, &m, NULL, NULL);

	if (code < 0)
		log_error("%s: %s", s->records, strerror(-code));
	if (code <= 0)
		return false;
	char *name = strdup(m.name);
	const rd_kafka_resp_err_t error = name ? produce(s, &m, name) : RD_KAFKA_RESP_ERR__FAIL;
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
		s->in_flight++;
		free(m.data);
		return true;
	}
	if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		folder_reader_refuse(s->reader, m.name, rd_kafka_err2str(error));
	else
		s->rewind = true;
	free(name);
	free(m.data);
	return false;
}

static bool
asked_to_end(struct ship *s, int wait_ms)
{
	struct pollfd fds[] = {{.fd = s->signals, .events = POLLIN},
			       {.fd = folder_reader_fd(s->reader), .events = POLLIN}};

	poll(fds, 2, wait_ms);
	return (fds[0].revents & POLLIN) != 0;
}

static int
run(struct ship *s)
{
	notify_send("READY=1");
	for (;;) {
		bool more = true;

		while (more && !s->rewind && !s->fatal && s->in_flight < IN_FLIGHT_MOST)
			more = send_next(s);
		rd_kafka_poll(s->kafka, s->in_flight > 0 ? POLL_MS : 0);
		if (s->fatal)
			return EXIT_FAILURE; /* the service manager starts it anew */
		if (s->in_flight == 0) {
			/* what failed, and what sorts before it, comes now */
			const bool failed = s->rewind;

			folder_reader_rewind(s->reader);
			s->rewind = false;
			if (s->once && !more)
				return failed ? EXIT_FAILURE : EXIT_SUCCESS;
		}
		if (asked_to_end(s, s->in_flight > 0 ? 0 : 1000))
			return EXIT_SUCCESS;
	}
}

static void
end(struct ship *s)
{
	notify_send("STOPPING=1");
	if (s->kafka != NULL) {
		if (!s->fatal)
			rd_kafka_flush(s->kafka, END_MS);
		rd_kafka_purge(s->kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_poll(s->kafka, 0);
		if (s->to != NULL)
			rd_kafka_topic_destroy(s->to);
		rd_kafka_destroy(s->kafka);
	}
	folder_reader_close(s->reader);
	if (s->signals >= 0)
		close(s->signals);
	log_line("%lu records sent", s->sent);
}

#define DONE (-1) /* all was said that was asked for */

static int
read_options(struct ship *s, int argc, char **argv)
{
	enum { RECORDS, BROKERS, TOPIC, CONF, ONCE, HELP, VERSION_ };
	static const struct option options[] = {
		{"records", required_argument, NULL, RECORDS},
		{"brokers", required_argument, NULL, BROKERS},
		{"topic", required_argument, NULL, TOPIC},
		{"kafka-conf", required_argument, NULL, CONF},
		{"once", no_argument, NULL, ONCE},
		{"help", no_argument, NULL, HELP},
		{"version", no_argument, NULL, VERSION_},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case RECORDS:
			s->records = optarg;
			break;
		case BROKERS:
			s->brokers = optarg;
			break;
		case TOPIC:
			s->topic = optarg;
			break;
		case CONF:
			s->conf = optarg;
			break;
		case ONCE:
			s->once = true;
			break;
		case HELP:
			fputs(usage, stdout);
			return DONE;
		case VERSION_:
			puts("packet-heatmap-ship " VERSION);
			return DONE;
		default:
			return EXIT_SETTINGS;
		}
	}
	if (optind < argc || s->records == NULL || (s->brokers == NULL && s->conf == NULL)) {
		fprintf(stderr, "packet-heatmap-ship: %s; --help says more\n",
			optind < argc        ? "an argument too many"
			: s->records == NULL ? "no folder: name it with --records DIR"
					     : "no broker: name one with --brokers HOST:PORT");
		return EXIT_SETTINGS;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct ship s = {.topic = "packet-heatmap.places", .signals = -1};
	char error[RECORD_ERROR_MAX];
	sigset_t set;
	int code = read_options(&s, argc, argv);

	log_set_program("packet-heatmap-ship");
	if (code != 0)
		return code == DONE ? EXIT_SUCCESS : code;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s.signals = signalfd(-1, &set, SFD_CLOEXEC);
	s.reader = folder_reader_open(s.records, error);
	code = s.reader == NULL ? fail(error) : start_kafka(&s);
	if (code == EXIT_SUCCESS)
		code = run(&s);
	end(&s);
	return code;
}
