/* SPDX-License-Identifier: BSD-3-Clause */
/* The store after what can happen to it: a damaged file, a damaged row, a writer that is killed. */
#include "history_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
damage(const char *name, off_t offset, size_t length)
{
	char path[256], rubbish[4096];
	int fd;

	memset(rubbish, 0x5a, sizeof(rubbish));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, rubbish, length, offset), length);
	close(fd);
}

static bool
has_file(const char *start)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(dir)) != NULL)
		found |= strncmp(entry->d_name, start, strlen(start)) == 0;
	closedir(dir);
	return found;
}

static void
test_damaged_file_is_set_aside(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);

	(void)state;
	offer(h, MONDAY, 10000);
	assert_int_equal(history_close(h, -1), 0);
	damage("history.sqlite", 0, 100);
	h = open_started(&s);
	assert_non_null(strstr(said, "is damaged"));
	assert_true(has_file("history.sqlite.damaged-"));
	offered = 0;
	offer(h, MONDAY + 10000, 10000);
	settle(h);
	check_range(h, MONDAY, MONDAY + 86400000);
	assert_int_equal(history_close(h, -1), 0);
}

/* A row whose blob was changed: left out, counted, and all others answer. */
static void
test_damaged_row_is_left_out(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	struct history_range range;
	char error[HISTORY_ERROR_MAX], path[256];
	sqlite3 *db;

	(void)state;
	for (int i = 0; i < 5; i++)
		offer(h, MONDAY + i * 10000, 10000);
	assert_int_equal(history_close(h, -1), 0);
	snprintf(path, sizeof(path), "%s/history.sqlite", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db,
		     "UPDATE tier0 SET places = substr(places, 1, length(places) - 3) || x'000102' "
		     "WHERE start % 100000 = 20000",
		     NULL, NULL, NULL);
	sqlite3_close(db);
	h = open_started(&s);
	assert_int_equal(history_range(h, MONDAY, MONDAY + 86400000, &range, error), 0);
	assert_int_equal(range.periods, 5);
	assert_int_equal(range.damaged, 1);
	history_range_free(&range);
	assert_int_equal(history_close(h, -1), 0);
}

/* A writer that is killed at any moment: what it said was stored is there, and sums hold. */
static void
test_kill_at_any_moment(void **state)
{
	const struct history_settings s = settings();

	(void)state;
	for (int round = 0; round < 100; round++) {
		int pipes[2];
		size_t told = 0, number;
		const int64_t base = MONDAY + (int64_t)round * 700000;
		const uint64_t start_seed = seed;

		assert_int_equal(pipe(pipes), 0);
		pid_t child = fork();
		if (child == 0) {
			char error[HISTORY_ERROR_MAX];
			struct history *h = history_open(&s, error);
			struct history_status status;

			if (h == NULL || history_start(h) != 0)
				_exit(1);
			for (size_t i = 0; i < 60; i++) {
				struct history_sample sample;
				struct offered o;

				make_period(&o, base + (int64_t)i * 10000, 10000);
				fill_sample(&sample, &o);
				history_offer(h, &sample);
				usleep(200);
				history_status(h, &status);
				number = status.stored;
				if (write(pipes[1], &number, sizeof(number)) < 0)
					_exit(1);
			}
			pause();
		}
		close(pipes[1]);
		usleep((useconds_t)any(30000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
			told = number;
		close(pipes[0]);
		/* what is there now: the first n periods of this round, n >= told */
		struct history *h = open_started(&s);
		struct history_range range;
		char error[HISTORY_ERROR_MAX];
		assert_int_equal(history_range(h, base, base + 600000, &range, error), 0);
		assert_true(range.periods >= told);
		assert_int_equal(range.damaged, 0);
		const size_t before = offered;
		seed = start_seed;
		for (size_t i = 0; i < range.periods && offered < PERIODS; i++)
			make_period(&oracle[offered++], base + (int64_t)i * 10000, 10000);
		history_range_free(&range);
		check_range(h, base, base + 600000);
		check_range(h, MONDAY, base + 600000);
		assert_true(offered >= before);
		assert_int_equal(history_close(h, -1), 0);
	}
	assert_string_equal(said, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_damaged_file_is_set_aside, begin),
		cmocka_unit_test_setup(test_damaged_row_is_left_out, begin),
		cmocka_unit_test_setup(test_kill_at_any_moment, begin),
	};
	return cmocka_run_group_tests_name("history_faults", tests, world_setup, world_teardown);
}
