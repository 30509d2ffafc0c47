/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any file as a database: it is refused with one line, or whatever its records hold becomes a sound
 * place: a position on the globe, a country of two capitals or none, a city in valid UTF-8 without
 * control characters. Hosts are asked for twice: the second answer comes from the records kept.
 *
 * Input: the file.
 */
#include "fuzz.h"
#include "locate.h"

#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * libmaxminddb 1.7.1 keeps the list that MMDB_open makes of the metadata's languages or description
 * when a member is of another type than it should be: 4.6 kB for each such file that is opened. We
 * make no such list ourselves; that we close what we open is for the unit tests to find, which
 * build with LeakSanitizer too.
 */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static void
check_utf8(const char *text, size_t room)
{
	FUZZ_CHECK(strnlen(text, room) < room);
	for (const uint8_t *s = (const uint8_t *)text; *s != 0;) {
		uint32_t c = *s, more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		static const uint32_t least[] = {0x20, 0x80, 0x800, 0x10000};

		FUZZ_CHECK(c < 0x80 || (c >= 0xc2 && c <= 0xf4));
		c &= more == 0 ? 0x7f : 0x3fu >> more;
		for (uint32_t i = 1; i <= more; i++) {
			FUZZ_CHECK((s[i] & 0xc0) == 0x80);
			c = c << 6 | (s[i] & 0x3f);
		}
		FUZZ_CHECK(c >= least[more] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
		FUZZ_CHECK(c < 0x7f || c >= 0xa0);
		s += 1 + more;
	}
}

static void
check_place(const struct place *place, uint32_t number)
{
	FUZZ_CHECK(place != NULL && place->number == number);
	FUZZ_CHECK(fabs(place->latitude) <= 90 && fabs(place->longitude) <= 180);
	FUZZ_CHECK(place->has_position || (place->latitude == 0 && place->longitude == 0));
	FUZZ_CHECK(place->radius_km >= 0 && place->radius_km <= 20040);
	FUZZ_CHECK(place->country[2] == 0);
	FUZZ_CHECK(place->country[0] == 0 ||
		   (place->country[0] >= 'A' && place->country[0] <= 'Z' &&
		    place->country[1] >= 'A' && place->country[1] <= 'Z'));
	check_utf8(place->city, sizeof(place->city));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {
		"5.1.0.1",  "5.2.0.1",  "5.3.0.1", "5.4.0.1",        "5.5.0.1",     "8.8.8.8",
		"2a00:1::", "2a00:2::", "2a01::1", "64:ff9b::501:1", "2002:501:1::"};
	char path[64], error[LOCATE_ERROR_MAX] = "";
	const char *paths[] = {path};
	int fd = memfd_create("fuzz", 0);

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct locate *locate = locate_create(paths, 1, error);
	if (locate == NULL) {
		FUZZ_CHECK(error[0] != 0 && strnlen(error, sizeof(error)) < sizeof(error));
		close(fd);
		return 0;
	}
	check_utf8(locate_database(locate, 0)->type, sizeof(locate_database(locate, 0)->type));
	uint32_t first[sizeof(hosts) / sizeof(hosts[0])];
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
			struct host_addr addr;
			enum addr_family family;

			FUZZ_CHECK(host_addr_parse(hosts[i], &addr, &family) == 0);
			uint32_t place = locate_host(locate, &addr, family);
			FUZZ_CHECK(place != PLACE_UNASKED);
			if (place < locate_count(locate))
				check_place(locate_get(locate, place), place);
			else
				FUZZ_CHECK(place == PLACE_NONE || place == PLACE_PRIVATE);
			if (round == 0)
				first[i] = place;
			else
				FUZZ_CHECK(first[i] == place);
		}
	}
	locate_destroy(locate);
	close(fd);
	return 0;
}
