/* SPDX-License-Identifier: BSD-3-Clause */
#include "http.h"

#include "answer.h"
#include "door.h"
#include "gate.h"
#include "listener.h"

#include "clock.h"
#include "locate_json.h"
#include "text.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * The one way in: every request ends here, so that civetweb's own code for files,
 * folders, PUT, DELETE and WebDAV is never reached.
 */
static int
on_request(struct mg_connection *conn)
{
	struct http *http = mg_get_user_data(mg_get_context(conn));
	const uint64_t start = monotonic_ns();
	int route, status = answer_request(conn, http, &route);

	if (http->settings.requests != NULL)
		request_stats_count(http->settings.requests, route, status,
				    (monotonic_ns() - start) / 1000);
	return status;
}

static int
on_log(const struct mg_connection *conn, const char *message)
{
	(void)conn;
	(void)message;
	/* a client that hangs up is no event; failures to start come back by mg_start2 */
	return 1;
}

static void
on_closed(const struct mg_connection *conn)
{
	const struct mg_request_info *request = mg_get_request_info(conn);

	if (request != NULL)
		gate_release(request->remote_port);
}

/* 0, or -1 with a line. */
static int
parse_address(const char *listen_at, struct sockaddr_in *at, char error[256])
{
	char address[64];
	uint16_t port;

	if (http_parse_listen(listen_at, address, &port) != 0) {
		snprintf(error, 256,
			 "--listen %.100s: not an IPv4 ADDRESS:PORT, such as 127.0.0.1:8080",
			 listen_at);
		return -1;
	}
	*at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, address, &at->sin_addr);
	return 0;
}

static int
cannot_listen(const char *listen_at, char error[256])
{
	snprintf(error, 256, "cannot listen on %s: %s; choose another with --listen", listen_at,
		 strerror(errno));
	return -1;
}

int
http_check(const char *listen_at, char error[256])
{
	struct sockaddr_in at;
	bool absent;

	if (parse_address(listen_at, &at, error) != 0)
		return -1;
	int fd = listener_open((struct sockaddr *)&at, sizeof(at), &absent);
	if (fd < 0)
		return cannot_listen(listen_at, error);
	close(fd);
	return 0;
}

bool
http_address_is_here(const char *listen_at)
{
	struct sockaddr_in at;
	char error[256];

	if (parse_address(listen_at, &at, error) != 0)
		return false;
	at.sin_port = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool here = fd >= 0 &&
		    (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 || errno != EADDRNOTAVAIL);
	if (fd >= 0)
		close(fd);
	return here;
}

/* civetweb's own listener: a TCP socket on loopback at this port. -1: there is none. */
static int
find_listener(int port)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int found = -1;

	while (dir != NULL && found < 0 && (entry = readdir(dir)) != NULL) {
		struct sockaddr_in at = {0};
		socklen_t length = sizeof(at), size = sizeof(int);
		int fd = atoi(entry->d_name), listens = 0;

		if (entry->d_name[0] != '.' &&
		    getsockname(fd, (struct sockaddr *)&at, &length) == 0 &&
		    at.sin_family == AF_INET && at.sin_port == htons((uint16_t)port) &&
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens)
			found = fd;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* Puts our own socket before civetweb's. */
static int
start_gate(struct http *http, char error[256])
{
	struct mg_server_port port;
	int listener = -1, ret;

	if (mg_get_server_ports(http->context, 1, &port) == 1)
		listener = find_listener(port.port);
	ret = listener >= 0 ? gate_start(http->gate, listener, http->settings.threads) : -ENOENT;
	if (ret != 0)
		snprintf(error, 256, "the web server takes no connections: %s", strerror(-ret));
	return ret;
}

struct http *
http_start(const struct http_settings *settings, char error[256])
{
	char threads[8], text[128] = "";
	struct sockaddr_in at;
	unsigned int code = 0;

	if (parse_address(settings->listen, &at, error) != 0)
		return NULL;
	snprintf(threads, sizeof(threads), "%u", settings->threads);

	const char *options[] = {
		/* nobody asks there: gate.h */
		"listening_ports",
		"127.0.0.1:0",
		"num_threads",
		threads,
		"request_timeout_ms",
		"10000",
		/* no route needs it, and "/%00..." would be taken for "/" */
		"decode_url",
		"no",
		"enable_directory_listing",
		"no",
		"enable_keep_alive",
		"no",
		/* by the name in a target door.c goes, as by Host */
		"enable_auth_domain_check",
		"no",
		NULL,
	};
	struct http *http = calloc(1, sizeof(*http));
	if (http == NULL) {
		snprintf(error, 256, "out of memory");
		return NULL;
	}
	http->settings = *settings;
	http->gate = gate_open((struct sockaddr *)&at, sizeof(at), &http->absent);
	if (http->gate == NULL) {
		cannot_listen(settings->listen, error);
		free(http);
		return NULL;
	}
	inet_ntop(AF_INET, &at.sin_addr, http->address, sizeof(http->address));
	name_routes(settings->requests);
	snprintf(http->frame_ancestors, sizeof(http->frame_ancestors), "%s",
		 settings->frame_ancestors);
	/* begin_request rather than a handler: a handler can only be set once the server runs */
	struct mg_callbacks callbacks = {
		.begin_request = on_request, .connection_closed = on_closed, .log_message = on_log};
	struct mg_init_data init = {
		.callbacks = &callbacks, .user_data = http, .configuration_options = options};
	struct mg_error_data failure = {&code, text, sizeof(text)};

	mg_init_library(0);
	http->context = mg_start2(&init, &failure);
	if (http->context == NULL) {
		snprintf(error, 256, "cannot start the web server: %s",
			 text[0] ? text : "civetweb does not say why");
		mg_exit_library();
		gate_close(http->gate);
		free(http);
		return NULL;
	}
	if (start_gate(http, error) != 0) {
		http_stop(http);
		return NULL;
	}
	return http;
}

uint16_t
http_port(const struct http *http)
{
	return gate_port(http->gate);
}

bool
http_is_absent(const struct http *http)
{
	return http->absent;
}

void
http_stop(struct http *http)
{
	if (http == NULL)
		return;
	gate_stop(http->gate);
	mg_stop(http->context);
	gate_close(http->gate);
	mg_exit_library();
	free(http);
}
