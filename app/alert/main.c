/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * packet-heatmap-alert: tells a webhook when something is unusual, and when it is usual again.
 *
 *     packet-heatmap --history DIR  ◀── /api/v1/events ──  packet-heatmap-alert  ── POST ──▶
 * webhook
 *
 * A process of its own rather than a thread of the map's: the address of a webhook is a secret, and
 * names, TLS and connections to elsewhere stay outside of the one that reads foreign packets, which
 * needs no way out at all. It asks as any viewer would.
 *
 * Events are told in their order, each begin and each end once, also over a restart (--state); a
 * webhook that does not answer is asked again, ever later up to a minute, and what it says it will
 * never take (4xx) is logged and left out.
 */
#include "log.h"
#include "notify.h"
#include "told.h"
#include "web.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EXIT_SETTINGS 2
#define EVERY_MS      20000
#define RETRY_MOST_MS 60000
#define LINES_MOST    16
#define LINE_MOST     2048
#define EVENTS_PATH   "/api/v1/events?from=-7d"

struct alert {
	const char *wall, *wall_token, *webhook, *state;
	bool once;

	struct web *from, *to;
	struct told told;
	int signals;
	bool ending, away, refused, said_state;
};

static const char usage[] =
	"usage: packet-heatmap-alert --webhook FILE [OPTION...]\n"
	"\n"
	"Tells a webhook, as JSON, when a packet-heatmap with --history finds something unusual,\n"
	"and when it is usual again.\n"
	"\n"
	"  --webhook FILE     the first line is the address to POST to, each further one a "
	"header,\n"
	"                     such as Authorization: Bearer ...; # begins a comment\n"
	"  --wall URL         the packet-heatmap; http://127.0.0.1:8080 unless given\n"
	"  --wall-token FILE  its first line is a token that --add-token printed; none: no token\n"
	"  --state FILE       what has been told is kept there over a restart\n"
	"  --once             tell what there is to tell, and end\n"
	"  --help, --version\n";

/* -- secrets */

struct lines {
	char text[LINES_MOST][LINE_MOST];
	size_t count;
};

static int
read_file(const char *option, const char *path, bool needed, struct lines *lines)
{
	char line[LINE_MOST];
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		log_error("%s %s: %s", option, path, strerror(errno));
		return -1;
	}
	while (fgets(line, sizeof(line), file) != NULL && lines->count < LINES_MOST) {
		line[strcspn(line, "\r\n")] = 0;
		if (line[0] != 0 && line[0] != '#')
			snprintf(lines->text[lines->count++], LINE_MOST, "%s", line);
	}
	fclose(file);
	explicit_bzero(line, sizeof(line));
	if (lines->count > 0 || !needed)
		return 0;
	log_error("%s %s: nothing stands in it", option, path);
	return -1;
}

static int
open_webhook(struct alert *a)
{
	struct lines lines = {.count = 0};
	const char *headers[LINES_MOST];
	int ret = -1;

	if (read_file("--webhook", a->webhook, true, &lines) != 0)
		return -1;
	for (size_t i = 1; i < lines.count; i++)
		headers[i - 1] = lines.text[i];
	if (strncmp(lines.text[0], "http://", 7) != 0 && strncmp(lines.text[0], "https://", 8) != 0)
		log_error("--webhook %s: the first line is no address such as "
			  "https://chat.example.net/hooks/...",
			  a->webhook);
	else if ((a->to = web_create(lines.text[0], headers, lines.count - 1)) == NULL)
		log_error("out of memory, or the address in %s is too long", a->webhook);
	else
		ret = 0;
	explicit_bzero(&lines, sizeof(lines));
	return ret;
}

static int
open_wall(struct alert *a)
{
	struct lines lines = {.count = 0};
	char header[LINE_MOST + 32], url[LINE_MOST];
	const char *headers[] = {header};

	if (a->wall_token != NULL && read_file("--wall-token", a->wall_token, false, &lines) != 0)
		return -1;
	if (strncmp(a->wall, "http://", 7) != 0 && strncmp(a->wall, "https://", 8) != 0) {
		log_error("--wall %s: no address such as http://127.0.0.1:8080", a->wall);
		return -1;
	}
	snprintf(url, sizeof(url), "%s", a->wall);
	if (url[strlen(url) - 1] == '/')
		url[strlen(url) - 1] = 0;
	snprintf(header, sizeof(header), "Authorization: Bearer %s",
		 lines.count > 0 ? lines.text[0] : "");
	a->from = web_create(url, headers, lines.count > 0);
	explicit_bzero(&lines, sizeof(lines));
	explicit_bzero(header, sizeof(header));
	if (a->from == NULL)
		log_error("out of memory");
	return a->from != NULL ? 0 : -1;
}

