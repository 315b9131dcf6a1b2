// SPDX-License-Identifier: GPL-2.0
/*
 * The end of an MPTCP connection, and of one that has fallen back to TCP: poll
 * and recv have to say of either what they say of TCP.
 *
 * 1. The peer's half-close: IN RDHUP, and recv returns 0.
 * 2. The peer's close: the same.
 * 3. A reset: IN RDHUP HUP ERR; recv returns ECONNRESET, then 0; send EPIPE.
 * 4. Those who wait for RDHUP alone, or in recv, are told.
 * 5. A reset that comes before accept() is told all the same, if the worker of
 *    the kernel has set it down when accept() comes; see 6 otherwise.
 * 6. The loss of the only subflow is no reset of the connection.  When nothing
 *    can follow any more poll says IN RDHUP HUP, without ERR; recv returns 0 if
 *    the peer had finished and otherwise ENOTCONN, for good; send EPIPE.
 * 7. A send() that sleeps returns EPIPE then, and a recv() ENOTCONN.
 *
 * The fallback is that of a client whose server knows no MPTCP; each pair is
 * asked with MPTCP_INFO which of the two it is.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "wire.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

FIXTURE(mptcp)
{
	int sv[2];
};

FIXTURE_VARIANT(mptcp)
{
	int family;
	int server;	/* the listener's protocol; the client's is MPTCP */
};

FIXTURE_VARIANT_ADD(mptcp, tcp4)
{
	.family = AF_INET,
	.server = -1,
};

FIXTURE_VARIANT_ADD(mptcp, native4)
{
	.family = AF_INET,
	.server = IPPROTO_MPTCP,
};

FIXTURE_VARIANT_ADD(mptcp, native6)
{
	.family = AF_INET6,
	.server = IPPROTO_MPTCP,
};

FIXTURE_VARIANT_ADD(mptcp, fallback4)
{
	.family = AF_INET,
	.server = IPPROTO_TCP,
};

FIXTURE_VARIANT_ADD(mptcp, fallback6)
{
	.family = AF_INET6,
	.server = IPPROTO_TCP,
};

/* sv[0] is the client here, since it is the end that falls back. */
static int connected(int family, int client, int server, int sv[2])
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr *sa = (struct sockaddr *)&in;
	socklen_t len = sizeof(in);
	int listener, err = 0;

	sv[0] = -1;
	sv[1] = -1;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in6.sin6_addr = in6addr_loopback;
	if (family == AF_INET6) {
		sa = (struct sockaddr *)&in6;
		len = sizeof(in6);
	}
	listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, server);
	if (listener < 0)
		return -errno;
	sv[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, client);
	if (sv[0] < 0 ||
	    bind(listener, sa, len) || listen(listener, 1) ||
	    getsockname(listener, sa, &len) || connect(sv[0], sa, len))
		err = -errno;
	if (!err) {
		sv[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (sv[1] < 0)
			err = -errno;
	}
	close(listener);
	return err;
}

/*
 * 1 if this is an MPTCP socket whose connection is one of TCP, 0 if it is one
 * of MPTCP, -1 if it is no MPTCP socket at all.  There is no MPTCP_INFO after
 * a fallback during the handshake.
 */
static int fallen_back(int fd)
{
	struct mptcp_info info = {};
	socklen_t len = sizeof(int);
	int protocol;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) ||
	    protocol != IPPROTO_MPTCP)
		return -1;
	len = sizeof(info);
	if (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &len))
		return errno == EOPNOTSUPP || errno == ENOPROTOOPT;
	return !!(info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK);
}

