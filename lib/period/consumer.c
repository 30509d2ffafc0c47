/* SPDX-License-Identifier: BSD-3-Clause */
#include "consumer.h"

#include "join.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct consumer {
	const struct consumer_ops *ops;
	void *context;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below; held for a few instructions only */
	pthread_cond_t changed;
	struct period **ring; /* [ops->capacity] */
	size_t first, waiting;
	uint64_t taken, dropped, dropped_packets;
	bool ending;
};

static void *
consumer_run(void *argument)
{
	struct consumer *c = argument;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (c->waiting == 0 && !c->ending)
			pthread_cond_wait(&c->changed, &c->lock);
		if (c->waiting == 0)
			break;
		struct period *period = c->ring[c->first];
		c->first = (c->first + 1) % c->ops->capacity;
		c->waiting--;
		pthread_mutex_unlock(&c->lock);
		c->ops->take(c->context, period);
		period_unref(period);
		pthread_mutex_lock(&c->lock);
		c->taken++;
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static void
consumer_free(struct consumer *c)
{
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	free(c->ring);
	free(c);
}

struct consumer *
consumer_create(const struct consumer_ops *ops, void *context)
{
	struct consumer *c = calloc(1, sizeof(*c));
	int error = ENOMEM;

	if (c == NULL)
		return NULL;
	c->ops = ops;
	c->context = context;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->ring = calloc(ops->capacity, sizeof(struct period *));
	if (c->ring != NULL)
		error = pthread_create(&c->thread, NULL, consumer_run, c);
	if (error != 0) {
		consumer_free(c);
		errno = error;
		return NULL;
	}
	pthread_setname_np(c->thread, ops->name);
	return c;
}

int
consumer_offer(struct consumer *c, struct period *period)
{
	const uint64_t *frames = period->head.ledger.decode.frames;
	int ret = 0;

	pthread_mutex_lock(&c->lock);
	if (c->waiting == c->ops->capacity) {
		c->dropped++;
		c->dropped_packets += frames[DECODE_TCP] + frames[DECODE_UDP];
		ret = -EAGAIN;
	} else {
		c->ring[(c->first + c->waiting) % c->ops->capacity] = period_ref(period);
		c->waiting++;
		pthread_cond_signal(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
	return ret;
}

bool
consumer_has_room(struct consumer *c)
{
	pthread_mutex_lock(&c->lock);
	bool room = c->waiting < c->ops->capacity;
	pthread_mutex_unlock(&c->lock);
	return room;
}

void
consumer_stats(struct consumer *c, struct consumer_stats *stats)
{
	pthread_mutex_lock(&c->lock);
	*stats = (struct consumer_stats){
		.name = c->ops->name,
		.waiting = c->waiting,
		.capacity = c->ops->capacity,
		.taken = c->taken,
		.dropped = c->dropped,
		.dropped_packets = c->dropped_packets,
	};
	pthread_mutex_unlock(&c->lock);
}

int
consumer_destroy(struct consumer *c, int timeout_ms)
{
	if (c == NULL)
		return 0;
	pthread_mutex_lock(&c->lock);
	c->ending = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	if (timeout_ms < 0) {
		pthread_join(c->thread, NULL);
	} else if (join_within(c->thread, timeout_ms) != 0) {
		return -ETIMEDOUT;
	}
	consumer_free(c);
	return 0;
}
