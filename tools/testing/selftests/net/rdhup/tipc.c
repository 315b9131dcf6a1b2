// SPDX-License-Identifier: GPL-2.0
/*
 * TIPC and the end of a connection.
 *
 * TIPC has no half-close: shutdown() takes SHUT_RDWR only, and a connection
 * that one side ends is over for both.  Whoever ends it and however:
 *
 * 1. poll says IN RDNORM RDHUP HUP, and a waiter for EPOLLRDHUP alone hears
 *    of it by that name;
 * 2. recv() says how it has ended if the peer could tell, once, and fails with
 *    ENOTCONN from then on, whether it may wait or not;
 * 3. a pending socket error shows as EPOLLERR.
 *
 * A listening socket that was shut down accepts nobody any more.
 */
#include "expect.h"
#include "netns.h"
#include "tipc.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

FIXTURE(tipc)
{
	int own;
	int peer;
};

FIXTURE_VARIANT(tipc)
{
	enum family_id family;
	bool accepted;
};

FIXTURE_VARIANT_ADD(tipc, stream_connected) {
	.family = FAM_TIPC_STREAM, .accepted = false,
};

FIXTURE_VARIANT_ADD(tipc, stream_accepted) {
	.family = FAM_TIPC_STREAM, .accepted = true,
};

FIXTURE_VARIANT_ADD(tipc, seqpacket_connected) {
	.family = FAM_TIPC_SEQPACKET, .accepted = false,
};

FIXTURE_VARIANT_ADD(tipc, seqpacket_accepted) {
	.family = FAM_TIPC_SEQPACKET, .accepted = true,
};

FIXTURE_SETUP(tipc)
{
	int sv[2], err;

	err = make_pair(variant->family, sv);
	if (is_missing(err))
		SKIP(return, "no TIPC: %s", strerror(-err));
	ASSERT_EQ(0, err);
	self->own = sv[!variant->accepted];
	self->peer = sv[variant->accepted];
}

FIXTURE_TEARDOWN(tipc)
{
	close(self->own);
	close(self->peer);
}

TEST_F(tipc, fresh_pair_is_writable)
{
	EXPECT_MASK(T_OUT, mask_of(self->own, 0));
	EXPECT_MASK(T_OUT, mask_of(self->peer, 0));
}

TEST_F(tipc, shutdown_of_one_direction_is_refused)
{
	EXPECT_EQ(-1, shutdown(self->own, SHUT_WR));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, shutdown(self->own, SHUT_RD));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_MASK(T_OUT, mask_of(self->own, 0));
	EXPECT_MASK(T_OUT, mask_of(self->peer, 0));
}

TEST_F(tipc, peer_shutdown_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP | E_HUP, w.mask);
	EXPECT_MASK(T_END, mask_of(self->own, 0));
	EXPECT_MASK(T_END, mask_of(self->peer, 0));
}

TEST_F(tipc, peer_close_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP | E_HUP, w.mask);
	EXPECT_MASK(T_END, mask_of(self->own, 0));
}

TEST_F(tipc, own_shutdown_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP | E_HUP, w.mask);
	EXPECT_MASK(T_END, mask_of(self->own, 0));
}

TEST_F(tipc, peer_close_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret);
}

TEST_F(tipc, data_is_read_before_the_end)
{
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_MASK(T_END & (EPOLLIN | EPOLLHUP),
		    poll_mask(self->own, EPOLLIN, WAKE_MS));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, recv(self->own, buf, sizeof(buf), MSG_DONTWAIT));
}

TEST_F(tipc, second_recv_after_the_end_does_not_sleep)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };
	char c;
	int err;

	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_EQ(0, recv(self->own, &c, 1, 0));
	err = waiter_start(&b);
	ASSERT_TRUE(err == 0 || err == -EALREADY);
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(ENOTCONN, b.err);
}