FIXTURE_SETUP(mptcp)
{
	int err;

	err = connected(variant->family,
			variant->server < 0 ? IPPROTO_TCP : IPPROTO_MPTCP,
			variant->server < 0 ? IPPROTO_TCP : variant->server,
			self->sv);
	if (is_missing(err))
		SKIP(return, "no MPTCP: %s", strerror(-err));
	ASSERT_EQ(0, err);
	/* Both ends must have agreed before either is asked. */
	ASSERT_EQ(1, send(self->sv[0], "x", 1, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->sv[1], EPOLLIN, MUST_MS));
	ASSERT_EQ(1, recv(self->sv[1], &err, 1, 0));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->sv[0], EPOLLIN, MUST_MS));
	ASSERT_EQ(1, recv(self->sv[0], &err, 1, 0));
	switch (variant->server) {
	case IPPROTO_MPTCP:
		ASSERT_EQ(0, fallen_back(self->sv[0]));
		ASSERT_EQ(0, fallen_back(self->sv[1]));
		break;
	case IPPROTO_TCP:
		ASSERT_EQ(1, fallen_back(self->sv[0]));
		__attribute__((fallthrough));
	default:
		ASSERT_EQ(-1, fallen_back(self->sv[1]));
	}
}

FIXTURE_TEARDOWN(mptcp)
{
	close(self->sv[0]);
	close(self->sv[1]);
}

static int try_recv(int fd)
{
	char c;
	int ret = recv(fd, &c, 1, MSG_DONTWAIT);

	return ret < 0 ? -errno : ret;
}

static int reset_end(int *fd)
{
	int ret = reset(*fd);

	*fd = -1;
	return ret;
}

#define WRITABLE as_poll(EPOLLOUT | EPOLLWRNORM)
#define HALF_CLOSED (WRITABLE | EPOLLIN | EPOLLRDNORM | EPOLLRDHUP)

/* Everything that poll says once it has said one of @events. */
static unsigned int mask_after(int fd, unsigned int events)
{
	poll_mask(fd, events, MUST_MS);
	return poll_mask(fd, ALL_EVENTS, 0);
}

/* The peer's half-close is IN RDHUP, and recv returns 0. */
TEST_F(mptcp, shut_wr)
{
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_MASK(HALF_CLOSED, mask_after(self->sv[0], EPOLLRDHUP));
	EXPECT_EQ(0, try_recv(self->sv[0]));
	EXPECT_EQ(1, send(self->sv[0], "x", 1, 0));
}

/* The peer's close is IN RDHUP, and recv returns 0. */
TEST_F(mptcp, close)
{
	ASSERT_EQ(0, close(self->sv[1]));
	self->sv[1] = -1;
	EXPECT_MASK(HALF_CLOSED, mask_after(self->sv[0], EPOLLRDHUP));
	EXPECT_EQ(0, try_recv(self->sv[0]));
}

/*
 * The subflow shares the wait queue of its MPTCP socket and wakes it a moment
 * before the end is carried over: who looks then may see a part of a reset,
 * such as ERR alone, and is told of the rest.
 */
#define RESET (HALF_CLOSED | EPOLLHUP | EPOLLERR)

/* A reset is IN RDHUP HUP ERR; ERR until it has been received. */
TEST_F(mptcp, reset)
{
	ASSERT_EQ(0, reset_end(&self->sv[1]));
	EXPECT_MASK(RESET, poll_until_ms(self->sv[0], ALL_EVENTS, RESET,
					 WAKE_MS));
	EXPECT_EQ(-ECONNRESET, try_recv(self->sv[0]));
	EXPECT_MASK(HALF_CLOSED | EPOLLHUP,
		    poll_mask(self->sv[0], ALL_EVENTS, 0));
	EXPECT_EQ(0, try_recv(self->sv[0]));
	EXPECT_EQ(-1, send(self->sv[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

/* A poll that waits for RDHUP alone is told of a reset. */
TEST_F(mptcp, reset_wakes_rdhup)
{
	struct waiter w = { .fd = self->sv[0], .events = EPOLLRDHUP };
	unsigned int want = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, reset_end(&self->sv[1]));
	ASSERT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(0, w.mask & ~want);
	EXPECT_MASK(want, poll_until_ms(w.fd, EPOLLRDHUP, want, WAKE_MS));
}

/* Edge-triggered, RDHUP is in the last edge, of one or two. */
TEST_F(mptcp, reset_edge)
{
	unsigned int want = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->sv[0], EPOLLRDHUP | EPOLLET);
	ASSERT_GE(w.fd, 0);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, reset_end(&self->sv[1]));
	ASSERT_TRUE(waiter_end(&w, MUST_MS));
	if (w.mask != want)
		w.mask = epoll_next(w.fd, WAKE_MS);
	EXPECT_MASK(want, w.mask);
	close(w.fd);
}

/* After a reset a connection can be made again, as if there was none. */
TEST_F(mptcp, reset_then_connect)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int listener;

	ASSERT_EQ(0, reset_end(&self->sv[1]));
	ASSERT_MASK(EPOLLHUP | EPOLLERR, poll_mask(self->sv[0], 0, MUST_MS));
	ASSERT_EQ(-ECONNRESET, try_recv(self->sv[0]));
	ASSERT_EQ(0, connect(self->sv[0], &unspec, sizeof(unspec)));
	listener = listen_on(variant->family == AF_INET ? TCP4 : TCP6);
	ASSERT_GE(listener, 0);
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&ss, &len));
	ASSERT_EQ(0, connect(self->sv[0], (struct sockaddr *)&ss, len));
	self->sv[1] = accept(listener, NULL, NULL);
	ASSERT_GE(self->sv[1], 0);
	EXPECT_MASK(WRITABLE, poll_mask(self->sv[0], ALL_EVENTS, 0));
	close(listener);
}

