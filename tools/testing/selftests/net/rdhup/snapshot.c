// SPDX-License-Identifier: GPL-2.0
/*
 * poll() answers for one state of the socket.
 *
 * A poll routine mostly runs without the lock of the socket whose end another
 * CPU is just telling it of.  A thread asks without a pause, while another
 * one shuts the connection down:
 *
 * 1. No answer has HUP without RDHUP, or RDHUP without IN.  There is no such
 *    state: it was put together from two reads of what changed meanwhile.
 * 2. What was said stays said.
 * 3. A connection that is reset is never told as one that ended in good order:
 *    no answer has RDHUP or HUP without ERR.  (HUP may come before RDHUP here:
 *    TCP is closed a little before it is shut down.)
 *
 * An answer may have IN without RDHUP: for TCP a FIN counts as received a
 * little before it is acted upon.
 *
 * This is also what KCSAN needs, which finds two accesses only if the second
 * comes within microseconds of the first, and only among those that it picks
 * at random.
 *
 * RDHUP_SNAPSHOTS in the environment is the number of connections per test.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_RUNS	20
#define AT_ONCE		32	/* questions in one call: little else runs */
#define MAX_MASKS	8

static int runs(void)
{
	const char *s = getenv("RDHUP_SNAPSHOTS");
	int n = s ? atoi(s) : 0;

	return n > 0 ? n : DEFAULT_RUNS;
}

/* Seconds: the harness' own limit, and more for more connections. */
static int time_limit(void)
{
	return TEST_TIMEOUT_DEFAULT + runs();
}

/*
 * The thread that asks: about @fd, from when that is set to when it is -1
 * again.  @seen has its answers in the order in which they first came, and
 * once more whenever one differs from the one before.
 */
struct spinner {
	pthread_t thread;
	int fd;			/* atomic; -1: none, -2: no more */
	int now;		/* atomic; the one that it has in hand */
	long calls;		/* atomic */
	int changes;
	unsigned int seen[MAX_MASKS];
};

static void note(struct spinner *s, unsigned int mask)
{
	if (s->changes && s->changes <= MAX_MASKS &&
	    s->seen[s->changes - 1] == mask)
		return;
	if (s->changes < MAX_MASKS)
		s->seen[s->changes] = mask;
	s->changes++;
}

