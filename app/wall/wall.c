/* SPDX-License-Identifier: BSD-3-Clause */
#include "wall.h"

#include "assets.h"
#include "auth.h"
#include "config.h"
#include "fail.h"
#include "file.h"
#include "log.h"
#include "outputs.h"
#include "recall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HISTORY_END_MS 10000
#define STREAM_END_MS  2000
#define RECORDS_END_MS 10000
#define WATCH_END_MS   10000
#define HTTP_THREADS   32

/* -- before anything is started */

/* Who may see it has to be said where others can reach it. */
static int
check_auth(const struct wall *w)
{
	const struct settings *s = w->settings;
	char error[USERS_ERROR_MAX];

	if (s->no_auth && (s->users != NULL || s->proxy_user != NULL))
		return fail_usage("--no-auth lets everybody in: neither --users nor --proxy-user "
				  "says anything beside it");
	if (s->proxy_user != NULL && s->proxies.count == 0)
		return fail_usage("--proxy-user: of which proxy? Name its address with "
				  "--trust-proxy");
	if (s->users != NULL) {
		struct users *users = users_parse(s->users, error);

		if (users == NULL) {
			log_error("--users %s", error);
			return EXIT_USAGE;
		}
		users_free(users);
	}
	if (w->listen[0] == 0 || strncmp(w->listen, "127.", 4) == 0 || s->no_auth ||
	    s->users != NULL || s->proxy_user != NULL)
		return EXIT_SUCCESS;
	log_error(
		"--listen %s lets everybody who can reach it see who talks to whom: --users FILE "
		"lets those in who are in it (--add-user NAME), --no-auth says that everybody may",
		s->listen);
	return EXIT_USAGE;
}

int
wall_resolve(struct wall *w, const struct settings *s)
{
	char address[64] = "";
	uint16_t port = 0;

	w->settings = s;
	if (strcmp(s->listen, "auto") == 0) {
		snprintf(w->listen, sizeof(w->listen), "%s", s->once ? "" : "127.0.0.1:8080");
	} else if (strcmp(s->listen, "off") != 0) {
		http_parse_listen(s->listen, address, &port); /* was looked at */
		snprintf(w->listen, sizeof(w->listen), "%s:%u", address, port);
	}
	if (check_auth(w) != EXIT_SUCCESS)
		return EXIT_USAGE;
	if (gethostname(w->host_name, sizeof(w->host_name) - 1) != 0)
		snprintf(w->host_name, sizeof(w->host_name), "sensor");
	w->settings_json = config_json(s);
	return EXIT_SUCCESS;
}

static int
check_output(const char *path, const char *option)
{
	int error = path ? file_check(path) : 0;

	if (error == 0)
		return 0;
	log_error("--%s %s: cannot write there: %s", option, path, strerror(-error));
	return -1;
}

int
wall_check_outputs(const struct settings *s)
{
	/* a FIFO or a device is not made, only opened */
	const bool plain = s->output != NULL && strcmp(s->output_path, "-") != 0 &&
			   access(s->output_path, F_OK) != 0;
	char clash[OUTPUTS_CLASH_MAX];

	if (outputs_clash(s, clash))
		return fail_usage(clash);
	return check_output(plain ? s->output_path : NULL, "output") != 0 ||
			       check_output(s->html, "html") != 0 ||
			       check_output(s->hosts, "hosts") != 0 ||
			       check_output(s->status, "status") != 0
		       ? EXIT_FAILURE
		       : EXIT_SUCCESS;
}

int
wall_open_history(struct wall *w)
{
	const struct settings *s = w->settings;
	struct history_settings h = {.folder = s->history,
				     .size = s->history_size,
				     .hosts_of_place = s->privacy.no_hosts ? 0 : s->history_hosts,
				     .privacy = s->privacy,
				     .log = log_history};
	char error[HISTORY_ERROR_MAX];

	if (s->history == NULL || w->history != NULL)
		return EXIT_SUCCESS;
	memcpy(h.keep_ms, s->history_keep_ms, sizeof(h.keep_ms));
	w->history = history_open(&h, error);
	return w->history != NULL ? EXIT_SUCCESS : fail(error);
}

