/* SPDX-License-Identifier: BSD-3-Clause */
/* The option table holds together, --help tells all of it, and each way to be wrong has its line.
 */
#include "options.h"
#include "unit.h"

#include <ctype.h>
#include <fcntl.h>

static char error[OPTIONS_ERROR_MAX];

static int
parse(struct settings *s, const char *one, const char *two, const char *three)
{
	char *args[] = {(char *)(uintptr_t)one, (char *)(uintptr_t)two, (char *)(uintptr_t)three};

	options_defaults(s);
	error[0] = 0;
	return options_parse(s, args, three ? 3 : two ? 2 : 1, error);
}

/* What a function prints, to be freed. */
static char *
printed(void (*print)(void))
{
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);

	assert_non_null(file);
	fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	print();
	fflush(stdout);
	assert_true(dup2(out, STDOUT_FILENO) >= 0);
	close(out);
	long length = lseek(fileno(file), 0, SEEK_END);
	char *text = malloc((size_t)length + 1);
	assert_non_null(text);
	assert_int_equal(pread(fileno(file), text, (size_t)length, 0), length);
	text[length] = 0;
	fclose(file);
	return text;
}

static void
print_help(void)
{
	options_help("9.8.7");
}

/* A program that has the option. */
static void
be_who_has(const struct option_def *o)
{
	options_of(o->programs == PROGRAM_WALL ? PROGRAM_WALL : PROGRAM_SENSOR);
}

static void
test_table(void **state)
{
	(void)state;
	assert_true(option_count > 20);
	assert_non_null(options[0].section);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *o = &options[i];

		be_who_has(o);
		assert_ptr_equal(options_find(o->name), o);
		assert_true(strlen(o->name) < 64); /* the parser's room for a name */
		for (const char *c = o->name; *c != 0; c++)
			assert_true(islower((unsigned char)*c) || *c == '-');
		assert_true(o->help[0] != 0 && o->help[strlen(o->help) - 1] == '.');
		assert_true((o->kind == OPTION_FLAG) == (o->value == NULL));
		assert_true(o->offset < sizeof(struct settings));
		/* two options do not share a field */
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(options[k].name, o->name);
			assert_true(options[k].offset != o->offset);
		}
		if (o->kind == OPTION_NUMBER || o->kind == OPTION_SECONDS) {
			assert_true(o->min < o->max);
			assert_non_null(o->unit);
			assert_non_null(o->default_value);
			if (o->kind == OPTION_NUMBER)
				assert_true(o->max < UINT32_MAX);
		} else {
			assert_null(o->unit);
		}
	}
	options_of(PROGRAM_WALL);
	assert_null(options_find("interface"));
	assert_non_null(options_find("brokers"));
	options_of(PROGRAM_SENSOR);
	assert_non_null(options_find("interface"));
	assert_null(options_find("brokers"));
	assert_null(options_find(""));
	assert_null(options_find("--pcap"));
	assert_null(options_find("pca"));
}

/* Each default can be typed, means what the table says, and is shown again as it was typed. */
static void
test_defaults(void **state)
{
	struct settings s, again;
	char text[4096];
	(void)state;

	options_defaults(&s);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *o = &options[i];

		if (o->default_value == NULL)
			continue;
		options_defaults(&again);
		assert_int_equal(options_set(&again, o, o->default_value, "x", error), 0);
		assert_memory_equal(&again, &s, sizeof(s));
		assert_string_equal(options_value(&s, o, text, sizeof(text)), o->default_value);
	}
	assert_true(s.period_s == 10);
	assert_int_equal(s.view.window, WINDOW_START);
	assert_int_equal(s.idle_sleep_us, IDLE_SLEEP_AUTO);
	assert_int_equal(s.decap, 0);
	assert_int_equal(s.pcaps.count, 0);
	assert_false(s.once);
}