static void *spinner_main(void *arg)
{
	struct pollfd pfd[AT_ONCE];
	struct spinner *s = arg;
	int fd;

	pin_to(1);
	while ((fd = __atomic_load_n(&s->fd, __ATOMIC_ACQUIRE)) != -2) {
		__atomic_store_n(&s->now, fd, __ATOMIC_RELEASE);
		if (fd < 0) {
			sched_yield();
			continue;
		}
		for (int i = 0; i < AT_ONCE; i++) {
			pfd[i].fd = fd;
			pfd[i].events = to_poll(ALL_EVENTS);
		}
		if (poll(pfd, AT_ONCE, 0) < 0)
			continue;
		for (int i = 0; i < AT_ONCE; i++)
			note(s, to_epoll((unsigned short)pfd[i].revents));
		__atomic_add_fetch(&s->calls, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static int spinner_start(struct spinner *s)
{
	s->fd = -1;
	s->now = -1;
	pin_to(0);
	s->calls = 0;
	return -pthread_create(&s->thread, NULL, spinner_main, s);
}

/* Wait until it has asked @n times more. */
static void spinner_await(struct spinner *s, int n)
{
	long end = __atomic_load_n(&s->calls, __ATOMIC_ACQUIRE) + n;

	while (__atomic_load_n(&s->calls, __ATOMIC_ACQUIRE) < end)
		sched_yield();
}

static void spinner_watch(struct spinner *s, int fd)
{
	s->changes = 0;
	__atomic_store_n(&s->fd, fd, __ATOMIC_RELEASE);
	spinner_await(s, 1);
}

static void spinner_leave(struct spinner *s)
{
	__atomic_store_n(&s->fd, -1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&s->now, __ATOMIC_ACQUIRE) != -1)
		sched_yield();
}

static void spinner_stop(struct spinner *s)
{
	__atomic_store_n(&s->fd, -2, __ATOMIC_RELEASE);
	pthread_join(s->thread, NULL);
}

/* What never stands alone: a bit, and what has to come with it. */
static bool is_torn(unsigned int mask)
{
	const unsigned int in = EPOLLIN | EPOLLRDNORM;

	return (mask & EPOLLHUP && !(mask & EPOLLRDHUP)) ||
	       (mask & EPOLLRDHUP && (mask & in) != in);
}

/* The way of ending that is none of shutdown()'s. */
#define RESET	(-1)

/* Room to write is another matter: it may come and go. */
static bool is_wrong(const struct spinner *s, int how)
{
	const unsigned int room = EPOLLOUT | EPOLLWRNORM;

	if (s->changes > MAX_MASKS)
		return true;
	for (int i = 0; i < s->changes; i++) {
		if (how != RESET && is_torn(s->seen[i]))
			return true;
		if (how == RESET && s->seen[i] & (EPOLLRDHUP | EPOLLHUP) &&
		    !(s->seen[i] & EPOLLERR))
			return true;
		if (i && s->seen[i - 1] & ~s->seen[i] & ~room)
			return true;
	}
	return false;
}

/* Has sv[1] leave in a way that is an error to sv[0]. */
static int leave(enum family_id family, int sv[2])
{
	const int domain = families[family].domain;

	if (domain != AF_UNIX && domain != AF_SMC)
		return reset(sv[1]);
	/* there it is what has not been read */
	if (send(sv[0], "x", 1, 0) != 1)
		return -errno;
	if (!poll_mask(sv[1], EPOLLIN, MUST_MS))
		return -ETIMEDOUT;
	return close(sv[1]) ? -errno : 0;
}

/* Has end @at of each connection be shut @how, and looks at the answers. */
static void ask_meanwhile(struct __test_metadata *_metadata, struct spinner *s,
			  enum family_id family, int at, int how)
{
	int wrong = 0, changed = 0, between = 0;
	int sv[2];

	for (int i = 0; i < runs(); i++) {
		ASSERT_EQ(0, make_pair(family, sv));
		spinner_watch(s, sv[0]);
		/* not in step with the questions */
		for (int j = i % 7; j; j--)
			sched_yield();
		ASSERT_EQ(0, how == RESET ? leave(family, sv) :
					    shutdown(sv[at], how));
		/* a worker or a softirq may deliver it */
		ASSERT_NE(0, poll_mask(sv[0], EPOLLIN, MUST_MS));
		if (how == RESET)
			ASSERT_MASK(EPOLLERR,
				    EPOLLERR & poll_mask(sv[0], 0, MUST_MS));
		spinner_await(s, 2);
		spinner_leave(s);
		changed += s->changes > 1;
		between += s->changes > 2;
		if (is_wrong(s, how) && !wrong++) {
			for (int j = 0; j < MIN(s->changes, MAX_MASKS); j++)
				TH_LOG("connection %d: %s", i,
				       mask_str(s->seen[j]));
		}
		close(sv[0]);
		if (how != RESET)
			close(sv[1]);
	}
	TH_LOG("%d connections, %d seen to change, %d by steps", runs(),
	       changed, between);
	EXPECT_EQ(runs(), changed);
	EXPECT_EQ(0, wrong);
}

FIXTURE(snapshot) {
	struct spinner s;
};

FIXTURE_VARIANT(snapshot) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(snapshot, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(snapshot, tcp6) { .family = TCP6 };
FIXTURE_VARIANT_ADD(snapshot, tls) { .family = FAM_TLS };
FIXTURE_VARIANT_ADD(snapshot, unix_stream) { .family = UNIX_STREAM };
FIXTURE_VARIANT_ADD(snapshot, unix_seqpacket) { .family = UNIX_SEQPACKET };
FIXTURE_VARIANT_ADD(snapshot, mptcp4) { .family = FAM_MPTCP4 };
FIXTURE_VARIANT_ADD(snapshot, vsock_stream) { .family = FAM_VSOCK_STREAM };
FIXTURE_VARIANT_ADD(snapshot, vsock_seqpacket) {
	.family = FAM_VSOCK_SEQPACKET
};

FIXTURE_VARIANT_ADD(snapshot, sctp4) { .family = FAM_SCTP4 };
FIXTURE_VARIANT_ADD(snapshot, smc) { .family = FAM_SMC };
FIXTURE_VARIANT_ADD(snapshot, tipc) { .family = FAM_TIPC_STREAM };
FIXTURE_VARIANT_ADD(snapshot, l2cap) { .family = FAM_L2CAP };

static void start_asking(struct __test_metadata *_metadata, struct spinner *s,
			 enum family_id family)
{
	int sv[2], err;

	/* Bluetooth's controllers are in the initial one. */
	if (families[family].domain != AF_BLUETOOTH)
		enter_own_net();
	err = any_ready(family);
	if (!err)
		err = make_pair(family, sv);
	if (is_missing(err))
		SKIP(return, "no %s: %s", families[family].name,
		     strerror(-err));
	ASSERT_EQ(0, err);
	close(sv[0]);
	close(sv[1]);
	ASSERT_EQ(0, spinner_start(s));
}

FIXTURE_SETUP(snapshot)
{
	start_asking(_metadata, &self->s, variant->family);
}

FIXTURE_TEARDOWN(snapshot)
{
	spinner_stop(&self->s);
}

TEST_F_TIMEOUT(snapshot, peer_shuts, time_limit())
{
	/* TIPC refuses to end one direction */
	if (families[variant->family].domain != AF_TIPC)
		ask_meanwhile(_metadata, &self->s, variant->family, 1, SHUT_WR);
	ask_meanwhile(_metadata, &self->s, variant->family, 1, SHUT_RDWR);
}

TEST_F_TIMEOUT(snapshot, own_shuts, time_limit())
{
	if (families[variant->family].domain != AF_TIPC)
		ask_meanwhile(_metadata, &self->s, variant->family, 0, SHUT_RD);
	ask_meanwhile(_metadata, &self->s, variant->family, 0, SHUT_RDWR);
}

/*
 * The same for a reset.  TIPC and vsock have no error for it, and to Bluetooth
 * every end is one.
 */
FIXTURE(resets) {
	struct spinner s;
};

FIXTURE_VARIANT(resets) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(resets, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(resets, tcp6) { .family = TCP6 };
FIXTURE_VARIANT_ADD(resets, tls) { .family = FAM_TLS };
FIXTURE_VARIANT_ADD(resets, unix_stream) { .family = UNIX_STREAM };
FIXTURE_VARIANT_ADD(resets, unix_seqpacket) { .family = UNIX_SEQPACKET };
FIXTURE_VARIANT_ADD(resets, mptcp4) { .family = FAM_MPTCP4 };
FIXTURE_VARIANT_ADD(resets, sctp4) { .family = FAM_SCTP4 };
FIXTURE_VARIANT_ADD(resets, smc) { .family = FAM_SMC };

FIXTURE_SETUP(resets)
{
	start_asking(_metadata, &self->s, variant->family);
}

FIXTURE_TEARDOWN(resets)
{
	spinner_stop(&self->s);
}

TEST_F_TIMEOUT(resets, peer_resets, time_limit())
{
	ask_meanwhile(_metadata, &self->s, variant->family, 1, RESET);
}

/* The other end of a datagram socket is told nothing. */
static void datagram_shuts(struct __test_metadata *_metadata,
			   enum family_id family)
{
	struct spinner s;

	ASSERT_EQ(0, spinner_start(&s));
	ask_meanwhile(_metadata, &s, family, 0, SHUT_RD);
	ask_meanwhile(_metadata, &s, family, 0, SHUT_RDWR);
	spinner_stop(&s);
}

TEST(udp4_own_shuts)
{
	datagram_shuts(_metadata, FAM_UDP4);
}

TEST(unix_dgram_own_shuts)
{
	datagram_shuts(_metadata, UNIX_DGRAM);
}

TEST_HARNESS_MAIN
