// SPDX-License-Identifier: GPL-2.0
/*
 * The ways in which a connection ends, and what both ends are told, step by
 * step: masks, reads, writes and, for TCP, segments.  expect.h has the states
 * one by one; here they follow each other.
 *
 *  1. RDHUP comes with the end of the stream, and only then: not while data
 *     before the FIN is missing, not while the peer still holds it back.
 *  2. It needs no data and no minimum of it (SO_RCVLOWAT).
 *  3. Once said it stays said, until the socket is used anew.
 *  4. A RST after the FIN is told to who asked for RDHUP alone.
 *  5. A process that is killed ends its streams like one that closes; a
 *     descriptor that somebody else still has open ends nothing.
 *  6. Behind a full window it does not come before the data is read.
 *  7. It is an event of its own if what was held back has been sent by then.
 *  8. Of kernel TLS it is the end of the connection; close_notify is data.
 */
#include "family.h"
#include "netns.h"
#include "tcp.h"
#include "tls.h"
#include "wait.h"
#include "wire.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define IN_OUT	(EPOLLIN | EPOLLOUT)
#define ASK	(IN_OUT | EPOLLPRI | EPOLLRDHUP)
#define EOF_MASK (IN_OUT | EPOLLRDHUP)
#define HUP_MASK (EOF_MASK | EPOLLHUP)
#define RST_MASK (HUP_MASK | EPOLLERR)

#define EXPECT_OWN(want) \
	EXPECT_MASK(want, poll_until(self->own, ASK, want))
#define EXPECT_PEER(want) \
	EXPECT_MASK(want, poll_until(self->peer, ASK, want))

/*
 * Where tcpi_rcv_ooopack is in what TCP_INFO gives, in words: the C library's
 * struct tcp_info may be too old to have it.
 */
#define RCV_OOOPACK	(224 / 4)

/* Read at most one byte: what came, or a negative errno. */
static int read_byte(int fd)
{
	ssize_t n;
	char c;

	n = recv(fd, &c, 1, MSG_DONTWAIT);
	return n < 0 ? -errno : (int)n;
}

static int write_byte(int fd)
{
	ssize_t n = send(fd, "a", 1, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 ? -errno : (int)n;
}

/* Let @fd lose every segment that comes to it, or none any more. */
static int lose_segments(int fd, bool lose)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &drop };
	int none = 0, ret;

	if (lose)
		ret = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				 sizeof(prog));
	else
		ret = setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none,
				 sizeof(none));
	return ret ? -errno : 0;
}

/* The same, for tests; some systems give filters to root alone. */
#define LOSE_SEGMENTS(statement, fd) do {				\
	int __err = lose_segments(fd, true);				\
									\
	if (__err == -EPERM)						\
		SKIP(statement, "no socket filter: %s",			\
		     strerror(-__err));					\
	ASSERT_EQ(0, __err);						\
} while (0)

/* ------------------------------------------------ what all streams share */

FIXTURE(stream) {
	int own;
	int peer;
};

FIXTURE_VARIANT(stream) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(stream, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(stream, tcp6) { .family = TCP6 };
FIXTURE_VARIANT_ADD(stream, unix_stream) { .family = UNIX_STREAM };

FIXTURE_SETUP(stream)
{
	int sv[2];

	SETUP_PAIR(return, variant->family, sv);
	self->own = sv[0];
	self->peer = sv[1];
}

FIXTURE_TEARDOWN(stream)
{
	close(self->own);
	close(self->peer);
}

TEST_F(stream, half_then_half)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK);
	EXPECT_PEER(EPOLLOUT);
	EXPECT_EQ(0, read_byte(self->own));
	EXPECT_EQ(1, write_byte(self->own));
	EXPECT_PEER(IN_OUT);
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_OWN(HUP_MASK);
	EXPECT_PEER(HUP_MASK);
	EXPECT_EQ(1, read_byte(self->peer));
	EXPECT_EQ(0, read_byte(self->peer));
	EXPECT_PEER(HUP_MASK);
}

TEST_F(stream, shut_rdwr_then_peer_finishes)
{
	bool un = family_is_unix(variant->family);

	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	EXPECT_OWN(HUP_MASK);
	EXPECT_PEER(un ? HUP_MASK : EOF_MASK);
	EXPECT_EQ(-EPIPE, write_byte(self->own));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(HUP_MASK);
	EXPECT_PEER(HUP_MASK);
}

