/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Each case runs in a child, since nothing of this can be undone. The child has a second thread
 * from before, as EAL's are; that thread is the one asked.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "privileges.h"

#define USER "nobody"

static pthread_barrier_t barrier;
static int (*question)(void);
static int answer;

static void *
early_thread(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&barrier); /* started */
	pthread_barrier_wait(&barrier); /* dropped and confined */
	answer = question();
	return NULL;
}

/* Run `before` in the main thread of a child, then `ask` in a thread that was there already.
 * The exit code of the child is the answer: 0, or the line that was not so.
 */
static int
ask_in_child(int (*before)(void), int (*ask)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;
		int ret;

		question = ask;
		pthread_barrier_init(&barrier, NULL, 2);
		if (pthread_create(&thread, NULL, early_thread, NULL) != 0)
			_exit(200);
		pthread_barrier_wait(&barrier);
		ret = before();
		if (ret != 0)
			_exit(ret);
		pthread_barrier_wait(&barrier);
		pthread_join(thread, NULL);
		_exit(answer);
	}
	assert_int_not_equal(child, -1);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status))
		fail_msg("the child ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

#define SO(condition)                                                                              \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__,      \
				#condition, errno);                                                \
			return __LINE__ % 199 + 1;                                                 \
		}                                                                                  \
	} while (0)

static unsigned long long
status_of_thread(const char *key, int base)
{
	char path[64], line[256];
	unsigned long long value = ~0ULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/status", syscall(SYS_gettid));
	file = fopen(path, "re");
	if (file == NULL)
		return value;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key), NULL, base);
	fclose(file);
	return value;
}

static int
drop_and_confine(void)
{
	char error[256] = "";

	SO(privileges_drop(USER, SOURCE_CARD, error, sizeof(error)) == 0);
	SO(privileges_confine(SOURCE_CARD) == 0);
	return 0;
}

#define NET_RAW (1ULL << CAP_NET_RAW)

/* On a kernel interface: asked of the main thread and of one that it starts, the rest is theirs. */
static void *
late_net_raw(void *found)
{
	*(unsigned long long *)found = status_of_thread("CapEff:", 16);
	return NULL;
}

static int
drop_but_net_raw(void)
{
	unsigned long long late = 0;
	struct privileges state;
	pthread_t thread;
	char error[256] = "";
	int fd;

	SO(privileges_drop(USER, SOURCE_PACKET_SOCKET, error, sizeof(error)) == 0);
	SO(privileges_confine(SOURCE_PACKET_SOCKET) == 0);
	SO(geteuid() != 0);
	SO(status_of_thread("CapEff:", 16) == NET_RAW);
	SO(status_of_thread("CapPrm:", 16) == NET_RAW);
	SO(status_of_thread("CapInh:", 16) == 0);
	SO(status_of_thread("CapAmb:", 16) == 0);
	SO(privileges_read(&state) == 0 && state.effective == NET_RAW);
	SO(pthread_create(&thread, NULL, late_net_raw, &late) == 0);
	SO(pthread_join(thread, NULL) == 0 && late == NET_RAW);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	SO(fd >= 0 && close(fd) == 0);
	SO(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP) == -1 && errno == EPERM);
	return 0;
}

static int
confine(void)
{
	SO(privileges_confine(SOURCE_CARD) == 0);
	return 0;
}

static int
is_nobody(void)
{
	uid_t real, effective, saved;
	gid_t groups[8];

	SO(getresuid(&real, &effective, &saved) == 0);
	SO(real != 0 && effective == real && saved == real);
	SO(status_of_thread("Uid:", 10) == real);
	SO(status_of_thread("CapEff:", 16) == 0);
	SO(status_of_thread("CapPrm:", 16) == 0);
	SO(status_of_thread("CapInh:", 16) == 0);
	SO(status_of_thread("CapAmb:", 16) == 0);
	SO(status_of_thread("NoNewPrivs:", 10) == 1);
	SO(status_of_thread("Seccomp:", 10) == 2);
	for (int i = getgroups(8, groups); i > 0; i--)
		SO(groups[i - 1] != 0); /* none of root's groups is left */
	return 0;
}

