// SPDX-License-Identifier: GPL-2.0
/*
 * EPOLLEXCLUSIVE together with EPOLLRDHUP.
 *
 * Two threads, each in the epoll_wait() of an epoll instance of its own, watch
 * the same socket, in every mix of masks and with and without EPOLLEXCLUSIVE.
 *
 * 1. Data wakes all who asked for EPOLLIN, of the exclusive ones just one, and
 *    none that asked for EPOLLRDHUP alone: nor does such a waiter, being
 *    exclusive and first in the queue, use up the wakeup of a reader.
 * 2. The peer's shutdown(SHUT_WR) wakes all who asked for EPOLLIN or
 *    EPOLLRDHUP, exclusive or not.
 * 3. An error, whose wakeup goes to one exclusive waiter, reaches a reader
 *    although one that asked for EPOLLRDHUP alone is before it in the queue.
 * 4. EPOLLEXCLUSIVE still goes with EPOLL_CTL_ADD only and with no other bits
 *    than before.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "../../kselftest_harness.h"

/*
 * How long to wait for what must happen, and how long to make sure that
 * something does not, in milliseconds.
 */
#define MUST_MS		10000
#define MUST_NOT_MS	200

/* Longer than TCP waits before it probes a closed window for the first time. */
#define PROBE_MS	300

#define STOP		1	/* epoll_event.data of the eventfd */
#define WATCHED		2	/* ... and of the socket */
#define MAX_SEEN	8
#define WAITER_STACK	(64 << 10)

struct waiter {
	pthread_t thread;
	bool started;
	int ep;
	unsigned int events;
	pid_t tid;		/* this and the rest: by the thread */
	int seen;
	unsigned int mask[MAX_SEEN];
};

struct duo {
	int sv[2];		/* [0] is watched, [1] is its peer */
	struct waiter w[2];	/* in the order they were added */
};

/* All mixes of masks at once, so that absence has to be waited for once. */
struct crowd {
	struct duo *duos;
	int stop;
};

static const unsigned int masks[] = {
	EPOLLIN,
	EPOLLRDHUP,
	EPOLLOUT,
	EPOLLIN | EPOLLRDHUP,
	EPOLLOUT | EPOLLRDHUP,
};

#define NR_MASKS	ARRAY_SIZE(masks)
#define NR_KINDS	(2 * NR_MASKS)	/* not exclusive, exclusive */
#define NR_DUOS		(NR_KINDS * NR_KINDS)

static unsigned int kind(unsigned int i)
{
	return masks[i % NR_MASKS] | (i < NR_MASKS ? 0 : EPOLLEXCLUSIVE);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/*
 * Level-triggered waiters are done after the first event, which would come
 * again at once; edge-triggered ones note all events until they are stopped.
 */
static void *waiter_main(void *arg)
{
	struct waiter *w = arg;
	struct epoll_event ev[2];
	bool stop = false;

	__atomic_store_n(&w->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (!stop) {
		int n = epoll_wait(w->ep, ev, 2, -1);

		if (n < 0 && errno != EINTR)
			return NULL;
		for (int i = 0; i < n; i++) {
			if (ev[i].data.u32 == STOP) {
				stop = true;
				continue;
			}
			if (w->seen < MAX_SEEN)
				w->mask[w->seen] = ev[i].events;
			__atomic_fetch_add(&w->seen, 1, __ATOMIC_RELEASE);
			if (!(w->events & EPOLLET))
				stop = true;
		}
	}
	return NULL;
}

static bool asleep(pid_t tid)
{
	char path[64], line[256], *paren = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(line, sizeof(line), f))
		paren = strrchr(line, ')');
	fclose(f);
	return paren && paren[1] && paren[2] == 'S';
}

/* 0 once the thread sleeps in epoll_wait(), or a negative errno. */
static int waiter_asleep(struct waiter *w)
{
	long long end = now_ms() + MUST_MS;

	while (now_ms() < end) {
		pid_t tid = __atomic_load_n(&w->tid, __ATOMIC_ACQUIRE);

		if (tid && asleep(tid))
			return 0;
		poll(NULL, 0, 1);
	}
	return -ETIMEDOUT;
}

static int waiter_start(struct waiter *w, int fd, int stop,
			unsigned int events)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = STOP };
	pthread_attr_t attr;
	int err;

	w->events = events;
	w->ep = epoll_create1(EPOLL_CLOEXEC);
	if (w->ep < 0)
		return -errno;
	if (epoll_ctl(w->ep, EPOLL_CTL_ADD, stop, &ev))
		return -errno;
	ev.events = events;
	ev.data.u32 = WATCHED;
	if (epoll_ctl(w->ep, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	/* the usual stacks of so many are more than 32 bit may have room for */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WAITER_STACK);
	err = pthread_create(&w->thread, &attr, waiter_main, w);
	pthread_attr_destroy(&attr);
	w->started = !err;
	return -err;
}