static void refused_connect(struct __test_metadata *_metadata, int protocol)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int bound, fd;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bound = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_GE(bound, 0);
	ASSERT_EQ(0, bind(bound, (struct sockaddr *)&in, len));
	ASSERT_EQ(0, getsockname(bound, (struct sockaddr *)&in, &len));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, protocol);
	if (fd < 0 && (errno == EPROTONOSUPPORT || errno == ENOPROTOOPT))
		SKIP(return, "no MPTCP: %s", strerror(errno));
	ASSERT_GE(fd, 0);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&in, len));
	ASSERT_EQ(EINPROGRESS, errno);
	EXPECT_MASK(RESET, poll_until_ms(fd, ALL_EVENTS, RESET, WAKE_MS));
	/* The second attempt reports the first, the third is one. */
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&in, len));
	EXPECT_EQ(ECONNREFUSED, errno);
	ASSERT_EQ(0, listen(bound, 1));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&in, len));
	ASSERT_EQ(EINPROGRESS, errno);
	EXPECT_MASK(WRITABLE, mask_after(fd, EPOLLOUT));
	close(fd);
	close(bound);
}

/* A refused connection is IN RDHUP HUP ERR, and another may be tried. */
TEST(tcp_refused)
{
	refused_connect(_metadata, IPPROTO_TCP);
}

TEST(mptcp_refused)
{
	refused_connect(_metadata, IPPROTO_MPTCP);
}

