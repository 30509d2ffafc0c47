/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that ask for every text while the manager publishes: as the web server and the manager do
 * it. What a thread holds stays whole and unchanged until it lets go. For data races build this
 * with -Db_sanitize=thread.
 */
#include "internal.h"
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#define THREADS  6
#define PICTURES 60

static const struct picture_page page = {"<p>@@IPHEAT_DATA@@</p>", 22};

int __real_encode_html(struct picture *picture, struct view view, struct buffer *out);
int __wrap_encode_html(struct picture *picture, struct view view, struct buffer *out);

/* the next HTML text stands still while it is made, until it is let go */
static struct {
	atomic_bool closed;
	sem_t reached, open;
	bool waited_in_vain;
} gate;

int
__wrap_encode_html(struct picture *picture, struct view view, struct buffer *out)
{
	struct timespec end;

	if (atomic_exchange(&gate.closed, false)) {
		clock_gettime(CLOCK_MONOTONIC, &end);
		end.tv_sec += 20;
		sem_post(&gate.reached);
		gate.waited_in_vain = sem_clockwait(&gate.open, CLOCK_MONOTONIC, &end) != 0;
	}
	return __real_encode_html(picture, view, out);
}

struct shared {
	atomic_bool stop;
	atomic_ulong asked, wrong;
};

/* The period that the text says it is of. */
static unsigned long
period_of(const char *text, size_t length)
{
	const char *at = memmem(text, length, "\"period\":", 9);

	return at ? strtoul(at + 9, NULL, 10) : 0;
}

static void *
ask(void *argument)
{
	struct shared *shared = argument;
	struct dice dice = {(uint64_t)(uintptr_t)&dice | 1};
	unsigned long last = 0;

	while (!atomic_load(&shared->stop)) {
		struct picture *s = picture_current();
		enum window window = (enum window)dice_below(&dice, WINDOWS);
		unsigned long period;
		char *json = NULL;

		if (s == NULL)
			continue;
		period = (unsigned long)picture_facts(s)->record.number;
		const struct text *text =
			text_get(s, dice_below(&dice, 2) ? TEXT_HEAT : TEXT_HTML, all_of(window));
		bool good = period >= last && text != NULL && text->gzip != NULL &&
			    period_of(text->plain, text->length) == period;
		good = good && text_get(s, TEXT_STATUS, all_of(window)) != NULL &&
		       picture_points(s, window) > 0 && picture_hosts(s)->count > 0;
		good = good && text_place(s, dice_below(&dice, 50), window, &json) == 0;
		free(json);
		last = period;
		picture_release(s);
		atomic_fetch_add(&shared->asked, 1);
		if (!good)
			atomic_fetch_add(&shared->wrong, 1);
	}
	return NULL;
}

static void
test_publish_while_asked(void **state)
{
	char path[512], error[LOCATE_ERROR_MAX];
	const char *paths[] = {path};
	struct shared shared = {0};
	pthread_t threads[THREADS];
	struct host_list period = {0};
	struct heat *heat = heat_create();
	struct picture *last = NULL;
	(void)state;

	snprintf(path, sizeof(path), "%s/many.mmdb", getenv("UNIT_DATA"));
	struct locate *locate = locate_create(paths, 1, error);
	assert_non_null(locate);
	assert_non_null(heat);
	assert_int_equal(host_list_reserve(&period, 2000), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &shared), 0);

	for (unsigned int p = 1; p <= PICTURES; p++) {
		struct picture_facts facts = {.version = "1",
					      .ui_build = "b",
					      .html = &page,
					      .record = {.number = p, .end_ns = 1000000000},
					      .interval_s = 1};
		static const struct host_list nothing;
		struct host_list total = {0};
		struct counts left_out = {0};

		/* the manager goes on locating while texts of older places are made */
		period.count = 0;
		for (unsigned int i = 0; i < 60; i++) {
			const uint8_t ipv4[4] = {11, (uint8_t)(p * 7 / 256), (uint8_t)(p * 7 + i),
						 1};
			struct host_row *row = &period.rows[period.count++];

			*row = (struct host_row){.addr = host_addr_from_ipv4(ipv4),
						 .family = ADDR_IPV4,
						 .counts = {.packets = {{p, i + 1}, {0, 0}}}};
			row->place = locate_host(locate, &row->addr, row->family);
			assert_true(row->place < locate_count(locate));
			assert_int_equal(heat_add(heat, row->place, &row->counts), 0);
		}
		assert_int_equal(host_list_sort(&period), 0);
		assert_int_equal(heat_end_period(heat, 1), 0);
		assert_int_equal(host_list_merge(&total, last ? picture_hosts(last) : &nothing,
						 &period, 100000, &left_out),
				 0);
		struct picture *s =
			picture_create(&facts, heat, locate, &total, &period, all_of(WINDOW_START));
		assert_non_null(s);
		picture_publish(s);
		picture_release(last);
		last = picture_current();
		assert_non_null(text_get(last, TEXT_HEAT, all_of(WINDOW_START)));
	}
	atomic_store(&shared.stop, true);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&shared.wrong), 0);
	assert_true(atomic_load(&shared.asked) > 0);
	picture_release(last);
	picture_publish(NULL);
	assert_null(picture_current());
	host_list_free(&period);
	heat_destroy(heat);
	locate_destroy(locate);
}