static int seen(struct waiter *w)
{
	return __atomic_load_n(&w->seen, __ATOMIC_ACQUIRE);
}

static int tcp_listener(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 8)) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int tcp_connect(int listener)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int buf = 4096;
	int fd;

	if (getsockname(listener, (struct sockaddr *)&in, &len))
		return -errno;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buf, sizeof(buf));
	if (connect(fd, (struct sockaddr *)&in, len)) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int make_pair(int domain, int sv[2])
{
	int listener;

	if (domain == AF_UNIX)
		return socketpair(AF_UNIX, SOCK_STREAM, 0, sv) ? -errno : 0;
	listener = tcp_listener();
	if (listener < 0)
		return listener;
	sv[1] = tcp_connect(listener);
	sv[0] = sv[1] < 0 ? sv[1] : accept(listener, NULL, NULL);
	close(listener);
	return sv[0] < 0 ? -errno : 0;
}

/* Leave no room in the send buffers, so that EPOLLOUT stays away. */
static int fill_all(struct duo *duos)
{
	long long end = now_ms() + MUST_MS;
	static const char junk[4096];
	struct pollfd pfd[NR_DUOS];
	int buf = 4096;

	for (unsigned int i = 0; i < NR_DUOS; i++) {
		pfd[i].fd = duos[i].sv[0];
		pfd[i].events = POLLOUT;
		setsockopt(pfd[i].fd, SOL_SOCKET, SO_SNDBUF, &buf,
			   sizeof(buf));
	}
	do {
		for (unsigned int i = 0; i < NR_DUOS; i++)
			while (send(pfd[i].fd, junk, sizeof(junk),
				    MSG_DONTWAIT) > 0)
				;
		/* what TCP moves to the other side makes room again */
		if (!poll(pfd, NR_DUOS, PROBE_MS))
			return 0;
	} while (now_ms() < end);
	return -ETIMEDOUT;
}

enum { DATA, FIN };

/* What @w must be told of it, if anything, being told @before things. */
static unsigned int expected(struct waiter *w, int before, int what)
{
	if (before && !(w->events & EPOLLET))
		return 0;
	return w->events & (what == DATA ? EPOLLIN : EPOLLIN | EPOLLRDHUP);
}

/* Of two exclusive readers one gets the data, it does not matter which. */
static bool one_of_two(struct duo *d, int what)
{
	return what == DATA &&
	       (d->w[0].events & d->w[1].events & EPOLLIN) &&
	       (d->w[0].events & d->w[1].events & EPOLLEXCLUSIVE);
}

static bool arrived(struct duo *d, const int before[2], int what)
{
	int new[2];

	for (int i = 0; i < 2; i++)
		new[i] = seen(&d->w[i]) - before[i];
	if (one_of_two(d, what))
		return new[0] + new[1];
	return (new[0] || !expected(&d->w[0], before[0], what)) &&
	       (new[1] || !expected(&d->w[1], before[1], what));
}

static const char *show(unsigned int events)
{
	static char ring[4][64];
	static unsigned int next;
	char *out = ring[next++ % 4];

	snprintf(out, sizeof(ring[0]), "%s%s%s%s%s",
		 events & EPOLLIN ? "IN " : "",
		 events & EPOLLOUT ? "OUT " : "",
		 events & EPOLLRDHUP ? "RDHUP " : "",
		 events & (EPOLLHUP | EPOLLERR) ? "HUP/ERR " : "",
		 events & EPOLLEXCLUSIVE ? "exclusive" : "");
	return out;
}

/* Make all threads come back with what they may have left to tell. */
static void crowd_stop(struct crowd *c)
{
	uint64_t one = 1;

	if (write(c->stop, &one, sizeof(one)) != sizeof(one))
		abort();
	for (unsigned int i = 0; i < 2 * NR_DUOS; i++) {
		struct waiter *w = &c->duos[i / 2].w[i % 2];

		if (w->started)
			pthread_join(w->thread, NULL);
		w->started = false;
	}
}

