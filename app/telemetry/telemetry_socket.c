/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry_socket.h"

#include "clock.h"
#include "gate.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_NAME "dpdk_telemetry.v2"
#define END_NS      1000000000u
#define LOOK_MS     1

static struct {
	pthread_mutex_t lock; /* guards all below */
	/* [listener] connections that the library was given, oldest first. `fd` is the library's:
	 * by now it may be another file's number, which device and inode tell. `ours` is a copy, by
	 * which the connection can be shut down whatever became of `fd`. */
	struct client {
		int fd, ours;
		unsigned int unread; /* [main] looks at which answers were still not read */
		dev_t device;
		ino_t inode;
	} clients[2 * TELEMETRY_CLIENTS];
	size_t count;
	bool paused, ending; /* [main] */
	bool listening;      /* [listener] it is in our accept, or will come back to it */
	bool told_error;     /* [listener] */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
sleep_ms(long ms)
{
	const struct timespec pause = {.tv_nsec = ms * 1000000};

	nanosleep(&pause, NULL);
}

/* The file name of a UNIX socket, or NULL: `fd` is none, or has no name. */
static const char *
socket_name(int fd, struct sockaddr_un *address)
{
	socklen_t length = sizeof(*address);

	memset(address, 0, sizeof(*address));
	if (getsockname(fd, (struct sockaddr *)address, &length) != 0 ||
	    address->sun_family != AF_UNIX || length >= sizeof(*address) ||
	    address->sun_path[0] == 0)
		return NULL;
	const char *slash = strrchr(address->sun_path, '/');
	return slash ? slash + 1 : address->sun_path;
}

static bool
is_telemetry(int fd)
{
	struct sockaddr_un address;
	const char *name = socket_name(fd, &address);

	return name != NULL && strncmp(name, SOCKET_NAME, strlen(SOCKET_NAME)) == 0;
}

static bool
is_open(const struct client *c)
{
	struct stat now;

	return fstat(c->fd, &now) == 0 && now.st_dev == c->device && now.st_ino == c->inode;
}

/* Forgets those that the library has closed: it closes last, behind its last use of DPDK. [lock] */
static void
forget_closed(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < state.count; i++) {
		if (is_open(&state.clients[i]))
			state.clients[kept++] = state.clients[i];
		else
			close(state.clients[i].ours);
	}
	state.count = kept;
}

/* Wakes a client's thread from whatever it waits for, reading or writing. [lock] */
static void
let_go(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		shutdown(state.clients[i].ours, SHUT_RDWR);
}

/* False: it is refused. */
static bool
admit(int fd)
{
	const struct timeval idle = {.tv_sec = TELEMETRY_IDLE_S};
	struct stat now;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	pthread_mutex_lock(&state.lock);
	forget_closed();
	if (state.count >= TELEMETRY_CLIENTS)
		let_go(0, state.count - TELEMETRY_CLIENTS + 1);
	bool admitted = !state.paused && !state.ending &&
			state.count < sizeof(state.clients) / sizeof(state.clients[0]) &&
			fstat(fd, &now) == 0;
	int ours = admitted ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (ours >= 0)
		state.clients[state.count++] = (struct client){fd, ours, 0, now.st_dev, now.st_ino};
	pthread_mutex_unlock(&state.lock);
	return ours >= 0;
}

/* The listener's thread ends here where it is to end: it holds nothing, and uses DPDK no more. */
static void
come_back(void)
{
	pthread_mutex_lock(&state.lock);
	state.listening = !state.ending;
	bool ends = state.ending;
	pthread_mutex_unlock(&state.lock);
	if (ends)
		pthread_exit(NULL);
}

