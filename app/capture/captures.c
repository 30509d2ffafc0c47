/* SPDX-License-Identifier: BSD-3-Clause */
#include "captures.h"

#include "capture_file.h"
#include "parse.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* between two looks whether to stop: 64 MB at the most, of the longest packets there are */
#define PACKETS_PER_LOOK 256
#define STOPPED          "stopped while it was looked at"

static int
fail_capture(char error[CAPTURES_ERROR_MAX], const char *path, const char *what)
{
	snprintf(error, CAPTURES_ERROR_MAX, "%s: %s", path, what);
	return strcmp(what, STOPPED) == 0 ? -ECANCELED : -EINVAL;
}

bool
capture_readable(unsigned int dlt)
{
	uint8_t link;

	return parse_link_of((int)dlt, &link) == 0;
}

const char *
capture_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0)
		return "stdin";
	return slash != NULL && slash[1] != 0 ? slash + 1 : path;
}

static int
check_link(struct capture *capture, int dlt, char error[CAPTURES_ERROR_MAX])
{
	char text[600];

	if (parse_link_of(dlt, &capture->link) == 0)
		return 0;
	const char *name = pcap_datalink_val_to_description(dlt);
	snprintf(text, sizeof(text),
		 "a capture of '%.100s' (link type %d), which is not supported; capture on an "
		 "Ethernet, IP, PPP or 802.11 interface",
		 name ? name : "unknown", dlt);
	return fail_capture(error, capture->path, text);
}

/* A file, a pipe or standard input: its descriptor, or -1 with `error`. */
static int
open_path(const char *path, struct stat *st, char error[CAPTURES_ERROR_MAX])
{
	/* not to wait for a pipe's writer in open(2), where nobody could stop it */
	const bool standard = strcmp(path, "-") == 0;
	int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *wrong = NULL;

	if (fd < 0 || fstat(fd, st) != 0)
		wrong = strerror(errno);
	else if (isatty(fd))
		wrong = "is a terminal; a capture is piped into it: tcpdump -w - | packet-heatmap "
			"--pcap -";
	else if (S_ISDIR(st->st_mode))
		wrong = "is a folder";
	else if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode) && !S_ISSOCK(st->st_mode) &&
		 !S_ISCHR(st->st_mode))
		wrong = "is neither a file nor a pipe";
	else if (S_ISREG(st->st_mode) && st->st_size == 0)
		wrong = "the file is empty: it has no capture header";
	if (wrong == NULL)
		return fd;
	fail_capture(error, path, wrong);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Reads the packets before the end or the damage: how many, and how long. */
static int
read_through(struct capture_file *file, bool strict, const atomic_bool *cancel,
	     struct capture *capture, char error[CAPTURES_ERROR_MAX])
{
	char text[CAPTURE_ERROR_MAX + 100];
	struct capture_record record;
	uint8_t link;
	int ret;

	while ((ret = capture_file_next(file, &record)) == 1) {
		capture->packets++;
		if (record.captured > capture->longest)
			capture->longest = record.captured;
		if (parse_link_of(record.dlt, &link) != 0)
			link = PARSE_LINK_OPAQUE;
		if (capture->packets == 1) {
			capture->link = link;
			capture->dlt = record.dlt;
		} else if (link != capture->link) {
			capture->mixed = true;
		}
		if (capture->packets % PACKETS_PER_LOOK == 0 && cancel != NULL &&
		    atomic_load(cancel))
			return fail_capture(error, capture->path, STOPPED);
	}
	if (ret == 0)
		return 0;
	snprintf(capture->damage, sizeof(capture->damage),
		 "cut short or damaged after packet %llu, at octet %llu (%.200s)",
		 (unsigned long long)capture->packets, (unsigned long long)capture_file_good(file),
		 capture_file_why(file));
	if (!strict)
		return 0;
	snprintf(text, sizeof(text), "%s; without --strict the packets before it count",
		 capture->damage);
	return fail_capture(error, capture->path, text);
}