static void crowd_end(struct crowd *c)
{
	crowd_stop(c);
	for (unsigned int i = 0; i < NR_DUOS; i++) {
		close(c->duos[i].sv[0]);
		close(c->duos[i].sv[1]);
		close(c->duos[i].w[0].ep);
		close(c->duos[i].w[1].ep);
	}
	close(c->stop);
	free(c->duos);
}

/*
 * A pair of waiters for every mix of masks, all asleep.  Returns 0 or a
 * negative errno, with the mask it was about in @events.
 */
static int crowd_start(struct crowd *c, int domain, unsigned int trigger,
		       unsigned int *events)
{
	int err;

	*events = 0;
	c->duos = calloc(NR_DUOS, sizeof(*c->duos));
	c->stop = eventfd(0, EFD_CLOEXEC);
	if (!c->duos || c->stop < 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < NR_DUOS; i++) {
		err = make_pair(domain, c->duos[i].sv);
		if (err)
			return err;
	}
	err = fill_all(c->duos);
	if (err)
		return err;
	for (unsigned int i = 0; i < 2 * NR_DUOS; i++) {
		struct duo *d = &c->duos[i / 2];
		unsigned int k = i % 2 ? i / 2 % NR_KINDS : i / 2 / NR_KINDS;

		*events = trigger | kind(k);
		err = waiter_start(&d->w[i % 2], d->sv[0], c->stop, *events);
		if (err)
			return err;
	}
	for (unsigned int i = 0; i < 2 * NR_DUOS; i++) {
		struct waiter *w = &c->duos[i / 2].w[i % 2];

		*events = w->events;
		err = waiter_asleep(w);
		if (err)
			return err;
		if (seen(w))
			return -EALREADY;
	}
	return 0;
}

/* Wait for what must come to all of them and then for what must not. */
static void settle(struct crowd *c, int (*before)[2], int what)
{
	long long end = now_ms() + MUST_MS;

	for (unsigned int i = 0; i < NR_DUOS; i++)
		while (!arrived(&c->duos[i], before[i], what) &&
		       now_ms() < end)
			poll(NULL, 0, 1);
	poll(NULL, 0, MUST_NOT_MS);
}

/*
 * What waiter @w has been told since @before.  There may be more than one
 * event, because TCP wakes its readers twice when a FIN comes: they must all
 * be the same.
 */
static unsigned int told(struct waiter *w, int before)
{
	unsigned int mask = 0;

	for (int i = before; i < seen(w) && i < MAX_SEEN; i++)
		mask |= w->mask[i];
	for (int i = before; i < seen(w) && i < MAX_SEEN; i++)
		if (w->mask[i] != mask)
			return ~0U;
	return mask;
}

static bool check(struct __test_metadata *_metadata, struct duo *d,
		  const int before[2], int what)
{
	unsigned int want[2], got[2];
	bool ok;

	for (int i = 0; i < 2; i++) {
		want[i] = expected(&d->w[i], before[i], what);
		got[i] = told(&d->w[i], before[i]);
	}
	ok = got[0] == want[0] && got[1] == want[1];
	if (one_of_two(d, what))
		ok = (got[0] == want[0] && !got[1]) ||
		     (got[1] == want[1] && !got[0]);
	if (!ok)
		TH_LOG("(%s) told (%s), (%s) told (%s)",
		       show(d->w[0].events), show(got[0]),
		       show(d->w[1].events), show(got[1]));
	return ok;
}

FIXTURE(two_waiters)
{
	struct crowd crowd;
};

FIXTURE_VARIANT(two_waiters)
{
	int domain;
	unsigned int trigger;
};

FIXTURE_VARIANT_ADD(two_waiters, tcp_level)
{
	.domain = AF_INET,
};

FIXTURE_VARIANT_ADD(two_waiters, tcp_edge)
{
	.domain = AF_INET,
	.trigger = EPOLLET,
};

FIXTURE_VARIANT_ADD(two_waiters, unix_level)
{
	.domain = AF_UNIX,
};

FIXTURE_VARIANT_ADD(two_waiters, unix_edge)
{
	.domain = AF_UNIX,
	.trigger = EPOLLET,
};

FIXTURE_SETUP(two_waiters)
{
	unsigned int events;
	int err;

	err = crowd_start(&self->crowd, variant->domain, variant->trigger,
			  &events);
	if (err == -EAFNOSUPPORT)
		SKIP(return, "no such family");
	ASSERT_EQ(0, err)
		TH_LOG("(%s): %s", show(events), strerror(-err));
}