TEST_F(stream, data_then_close_is_read_to_the_end)
{
	bool un = family_is_unix(variant->family);

	ASSERT_EQ(1, write_byte(self->peer));
	ASSERT_EQ(1, write_byte(self->peer));
	ASSERT_EQ(0, close(self->peer));
	for (int left = 2; left >= 0; left--) {
		EXPECT_OWN(un ? HUP_MASK : EOF_MASK);
		EXPECT_EQ(!!left, read_byte(self->own));
	}
	EXPECT_OWN(un ? HUP_MASK : EOF_MASK);
	self->peer = -1;
}

/* Over a wire the answer to the first write is what tells it. */
TEST_F(stream, write_to_a_peer_that_has_closed)
{
	const bool is_unix = family_is_unix(variant->family);

	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	EXPECT_OWN(is_unix ? HUP_MASK : EOF_MASK);
	if (!is_unix) {
		EXPECT_EQ(1, write_byte(self->own));
		EXPECT_OWN(RST_MASK);
	}
	EXPECT_EQ(-EPIPE, write_byte(self->own));
	EXPECT_OWN(HUP_MASK);
}

TEST_F(stream, second_shut_wr_tells_nothing)
{
	bool un = family_is_unix(variant->family);
	int ep;

	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK);
	ep = epoll_with(self->own, EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, ep);
	EXPECT_MASK(EPOLLRDHUP, epoll_next(ep, MUST_MS));
	shutdown(self->peer, SHUT_WR);
	EXPECT_OWN(EOF_MASK);
	/* AF_UNIX wakes its waiters for it again; TCP has nothing to send. */
	EXPECT_MASK(un ? EPOLLRDHUP : 0,
		    epoll_next(ep, un ? MUST_MS : MUST_NOT_MS));
}

TEST_F(stream, killed_process_ends_its_stream)
{
	bool un = family_is_unix(variant->family);
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* Holds the peer, and nothing of own. */
		close(self->own);
		for (;;)
			pause();
	}
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	EXPECT_OWN(EPOLLOUT);
	EXPECT_EQ(-EAGAIN, read_byte(self->own));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_OWN(un ? HUP_MASK : EOF_MASK);
	EXPECT_EQ(0, read_byte(self->own));
}

TEST_F(stream, close_of_a_shared_socket_ends_nothing)
{
	int copy = dup(self->peer);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, close(self->peer));
	EXPECT_OWN(EPOLLOUT);
	EXPECT_EQ(1, write_byte(copy));
	EXPECT_OWN(IN_OUT);
	/* ... but its shutdown does, through whichever descriptor. */
	ASSERT_EQ(0, shutdown(copy, SHUT_WR));
	EXPECT_OWN(EOF_MASK);
	self->peer = copy;
}

TEST_F(stream, accept_after_shutdown_of_listener_fails)
{
	bool un = family_is_unix(variant->family);
	unsigned int want = un ? EPOLLIN | EPOLLRDHUP : EPOLLOUT | EPOLLHUP;
	struct sleeper s = { .w.events = EPOLLIN | EPOLLRDHUP };
	int listener = listen_on(variant->family);

	ASSERT_LE(0, listener);
	s.w.fd = listener;
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, shutdown(listener, SHUT_RD));
	EXPECT_MASK(want & (s.w.events | EPOLLHUP), sleeper_stop(&s, MUST_MS));
	EXPECT_FALSE(s.stopped);
	EXPECT_MASK(want, poll_mask(listener, ASK, 0));
	EXPECT_EQ(-1, accept(listener, NULL, NULL));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(stream, gone_before_accept)
{
	bool un = family_is_unix(variant->family);
	int listener = listen_on(variant->family);
	int client, server;

	ASSERT_LE(0, listener);
	client = connect_to(variant->family, listener);
	ASSERT_LE(0, client);
	ASSERT_EQ(1, write_byte(client));
	ASSERT_EQ(0, close(client));
	server = accept(listener, NULL, NULL);
	ASSERT_LE(0, server);
	EXPECT_MASK(un ? HUP_MASK : EOF_MASK,
		    poll_until(server, ASK, un ? HUP_MASK : EOF_MASK));
	EXPECT_EQ(1, read_byte(server));
	EXPECT_EQ(0, read_byte(server));
	EXPECT_MASK(un ? HUP_MASK : EOF_MASK,
		    poll_until(server, ASK, un ? HUP_MASK : EOF_MASK));
}

