/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.h"

#include <netinet/in.h>
#include <string.h>

bool
peer_is_ipv4(const struct peer *peer)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(peer->octets, mapped, sizeof(mapped)) == 0;
}

struct peer
peer_of(const struct sockaddr_storage *address)
{
	struct peer peer = {.loopback = address->ss_family == AF_UNIX};

	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *four = (const void *)address;

		peer.octets[10] = peer.octets[11] = 0xff;
		memcpy(peer.octets + 12, &four->sin_addr, 4);
	} else if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const void *)address;

		memcpy(peer.octets, &six->sin6_addr, 16);
		peer.loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	}
	if (peer_is_ipv4(&peer))
		peer.loopback = peer.octets[12] == 127;
	return peer;
}

bool
peer_is_same(const struct peer *a, const struct peer *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}