/* -- waiting */

/* True: a signal says that it ends. */
static bool
wait_ms(struct alert *a, int ms)
{
	struct pollfd fd = {.fd = a->signals, .events = POLLIN};

	if (!a->ending && poll(&fd, 1, ms) > 0)
		a->ending = true;
	return a->ending;
}

/* -- what is told */

static void
time_of(const json_t *event, const char *name, char text[6])
{
	const char *time = json_string_value(json_object_get(event, name));

	snprintf(text, 6, "%.5s", time != NULL && strlen(time) > 16 ? time + 11 : "?");
}

/* "Unusual since 10:20 UTC: Paris, FR: 1200 packets/s, usually 110", for whatever shows a text. */
static json_t *
text_of(const json_t *event, bool begins)
{
	const char *subject = json_string_value(json_object_get(event, "subject"));
	const char *name = json_string_value(json_object_get(event, "name"));
	const char *country = json_string_value(json_object_get(event, "country"));
	char what[256], time[6], text[512];

	time_of(event, begins ? "from" : "to", time);
	if (country == NULL || country[0] == 0)
		country = "no country";
	if (subject != NULL && strcmp(subject, "place") == 0 && name != NULL && name[0] != 0)
		snprintf(what, sizeof(what), "%.150s, %s", name, country);
	else if (subject != NULL && strcmp(subject, "place") == 0)
		snprintf(what, sizeof(what), "%.3f, %.3f, %s",
			 json_number_value(json_object_get(event, "latitude")),
			 json_number_value(json_object_get(event, "longitude")), country);
	else if (subject != NULL && strcmp(subject, "country") == 0)
		snprintf(what, sizeof(what), "%s", country);
	else
		snprintf(what, sizeof(what), "all traffic");
	snprintf(text, sizeof(text), "%s %s UTC: %s: %.4g packets/s, usually %.4g",
		 begins ? "Unusual since" : "Usual again since", time, what,
		 json_number_value(json_object_get(event, "packets_s")),
		 json_number_value(json_object_get(event, "usual_packets_s")));
	return json_string(text);
}

/* Posts until it is taken, or never will be. False: it ends before. */
static bool
post(struct alert *a, const char *json)
{
	char error[WEB_ERROR_MAX];
	int wait = 1000;

	for (;;) {
		const long status = web_post(a->to, json, error);

		if (status >= 200 && status < 300) {
			if (a->away)
				log_line("the webhook takes events again");
			a->away = false;
			return true;
		}
		if (status >= 400 && status < 500 && status != 408 && status != 429) {
			log_error("the webhook answers with HTTP %ld: an event is not told",
				  status);
			return true;
		}
		if (!a->away && status < 0)
			log_warning("the webhook does not answer: %s; tried again until it does",
				    error);
		else if (!a->away)
			log_warning("the webhook answers with HTTP %ld; tried again until it takes "
				    "the event",
				    status);
		a->away = true;
		if (a->once || wait_ms(a, wait))
			return false;
		wait = 2 * wait < RETRY_MOST_MS ? 2 * wait : RETRY_MOST_MS;
	}
}

