/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any address: the classifier agrees with a plain reading of its own table, an embedded IPv4
 * address decides for the one around it, and texts come back as the address that they were.
 *
 * Input: 1 octet, its lowest bit says IPv4; 16 octets.
 */
#include "fuzz.h"
#include "special.h"

static int
bit(const uint64_t words[2], unsigned int i)
{
	return words[i / 64] >> (63 - i % 64) & 1;
}

static bool
plain_is_global(const struct host_addr *addr, uint32_t family)
{
	uint64_t words[2] = {0, 0};
	size_t count;
	const struct special_row *rows = special_rows(&count);
	bool global = true;
	unsigned int best = 0;
	struct host_addr ipv4;

	for (unsigned int i = 0; i < 16; i++)
		words[i / 8] = words[i / 8] << 8 | addr->bytes[i];
	for (size_t i = 0; i < count; i++) {
		const uint64_t prefix[2] = {rows[i].high, rows[i].low};
		unsigned int same = 0;

		while (same < rows[i].bits && bit(prefix, same) == bit(words, same))
			same++;
		if (rows[i].family != family || same < rows[i].bits || rows[i].bits < best ||
		    rows[i].reach == SPECIAL_NOT_SAID)
			continue;
		best = rows[i].bits;
		global = rows[i].reach == SPECIAL_GLOBAL;
		if (rows[i].reach == SPECIAL_EMBEDS) {
			FUZZ_CHECK(special_embedded_ipv4(addr, &ipv4));
			global = plain_is_global(&ipv4, ADDR_IPV4);
		}
	}
	return global;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 17)
		return 0;
	enum addr_family family = data[0] & 1 ? ADDR_IPV4 : ADDR_IPV6, again;
	struct host_addr addr =
		data[0] & 1 ? host_addr_from_ipv4(data + 13) : host_addr_from_ipv6(data + 1);
	struct host_addr other;
	char text[HOST_ADDR_TEXT];

	FUZZ_CHECK(special_is_global(&addr, family) == plain_is_global(&addr, family));
	host_addr_text(&addr, family, text);
	FUZZ_CHECK(host_addr_parse(text, &other, &again) == 0);
	FUZZ_CHECK(again == family);
	FUZZ_CHECK(memcmp(&addr, &other, sizeof(addr)) == 0);
	return 0;
}
