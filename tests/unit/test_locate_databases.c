/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening databases and building maps: on threads, cancelled, and out of files that were made so
 * that a walk through them would not end. Each of them is refused or passed over in words. */
#include "internal.h"
#include "map.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

static char error[LOCATE_ERROR_MAX];

static const char *
data(const char *name)
{
	static char paths[4][512];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s.mmdb", getenv("UNIT_DATA"), name);
	return path;
}

static struct locate_databases *
opened(const char *path)
{
	struct locate_databases *databases = locate_databases_open(&path, 1, NULL, error);

	assert_true_of(databases != NULL, "%s", error);
	return databases;
}

static uint32_t
number_of(struct locate *locate, const char *address)
{
	struct host_addr addr;
	enum addr_family family;

	assert_int_equal(host_addr_parse(address, &addr, &family), 0);
	return locate_host(locate, &addr, family);
}

/* The place of an IPv4 address by a map. */
static const struct place *
mapped(struct locate_map *map, struct locate *locate, const char *address)
{
	struct host_addr addr;
	enum addr_family family;
	uint32_t wire;

	assert_int_equal(host_addr_parse(address, &addr, &family), 0);
	memcpy(&wire, addr.bytes + 12, sizeof(wire));
	uint32_t slot = prefix_map_slot_ipv4(locate_map_prefixes(map), wire);
	return locate_get(locate, locate_map_place(map, locate, slot));
}

static void
refused(const char *path, int number, const char *says)
{
	errno = 0;
	assert_null(locate_databases_open(&path, 1, NULL, error));
	assert_int_equal(errno, number);
	assert_true_of(strncmp(error, path, strlen(path)) == 0, "%s", error);
	assert_true_of(strstr(error, says) != NULL, "%s", error);
	assert_null(strchr(error, '\n'));
}

static void
test_trees_without_end(void **state)
{
	(void)state;
	refused(data("loop4"), ELOOP, "has a loop");
	refused(data("loop6"), ELOOP, "has a loop");
	refused(data("deep4"), ELOOP, "deeper than an address");
	refused(data("deep6"), ELOOP, "deeper than an address");
	refused(data("shared4"), ELOOP, "again and again");
	refused(data("shared6"), ELOOP, "again and again");
	refused(data("doubled"), EINVAL, "metadata is corrupt");

	/* beside a sound one too, and a reload changes nothing */
	const char *good[] = {data("world4")}, *both[] = {data("world4"), data("loop6")};
	struct locate *locate = locate_create(good, 1, error);
	assert_non_null(locate);
	assert_int_equal(locate_reload(locate, both, 2, error), -1);
	assert_non_null(strstr(error, "has a loop"));
	assert_int_equal(locate_databases(locate), 1);
	assert_non_null(locate_get(locate, number_of(locate, "5.1.0.1")));
	locate_destroy(locate);
}

/* A record that is nested too deep, or doubled by pointers too often, is passed over and counted.
 */
static void
test_records_without_end(void **state)
{
	const char *path = data("records");
	struct locate *locate = locate_create(&path, 1, error);
	(void)state;

	assert_true_of(locate != NULL, "%s", error);
	struct locate_map *map = locate_map_create(locate_opened(locate), NULL);
	assert_non_null(map);
	assert_string_equal(locate_get(locate, number_of(locate, "5.1.0.1"))->city, "Sound");
	assert_string_equal(locate_get(locate, number_of(locate, "5.4.0.1"))->city,
			    "Odd, but sound");
	assert_int_equal(locate_errors(locate), 0);
	assert_int_equal(number_of(locate, "5.2.0.1"), PLACE_NONE);
	assert_int_equal(number_of(locate, "5.3.0.1"), PLACE_NONE);
	assert_int_equal(locate_errors(locate), 2);
	assert_null(mapped(map, locate, "5.2.0.1"));
	assert_null(mapped(map, locate, "5.3.0.1"));
	assert_string_equal(mapped(map, locate, "5.4.0.1")->city, "Odd, but sound");
	locate_map_unref(map);
	locate_destroy(locate);
}

/* Never a wait for somebody to write into a FIFO, nor a device that is woken. */
static void
test_no_regular_files(void **state)
{
	char folder[64], path[128], through[128];
	(void)state;

	scratch_make(folder);
	refused(folder, EINVAL, "is a folder");
	refused("/dev/null", EINVAL, "no regular file");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(path, EINVAL, "no regular file");
	snprintf(through, sizeof(through), "%s/link", folder);
	assert_int_equal(symlink(path, through), 0);
	refused(through, EINVAL, "no regular file");
	snprintf(path, sizeof(path), "%s/gone", folder);
	refused(path, ENOENT, strerror(ENOENT));
	scratch_remove(folder);
}

static void
copy(const char *from, const char *to)
{
	static unsigned char octets[1 << 20];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

	assert_non_null(in);
	assert_non_null(out);
	size_t length = fread(octets, 1, sizeof(octets), in);
	assert_true(length > 0 && length < sizeof(octets));
	assert_int_equal(fwrite(octets, 1, length, out), length);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
}

