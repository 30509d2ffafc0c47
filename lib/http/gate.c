/* SPDX-License-Identifier: BSD-3-Clause */
#include "gate.h"

#include "clock.h"
#include "head.h"
#include "listener.h"
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define PLACES      1024
#define WAITS_MOST  256         /* of one address */
#define HEADER_MOST 16384       /* as civetweb's own bound: it answers what is longer */
#define PATIENCE_NS 10000000000 /* for a whole header */
#define LOOK_MS     250
#define BATCH       64

enum state {
	FREE,
	WAITING, /* its header is not there yet */
	READY,   /* it is, and no worker is free for it */
	SERVED,  /* it is civetweb's */
};

struct place {
	enum state state;
	int fd;
	bool spoke; /* something of its header has come */
	struct peer peer;
	uint64_t since_ns, turn; /* when it came; its order among those that are ready */
};

struct gate {
	int listener, events, wake, door; /* door: the eventfd behind civetweb's descriptor */
	int behind;                       /* civetweb's descriptor */
	unsigned int workers;
	uint16_t port;
	pthread_t thread;
	bool started;
	atomic_bool ending;
	char header[HEADER_MOST]; /* [gate's thread] */

	pthread_mutex_t lock; /* of all below */
	struct place places[PLACES];
	uint64_t turns;
	uint16_t handed[PLACES]; /* places on their way to civetweb, a ring */
	unsigned int handed_from, handed_count;
	struct gate_counts counts;
};

/* The one of the process: accept(2) has nothing to tell it by. */
static _Atomic(struct gate *) the_gate;

static void
ring(int eventfd)
{
	const uint64_t one = 1;

	(void)!write(eventfd, &one, sizeof(one));
}

/* Closes what waits here. [lock] */
static void
drop(struct gate *g, struct place *p)
{
	close(p->fd);
	if (p->state == WAITING || p->state == READY)
		g->counts.waiting--;
	p->state = FREE;
}

/* How many of this peer are in that state. [lock] */
static unsigned int
count_of(const struct gate *g, const struct peer *peer, enum state state)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < PLACES; i++)
		n += g->places[i].state == state && peer_is_same(&g->places[i].peer, peer);
	return n;
}

/* The one that has waited longest, of this peer or of all. [lock] */
static struct place *
oldest_waiting(struct gate *g, const struct peer *peer)
{
	struct place *oldest = NULL;

	for (unsigned int i = 0; i < PLACES; i++) {
		struct place *p = &g->places[i];

		if (p->state == WAITING && (peer == NULL || peer_is_same(&p->peer, peer)) &&
		    (oldest == NULL || p->since_ns < oldest->since_ns))
			oldest = p;
	}
	return oldest;
}

/* Room is short: the oldest silent one of the peer that has most of them. [lock] */
static struct place *
shed(struct gate *g)
{
	struct place *oldest = oldest_waiting(g, NULL), *chosen = oldest;
	unsigned int most = 0;

	for (unsigned int i = 0; i < PLACES; i++) {
		struct place *p = &g->places[i];

		if (p->state != WAITING)
			continue;
		unsigned int n = count_of(g, &p->peer, WAITING);
		if (n > most) {
			most = n;
			chosen = oldest_waiting(g, &p->peer);
		}
	}
	if (chosen == NULL)
		return NULL;
	g->counts.shed++;
	drop(g, chosen);
	return chosen;
}

/* A place for a connection; NULL: all are served or ready. [lock] */
static struct place *
find_place(struct gate *g, const struct peer *peer)
{
	struct place *p;

	if (count_of(g, peer, WAITING) >= WAITS_MOST) {
		p = oldest_waiting(g, peer);
		g->counts.shed++;
		drop(g, p);
		return p;
	}
	for (unsigned int i = 0; i < PLACES; i++) {
		if (g->places[i].state == FREE)
			return &g->places[i];
	}
	return shed(g);
}

static void
take_connections(struct gate *g)
{
	for (int i = 0; i < BATCH; i++) {
		struct sockaddr_storage address = {0};
		socklen_t length = sizeof(address);
		int fd = accept4(g->listener, (struct sockaddr *)&address, &length,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0) {
			/* without descriptors the same one would wake us for ever */
			if (errno == EMFILE || errno == ENFILE)
				usleep(10000);
			return;
		}
		const struct peer peer = peer_of(&address);
		pthread_mutex_lock(&g->lock);
		struct place *p = find_place(g, &peer);
		struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
					    .data.u32 = p ? (uint32_t)(p - g->places) : 0};
		if (p != NULL) {
			*p = (struct place){.state = WAITING,
					    .fd = fd,
					    .peer = peer,
					    .since_ns = monotonic_ns()};
			g->counts.taken++;
			g->counts.waiting++;
			if (epoll_ctl(g->events, EPOLL_CTL_ADD, fd, &event) != 0)
				drop(g, p);
		} else {
			g->counts.shed++;
			close(fd);
		}
		pthread_mutex_unlock(&g->lock);
	}
}

