/* SPDX-License-Identifier: BSD-3-Clause */
#include "top_command.h"

#include "top_client.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define EVERY_MS   2000
#define LINE_MAX_  512
#define NUMBERS    34 /* columns of a row's numbers */
#define SMALLEST_W 40

static struct termios before;
static bool raw;

static void
leave(void)
{
	if (!raw)
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	/* the cursor and the screen as they were */
	if (write(STDOUT_FILENO, "\033[?25h\033[?1049l", 14) > 0)
		raw = false;
}

static void
enter(void)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return;
	now = before;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &now);
	raw = true;
	printf("\033[?1049h\033[?25l");
}

/* One line, cut at the width of the terminal, characters counted rather than octets. */
static void __attribute__((format(printf, 3, 4))) put(int width, int *left, const char *format, ...)
{
	char line[LINE_MAX_];
	va_list arguments;
	int shown = 0;

	if (*left <= 0)
		return;
	--*left;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (const char *c = line; *c != 0; c++) {
		const bool starts = ((unsigned char)*c & 0xc0) != 0x80;

		if (starts && shown == width)
			break;
		shown += starts;
		putchar((unsigned char)*c < 0x20 ? ' ' : *c);
	}
	printf(raw ? "\033[K\r\n" : "\n");
}

static const char *
scaled(double value, char text[16])
{
	static const char units[] = " kMGTP";
	int unit = 0;

	while (value >= 999.5 && unit < 5) {
		value /= 1000;
		unit++;
	}
	snprintf(text, 16,
		 value < 9.995 && unit > 0   ? "%.2f%c"
		 : value < 99.95 && unit > 0 ? "%.1f%c"
					     : "%.0f%c",
		 value, units[unit]);
	return text;
}

static double
number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* A row of a list: name, packets/s, TCP and UDP shares. `at`: where the eight counters begin. */
static void
put_row(int width, int *left, const char *name, const json_t *row, size_t at, double seconds)
{
	const double tcp = json_number_value(json_array_get(row, at));
	const double udp = json_number_value(json_array_get(row, at + 1));
	const double octets = json_number_value(json_array_get(row, at + 2)) +
			      json_number_value(json_array_get(row, at + 3));
	const double all = tcp + udp > 0 ? tcp + udp : 1;
	const int room = width - NUMBERS > 10 ? width - NUMBERS : 10;
	char packets[16], bits[16], cut[LINE_MAX_];
	int shown = 0;
	size_t n = 0;

	/* the name's column in characters */
	for (const char *c = name; *c != 0 && n + 2 < sizeof(cut); c++) {
		const bool starts = ((unsigned char)*c & 0xc0) != 0x80;

		if (starts && shown == room - 1)
			break;
		shown += starts;
		cut[n++] = *c;
	}
	for (; shown < room && n + 1 < sizeof(cut); shown++)
		cut[n++] = ' ';
	cut[n] = 0;
	put(width, left, "%s %8s %9s %5.0f%% %5.0f%%", cut, scaled((tcp + udp) / seconds, packets),
	    scaled(8 * octets / seconds, bits), 100 * tcp / all, 100 * udp / all);
}

static void
put_list(int width, int *left, int rows, const char *title, const json_t *heat, const char *key,
	 double seconds)
{
	const json_t *list = json_object_get(json_object_get(heat, "top"), key);
	const int room = width - NUMBERS > 10 ? width - NUMBERS : 10;

	put(width, left, "%s", "");
	put(width, left, "%-*s %8s %9s %6s %6s", room, title, "pkt/s", "bit/s", "TCP", "UDP");
	for (int i = 0; i < rows; i++) {
		const json_t *row = json_array_get(list, (size_t)i);
		const char *first = json_string_value(json_array_get(row, 0));
		const char *second = json_string_value(json_array_get(row, 1));
		char name[LINE_MAX_];

		if (row == NULL)
			break;
		if (strcmp(key, "countries") == 0)
			snprintf(name, sizeof(name), "%s", first && first[0] ? first : "unknown");
		else
			snprintf(name, sizeof(name), "%s%s%s", first ? first : "",
				 second && second[0] ? ", " : "", second ? second : "");
		put_row(width, left, name, row,
			strcmp(key, "countries") == 0 ? 1
			: strcmp(key, "cities") == 0  ? 4
						      : 2,
			seconds);
	}
}