/* A file that is written over where it stands, after it was checked, does not hang the walk. */
static void
test_changed_in_place(void **state)
{
	char folder[64], path[128];
	unsigned char nodes[64 * 7] = {0};
	(void)state;

	scratch_make(folder);
	snprintf(path, sizeof(path), "%s/changed", folder);
	copy(data("world4"), path);
	struct locate_databases *databases = opened(path);
	for (unsigned int i = 0; i < 64; i++) /* of 28 bits: both lead to the next */
		nodes[7 * i + 2] = nodes[7 * i + 6] = (unsigned char)(i + 1);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, nodes, sizeof(nodes), 0), sizeof(nodes));
	close(fd);
	/* nor does it matter that it is cut: what was opened is a copy (a mapping would be SIGBUS)
	 */
	assert_int_equal(truncate(path, 0), 0);
	struct locate *locate = locate_create_from(locate_databases_ref(databases));
	struct locate_map *map = locate_map_create(databases, NULL);
	assert_non_null(locate);
	assert_non_null(map);
	assert_string_equal(locate_get(locate, number_of(locate, "5.1.0.1"))->city,
			    "Frankfurt am Main");
	assert_string_equal(mapped(map, locate, "31.7.7.8")->city, "Paris");
	locate_map_unref(map);
	locate_destroy(locate);
	locate_databases_unref(databases);
	scratch_remove(folder);
}

static void
test_cancelled(void **state)
{
	const char *path = data("many");
	atomic_bool cancel = true;
	const char *wrong = NULL;
	(void)state;

	errno = 0;
	assert_null(locate_databases_open(&path, 1, &cancel, error));
	assert_int_equal(errno, ECANCELED);
	struct locate_databases *databases = opened(path);
	assert_int_equal(locate_tree_check(&databases->each[0]->mmdb, &cancel, &wrong), -ECANCELED);
	errno = 0;
	assert_null(locate_map_create(databases, &cancel));
	assert_int_equal(errno, ECANCELED);

	atomic_store(&cancel, false);
	struct locate_map *map = locate_map_create(databases, &cancel);
	assert_non_null(map);
	locate_map_unref(map);
	locate_databases_unref(databases);
}

/* A map needs nobody but itself: not the struct locate's databases, nor the files. */
static void
test_map_stands_alone(void **state)
{
	char folder[64], path[128];
	const char *paths[] = {path}, *other[] = {data("many")};
	(void)state;

	scratch_make(folder);
	snprintf(path, sizeof(path), "%s/first", folder);
	copy(data("world4"), path);
	struct locate *locate = locate_create(paths, 1, error);
	assert_true_of(locate != NULL, "%s", error);
	struct locate_map *map = locate_map_create(locate_opened(locate), NULL);
	assert_non_null(map);
	assert_ptr_equal(locate_map_ref(map), map);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(locate_reload(locate, other, 1, error), 0);
	locate_map_unref(map);
	assert_string_equal(mapped(map, locate, "5.1.0.1")->city, "Frankfurt am Main");
	assert_string_equal(mapped(map, locate, "31.7.7.8")->city, "Paris");
	assert_int_equal(number_of(locate, "5.1.0.1"), PLACE_NONE);

	/* what was asked once is remembered, with and without the struct locate's databases */
	locate_adopt(locate, opened(data("world4")));
	const struct place *place = locate_get(locate, number_of(locate, "5.1.0.1"));
	assert_ptr_equal(mapped(map, locate, "5.1.0.1"), place);
	locate_map_unref(map);
	locate_map_unref(NULL);
	assert_null(locate_map_ref(NULL));
	assert_null(locate_map_prefixes(NULL));
	locate_databases_unref(NULL);
	assert_null(locate_databases_ref(NULL));
	locate_destroy(locate);
	scratch_remove(folder);
}

struct loaded {
	const char *path;
	struct locate_databases *databases;
	struct locate_map *map;
};

static void *
load(void *argument)
{
	struct loaded *loaded = argument;
	static const atomic_bool never;
	static _Thread_local char said[LOCATE_ERROR_MAX];

	loaded->databases = locate_databases_open(&loaded->path, 1, &never, said);
	if (loaded->databases != NULL)
		loaded->map = locate_map_create(loaded->databases, &never);
	return NULL;
}

/* The owner looks up, by the databases and by maps, while a loader makes the next ones. */
static void
test_loader(void **state)
{
	const char *paths[] = {data("world4"), data("nested")};
	struct locate *locate = locate_create(paths, 1, error);
	struct locate_map *map = locate_map_create(locate_opened(locate), NULL);
	(void)state;

	assert_non_null(map);
	for (int round = 0; round < 6; round++) {
		struct loaded next = {.path = paths[round % 2]};
		pthread_t loader;
		bool over = false;

		assert_int_equal(pthread_create(&loader, NULL, load, &next), 0);
		for (int i = 0; !over || i < 76; i++) {
			char address[32];

			snprintf(address, sizeof(address), "5.%d.0.1", 1 + i % 76);
			const struct place *place = locate_get(locate, number_of(locate, address));
			assert_non_null(place);
			assert_ptr_equal(mapped(map, locate, address), place);
			over = over || pthread_tryjoin_np(loader, NULL) == 0;
		}
		assert_non_null(next.databases);
		assert_non_null(next.map);
		locate_adopt(locate, next.databases);
		locate_map_unref(map);
		map = next.map;
	}
	locate_map_unref(map);
	locate_destroy(locate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees_without_end),
		cmocka_unit_test(test_records_without_end),
		cmocka_unit_test(test_no_regular_files),
		cmocka_unit_test(test_changed_in_place),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_map_stands_alone),
		cmocka_unit_test(test_loader),
	};
	return cmocka_run_group_tests_name("locate databases", tests, NULL, NULL);
}