/* Client of a listener that goes away without having accepted it. */
TEST_F(stream, never_accepted)
{
	int listener = listen_on(variant->family);
	struct sleeper s = {};
	int client;

	ASSERT_LE(0, listener);
	client = connect_to(variant->family, listener);
	ASSERT_LE(0, client);
	s.w.fd = client;
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, close(listener));
	EXPECT_MASK(EPOLLHUP | EPOLLERR, sleeper_stop(&s, MUST_MS));
	EXPECT_MASK(RST_MASK, poll_until(client, ASK, RST_MASK));
	EXPECT_EQ(-ECONNRESET, read_byte(client));
	EXPECT_MASK(HUP_MASK, poll_until(client, ASK, HUP_MASK));
	EXPECT_EQ(0, read_byte(client));
}

/* ------------------------------------------------ AF_UNIX's urgent data */

FIXTURE(urgent) {
	int own;
	int peer;
};

FIXTURE_VARIANT(urgent) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(urgent, unix_stream) { .family = UNIX_STREAM };
FIXTURE_VARIANT_ADD(urgent, stream_pair) { .family = FAM_STREAM_PAIR };

/* The peer has said "a" and, urgently, "!". */
FIXTURE_SETUP(urgent)
{
	int sv[2];

	SETUP_PAIR(return, variant->family, sv);
	self->own = sv[0];
	self->peer = sv[1];
	ASSERT_EQ(1, write_byte(self->peer));
	if (send(self->peer, "!", 1, MSG_OOB) < 0 && errno == EOPNOTSUPP)
		SKIP(return, "no urgent data: CONFIG_AF_UNIX_OOB");
	ASSERT_MASK(IN_OUT | EPOLLPRI,
		    poll_until(self->own, ASK, IN_OUT | EPOLLPRI));
}

FIXTURE_TEARDOWN(urgent)
{
	close(self->own);
	close(self->peer);
}

static int read_urgent(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_OOB | MSG_DONTWAIT);

	return n < 0 ? -errno : n && c != '!' ? -EBADMSG : (int)n;
}

TEST_F(urgent, before_the_end)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK | EPOLLPRI);
	EXPECT_MASK(EPOLLRDHUP, poll_mask(self->own, EPOLLRDHUP, 0));
	EXPECT_EQ(1, read_urgent(self->own));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(0, read_byte(self->own));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(-EINVAL, read_urgent(self->own));
}

/* A reader who goes on to the end without asking for it has lost it. */
TEST_F(urgent, read_over_on_the_way_to_the_end)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_OWN(EOF_MASK | EPOLLPRI);
	EXPECT_EQ(0, read_byte(self->own));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(-EINVAL, read_urgent(self->own));
}

TEST_F(urgent, inline_before_the_end)
{
	int on = 1;

	ASSERT_EQ(0, setsockopt(self->own, SOL_SOCKET, SO_OOBINLINE, &on,
				sizeof(on)));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_OWN(EOF_MASK | EPOLLPRI);
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(0, read_byte(self->own));
}

TEST_F(urgent, before_a_close)
{
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	EXPECT_OWN(HUP_MASK | EPOLLPRI);
	EXPECT_EQ(1, read_urgent(self->own));
	EXPECT_OWN(HUP_MASK);
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_EQ(0, read_byte(self->own));
	EXPECT_OWN(HUP_MASK);
}

/* Two edges, and RDHUP in the second; for who asks for RDHUP alone, one. */
TEST_F(urgent, end_is_an_edge_of_its_own)
{
	int ep, alone;

	ep = epoll_with(self->own, ASK | EPOLLET);
	ASSERT_LE(0, ep);
	alone = epoll_with(self->own, EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, alone);
	EXPECT_MASK(IN_OUT | EPOLLPRI, epoll_next(ep, MUST_MS));
	EXPECT_MASK(0, epoll_next(alone, 0));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EOF_MASK | EPOLLPRI, epoll_next(ep, MUST_MS));
	EXPECT_MASK(0, epoll_next(ep, 0));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(alone, MUST_MS));
	EXPECT_MASK(0, epoll_next(alone, 0));
}