/* Answers what no worker has to see. [lock] */
static void
answer(struct gate *g, struct place *p, int status, const char *why)
{
	listener_answer(p->fd, status, why);
	g->counts.waiting--;
	p->state = FREE;
}

/* Something came, or the peer has gone; `last`: nothing will follow. [lock] */
static void
look_at(struct gate *g, struct place *p, bool last)
{
	ssize_t n = recv(p->fd, g->header, sizeof(g->header), MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !last)
		return;
	const bool whole =
		n > 0 && (head_is_whole(g->header, (size_t)n) || n >= (ssize_t)HEADER_MOST - 1);
	if (!whole && (n <= 0 || last)) {
		drop(g, p);
		return;
	}
	p->spoke = true;
	if (!whole)
		return;
	const char *why;
	const int status =
		n < (ssize_t)HEADER_MOST - 1 ? head_judge(g->header, (size_t)n, g->port, &why) : 0;
	if (status != 0) {
		g->counts.refused++;
		answer(g, p, status, why);
		return;
	}
	epoll_ctl(g->events, EPOLL_CTL_DEL, p->fd, NULL);
	p->state = READY;
	p->turn = ++g->turns;
}

/* [lock] */
static bool
may_be_served(const struct gate *g, const struct peer *peer)
{
	const unsigned int share = g->workers / 4 > 0 ? g->workers / 4 : 1;
	const unsigned int kept = g->workers > 4 ? 2 : 0;

	if (g->counts.served >= g->workers)
		return false;
	if (peer->loopback)
		return true;
	return g->counts.served + kept < g->workers && count_of(g, peer, SERVED) < share;
}

/* To civetweb, in the order in which they became ready, those whose address may. [lock] */
static void
hand_over(struct gate *g)
{
	for (;;) {
		struct place *next = NULL;

		for (unsigned int i = 0; i < PLACES; i++) {
			struct place *p = &g->places[i];

			if (p->state == READY && (next == NULL || p->turn < next->turn) &&
			    may_be_served(g, &p->peer))
				next = p;
		}
		if (next == NULL)
			return;
		next->state = SERVED;
		g->counts.waiting--;
		g->counts.served++;
		g->handed[(g->handed_from + g->handed_count++) % PLACES] =
			(uint16_t)(next - g->places);
		ring(g->door);
	}
}

/* Whose header has not come in time. [lock] */
static void
time_out(struct gate *g)
{
	const uint64_t now = monotonic_ns();

	for (unsigned int i = 0; i < PLACES; i++) {
		struct place *p = &g->places[i];

		if (p->state != WAITING || now - p->since_ns < PATIENCE_NS)
			continue;
		g->counts.timed_out++;
		if (p->spoke)
			answer(g, p, 408, "the header did not come within ten seconds");
		else
			drop(g, p);
	}
}

