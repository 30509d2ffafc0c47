/* SPDX-License-Identifier: BSD-3-Clause */
/* Any octets as a record: refused in words, or a record that packs again to what says the same. */
#include "fuzz.h"
#include "record.h"

#include <stdint.h>
#include <string.h>

static int
take(void *context, uint32_t part, uint32_t parts, const void *data, size_t size)
{
	const struct record *first = context;
	char error[RECORD_ERROR_MAX];
	struct record again;

	FUZZ_CHECK(record_unpack(data, size, &again, error) == 0);
	FUZZ_CHECK(again.part == part && again.parts == parts);
	FUZZ_CHECK(memcmp(&again.head.ledger, &first->head.ledger, sizeof(struct ledger)) == 0);
	if (parts == 1)
		FUZZ_CHECK(again.count == first->count);
	record_free(&again);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[RECORD_ERROR_MAX];
	struct record record;

	if (record_unpack(data, size, &record, error) != 0)
		return 0;
	(void)record_pack(&record, RECORD_MESSAGE_MOST, take, &record);
	record_free(&record);
	return 0;
}
