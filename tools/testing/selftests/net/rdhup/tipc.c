// SPDX-License-Identifier: GPL-2.0
/*
 * TIPC and the end of a connection.
 *
 * TIPC has no half-close: shutdown() takes SHUT_RDWR only, and a connection
 * that one side ends is over for both.  Whoever ends it and however:
 *
 * 1. poll says IN RDNORM RDHUP HUP, and a waiter for EPOLLRDHUP alone hears
 *    of it by that name;
 * 2. the first recv() afterwards says how it has ended, and no later one may
 *    sleep: nothing can come any more;
 * 3. a pending socket error shows as EPOLLERR.
 */
#include "blocked.h"
#include "kselftest_harness.h"

#include <linux/tipc.h>

#define R	(EPOLLIN | EPOLLRDNORM)
#define END	(R | EPOLLRDHUP | EPOLLHUP)

FIXTURE(tipc)
{
	int own;
	int peer;
};

FIXTURE_VARIANT(tipc)
{
	int type;
	bool accepted;
};

FIXTURE_VARIANT_ADD(tipc, stream_connected) {
	.type = SOCK_STREAM, .accepted = false,
};

FIXTURE_VARIANT_ADD(tipc, stream_accepted) {
	.type = SOCK_STREAM, .accepted = true,
};

FIXTURE_VARIANT_ADD(tipc, seqpacket_connected) {
	.type = SOCK_SEQPACKET, .accepted = false,
};

FIXTURE_VARIANT_ADD(tipc, seqpacket_accepted) {
	.type = SOCK_SEQPACKET, .accepted = true,
};

/* The address of a socket that is bound to nothing but itself. */
static int tipc_self(int fd, struct sockaddr_tipc *sa)
{
	socklen_t len = sizeof(*sa);

	memset(sa, 0, sizeof(*sa));
	return getsockname(fd, (struct sockaddr *)sa, &len);
}

FIXTURE_SETUP(tipc)
{
	struct sockaddr_tipc sa;
	int listener, client, server;

	listener = socket(AF_TIPC, variant->type | SOCK_CLOEXEC, 0);
	if (listener < 0 && errno == EAFNOSUPPORT)
		SKIP(return, "no TIPC");
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, tipc_self(listener, &sa));
	client = socket(AF_TIPC, variant->type | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, client);
	/* A first connect() in blocking mode would wait for accept(). */
	ASSERT_EQ(0, fcntl(client, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-1, connect(client, (struct sockaddr *)&sa, sizeof(sa)));
	ASSERT_EQ(EINPROGRESS, errno);
	server = accept(listener, NULL, NULL);
	ASSERT_LE(0, server);
	ASSERT_MASK(EPOLLOUT, mask_of(client, WAKE_MS));
	ASSERT_EQ(0, fcntl(client, F_SETFL, 0));
	close(listener);
	self->own = variant->accepted ? server : client;
	self->peer = variant->accepted ? client : server;
}

FIXTURE_TEARDOWN(tipc)
{
	close(self->own);
	close(self->peer);
}

TEST_F(tipc, fresh_pair_is_writable)
{
	EXPECT_MASK(EPOLLOUT, mask_of(self->own, 0));
	EXPECT_MASK(EPOLLOUT, mask_of(self->peer, 0));
}

TEST_F(tipc, shutdown_of_one_direction_is_refused)
{
	EXPECT_EQ(-1, shutdown(self->own, SHUT_WR));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, shutdown(self->own, SHUT_RD));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_MASK(EPOLLOUT, mask_of(self->own, 0));
	EXPECT_MASK(EPOLLOUT, mask_of(self->peer, 0));
}

TEST_F(tipc, peer_shutdown_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(END, mask_of(self->own, 0));
	EXPECT_MASK(END, mask_of(self->peer, 0));
}

TEST_F(tipc, peer_close_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(END, mask_of(self->own, 0));
}

TEST_F(tipc, own_shutdown_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(END, mask_of(self->own, 0));
}

TEST_F(tipc, peer_close_ends_blocked_recv)
{
	struct blocked b = { .fd = self->own };

	ASSERT_EQ(0, blocked_start(&b));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_TRUE(blocked_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret);
}

TEST_F(tipc, data_is_read_before_the_end)
{
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_MASK(R | EPOLLHUP,
		    poll_mask(self->own, R, WAKE_MS));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, recv(self->own, buf, sizeof(buf), MSG_DONTWAIT));
}

TEST_F(tipc, second_recv_after_the_end_does_not_sleep)
{
	struct blocked b = { .fd = self->own };
	char c;
	int err;

	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	ASSERT_EQ(0, recv(self->own, &c, 1, 0));
	err = blocked_start(&b);
	ASSERT_TRUE(err == 0 || err == -EALREADY);
	ASSERT_TRUE(blocked_end(&b, WAKE_MS));
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
	EXPECT_MASK(EPOLLHUP | EPOLLERR, poll_mask(self->fd, 0, WAKE_MS));
	EXPECT_MASK(END | EPOLLERR, mask_of(self->fd, 0));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ECONNREFUSED, err);
	EXPECT_MASK(END, mask_of(self->fd, 0));
}

TEST_F(tipc_alone, fresh_is_writable)
{
	EXPECT_MASK(EPOLLOUT, mask_of(self->fd, 0));
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
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(END | EPOLLOUT, mask_of(w.fd, 0));
	close(w.fd);
}

TEST_HARNESS_MAIN