static int
says_so(void)
{
	struct privileges state;

	SO(privileges_read(&state) == 0);
	SO(strcmp(state.user, USER) == 0);
	SO(state.uid == geteuid());
	SO(state.effective == 0);
	SO(state.no_new_privileges);
	SO(state.seccomp == 2);
	return 0;
}

static int
cannot_harm(void)
{
	char *const argv[] = {(char *)(uintptr_t) "true", NULL};
	void *memory;
	int fd;

	SO(execve("/bin/true", argv, NULL) == -1 && errno == EPERM);
	SO(fork() == -1 && errno == EPERM);
	SO(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) == -1 && errno == EPERM);
	SO(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	SO(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 && errno == EPERM);
	SO(syscall(SYS_setuid, 0) == -1 && errno == EPERM);
	SO(syscall(SYS_mount, "a", "b", "c", 0, NULL) == -1 && errno == EPERM);
	SO(syscall(SYS_init_module, NULL, 0, "") == -1 && errno == EPERM);
	SO(syscall(SYS_bpf, 0, NULL, 0) == -1 && errno == EPERM);
	SO(syscall(SYS_unshare, 0) == -1 && errno == EPERM);
	SO(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM);
	SO(socket(AF_VSOCK, SOCK_STREAM, 0) == -1 && errno == EPERM);
	SO(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == -1 && errno == EPERM);
	SO(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0) == MAP_FAILED &&
	   errno == EPERM);
	/* nor in two steps, nor from a file */
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SO(memory != MAP_FAILED);
	SO(mprotect(memory, 4096, PROT_READ | PROT_EXEC) == -1 && errno == EPERM);
	SO(mprotect(memory, 4096, PROT_EXEC) == -1 && errno == EPERM);
	SO(mprotect(memory, 4096, PROT_READ) == 0);
	SO(munmap(memory, 4096) == 0);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	SO(fd >= 0);
	SO(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED &&
	   errno == EPERM);
	SO(close(fd) == 0);
	SO(socket(AF_INET, SOCK_RAW, IPPROTO_TCP) == -1 && errno == EPERM);
	SO(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP) == -1 && errno == EPERM);
	return 0;
}

static void *
late_thread(void *value)
{
	return value;
}