/* Unread, it makes a close a reset; read, it leaves nothing to reset for. */
TEST_F(urgent, unread_at_own_close)
{
	EXPECT_EQ(1, read_byte(self->own));
	ASSERT_EQ(0, close(self->own));
	self->own = -1;
	EXPECT_PEER(RST_MASK);
	EXPECT_EQ(-ECONNRESET, read_byte(self->peer));
}

TEST_F(urgent, read_at_own_close)
{
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_EQ(1, read_urgent(self->own));
	ASSERT_EQ(0, close(self->own));
	self->own = -1;
	EXPECT_PEER(HUP_MASK);
	EXPECT_EQ(0, read_byte(self->peer));
}

/* ------------------------------------------------------------- TCP alone */

FIXTURE(tcp) {
	int own;
	int peer;
};

FIXTURE_VARIANT(tcp) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(tcp, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(tcp, tcp6) { .family = TCP6 };

FIXTURE_SETUP(tcp)
{
	int sv[2];

	SETUP_PAIR(return, variant->family, sv);
	self->own = sv[0];
	self->peer = sv[1];
}

FIXTURE_TEARDOWN(tcp)
{
	close(self->own);
	close(self->peer);
}

/*
 * Another connection, on which MSG_MORE holds back, and what is lost is lost,
 * for as long as it takes.
 */
#define HELD_PAIR() do {						\
	int __sv[2];							\
									\
	if (own_net())							\
		SKIP(return, "no network of one's own");		\
	ASSERT_EQ(0, hold_back(HOLD_MS));				\
	ASSERT_EQ(0, make_pair(variant->family, __sv));			\
	self->own = __sv[0];						\
	self->peer = __sv[1];						\
} while (0)

/* Nothing is acknowledged by an end that loses it: TCP must say it again. */
TEST_F(tcp, fin_before_lost_data_waits_for_it)
{
	unsigned int info[128] = {};
	socklen_t len = sizeof(info);
	int ep;

	HELD_PAIR();
	ep = epoll_with(self->own, ASK | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_MASK(EPOLLOUT, epoll_next(ep, MUST_MS));
	LOSE_SEGMENTS(return, self->own);
	ASSERT_EQ(1, write_byte(self->peer));
	ASSERT_EQ(0, lose_segments(self->own, false));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, ASK, 0));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EOF_MASK, epoll_next(ep, MUST_MS));
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_EQ(0, read_byte(self->own));
	/* It did come out of order. */
	ASSERT_EQ(0, getsockopt(self->own, IPPROTO_TCP, TCP_INFO, info, &len));
	ASSERT_LT(RCV_OOOPACK, len / sizeof(info[0]));
	EXPECT_LE(1, info[RCV_OOOPACK]);
}

TEST_F(tcp, lost_fin_is_told_when_repeated)
{
	struct sleeper s = {
		.w.fd = self->own,
		.w.events = EPOLLRDHUP,
	};

	LOSE_SEGMENTS(return, self->own);
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, ASK, 0));
	ASSERT_EQ(0, lose_segments(self->own, false));
	EXPECT_MASK(EPOLLRDHUP, sleeper_stop(&s, MUST_MS));
	EXPECT_OWN(EOF_MASK);
}

TEST_F(tcp, simultaneous_close)
{
	/* Neither FIN arrives before both are sent. */
	LOSE_SEGMENTS(return, self->own);
	LOSE_SEGMENTS(return, self->peer);
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_EQ(TCP_FIN_WAIT1, tcp_state(self->own));
	EXPECT_EQ(TCP_FIN_WAIT1, tcp_state(self->peer));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, ASK, 0));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->peer, ASK, 0));
	ASSERT_EQ(0, lose_segments(self->own, false));
	EXPECT_OWN(HUP_MASK);
	EXPECT_EQ(0, read_byte(self->own));
	ASSERT_EQ(0, lose_segments(self->peer, false));
	EXPECT_PEER(HUP_MASK);
	EXPECT_EQ(0, read_byte(self->peer));
}

