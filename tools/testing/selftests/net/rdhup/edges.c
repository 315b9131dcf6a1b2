// SPDX-License-Identifier: GPL-2.0
/*
 * One half-close is one event: a reader that asked for edges is told once.
 *
 * 1. An edge-triggered epoll that watches for IN and RDHUP reports exactly
 *    one event for the segment that brings the end of the stream, with every
 *    bit that is then true: whether the reader spins in epoll_wait(0) on
 *    another CPU, and so can collect an event between two wakeups, or sleeps.
 *    How often it gets between them depends on timing; it nearly always does
 *    if it is the first to be woken, and many others, who watch the same
 *    socket, are woken before its turn comes again ("crowded").
 * 2. Of threads that share the epoll instance it wakes one.
 * 3. The same over the loopback, where data and FIN leave in one segment,
 *    and for AF_UNIX, vsock and MPTCP.
 *
 * RDHUP_EDGES in the environment is the number of connections per test; how
 * many events each of them gave is printed in every case.
 */
#include "family.h"
#include "netns.h"
#include "peer.h"
#include "segment.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_RUNS	40
#define WAITERS		5		/* more than there can be wakeups */
#define CROWD		500		/* who else watches the socket */
#define CROWDED_RUNS	10
#define VOLLEY		400		/* connections that end in a row */
#define SETTLE_US	300		/* on the loopback: softirq may lag */
#define MAX_EVENTS	4		/* the last bin counts "or more" */

#define WATCH		(EPOLLIN | EPOLLRDHUP | EPOLLET)

static int runs(void)
{
	const char *s = getenv("RDHUP_EDGES");
	int n = s ? atoi(s) : 0;

	return n > 0 ? n : DEFAULT_RUNS;
}

/* Seconds: the harness' own limit, and more for more connections. */
static int time_limit(void)
{
	return TEST_TIMEOUT_DEFAULT + runs() / 20;
}

/*
 * The thread that ends streams: on request, and with the reader asleep if it
 * is one that sleeps.
 */
struct sender {
	pthread_t thread;
	pid_t reader;		/* to be asleep first, or 0 */
	int (*end)(void *arg);
	void *arg;
	int go;			/* 1: now, -1: no more */
	int sent;
	int err;
};

static void *sender_main(void *arg)
{
	struct sender *s = arg;
	int go;

	pin_to(0);
	while (1) {
		while (!(go = __atomic_load_n(&s->go, __ATOMIC_ACQUIRE)))
			sched_yield();
		if (go < 0)
			return NULL;
		__atomic_store_n(&s->go, 0, __ATOMIC_RELAXED);
		while (s->reader && state_of(s->reader) != 'S')
			sched_yield();
		s->err = s->end(s->arg);
		__atomic_store_n(&s->sent, 1, __ATOMIC_RELEASE);
	}
}

static int sender_start(struct sender *s, bool asleep)
{
	s->reader = asleep ? syscall(SYS_gettid) : 0;
	pin_to(1);
	return -pthread_create(&s->thread, NULL, sender_main, s);
}

static void sender_stop(struct sender *s)
{
	__atomic_store_n(&s->go, -1, __ATOMIC_RELEASE);
	pthread_join(s->thread, NULL);
}

/*
 * Has @s end the stream and counts what @ep reports of it.  The masks are
 * returned in @masks, at most MAX_EVENTS of them.
 */
static int count_edges(struct sender *s, int ep, int settle_us,
		       unsigned int masks[MAX_EVENTS])
{
	struct epoll_event ev[MAX_EVENTS];
	struct timespec ts, since = {};
	bool sent = false;
	int n = 0;

	s->sent = 0;
	__atomic_store_n(&s->go, 1, __ATOMIC_RELEASE);
	if (s->reader) {
		masks[n] = epoll_next(ep, MUST_MS);
		if (!masks[n++])
			return 0;
	}
	while (n < MAX_EVENTS) {
		bool last = sent;

		/* what is asked for after it was sent cannot be missing */
		sent = __atomic_load_n(&s->sent, __ATOMIC_ACQUIRE);
		if (epoll_wait(ep, ev, 1, 0) == 1) {
			masks[n++] = ev[0].events;
			continue;
		}
		if (!sent)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &ts);
		if (!last)
			since = ts;
		if ((ts.tv_sec - since.tv_sec) * 1000000LL +
		    (ts.tv_nsec - since.tv_nsec) / 1000 >=
		    (n ? settle_us : MUST_MS * 1000))
			break;
	}
	while (!__atomic_load_n(&s->sent, __ATOMIC_ACQUIRE))
		sched_yield();
	return n;
}

