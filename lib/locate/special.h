/* SPDX-License-Identifier: BSD-3-Clause */
/* Which addresses are globally reachable, and which carry an IPv4 address inside. Pure. */
#pragma once

#include "host_addr.h"

#include <stdbool.h>

/* By the IANA special-purpose registries; multicast and broadcast are not global here. */
bool special_is_global(const struct host_addr *addr, uint32_t family);

/* 6to4 (RFC 3056), NAT64 (RFC 6052), Teredo (RFC 4380): the IPv4 address inside. */
bool special_embedded_ipv4(const struct host_addr *addr, struct host_addr *ipv4);
