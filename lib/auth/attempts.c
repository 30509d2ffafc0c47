/* SPDX-License-Identifier: BSD-3-Clause */
#include "attempts.h"

#include <string.h>

#define FREE_TRIES    4
#define FORGET_MS     600000
#define WAIT_MOST_MS  60000
#define LOOPBACK_MOST 2000

/* An IPv4 address whole, of an IPv6 one what a customer has. */
static void
network_of(const uint8_t octets[16], uint8_t network[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const bool ipv4 = memcmp(octets, mapped, sizeof(mapped)) == 0;

	memset(network, 0, 16);
	memcpy(network, octets, ipv4 ? 16 : 8);
}

/* Where it is; ATTEMPTS_KEPT: nowhere. */
static size_t
find(const struct attempts *a, const uint8_t octets[16])
{
	size_t i = 0;
	uint8_t network[16];

	network_of(octets, network);
	while (i < ATTEMPTS_KEPT &&
	       (a->all[i].last_ms == 0 || memcmp(a->all[i].octets, network, 16) != 0))
		i++;
	return i;
}

unsigned int
attempts_wait(const struct attempts *a, const uint8_t octets[16], bool loopback, uint64_t now_ms)
{
	const size_t at = find(a, octets);
	uint64_t wait = 1000;

	if (at == ATTEMPTS_KEPT || a->all[at].wrong < FREE_TRIES ||
	    now_ms - a->all[at].last_ms >= FORGET_MS)
		return 0;
	const struct attempt *t = &a->all[at];
	for (unsigned int i = FREE_TRIES; i < t->wrong && wait < WAIT_MOST_MS; i++)
		wait *= 2;
	if (wait > WAIT_MOST_MS)
		wait = WAIT_MOST_MS;
	if (loopback && wait > LOOPBACK_MOST)
		wait = LOOPBACK_MOST;
	const uint64_t passed = now_ms - t->last_ms;
	return passed >= wait ? 0 : (unsigned int)((wait - passed + 999) / 1000);
}

void
attempts_wrong(struct attempts *a, const uint8_t octets[16], uint64_t now_ms)
{
	const size_t at = find(a, octets);
	struct attempt *t = &a->all[at < ATTEMPTS_KEPT ? at : 0];

	if (at == ATTEMPTS_KEPT) {
		for (size_t i = 1; i < ATTEMPTS_KEPT; i++) {
			if (a->all[i].last_ms < t->last_ms)
				t = &a->all[i];
		}
		*t = (struct attempt){0};
		network_of(octets, t->octets);
	}
	if (now_ms - t->last_ms >= FORGET_MS)
		t->wrong = 0;
	t->wrong++;
	t->last_ms = now_ms != 0 ? now_ms : 1;
}

void
attempts_right(struct attempts *a, const uint8_t octets[16])
{
	const size_t at = find(a, octets);

	if (at < ATTEMPTS_KEPT)
		a->all[at] = (struct attempt){0};
}