/* Both ends of each range are allowed, and what is just outside is not. */
static void
test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *o = &options[i];
		char flag[80], value[64], shown[64];
		struct settings s;

		if (o->kind != OPTION_NUMBER && o->kind != OPTION_SECONDS)
			continue;
		be_who_has(o);
		snprintf(flag, sizeof(flag), "--%s", o->name);
		for (int end = 0; end < 2; end++) {
			snprintf(value, sizeof(value), "%.10g", end ? o->max : o->min);
			assert_int_equal(parse(&s, flag, value, NULL), 0);
			assert_string_equal(options_value(&s, o, shown, sizeof(shown)), value);
			double outside = end ? o->max + 1 : o->min - 1;
			if (outside < 0)
				continue;
			snprintf(value, sizeof(value), "%.10g", outside);
			assert_int_equal(parse(&s, flag, value, NULL), -1);
			assert_non_null(strstr(error, flag));
			assert_non_null(strstr(error, value));
			snprintf(value, sizeof(value), "%.10g to %.10g", o->min, o->max);
			assert_non_null(strstr(error, value));
		}
	}
}

static void
test_numbers_refused(void **state)
{
	static const char *const bad[] = {"",    " ",   "-1",    "+1",  "1 ",
					  " 1",  "1k",  "0x10",  "1e3", "1,5",
					  "inf", "nan", "1.2.3", ".",   "99999999999999999999999",
					  "٣"};
	struct settings s;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true_of(parse(&s, "--period", bad[i], NULL) == -1, "--period '%s'", bad[i]);
		assert_true_of(parse(&s, "--burst", bad[i], NULL) == -1, "--burst '%s'", bad[i]);
	}
	assert_int_equal(parse(&s, "--burst", "1.5", NULL), -1);
	assert_int_equal(parse(&s, "--burst", "auto", NULL), -1);
	assert_int_equal(parse(&s, "--period", "1.25", NULL), 0);
	assert_true(s.period_s == 1.25);
	assert_int_equal(parse(&s, "--period=.5", NULL, NULL), 0);
	assert_true(s.period_s == 0.5);
	assert_int_equal(parse(&s, "--idle-sleep", "auto", NULL), 0);
	assert_int_equal(s.idle_sleep_us, IDLE_SLEEP_AUTO);
}

static void
test_words(void **state)
{
	static const struct {
		const char *one, *two;
		int ret;
		const char *says;
	} cases[] = {
		{"--pcap", "a.pcap", 0, ""},
		{"--pcap=a.pcap", NULL, 0, ""},
		{"--pcap==", NULL, 0, ""},
		{"--once", NULL, 0, ""},
		{"-h", NULL, 0, ""},
		{"-V", NULL, 0, ""},
		{"--window", "24h", 0, ""},
		{"--window", "2h", -1, "'2h' is no window"},
		{"--decap", "gre,vxlan", 0, ""},
		{"--decap", "gre,nonsense", -1, "gre, erspan"},
		{"--listen", "0.0.0.0:80", 0, ""},
		{"--listen", "8080", 0, ""},
		{"--listen", "off", 0, ""},
		{"--listen", "127.0.0.1:0", 0, ""},
		{"--listen", "[::1]:80", -1,
		 "127.0.0.1:8080 (ports 0 to 65535; 0: one that is free), nor auto, nor off"},
		{"--cpus", "0,2-5", 0, ""},
		{"--cpus", "5-2", -1, "no list of CPUs"},
		{"--cpus", "0-1024", -1, "no list of CPUs"},
		{"--cpus", "1,", -1, "no list of CPUs"},
		{"--frame-ancestors", "'self' https://wall.example.net", 0, ""},
		{"--frame-ancestors", "*; script-src *", -1, "without ';'"},
		{"--frame-ancestors", "x\r\nSet-Cookie: a=b", -1, "without ';'"},
		{"--pcap", NULL, -1, "--pcap needs a value: FILE"},
		{"--pcap", "", -1, "--pcap: the value is empty"},
		{"--pcap=", NULL, -1, "--pcap: the value is empty"},
		{"--once=no", NULL, 0, ""},
		{"--once=yes", NULL, -1, "--once takes no value"},
		{"--once=", NULL, -1, "--once takes no value"},
		{"--no-such-thing", NULL, -1, "unknown option '--no-such-thing'"},
		{"--pca", NULL, -1, "unknown option '--pca'"},
		{"--", NULL, -1, "unknown option '--'"},
		{"--=x", NULL, -1, "unknown option '--=x'"},
		{"-p", NULL, -1, "'-p' is not an option"},
		{"a.pcap", NULL, -1, "'a.pcap' is not an option"},
		{"", NULL, -1, "'' is not an option"},
		{"--%s%n%x", NULL, -1, "unknown option '--%s%n%x'"},
		{"--"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxxx"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "x",
		 NULL, -1, "unknown option '--xxxx"},
	};
	struct settings s;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = parse(&s, cases[i].one, cases[i].two, NULL);

		assert_true_of(ret == cases[i].ret, "%s: %d %s", cases[i].one, ret, error);
		assert_true_of(strstr(error, cases[i].says) != NULL, "%s: %s", cases[i].one, error);
		assert_null(strchr(error, '\n'));
	}
	assert_int_equal(parse(&s, "--pcap==", NULL, NULL), 0);
	assert_string_equal(s.pcaps.items[0], "=");
	/* a flag that is set already, by a file, can be taken back */
	assert_int_equal(parse(&s, "--quiet", "--quiet=no", NULL), 0);
	assert_false(s.quiet);
	assert_int_equal(parse(&s, "--quiet=no", "--quiet", NULL), 0);
	assert_true(s.quiet);
}

