/* SPDX-License-Identifier: BSD-3-Clause */

#include "privileges.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <pthread.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_BPF
#define CAP_BPF 39
#endif

/* Only of the calling thread; but its children inherit it, and exec is what it is there for. */
static int
forbid_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

/* Capability bits to open such a source again, and to leave it as it was found. */
static uint64_t
capabilities_of(unsigned int sources)
{
	uint64_t bits = 0;

	if (sources & (SOURCE_PACKET_SOCKET | SOURCE_XDP))
		bits |= 1ull << CAP_NET_RAW;
	/* its program is taken off the interface at the end, or put on a new one */
	if (sources & SOURCE_XDP)
		bits |= 1ull << CAP_NET_ADMIN | 1ull << CAP_BPF;
	return bits;
}

/* Of the calling thread: these capabilities and no other, if it has them. */
static int
keep_capabilities(uint64_t bits)
{
	const struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const uint32_t low = (uint32_t)bits, high = (uint32_t)(bits >> 32);
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = low, .permitted = low}, {.effective = high, .permitted = high}};

	return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}

void
privileges_raise(unsigned int sources)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	const uint64_t wanted = capabilities_of(sources);

	if (syscall(SYS_capget, &header, data) != 0)
		return;
	data[0].effective |= data[0].permitted & (uint32_t)wanted;
	data[1].effective |= data[1].permitted & (uint32_t)(wanted >> 32);
	(void)syscall(SYS_capset, &header, data);
}

int
privileges_drop(const char *user, unsigned int sources, char *error, size_t size)
{
	const uint64_t kept = capabilities_of(sources);
	struct passwd *entry;
	int ret;

	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL) {
		ret = errno != 0 ? -errno : -ENOENT;
		snprintf(error, size, "there is no user '%s' on this host", user);
		return ret;
	}
	if (geteuid() == entry->pw_uid && getuid() == entry->pw_uid)
		return forbid_new_privileges();
	if (geteuid() != 0) {
		snprintf(error, size,
			 "only root can become '%s'; leave --user out, or start as root", user);
		return -EPERM;
	}

	/* Groups first: without root they could not be changed any more. From a uid of 0 to
	 * another, in all three places, the kernel clears all capabilities (capabilities(7)), in
	 * each thread, since glibc makes each thread call it; PR_SET_KEEPCAPS is of this one alone.
	 */
	if ((kept != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) ||
	    initgroups(user, entry->pw_gid) < 0 ||
	    setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
	    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0 ||
	    (kept != 0 && (errno = -keep_capabilities(kept)) != 0)) {
		ret = -errno;
		snprintf(error, size, "cannot become '%s': %s", user, strerror(errno));
		return ret;
	}
	/* A way back would make all of this worth nothing; so it is tried. */
	if (entry->pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
		snprintf(error, size, "became '%s', but root can still be had back", user);
		return -EPERM;
	}
	return forbid_new_privileges();
}

/*
 * What the running program calls once all is open: EAL and the drivers (for calls that they make
 * only when a device comes or goes: by the symbols that they import), civetweb, files, and what
 * glibc may choose in their place. Grouped by who asks.
 */
/* clang-format off */
static const int allowed[] = {
	/* memory; mmap and mprotect below */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(memfd_create), SCMP_SYS(mbind),
	SCMP_SYS(set_mempolicy), SCMP_SYS(get_mempolicy), SCMP_SYS(membarrier),

	/* threads; clone below */
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(tgkill),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setaffinity),
	SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(getcpu),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(capget), SCMP_SYS(capset), /* which gives nobody what he may not have: privileges_without */

	/* signals and time */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigpending), SCMP_SYS(sigaltstack),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),

	/* files: databases, outputs, /proc and /sys */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(close), SCMP_SYS(fstat),
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs),
	SCMP_SYS(fstatfs), SCMP_SYS(lseek), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
	SCMP_SYS(getcwd), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate), SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rmdir), SCMP_SYS(umask),
	SCMP_SYS(flock), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
	SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(mkdir), SCMP_SYS(fadvise64),

	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(eventfd), SCMP_SYS(eventfd2),

	/* HTTP, telemetry, the service manager; socket below */
	SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(connect),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(setsockopt), SCMP_SYS(getsockopt),
	SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
	SCMP_SYS(shutdown), SCMP_SYS(sendfile),

	/* who and where am I */
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getresuid),
	SCMP_SYS(getresgid), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage), SCMP_SYS(getrandom),
};
/* clang-format on */

/* What only some kinds of source need. */
static const struct {
	unsigned int sources;
	int call;
} allowed_for[] = {
	/* vfio; the state of links, what a new interface is */
	{SOURCE_CARD | SOURCE_PACKET_SOCKET | SOURCE_XDP, SCMP_SYS(ioctl)},
	/* memory that a device or the kernel fills */
	{SOURCE_CARD | SOURCE_PACKET_SOCKET | SOURCE_XDP, SCMP_SYS(mlock)},
	{SOURCE_CARD | SOURCE_PACKET_SOCKET | SOURCE_XDP, SCMP_SYS(mlock2)},
	{SOURCE_CARD | SOURCE_PACKET_SOCKET | SOURCE_XDP, SCMP_SYS(munlock)},
	/* the program that hands packets over: off at the end, on again when one returns */
	{SOURCE_XDP, SCMP_SYS(bpf)},
};