static ssize_t try_recv(int fd)
{
	ssize_t len;
	char c;

	len = recv(fd, &c, 1, MSG_DONTWAIT);
	return len < 0 ? -errno : len;
}

/* poll() says IN for ever: a recv() that may not wait has an answer, too. */
TEST_F(tipc, recv_that_may_not_wait_ends_as_well)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_MASK(EPOLLIN | EPOLLHUP,
		    poll_mask(self->own, EPOLLIN, WAKE_MS));
	EXPECT_EQ(0, try_recv(self->own));
	EXPECT_EQ(-ENOTCONN, try_recv(self->own));
	EXPECT_EQ(-ENOTCONN, try_recv(self->own));
	EXPECT_MASK(EPOLLIN | EPOLLHUP, poll_mask(self->own, EPOLLIN, 0));
	/* after our own shutdown() likewise */
	EXPECT_EQ(-ENOTCONN, try_recv(self->peer));
}

/* The peer's FIN finds no room, and so leaves no message for recv(). */
TEST_F(tipc, end_is_told_without_room_for_it)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };
	static char buf[2048];
	int size = 1, err;

	ASSERT_EQ((ssize_t)sizeof(buf), send(self->peer, buf, sizeof(buf), 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->own, EPOLLIN, WAKE_MS));
	ASSERT_EQ(0, setsockopt(self->own, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_MASK(EPOLLHUP, poll_mask(self->own, 0, WAKE_MS));
	EXPECT_EQ((ssize_t)sizeof(buf), recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(-ENOTCONN, try_recv(self->own));
	err = waiter_start(&b);
	ASSERT_TRUE(err == 0 || err == -EALREADY);
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(ENOTCONN, b.err);
}

FIXTURE(tipc_alone)
{
	struct sockaddr_tipc gone;	/* of a socket that is no more */
	int fd;
};

FIXTURE_VARIANT(tipc_alone)
{
	int type;
};

FIXTURE_VARIANT_ADD(tipc_alone, stream) { .type = SOCK_STREAM };
FIXTURE_VARIANT_ADD(tipc_alone, seqpacket) { .type = SOCK_SEQPACKET };

FIXTURE_SETUP(tipc_alone)
{
	self->fd = socket(AF_TIPC, variant->type | SOCK_CLOEXEC, 0);
	if (self->fd < 0 && errno == EAFNOSUPPORT)
		SKIP(return, "no TIPC");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, tipc_self(self->fd, &self->gone));
	close(self->fd);
	self->fd = socket(AF_TIPC, variant->type | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(tipc_alone)
{
	close(self->fd);
}

TEST_F(tipc_alone, refused_connect_is_an_error)
{
	socklen_t len = sizeof(int);
	int err = 0;

	ASSERT_EQ(-1, connect(self->fd, (struct sockaddr *)&self->gone,
			      sizeof(self->gone)));
	ASSERT_EQ(EINPROGRESS, errno);
	/* Asking for nothing, as HUP and ERR come unasked. */
	EXPECT_MASK((E_RDHUP | E_HUP | E_ERR) & ~EPOLLRDHUP,
		    poll_mask(self->fd, 0, WAKE_MS));
	EXPECT_MASK(T_END | E_ERR, mask_of(self->fd, 0));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ECONNREFUSED, err);
	EXPECT_MASK((T_END | E_ERR) & ~EPOLLERR, mask_of(self->fd, 0));
}

TEST_F(tipc_alone, fresh_is_writable)
{
	EXPECT_MASK(T_OUT, mask_of(self->fd, 0));
}

/* Datagrams have no end; only our own shutdown() can say that it is over. */
TEST(tipc_dgram_own_shutdown_wakes_rdhup_waiter)
{
	struct waiter w = { .events = EPOLLRDHUP };

	w.fd = socket(AF_TIPC, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (w.fd < 0 && errno == EAFNOSUPPORT)
		SKIP(return, "no TIPC");
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	EXPECT_EQ(-1, shutdown(w.fd, SHUT_RDWR));
	EXPECT_EQ(ENOTCONN, errno);
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP | E_HUP, w.mask);
	EXPECT_MASK(T_END | T_OUT, mask_of(w.fd, 0));
	/* but somebody may send to it all the same */
	EXPECT_EQ(-EAGAIN, try_recv(w.fd));
	close(w.fd);
}

FIXTURE(tipc_listener)
{
	struct sockaddr_tipc sa;
	int fd;
	int client;
};

FIXTURE_VARIANT(tipc_listener)
{
	int type;
};

FIXTURE_VARIANT_ADD(tipc_listener, stream) { .type = SOCK_STREAM };
FIXTURE_VARIANT_ADD(tipc_listener, seqpacket) { .type = SOCK_SEQPACKET };

FIXTURE_SETUP(tipc_listener)
{
	self->fd = socket(AF_TIPC, variant->type | SOCK_CLOEXEC, 0);
	if (self->fd < 0 && errno == EAFNOSUPPORT)
		SKIP(return, "no TIPC");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, tipc_self(self->fd, &self->sa));
	self->client = socket(AF_TIPC, variant->type | SOCK_CLOEXEC |
			      SOCK_NONBLOCK, 0);
	ASSERT_LE(0, self->client);
}

FIXTURE_TEARDOWN(tipc_listener)
{
	close(self->client);
	close(self->fd);
}

/* connect() only begins here, and what comes of it poll() and SO_ERROR say. */
static int begin_connect(int fd, const struct sockaddr_tipc *sa)
{
	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)))
		return -errno;
	return 0;
}