static void
test_lists(void **state)
{
	char *args[2 * (LIST_MAX + 1)], flag[] = "--pcap", file[] = "file";
	struct settings s;
	char text[32];
	(void)state;

	for (int i = 0; i <= LIST_MAX; i++) {
		args[2 * i] = flag;
		args[2 * i + 1] = file;
	}
	options_defaults(&s);
	assert_int_equal(options_parse(&s, args, 2 * LIST_MAX, error), 0);
	assert_int_equal(s.pcaps.count, LIST_MAX);
	/* given again, a list replaces what a file had set */
	assert_int_equal(options_parse(&s, args, 4, error), 0);
	assert_int_equal(s.pcaps.count, 2);
	/* a text that is too small is filled, not overrun */
	assert_int_equal(options_parse(&s, args, 2 * LIST_MAX, error), 0);
	options_value(&s, options_find("pcap"), text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
	options_defaults(&s);
	assert_int_equal(options_parse(&s, args, 2 * (LIST_MAX + 1), error), -1);
	assert_non_null(strstr(error, "more than 64 times"));
}

static void
test_split(void **state)
{
	static const struct {
		const char *line[8];
		int eal, ours;
	} cases[] = {
		{{"prog"}, 0, 0},
		{{"prog", "--once"}, 0, 1},
		{{"prog", "--"}, 0, 0},
		{{"prog", "--", "--once"}, 0, 1},
		{{"prog", "-l", "0-1", "--", "--once", "--quiet"}, 2, 2},
		{{"prog", "-l", "0-1", "--"}, 2, 0},
		/* the first one splits; a second is ours, and wrong */
		{{"prog", "-l", "--", "a", "--", "b"}, 1, 3},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *argv[9] = {NULL}, **ours;
		int argc = 0, eal, count;

		while (argc < 8 && cases[i].line[argc] != NULL) {
			argv[argc] = (char *)(uintptr_t)cases[i].line[argc];
			argc++;
		}
		options_split(argc, argv, &eal, &ours, &count);
		assert_int_equal(eal, cases[i].eal);
		assert_int_equal(count, cases[i].ours);
		assert_ptr_equal(ours + count, argv + argc);
	}
}

static void
test_combinations(void **state)
{
	static const struct {
		const char *args[6];
		bool eal, good;
	} cases[] = {
		{{NULL}, false, false},
		{{NULL}, true, true},
		{{"--pcap=a"}, false, true},
		{{"--interface=a"}, false, true},
		{{"--pcap=a", "--interface=b"}, false, true},
		{{"--device=01:00.0"}, false, true},
		{{"--device=01:00.0"}, true, false},
		{{"--pcap=a", "--once"}, false, true},
		{{"--once"}, true, false},
		{{"--once", "--interface=a"}, false, false},
		{{"--once", "--pcap=a", "--interface=a"}, false, false},
		{{"--once", "--pcap=a", "--pcap-loop"}, false, false},
		{{"--once", "--pcap=a", "--open"}, false, false},
		{{"--once", "--pcap=a", "--device=01:00.0"}, false, false},
		{{"--pcap-loop", "--interface=a"}, false, false},
		{{"--pcap-loop", "--pcap=a"}, false, true},
		{{"--pcap=a", "--lanes=2"}, false, true},
		{{"--pcap=a", "--lanes=2", "--pcap-loop"}, false, false},
		{{"--pcap=a", "--follow"}, false, true},
		{{"--pcap=a", "--follow", "--once"}, false, false},
		{{"--pcap=-", "--follow"}, false, false},
		{{"--pcap=-", "--pcap=-"}, false, false},
		{{"--pcap=a", "--speed=2.5"}, false, true},
		{{"--pcap=a", "--speed=max", "--once"}, false, true},
		{{"--pcap=a", "--speed=2", "--pcap-rate=5"}, false, false},
		{{"--pcap=a", "--speed=2", "--pcap-loop"}, false, false},
		{{"--pcap=a", "--speed=2", "--interface=b"}, false, false},
		{{"--interface=a", "--speed=2"}, false, false},
		{{"--pcap=a", "--interface=b", "--lanes=2"}, false, true},
		{{"--pcap=a", "--json"}, false, false},
		{{"--interface=a", "--data-room=2015"}, false, false},
		{{"--interface=a", "--data-room=2016"}, false, true},
		{{"--pcap=a", "--data-room=64"}, false, true},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *args[6];
		int n = 0;
		struct settings s;

		while (n < 6 && cases[i].args[n] != NULL) {
			args[n] = (char *)(uintptr_t)cases[i].args[n];
			n++;
		}
		options_defaults(&s);
		assert_int_equal(options_parse(&s, args, n, error), 0);
		error[0] = 0;
		int ret = options_check(&s, cases[i].eal, error);
		assert_true_of(ret == (cases[i].good ? 0 : -1), "case %zu: %s", i, error);
		assert_true((error[0] == 0) == cases[i].good);
	}
}

/* Blanks and line ends are one blank each. */
static void
squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from != 0; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to == text || to[-1] != ' ')
			*to++ = ' ';
	}
	*to = 0;
}