static void *
ask_html(void *picture)
{
	return text_get(picture, TEXT_HTML, all_of(WINDOW_START)) ? picture : NULL;
}

/* While one text is being made, all others are to be had: an output file does not wait for what a
 * request asked for, nor a request for an output file. */
static void
test_texts_do_not_wait_for_each_other(void **state)
{
	struct picture_facts facts = {.version = "1",
				      .ui_build = "b",
				      .html = &page,
				      .record = {.number = 1, .end_ns = 1000000000},
				      .interval_s = 1};
	char path[512], error[LOCATE_ERROR_MAX], *json;
	const char *paths[] = {path};
	struct host_list hosts = {0}, period = {0};
	struct heat *heat = heat_create();
	FILE *file = tmpfile();
	pthread_t thread;
	void *result;
	(void)state;

	snprintf(path, sizeof(path), "%s/many.mmdb", getenv("UNIT_DATA"));
	struct locate *locate = locate_create(paths, 1, error);
	assert_non_null(locate);
	assert_non_null(heat);
	assert_non_null(file);
	const uint8_t ipv4[4] = {11, 0, 0, 1};
	struct host_addr addr = host_addr_from_ipv4(ipv4);
	struct counts counts = {.packets = {{1, 1}, {0, 0}}};
	uint32_t place = locate_host(locate, &addr, ADDR_IPV4);
	assert_int_equal(heat_add(heat, place, &counts), 0);
	assert_int_equal(heat_end_period(heat, 1), 0);
	struct picture *picture =
		picture_create(&facts, heat, locate, &hosts, &period, all_of(WINDOW_START));
	assert_non_null(picture);

	assert_int_equal(sem_init(&gate.reached, 0, 0), 0);
	assert_int_equal(sem_init(&gate.open, 0, 0), 0);
	atomic_store(&gate.closed, true);
	assert_int_equal(pthread_create(&thread, NULL, ask_html, picture), 0);
	while (sem_wait(&gate.reached) != 0)
		continue;
	for (int w = 0; w < WINDOWS; w++)
		assert_non_null(text_get(picture, TEXT_HEAT, all_of((enum window)w)));
	assert_non_null(text_get(picture, TEXT_HTML, all_of(WINDOW_NOW)));
	assert_non_null(text_get(picture, TEXT_STATUS, all_of(WINDOW_NOW)));
	assert_int_equal(text_place(picture, place, WINDOW_START, &json), 0);
	free(json);
	assert_int_equal(text_write_hosts(picture, fileno(file)), 0);
	sem_post(&gate.open);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_non_null(result);
	assert_false(gate.waited_in_vain);

	fclose(file);
	sem_destroy(&gate.reached);
	sem_destroy(&gate.open);
	picture_release(picture);
	heat_destroy(heat);
	locate_destroy(locate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publish_while_asked),
		cmocka_unit_test(test_texts_do_not_wait_for_each_other),
	};
	return cmocka_run_group_tests_name("text threads", tests, NULL, NULL);
}