/* A reset of the connection: @err once, then the end. */
static void expect_reset(struct __test_metadata *_metadata, int fd, int err)
{
	EXPECT_MASK(RESET, poll_until_ms(fd, ALL_EVENTS, RESET, WAKE_MS));
	EXPECT_EQ(-err, try_recv(fd));
	EXPECT_EQ(0, try_recv(fd));
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

#define LOST (HALF_CLOSED | EPOLLHUP)

/* No subflow any more: recv gives @ret, which it does for good. */
static void expect_lost(struct __test_metadata *_metadata, int fd, int ret)
{
	EXPECT_MASK(LOST, poll_until_ms(fd, ALL_EVENTS, LOST, WAKE_MS));
	EXPECT_EQ(ret, try_recv(fd));
	EXPECT_EQ(ret, try_recv(fd));
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_MASK(LOST, poll_mask(fd, ALL_EVENTS, 0));
}

/*
 * A reset, of the connection or of its only subflow, comes before accept().
 * The segment is received at once, but what it means for the connection a
 * worker thread of the kernel sets down later; accept() may come before it.
 * Returns the accepted socket, -1 if the test is skipped or has failed.
 */
enum before_accept {
	FASTCLOSE,		/* the client resets the connection */
	SUBFLOW,		/* its only subflow is reset */
	FALLBACK,		/* data without options, and a reset */
	FALLBACK_FIN,		/* data without options, FIN, and a reset */
};

#define PLAIN	2		/* bytes without options */

static int reset_plain(struct wire *w, bool fin)
{
	struct wire_segment data = { .len = PLAIN, .fin = fin };
	struct wire_segment reset = { .rst = true };

	wire_read(w);
	data.seq = w->from[0].next;
	reset.seq = data.seq + PLAIN + fin;
	return wire_forge(w, 0, &data) ?: wire_forge(w, 0, &reset);
}

/*
 * How many MPTCP connections of this network are established, which is all that
 * can be seen of one that is not accepted; -1 if it is not told.
 */
static long established(void)
{
	char names[4096], values[4096], *n, *v, *at_n, *at_v;
	FILE *f = fopen("/proc/net/netstat", "re");
	long found = -1;

	while (f && fgets(names, sizeof(names), f) &&
	       fgets(values, sizeof(values), f)) {
		n = strtok_r(names, " \n", &at_n);
		v = strtok_r(values, " \n", &at_v);
		for (; n && v; n = strtok_r(NULL, " \n", &at_n)) {
			if (!strcmp(n, "MPCurrEstab"))
				found = atol(v);
			v = strtok_r(NULL, " \n", &at_v);
		}
	}
	if (f)
		fclose(f);
	return found;
}

/*
 * Wait until there are @want.  Bounded: who has lost his subflow alone stays
 * established for longer.
 */
static void wait_for_established(long want)
{
	const long long end = now_ms() + WAKE_MS;

	while (established() > want && now_ms() < end)
		usleep(200);
}

static int reset_then_accept(struct __test_metadata *_metadata, bool at_once,
			     enum before_accept how)
{
	struct sched_param first = { .sched_priority = 1 }, any = {};
	int listener, client, server, ret = 0;
	struct wire w = { .fd = -1 };
	char plain[2 * PLAIN];
	cpu_set_t set;

	if (how != FASTCLOSE)
		ret = wire_open(&w);
	if (is_missing(ret))
		SKIP(return -1, "no segments to see: %s", strerror(-ret));
	EXPECT_EQ(0, ret);
	listener = listen_on(FAM_MPTCP4);
	if (is_missing(listener))
		SKIP(return -1, "no MPTCP: %s", strerror(-listener));
	EXPECT_LE(0, listener);
	client = connect_to(FAM_MPTCP4, listener);
	EXPECT_LE(0, client);
	wire_ends(&w, client, listener);
	/* The worker runs where the segment came in: give it no chance. */
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	EXPECT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	if (at_once && sched_setscheduler(0, SCHED_FIFO, &first))
		SKIP(return -1, "no real-time priority: %s", strerror(errno));
	if (how == FASTCLOSE)
		ret = reset_end(&client);
	else if (how == SUBFLOW)
		ret = wire_reset(&w, 0);
	else
		ret = reset_plain(&w, how == FALLBACK_FIN);
	/* The client that was not asked stays established. */
	if (!at_once)
		wait_for_established(how == FASTCLOSE ? 0 : 1);
	server = accept(listener, NULL, NULL);
	sched_setscheduler(0, SCHED_OTHER, &any);
	EXPECT_EQ(0, ret);
	EXPECT_LE(0, server);
	if (how >= FALLBACK) {
		EXPECT_EQ(1, fallen_back(server));
		EXPECT_EQ(PLAIN, recv(server, plain, sizeof(plain), 0));
	}
	close(client);
	close(listener);
	close(w.fd);
	return server;
}

/* The client resets the connection: that is an MPTCP fastclose. */
TEST(mptcp_reset_before_accept)
{
	int fd = reset_then_accept(_metadata, false, FASTCLOSE);

	if (fd < 0)
		return;
	expect_reset(_metadata, fd, ECONNRESET);
	close(fd);
}

/* accept() closes the socket before it is known that the connection was. */
TEST(mptcp_reset_right_before_accept)
{
	int fd = reset_then_accept(_metadata, true, FASTCLOSE);

	if (fd < 0)
		return;
	expect_lost(_metadata, fd, -ENOTCONN);
	close(fd);
}

/* The subflow is reset, and nobody says anything of the connection. */
TEST(mptcp_lost_before_accept)
{
	int fd = reset_then_accept(_metadata, false, SUBFLOW);

	if (fd < 0)
		return;
	expect_lost(_metadata, fd, -ENOTCONN);
	close(fd);
}

TEST(mptcp_lost_right_before_accept)
{
	int fd = reset_then_accept(_metadata, true, SUBFLOW);

	if (fd < 0)
		return;
	expect_lost(_metadata, fd, -ENOTCONN);
	close(fd);
}

/* A connection that has fallen back is reset, as one of TCP. */
TEST(mptcp_fallback_reset_before_accept)
{
	int fd = reset_then_accept(_metadata, false, FALLBACK);

	if (fd < 0)
		return;
	expect_reset(_metadata, fd, ECONNRESET);
	close(fd);
}

TEST(mptcp_fallback_reset_right_before_accept)
{
	int fd = reset_then_accept(_metadata, true, FALLBACK);

	if (fd < 0)
		return;
	expect_reset(_metadata, fd, ECONNRESET);
	close(fd);
}

/* A stream that was complete before the reset has come to its end. */
TEST(mptcp_fallback_reset_after_fin_before_accept)
{
	int fd = reset_then_accept(_metadata, false, FALLBACK_FIN);

	if (fd < 0)
		return;
	expect_lost(_metadata, fd, 0);
	close(fd);
}

/* accept() comes before that is known. */
TEST(mptcp_fallback_reset_after_fin_right_before_accept)
{
	int fd = reset_then_accept(_metadata, true, FALLBACK_FIN);

	if (fd < 0)
		return;
	expect_reset(_metadata, fd, EPIPE);
	close(fd);
}

/* Connections whose segments are seen: their only subflow can be reset. */
FIXTURE(lost)
{
	struct wire w;
	int sv[2];
};

FIXTURE_SETUP(lost)
{
	int err;

	self->sv[0] = -1;
	self->sv[1] = -1;
	self->w.fd = -1;
	if (own_net())
		SKIP(return, "no network of one's own");
	err = wire_open(&self->w);
	if (is_missing(err))
		SKIP(return, "no segments to see: %s", strerror(-err));
	ASSERT_EQ(0, err);
	/* What another subflow has to come in: a second, not a minute. */
	err = set_own("mptcp/close_timeout", 1);
	if (err == -ENOENT)
		SKIP(return, "no close_timeout of MPTCP: %s", strerror(-err));
	ASSERT_EQ(0, err);
	SETUP_PAIR(return, FAM_MPTCP4, self->sv);
	wire_ends(&self->w, self->sv[0], self->sv[1]);
}

FIXTURE_TEARDOWN(lost)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->w.fd);
}