FIXTURE_TEARDOWN(two_waiters)
{
	crowd_end(&self->crowd);
}

/* 1. */
TEST_F(two_waiters, data_alone)
{
	static int before[NR_DUOS][2];
	struct duo *d = self->crowd.duos;

	for (unsigned int i = 0; i < NR_DUOS; i++)
		ASSERT_EQ(1, send(d[i].sv[1], "x", 1, 0));
	settle(&self->crowd, before, DATA);
	crowd_stop(&self->crowd);
	for (unsigned int i = 0; i < NR_DUOS; i++)
		EXPECT_TRUE(check(_metadata, &d[i], before[i], DATA));
}

/* 2. */
TEST_F(two_waiters, half_close)
{
	static int before[NR_DUOS][2];
	struct duo *d = self->crowd.duos;

	for (unsigned int i = 0; i < NR_DUOS; i++)
		ASSERT_EQ(0, shutdown(d[i].sv[1], SHUT_WR));
	settle(&self->crowd, before, FIN);
	crowd_stop(&self->crowd);
	for (unsigned int i = 0; i < NR_DUOS; i++)
		EXPECT_TRUE(check(_metadata, &d[i], before[i], FIN));
}

/* 1. and then 2., for all that still wait. */
TEST_F(two_waiters, data_then_half_close)
{
	static int none[NR_DUOS][2], before[NR_DUOS][2];
	struct duo *d = self->crowd.duos;

	for (unsigned int i = 0; i < NR_DUOS; i++)
		ASSERT_EQ(1, send(d[i].sv[1], "x", 1, 0));
	settle(&self->crowd, none, DATA);
	for (unsigned int i = 0; i < 2 * NR_DUOS; i++) {
		struct waiter *w = &d[i / 2].w[i % 2];

		before[i / 2][i % 2] = seen(w);
		if (!seen(w) || (w->events & EPOLLET))
			ASSERT_EQ(0, waiter_asleep(w));
	}
	for (unsigned int i = 0; i < NR_DUOS; i++)
		EXPECT_TRUE(check(_metadata, &d[i], none[i], DATA));
	for (unsigned int i = 0; i < NR_DUOS; i++)
		ASSERT_EQ(0, shutdown(d[i].sv[1], SHUT_WR));
	settle(&self->crowd, before, FIN);
	crowd_stop(&self->crowd);
	for (unsigned int i = 0; i < NR_DUOS; i++)
		EXPECT_TRUE(check(_metadata, &d[i], before[i], FIN));
}

/* Only TCP can bring data and the half-close in one packet. */
FIXTURE(one_segment)
{
	struct crowd crowd;
};

FIXTURE_VARIANT(one_segment)
{
	unsigned int trigger;
};

FIXTURE_VARIANT_ADD(one_segment, level)
{
	.trigger = 0,
};

FIXTURE_VARIANT_ADD(one_segment, edge)
{
	.trigger = EPOLLET,
};

/* A network of our own, where lo is up: 0 or a negative errno. */
static int own_net(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err = 0;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -EPERM;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		err = -errno;
	close(fd);
	return err;
}

/*
 * In our own network TCP shall hold back what came with MSG_MORE for longer
 * than any test takes, not for 200 ms.
 */
static int hold_back(void)
{
	static const char us[] = "20000000";
	int err = 0, fd;

	fd = open("/proc/sys/net/ipv4/tcp_rto_min_us", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, us, sizeof(us) - 1) < 0)
		err = -errno;
	close(fd);
	return err;
}

FIXTURE_SETUP(one_segment)
{
	unsigned int events;
	int err;

	err = own_net();
	if (err == -EAFNOSUPPORT || err == -EPERM)
		SKIP(return, "no network of one's own: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, hold_back());
	err = crowd_start(&self->crowd, AF_INET, variant->trigger, &events);
	if (err == -EAFNOSUPPORT)
		SKIP(return, "no IPv4");
	ASSERT_EQ(0, err)
		TH_LOG("(%s): %s", show(events), strerror(-err));
}

FIXTURE_TEARDOWN(one_segment)
{
	crowd_end(&self->crowd);
}

/* 2. holds, and nobody is told of the data alone. */
TEST_F(one_segment, data_and_half_close)
{
	static int before[NR_DUOS][2];
	struct duo *d = self->crowd.duos;

	for (unsigned int i = 0; i < NR_DUOS; i++) {
		ASSERT_EQ(1, send(d[i].sv[1], "x", 1, MSG_MORE));
		ASSERT_EQ(0, shutdown(d[i].sv[1], SHUT_WR));
	}
	settle(&self->crowd, before, FIN);
	crowd_stop(&self->crowd);
	for (unsigned int i = 0; i < NR_DUOS; i++)
		EXPECT_TRUE(check(_metadata, &d[i], before[i], FIN));
}

/*
 * A pair by itself, for tests of epoll_ctl() and of single cases.
 */
FIXTURE(ctl)
{
	int sv[2];
	int ep;
};

FIXTURE_SETUP(ctl)
{
	ASSERT_EQ(0, make_pair(AF_UNIX, self->sv));
	self->ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->ep);
}

