// SPDX-License-Identifier: GPL-2.0
/*
 * SCTP one-to-one sockets and the end of what can be received.
 *
 * SCTP has no half-close.  A connection, which SCTP calls an association,
 * ends for both directions at once, and whichever way it ends nothing more
 * can be received.  So each of these must say EPOLLRDHUP and wake a waiter
 * that asked for nothing else, and recv() must answer 0 afterwards:
 *
 * 1. the peer's SHUT_WR or close();
 * 2. our own SHUT_WR, as soon as the peer has answered it;
 * 3. the peer's ABORT, together with EPOLLERR and without it once the error
 *    has been fetched;
 * 4. our own SHUT_RD, which tells the peer nothing.
 *
 * A listening socket that was shut down must say that accept() will fail.
 */
#include "expect.h"
#include "kselftest_harness.h"

#include <linux/sctp.h>

static int sctp_socket(void)
{
	struct timeval tv = { .tv_sec = MUST_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);

	/* A receive that should have ended must fail the test, not hang it. */
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

/* Bound to the loopback, at a port that the kernel has chosen: in @sin. */
static int sctp_bound(struct sockaddr_in *sin)
{
	socklen_t len = sizeof(*sin);
	int fd = sctp_socket();

	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)sin, sizeof(*sin)) ||
	    getsockname(fd, (struct sockaddr *)sin, &len)) {
		close(fd);
		return -1;
	}
	return fd;
}

FIXTURE(sctp)
{
	struct sockaddr_in addr;
	int listener;
	int own;
	int peer;
};

/* Does our side of the connection come from connect() or from accept()? */
FIXTURE_VARIANT(sctp)
{
	bool accepted;
};

FIXTURE_VARIANT_ADD(sctp, connected) { .accepted = false };
FIXTURE_VARIANT_ADD(sctp, accepted) { .accepted = true };

FIXTURE_SETUP(sctp)
{
	int client, server;

	self->listener = sctp_bound(&self->addr);
	if (self->listener < 0 && errno == EPROTONOSUPPORT)
		SKIP(return, "no SCTP");
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, listen(self->listener, 8));
	client = sctp_socket();
	ASSERT_LE(0, client);
	ASSERT_EQ(0, connect(client, (struct sockaddr *)&self->addr,
			     sizeof(self->addr)));
	server = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, server);
	self->own = variant->accepted ? server : client;
	self->peer = variant->accepted ? client : server;
}

FIXTURE_TEARDOWN(sctp)
{
	close(self->own);
	close(self->peer);
	close(self->listener);
}

TEST_F(sctp, fresh_pair_is_writable)
{
	EXPECT_MASK(ALL_fresh__sctp4, mask_of(self->own, 0));
	EXPECT_MASK(ALL_fresh__sctp4, mask_of(self->peer, 0));
}

TEST_F(sctp, peer_shut_wr_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };
	char c;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(ONLY_peer_shut_wr__sctp4, w.mask);
	EXPECT_MASK(ALL_peer_shut_wr__sctp4, mask_of(self->own, 0));
	EXPECT_EQ(0, recv(self->own, &c, 1, 0));
}

TEST_F(sctp, peer_close_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };
	char c;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(ONLY_peer_close__sctp4, w.mask);
	EXPECT_MASK(ALL_peer_close__sctp4, mask_of(self->own, 0));
	EXPECT_EQ(0, recv(self->own, &c, 1, 0));
}

TEST_F(sctp, own_shut_rd_wakes_rdhup_waiter_alone)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(ONLY_own_shut_rd__sctp4, w.mask);
	EXPECT_MASK(ALL_own_shut_rd__sctp4, mask_of(self->own, 0));
	EXPECT_MASK(0, poll_mask(self->peer, EPOLLIN | EPOLLRDHUP,
				 MUST_NOT_MS));
}

TEST_F(sctp, own_shut_wr_wakes_rdhup_waiter_when_answered)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->own, 0)));
	EXPECT_MASK(ONLY_own_shut_wr__sctp4, w.mask);
	EXPECT_MASK(ALL_own_shut_wr__sctp4, mask_of(self->own, 0));
}

TEST_F(sctp, own_shut_wr_ends_blocked_recv_with_eof)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
}

/* What the peer had sent before it answered our SHUT_WR is still ours. */
TEST_F(sctp, own_shut_wr_keeps_what_was_received)
{
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_MASK(ONLY_own_shut_wr__sctp4,
		    poll_mask(self->own, EPOLLRDHUP, WAKE_MS));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(0, recv(self->own, buf, sizeof(buf), 0))
		TH_LOG("recv: %s", strerror(errno));
}