/* One @end finishes and the other gets to know it. */
static void finish(struct __test_metadata *_metadata,
		   FIXTURE_DATA(lost) *self, int end)
{
	ASSERT_EQ(0, shutdown(self->sv[end], SHUT_WR));
	ASSERT_MASK(EPOLLRDHUP,
		    poll_mask(self->sv[!end], EPOLLRDHUP, MUST_MS));
}

/* After our own half-close no other subflow can come. */
TEST_F(lost, half_closed)
{
	finish(_metadata, self, 0);
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	expect_lost(_metadata, self->sv[0], -ENOTCONN);
}

/* The stream is complete when the peer has finished: no error, as for TCP. */
TEST_F(lost, after_data_fin)
{
	char buf[4];

	ASSERT_EQ(3, send(self->sv[1], "abc", 3, 0));
	finish(_metadata, self, 1);
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	EXPECT_MASK(LOST, poll_until_ms(self->sv[0], ALL_EVENTS, LOST,
					WAKE_MS));
	EXPECT_EQ(3, recv(self->sv[0], buf, sizeof(buf), MSG_DONTWAIT));
	expect_lost(_metadata, self->sv[0], 0);
}

/* A fastclose of the peer after it has finished is EPIPE, and then the end. */
TEST_F(lost, fastclose_after_data_fin)
{
	finish(_metadata, self, 1);
	/* Nothing else is told, and the worker is done with that end. */
	EXPECT_MASK(0, poll_mask(self->sv[0], 0, MUST_NOT_MS));
	ASSERT_EQ(0, reset_end(&self->sv[1]));
	expect_reset(_metadata, self->sv[0], EPIPE);
}