static void
draw(const struct top_server *server, const json_t *heat, const char *error)
{
	struct winsize size = {0};
	char packets[16], bits[16], lost[16];
	const json_t *sensor = json_object_get(heat, "sensor");
	const json_t *totals = json_object_get(heat, "totals");
	const char *name = json_string_value(json_object_get(sensor, "name"));
	const char *generated = json_string_value(json_object_get(heat, "generated"));
	double seconds = number(heat, "window_s");

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
		size.ws_col = 100;
		size.ws_row = 60;
	}
	const int width = size.ws_col > SMALLEST_W ? size.ws_col : SMALLEST_W;
	int left = raw ? size.ws_row - 1 : 1000;
	/* three lists with two lines of heading each, below four lines */
	int rows = (left - 4 - 3 * 2) / 3;
	rows = rows < 1 ? 1 : rows > 12 ? 12 : rows;
	if (raw)
		printf("\033[H");
	put(width, &left, "packet-heatmap  %s  %s", name ? name : server->url,
	    generated ? generated : "");
	if (error != NULL)
		put(width, &left, "%s; trying again, q ends", error);
	if (heat != NULL) {
		seconds = seconds > 0 ? seconds : 1;
		put(width, &left, "%spkt/s  %sbit/s  lost %s/s  places %.0f  countries %.0f%s",
		    scaled(number(sensor, "rx_pps"), packets),
		    scaled(number(sensor, "rx_bps"), bits),
		    scaled(number(sensor, "drop_pps"), lost), number(totals, "locations"),
		    number(totals, "countries"),
		    json_is_false(json_object_get(totals, "balanced")) ? "  LEDGER DOES NOT BALANCE"
								       : "");
		put_list(width, &left, rows, "Countries", heat, "countries", seconds);
		put_list(width, &left, rows, "Places", heat, "cities", seconds);
		put_list(width, &left, rows, "Talkers", heat, "talkers", seconds);
	}
	if (raw)
		printf("\033[J");
	fflush(stdout);
}

/* A key, a signal, or the time to ask again. False: end. */
static bool
wait_next(int signals, unsigned int wait_ms)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
			       {.fd = STDIN_FILENO, .events = POLLIN}};
	struct signalfd_siginfo info;
	char key;

	if (poll(fds, 2, (int)wait_ms) <= 0)
		return true;
	if (fds[0].revents & POLLIN)
		return read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
		       info.ssi_signo == SIGWINCH;
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q' && key != 3;
}

static int
run_live(const struct top_server *server)
{
	char error[TOP_ERROR_MAX];
	json_t *heat = NULL;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0) {
		fprintf(stderr, "packet-heatmap: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	atexit(leave);
	enter();
	do {
		json_t *next = top_ask(server, error);

		if (next != NULL) {
			json_decref(heat);
			heat = next;
		}
		draw(server, heat, next == NULL ? error : NULL);
	} while (wait_next(signals, EVERY_MS));
	leave();
	json_decref(heat);
	close(signals);
	return EXIT_SUCCESS;
}

int
top_run(int count, char **arguments)
{
	struct top_server server = {.token = ""};
	char error[TOP_ERROR_MAX];

	if (count == 1 &&
	    (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0)) {
		printf("packet-heatmap top [--token FILE] [URL]\n\n"
		       "Shows in a terminal what the packet-heatmap at URL counts, renewed every "
		       "two "
		       "seconds; q ends.\nURL: http://ADDRESS[:PORT], http://127.0.0.1:8080 unless "
		       "given. Where standard output is no\nterminal, once, and then it ends. "
		       "FILE: "
		       "its first line is a token that --add-token printed.\n");
		return EXIT_SUCCESS;
	}
	if (count >= 2 && strcmp(arguments[0], "--token") == 0) {
		const int ret = top_read_token(arguments[1], &server);

		if (ret != 0) {
			fprintf(stderr, "packet-heatmap: top: --token %.200s: %s\n", arguments[1],
				ret == -EINVAL ? "no token stands in it" : strerror(-ret));
			return 2;
		}
		arguments += 2;
		count -= 2;
	}
	if (count > 1 ||
	    top_parse_url(count ? arguments[0] : "http://127.0.0.1:8080", &server) != 0) {
		fprintf(stderr,
			"packet-heatmap: top: '%.100s' is no address of a server, such as "
			"http://127.0.0.1:8080 (one at most)\n",
			arguments[count - 1]);
		return 2;
	}
	if (isatty(STDOUT_FILENO) && isatty(STDIN_FILENO))
		return run_live(&server);
	json_t *heat = top_ask(&server, error);
	if (heat == NULL) {
		fprintf(stderr, "packet-heatmap: top: %s\n", error);
		return EXIT_FAILURE;
	}
	draw(&server, heat, NULL);
	json_decref(heat);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
