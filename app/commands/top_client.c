/* SPDX-License-Identifier: BSD-3-Clause */
/* A request with civetweb's client, which the program has anyway. */
#include "top_client.h"

#include <civetweb.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS  5000
#define ANSWER_MOST ((size_t)256 << 20)

int
top_parse_url(const char *text, struct top_server *server)
{
	const char *host = strncmp(text, "http://", 7) == 0 ? text + 7 : text;
	size_t length = strcspn(host, "/");
	char at[256];

	if (strstr(host, "://") != NULL || length == 0 || length >= sizeof(at) ||
	    (host[length] == '/' && host[length + 1] != 0))
		return -EINVAL;
	snprintf(at, sizeof(at), "%.*s", (int)length, host);
	char *colon = strrchr(at, ':');
	if (at[0] == '[') { /* [::1]:8080 */
		char *end = strchr(at, ']');

		if (end == NULL || (end[1] != 0 && end[1] != ':'))
			return -EINVAL;
		colon = end[1] == ':' ? end + 1 : NULL;
	}
	snprintf(server->port, sizeof(server->port), "80");
	if (colon != NULL) {
		unsigned long port = strtoul(colon + 1, NULL, 10);

		if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || port < 1 ||
		    port > 65535)
			return -EINVAL;
		snprintf(server->port, sizeof(server->port), "%lu", port);
		*colon = 0;
	}
	if (at[0] == 0)
		return -EINVAL;
	snprintf(server->host, sizeof(server->host), "%s", at);
	snprintf(server->url, sizeof(server->url), "http://%s:%s", server->host, server->port);
	return 0;
}

int
top_read_token(const char *path, struct top_server *server)
{
	FILE *file = fopen(path, "re");
	int ret = 0;

	if (file == NULL)
		return -errno;
	if (fgets(server->token, sizeof(server->token), file) == NULL)
		server->token[0] = 0;
	fclose(file);
	server->token[strcspn(server->token, " \r\n")] = 0;
	for (const char *c = server->token; *c != 0; c++) {
		if (*c < 0x21 || *c > 0x7e)
			ret = -EINVAL;
	}
	return server->token[0] != 0 ? ret : -EINVAL;
}

/* The body; malloc'ed, or NULL. */
static char *
read_body(struct mg_connection *conn, size_t *length)
{
	char *body = NULL;
	size_t room = 0;
	int n;

	*length = 0;
	do {
		if (*length + 65536 > room) {
			room = room ? 2 * room : 131072;
			char *grown = room <= ANSWER_MOST ? realloc(body, room) : NULL;

			if (grown == NULL) {
				free(body);
				return NULL;
			}
			body = grown;
		}
		n = mg_read(conn, body + *length, 65536);
		*length += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return body;
}

json_t *
top_ask(const struct top_server *server, char error[TOP_ERROR_MAX])
{
	char why[128] = "";
	json_t *heat = NULL;
	size_t length;

	struct mg_connection *conn =
		mg_connect_client(server->host, atoi(server->port), 0, why, sizeof(why));
	if (conn == NULL) {
		snprintf(error, TOP_ERROR_MAX, "%.150s does not answer", server->url);
		return NULL;
	}
	mg_printf(conn, "GET /api/v1/heat?window=now HTTP/1.0\r\nHost: %s:%s\r\n%s%s%s\r\n",
		  server->host, server->port, server->token[0] ? "Authorization: Bearer " : "",
		  server->token, server->token[0] ? "\r\n" : "");
	if (mg_get_response(conn, why, sizeof(why), TIMEOUT_MS) < 0) {
		snprintf(error, TOP_ERROR_MAX, "%.150s: no answer in time", server->url);
	} else {
		const struct mg_response_info *info = mg_get_response_info(conn);
		char *body = read_body(conn, &length);

		if (info->status_code == 503)
			snprintf(error, TOP_ERROR_MAX, "%.150s: the first period is not over yet",
				 server->url);
		else if (info->status_code == 401)
			snprintf(error, TOP_ERROR_MAX, "%.150s: %s", server->url,
				 server->token[0] ? "the token is none of its"
						  : "a token is asked for: --token FILE");
		else if (info->status_code != 200)
			snprintf(error, TOP_ERROR_MAX, "%.150s answers with HTTP %d", server->url,
				 info->status_code);
		else
			heat = body ? json_loadb(body, length, 0, NULL) : NULL;
		if (heat == NULL && info->status_code == 200)
			snprintf(error, TOP_ERROR_MAX, "%.150s is no packet-heatmap", server->url);
		free(body);
	}
	mg_close_connection(conn);
	if (heat != NULL && !json_is_object(json_object_get(heat, "top"))) {
		snprintf(error, TOP_ERROR_MAX, "%.150s is no packet-heatmap", server->url);
		json_decref(heat);
		heat = NULL;
	}
	return heat;
}