/*
 * While neither end has finished another subflow may take over, and nothing is
 * told.  If none does in the time given it is the end.
 */
TEST_F(lost, for_good)
{
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	EXPECT_MASK(0, poll_mask(self->sv[0], EPOLLRDHUP, MUST_NOT_MS));
	EXPECT_EQ(-EAGAIN, try_recv(self->sv[0]));
	EXPECT_NE(0, poll_mask(self->sv[0], 0, MUST_MS));
	expect_lost(_metadata, self->sv[0], -ENOTCONN);
}

/* Who waits for RDHUP alone is told that, in one edge. */
TEST_F(lost, wakes_rdhup)
{
	struct waiter w = { .fd = self->sv[0], .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	ASSERT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
}

TEST_F(lost, edge)
{
	struct waiter w = { .epoll = true };

	finish(_metadata, self, 0);
	w.fd = epoll_with(self->sv[0], EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	ASSERT_TRUE(waiter_end(&w, MUST_MS));
	/* The subflow, which has the same wait queue, may tell first. */
	if (w.mask != (EPOLLRDHUP | EPOLLHUP))
		w.mask = epoll_next(w.fd, WAKE_MS);
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	close(w.fd);
}

TEST_F(lost, ends_blocked_recv)
{
	struct waiter b = { .fd = self->sv[0], .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	ASSERT_TRUE(waiter_end(&b, MUST_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(ENOTCONN, b.err);
	expect_lost(_metadata, self->sv[0], -ENOTCONN);
}

/* A send() that sleeps, for the buffers are full. */
static void blocked_send(struct __test_metadata *_metadata,
			 FIXTURE_DATA(lost) *self)
{
	struct waiter b = { .fd = self->sv[0], .wait = wait_send };

	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	ASSERT_TRUE(waiter_end(&b, MUST_MS))
		TH_LOG("send sleeps, while poll says %s",
		       mask_str(poll_mask(self->sv[0], ALL_EVENTS, 0)));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EPIPE, b.err);
}

TEST_F(lost, ends_blocked_send)
{
	blocked_send(_metadata, self);
	expect_lost(_metadata, self->sv[0], -ENOTCONN);
}

TEST_F(lost, after_data_fin_ends_blocked_send)
{
	finish(_metadata, self, 1);
	blocked_send(_metadata, self);
	expect_lost(_metadata, self->sv[0], 0);
}

/* A connection can be made again, and is not over. */
TEST_F(lost, then_connect)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int listener;

	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_MASK(EPOLLRDHUP, poll_mask(self->sv[0], EPOLLRDHUP, MUST_MS));
	ASSERT_EQ(0, wire_reset(&self->w, 1));
	ASSERT_MASK(EPOLLHUP, poll_mask(self->sv[0], 0, MUST_MS));
	ASSERT_EQ(0, connect(self->sv[0], &unspec, sizeof(unspec)));
	EXPECT_MASK(WRITABLE | EPOLLHUP,
		    poll_mask(self->sv[0], ALL_EVENTS, 0));
	listener = listen_on(FAM_MPTCP4);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&ss, &len));
	ASSERT_EQ(0, connect(self->sv[0], (struct sockaddr *)&ss, len));
	EXPECT_MASK(WRITABLE, poll_mask(self->sv[0], ALL_EVENTS, 0));
	EXPECT_EQ(1, send(self->sv[0], "x", 1, MSG_NOSIGNAL));
	close(listener);
}

/* What never was connected has not come to its end, whatever is shut down. */
TEST(mptcp_unconnected)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	if (fd < 0 && (errno == EPROTONOSUPPORT || errno == ENOPROTOOPT))
		SKIP(return, "no MPTCP: %s", strerror(errno));
	ASSERT_LE(0, fd);
	EXPECT_MASK(WRITABLE | EPOLLHUP, poll_mask(fd, ALL_EVENTS, 0));
	EXPECT_EQ(-1, shutdown(fd, SHUT_WR));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_MASK(WRITABLE | EPOLLHUP, poll_mask(fd, ALL_EVENTS, 0));
	EXPECT_EQ(-ENOTCONN, try_recv(fd));
	close(fd);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