TEST_F(tipc_listener, shutdown_ends_every_blocked_accept)
{
	struct waiter a = { .fd = self->fd, .wait = wait_accept };
	struct waiter b = { .fd = self->fd, .wait = wait_accept };

	ASSERT_EQ(0, listen(self->fd, 8));
	ASSERT_EQ(0, waiter_start(&a));
	ASSERT_EQ(0, waiter_start(&b));
	EXPECT_EQ(-1, shutdown(self->fd, SHUT_RDWR));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_TRUE(waiter_end(&a, WAKE_MS));
	EXPECT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, a.ret);
	EXPECT_EQ(EINVAL, a.err);
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EINVAL, b.err);
}

TEST_F(tipc_listener, shutdown_refuses_later_clients)
{
	socklen_t len = sizeof(int);
	int err = 0;

	ASSERT_EQ(0, listen(self->fd, 8));
	ASSERT_EQ(-1, shutdown(self->fd, SHUT_RDWR));
	EXPECT_MASK(T_END, mask_of(self->fd, 0));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, accept(self->fd, NULL, NULL));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(-EINPROGRESS, begin_connect(self->client, &self->sa));
	EXPECT_MASK(EPOLLHUP | EPOLLERR, poll_mask(self->client, 0, WAKE_MS));
	ASSERT_EQ(0, getsockopt(self->client, SOL_SOCKET, SO_ERROR, &err,
				&len));
	EXPECT_EQ(ECONNREFUSED, err);
	EXPECT_EQ(-1, accept(self->fd, NULL, NULL));
	EXPECT_EQ(EINVAL, errno);
}

/* As it always has: who is no listener yet has nothing to be shut down. */
TEST_F(tipc_listener, shutdown_before_listen_means_nothing)
{
	int fd;

	ASSERT_EQ(-1, shutdown(self->fd, SHUT_RDWR));
	ASSERT_EQ(ENOTCONN, errno);
	ASSERT_EQ(0, listen(self->fd, 8));
	ASSERT_EQ(-EINPROGRESS, begin_connect(self->client, &self->sa));
	fd = accept(self->fd, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_MASK(EPOLLOUT, poll_mask(self->client, EPOLLOUT, WAKE_MS));
	close(fd);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
