/* SPDX-License-Identifier: BSD-3-Clause */
/* CSV of the places. */
#include "text_world.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>

static void
test_csv(void **state)
{
	struct world w;
	FILE *file = tmpfile();
	char line[512];
	size_t i = 0;
	(void)state;

	assert_non_null(file);
	world_begin(&w, "world4", "world6");
	add_by_chance(&w, 900);
	struct picture *s = make_picture(&w);
	assert_int_equal(text_write_hosts(s, fileno(file)), 0);
	rewind(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line,
			    "address,country,latitude,longitude,"
			    "tcp_src_packets,tcp_src_octets,tcp_dst_packets,tcp_dst_octets,"
			    "udp_src_packets,udp_src_octets,udp_dst_packets,udp_dst_octets\n");
	while (fgets(line, sizeof(line), file) != NULL) {
		const struct host_row *row = &w.hosts.rows[i++];
		const struct place *place = locate_get(w.locate, row->place);
		char address[HOST_ADDR_TEXT], *rest = line;

		assert_true(i <= w.hosts.count);
		assert_string_equal(strsep(&rest, ","),
				    host_addr_text(&row->addr, row->family, address));
		assert_string_equal(strsep(&rest, ","), place ? place->country : "");
		for (int k = 0; k < 2; k++) {
			const char *number = strsep(&rest, ",");

			if (place == NULL || !place->has_position) {
				assert_string_equal(number, "");
				continue;
			}
			assert_true(fabs(atof(number) - (k ? place->longitude : place->latitude)) <
				    5.1e-7);
		}
		for (int l = 0; l < LAYERS; l++) {
			for (int d = 0; d < DIRECTIONS; d++) {
				assert_int_equal(strtoull(strsep(&rest, ","), NULL, 10),
						 row->counts.packets[l][d]);
				assert_int_equal(strtoull(strsep(&rest, ",\n"), NULL, 10),
						 row->counts.octets[l][d]);
			}
		}
		assert_string_equal(rest, "");
	}
	assert_int_equal(i, w.hosts.count);
	fclose(file);
	int full = open("/dev/full", O_WRONLY);
	assert_int_equal(text_write_hosts(s, full), -ENOSPC);
	close(full);
	picture_release(s);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
