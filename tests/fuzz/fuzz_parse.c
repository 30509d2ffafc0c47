/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any frame: the parser reads nothing beyond what was captured (the sanitizer sees that, the input
 * is copied to its exact size), says the same as its short way, and says nothing about octets that
 * it was not shown.
 *
 * Input: 1 octet, the link (enum parse_link); 2 octets, the kinds of tunnels to look behind; 2
 * octets, how much of the frame is shown; the frame.
 */
#include "by_batch.h"
#include "fuzz.h"

static void
check_same(const struct parse_fact *a, const struct parse_fact *b)
{
	FUZZ_CHECK(a->result == b->result);
	FUZZ_CHECK(a->events == b->events);
	FUZZ_CHECK(a->unwrapped == b->unwrapped);
	FUZZ_CHECK(a->too_deep == b->too_deep);
	FUZZ_CHECK(a->frame_octets == b->frame_octets);
	if (a->result > DECODE_UDP)
		return;
	FUZZ_CHECK(a->octets == b->octets);
	FUZZ_CHECK(a->family == b->family);
	FUZZ_CHECK(memcmp(&a->src, &b->src, sizeof(a->src)) == 0);
	FUZZ_CHECK(memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0);
}

static struct parse_fact
parse_exact(const uint8_t *bytes, size_t captured, size_t length, uint32_t decap, uint8_t link)
{
	const struct parse_options options = {.decap = decap, .link = link};
	struct parse_fact fact, fast;
	uint8_t *copy = fuzz_copy(bytes, captured);

	parse_frame(copy, (uint32_t)captured, (uint32_t)length, &options, &fact);
	fast = by_batch(copy, captured, length, &options);
	free(copy);
	FUZZ_CHECK(fact.result < DECODE_RESULTS);
	FUZZ_CHECK(fact.wants_more == fast.wants_more);
	FUZZ_CHECK(captured < length || !fact.wants_more);
	FUZZ_CHECK(fact.frame_octets >= length);
	if (fact.result <= DECODE_UDP)
		FUZZ_CHECK(fact.octets >= 20 && (fact.family == 4 || fact.family == 6));
	check_same(&fact, &fast);
	return fact;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 5)
		return 0;
	uint8_t link = data[0] % (PARSE_LINK_OPAQUE + 1);
	uint32_t decap = (uint32_t)(data[1] << 8 | data[2]) & PARSE_DECAP_ALL;
	size_t shown = (size_t)(data[3] << 8 | data[4]);
	const uint8_t *frame = data + 5;
	size_t length = size - 5;
	if (shown > length)
		shown = length;

	struct parse_fact whole = parse_exact(frame, length, length, decap, link);
	struct parse_fact head = parse_exact(frame, shown, length, decap, link);
	if (!head.wants_more)
		check_same(&head, &whole);

	/* other octets behind what was shown: the same facts */
	const struct parse_options options = {.decap = decap, .link = link};
	uint8_t *longer = malloc(length + 64);
	FUZZ_CHECK(longer != NULL);
	memset(longer, 0xa5, length + 64);
	memcpy(longer, frame, shown);
	struct parse_fact other;
	parse_frame(longer, (uint32_t)shown, (uint32_t)length, &options, &other);
	free(longer);
	check_same(&head, &other);
	FUZZ_CHECK(head.wants_more == other.wants_more);
	return 0;
}