int
capture_open(const char *path, bool strict, const atomic_bool *cancel, struct capture *capture,
	     char error[CAPTURES_ERROR_MAX])
{
	const struct capture_wait wait = {.cancel = cancel};
	char why[CAPTURE_ERROR_MAX];
	struct stat st;

	*capture = (struct capture){.path = path, .fd = -1};
	int fd = open_path(path, &st, error);
	if (fd < 0)
		return -EINVAL;
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return fail_capture(error, path,
				    "is a pipe or a device, which can be read once; save it first");
	}
	int second = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct capture_file *file = second >= 0 ? capture_file_open(second, &wait, why) : NULL;
	if (file == NULL) {
		close(fd);
		return fail_capture(error, path, why);
	}
	capture->compressed = capture_file_is_compressed(file);
	int dlt = capture_file_dlt(file);
	int ret = dlt >= 0 ? check_link(capture, dlt, error) : 0;
	if (ret == 0)
		ret = read_through(file, strict, cancel, capture, error);
	capture_file_close(file);
	if (ret == 0 && lseek(fd, 0, SEEK_SET) == 0)
		capture->fd = fd;
	else
		close(fd);
	return ret;
}

/* --strict: all files of a list are read through first. */
static int
read_list_through(const char *path, const atomic_bool *cancel, char error[CAPTURES_ERROR_MAX])
{
	char why[CAPTURE_ERROR_MAX];
	struct capture_list *list = capture_list_open(path, cancel, NULL, why);
	const char *name;
	int ret = list != NULL ? 0 : fail_capture(error, path, why);

	while (ret == 0 && (name = capture_list_next(list)) != NULL) {
		struct capture one;

		ret = capture_open(name, true, cancel, &one, error);
		capture_close(&one);
	}
	capture_list_close(list);
	return ret;
}

static int
prepare_file(const struct settings *s, const atomic_bool *cancel, void (*note)(const char *text),
	     struct capture *capture, char error[CAPTURES_ERROR_MAX])
{
	const struct capture_wait wait = {.cancel = cancel};
	const char *path = capture->path;
	char why[CAPTURE_ERROR_MAX];
	struct capture_record first;
	struct stat st;

	if (s->strict) {
		struct capture whole;
		int ret = capture_open(path, true, cancel, &whole, error);

		capture_close(&whole);
		if (ret != 0)
			return ret;
	}
	int fd = open_path(path, &st, error);
	if (fd < 0)
		return -EINVAL;
	capture->file = capture_file_open(fd, &wait, why);
	if (capture->file == NULL)
		return fail_capture(error, path, why);
	int dlt = capture_file_dlt(capture->file);
	int ret = dlt >= 0 ? check_link(capture, dlt, error) : 0;
	if (ret != 0)
		return ret;
	/* a record has 16 octets besides its packet at least */
	if (S_ISREG(st.st_mode) && !capture_file_is_compressed(capture->file) && !s->follow)
		capture->most = (uint64_t)st.st_size / 16;
	if (S_ISREG(st.st_mode) && !s->follow && capture_file_look(capture->file, &first) == 0) {
		snprintf(why, sizeof(why), "%.300s: the capture holds no packets", path);
		note(why);
	}
	return cancel != NULL && atomic_load(cancel) ? fail_capture(error, path, STOPPED) : 0;
}

int
capture_prepare(const char *path, const struct settings *s, const atomic_bool *cancel,
		void (*note)(const char *text), struct capture *capture,
		char error[CAPTURES_ERROR_MAX])
{
	char why[CAPTURE_ERROR_MAX];
	int ret = 0;

	*capture = (struct capture){.path = path, .fd = -1, .most = UINT64_MAX};
	if (!capture_list_is_many(path)) {
		ret = prepare_file(s, cancel, note, capture, error);
	} else {
		if (s->strict)
			ret = read_list_through(path, cancel, error);
		if (ret == 0) {
			capture->list = capture_list_open(path, cancel, note, why);
			if (capture->list == NULL)
				ret = fail_capture(error, path, why);
		}
	}
	if (ret != 0)
		capture_close(capture);
	return ret;
}

void
capture_close(struct capture *capture)
{
	capture_file_close(capture->file);
	capture_list_close(capture->list);
	if (capture->fd > 0)
		close(capture->fd);
	capture->file = NULL;
	capture->list = NULL;
	capture->fd = -1;
}