TEST_F(tcp, crossing_fins_show_closing)
{
	LOSE_SEGMENTS(return, self->peer);
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(HUP_MASK);
	EXPECT_EQ(TCP_CLOSING, tcp_state(self->own));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->peer, ASK, 0));
}

TEST_F(tcp, reset_after_fin_is_told)
{
	int ep = epoll_with(self->own, EPOLLRDHUP | EPOLLET);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(ep, MUST_MS));
	EXPECT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, reset(self->peer));
	self->peer = -1;
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP | EPOLLERR, epoll_next(ep, MUST_MS));
	EXPECT_OWN(RST_MASK);
	/* A reader had been told the end already; the error is the writer's. */
	EXPECT_EQ(0, read_byte(self->own));
	EXPECT_OWN(RST_MASK);
	EXPECT_EQ(-EPIPE, write_byte(self->own));
	EXPECT_OWN(HUP_MASK);
}

TEST_F(tcp, reset_of_open_connection)
{
	ASSERT_EQ(0, reset(self->peer));
	self->peer = -1;
	EXPECT_OWN(RST_MASK);
	EXPECT_EQ(-ECONNRESET, read_byte(self->own));
	EXPECT_OWN(HUP_MASK);
	EXPECT_EQ(0, read_byte(self->own));
	EXPECT_OWN(HUP_MASK);
}

TEST_F(tcp, reset_before_accept)
{
	int listener = listen_on(variant->family);
	int client, server;

	ASSERT_LE(0, listener);
	client = connect_to(variant->family, listener);
	ASSERT_LE(0, client);
	ASSERT_EQ(0, reset(client));
	server = accept(listener, NULL, NULL);
	ASSERT_LE(0, server);
	EXPECT_MASK(EPOLLIN | EPOLLHUP | EPOLLERR,
		    poll_until(server, EPOLLIN,
			       EPOLLIN | EPOLLHUP | EPOLLERR));
	EXPECT_EQ(-ECONNRESET, read_byte(server));
	EXPECT_EQ(0, read_byte(server));
	EXPECT_MASK(HUP_MASK, poll_until(server, ASK, HUP_MASK));
}

/* Both ends of a write into an end that has shut both its ways. */
TEST_F(tcp, write_into_shut_rdwr_resets_both)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	EXPECT_OWN(EOF_MASK);
	EXPECT_PEER(HUP_MASK);
	ASSERT_EQ(1, write_byte(self->own));
	EXPECT_OWN(RST_MASK);
	EXPECT_PEER(RST_MASK);
}

TEST_F(tcp, timeout_ends_both_ways)
{
	struct sleeper s = {
		.w.fd = self->own,
		.w.events = EPOLLRDHUP,
	};
	unsigned int ms = 300;

	ASSERT_EQ(0, setsockopt(self->own, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
				sizeof(ms)));
	LOSE_SEGMENTS(return, self->peer);
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(1, write_byte(self->own));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP | EPOLLERR,
		    sleeper_stop(&s, MUST_MS));
	EXPECT_OWN(RST_MASK);
	EXPECT_EQ(-ETIMEDOUT, read_byte(self->own));
	/* The peer has not heard of anything. */
	EXPECT_MASK(EPOLLOUT, poll_mask(self->peer, ASK, 0));
}

TEST_F(tcp, refused)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int err = 0, fd, listener;

	listener = listen_on(variant->family);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&ss, &len));
	ASSERT_EQ(0, close(listener));
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ASSERT_LE(0, fd);
	EXPECT_MASK(EPOLLOUT | EPOLLHUP, poll_mask(fd, ASK, 0));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&ss, len));
	ASSERT_EQ(EINPROGRESS, errno);
	EXPECT_MASK(RST_MASK, poll_until(fd, ASK, RST_MASK));
	len = sizeof(err);
	EXPECT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ECONNREFUSED, err);
	EXPECT_MASK(HUP_MASK, poll_mask(fd, ASK, 0));
	EXPECT_EQ(0, read_byte(fd));
}

TEST_F(tcp, more_pending_holds_the_end_back_until_shut_wr)
{
	int ep;

	HELD_PAIR();
	ep = epoll_with(self->own, EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_EQ(1, send(self->peer, "a", 1, MSG_MORE));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, ASK, 0));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(ep, MUST_MS));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_EQ(0, read_byte(self->own));
}

