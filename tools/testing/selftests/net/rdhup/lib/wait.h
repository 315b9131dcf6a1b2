/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting: threads that are known to be asleep in the kernel before a test
 * goes on, what they were told, and how often they slept.
 */
#ifndef RDHUP_WAIT_H
#define RDHUP_WAIT_H

#include "ask.h"

#include <pthread.h>
#include <sys/types.h>

/*
 * A thread that waits, once, for events on a descriptor with poll(2), or on
 * an epoll instance if @epoll, or in whatever @wait does.  waiter_start()
 * returns when the thread is asleep in the kernel; waiter_end() when it has
 * come back or after @ms, and then cancels it.
 */
struct waiter {
	pthread_t thread;
	int fd;
	unsigned int events;	/* for poll(2), or what @wait makes of them */
	bool epoll;
	void (*wait)(struct waiter *w);
	pid_t tid;		/* atomic */
	bool done;		/* atomic */
	unsigned int mask;	/* what it was told, in EPOLLxxx */
	ssize_t ret;		/* what the call of wait_recv() and the like */
	int err;		/* returned, and its errno if that is < 0 */
	long sleeps;		/* settled_sleeps() when it was first asleep */
};

/* For @wait: recv() of some bytes, with the flags in @events. */
void wait_recv(struct waiter *w);

/* For @wait: accept(). */
void wait_accept(struct waiter *w);

/* For @wait: send() of some bytes. */
void wait_send(struct waiter *w);

/*
 * 0, -EALREADY if the thread came back at once because there was something to
 * report, or another negative errno: -ETIMEDOUT if it does not fall asleep.
 */
int waiter_start(struct waiter *w);

/* Has it come back? */
bool waiter_done(const struct waiter *w);

/* True if the waiter comes back within @ms, and then joined. */
bool waiter_join(struct waiter *w, int ms);

/* True if the waiter came back within @ms; its answer is in @w. */
bool waiter_end(struct waiter *w, int ms);

/*
 * A waiter in poll(2) that can also be told to stop.  That "it was not told"
 * needs no waiting this way: poll(2) looks at every descriptor before it
 * returns, so what the thread brings back when stopped is everything it could
 * know.
 */
struct sleeper {
	struct waiter w;	/* fd, events and mask are meant for users */
	int stop;
	bool stopped;		/* it came back because of sleeper_stop() */
};

/* Start it and see it fall asleep; as waiter_start(). */
int sleeper_start(struct sleeper *s);

/*
 * Stop it, after having given it @ms to come back by itself, and return what
 * it was told; s->stopped says whether it had to be stopped.
 */
unsigned int sleeper_stop(struct sleeper *s, int ms);

/*
 * How often thread @tid of this process has gone to sleep of its own will:
 * a blocked waiter that is woken in vain and goes back to sleep adds one.
 * Negative errno if it cannot be read.
 */
long sleeps_of(pid_t tid);

/*
 * How often @w has slept, once it is certain that it sleeps again: its state
 * says so a little before the count does.  -ETIMEDOUT, which is no count that
 * a waiter has started with, if it does not come to rest in twice MUST_MS.
 */
long settled_sleeps(const struct waiter *w);

/* The state letter of thread @tid in /proc ('S' is asleep), 0 if it is gone. */
char state_of(pid_t tid);

/*
 * Bind this thread to one CPU.  Where there is no such CPU it stays as it is,
 * and says so: there is less to see then, and it still has to be right.
 */
void pin_to(int cpu);

/* recv() on @sock returns 0, whether it may sleep or not. */
#define EXPECT_EOF(sock) do {						\
	struct waiter __w = { .fd = (sock), .wait = wait_recv };	\
	char __c;							\
									\
	waiter_start(&__w);						\
	EXPECT_TRUE(waiter_end(&__w, WAKE_MS))				\
		TH_LOG("recv sleeps, though nothing can come");		\
	EXPECT_EQ(0, __w.ret)						\
		TH_LOG("recv: %s", strerror(__w.err));			\
	EXPECT_EQ(0, recv(__w.fd, &__c, 1, MSG_DONTWAIT))		\
		TH_LOG("recv: %s", strerror(errno));			\
} while (0)

#endif /* RDHUP_WAIT_H */
