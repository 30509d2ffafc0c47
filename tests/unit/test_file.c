/* SPDX-License-Identifier: BSD-3-Clause */
/* Files replaced as a whole: what stands there before, during and after, and what is no plain file.
 */
#include "file.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char folder[64];

static int
setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as the program does */
	scratch_make(folder);
	return chdir(folder);
}

static int
teardown(void **state)
{
	(void)state;
	if (chdir("/") != 0)
		return -1;
	scratch_remove(folder);
	return 0;
}

static void
put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
assert_holds(const char *path, const char *text)
{
	char held[256] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	held[fread(held, 1, sizeof(held) - 1, file)] = 0;
	fclose(file);
	assert_string_equal(held, text);
}

/* Names in the folder: nothing temporary may stay. */
static int
entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static int
replace(const char *path, const char *text)
{
	return file_replace_text(path, text, strlen(text));
}

static void
test_new_and_old(void **state)
{
	struct stat st;
	mode_t mask = umask(027);
	(void)state;

	assert_int_equal(file_check("new"), 0);
	assert_int_equal(entries("."), 0);
	assert_int_equal(replace("new", "one"), 0);
	assert_holds("new", "one");
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	ino_t before = st.st_ino;
	/* another file takes its place: a reader that has it open goes on reading the old one */
	int fd = open("new", O_RDONLY);
	assert_int_equal(chmod("new", 0604), 0);
	assert_int_equal(replace("new", "two!"), 0);
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_true(st.st_ino != before);
	char text[8] = "";
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_string_equal(text, "one");
	close(fd);
	assert_holds("new", "two!");
	assert_int_equal(replace("new", ""), 0);
	assert_holds("new", "");
	assert_int_equal(entries("."), 1);
	/* the mask is as it was */
	assert_int_equal(umask(mask), 027);
}

static int
write_half(int fd, void *context)
{
	assert_int_equal(write(fd, "half", 4), 4);
	/* what a reader sees meanwhile is whole */
	assert_holds(context, "old");
	return -ENOSPC;
}

static void
test_failure_leaves_the_old_one(void **state)
{
	char path[] = "kept";
	(void)state;

	put_file(path, "old");
	assert_int_equal(file_replace(path, write_half, path), -ENOSPC);
	assert_holds(path, "old");
	assert_int_equal(entries("."), 1);
}

static void
test_refused(void **state)
{
	char longer[PATH_MAX + 20];
	(void)state;

	assert_int_equal(mkdir("dir", 0755), 0);
	put_file("plain", "");
	assert_int_equal(file_check("dir"), -EISDIR);
	assert_int_equal(file_check("dir/"), -EISDIR);
	assert_int_equal(file_check("nowhere/"), -EISDIR);
	assert_int_equal(file_check(""), -EISDIR);
	assert_int_equal(file_check("nowhere/x"), -ENOENT);
	assert_int_equal(file_check("plain/x"), -ENOTDIR);
	assert_int_equal(replace("dir", "x"), -EISDIR);
	assert_int_equal(replace("nowhere/x", "x"), -ENOENT);
	assert_int_equal(replace("plain/x", "x"), -ENOTDIR);
	/* a path that is too long is not cut to one that is not */
	memset(longer, 'x', sizeof(longer) - 1);
	for (size_t i = 0; i < sizeof(longer) - 1; i += 2)
		longer[i] = i % 4 ? '/' : '.';
	longer[sizeof(longer) - 2] = 'x';
	longer[sizeof(longer) - 1] = 0;
	assert_int_equal(file_check(longer), -ENAMETOOLONG);
	assert_int_equal(replace(longer, "x"), -ENAMETOOLONG);
	assert_int_equal(entries("dir"), 0);
	assert_int_equal(entries("."), 2);
}