TEST_F(tcp, more_pending_at_close)
{
	HELD_PAIR();
	ASSERT_EQ(1, send(self->peer, "a", 1, MSG_MORE));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, ASK, 0));
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_EQ(0, read_byte(self->own));
}

TEST_F(tcp, urgent_data_with_the_end)
{
	char c;

	HELD_PAIR();
	ASSERT_EQ(1, send(self->peer, "!", 1, MSG_OOB | MSG_MORE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK | EPOLLPRI);
	EXPECT_MASK(EPOLLRDHUP, poll_mask(self->own, EPOLLRDHUP, 0));
	EXPECT_EQ(1, recv(self->own, &c, 1, MSG_OOB));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(0, read_byte(self->own));
	EXPECT_OWN(EOF_MASK);
}

TEST_F(tcp, urgent_data_inline_with_the_end)
{
	int on = 1;

	ASSERT_EQ(0, setsockopt(self->own, SOL_SOCKET, SO_OOBINLINE, &on,
				sizeof(on)));
	ASSERT_EQ(1, send(self->peer, "!", 1, MSG_OOB));
	EXPECT_OWN(IN_OUT | EPOLLPRI);
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK | EPOLLPRI);
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(0, read_byte(self->own));
}

TEST_F(tcp, low_water_mark_does_not_hide_the_end)
{
	struct sleeper s = {
		.w.fd = self->own,
		.w.events = EPOLLIN | EPOLLRDHUP,
	};
	int mark = 100;

	ASSERT_EQ(0, setsockopt(self->own, SOL_SOCKET, SO_RCVLOWAT, &mark,
				sizeof(mark)));
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(1, write_byte(self->peer));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, ASK, 0));
	EXPECT_FALSE(waiter_done(&s.w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, sleeper_stop(&s, MUST_MS));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(1, read_byte(self->own));
}

/* The peer has finished; what we still say reaches it all the same. */
TEST_F(tcp, long_half_close)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(1, write_byte(self->own));
		EXPECT_PEER(IN_OUT);
		ASSERT_EQ(1, read_byte(self->peer));
		EXPECT_OWN(EOF_MASK);
	}
	EXPECT_EQ(TCP_CLOSE_WAIT, tcp_state(self->own));
	EXPECT_EQ(TCP_FIN_WAIT2, tcp_state(self->peer));
}

/* Disconnected by connect(AF_UNSPEC), it is a new socket: the end is gone. */
TEST_F(tcp, disconnect_forgets_the_end)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK);
	ASSERT_EQ(0, connect(self->own, &unspec, sizeof(unspec)));
	EXPECT_PEER(RST_MASK);
	EXPECT_EQ(-ECONNRESET, read_byte(self->peer));
	/* Unconnected, and with the error for who was still in the old one. */
	EXPECT_OWN(EPOLLOUT | EPOLLHUP | EPOLLERR);
	EXPECT_EQ(-ECONNRESET, read_byte(self->own));
	EXPECT_OWN(EPOLLOUT | EPOLLHUP);
}

