/* SPDX-License-Identifier: BSD-3-Clause */
#include "login.h"

#include "base64.h"
#include "gate.h"
#include "json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COOKIE      "packet_heatmap"
#define COOKIE_MAX  4096
#define MORE_MAX    256
#define TOKEN_AGE_S "34560000" /* 400 days, as long as a browser keeps one */

/* what a request shows, taken apart */
struct shown {
	struct auth_request request;
	struct peer peer;
	bool https; /* to the proxy in front */
	char cookie[USERS_TOKEN_MAX], token[USERS_TOKEN_MAX], basic[USERS_SECRET_MAX];
};

static bool
is_trusted(const struct http *http, const struct peer *peer)
{
	struct host_addr addr;

	if (http->settings.trusted == NULL)
		return false;
	memcpy(&addr, peer->octets, sizeof(addr));
	return networks_have(http->settings.trusted, &addr,
			     peer_is_ipv4(peer) ? ADDR_IPV4 : ADDR_IPV6);
}

/* Whom the proxy speaks for: the last of X-Forwarded-For, which it has put there itself. */
static void
forwarded_for(struct mg_connection *conn, struct peer *peer)
{
	const char *list = mg_get_header(conn, "X-Forwarded-For");
	const char *last = list ? strrchr(list, ',') : NULL;
	struct sockaddr_storage address = {0};
	struct sockaddr_in *four = (void *)&address;
	struct sockaddr_in6 *six = (void *)&address;

	if (list == NULL)
		return;
	last = last ? last + 1 : list;
	last += strspn(last, " \t");
	if (inet_pton(AF_INET, last, &four->sin_addr) == 1)
		address.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, last, &six->sin6_addr) == 1)
		address.ss_family = AF_INET6;
	if (address.ss_family != 0)
		*peer = peer_of(&address);
}

/* The value of our cookie; RFC 6265 4.2.1. */
static void
read_cookie(struct mg_connection *conn, char value[USERS_TOKEN_MAX])
{
	static const char name[] = COOKIE "=";
	const char *at = mg_get_header(conn, "Cookie");

	while (at != NULL && *at != 0) {
		at += strspn(at, " ;");
		const size_t length = strcspn(at, ";");

		if (strncmp(at, name, sizeof(name) - 1) == 0 &&
		    length - (sizeof(name) - 1) < USERS_TOKEN_MAX) {
			snprintf(value, USERS_TOKEN_MAX, "%.*s", (int)(length - sizeof(name) + 1),
				 at + sizeof(name) - 1);
			return;
		}
		at += length;
	}
}

/* Authorization: Bearer, or Basic (RFC 6750, RFC 7617). */
static void
read_authorization(struct mg_connection *conn, struct shown *s)
{
	const char *value = mg_get_header(conn, "Authorization");

	if (value == NULL)
		return;
	if (strncasecmp(value, "Bearer ", 7) == 0) {
		value += 7 + strspn(value + 7, " ");
		/* what is too long is wrong, not missing */
		snprintf(s->token, sizeof(s->token), "%s",
			 strlen(value) < sizeof(s->token) ? value : "-");
		s->request.token = s->token;
	} else if (strncasecmp(value, "Basic ", 6) == 0) {
		value += 6 + strspn(value + 6, " ");
		if (base64_decode(value, s->basic, sizeof(s->basic)) < 0)
			snprintf(s->basic, sizeof(s->basic), ":");
		char *colon = strchr(s->basic, ':');
		if (colon != NULL) {
			*colon = 0;
			s->request.user = s->basic;
			s->request.password = colon + 1;
		}
	}
}

static void
read_shown(struct mg_connection *conn, const struct http *http, struct shown *s)
{
	*s = (struct shown){0};
	gate_peer(mg_get_request_info(conn)->remote_port, &s->peer);
	if (is_trusted(http, &s->peer)) {
		const char *proto = mg_get_header(conn, "X-Forwarded-Proto");

		s->https = proto != NULL && strcasecmp(proto, "https") == 0;
		if (http->settings.proxy_user != NULL)
			s->request.proxy_user = mg_get_header(conn, http->settings.proxy_user);
		if (s->request.proxy_user != NULL && s->request.proxy_user[0] == 0)
			s->request.proxy_user = NULL;
		forwarded_for(conn, &s->peer);
	}
	read_cookie(conn, s->cookie);
	read_authorization(conn, s);
	s->request.octets = s->peer.octets;
	s->request.loopback = s->peer.loopback;
	if (s->cookie[0] != 0)
		s->request.cookie = s->cookie;
}

static int
send_wait(struct mg_connection *conn, const struct http *http, unsigned int wait_s)
{
	char more[MORE_MAX];

	snprintf(more, sizeof(more), "Retry-After: %u\r\n", wait_s);
	return send_error_with(conn, http, 429, "Too Many Requests",
			       "too many wrong ones; ask again after Retry-After", more);
}

/* A person gets the page where a password can be given; a program is told what is asked of it. */
static int
send_out(struct mg_connection *conn, const struct http *http, const char *path, bool wrong)
{
	static const char challenge[] = "WWW-Authenticate: Bearer realm=\"packet-heatmap\"\r\n";

	if (strcmp(path, "/") == 0 || strcmp(path, "/index.html") == 0) {
		const int status =
			send_asset(conn, http, "/login.html", 401, "Unauthorized", challenge);

		if (status != 404)
			return status;
	}
	return send_error_with(
		conn, http, 401, "Unauthorized",
		wrong ? "what was shown is wrong: a session that is over, or no such "
			"token or password"
		      : "who asks? /login.html takes a password, Authorization: "
			"Bearer a token",
		challenge);
}