TEST_F(sctp, abort_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, reset(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(ONLY_peer_reset__sctp4, w.mask);
}

/* One end, one event: an edge-triggered waiter hears of both facts at once. */
TEST_F(sctp, abort_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, reset(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(ALL_peer_reset__sctp4 & (EPOLLIN | EPOLLRDHUP | EPOLLERR),
		    w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(sctp, abort_leaves_eof_behind_the_error)
{
	socklen_t len = sizeof(int);
	int err = 0;
	char c;

	ASSERT_EQ(0, reset(self->peer));
	self->peer = -1;
	ASSERT_TRUE(poll_mask(self->own, 0, WAKE_MS) & EPOLLERR);
	ASSERT_EQ(0, getsockopt(self->own, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ECONNRESET, err);
	EXPECT_MASK(ALL_peer_reset__sctp4 & ~EPOLLERR, mask_of(self->own, 0));
	EXPECT_EQ(0, recv(self->own, &c, 1, 0))
		TH_LOG("recv: %s", strerror(errno));
}

/*
 * An ABORT after our SHUT_WR shuts both directions; the notification of what
 * could not be sent must nevertheless reach the user.
 */
TEST_F(sctp, abort_after_shut_wr_still_notifies_of_unsent_data)
{
	struct sctp_event event = { .se_type = SCTP_SEND_FAILED_EVENT,
				    .se_on = 1 };
	union sctp_notification *sn;
	static char buf[8192];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	socklen_t elen = sizeof(int);
	ssize_t len;
	int err = 0;

	ASSERT_EQ(0, setsockopt(self->own, IPPROTO_SCTP, SCTP_EVENT, &event,
				sizeof(event)));
	while (send(self->own, buf, 4096, MSG_DONTWAIT) > 0)
		;
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	/* What the peer has not read turns its close() into an ABORT. */
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	ASSERT_TRUE(poll_mask(self->own, 0, WAKE_MS) & EPOLLERR);
	ASSERT_EQ(0, getsockopt(self->own, SOL_SOCKET, SO_ERROR, &err, &elen));
	EXPECT_EQ(ECONNRESET, err);
	len = recvmsg(self->own, &msg, MSG_DONTWAIT);
	ASSERT_LE((ssize_t)sizeof(sn->sn_header), len)
		TH_LOG("recvmsg: %s", strerror(errno));
	EXPECT_TRUE(msg.msg_flags & MSG_NOTIFICATION);
	sn = (union sctp_notification *)buf;
	EXPECT_EQ(SCTP_SEND_FAILED_EVENT, sn->sn_header.sn_type);
}

/* A connect() that was refused has received no end of anything. */
TEST_F(sctp, refused_socket_connects_again)
{
	struct sockaddr_in gone;
	int fd;

	fd = sctp_bound(&gone);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));
	fd = sctp_socket();
	ASSERT_LE(0, fd);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&gone, sizeof(gone)));
	ASSERT_EQ(ECONNREFUSED, errno);
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&self->addr,
			     sizeof(self->addr)));
	EXPECT_EQ(0, poll_mask(fd, EPOLLIN | EPOLLRDHUP, 0));
	EXPECT_EQ(1, send(fd, "x", 1, MSG_NOSIGNAL));
	close(fd);
}

FIXTURE(sctp_listener)
{
	struct sockaddr_in addr;
	int fd;
};

FIXTURE_SETUP(sctp_listener)
{
	self->fd = sctp_bound(&self->addr);
	if (self->fd < 0 && errno == EPROTONOSUPPORT)
		SKIP(return, "no SCTP");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, listen(self->fd, 8));
}

FIXTURE_TEARDOWN(sctp_listener)
{
	close(self->fd);
}

TEST_F(sctp_listener, fresh_says_nothing)
{
	EXPECT_MASK(ALL_listener__sctp4, mask_of(self->fd, 0));
}

TEST_F(sctp_listener, shut_rd_wakes_in_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLIN };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(ALL_listener_shut_rd__sctp4 & EPOLLIN, w.mask);
	EXPECT_EQ(-1, accept(self->fd, NULL, NULL));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(sctp_listener, shut_rd_is_readable_with_rdhup)
{
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	EXPECT_MASK(ALL_listener_shut_rd__sctp4, mask_of(self->fd, 0));
}

TEST_F(sctp_listener, shut_rd_ends_blocked_accept)
{
	struct waiter b = { .fd = self->fd, .wait = wait_accept };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EINVAL, b.err);
}

TEST_F(sctp_listener, shut_wr_says_nothing)
{
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	EXPECT_MASK(ALL_listener_shut_wr__sctp4,
		    mask_of(self->fd, MUST_NOT_MS));
}

TEST_HARNESS_MAIN