struct histogram {
	int bin[MAX_EVENTS + 1];
	int wrong;		/* events with another mask */
	unsigned int last_wrong;
};

static void tally(struct histogram *h, int n, const unsigned int *masks,
		  unsigned int want)
{
	h->bin[n]++;
	for (int i = 0; i < n; i++) {
		if (masks[i] == want)
			continue;
		h->wrong++;
		h->last_wrong = masks[i];
	}
}

#define LOG_HISTOGRAM(h)						\
	TH_LOG("no event %d, one %d, two %d, three %d, more %d",	\
	       (h)->bin[0], (h)->bin[1], (h)->bin[2],		\
	       (h)->bin[3], (h)->bin[4])

/* 1 and 2: over the tun device. */

struct ending {
	struct connection *c;
	const struct shape *shape;
};

static int end_by_segment(void *arg)
{
	struct ending *e = arg;

	return connection_end(e->c, e->shape);
}

static void segment_edges(struct __test_metadata *_metadata,
			  FIXTURE_DATA(segment) *self, bool asleep,
			  int crowd_size, int runs)
{
	struct ending ending = { &self->c, self->shape };
	struct sender s = { .end = end_by_segment, .arg = &ending };
	unsigned int masks[MAX_EVENTS];
	struct histogram h = {};
	int crowd[CROWD];

	for (int i = 0; i < crowd_size; i++) {
		crowd[i] = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_LE(0, crowd[i]);
	}
	ASSERT_EQ(0, sender_start(&s, asleep));
	for (int i = 0; i < runs; i++) {
		struct epoll_event ev = { .events = WATCH };
		int ep, n;

		ASSERT_EQ(0, connection_open(&self->c, self->tun,
					     self->listener, self->dport,
					     FIRST_PORT + i % 40000,
					     self->shape));
		for (int j = 0; j < crowd_size; j++)
			ASSERT_EQ(0, epoll_ctl(crowd[j], EPOLL_CTL_ADD,
					       self->c.fd, &ev));
		ep = epoll_with(self->c.fd, WATCH);
		ASSERT_LE(0, ep);
		ASSERT_MASK(0, epoll_next(ep, 0));
		n = count_edges(&s, ep, 0, masks);
		ASSERT_EQ(0, s.err);
		tally(&h, n, masks, self->shape->mask);
		close(ep);
		close(self->c.fd);
		self->c.fd = -1;
	}
	sender_stop(&s);
	for (int i = 0; i < crowd_size; i++)
		close(crowd[i]);
	LOG_HISTOGRAM(&h);
	EXPECT_EQ(runs, h.bin[1]);
	EXPECT_EQ(0, h.wrong)
		TH_LOG("want %s, got %s", mask_str(self->shape->mask),
		       mask_str(h.last_wrong));
}

/* A reader that spins on another CPU is told once. */
TEST_F_TIMEOUT(segment, spinning, time_limit())
{
	segment_edges(_metadata, self, false, 0, runs());
}

/* It is so even if it is the first of many to be woken. */
TEST_F(segment, crowded)
{
	segment_edges(_metadata, self, false, CROWD, CROWDED_RUNS);
}

/* A reader that sleeps is told once. */
TEST_F_TIMEOUT(segment, asleep, time_limit())
{
	segment_edges(_metadata, self, true, 0, runs());
}

/*
 * Many connections in one epoll instance, ended one right after the other:
 * no two threads wait for each other between two of them, so that this can be
 * done very often.
 */
struct volley {
	struct connection c[VOLLEY];
	const struct shape *shape;
	pid_t reader;		/* to be asleep before each, or 0 */
	int count;
	int over;		/* an eventfd */
	int err;
	int events[VOLLEY];	/* that each connection gave */
};

/* As state_of(), for who asks many times: @stat is the file, open. */
static bool is_asleep(int stat)
{
	char line[512], *paren;
	ssize_t len;

	len = pread(stat, line, sizeof(line) - 1, 0);
	if (len <= 0)
		return false;
	line[len] = '\0';
	paren = strrchr(line, ')');
	return paren && paren[1] && paren[2] == 'S';
}

static void *volley_main(void *arg)
{
	struct volley *v = arg;
	char path[64];
	int stat = -1;

	pin_to(0);
	if (v->reader) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
			 v->reader);
		stat = open(path, O_RDONLY | O_CLOEXEC);
		if (stat < 0)
			v->err = -errno;
	}
	for (int i = 0; i < v->count && !v->err; i++) {
		while (stat >= 0 && !is_asleep(stat))
			sched_yield();
		v->err = connection_end(&v->c[i], v->shape);
	}
	if (stat >= 0)
		close(stat);
	eventfd_write(v->over, 1);
	return NULL;
}

