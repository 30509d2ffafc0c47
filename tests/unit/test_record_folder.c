/* SPDX-License-Identifier: BSD-3-Clause */
/* Records on disk: in order, over restarts, bounded, and what is given up is counted. */
#include "folder.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define HOUR_MS INT64_C(3600000)

struct spool {
	char scratch[64], path[80];
	struct record_folder *folder;
	struct record record;
	uint32_t part;
};

static int
setup(void **state)
{
	struct spool *s = calloc(1, sizeof(*s));

	scratch_make(s->scratch);
	snprintf(s->path, sizeof(s->path), "%s/records", s->scratch);
	snprintf(s->record.head.sensor, PERIOD_NAME_MAX, "s");
	s->record.head.boot_id = 0xab;
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct spool *s = *state;

	record_folder_close(s->folder);
	scratch_remove(s->scratch);
	free(s);
	return 0;
}

static void
reopen(struct spool *s, uint64_t size)
{
	const struct record_folder_settings settings = {
		.path = s->path, .size = size, .keep_ms = HOUR_MS};
	char error[RECORD_ERROR_MAX];

	record_folder_close(s->folder);
	s->folder = record_folder_open(&settings, error);
	assert_true_of(s->folder != NULL, "%s", error);
}

static int
put(void *context, uint32_t part, uint32_t parts, const void *data, size_t size)
{
	struct spool *s = context;
	(void)part;
	(void)parts;

	return record_folder_put(s->folder, &s->record.head, s->part, data, size);
}

/* The record of a period of so many packets, ten seconds each. */
static int
put_period(struct spool *s, uint64_t number, uint64_t packets)
{
	struct period_head *head = &s->record.head;

	head->number = number;
	head->start_ms = 1790000000000 + (int64_t)number * 10000;
	head->end_ms = head->start_ms + 10000;
	head->ledger.decode.frames[DECODE_TCP] = packets;
	return record_pack(&s->record, RECORD_MESSAGE_MOST, put, s);
}

static int
names(const struct spool *s, struct dirent ***found)
{
	int n = scandir(s->path, found, NULL, alphasort), kept = 0;

	for (int i = 0; i < n; i++) {
		if (strstr((*found)[i]->d_name, RECORD_FILE_SUFFIX) != NULL)
			(*found)[kept++] = (*found)[i];
		else
			free((*found)[i]);
	}
	return kept;
}

static void
forget(struct dirent **found, int n)
{
	for (int i = 0; i < n; i++)
		free(found[i]);
	free(found);
}

static void
remove_first(const struct spool *s)
{
	struct dirent **found;
	char path[400];
	int n = names(s, &found);

	assert_true(n > 0);
	snprintf(path, sizeof(path), "%s/%s", s->path, found[0]->d_name);
	assert_int_equal(unlink(path), 0);
	forget(found, n);
}

static void
test_in_order_over_restarts(void **state)
{
	struct spool *s = *state;
	struct dirent **found;
	uint64_t octets;

	reopen(s, 1000000);
	for (uint64_t i = 8; i <= 12; i++)
		assert_int_equal(put_period(s, i, i), 0);
	reopen(s, 1000000);
	assert_int_equal(record_folder_waiting(s->folder, &octets), 5);
	assert_int_equal(put_period(s, 13, 13), 0);

	int n = names(s, &found);
	assert_int_equal(n, 6);
	for (int i = 0; i < n; i++) {
		char path[400], error[RECORD_ERROR_MAX];
		uint8_t data[1000];
		struct record back;

		snprintf(path, sizeof(path), "%s/%s", s->path, found[i]->d_name);
		int fd = open(path, O_RDONLY);
		ssize_t size = read(fd, data, sizeof(data));
		close(fd);
		assert_int_equal(record_unpack(data, (size_t)size, &back, error), 0);
		assert_int_equal(back.head.number, 8 + i);
		record_free(&back);
	}
	forget(found, n);
	assert_int_equal(record_folder_dropped(s->folder).records, 0);
}