/* Sockets that are opened after the start; raw ones of IP are not among them. 0: of any type. */
static const struct {
	int family, type;
	unsigned int sources; /* 0: of any */
} sockets[] = {
	{AF_UNIX, 0, 0},
	{AF_NETLINK, 0, 0},
	{AF_INET, SOCK_STREAM, 0},
	{AF_INET, SOCK_DGRAM, 0},
	{AF_INET6, SOCK_STREAM, 0},
	{AF_INET6, SOCK_DGRAM, 0},
	{AF_PACKET, 0, SOURCE_PACKET_SOCKET | SOURCE_XDP},
	{AF_XDP, 0, SOURCE_XDP},
};
#define SOCKET_TYPE_MASK 0xf /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

static int
allow_sockets(scmp_filter_ctx filter, unsigned int sources)
{
	int ret = 0;

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]) && ret == 0; i++) {
		const struct scmp_arg_cmp family =
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)sockets[i].family);
		const struct scmp_arg_cmp type = SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_TYPE_MASK,
							 (scmp_datum_t)sockets[i].type);

		if (sockets[i].sources != 0 && (sockets[i].sources & sources) == 0)
			continue;
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket),
				       sockets[i].type != 0 ? 2 : 1, family, type);
	}
	return ret;
}

/*
 * What the C library would load later, at its first use: libgcc_s for pthread_cancel, at the
 * shutdown, and modules for the name of a user. If one is not there, that use will say so.
 */
static void
load_libraries(void)
{
	(void)dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_NODELETE);
	(void)getpwuid(geteuid());
}

static int
allow_conditionally(scmp_filter_ctx filter, unsigned int sources)
{
	/* No memory becomes executable: neither by a mapping nor by a later change of one, which
	 * could have been written before.
	 */
	int ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Threads, not processes. The flags of clone3 are in memory, which a filter cannot read:
	 * ENOSYS makes glibc take clone.
	 */
	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (ret == 0)
		ret = allow_sockets(filter, sources);
	/* The name of a thread; and asking for a limit, not setting one. */
	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				       SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				       SCMP_A2(SCMP_CMP_EQ, 0));
	return ret;
}

/* At the exit LeakSanitizer clones and traces this process, which the filter is there to forbid. */
#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_CHECKED 1
#endif
#endif

int
privileges_confine(unsigned int sources)
{
#ifdef LEAKS_ARE_CHECKED
	(void)sources;
	return PRIVILEGES_LEAK_CHECK;
#endif
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int ret = 0;

	if (filter == NULL)
		return -ENOMEM;
	load_libraries();
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && ret == 0; i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < sizeof(allowed_for) / sizeof(allowed_for[0]) && ret == 0; i++) {
		if (allowed_for[i].sources & sources)
			ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_for[i].call, 0);
	}
	if (ret == 0)
		ret = allow_conditionally(filter, sources);
	if (ret == 0) /* the threads that EAL has started */
		ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (ret == 0)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	return ret;
}

struct without {
	int (*start)(void *context);
	void *context;
	int ret;
};

/* Of the calling thread: none but these, of those that it has. */
static int
keep_at_most(uint64_t bits)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) != 0)
		return -errno;
	const uint64_t has = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	/* a service manager's filter may forbid to ask for what is so already */
	return (has & ~bits) == 0 ? 0 : keep_capabilities(bits & has);
}

/* A thread's capabilities are its own, and those that it starts inherit them. */
static void *
run_without(void *argument)
{
	/* what makes root's files root's: only who stays root has these */
	static const uint64_t files = 1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE |
				      1ull << CAP_DAC_READ_SEARCH | 1ull << CAP_FOWNER |
				      1ull << CAP_FSETID;
	struct without *w = argument;

	w->ret = keep_at_most(files);
	if (w->ret == 0)
		w->ret = w->start(w->context);
	return NULL;
}

int
privileges_without(int (*start)(void *context), void *context)
{
	struct without w = {.start = start, .context = context};
	pthread_t thread;
	int error = pthread_create(&thread, NULL, run_without, &w);

	if (error != 0)
		return -error;
	pthread_join(thread, NULL);
	return w.ret;
}

int
privileges_read(struct privileges *state)
{
	char line[256];
	struct passwd *entry;
	FILE *status = fopen("/proc/self/status", "re");
	int flag;

	if (status == NULL)
		return -errno;
	memset(state, 0, sizeof(*state));
	while (fgets(line, sizeof(line), status) != NULL) {
		if (sscanf(line, "CapEff: %llx", &state->effective) == 1)
			continue;
		if (sscanf(line, "NoNewPrivs: %d", &flag) == 1)
			state->no_new_privileges = flag != 0;
		else if (sscanf(line, "Seccomp: %d", &flag) == 1)
			state->seccomp = flag;
	}
	fclose(status);
	state->uid = geteuid();
	entry = getpwuid(state->uid);
	if (entry != NULL)
		snprintf(state->user, sizeof(state->user), "%s", entry->pw_name);
	else
		snprintf(state->user, sizeof(state->user), "%u", (unsigned int)state->uid);
	return 0;
}