/* -- up */

/* The store, by the user that we are now, unless it is open; and what it knows of the last day. */
static int
start_history(struct wall *w)
{
	if (w->settings->history == NULL)
		return EXIT_SUCCESS;
	if (wall_open_history(w) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (!w->packet_time && recall_windows(&w->map, w->history) != 0)
		return fail("out of memory");
	w->map.store = w->history;
	if (w->settings->unusual_pps > 0) {
		const struct watch_settings watch = {.least_pps = w->settings->unusual_pps,
						     .log = log_unusual,
						     .all = w->packet_time};

		w->watch = watch_create(w->history, &watch);
		if (w->watch == NULL)
			return fail("what is kept of earlier events cannot be read");
	}
	if (history_start(w->history) != 0 || (w->watch != NULL && watch_start(w->watch) != 0))
		return fail("no thread can be started");
	return EXIT_SUCCESS;
}

static int
start_stream(struct wall *w)
{
	const struct settings *s = w->settings;
	const struct stream_settings stream = {.path = s->output_path,
					       .format = s->output_format,
					       .places = strcmp(s->rows, "places") == 0,
					       .patient = w->packet_time};
	char error[256];

	if (s->output == NULL)
		return EXIT_SUCCESS;
	w->stream = stream_create(&stream, error);
	w->map.stream = w->stream;
	return w->stream != NULL ? EXIT_SUCCESS : fail(error);
}

/* By the user that we are now. */
static int
start_records(struct wall *w)
{
	const struct settings *s = w->settings;
	const struct records_settings r = {
		.folder = {.path = s->records,
			   .size = s->records_size,
			   .keep_ms = s->records_keep_ms},
		.site = s->site ? s->site : "",
		.group = s->site_group ? s->site_group : "",
		.software = w->version,
		.has_position = s->has_site_position,
		.latitude = s->site_latitude,
		.longitude = s->site_longitude,
		.patient = w->packet_time || w->patient,
	};
	char error[RECORD_ERROR_MAX];

	if (s->records == NULL || w->own_records)
		return EXIT_SUCCESS;
	w->records = records_create(&r, error);
	w->map.records = w->records;
	return w->records != NULL ? EXIT_SUCCESS : fail(error);
}

int
wall_start(struct wall *w, struct locate *locate, bool wants_map, int64_t started_ms,
	   uint64_t started_ns)
{
	struct map_consumer *m = &w->map;

	m->settings = w->settings;
	m->version = w->version;
	m->ui_build = page_build;
	m->sources = w->sources;
	m->source_count = w->source_count;
	m->html = &page_template;
	m->huge_pages = w->huge_pages;
	m->serves = w->listen[0] != 0;
	m->settings_json = w->settings_json;
	m->security_json = w->security_json[0] != 0 ? w->security_json : NULL;
	m->sums.started_ms = started_ms;
	m->started_ns = started_ns;
	m->requests = &w->requests;
	m->loader = w->has_loader ? &w->loader : NULL;
	m->patient = w->patient;
	m->after = &w->after;
	m->self = &w->map_thread;
	m->locate = locate;
	if (map_consumer_init(m) != 0)
		return fail("out of memory");
	if (start_history(w) != EXIT_SUCCESS || start_stream(w) != EXIT_SUCCESS ||
	    start_records(w) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (after_map_start(&w->after, w->settings) != 0)
		return fail("no thread can be started");
	w->map_thread = consumer_create(&map_consumer_ops, m);
	if (w->map_thread == NULL ||
	    (w->has_loader &&
	     loader_start(&w->loader, w->settings, wants_map, locate_opened(m->locate)) != 0))
		return fail("no thread can be started");
	return EXIT_SUCCESS;
}

/* By the user that we are now. */
static int
start_auth(struct wall *w, struct http_settings *h)
{
	const struct settings *s = w->settings;
	const struct auth_settings auth = {
		.users = s->users, .proxy = s->proxy_user != NULL, .log = log_auth};
	char error[USERS_ERROR_MAX];
	struct network network;

	if (s->users == NULL && s->proxy_user == NULL)
		return EXIT_SUCCESS;
	w->auth = auth_create(&auth, error);
	if (w->auth == NULL)
		return fail(error);
	w->proxies = calloc(1, sizeof(*w->proxies));
	if (w->proxies == NULL)
		return fail("out of memory");
	for (unsigned int i = 0; i < s->proxies.count; i++) {
		network_parse(s->proxies.items[i], &network); /* was looked at */
		networks_add(w->proxies, &network);
	}
	h->auth = w->auth;
	h->proxy_user = s->proxy_user;
	h->trusted = w->proxies;
	return EXIT_SUCCESS;
}

int
wall_start_http(struct wall *w)
{
	const struct settings *s = w->settings;
	char error[256];
	struct http_settings h = {.listen = w->listen,
				  .assets = page_assets,
				  .asset_count = page_asset_count,
				  .frame_ancestors = s->frame_ancestors,
				  .threads = HTTP_THREADS,
				  .requests = &w->requests,
				  .cors = s->cors_origins.items,
				  .cors_count = s->cors_origins.count,
				  .hosts = s->http_hosts.items,
				  .host_count = s->http_hosts.count,
				  .host_name = w->host_name,
				  .history = w->history,
				  .watch = w->watch,
				  .fleet = w->asks};

	if (w->listen[0] == 0)
		return EXIT_SUCCESS;
	if (start_auth(w, &h) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	w->http = http_start(&h, error);
	if (w->http == NULL)
		return fail(error);
	/* port 0 was for any: from here on it has its number */
	snprintf(strrchr(w->listen, ':'), sizeof(":65535"), ":%u", http_port(w->http));
	if (http_is_absent(w->http))
		log_warning("%s is not an address of this host yet; the map waits for it",
			    w->listen);
	log_line("the map is at http://%s/", w->listen);
	return EXIT_SUCCESS;
}

/* -- down */

void
wall_hurry(struct wall *w)
{
	stream_hurry(w->stream);
	records_hurry(w->records);
}

void
wall_stop_http(struct wall *w)
{
	http_stop(w->http);
	w->http = NULL;
	auth_destroy(w->auth);
	w->auth = NULL;
	free(w->proxies);
	w->proxies = NULL;
}

void
wall_end(struct wall *w)
{
	const bool once = w->settings != NULL && w->settings->once;

	wall_stop_http(w); /* its requests read the history */
	loader_stop(&w->loader);
	consumer_destroy(w->map_thread, -1);
	w->map_thread = NULL;
	if (!after_map_end(&w->after))
		w->stuck = true;
	if (stream_destroy(w->stream, STREAM_END_MS) != 0) {
		log_error("the last lines of --output are not read; ending without them");
		w->stuck = true;
	}
	w->stream = w->map.stream = NULL;
	if (records_destroy(w->records, once ? -1 : RECORDS_END_MS) != 0) {
		log_error("the last records are not written in time; ending without them");
		w->stuck = true;
	}
	w->records = w->map.records = NULL;
	/* its last notes go into the history */
	if (watch_end(w->watch, once, once ? -1 : WATCH_END_MS) != 0) {
		/* it reads the history, which therefore stays open; what waits is stored though */
		log_error("a look at what is unusual does not end; ending without it");
		w->stuck = true;
		history_settle(w->history, HISTORY_END_MS);
		return;
	}
	w->watch = NULL;
	/* its samples point at places: it ends before the map goes */
	if (history_close(w->history, once ? -1 : HISTORY_END_MS) != 0) {
		log_error("the history is not written in time; ending without its last periods");
		w->stuck = true;
	}
	w->history = w->map.store = NULL;
}

void
wall_free(struct wall *w)
{
	map_consumer_free(&w->map);
	free(w->settings_json);
	w->settings_json = NULL;
}
