/* SPDX-License-Identifier: BSD-3-Clause */
/* Who has connected. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Who: an IPv4 address as v4-mapped IPv6; what has none (a Unix socket) is all zeros. */
struct peer {
	uint8_t octets[16];
	bool loopback;
};

struct peer peer_of(const struct sockaddr_storage *address);
bool peer_is_ipv4(const struct peer *peer);
bool peer_is_same(const struct peer *a, const struct peer *b);
