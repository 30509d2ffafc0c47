/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets as what comes to the web server's door: a header, a Host, an Accept, a Range, a tag,
 * an Authorization; and as a file of users. Nothing is read beyond the end, and what is taken holds
 * to what its header file says.
 *
 * Input: all of it as a header; as a text, up to its first 0, as all others.
 */
#include "base64.h"
#include "door.h"
#include "event.h"
#include "fuzz.h"
#include "head.h"
#include "users.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static void
as_header(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);
	const char *why = NULL;

	if (head_is_whole((const char *)copy, size)) {
		const int status = head_judge((const char *)copy, size, 8080, &why);

		FUZZ_CHECK(status == 0 || status == 204 || status == 400 || status == 405 ||
			   status == 413 || status == 421);
		FUZZ_CHECK(why != NULL);
	}
	free(copy);
}

static void
as_words(const char *text)
{
	static const char *const types[] = {"application/json", "text/html"};
	char name[256], plain[64], address[64];
	size_t from, length;
	uint16_t port;

	if (door_host_name(text, name) == 0) {
		FUZZ_CHECK(name[0] != 0);
		for (const char *c = name; *c != 0; c++)
			FUZZ_CHECK(!isupper((unsigned char)*c) && (unsigned char)*c > ' ');
	}
	FUZZ_CHECK(http_choose(text, types, 2) < 2);
	http_accepts_gzip(text);
	http_etag_matches(text, "abc");
	if (http_parse_range(text, 100, &from, &length) == 0)
		FUZZ_CHECK(from < 100 && length > 0 && from + length <= 100);
	http_check_origin(text);
	http_parse_listen(text, address, &port);
	const int n = base64_decode(text, plain, sizeof(plain));
	FUZZ_CHECK(n < (int)sizeof(plain) && (n < 0 || strlen(plain) == (size_t)n));
	struct event event;
	event_read(text, strlen(text), &event);
}

/* Two lines at most: a hash is slow to look at, not to read. */
static void
as_users(const uint8_t *data, size_t size)
{
	char path[64], error[USERS_ERROR_MAX] = "";
	const int fd = memfd_create("users", MFD_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, data, size) == (ssize_t)size) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		struct users *users = users_parse(path, error);

		FUZZ_CHECK(users != NULL || error[0] != 0);
		users_free(users);
	}
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text != NULL);
	as_header(data, size);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = 0;
	as_words(text);
	as_users(data, size);
	free(text);
	return 0;
}
