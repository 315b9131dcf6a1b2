// SPDX-License-Identifier: GPL-2.0
/*
 * The end of an MPTCP connection, and of one that has fallen back to TCP: poll
 * and recv have to say of either what they say of TCP.
 *
 * 1. The peer's half-close: IN RDHUP, and recv returns 0.
 * 2. The peer's close: the same.
 * 3. A reset: IN RDHUP HUP ERR; recv returns ECONNRESET, then 0; send EPIPE.
 * 4. Those who wait for RDHUP alone, or in recv, are told.
 * 5. A reset that comes before accept() is told all the same.
 * 6. So is the loss of the only subflow, which is no reset of the connection,
 *    when nothing can follow any more.
 *
 * The fallback is that of a client whose server knows no MPTCP; each pair is
 * asked with MPTCP_INFO which of the two it is.
 */
#include "expect.h"
#include "wire.h"

#include <linux/mptcp.h>

#include "kselftest_harness.h"

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

static void expect_reset(struct __test_metadata *_metadata, int fd, int err)
{
	unsigned int mask = as_poll(ALL_peer_reset__mptcp4);

	EXPECT_MASK(mask, poll_until_ms(fd, ALL_EVENTS, mask, WAKE_MS));
	EXPECT_EQ(-err, try_recv(fd));
	EXPECT_EQ(0, try_recv(fd));
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

/*
 * A reset, of the connection or of its only subflow, comes before accept().
 * The segment is received at once, but what it means for the connection a
 * worker thread of the kernel sets down later; accept() may come before it.
 */
static void reset_then_accept(struct __test_metadata *_metadata, bool at_once,
			      bool subflow)
{
	struct sched_param first = { .sched_priority = 1 }, any = {};
	int listener, client, server, ret = 0;
	struct wire w = { .fd = -1 };
	cpu_set_t set;

	if (subflow)
		ret = wire_open(&w);
	if (is_missing(ret))
		SKIP(return, "no segments to see: %s", strerror(-ret));
	ASSERT_EQ(0, ret);
	listener = listen_on(FAM_MPTCP4);
	if (is_missing(listener))
		SKIP(return, "no MPTCP: %s", strerror(-listener));
	ASSERT_LE(0, listener);
	client = connect_to(FAM_MPTCP4, listener);
	ASSERT_LE(0, client);
	wire_ends(&w, client, listener);
	/* The worker runs where the segment came in: give it no chance. */
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	if (at_once && sched_setscheduler(0, SCHED_FIFO, &first))
		SKIP(return, "no real-time priority: %s", strerror(errno));
	if (subflow)
		ret = wire_reset(&w, 0);
	else
		ret = reset_end(&client);
	/* Bounded: there is nothing to see until it is accepted. */
	if (!at_once)
		usleep(MUST_NOT_MS * 1000);
	server = accept(listener, NULL, NULL);
	sched_setscheduler(0, SCHED_OTHER, &any);
	ASSERT_EQ(0, ret);
	ASSERT_LE(0, server);
	expect_reset(_metadata, server, ECONNRESET);
	close(server);
	close(client);
	close(listener);
	close(w.fd);
}

/* The client resets the connection: that is an MPTCP fastclose. */
TEST(mptcp_reset_before_accept)
{
	reset_then_accept(_metadata, false, false);
}

TEST(mptcp_reset_right_before_accept)
{
	reset_then_accept(_metadata, true, false);
}

/* The subflow is reset, and nobody says anything of the connection. */
TEST(mptcp_lost_before_accept)
{
	reset_then_accept(_metadata, false, true);
}

TEST(mptcp_lost_right_before_accept)
{
	reset_then_accept(_metadata, true, true);
}

/* A connection whose segments are seen; its only subflow can be reset. */
static bool wired(struct __test_metadata *_metadata, struct wire *w, int sv[2])
{
	int err = wire_open(w);

	if (is_missing(err))
		SKIP(return false, "no segments to see: %s", strerror(-err));
	ASSERT_EQ(0, err);
	SETUP_PAIR(return false, FAM_MPTCP4, sv);
	wire_ends(w, sv[0], sv[1]);
	return true;
}

/* The subflow is reset after one @end has finished and the other knows it. */
static void lost_after_end_of(struct __test_metadata *_metadata, int end,
			      int err)
{
	struct wire w;
	int sv[2];

	if (!wired(_metadata, &w, sv))
		return;
	ASSERT_EQ(0, shutdown(sv[end], SHUT_WR));
	ASSERT_MASK(EPOLLRDHUP, poll_mask(sv[!end], EPOLLRDHUP, MUST_MS));
	ASSERT_EQ(0, wire_reset(&w, 1));
	expect_reset(_metadata, sv[0], err);
	close(sv[0]);
	close(sv[1]);
	close(w.fd);
}

/* After our own half-close: no other subflow can come, so it is a reset. */
TEST(mptcp_lost_half_closed)
{
	lost_after_end_of(_metadata, 0, ECONNRESET);
}

/* After the peer's half-close it is what it is for TCP, a broken pipe. */
TEST(mptcp_lost_after_data_fin)
{
	lost_after_end_of(_metadata, 1, EPIPE);
}

/*
 * While neither end has finished another subflow may take over.  If none does
 * in the time given, a second here and a minute otherwise, it is the end.
 */
TEST(mptcp_lost_for_good)
{
	struct wire w;
	int sv[2], fd;

	if (own_net())
		SKIP(return, "no network of one's own");
	fd = open("/proc/sys/net/mptcp/close_timeout", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		SKIP(return, "no close_timeout of MPTCP: %s", strerror(errno));
	close(fd);
	if (!wired(_metadata, &w, sv))
		return;
	ASSERT_EQ(0, wire_reset(&w, 1));
	EXPECT_NE(0, poll_mask(sv[0], 0, MUST_MS));
	expect_reset(_metadata, sv[0], ETIMEDOUT);
	close(sv[0]);
	close(sv[1]);
	close(w.fd);
}

TEST_HARNESS_MAIN