static void
write_cookie(char more[MORE_MAX], const struct shown *s, const char *value, const char *age)
{
	snprintf(more, MORE_MAX,
		 "Set-Cookie: " COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s%s%s\r\n", value,
		 s->https ? "; Secure" : "", age ? "; Max-Age=" : "", age ? age : "");
}

/* /?token=...&view=...: the token becomes a cookie, and the address is without it. 0: there is
 * none, or the status that was sent. */
static int
exchange_token(struct mg_connection *conn, const struct http *http, struct shown *s)
{
	const char *query = mg_get_request_info(conn)->query_string;
	char more[2 * MORE_MAX + 1024], cookie[MORE_MAX], rest[1024] = "";
	struct auth_answer answer;
	size_t length = 0;

	const int n = query_value(conn, "token", s->token, sizeof(s->token));
	if (n == -1)
		return 0;
	s->request.token = n > 0 ? s->token : "-";
	auth_ask(http->settings.auth, &s->request, &answer);
	if (answer.verdict == AUTH_WAIT)
		return send_wait(conn, http, answer.wait_s);
	if (answer.verdict != AUTH_IN)
		return send_out(conn, http, "/", true);
	for (const char *at = query; *at != 0; at += *at == '&') {
		const int size = (int)strcspn(at, "&");

		if (strncmp(at, "token=", 6) != 0 && size > 0 &&
		    length + (size_t)size + 2 < sizeof(rest))
			length += (size_t)snprintf(rest + length, sizeof(rest) - length, "%c%.*s",
						   length > 0 ? '&' : '?', size, at);
		at += size;
	}
	for (const char *c = rest; *c != 0; c++) {
		if (*c < 0x21 || *c > 0x7e)
			rest[0] = 0;
	}
	write_cookie(cookie, s, s->token, TOKEN_AGE_S);
	snprintf(more, sizeof(more), "%sLocation: ./%s\r\n", cookie, rest);
	return send_error_with(conn, http, 303, "See Other", "the token is a cookie now", more);
}

int
login_check(struct mg_connection *conn, const struct http *http, const char *path,
	    enum access access)
{
	struct auth_answer answer;
	struct shown s;

	if (http->settings.auth == NULL || access == ACCESS_ALL)
		return 0;
	read_shown(conn, http, &s);
	if (strcmp(path, "/") == 0) {
		const int status = exchange_token(conn, http, &s);

		if (status != 0)
			return status;
	}
	/* a password is for the session's route alone: each costs a slow hash */
	s.request.user = s.request.password = NULL;
	auth_ask(http->settings.auth, &s.request, &answer);
	if (answer.verdict == AUTH_WAIT)
		return send_wait(conn, http, answer.wait_s);
	if (answer.verdict != AUTH_IN)
		return send_out(conn, http, path, answer.verdict == AUTH_WRONG);
	if (access == ACCESS_ADMIN && answer.role != ROLE_ADMIN)
		return send_error(conn, http, 403, "Forbidden", "this is for admins");
	return 0;
}

/* Who asks; with Authorization: Basic a session begins, with end=1 it ends. */
int
on_session(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	struct auth_answer answer;
	char more[MORE_MAX] = "", end[4];
	struct shown s;

	int status = refuse_method(conn, http);
	if (status != 0)
		return status;
	if (http->settings.auth == NULL)
		return send_json(
			conn, http,
			json_pack("{s:i, s:b, s:n, s:n}", "v", 1, "required", 0, "user", "role"),
			NULL);
	read_shown(conn, http, &s);
	if (query_value(conn, "end", end, sizeof(end)) != -1) {
		if (s.request.cookie != NULL)
			auth_leave(http->settings.auth, s.request.cookie);
		write_cookie(more, &s, "", "0");
		return send_json(
			conn, http,
			json_pack("{s:i, s:b, s:n, s:n}", "v", 1, "required", 1, "user", "role"),
			more);
	}
	auth_ask(http->settings.auth, &s.request, &answer);
	if (answer.verdict == AUTH_WAIT)
		return send_wait(conn, http, answer.wait_s);
	if (answer.verdict != AUTH_IN)
		return send_out(conn, http, "", answer.verdict == AUTH_WRONG);
	if (answer.session[0] != 0)
		write_cookie(more, &s, answer.session, NULL);
	return send_json(conn, http,
			 json_pack("{s:i, s:b, s:s, s:s}", "v", 1, "required", 1, "user",
				   answer.name, "role", role_names[answer.role]),
			 more);
}

int
on_sessions(struct mg_connection *conn, void *context)
{
	const struct http *http = context;
	struct auth_session *all = NULL;
	json_t *list = json_array();
	size_t count = 0;

	int status = refuse_method(conn, http);
	if (status == 0 && http->settings.auth != NULL &&
	    auth_sessions(http->settings.auth, &all, &count) != 0)
		status = send_error(conn, http, 500, "Internal Server Error", "out of memory");
	for (size_t i = 0; i < count && status == 0; i++) {
		char since[32], last[32], address[INET6_ADDRSTRLEN] = "";
		struct peer peer = {.loopback = false};

		memcpy(peer.octets, all[i].octets, sizeof(peer.octets));
		if (peer_is_ipv4(&peer))
			inet_ntop(AF_INET, peer.octets + 12, address, sizeof(address));
		else
			inet_ntop(AF_INET6, peer.octets, address, sizeof(address));
		time_text(all[i].since_ms, since);
		time_text(all[i].last_ms, last);
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name",
						all[i].name, "role", role_names[all[i].role],
						"kind", all[i].token ? "token" : "user", "address",
						address, "since", since, "last", last));
	}
	free(all);
	if (status == 0)
		return send_json(conn, http, json_pack("{s:i, s:o}", "v", 1, "sessions", list),
				 NULL);
	json_decref(list);
	return status;
}