static void *
run(void *argument)
{
	enum { LISTENER = PLACES, WAKE };
	struct gate *g = argument;
	struct epoll_event events[BATCH];
	struct epoll_event of_listener = {.events = EPOLLIN, .data.u32 = LISTENER};
	struct epoll_event of_wake = {.events = EPOLLIN, .data.u32 = WAKE};
	uint64_t unused;

	pthread_setname_np(pthread_self(), "gate");
	epoll_ctl(g->events, EPOLL_CTL_ADD, g->listener, &of_listener);
	epoll_ctl(g->events, EPOLL_CTL_ADD, g->wake, &of_wake);
	while (!atomic_load(&g->ending)) {
		int n = epoll_wait(g->events, events, BATCH, LOOK_MS);
		bool comes = false;

		pthread_mutex_lock(&g->lock);
		for (int i = 0; i < n; i++) {
			const uint32_t number = events[i].data.u32;

			if (number == WAKE)
				(void)!read(g->wake, &unused, sizeof(unused));
			else if (number == LISTENER)
				comes = true;
			else if (g->places[number].state == WAITING)
				look_at(g, &g->places[number],
					(events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !=
						0);
		}
		time_out(g);
		hand_over(g);
		pthread_mutex_unlock(&g->lock);
		if (comes)
			take_connections(g);
	}
	return NULL;
}

struct gate *
gate_open(const struct sockaddr *address, socklen_t length, bool *absent)
{
	struct sockaddr_storage bound = {0};
	socklen_t size = sizeof(bound);
	struct gate *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->events = g->wake = g->door = -1;
	pthread_mutex_init(&g->lock, NULL);
	g->listener = listener_open(address, length, absent);
	if (g->listener < 0 || getsockname(g->listener, (struct sockaddr *)&bound, &size) != 0 ||
	    (g->events = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
	    (g->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0 ||
	    (g->door = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) < 0) {
		int error = errno;

		gate_close(g);
		errno = error;
		return NULL;
	}
	g->port = bound.ss_family == AF_INET
			  ? ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port)
		  : bound.ss_family == AF_INET6
			  ? ntohs(((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port)
			  : 0;
	return g;
}

uint16_t
gate_port(const struct gate *g)
{
	return g->port;
}

int
gate_start(struct gate *g, int listener, unsigned int workers)
{
	g->behind = listener;
	g->workers = workers;
	atomic_store(&the_gate, g);
	/* It waits for the socket, and would for two seconds; so the socket wakes it. Its next look
	 * at the descriptor finds the eventfd. */
	shutdown(listener, SHUT_RDWR);
	if (dup3(g->door, listener, O_CLOEXEC) < 0)
		return -errno;
	int ret = pthread_create(&g->thread, NULL, run, g);
	g->started = ret == 0;
	return -ret;
}

void
gate_stop(struct gate *g)
{
	if (g == NULL || !g->started)
		return;
	atomic_store(&g->ending, true);
	ring(g->wake);
	pthread_join(g->thread, NULL);
	g->started = false;
	pthread_mutex_lock(&g->lock);
	for (unsigned int i = 0; i < PLACES; i++) {
		if (g->places[i].state == WAITING || g->places[i].state == READY)
			drop(g, &g->places[i]);
	}
	pthread_mutex_unlock(&g->lock);
	close(g->listener);
	g->listener = -1;
	ring(g->door);
}

void
gate_close(struct gate *g)
{
	if (g == NULL)
		return;
	if (atomic_load(&the_gate) == g)
		atomic_store(&the_gate, NULL);
	for (; g->handed_count > 0; g->handed_count--) /* civetweb ended before it took them */
		close(g->places[g->handed[g->handed_from++ % PLACES]].fd);
	const int fds[] = {g->listener, g->events, g->wake, g->door};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	pthread_mutex_destroy(&g->lock);
	free(g);
}

bool
gate_owns(int fd)
{
	const struct gate *g = atomic_load(&the_gate);

	return g != NULL && fd == g->behind;
}

int
gate_accept(struct sockaddr *address, socklen_t *length)
{
	struct gate *g = atomic_load(&the_gate);
	struct sockaddr_in peer = {.sin_family = AF_INET};
	uint64_t unused;
	int fd = -1;

	if (g == NULL || read(g->door, &unused, sizeof(unused)) != sizeof(unused)) {
		errno = EAGAIN;
		return -1;
	}
	pthread_mutex_lock(&g->lock);
	if (g->handed_count > 0) {
		const uint16_t number = g->handed[g->handed_from];

		g->handed_from = (g->handed_from + 1) % PLACES;
		g->handed_count--;
		fd = g->places[number].fd;
		peer.sin_port = htons((uint16_t)(number + 1));
		/* the address, where it is one that civetweb knows; else 0.0.0.0 */
		if (peer_is_ipv4(&g->places[number].peer))
			memcpy(&peer.sin_addr, g->places[number].peer.octets + 12, 4);
	}
	pthread_mutex_unlock(&g->lock);
	if (fd < 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(address, &peer, *length < sizeof(peer) ? *length : sizeof(peer));
	*length = sizeof(peer);
	return fd;
}

bool
gate_peer(int remote_port, struct peer *peer)
{
	struct gate *g = atomic_load(&the_gate);

	if (g == NULL || remote_port < 1 || remote_port > PLACES)
		return false;
	pthread_mutex_lock(&g->lock);
	*peer = g->places[remote_port - 1].peer;
	pthread_mutex_unlock(&g->lock);
	return true;
}

void
gate_release(int remote_port)
{
	struct gate *g = atomic_load(&the_gate);

	if (g == NULL || remote_port < 1 || remote_port > PLACES)
		return;
	pthread_mutex_lock(&g->lock);
	struct place *p = &g->places[remote_port - 1];
	if (p->state == SERVED) {
		p->state = FREE;
		g->counts.served--;
	}
	pthread_mutex_unlock(&g->lock);
	ring(g->wake);
}

void
gate_read(struct gate *g, struct gate_counts *counts)
{
	pthread_mutex_lock(&g->lock);
	*counts = g->counts;
	pthread_mutex_unlock(&g->lock);
}