static int
accept_client(int listener)
{
	for (;;) {
		come_back();
		int fd = (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
		int error = errno;

		sleep_ms(TELEMETRY_PACE_MS);
		if (fd >= 0 && admit(fd))
			return fd;
		if (fd >= 0) {
			close(fd);
		} else if (error == EMFILE || error == ENFILE || error == ENOMEM ||
			   error == ENOBUFS) {
			/* the library would stop listening for ever */
			if (!state.told_error)
				log_warning("telemetry takes no client now: %s", strerror(error));
			state.told_error = true;
			sleep_ms(100);
		}
	}
}

/*
 * Stands before the C library's for the whole process and does the same, but for civetweb's (see
 * gate.h) and for the socket of telemetry, which no signal and no thread that is cancelled is
 * expected at.
 */
/* glibc declares it with a union in place of the pointer, so here it has another name. */
int any_accept(int fd, struct sockaddr *address, socklen_t *length) __asm__("accept");

int
any_accept(int fd, struct sockaddr *address, socklen_t *length)
{
	if (gate_owns(fd))
		return gate_accept(address, length);
	if (address == NULL && is_telemetry(fd))
		return accept_client(fd);
	return (int)syscall(SYS_accept, fd, address, length);
}

/*
 * The C library keeps the rest of the text in one place for all threads: of two telemetry clients
 * one would read the other's request, on a stack that may be gone. One place for each thread is all
 * that it takes; DPDK itself does it from 25.11 on.
 */
char *any_strtok(char *text, const char *delimiters) __asm__("strtok");

char *
any_strtok(char *text, const char *delimiters)
{
	static _Thread_local char *rest;

	return strtok_r(text, delimiters, &rest);
}

/*
 * A client that leaves before its answer is no news; by the library's perror, a line each time, it
 * could fill the log.
 */
void
perror(const char *text)
{
	int error = errno;

	if (text == NULL || strcmp(text, "Error writing to socket") != 0)
		log_warning("%s%s%s", text ? text : "", text ? ": " : "", strerror(error));
}

/* The socket that listens, with its path; or -1. [main] */
static int
find_listener(struct sockaddr_un *address)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int listener = -1;

	while (dir != NULL && listener < 0 && (entry = readdir(dir)) != NULL) {
		int fd = atoi(entry->d_name), listens = 0;
		socklen_t length = sizeof(listens);

		if (entry->d_name[0] != '.' && is_telemetry(fd) &&
		    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 &&
		    listens != 0 && socket_name(fd, address) != NULL)
			listener = fd;
	}
	if (dir != NULL)
		closedir(dir);
	return listener;
}

int
telemetry_socket_path(char *path, size_t size)
{
	struct sockaddr_un address;

	if (find_listener(&address) < 0)
		return -ENOENT;
	snprintf(path, size, "%s", address.sun_path);
	return 0;
}

/* Until none is left; of those that come in between too. */
static int
end_clients(void)
{
	uint64_t until = monotonic_ns() + END_NS;

	for (;;) {
		pthread_mutex_lock(&state.lock);
		forget_closed();
		let_go(0, state.count);
		bool ended = state.count == 0 && !(state.ending && state.listening);
		pthread_mutex_unlock(&state.lock);
		if (ended)
			return 0;
		if (monotonic_ns() > until)
			return -ETIMEDOUT;
		sleep_ms(LOOK_MS);
	}
}

void
telemetry_tidy(void)
{
	pthread_mutex_lock(&state.lock);
	forget_closed();
	for (size_t i = 0; i < state.count; i++) {
		struct client *c = &state.clients[i];
		int octets = 0;

		/* A time-out of the write would be one for each request that waits behind it. */
		if (ioctl(c->ours, SIOCOUTQ, &octets) != 0 || octets == 0)
			c->unread = 0;
		else if (++c->unread > TELEMETRY_UNREAD_LOOKS)
			let_go(i, 1);
	}
	pthread_mutex_unlock(&state.lock);
}

int
telemetry_pause(void)
{
	pthread_mutex_lock(&state.lock);
	state.paused = true;
	pthread_mutex_unlock(&state.lock);
	return end_clients();
}

void
telemetry_resume(void)
{
	pthread_mutex_lock(&state.lock);
	state.paused = false;
	pthread_mutex_unlock(&state.lock);
}

int
telemetry_end(void)
{
	struct sockaddr_un address;
	int listener = find_listener(&address);

	if (listener < 0)
		return 0;
	unlink(address.sun_path);
	pthread_mutex_lock(&state.lock);
	state.ending = true;
	pthread_mutex_unlock(&state.lock);
	shutdown(listener, SHUT_RDWR); /* accept returns */
	return end_clients();
}