static bool
tell(struct alert *a, json_t *event, bool begins)
{
	json_t *message = json_copy(event); /* shallow: what is in it is only read */
	bool told = false;

	json_object_set_new(message, "v", json_integer(1));
	json_object_set_new(message, "state", json_string(begins ? "begin" : "end"));
	json_object_set_new(message, "wall", json_string(a->wall));
	json_object_set_new(message, "text", text_of(event, begins));
	char *text = json_dumps(message, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(message);
	if (text != NULL)
		told = post(a, text);
	free(text);
	if (!told)
		return false;
	const uint64_t id = (uint64_t)json_integer_value(json_object_get(event, "id"));
	if (begins)
		told_begin(&a->told, id);
	else
		told_end(&a->told, id);
	const int ret = told_write(&a->told);
	if (ret != 0 && !a->said_state)
		log_error("--state %s: %s; after a restart it may tell of the same again", a->state,
			  strerror(-ret));
	a->said_state = ret != 0;
	return true;
}

/* -- what is asked */

/* The list, newest first; NULL: not now. */
static json_t *
ask_wall(struct alert *a)
{
	char error[WEB_ERROR_MAX] = "", *body = NULL;
	size_t length = 0;
	json_t *o = NULL, *list = NULL;

	const long status = web_get(a->from, EVENTS_PATH, &body, &length, error);
	if (status == 200)
		o = json_loadb(body, length, 0, NULL);
	list = json_incref(json_object_get(o, "events"));
	if (status < 0)
		snprintf(error, sizeof(error), "%s", error[0] != 0 ? error : "no answer");
	else if (status == 401)
		snprintf(error, sizeof(error),
			 "a token is asked for, or this one is none: "
			 "--wall-token FILE");
	else if (status == 404)
		snprintf(error, sizeof(error), "it keeps nothing: start it with --history DIR");
	else if (status == 503)
		snprintf(error, sizeof(error), "its first period is not over yet");
	else if (status != 200)
		snprintf(error, sizeof(error), "HTTP %ld", status);
	else if (!json_is_array(list))
		snprintf(error, sizeof(error), "no list of events");
	free(body);
	json_decref(o);
	if (json_is_array(list)) {
		if (a->refused)
			log_line("%s answers again", a->wall);
		a->refused = false;
		return list;
	}
	if (!a->refused)
		log_warning("%s: %s", a->wall, error);
	a->refused = true;
	json_decref(list);
	return NULL;
}

static uint64_t
id_of(const json_t *event)
{
	return (uint64_t)json_integer_value(json_object_get(event, "id"));
}

/* False: what is to be told could not be. */
static bool
look(struct alert *a)
{
	json_t *list = ask_wall(a);
	const size_t count = json_array_size(list);
	const bool first = !a->told.begun;
	bool fine = list != NULL;

	/* a store that was begun anew counts from one again */
	if (count > 0 && id_of(json_array_get(list, 0)) < a->told.last) {
		a->told.last = 0;
		a->told.count = 0;
	}
	for (size_t i = count; i > 0 && fine && !a->ending; i--) {
		json_t *event = json_array_get(list, i - 1);
		const bool over = json_is_true(json_object_get(event, "over"));
		const uint64_t id = id_of(event);

		/* what was over before the first look is no news */
		if (first && over)
			continue;
		if (id > a->told.last)
			fine = tell(a, event, true);
		if (fine && over && told_is_open(&a->told, id))
			fine = tell(a, event, false);
	}
	if (list != NULL && first && fine) {
		a->told.begun = true;
		if (count > 0 && id_of(json_array_get(list, 0)) > a->told.last)
			a->told.last = id_of(json_array_get(list, 0));
		told_write(&a->told);
	}
	json_decref(list);
	return fine;
}

/* -- */

/* 0, or what the process ends with; -1: go on. */
static int
read_arguments(struct alert *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"webhook", required_argument, NULL, 'w'},
		{"wall", required_argument, NULL, 'u'},
		{"wall-token", required_argument, NULL, 't'},
		{"state", required_argument, NULL, 's'},
		{"once", no_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (c) {
		case 'w':
			a->webhook = optarg;
			break;
		case 'u':
			a->wall = optarg;
			break;
		case 't':
			a->wall_token = optarg;
			break;
		case 's':
			a->state = optarg;
			break;
		case 'o':
			a->once = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("packet-heatmap-alert " VERSION);
			return EXIT_SUCCESS;
		default:
			return EXIT_SETTINGS;
		}
	}
	if (optind < argc) {
		log_error("'%s' is no option; see --help", argv[optind]);
		return EXIT_SETTINGS;
	}
	if (a->webhook == NULL) {
		log_error("where to? --webhook FILE; see --help");
		return EXIT_SETTINGS;
	}
	return -1;
}

static int
run(struct alert *a)
{
	bool fine;

	notify_send("READY=1\nSTATUS=watching");
	do {
		fine = look(a);
	} while (!a->once && !wait_ms(a, EVERY_MS));
	notify_send("STOPPING=1");
	return a->once && !fine ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct alert a = {.wall = "http://127.0.0.1:8080"};
	sigset_t set;

	log_set_program("packet-heatmap-alert");
	int ret = read_arguments(&a, argc, argv);
	if (ret >= 0)
		return ret;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	a.signals = signalfd(-1, &set, SFD_CLOEXEC);
	ret = EXIT_SETTINGS;
	if (a.signals < 0 || web_begin() != 0) {
		log_error("cannot start: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	const int state = told_read(&a.told, a.state);
	if (state != 0)
		log_error("--state %s: %s", a.state,
			  state == -EINVAL ? "it is none of packet-heatmap-alert's"
					   : strerror(-state));
	else if (open_webhook(&a) == 0 && open_wall(&a) == 0)
		ret = run(&a);
	web_destroy(a.from);
	web_destroy(a.to);
	web_end();
	close(a.signals);
	return ret;
}
