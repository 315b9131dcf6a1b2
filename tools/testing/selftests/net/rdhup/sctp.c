// SPDX-License-Identifier: GPL-2.0
/*
 * SCTP one-to-one sockets and the end of what can be received.
 *
 * SCTP has no half-close.  A connection, which SCTP calls an association,
 * ends for both directions at once, and whichever way it ends nothing more
 * can be received.  So each of these must say EPOLLRDHUP and wake a waiter
 * that asked for nothing else:
 *
 * 1. the peer's SHUT_WR or close(), and recv() gives 0 from then on;
 * 2. our own SHUT_WR, as soon as the peer has answered it: recv() fails with
 *    ENOTCONN, as it always has and as lksctp-tools' tests have it, and does
 *    so whether it may wait or not;
 * 3. the peer's ABORT, together with EPOLLERR and without it once the error
 *    has been fetched; recv() as in 2;
 * 4. our own SHUT_RD, which tells the peer nothing.
 *
 * What has not come to its end must say nothing: a socket that has a second
 * association, one whose connect() failed, or one-to-many sockets.
 *
 * A listening socket that was shut down must say that accept() will fail.
 */
#include "expect.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sctp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

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

/* @listener hears nothing: whoever connects to it waits. */
static int sctp_deafen(int listener)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &drop };

	return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			  sizeof(prog)) ? -errno : 0;
}

static ssize_t try_recv(int fd)
{
	ssize_t len;
	char c;

	len = recv(fd, &c, 1, MSG_DONTWAIT);
	return len < 0 ? -errno : len;
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
	EXPECT_MASK(E_OUT, mask_of(self->own, 0));
	EXPECT_MASK(E_OUT, mask_of(self->peer, 0));
}

TEST_F(sctp, peer_shut_wr_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };
	char c;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP, w.mask);
	EXPECT_MASK(E_EOF, mask_of(self->own, 0));
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
	EXPECT_MASK(E_RDHUP, w.mask);
	EXPECT_MASK(E_EOF, mask_of(self->own, 0));
	EXPECT_EQ(0, recv(self->own, &c, 1, 0));
}

TEST_F(sctp, own_shut_rd_wakes_rdhup_waiter_alone)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP, w.mask);
	EXPECT_MASK(E_EOF, mask_of(self->own, 0));
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
	EXPECT_MASK(E_RDHUP | E_HUP, w.mask);
	EXPECT_MASK(E_GONE, mask_of(self->own, 0));
}

TEST_F(sctp, own_shut_wr_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(ENOTCONN, b.err);
}

/* poll() says IN: a recv() that may not wait has an answer, too. */
TEST_F(sctp, own_shut_wr_ends_recv_that_may_not_wait)
{
	char c;

	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_EQ(-1, recv(self->own, &c, 1, 0));
	ASSERT_EQ(ENOTCONN, errno);
	EXPECT_EQ(-ENOTCONN, try_recv(self->own));
	EXPECT_EQ(-ENOTCONN, try_recv(self->own));
}

/* What the peer had sent before it answered our SHUT_WR is still ours. */
TEST_F(sctp, own_shut_wr_keeps_what_was_received)
{
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_MASK(E_RDHUP | E_HUP,
		    poll_mask(self->own, EPOLLRDHUP, WAKE_MS));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_MASK(E_GONE, mask_of(self->own, 0));
}

TEST_F(sctp, abort_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, reset(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP | E_ERR, w.mask);
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
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP | EPOLLERR,
		    w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(sctp, abort_leaves_the_end_behind_the_error)
{
	socklen_t len = sizeof(int);
	int err = 0;
	char c;

	ASSERT_EQ(0, reset(self->peer));
	self->peer = -1;
	ASSERT_TRUE(poll_mask(self->own, 0, WAKE_MS) & EPOLLERR);
	ASSERT_EQ(0, getsockopt(self->own, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ECONNRESET, err);
	EXPECT_MASK(E_EOF, mask_of(self->own, 0));
	EXPECT_EQ(-1, recv(self->own, &c, 1, 0));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_EQ(-ENOTCONN, try_recv(self->own));
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

/* A connect() that shutdown() cuts short has failed. */
static void wait_connect(struct waiter *w)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	w->ret = getsockname((int)w->events, (struct sockaddr *)&sin, &len) ?:
		 connect(w->fd, (struct sockaddr *)&sin, len);
}

TEST_F(sctp, connect_is_cut_short_by_own_shut_wr)
{
	struct waiter w = { .wait = wait_connect, .events = self->listener };

	ASSERT_EQ(0, sctp_deafen(self->listener));
	w.fd = sctp_socket();
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	EXPECT_EQ(-1, shutdown(w.fd, SHUT_WR));
	EXPECT_EQ(ENOTCONN, errno);
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_EQ(-1, w.ret);
	EXPECT_EQ(ECONNREFUSED, w.err);
	close(w.fd);
}

/*
 * Until it is connected a socket may have several associations: who fails
 * does not take with him the one that has come about.
 */
TEST_F(sctp, failure_of_another_association_is_no_end)
{
	struct sctp_rtoinfo rto = { .srto_initial = 100, .srto_max = 100,
				    .srto_min = 100 };
	struct sockaddr_in deaf;
	socklen_t len = sizeof(int);
	int listener, server, fd;
	int err = 0;

	listener = sctp_bound(&deaf);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, sctp_deafen(listener));
	fd = sctp_socket();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_SCTP, SCTP_RTOINFO, &rto,
				sizeof(rto)));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&deaf, sizeof(deaf)));
	ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&self->addr,
			      sizeof(self->addr)));
	ASSERT_EQ(EINPROGRESS, errno);
	server = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, server);
	ASSERT_MASK(EPOLLOUT, poll_mask(fd, EPOLLOUT, MUST_MS));

	/* The next INIT finds nobody. */
	ASSERT_EQ(0, close(listener));
	ASSERT_MASK(EPOLLERR, poll_mask(fd, 0, MUST_MS));
	EXPECT_MASK(E_OUT | E_ERR, mask_of(fd, 0));
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ECONNREFUSED, err);
	EXPECT_MASK(E_OUT, mask_of(fd, 0));
	EXPECT_EQ(-EAGAIN, try_recv(fd));
	ASSERT_EQ(1, send(server, "x", 1, 0));
	EXPECT_MASK(EPOLLIN, poll_mask(fd, EPOLLIN, MUST_MS));
	EXPECT_EQ(1, try_recv(fd));
	close(server);
	close(fd);
}

/* One-to-many sockets have no end: there may always be another association. */
TEST(sctp_one_to_many_has_no_end)
{
	int fd;

	fd = socket(AF_INET, SOCK_SEQPACKET | SOCK_CLOEXEC, IPPROTO_SCTP);
	if (fd < 0 && errno == EPROTONOSUPPORT)
		SKIP(return, "no SCTP");
	ASSERT_LE(0, fd);
	EXPECT_MASK(E_OUT, mask_of(fd, 0));
	EXPECT_EQ(-EAGAIN, try_recv(fd));
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
	EXPECT_MASK(0, mask_of(self->fd, 0));
}

TEST_F(sctp_listener, shut_rd_wakes_in_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLIN };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLIN, w.mask);
	EXPECT_EQ(-1, accept(self->fd, NULL, NULL));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(sctp_listener, shut_rd_is_readable_with_rdhup)
{
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	EXPECT_MASK(E_IN | E_RDHUP, mask_of(self->fd, 0));
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
	EXPECT_MASK(0,
		    mask_of(self->fd, MUST_NOT_MS));
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
