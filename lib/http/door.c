/* SPDX-License-Identifier: BSD-3-Clause */
#include "door.h"

#include "answer.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int
door_host_name(const char *host, char name[256])
{
	const bool brackets = host[0] == '[';
	const char *end = brackets ? strchr(host, ']') : host + strcspn(host, ":");
	const char *from = host + brackets;

	if (end == NULL || end == from || end - from > 255)
		return -EINVAL;
	size_t length = (size_t)(end - from);
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)from[i]) &&
		    strchr(brackets ? ":." : "-._", from[i]) == NULL)
			return -EINVAL;
		name[i] = (char)tolower((unsigned char)from[i]);
	}
	if (!brackets && name[length - 1] == '.')
		length--;
	name[length] = 0;
	end += brackets;
	if (*end == ':' && strlen(end + 1) <= 5 && strspn(end + 1, "0123456789") == strlen(end + 1))
		end += strlen(end);
	return *end == 0 && length > 0 ? 0 : -EINVAL;
}

static bool
ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text), n = strlen(end);

	return length > n && strcmp(text + length - n, end) == 0;
}

static bool
is_address(const char *name, bool *loopback)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, name, &four) == 1) {
		*loopback = ntohl(four.s_addr) >> 24 == 127;
		return true;
	}
	*loopback = inet_pton(AF_INET6, name, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
	return inet_pton(AF_INET6, name, &six) == 1;
}

int
door_knows_host(const struct http_settings *s, const char *address, const char *host)
{
	char name[256], local[300];
	bool loopback;

	if (door_host_name(host, name) != 0)
		return 0;
	for (size_t i = 0; i < s->host_count; i++) {
		char known[256];

		if (strcmp(s->hosts[i], "*") == 0 ||
		    (door_host_name(s->hosts[i], known) == 0 && strcmp(known, name) == 0))
			return 1;
	}
	if (is_address(name, &loopback))
		return loopback || strcmp(address, "0.0.0.0") == 0 || strcmp(address, name) == 0;
	/* RFC 6761 6.3: never another's */
	if (strcmp(name, "localhost") == 0 || ends_with(name, ".localhost") ||
	    strcmp(name, "localhost.localdomain") == 0 || strcmp(name, "ip6-localhost") == 0)
		return 1;
	if (s->host_name == NULL || s->host_name[0] == 0)
		return 0;
	/* .local is asked for by multicast (RFC 6762), not of a name server */
	snprintf(local, sizeof(local), "%.*s.local", (int)strcspn(s->host_name, "."), s->host_name);
	return strcasecmp(name, s->host_name) == 0 || strcasecmp(name, local) == 0;
}

int
door_same_origin(const char *origin, const char *host)
{
	const char *at = strstr(origin, "://");

	return at != NULL && strcasecmp(at + 3, host) == 0;
}

/* A page elsewhere may ask for what is open to all, which the browser keeps from it without CORS.
 * What changes something, or comes with somebody's credentials, is for the server's own page and
 * those that --cors-origin names. "*" names nobody. */
static bool
is_foreign(struct mg_connection *conn, const struct http *http, const char *host)
{
	const char *method = mg_get_request_info(conn)->request_method;
	const char *origin = mg_get_header(conn, "Origin");
	const char *site = mg_get_header(conn, "Sec-Fetch-Site");
	bool safe = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
		    strcmp(method, "OPTIONS") == 0;

	if (safe && mg_get_header(conn, "Cookie") == NULL &&
	    mg_get_header(conn, "Authorization") == NULL)
		return false;
	for (size_t i = 0; origin != NULL && i < http->settings.cors_count; i++) {
		if (strcasecmp(http->settings.cors[i], origin) == 0)
			return false;
	}
	/* the browser's own word, which no page can set: it knows scheme and port as well */
	if (site != NULL && strcmp(site, "same-origin") == 0)
		return false;
	/* a link from elsewhere is no danger, and has no Origin */
	if (origin == NULL)
		return !safe && site != NULL && strcmp(site, "none") != 0;
	return !door_same_origin(origin, host);
}

int
door_check(struct mg_connection *conn, const struct http *http)
{
	const struct mg_request_info *request = mg_get_request_info(conn);
	const char *host = NULL;
	char name[256];
	int hosts = 0;

	for (int i = 0; i < request->num_headers; i++) {
		if (strcasecmp(request->http_headers[i].name, "Host") == 0) {
			host = request->http_headers[i].value;
			hosts++;
		}
	}
	/* RFC 9112 3.2.2: who names the server in the target means that one */
	const char *target = strstr(request->request_uri, "://");
	char authority[300];
	if (target != NULL && request->request_uri[0] != '/') {
		snprintf(authority, sizeof(authority), "%.*s", (int)strcspn(target + 3, "/"),
			 target + 3);
		if (door_host_name(authority, name) != 0 ||
		    !door_knows_host(&http->settings, http->address, authority))
			return send_error(conn, http, 421, "Misdirected Request",
					  "this server does not know itself by the name in the "
					  "target; if it should, start it with --http-host NAME");
	}
	/* RFC 9112 3.2; before 1.1 there was no Host, and no browser is that old */
	if (hosts > 1 || (hosts == 0 && strcmp(request->http_version, "1.0") != 0) ||
	    (hosts == 1 && door_host_name(host, name) != 0))
		return send_error(conn, http, 400, "Bad Request",
				  "a request has one Host, a name or an address");
	if (hosts == 1 && !door_knows_host(&http->settings, http->address, host))
		return send_error(conn, http, 421, "Misdirected Request",
				  "this server does not know itself by the name in Host; if it "
				  "should, start it with --http-host NAME");
	if (is_foreign(conn, http, host ? host : ""))
		return send_error(conn, http, 403, "Forbidden",
				  "this request comes from another site's page");
	return 0;
}