/* Counts what @ep reports until the volley is over and nothing is left. */
static void volley_read(struct volley *v, int ep, struct histogram *h)
{
	struct epoll_event ev[16];
	bool over = false;
	int n;

	do {
		n = epoll_wait(ep, ev, 16, v->reader && !over ? -1 : 0);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.u32 == VOLLEY) {
				over = true;
				continue;
			}
			v->events[ev[i].data.u32]++;
			if (ev[i].events == v->shape->mask)
				continue;
			h->wrong++;
			h->last_wrong = ev[i].events;
		}
	} while (n || !over);
}

static void segment_volleys(struct __test_metadata *_metadata,
			    FIXTURE_DATA(segment) *self, bool asleep)
{
	struct histogram h = {};
	int port = 0, left;
	struct volley *v;

	v = calloc(1, sizeof(*v));
	ASSERT_TRUE(!!v);
	v->shape = self->shape;
	v->reader = asleep ? syscall(SYS_gettid) : 0;
	pin_to(1);
	for (left = runs(); left; left -= v->count) {
		struct epoll_event ev = { .events = WATCH };
		pthread_t thread;
		int ep;

		v->count = MIN(left, VOLLEY);
		memset(v->events, 0, sizeof(v->events));
		v->over = eventfd(0, EFD_CLOEXEC);
		ASSERT_LE(0, v->over);
		ev.data.u32 = VOLLEY;
		ep = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, v->over, &ev));
		for (int i = 0; i < v->count; i++) {
			ASSERT_EQ(0, connection_open(&v->c[i], self->tun,
						     self->listener,
						     self->dport,
						     FIRST_PORT + port,
						     self->shape));
			port = (port + 1) % 40000;
			ev.data.u32 = i;
			ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, v->c[i].fd,
					       &ev));
		}
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));
		ASSERT_EQ(0, pthread_create(&thread, NULL, volley_main, v));
		volley_read(v, ep, &h);
		pthread_join(thread, NULL);
		ASSERT_EQ(0, v->err);
		for (int i = 0; i < v->count; i++) {
			h.bin[MIN(v->events[i], MAX_EVENTS)]++;
			close(v->c[i].fd);
		}
		close(ep);
		close(v->over);
	}
	free(v);
	LOG_HISTOGRAM(&h);
	EXPECT_EQ(runs(), h.bin[1]);
	EXPECT_EQ(0, h.wrong)
		TH_LOG("want %s, got %s", mask_str(self->shape->mask),
		       mask_str(h.last_wrong));
}

/* Nor is one of many that end in a row reported twice, or forgotten. */
TEST_F_TIMEOUT(segment, volley, time_limit())
{
	segment_volleys(_metadata, self, false);
}

TEST_F_TIMEOUT(segment, volley_asleep, time_limit())
{
	segment_volleys(_metadata, self, true);
}

/*
 * Threads that wait on the same epoll instance are woken one at a time, each
 * wakeup the next of them: one FIN wakes one thread, no second one in vain.
 */
struct crew {
	struct waiter w[WAITERS];
	int told;
	int woken;
};

static int crew_start(struct crew *crew, int ep)
{
	int err;

	memset(crew, 0, sizeof(*crew));
	for (int i = 0; i < WAITERS; i++) {
		struct waiter *w = &crew->w[i];

		w->fd = ep;
		w->epoll = true;
		err = waiter_start(w);
		if (err)
			return err;
	}
	return 0;
}

/* Counts those who have been woken up to now. */
static void crew_count(struct crew *crew)
{
	for (int i = 0; i < WAITERS; i++) {
		struct waiter *w = &crew->w[i];
		long sleeps = settled_sleeps(w);

		if (waiter_done(w))
			crew->told++;
		else if (sleeps == w->sleeps)
			continue;
		crew->woken++;
	}
	for (int i = 0; i < WAITERS; i++)
		waiter_end(&crew->w[i], 0);
}

TEST_F(segment, wakeups)
{
	struct crew crew;
	int ep;

	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, self->shape));
	ep = epoll_with(self->c.fd, WATCH);
	ASSERT_LE(0, ep);
	ASSERT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, crew_start(&crew, ep));
	ASSERT_EQ(0, connection_end(&self->c, self->shape));
	/* a thread that was woken is not asleep when write() has returned */
	crew_count(&crew);
	EXPECT_EQ(1, crew.told);
	EXPECT_EQ(1, crew.woken)
		TH_LOG("%d threads woken by one FIN", crew.woken);
	close(ep);
}

/* 3: ordinary sockets at both ends. */

FIXTURE(pair) {
	int sv[2];
};

