/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that sleeps in recv() or accept(), where poll is not the only one
 * that has to be told that a socket was shut down.
 */
#ifndef RDHUP_BLOCKED_H
#define RDHUP_BLOCKED_H

#include "common.h"

/*
 * How long a wakeup that must come may take, in milliseconds.  Shorter than
 * MUST_MS, as on a kernel with the defect each of them runs out.
 */
#define WAKE_MS		1500

struct blocked {
	pthread_t thread;
	int fd;
	bool accept;		/* accept(), else recv() of some bytes */
	pid_t tid;
	bool done;
	ssize_t ret;		/* what the call returned */
	int err;		/* and its errno, 0 if it succeeded */
};

static inline void *blocked_main(void *arg)
{
	struct blocked *b = arg;
	char buf[64];

	__atomic_store_n(&b->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	b->ret = b->accept ? accept(b->fd, NULL, NULL) :
			     recv(b->fd, buf, sizeof(buf), 0);
	b->err = b->ret < 0 ? errno : 0;
	__atomic_store_n(&b->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * 0 once the thread is asleep, -ETIMEDOUT if it does not fall asleep, or
 * -EALREADY if the call has returned at once.
 */
static inline int blocked_start(struct blocked *b)
{
	long long end = now_ms() + MUST_MS;
	pid_t tid;
	int err;

	b->tid = 0;
	b->done = false;
	err = pthread_create(&b->thread, NULL, blocked_main, b);
	if (err)
		return -err;
	while (now_ms() < end) {
		if (__atomic_load_n(&b->done, __ATOMIC_ACQUIRE))
			return -EALREADY;
		tid = __atomic_load_n(&b->tid, __ATOMIC_ACQUIRE);
		if (tid && state_of(tid) == 'S')
			return 0;
		sched_yield();
	}
	return -ETIMEDOUT;
}

/* True if the call has returned within @ms; else the thread is cancelled. */
static inline bool blocked_end(struct blocked *b, int ms)
{
	long long end = now_ms() + ms;
	bool done;

	do {
		done = __atomic_load_n(&b->done, __ATOMIC_ACQUIRE);
		if (!done)
			sched_yield();
	} while (!done && now_ms() < end);
	if (!done)
		pthread_cancel(b->thread);
	pthread_join(b->thread, NULL);
	return done;
}

/* Every bit that the tests compare, in EPOLLxxx. */
#define ALL_EVENTS (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDNORM | \
		    EPOLLWRNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR)

/*
 * What poll says of @fd now, or within @ms if there is nothing at first, for
 * every bit and by its EPOLLxxx name; a bit that no mask has on failure.
 */
static inline unsigned int mask_of(int fd, int ms)
{
	int ep = epoll_with(fd, ALL_EVENTS);
	unsigned int mask;

	if (ep < 0)
		return EPOLLMSG;
	mask = epoll_next(ep, ms);
	close(ep);
	return mask;
}

#endif /* RDHUP_BLOCKED_H */