FIXTURE_TEARDOWN(ctl)
{
	close(self->ep);
	close(self->sv[0]);
	close(self->sv[1]);
}

static int ctl(int ep, int op, int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events };

	return epoll_ctl(ep, op, fd, &ev) ? -errno : 0;
}

/* Found already there when it is added. */
TEST_F(ctl, add_after_half_close)
{
	struct epoll_event ev;

	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_EQ(0, ctl(self->ep, EPOLL_CTL_ADD, self->sv[0],
			 EPOLLEXCLUSIVE | EPOLLRDHUP));
	ASSERT_EQ(1, epoll_wait(self->ep, &ev, 1, MUST_MS));
	EXPECT_EQ(EPOLLRDHUP, ev.events);
}

/* 4. */
TEST_F(ctl, no_exclusive_mod)
{
	ASSERT_EQ(0, ctl(self->ep, EPOLL_CTL_ADD, self->sv[0],
			 EPOLLIN | EPOLLRDHUP));
	EXPECT_EQ(-EINVAL, ctl(self->ep, EPOLL_CTL_MOD, self->sv[0],
			       EPOLLEXCLUSIVE | EPOLLIN | EPOLLRDHUP));
}

/* 4. */
TEST_F(ctl, no_mod_of_exclusive)
{
	ASSERT_EQ(0, ctl(self->ep, EPOLL_CTL_ADD, self->sv[0],
			 EPOLLEXCLUSIVE | EPOLLIN | EPOLLRDHUP));
	EXPECT_EQ(-EINVAL, ctl(self->ep, EPOLL_CTL_MOD, self->sv[0],
			       EPOLLIN | EPOLLRDHUP));
	EXPECT_EQ(-EINVAL, ctl(self->ep, EPOLL_CTL_MOD, self->sv[0],
			       EPOLLEXCLUSIVE | EPOLLIN | EPOLLRDHUP));
}

/* 4. */
TEST_F(ctl, no_exclusive_epoll)
{
	int inner = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, inner);
	EXPECT_EQ(-EINVAL, ctl(self->ep, EPOLL_CTL_ADD, inner,
			       EPOLLEXCLUSIVE | EPOLLIN | EPOLLRDHUP));
	close(inner);
}

/* 4. */
TEST_F(ctl, no_other_bits)
{
	static const unsigned int bits[] = {
		EPOLLPRI, EPOLLRDNORM, EPOLLRDBAND, EPOLLWRNORM, EPOLLWRBAND,
		EPOLLMSG, EPOLLONESHOT, 0x20 /* NVAL */, 0x800, 0x1000,
		0x4000, 0x8000, 1U << 27,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
		EXPECT_EQ(-EINVAL, ctl(self->ep, EPOLL_CTL_ADD, self->sv[0],
				       EPOLLEXCLUSIVE | EPOLLIN | EPOLLRDHUP |
				       bits[i]))
			TH_LOG("bit 0x%x", bits[i]);
	}
}

/*
 * Two waiters on a UDP socket whose peer is not there: what is sent comes back
 * as an error, which nothing but sk_error_report() tells.
 */
FIXTURE(error)
{
	int fd;
	int stop;
	struct waiter w[2];
};

FIXTURE_VARIANT(error)
{
	unsigned int events[2];
	int told;	/* how many of the two */
};

FIXTURE_VARIANT_ADD(error, rdhup_before_reader)
{
	.events = { EPOLLRDHUP, EPOLLIN }, .told = 2,
};

FIXTURE_VARIANT_ADD(error, rdhup_behind_reader)
{
	.events = { EPOLLIN, EPOLLRDHUP }, .told = 1,
};