static void
check_help(void)
{
	char *help = printed(print_help);

	for (const char *line = help; *line != 0;) {
		size_t length = strcspn(line, "\n");

		assert_true_of(length <= 80, "%.*s", (int)length, line);
		line += length + (line[length] == '\n');
	}
	assert_non_null(strstr(help, "9.8.7"));
	squeeze(help);
	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		char item[2048];

		snprintf(item, sizeof(item), " --%s%s%s %s", o->name, o->value ? " " : "",
			 o->value ? o->value : "", o->help);
		/* the whole of it, and its default */
		assert_true_of(strstr(help, item) != NULL, "--help cuts or lacks '%s'", item);
		if (o->default_value != NULL) {
			snprintf(item, sizeof(item), "default %s)", o->default_value);
			assert_true_of(strstr(strstr(help, o->help), item) != NULL, "%s", item);
		}
	}
	free(help);

	char *mdoc = printed(options_print_mdoc);
	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		char item[128];

		snprintf(item, sizeof(item), ".It Fl Fl %s", o->name);
		assert_non_null(strstr(mdoc, item));
	}
	free(mdoc);
}

static void
test_help(void **state)
{
	(void)state;
	options_of(PROGRAM_WALL);
	check_help();
	options_of(PROGRAM_SENSOR);
	check_help();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),  cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_ranges), cmocka_unit_test(test_numbers_refused),
		cmocka_unit_test(test_words),  cmocka_unit_test(test_lists),
		cmocka_unit_test(test_split),  cmocka_unit_test(test_combinations),
		cmocka_unit_test(test_help),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