FIXTURE_VARIANT(pair) {
	enum family_id id;
	bool data;	/* in the same segment */
	int how;
};

FIXTURE_VARIANT_ADD(pair, tcp4) { TCP4, true, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, tcp6) { TCP6, true, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, tcp4_bare) { TCP4, false, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, unix_stream) { UNIX_STREAM, false, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, unix_seqpacket) {
	UNIX_SEQPACKET, false, SHUT_WR
};

FIXTURE_VARIANT_ADD(pair, vsock) { FAM_VSOCK_STREAM, false, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, vsock_both) { FAM_VSOCK_STREAM, false, SHUT_RDWR };
/* No data with this one: what follows a DATA_FIN has a worker process it. */
FIXTURE_VARIANT_ADD(pair, mptcp) { FAM_MPTCP4, false, SHUT_WR };

FIXTURE_SETUP(pair)
{
	/* MSG_MORE is to hold back until the FIN, however long that takes. */
	if (variant->data) {
		if (own_net())
			SKIP(return, "no network of one's own");
		ASSERT_EQ(0, hold_back(HOLD_MS));
	}
	/* Is there such a thing?  The tests make their own. */
	SETUP_PAIR(return, variant->id, self->sv);
	close(self->sv[0]);
	close(self->sv[1]);
	self->sv[0] = -1;
	self->sv[1] = -1;
}

FIXTURE_TEARDOWN(pair)
{
	if (self->sv[0] >= 0)
		close(self->sv[0]);
	if (self->sv[1] >= 0)
		close(self->sv[1]);
}

struct pair_ending {
	const int *sv;
	bool data;
	int how;
};

static int end_by_shutdown(void *arg)
{
	struct pair_ending *e = arg;

	/* held back by MSG_MORE, sent with the FIN */
	if (e->data && send(e->sv[1], "data", 4, MSG_MORE) != 4)
		return -errno;
	return shutdown(e->sv[1], e->how) ? -errno : 0;
}

static void pair_edges(struct __test_metadata *_metadata,
		       FIXTURE_DATA(pair) *self,
		       const FIXTURE_VARIANT(pair) *variant, bool asleep)
{
	struct pair_ending ending = { self->sv, variant->data, variant->how };
	struct sender s = { .end = end_by_shutdown, .arg = &ending };
	struct linger linger = { .l_onoff = 1 };
	unsigned int masks[MAX_EVENTS];
	struct histogram h = {};

	ASSERT_EQ(0, sender_start(&s, asleep));
	for (int i = 0; i < runs(); i++) {
		int ep, n;

		ASSERT_EQ(0, make_pair(variant->id, self->sv));
		setsockopt(self->sv[0], SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
		ep = epoll_with(self->sv[0], WATCH);
		ASSERT_LE(0, ep);
		n = count_edges(&s, ep, SETTLE_US, masks);
		ASSERT_EQ(0, s.err);
		tally(&h, n, masks, EPOLLIN | EPOLLRDHUP);
		close(ep);
		close(self->sv[0]);
		close(self->sv[1]);
		self->sv[0] = -1;
		self->sv[1] = -1;
	}
	sender_stop(&s);
	LOG_HISTOGRAM(&h);
	EXPECT_EQ(runs(), h.bin[1]);
	EXPECT_EQ(0, h.wrong)
		TH_LOG("want %s, got %s", mask_str(EPOLLIN | EPOLLRDHUP),
		       mask_str(h.last_wrong));
}

/* A reader that spins on another CPU is told once. */
TEST_F_TIMEOUT(pair, spinning, time_limit())
{
	pair_edges(_metadata, self, variant, false);
}

/* A reader that sleeps is told once. */
TEST_F_TIMEOUT(pair, asleep, time_limit())
{
	pair_edges(_metadata, self, variant, true);
}

/*
 * One thread is woken.  Here the end may come by way of a softirq or a worker
 * thread, so a second wakeup is given MUST_NOT_MS to show.
 */
TEST_F(pair, wakeups)
{
	struct pair_ending ending = { self->sv, variant->data, variant->how };
	long long end;
	struct crew crew;
	int ep;

	ASSERT_EQ(0, make_pair(variant->id, self->sv));
	ep = epoll_with(self->sv[0], WATCH);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, crew_start(&crew, ep));
	ASSERT_EQ(0, end_by_shutdown(&ending));
	end = now_ms() + MUST_NOT_MS;
	while (now_ms() < end)
		sched_yield();
	crew_count(&crew);
	EXPECT_EQ(1, crew.told);
	EXPECT_EQ(1, crew.woken)
		TH_LOG("%d threads woken", crew.woken);
	close(ep);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
