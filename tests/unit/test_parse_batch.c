/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A glance says what parse_frame says, or leaves the frame to it: over frames that are nearly right
 * (built from sound ones by changing a few octets, cutting and lengthening), with and without
 * decapsulation. Each frame ends at the end of a heap block, so that AddressSanitizer sees a read
 * beyond `captured`.
 */
#include "parse_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t random_state = 88172645463325252u;

static uint32_t
random_below(uint32_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) * bound >> 32);
}

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Returns its length. */
static uint32_t
frame_make(uint8_t frame[256])
{
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100};
	static const uint8_t protocols[] = {6, 17, 6, 17, 1, 4, 41, 47, 58, 0, 22, 38, 49};
	uint32_t at = 12, payload = 8 + random_below(60);
	bool ipv6 = random_below(2);

	for (int i = 0; i < 256; i++)
		frame[i] = (uint8_t)random_below(256);
	for (uint32_t n = random_below(5) / 2; n > 0; n--, at += 4)
		put16(frame + at, tags[random_below(3)]);
	put16(frame + at, ipv6 ? 0x86dd : 0x0800);
	at += 2;
	if (ipv6) {
		frame[at] = 0x60;
		put16(frame + at + 4, payload);
		frame[at + 6] = protocols[random_below(sizeof(protocols))];
		at += 40;
	} else {
		frame[at] = 0x45;
		put16(frame + at + 2, 20 + payload);
		put16(frame + at + 6,
		      random_below(4) ? random_below(4) << 13 : random_below(65536));
		frame[at + 9] = protocols[random_below(sizeof(protocols))];
		at += 20;
	}
	at += payload + (random_below(3) ? 0 : random_below(20));
	for (uint32_t n = random_below(4); n > 1; n--) /* half of the frames stay sound */
		frame[12 + random_below(44)] ^= (uint8_t)(1u << random_below(8));
	return at;
}

static void
test_glance_equals_parse_frame(void **state)
{
	static struct parse_pair4 ipv4;
	static struct parse_pair6 ipv6;
	unsigned int told[3] = {0};

	(void)state;
	for (int round = 0; round < 400000; round++) {
		struct parse_options how = {.decap = random_below(3) ? 0 : PARSE_DECAP_ALL};
		uint8_t bytes[256];
		uint32_t length = frame_make(bytes), captured = length;

		if (random_below(8) == 0)
			captured = random_below(length + 1);
		else if (random_below(8) == 0)
			length -= random_below(length - 13), captured = length;
		uint8_t *frame = malloc(captured ? captured : 1);
		assert_non_null(frame);
		memcpy(frame, bytes, captured);

		struct parse_fact fact;
		parse_frame(frame, captured, length, &how, &fact);
		enum parse_glance glance = parse_glance(frame, captured, length,
							parse_glance_protocols(&how), &ipv4, &ipv6);
		free(frame);
		told[glance]++;
		if (glance == PARSE_GLANCE_NOT)
			continue;

		assert_true(fact.result == DECODE_TCP || fact.result == DECODE_UDP);
		assert_int_equal(fact.events, 0);
		assert_int_equal(fact.frame_octets, length);
		assert_int_equal(fact.unwrapped, 0);
		assert_int_equal(fact.too_deep, 0);
		uint32_t layer = fact.result == DECODE_TCP ? LAYER_TCP : LAYER_UDP;
		if (glance == PARSE_GLANCE_IPV4) {
			assert_int_equal(fact.family, ADDR_IPV4);
			assert_int_equal(ipv4.octets, fact.octets);
			assert_int_equal(ipv4.layer, layer);
			assert_memory_equal(&ipv4.addr[AS_SOURCE], fact.src.bytes + 12, 4);
			assert_memory_equal(&ipv4.addr[AS_DESTINATION], fact.dst.bytes + 12, 4);
		} else {
			assert_int_equal(fact.family, ADDR_IPV6);
			assert_int_equal(ipv6.octets, fact.octets);
			assert_int_equal(ipv6.layer, layer);
			assert_memory_equal(&ipv6.addr[AS_SOURCE], &fact.src, sizeof(fact.src));
			assert_memory_equal(&ipv6.addr[AS_DESTINATION], &fact.dst,
					    sizeof(fact.dst));
		}
	}
	/* the glance is worth having: it tells most of what is sound */
	assert_true(told[PARSE_GLANCE_IPV4] > 10000);
	assert_true(told[PARSE_GLANCE_IPV6] > 10000);
}

static struct parse_frame_at
next_of_array(const void *frames, uint32_t i)
{
	return ((const struct parse_frame_at *)frames)[i];
}

/* A batch holds each frame once: as a pair, or as the fact that parse_frame gives. */
static void
test_batch_holds_every_frame(void **state)
{
	static uint8_t store[PARSE_MAX_BATCH][256];
	static struct parse_batch batch;
	const struct parse_options how = {.decap = 0};

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct parse_frame_at frames[PARSE_MAX_BATCH];
		uint64_t frames_of[DECODE_RESULTS] = {0}, octets_of[DECODE_RESULTS] = {0};
		uint32_t n = 1 + random_below(PARSE_MAX_BATCH);

		for (uint32_t i = 0; i < n; i++) {
			struct parse_fact fact;
			uint32_t length = frame_make(store[i]);

			frames[i] = (struct parse_frame_at){store[i], length, length};
			parse_frame(store[i], length, length, &how, &fact);
			frames_of[fact.result]++;
			octets_of[fact.result] += fact.frame_octets;
		}
		parse_batch(&batch, n, &how, next_of_array, frames);
		assert_int_equal(batch.n_ipv4 + batch.n_ipv6 + batch.n_other, n);
		assert_int_equal(batch.seen[LAYER_TCP].frames + batch.seen[LAYER_UDP].frames,
				 batch.n_ipv4 + batch.n_ipv6);
		frames_of[DECODE_TCP] -= batch.seen[LAYER_TCP].frames;
		octets_of[DECODE_TCP] -= batch.seen[LAYER_TCP].octets;
		frames_of[DECODE_UDP] -= batch.seen[LAYER_UDP].frames;
		octets_of[DECODE_UDP] -= batch.seen[LAYER_UDP].octets;
		for (uint32_t i = 0; i < batch.n_other; i++) {
			struct parse_fact fact;
			const struct parse_frame_at *f = &frames[batch.other_frame[i]];

			parse_frame(f->bytes, f->captured, f->length, &how, &fact);
			assert_memory_equal(&batch.other[i], &fact, sizeof(fact));
			frames_of[fact.result]--;
			octets_of[fact.result] -= fact.frame_octets;
		}
		for (int v = 0; v < DECODE_RESULTS; v++) {
			assert_int_equal(frames_of[v], 0);
			assert_int_equal(octets_of[v], 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glance_equals_parse_frame),
		cmocka_unit_test(test_batch_holds_every_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
