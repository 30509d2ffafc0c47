/* SPDX-License-Identifier: BSD-3-Clause */
#include "web.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S   15L
#define CONNECT_S   10L
#define ANSWER_MOST ((size_t)64 << 20)
#define URL_MOST    2048

struct web {
	CURL *curl;
	struct curl_slist *headers, *posted;
	char url[URL_MOST];
	char *body;
	size_t length;
};

int
web_begin(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

void
web_end(void)
{
	curl_global_cleanup();
}

static size_t
take(char *data, size_t size, size_t count, void *context)
{
	struct web *w = context;
	const size_t length = size * count;

	if (w->length + length > ANSWER_MOST)
		return 0;
	char *body = realloc(w->body, w->length + length + 1);
	if (body == NULL)
		return 0;
	memcpy(body + w->length, data, length);
	w->body = body;
	w->length += length;
	w->body[w->length] = 0;
	return length;
}

struct web *
web_create(const char *url, const char *const *headers, size_t count)
{
	struct web *w = calloc(1, sizeof(*w));
	bool fine = w != NULL && strlen(url) < sizeof(w->url);

	if (fine)
		w->curl = curl_easy_init();
	fine = fine && w->curl != NULL;
	for (size_t i = 0; i < count && fine; i++) {
		struct curl_slist *more = curl_slist_append(w->headers, headers[i]);

		fine = more != NULL;
		if (fine)
			w->headers = more;
	}
	if (!fine) {
		web_destroy(w);
		return NULL;
	}
	snprintf(w->url, sizeof(w->url), "%s", url);
	return w;
}

void
web_destroy(struct web *w)
{
	if (w == NULL)
		return;
	curl_easy_cleanup(w->curl);
	curl_slist_free_all(w->headers);
	curl_slist_free_all(w->posted);
	free(w->body);
	explicit_bzero(w->url, sizeof(w->url));
	free(w);
}

/* The status, or -1. What libcurl says may name the address, whose path is a secret: only the kind
 * of the failure is told. */
static long
ask(struct web *w, const char *url, const char *post, char error[WEB_ERROR_MAX])
{
	long status = 0;

	w->length = 0;
	curl_easy_reset(w->curl);
	curl_easy_setopt(w->curl, CURLOPT_URL, url);
	curl_easy_setopt(w->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(w->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(w->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(w->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(w->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(w->curl, CURLOPT_WRITEDATA, w);
	curl_easy_setopt(w->curl, CURLOPT_USERAGENT, "packet-heatmap-alert/" VERSION);
	curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, w->headers);
	if (post != NULL) {
		curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, post);
		curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, w->posted);
	}
	const CURLcode code = curl_easy_perform(w->curl);
	if (code != CURLE_OK) {
		snprintf(error, WEB_ERROR_MAX, "%s", curl_easy_strerror(code));
		return -1;
	}
	curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

long
web_get(struct web *w, const char *path, char **body, size_t *length, char error[WEB_ERROR_MAX])
{
	char url[URL_MOST + 128];

	snprintf(url, sizeof(url), "%s%s", w->url, path);
	const long status = ask(w, url, NULL, error);
	*body = w->body;
	*length = w->length;
	w->body = NULL;
	w->length = 0;
	return status;
}

long
web_post(struct web *w, const char *json, char error[WEB_ERROR_MAX])
{
	if (w->posted == NULL) {
		struct curl_slist *all =
			curl_slist_append(NULL, "Content-Type: application/json; charset=utf-8");

		for (const struct curl_slist *h = w->headers; h != NULL && all != NULL; h = h->next)
			all = curl_slist_append(all, h->data);
		w->posted = all;
	}
	return ask(w, w->url, json, error);
}
