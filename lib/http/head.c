/* SPDX-License-Identifier: BSD-3-Clause */
#include "head.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct part {
	const char *at;
	size_t length;
};

/* The next line, without its end; false at the end of the text. */
static bool
next_line(struct part *rest, struct part *line)
{
	const char *end = rest->length > 0 ? memchr(rest->at, '\n', rest->length) : NULL;

	if (end == NULL)
		return false;
	*line = (struct part){rest->at, (size_t)(end - rest->at)};
	rest->length -= line->length + 1;
	rest->at = end + 1;
	if (line->length > 0 && line->at[line->length - 1] == '\r')
		line->length--;
	return true;
}

static bool
is(const struct part *part, const char *word)
{
	return part->length == strlen(word) && strncasecmp(part->at, word, part->length) == 0;
}

static struct part
trim(struct part p)
{
	while (p.length > 0 && (p.at[0] == ' ' || p.at[0] == '\t')) {
		p.at++;
		p.length--;
	}
	while (p.length > 0 && (p.at[p.length - 1] == ' ' || p.at[p.length - 1] == '\t'))
		p.length--;
	return p;
}

/* RFC 9110 5.6.2: what a name may consist of */
static bool
is_token(const struct part *p)
{
	for (size_t i = 0; i < p->length; i++) {
		if (!isalnum((unsigned char)p->at[i]) &&
		    (p->at[i] == 0 || strchr("!#$%&'*+-.^_`|~", p->at[i]) == NULL))
			return false;
	}
	return p->length > 0;
}

/* No control character but the tab: a lone CR or a zero ends a line for some. */
static bool
is_text(const struct part *p)
{
	for (size_t i = 0; i < p->length; i++) {
		const unsigned char c = (unsigned char)p->at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* "http://host:port/path" has to be ours; a path and an asterisk are. */
static int
judge_target(const struct part *target, uint16_t port, const char **why)
{
	static const char http[] = "http://", https[] = "https://";
	struct part rest = *target;
	unsigned long asked = 80;

	if (target->length >= sizeof(https) - 1 &&
	    strncasecmp(target->at, https, sizeof(https) - 1) == 0) {
		*why = "the target is another server's: this one speaks http";
		return 421;
	}
	if (target->length < sizeof(http) - 1 ||
	    strncasecmp(target->at, http, sizeof(http) - 1) != 0)
		return 0;
	rest.at += sizeof(http) - 1;
	rest.length -= sizeof(http) - 1;
	const char *slash = memchr(rest.at, '/', rest.length);
	if (slash == NULL || slash == rest.at) {
		*why = "the target has a host and a path: http://host/path";
		return 400;
	}
	const struct part authority = {rest.at, (size_t)(slash - rest.at)};
	for (size_t i = authority.length; i-- > 0;) {
		if (authority.at[i] == ']' ||
		    !(isdigit((unsigned char)authority.at[i]) || authority.at[i] == ':'))
			break;
		if (authority.at[i] == ':') {
			asked = strtoul(authority.at + i + 1, NULL, 10);
			break;
		}
	}
	if (asked == port)
		return 0;
	*why = "the target is another server's: its port is not this one's";
	return 421;
}

/* Method, target, version. What is none of that, civetweb answers. */
static int
judge_request_line(const struct part *line, uint16_t port, bool *reads, const char **why)
{
	const char *space = memchr(line->at, ' ', line->length);

	if (space == NULL)
		return 0;
	const struct part method = {line->at, (size_t)(space - line->at)};
	struct part target = {space + 1, line->length - method.length - 1};
	const char *end = memchr(target.at, ' ', target.length);

	if (end == NULL)
		return 0;
	target.length = (size_t)(end - target.at);
	*reads = is(&method, "GET") || is(&method, "HEAD");
	if (is(&target, "*")) {
		*why = "only OPTIONS asks for *";
		return is(&method, "OPTIONS") ? 204 : 400;
	}
	return judge_target(&target, port, why);
}

struct lengths {
	bool given, coded;
	unsigned long long octets;
};

static int
judge_field(const struct part *line, struct lengths *lengths, const char **why)
{
	const char *colon = memchr(line->at, ':', line->length);
	const struct part name = {line->at, colon ? (size_t)(colon - line->at) : 0};

	*why = "a line of the header is not NAME: VALUE";
	if (colon == NULL || !is_token(&name))
		return 400;
	const struct part value = trim((struct part){colon + 1, line->length - name.length - 1});
	if (!is_text(&value)) {
		*why = "a control character stands in the header";
		return 400;
	}
	if (is(&name, "Transfer-Encoding"))
		lengths->coded = true;
	if (!is(&name, "Content-Length"))
		return 0;
	*why = "Content-Length is one number";
	if (lengths->given || value.length == 0 || value.length > 18)
		return 400;
	for (size_t i = 0; i < value.length; i++) {
		if (!isdigit((unsigned char)value.at[i]))
			return 400;
		lengths->octets = lengths->octets * 10 + (unsigned int)(value.at[i] - '0');
	}
	lengths->given = true;
	return 0;
}

bool
head_is_whole(const char *text, size_t length)
{
	size_t line = 0;
	bool began = false;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			if (line == 0 && began)
				return true;
			line = 0;
		} else if (text[i] != '\r') {
			line++;
			began = true;
		}
	}
	return false;
}

int
head_judge(const char *head, size_t length, uint16_t port, const char **why)
{
	struct part rest = {head, length}, line;
	struct lengths lengths = {.given = false};
	bool reads = true;
	int status;

	*why = "";
	do { /* empty lines before a request are nothing (RFC 9112 2.2) */
		if (!next_line(&rest, &line))
			return 0;
	} while (line.length == 0);
	status = judge_request_line(&line, port, &reads, why);
	if (status == 400 || status == 421)
		return status;
	while (next_line(&rest, &line) && line.length > 0) {
		const int wrong = judge_field(&line, &lengths, why);

		if (wrong != 0)
			return wrong;
	}
	if (lengths.given && lengths.coded) {
		*why = "Content-Length and Transfer-Encoding contradict each other";
		return 400;
	}
	if ((lengths.octets > 0 || lengths.coded) && !reads) {
		*why = "only GET and HEAD";
		return 405;
	}
	if (lengths.octets > 0 || lengths.coded) {
		*why = "no request here has a body";
		return 413;
	}
	return status;
}