static void *
endless_thread(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int
can_work(void)
{
	int value = 7, fd;
	pthread_t thread;
	void *result = NULL, *memory;

	SO(pthread_create(&thread, NULL, late_thread, &value) == 0);
	SO(pthread_join(thread, &result) == 0 && result == &value);
	fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	SO(fd >= 0 && close(fd) == 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SO(fd >= 0 && close(fd) == 0);
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SO(memory != MAP_FAILED);
	SO(munmap(memory, 4096) == 0);
	/* loads libgcc_s where it was not loaded before, and ends the process where it cannot */
	SO(pthread_create(&thread, NULL, endless_thread, NULL) == 0);
	SO(pthread_cancel(thread) == 0);
	SO(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
	SO(getpwuid(getuid()) != NULL);
	/* EAL's interrupt thread makes a new one whenever a device comes or goes, and panics
	 * where it cannot; the old call, not epoll_create1
	 */
	fd = epoll_create(1);
	SO(fd >= 0 && close(fd) == 0);
	return 0;
}

static void
test_every_thread_becomes_the_user(void **unused)
{
	(void)unused;
	if (geteuid() != 0)
		skip();
	assert_int_equal(ask_in_child(drop_and_confine, is_nobody), 0);
	assert_int_equal(ask_in_child(drop_and_confine, says_so), 0);
}

static int
has_nothing(void)
{
	SO(status_of_thread("Uid:", 10) != 0);
	SO(status_of_thread("CapEff:", 16) == 0);
	SO(status_of_thread("CapPrm:", 16) == 0);
	return 0;
}

static void
test_an_interface_can_be_opened_again(void **unused)
{
	(void)unused;
	if (geteuid() != 0)
		skip();
	/* RX lcores are there before, and need it not */
	assert_int_equal(ask_in_child(drop_but_net_raw, has_nothing), 0);
}

static void
test_filter_refuses_what_is_not_needed(void **unused)
{
	(void)unused;
	assert_int_equal(ask_in_child(confine, cannot_harm), 0);
}

static void
test_filter_allows_what_is_needed(void **unused)
{
	(void)unused;
	assert_int_equal(ask_in_child(confine, can_work), 0);
}

static void
test_unknown_user_is_an_error_in_words(void **unused)
{
	char error[256] = "";

	(void)unused;
	assert_int_equal(privileges_drop("no-such-user-here", 0, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "no-such-user-here"));
}

static int
only_root_may(void)
{
	char error[256] = "";

	SO(setresuid(65534, 65534, 65534) == 0);
	SO(privileges_drop("daemon", 0, error, sizeof(error)) == -EPERM);
	SO(strstr(error, "root") != NULL);
	SO(privileges_drop("nobody", 0, error, sizeof(error)) == 0); /* is that user already */
	return 0;
}

/* As an executable with the file capabilities cap_net_raw,cap_chown=p starts. */
static int
raise_what_is_permitted(void)
{
	const struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct permitted[_LINUX_CAPABILITY_U32S_3] = {
		{.permitted = 1u << CAP_NET_RAW | 1u << CAP_CHOWN}};
	int fd;

	SO(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	SO(setresuid(65534, 65534, 65534) == 0);
	SO(syscall(SYS_capset, &header, permitted) == 0);
	SO(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM);
	privileges_raise(SOURCE_CARD);
	SO(status_of_thread("CapEff:", 16) == 0);
	privileges_raise(SOURCE_PACKET_SOCKET | SOURCE_XDP);
	SO(status_of_thread("CapEff:", 16) == NET_RAW);
	SO((fd = socket(AF_PACKET, SOCK_RAW, 0)) >= 0);
	close(fd);
	return 0;
}

static int
nothing(void)
{
	return 0;
}

/* As in a sandbox that lets nobody load a filter: seccomp(2), prctl(2) and what libseccomp asks
 * before it does. It says "not supported" then, as it does where a build looks for leaks.
 */
static int
in_a_sandbox_without_seccomp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	SO(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	SO(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	SO(privileges_confine(SOURCE_CARD) < 0);
	return 0;
}

static void
test_a_filter_that_cannot_be_loaded_is_an_error(void **unused)
{
	(void)unused;
	assert_int_equal(ask_in_child(in_a_sandbox_without_seccomp, nothing), 0);
}

static void
test_another_user_cannot_become_a_third(void **unused)
{
	(void)unused;
	if (geteuid() != 0)
		skip();
	assert_int_equal(ask_in_child(only_root_may, nothing), 0);
}

static void
test_what_is_permitted_takes_effect(void **unused)
{
	(void)unused;
	if (geteuid() != 0)
		skip();
	assert_int_equal(ask_in_child(raise_what_is_permitted, nothing), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_thread_becomes_the_user),
		cmocka_unit_test(test_an_interface_can_be_opened_again),
		cmocka_unit_test(test_filter_refuses_what_is_not_needed),
		cmocka_unit_test(test_filter_allows_what_is_needed),
		cmocka_unit_test(test_unknown_user_is_an_error_in_words),
		cmocka_unit_test(test_a_filter_that_cannot_be_loaded_is_an_error),
		cmocka_unit_test(test_another_user_cannot_become_a_third),
		cmocka_unit_test(test_what_is_permitted_takes_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
