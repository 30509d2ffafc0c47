/* SPDX-License-Identifier: BSD-3-Clause */
/* Notes are stored with their period, or neither is: whenever the process is killed. */
#include "history.h"
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define BEGIN_MS 1700438400000
#define RUNS     12

static struct history *
open_store(const char *folder)
{
	struct history_settings s = {.folder = folder, .size = 100000000, .unsynced = true};
	char error[HISTORY_ERROR_MAX] = "";

	assert_int_equal(history_parse_keep("24h,7d,31d,5y", s.keep_ms), 0);
	struct history *h = history_open(&s, error);
	if (h == NULL)
		fail_msg("%s", error);
	return h;
}

static struct note
make_note(const char *name, uint64_t value)
{
	struct note note = {strdup(name), malloc(sizeof(value)), sizeof(value)};

	memcpy(note.value, &value, sizeof(value));
	return note;
}

/* The period `number`: with the note that it is the last one, and one of its own. */
static void
offer(struct history *h, uint64_t number)
{
	char own[32];
	struct history_sample sample = {
		.start_ms = BEGIN_MS + (int64_t)number * 10000,
		.end_ms = BEGIN_MS + (int64_t)number * 10000 + 10000,
		.covered_ms = 10000,
		.received = 1,
		.points = malloc(1),
		.notes = malloc(2 * sizeof(struct note)),
		.note_count = 2,
	};

	snprintf(own, sizeof(own), "period %llu", (unsigned long long)number);
	sample.notes[0] = make_note("last", number);
	sample.notes[1] = make_note(own, number);
	assert_int_equal(history_offer(h, &sample), 0);
}

struct found {
	uint64_t last, own, own_sum;
};

static void
find(void *context, const char *name, const void *value, size_t size)
{
	struct found *found = context;
	uint64_t number;

	assert_int_equal(size, sizeof(number));
	memcpy(&number, value, sizeof(number));
	if (strcmp(name, "last") == 0) {
		found->last = number;
	} else {
		found->own++;
		found->own_sum += number;
	}
}

/* What is in the store: its periods, and that its notes are those of them. */
static uint64_t
check(struct history *h)
{
	struct found found = {0};
	struct history_range range;
	char error[HISTORY_ERROR_MAX];

	assert_int_equal(history_notes(h, find, &found), 0);
	assert_int_equal(history_range(h, BEGIN_MS, BEGIN_MS + 86400000, &range, error), 0);
	assert_int_equal(range.periods, found.last);
	assert_int_equal(found.own, found.last);
	assert_int_equal(found.own_sum, found.last * (found.last + 1) / 2);
	history_range_free(&range);
	return found.last;
}

/* Stores periods from `next` on until it is killed; says so by a pipe. */
static void
child(const char *folder, uint64_t next, int pipe_fd)
{
	struct history *h = open_store(folder);
	struct history_status status;

	history_start(h);
	for (;; next++) {
		offer(h, next);
		do
			history_status(h, &status);
		while (status.waiting > 20);
		if (write(pipe_fd, "", 1) != 1)
			_exit(1);
	}
}

static void
test_killed_at_any_moment(void **state)
{
	struct dice dice = {99};
	char folder[64];
	uint64_t stored = 0;
	(void)state;

	scratch_make(folder);
	for (int run = 0; run < RUNS; run++) {
		int pipe_fds[2];

		assert_int_equal(pipe(pipe_fds), 0);
		const pid_t pid = fork();
		if (pid == 0) {
			close(pipe_fds[0]);
			child(folder, stored + 1, pipe_fds[1]);
		}
		close(pipe_fds[1]);
		for (uint32_t i = 1 + dice_below(&dice, 100); i > 0; i--) {
			char octet;

			assert_int_equal(read(pipe_fds[0], &octet, 1), 1);
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(pipe_fds[0]);
		struct history *h = open_store(folder);

		const uint64_t now = check(h);
		assert_true(now >= stored);
		stored = now;
		assert_int_equal(history_close(h, -1), 0);
	}
	assert_true(stored > 0);
	scratch_remove(folder);
}

static void
test_a_store_without_notes(void **state)
{
	struct history_sample sample = {.start_ms = BEGIN_MS,
					.end_ms = BEGIN_MS + 10000,
					.covered_ms = 10000,
					.points = malloc(1)};
	struct found found = {0};
	char folder[64];
	(void)state;

	scratch_make(folder);
	struct history *h = open_store(folder);
	assert_int_equal(history_start(h), 0);
	assert_int_equal(history_offer(h, &sample), 0);
	assert_int_equal(history_close(h, -1), 0);
	h = open_store(folder);
	assert_int_equal(history_notes(h, find, &found), 0);
	assert_int_equal(found.own, 0);
	assert_int_equal(history_close(h, -1), 0);
	scratch_remove(folder);
}

static void
count_notes(void *context, const char *name, const void *value, size_t size)
{
	size_t *count = context;
	(void)value;
	(void)size;
	(*count)++;
	assert_string_equal(name, "kept");
}

/* A note without a value takes away what is kept under its name. */
static void
test_forgotten(void **state)
{
	char folder[64];
	size_t count = 0;
	(void)state;

	scratch_make(folder);
	struct history *h = open_store(folder);
	assert_int_equal(history_start(h), 0);
	for (int i = 0; i < 2; i++) {
		struct history_sample sample = {.start_ms = BEGIN_MS + i * 10000,
						.end_ms = BEGIN_MS + i * 10000 + 10000,
						.covered_ms = 10000,
						.points = malloc(1),
						.notes = malloc(2 * sizeof(struct note)),
						.note_count = 2};

		sample.notes[0] = make_note("gone", 1);
		sample.notes[1] = make_note("kept", 2);
		if (i == 1) {
			free(sample.notes[0].value);
			sample.notes[0].value = NULL;
		}
		assert_int_equal(history_offer(h, &sample), 0);
	}
	assert_int_equal(history_close(h, -1), 0);
	h = open_store(folder);
	assert_int_equal(history_notes(h, count_notes, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(history_close(h, -1), 0);
	scratch_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_store_without_notes),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_killed_at_any_moment),
	};
	return cmocka_run_group_tests_name("history_notes", tests, NULL, NULL);
}