/* The client's data comes with its SYN, and its FIN before the accept. */
TEST_F(tcp, fast_open_with_the_end)
{
	int one = 1, qlen = 5, listener, client, server;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char buf[4];

	if (own_net())
		SKIP(return, "no network of one's own");
	ASSERT_EQ(0, set_own("ipv4/tcp_fastopen", 3));

	listener = listen_on(variant->family);
	client = socket(families[variant->family].domain, SOCK_STREAM, 0);
	EXPECT_EQ(0, setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &qlen,
				sizeof(qlen)));
	EXPECT_EQ(0, setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE,
				&one, sizeof(one)));
	EXPECT_EQ(0, setsockopt(client, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE,
				&one, sizeof(one)));
	EXPECT_EQ(0, getsockname(listener, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(3, sendto(client, "abc", 3, MSG_FASTOPEN,
			    (struct sockaddr *)&ss, len));
	EXPECT_EQ(0, shutdown(client, SHUT_WR));
	server = accept(listener, NULL, NULL);
	ASSERT_LE(0, server);
	EXPECT_MASK(EOF_MASK, poll_until(server, ASK, EOF_MASK));
	EXPECT_MASK(EPOLLRDHUP, poll_mask(server, EPOLLRDHUP, 0));
	EXPECT_EQ(3, read(server, buf, sizeof(buf)));
	EXPECT_EQ(0, read(server, buf, sizeof(buf)));
	close(client);
	close(server);
}

/* --------------------------------------------------- TCP, as it is seen */

FIXTURE(segments) {
	struct wire wire;	/* from[0] is own, from[1] the peer */
	int own;
	int peer;
};

FIXTURE_SETUP(segments)
{
	int sv[2], err;

	err = wire_open(&self->wire);
	if (err == -EPERM || err == -EAFNOSUPPORT)
		SKIP(return, "no packet socket: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, hold_back(HOLD_MS));
	ASSERT_EQ(0, make_pair(TCP4, sv));
	self->own = sv[0];
	self->peer = sv[1];
	wire_ends(&self->wire, self->own, self->peer);
}

FIXTURE_TEARDOWN(segments)
{
	close(self->wire.fd);
}

TEST_F(segments, data_and_fin_in_one_is_one_event)
{
	int ep;

	ep = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_EQ(1, send(self->peer, "a", 1, MSG_MORE));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, MUST_MS));
	wire_read(&self->wire);
	EXPECT_EQ(1, self->wire.from[1].data_fin);
	EXPECT_EQ(1, self->wire.from[1].data);
	EXPECT_EQ(1, self->wire.from[1].fin);
}

TEST_F(segments, shut_rd_sends_nothing)
{
	struct sleeper s = {
		.w.fd = self->own,
		.w.events = EPOLLIN | EPOLLPRI | EPOLLRDHUP,
	};

	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RD));
	EXPECT_WIRE(&self->wire, 1, 0, 0);
	EXPECT_MASK(0, sleeper_stop(&s, 0));
	EXPECT_TRUE(s.stopped);
	EXPECT_EQ(TCP_ESTABLISHED, tcp_state(self->own));
}

TEST_F(segments, shut_wr_sends_one_fin)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK);
	EXPECT_WIRE(&self->wire, 1, 1, 0);
	EXPECT_EQ(TCP_CLOSE_WAIT, tcp_state(self->own));
	EXPECT_EQ(TCP_FIN_WAIT2, tcp_state_until(self->peer, TCP_FIN_WAIT2));
	/* The close that follows has nothing to add. */
	ASSERT_EQ(0, close(self->peer));
	EXPECT_OWN(EOF_MASK);
	EXPECT_WIRE(&self->wire, 1, 1, 0);
}

TEST_F(segments, shut_rdwr_sends_one_fin)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	EXPECT_OWN(EOF_MASK);
	EXPECT_WIRE(&self->wire, 1, 1, 0);
}

TEST_F(segments, linger_0_sends_a_reset_and_no_fin)
{
	ASSERT_EQ(1, write_byte(self->peer));
	ASSERT_EQ(0, reset(self->peer));
	EXPECT_OWN(RST_MASK);
	EXPECT_WIRE(&self->wire, 1, 0, 1);
}

TEST_F(segments, shut_rd_with_unread_data_then_close_resets)
{
	ASSERT_EQ(1, write_byte(self->own));
	ASSERT_MASK(EPOLLIN, poll_mask(self->peer, EPOLLIN, MUST_MS));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RD));
	EXPECT_WIRE(&self->wire, 1, 0, 0);
	ASSERT_EQ(0, close(self->peer));
	EXPECT_OWN(RST_MASK);
	EXPECT_WIRE(&self->wire, 1, 0, 1);
}

/* Neither is the FIN sent nor the end told while there is no room for data. */
TEST_F(segments, fin_behind_a_full_window)
{
	struct sleeper s = {
		.w.fd = self->own,
		.w.events = EPOLLRDHUP,
	};
	char buf[4096];
	ssize_t n;

	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, fill(self->peer));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_WIRE(&self->wire, 1, 0, 0);
	EXPECT_MASK(IN_OUT, poll_mask(self->own, ASK, 0));
	EXPECT_FALSE(waiter_done(&s.w));
	while ((n = read(self->own, buf, sizeof(buf))) > 0)
		;
	EXPECT_EQ(0, n);
	EXPECT_MASK(EPOLLRDHUP, sleeper_stop(&s, MUST_MS));
	EXPECT_OWN(EOF_MASK);
	EXPECT_WIRE(&self->wire, 1, 1, 0);
}