static void
test_bound_by_size(void **state)
{
	struct spool *s = *state;
	struct dirent **found;
	uint64_t octets, one;

	reopen(s, 1000000);
	assert_int_equal(put_period(s, 1, 100), 0);
	record_folder_waiting(s->folder, &one);
	reopen(s, 4 * one + one / 2);
	for (uint64_t i = 2; i <= 10; i++)
		assert_int_equal(put_period(s, i, 100 + i % 10), 0);
	assert_int_equal(record_folder_waiting(s->folder, &octets), 4);
	assert_true(octets <= 4 * one + one / 2);
	/* 1 to 6 are gone */
	assert_int_equal(record_folder_dropped(s->folder).records, 6);
	assert_int_equal(record_folder_dropped(s->folder).packets, 600 + 2 + 3 + 4 + 5 + 6);
	int n = names(s, &found);
	assert_int_equal(n, 4);
	forget(found, n);

	/* what somebody has taken is not lost, and makes room */
	remove_first(s);
	assert_int_equal(put_period(s, 11, 1), 0);
	assert_int_equal(record_folder_dropped(s->folder).records, 6);

	/* a message that is larger than all of it */
	reopen(s, one / 2);
	assert_int_equal(put_period(s, 12, 50), -EFBIG);
	assert_int_equal(record_folder_dropped(s->folder).records, 5);
	assert_int_equal(record_folder_dropped(s->folder).packets, 108 + 109 + 100 + 1 + 50);
}

static void
test_bound_by_age(void **state)
{
	struct spool *s = *state;
	uint64_t octets;

	reopen(s, 1000000);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(put_period(s, i, 10), 0);
	assert_int_equal(put_period(s, 361, 10),
			 0); /* ends an hour and ten seconds after 1's start */
	assert_int_equal(record_folder_waiting(s->folder, &octets), 3);
	assert_int_equal(record_folder_dropped(s->folder).packets, 10);
}

static void
test_damage_and_parts(void **state)
{
	struct spool *s = *state;
	char path[400];
	struct dirent **found;
	uint64_t octets;

	reopen(s, 1000000);
	assert_int_equal(put_period(s, 1, 10), 0);
	int n = names(s, &found);
	snprintf(path, sizeof(path), "%s/%s", s->path, found[0]->d_name);
	forget(found, n);
	assert_int_equal(truncate(path, 3), 0); /* it is given up all the same */
	record_folder_waiting(s->folder, &octets);
	reopen(s, octets + 2);
	assert_int_equal(put_period(s, 2, 7), 0);
	assert_int_equal(record_folder_dropped(s->folder).records, 1);
	assert_int_equal(record_folder_dropped(s->folder).packets, 0); /* nobody knows */
	s->part = 1; /* of a second message: the first speaks for both, where neither is written */
	reopen(s, octets - 1);
	assert_int_equal(put_period(s, 3, 9), -EFBIG);
	assert_int_equal(record_folder_dropped(s->folder).records, 2);
	assert_int_equal(record_folder_dropped(s->folder).packets, 7);
}

static void
test_who_may_write(void **state)
{
	struct spool *s = *state;
	char error[RECORD_ERROR_MAX], file[100];
	struct record_folder_settings settings = {.path = s->path, .size = 1000, .keep_ms = 1};

	reopen(s, 1000000);
	assert_null(record_folder_open(&settings, error));
	assert_non_null(strstr(error, "another process"));
	settings.path = "/nowhere/to/be/found";
	assert_null(record_folder_open(&settings, error));
	assert_non_null(strstr(error, "No such file"));
	snprintf(file, sizeof(file), "%s/file", s->scratch);
	close(open(file, O_WRONLY | O_CREAT, 0600));
	settings.path = file;
	assert_null(record_folder_open(&settings, error));
	assert_non_null(strstr(error, "Not a directory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_order_over_restarts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound_by_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound_by_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_and_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_may_write, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