FIXTURE_VARIANT_ADD(error, reader_of_rdhup)
{
	.events = { EPOLLIN | EPOLLRDHUP, EPOLLIN }, .told = 1,
};

/* As it was: one of two readers, and who asks for nothing counts as one. */
FIXTURE_VARIANT_ADD(error, two_readers)
{
	.events = { EPOLLIN, EPOLLIN }, .told = 1,
};

FIXTURE_VARIANT_ADD(error, nothing_before_reader)
{
	.events = { 0, EPOLLIN }, .told = 1,
};

/* A UDP socket connected to a port of the loopback that nobody is bound to. */
static int udp_to_nobody(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int other = socket(AF_INET, SOCK_DGRAM, 0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(in);
	int err = 0;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || other < 0 ||
	    bind(other, (struct sockaddr *)&in, sizeof(in)) ||
	    getsockname(other, (struct sockaddr *)&in, &len) ||
	    connect(fd, (struct sockaddr *)&in, len))
		err = -errno;
	if (other >= 0)
		close(other);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

FIXTURE_SETUP(error)
{
	self->fd = udp_to_nobody();
	if (self->fd == -EAFNOSUPPORT)
		SKIP(return, "no IPv4");
	ASSERT_LE(0, self->fd);
	self->stop = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, self->stop);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, waiter_start(&self->w[i], self->fd, self->stop,
					  variant->events[i] |
					  EPOLLEXCLUSIVE));
		ASSERT_EQ(0, waiter_asleep(&self->w[i]));
		ASSERT_EQ(0, seen(&self->w[i]));
	}
}

FIXTURE_TEARDOWN(error)
{
	for (int i = 0; i < 2; i++)
		close(self->w[i].ep);
	close(self->stop);
	close(self->fd);
}

/* 3. */
TEST_F(error, reaches)
{
	struct pollfd pfd = { .fd = self->fd };
	long long end = now_ms() + MUST_MS;
	uint64_t one = 1;

	ASSERT_EQ(1, send(self->fd, "x", 1, 0));
	ASSERT_EQ(1, poll(&pfd, 1, MUST_MS));
	ASSERT_EQ(POLLERR, pfd.revents);
	while (seen(&self->w[0]) + seen(&self->w[1]) < variant->told &&
	       now_ms() < end)
		poll(NULL, 0, 1);
	poll(NULL, 0, MUST_NOT_MS);
	EXPECT_EQ(variant->told, seen(&self->w[0]) + seen(&self->w[1]));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(seen(&self->w[i]) ? EPOLLERR : 0,
			  self->w[i].mask[0]);
	ASSERT_EQ(sizeof(one), write(self->stop, &one, sizeof(one)));
	for (int i = 0; i < 2; i++)
		pthread_join(self->w[i].thread, NULL);
}

/*
 * A listening socket never says EPOLLRDHUP.  To ask it for that changes
 * nothing: a connection wakes one of those who share it.
 */
TEST(listener_wakes_one)
{
	struct waiter w[2] = {};
	uint64_t one = 1;
	long long end;
	int lfd, stop;
	int client;

	lfd = tcp_listener();
	if (lfd == -EAFNOSUPPORT)
		SKIP(return, "no IPv4");
	ASSERT_LE(0, lfd);
	stop = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, stop);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, waiter_start(&w[i], lfd, stop,
					  EPOLLEXCLUSIVE | EPOLLIN |
					  EPOLLRDHUP));
		ASSERT_EQ(0, waiter_asleep(&w[i]));
	}
	client = tcp_connect(lfd);
	ASSERT_LE(0, client);
	end = now_ms() + MUST_MS;
	while (!seen(&w[0]) && !seen(&w[1]) && now_ms() < end)
		poll(NULL, 0, 1);
	poll(NULL, 0, MUST_NOT_MS);
	ASSERT_EQ(sizeof(one), write(stop, &one, sizeof(one)));
	for (int i = 0; i < 2; i++)
		pthread_join(w[i].thread, NULL);
	EXPECT_EQ(1, w[0].seen + w[1].seen);
	EXPECT_EQ(EPOLLIN, w[0].mask[0] | w[1].mask[0]);
	for (int i = 0; i < 2; i++)
		close(w[i].ep);
	close(client);
	close(stop);
	close(lfd);
}

int main(int argc, char **argv)
{
	int err = own_net();

	if (err)
		fprintf(stderr, "# no network of our own: %s\n",
			strerror(-err));
	return test_harness_run(argc, argv);
}
