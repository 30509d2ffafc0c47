/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers that two servers might read in two ways, and targets that are not ours. */
#include "head.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: x\r\n"

static const struct {
	int status;
	const char *head;
} cases[] = {
	{0, GET "\r\n"},
	{0, GET "\n"},
	{0, "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{0, "GET / HTTP/1.0\r\n\r\n"},
	{0, "nonsense\r\n\r\n"},
	{0, "GET /\r\n\r\n"},
	{0, GET "Content-Length: 0\r\n\r\n"},
	{0, GET "content-length:0\r\n\r\n"},
	{0, GET "X-Empty:\r\nX-Text: \t a b\xc3\xa9 \r\n\r\n"},
	{413, GET "Content-Length: 5\r\n\r\n"},
	{405, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999999999\r\n\r\n"},
	{413, GET "Transfer-Encoding: chunked\r\n\r\n"},
	{400, GET "Content-Length: 5abc\r\n\r\n"},
	{400, GET "Content-Length: -1\r\n\r\n"},
	{400, GET "Content-Length: +0\r\n\r\n"},
	{400, GET "Content-Length: 0x0\r\n\r\n"},
	{400, GET "Content-Length: 0, 0\r\n\r\n"},
	{400, GET "Content-Length:\r\n\r\n"},
	{400, GET "Content-Length: 9999999999999999999\r\n\r\n"},
	{400, GET "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"},
	{400, GET "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{400, GET "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
	{400, GET "Transfer-Encoding : chunked\r\n\r\n"},
	{400, GET "X: a\r\n folded\r\n\r\n"},
	{400, GET "no colon\r\n\r\n"},
	{400, GET ": no name\r\n\r\n"},
	{400, GET "X: a\rY: b\r\n\r\n"},
	{400, GET "X: a\x01\r\n\r\n"},
	{204, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"},
	{400, "GET * HTTP/1.1\r\nHost: x\r\n\r\n"},
	{405, "OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"},
	{0, "GET http://x:8080/metrics HTTP/1.1\r\nHost: x\r\n\r\n"},
	{0, "GET HTTP://x:8080/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{0, "GET http://[::1]:8080/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{421, "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{421, "GET http://x:81/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{421, "GET http://[::8080]/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{421, "GET https://x:8080/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	{400, "GET http://x:8080 HTTP/1.1\r\nHost: x\r\n\r\n"},
	{400, "GET http:///x HTTP/1.1\r\nHost: x\r\n\r\n"},
};

/* A copy that ends where the octets end, so that the sanitizer sees a read beyond. */
static int
judge(const char *head, size_t length, const char **why)
{
	char *copy = malloc(length > 0 ? length : 1);

	assert_non_null(copy);
	memcpy(copy, head, length);
	int status = head_judge(copy, length, 8080, why);
	free(copy);
	return status;
}

static void
test_cases(void **state)
{
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = judge(cases[i].head, strlen(cases[i].head), &why);

		assert_true_of(status == cases[i].status, "%d, not %d: %s", status, cases[i].status,
			       cases[i].head);
		assert_true_of(status == 0 || status == 204 || why[0] != 0, "no reason: %s",
			       cases[i].head);
		for (size_t cut = 0; cut < strlen(cases[i].head); cut++)
			judge(cases[i].head, cut, &why);
	}
}

static void
test_a_zero_in_a_line(void **state)
{
	static const char head[] = GET "X: a\0b\r\n\r\n";
	const char *why;

	(void)state;
	assert_int_equal(judge(head, sizeof(head) - 1, &why), 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_a_zero_in_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