static void
test_links(void **state)
{
	struct stat st;
	(void)state;

	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(mkdir("b", 0755), 0);
	put_file("b/target", "old");
	assert_int_equal(symlink("../b/target", "a/link"), 0);
	assert_int_equal(symlink("a/link", "chain"), 0);
	assert_int_equal(replace("chain", "new"), 0);
	assert_holds("b/target", "new");
	/* a target that is not there yet */
	assert_int_equal(symlink("../b/later", "a/early"), 0);
	assert_int_equal(file_check("a/early"), 0);
	assert_int_equal(replace("a/early", "made"), 0);
	assert_int_equal(lstat("a/early", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_holds("b/later", "made");
	char absolute[128];
	snprintf(absolute, sizeof(absolute), "%s/b/abs", folder);
	assert_int_equal(symlink(absolute, "a/absolute"), 0);
	assert_int_equal(replace("a/absolute", "abs"), 0);
	assert_holds("b/abs", "abs");
	/* links that lead nowhere */
	assert_int_equal(symlink("loop2", "loop1"), 0);
	assert_int_equal(symlink("loop1", "loop2"), 0);
	assert_int_equal(file_check("loop1"), -ELOOP);
	assert_int_equal(replace("loop1", "x"), -ELOOP);
	assert_int_equal(symlink("../nowhere/x", "a/nowhere"), 0);
	assert_int_equal(replace("a/nowhere", "x"), -ENOENT);
	/* a folder behind a link */
	assert_int_equal(symlink("b", "folder"), 0);
	assert_int_equal(replace("folder", "x"), -EISDIR);
	assert_int_equal(replace("folder/inside", "in"), 0);
	assert_holds("b/inside", "in");
}

struct reader {
	const char *path;
	size_t wanted, got;
	bool sound;
	int opened; /* the descriptor that tells when the FIFO has its reader */
};

static void *
read_fifo(void *argument)
{
	struct reader *r = argument;
	int fd = open(r->path, O_RDONLY);
	char part[4096];
	ssize_t n;

	r->sound = fd >= 0;
	if (write(r->opened, "", 1) != 1)
		r->sound = false;
	while ((n = read(fd, part, sizeof(part))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			r->sound = r->sound && part[i] == (char)('a' + (r->got + (size_t)i) % 26);
		r->got += (size_t)n;
	}
	close(fd);
	return NULL;
}

/* Far more than a pipe holds, so that the writer meets a full one. */
static void
test_fifo(void **state)
{
	enum { LENGTH = 1 << 20 };
	char *text = malloc(LENGTH);
	struct reader r = {.path = "fifo", .wanted = LENGTH};
	pthread_t thread;
	int ready[2];
	char go;
	(void)state;

	assert_non_null(text);
	for (size_t i = 0; i < LENGTH; i++)
		text[i] = (char)('a' + i % 26);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(file_check("fifo"), 0);
	/* without a reader: an error at once, and not a wait for ever */
	assert_int_equal(file_replace_text("fifo", text, LENGTH), -ENXIO);

	assert_int_equal(pipe(ready), 0);
	r.opened = ready[1];
	/* this end lets the reader's open return; then it goes, and the writer's own is the last */
	int both = open("fifo", O_RDWR);
	assert_true(both >= 0);
	assert_int_equal(pthread_create(&thread, NULL, read_fifo, &r), 0);
	assert_int_equal(read(ready[0], &go, 1), 1);
	assert_int_equal(file_replace_text("fifo", text, LENGTH), 0);
	close(both);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(r.sound);
	assert_int_equal(r.got, LENGTH);

	/* a reader that takes nothing: given up after a while */
	int idle = open("fifo", O_RDONLY | O_NONBLOCK);
	assert_true(idle >= 0);
	assert_int_equal(file_replace_text("fifo", text, LENGTH), -ETIMEDOUT);
	close(idle);
	struct stat st;
	assert_int_equal(stat("fifo", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	close(ready[0]);
	close(ready[1]);
	free(text);
}

static void
test_devices(void **state)
{
	(void)state;
	assert_int_equal(file_check("/dev/null"), 0);
	assert_int_equal(replace("/dev/null", "x"), 0);
	assert_int_equal(replace("/dev/full", "x"), -ENOSPC);
	struct stat st;
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

/* Folders and files that one may not write, and one that may be written but not read. */
static void
test_permissions(void **state)
{
	bool root = geteuid() == 0;
	(void)state;

	assert_int_equal(mkdir("closed", 0555), 0);
	put_file("own", "old");
	assert_int_equal(chmod("own", 0444), 0);
	assert_int_equal(mkdir("drop", 0333), 0);
	assert_int_equal(chmod("drop", 0333), 0);
	assert_int_equal(chmod(".", 0755), 0);
	if (root) /* root may do all: be nobody for a while */
		assert_int_equal(seteuid(65534), 0);
	int closed_check = file_check("closed/x"), closed = replace("closed/x", "x");
	int drop = replace("drop/x", "in");
	int own = root ? 0 : replace("own", "new"); /* of the folder's owner: like any editor */
	int foreign = root ? replace("own", "new") : -EACCES;
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(closed_check, -EACCES);
	assert_int_equal(closed, -EACCES);
	assert_int_equal(drop, 0);
	assert_int_equal(own, 0);
	assert_int_equal(foreign, -EACCES);
	assert_int_equal(chmod("drop", 0700), 0);
	assert_int_equal(entries("drop"), 1);
	assert_holds("drop/x", "in");
	assert_int_equal(entries("closed"), 0);
}

static int
write_and_die(int fd, void *context)
{
	(void)context;
	assert_int_equal(file_write(fd, "half", 4), 0);
	raise(SIGKILL);
	return 0;
}

/* Says that it is at it, and goes on when it is told to. */
static int
write_slowly(int fd, void *context)
{
	const int *pipes = context;
	char go;

	if (write(pipes[1], "x", 1) != 1 || read(pipes[2], &go, 1) != 1)
		return -EIO;
	return file_write(fd, "whole", 5);
}

static void
in_child(int (*writer)(int fd, void *context), void *context, pid_t *child)
{
	*child = fork();
	assert_true(*child >= 0);
	if (*child == 0)
		_exit(file_replace("sweep/out", writer, context) == 0 ? 0 : 1);
}

/* What a killed process left goes at the next start; what a living one writes stays, and so does
 * what only looks alike. */
static void
test_left_behind(void **state)
{
	int pipes[4], status;
	pid_t child;
	char c;
	(void)state;

	assert_int_equal(mkdir("sweep", 0700), 0);
	put_file("sweep/out", "old");
	for (int i = 0; i < 3; i++) {
		in_child(write_and_die, NULL, &child);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
	}
	assert_int_equal(entries("sweep"), 4);
	assert_holds("sweep/out", "old");
	assert_int_equal(file_check("sweep/out"), 0);
	assert_int_equal(entries("sweep"), 1);

	put_file("sweep/.packet-heatmap.config", "");
	put_file("sweep/.packet-heatmap.tmp.1234567", "");
	put_file("sweep/packet-heatmap.tmp.123456", "");
	assert_int_equal(mkdir("sweep/.packet-heatmap.tmp.folder", 0700), 0);
	assert_int_equal(mkfifo("sweep/.packet-heatmap.tmp.isfifo", 0600), 0);
	assert_int_equal(symlink("out", "sweep/.packet-heatmap.tmp.islink"), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(pipe(pipes + 2), 0);
	in_child(write_slowly, pipes, &child);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	assert_int_equal(entries("sweep"), 8);
	assert_int_equal(file_check("sweep/out"), 0);
	assert_int_equal(entries("sweep"), 8);
	assert_int_equal(write(pipes[3], "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_holds("sweep/out", "whole");
	assert_int_equal(entries("sweep"), 7);
	for (int i = 0; i < 4; i++)
		close(pipes[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_and_old, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure_leaves_the_old_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_permissions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_behind, setup, teardown),
	};
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
