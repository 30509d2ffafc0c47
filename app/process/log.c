/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include "clock.h"
#include "join.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL     "/run/systemd/journal/socket"
#define MESSAGE_MAX 6144

/* An entry and its texts in one piece. */
struct line {
	struct log_entry entry;
	char area[32], message[];
};

static struct {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	pthread_t thread;
	struct line *lines[LOG_WAITING];
	size_t first, waiting, lost;
	bool running, ending;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static pthread_once_t resolved = PTHREAD_ONCE_INIT;
static enum log_format format_wanted; /* [main] before the first line, or by log_set_format */
static enum log_format format_now;    /* [main] as log_set_format has it */
static const char *program;           /* [main] before the first line */
static int journal = -1;              /* [main] the same; connected */

/* systemd.exec(5): device and inode of the stream that it gave us. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat now;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &now) == 0 && now.st_dev == device && now.st_ino == inode;
}

static int
connect_journal(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
resolve_format(void)
{
	enum log_format format = format_wanted;

	if (format == LOG_FORMAT_AUTO)
		format = stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
	if (format == LOG_FORMAT_JOURNAL && journal < 0) {
		journal = connect_journal();
		if (journal < 0)
			format = LOG_FORMAT_PREFIX;
	}
	format_now = format;
}

void
log_set_program(const char *name)
{
	program = name;
}

void
log_set_format(enum log_format format)
{
	format_wanted = format;
	/* a line before this one has resolved what was wanted then */
	pthread_once(&resolved, resolve_format);
	resolve_format();
}

/* One write for each line: lines of several processes do not mix; where stderr is gone nobody
 * reads. */
static void
write_entry(const struct log_entry *entry)
{
	char text[LOG_RENDERED_MAX];
	enum log_format format;
	size_t length;

	pthread_once(&resolved, resolve_format);
	format = format_now;
	if (format == LOG_FORMAT_JOURNAL) {
		length = log_render(entry, format, text);
		if (send(journal, text, length, MSG_NOSIGNAL) >= 0)
			return;
		format = LOG_FORMAT_PREFIX; /* it is restarted, perhaps: the stream still holds */
	}
	length = log_render(entry, format, text);
	if (write(STDERR_FILENO, text, length) < 0)
		return;
}

static void *
log_run(void *unused)
{
	char text[80];

	(void)unused;
	pthread_mutex_lock(&logger.lock);
	for (;;) {
		while (logger.waiting == 0 && !logger.ending)
			pthread_cond_wait(&logger.changed, &logger.lock);
		if (logger.waiting == 0)
			break;
		struct line *line = logger.lines[logger.first];
		logger.first = (logger.first + 1) % LOG_WAITING;
		logger.waiting--;
		size_t lost = logger.lost;
		logger.lost = 0;
		pthread_mutex_unlock(&logger.lock);
		write_entry(&line->entry);
		free(line);
		if (lost > 0) {
			snprintf(text, sizeof(text), "%zu log lines were lost: nobody read them",
				 lost);
			write_entry(&(struct log_entry){.time_ms = utc_ms(),
							.program = program,
							.priority = LOG_WARNING,
							.area = "log",
							.message = text});
		}
		pthread_mutex_lock(&logger.lock);
	}
	pthread_mutex_unlock(&logger.lock);
	return NULL;
}

static struct line *
copy_entry(const struct log_entry *entry)
{
	size_t length = strlen(entry->message) + 1;
	struct line *line = malloc(sizeof(*line) + length);

	if (line == NULL)
		return NULL;
	line->entry = *entry;
	snprintf(line->area, sizeof(line->area), "%s", entry->area);
	memcpy(line->message, entry->message, length);
	line->entry.area = line->area;
	line->entry.message = line->message;
	return line;
}

/* Hands the line over to the thread. False: there is none. */
static bool
hand_over(const struct log_entry *entry)
{
	pthread_mutex_lock(&logger.lock);
	bool running = logger.running;
	if (running) {
		struct line *copy = logger.waiting < LOG_WAITING ? copy_entry(entry) : NULL;

		if (copy != NULL)
			logger.lines[(logger.first + logger.waiting++) % LOG_WAITING] = copy;
		else
			logger.lost++;
		pthread_cond_signal(&logger.changed);
	}
	pthread_mutex_unlock(&logger.lock);
	return running;
}

void
log_at(int priority, const char *area, const char *id, const char *format, ...)
{
	char message[MESSAGE_MAX] = "", name[32];
	const struct log_entry entry = {.time_ms = utc_ms(),
					.program = program,
					.priority = priority,
					.area = name,
					.id = id,
					.message = message};
	va_list args;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(area, "."), area);
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (!hand_over(&entry))
		write_entry(&entry);
}

void
log_text(const char *text)
{
	log_at(LOG_INFO, "app", NULL, "%s", text);
}

void
log_port(const char *text)
{
	log_at(LOG_INFO, "port", NULL, "%s", text);
}

void
log_history(const char *text)
{
	log_at(LOG_WARNING, "history", NULL, "%s", text);
}

void
log_auth(const char *text)
{
	log_at(LOG_NOTICE, "auth", NULL, "%s", text);
}

void
log_unusual(const char *text)
{
	log_at(LOG_NOTICE, "watch", NULL, "%s", text);
}

void
log_capture(const char *text)
{
	log_at(LOG_WARNING, "capture", NULL, "warning: %s", text);
}

int
log_start(void)
{
	pthread_mutex_lock(&logger.lock);
	int error = pthread_create(&logger.thread, NULL, log_run, NULL);
	logger.running = error == 0;
	pthread_mutex_unlock(&logger.lock);
	if (error == 0)
		pthread_setname_np(logger.thread, "log");
	return -error;
}

void
log_stop(int timeout_ms)
{
	pthread_mutex_lock(&logger.lock);
	bool running = logger.running;
	logger.running = false;
	logger.ending = true;
	pthread_cond_signal(&logger.changed);
	pthread_mutex_unlock(&logger.lock);
	if (!running)
		return;
	join_within(logger.thread, timeout_ms);
}