/* -------------------------- for how long TCP holds a small segment back */

FIXTURE(held) {
	int own;
	int peer;
};

FIXTURE_VARIANT(held) {
	unsigned int ms;	/* TCP's shortest time to retransmit */
	bool cork;		/* TCP_CORK instead of MSG_MORE */
};

FIXTURE_VARIANT_ADD(held, more_200_ms) { .ms = 200 };
FIXTURE_VARIANT_ADD(held, more_1000_ms) { .ms = 1000 };
FIXTURE_VARIANT_ADD(held, cork_200_ms) { .ms = 200, .cork = true };
FIXTURE_VARIANT_ADD(held, cork_1000_ms) { .ms = 1000, .cork = true };

FIXTURE_SETUP(held)
{
	int on = 1, sv[2];

	if (own_net())
		SKIP(return, "no network of one's own");
	ASSERT_EQ(0, hold_back(variant->ms));
	ASSERT_EQ(0, make_pair(TCP4, sv));
	self->own = sv[0];
	self->peer = sv[1];
	if (variant->cork)
		ASSERT_EQ(0, setsockopt(self->peer, IPPROTO_TCP, TCP_CORK, &on,
					sizeof(on)));
}

FIXTURE_TEARDOWN(held)
{
	close(self->own);
	close(self->peer);
}

/* However late it comes on a busy machine, it is not early but by a tick. */
TEST_F(held, data_comes_and_the_end_is_another_event)
{
	const int tick_ms = 20;
	long long before;
	int ep;

	ep = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_MASK(0, epoll_next(ep, 0));
	before = now_ms();
	ASSERT_EQ(1, send(self->peer, "a", 1, variant->cork ? 0 : MSG_MORE));
	EXPECT_MASK(EPOLLIN, epoll_next(ep, MUST_MS));
	EXPECT_LE(variant->ms - tick_ms, now_ms() - before);
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, MUST_MS));
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_EQ(0, read_byte(self->own));
}

/* ----------------------------------------------------------- kernel TLS */

FIXTURE(tls) {
	int own;
	int peer;
};

FIXTURE_SETUP(tls)
{
	int sv[2];

	SETUP_PAIR(return, FAM_TLS, sv);
	self->own = sv[0];
	self->peer = sv[1];
}

FIXTURE_TEARDOWN(tls)
{
	close(self->own);
	close(self->peer);
}

/* RDHUP is not said of it; read() is of no use, recvmsg() has the alert. */
TEST_F(tls, close_notify_is_data)
{
	const unsigned char alert[] = { TLS_WARNING, TLS_CLOSE_NOTIFY };
	unsigned char got[8] = {}, type = 0;
	struct sleeper s = {
		.w.fd = self->own,
		.w.events = EPOLLRDHUP,
	};

	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(2, tls_send(self->peer, TLS_ALERT, alert, sizeof(alert)));
	EXPECT_OWN(IN_OUT);
	EXPECT_EQ(-EIO, read_byte(self->own));
	EXPECT_MASK(IN_OUT, poll_mask(self->own, ASK, 0));
	EXPECT_EQ(2, tls_recv(self->own, &type, got, sizeof(got)));
	EXPECT_EQ(TLS_ALERT, type);
	EXPECT_EQ(0, memcmp(alert, got, sizeof(alert)));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, ASK, 0));
	EXPECT_EQ(-EAGAIN, read_byte(self->own));
	EXPECT_FALSE(waiter_done(&s.w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_MASK(EPOLLRDHUP, sleeper_stop(&s, MUST_MS));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(0, read_byte(self->own));
}

/* A stream that was cut off ends like any other. */
TEST_F(tls, end_without_close_notify)
{
	ASSERT_EQ(1, write_byte(self->peer));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	EXPECT_OWN(EOF_MASK);
	EXPECT_EQ(1, read_byte(self->own));
	EXPECT_EQ(0, read_byte(self->own));
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
