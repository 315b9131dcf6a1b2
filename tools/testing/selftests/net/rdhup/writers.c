// SPDX-License-Identifier: GPL-2.0
/*
 * A writer with a full send buffer, and what ends its wait for room.
 *
 * 1. Once nothing more can be sent, send() fails with EPIPE, blocking or not.
 * 2. Then poll() says OUT although there is no room: who waits for OUT would
 *    otherwise wait for ever for a peer that does not read any more.
 * 3. Whoever is asleep in poll() or epoll_wait() for OUT is woken.
 *
 * What ends the input only, the peer's SHUT_WR or our own SHUT_RD, is not an
 * end for writers: poll() goes on to withhold OUT.
 *
 * vsock withholds OUT after its own SHUT_WR, room or not.  It always has.
 */
#include "expect.h"
#include "netns.h"
#include "scenario.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

FIXTURE(writer) {
	struct play play;
};

FIXTURE_VARIANT(writer) {
	enum family_id family;
	bool unread;		/* the peer has sent data that we do not read */
	enum step step;		/* after the send buffer has been filled */
	unsigned int mask;	/* what poll() says then */
	int err;		/* what send() fails with */
};

#define WRITER(name, ...)						\
	FIXTURE_VARIANT_ADD(writer, name) { __VA_ARGS__ };

/* The peer stops receiving. */
WRITER(unix_stream_peer_shut_rd, UNIX_STREAM, false, PEER_SHUT_RD,
       E_OUT, EPIPE)
WRITER(unix_seqpacket_peer_shut_rd, UNIX_SEQPACKET, false, PEER_SHUT_RD,
       E_OUT, EPIPE)
WRITER(stream_pair_peer_shut_rd, FAM_STREAM_PAIR, false, PEER_SHUT_RD,
       E_OUT, EPIPE)
WRITER(seqpacket_pair_peer_shut_rd, FAM_SEQPACKET_PAIR, false, PEER_SHUT_RD,
       E_OUT, EPIPE)
WRITER(vsock_stream_peer_shut_rd, FAM_VSOCK_STREAM, false, PEER_SHUT_RD,
       E_OUT, EPIPE)
WRITER(vsock_seqpacket_peer_shut_rd, FAM_VSOCK_SEQPACKET, false, PEER_SHUT_RD,
       E_OUT, EPIPE)
WRITER(unix_stream_unread_peer_shut_rd, UNIX_STREAM, true, PEER_SHUT_RD,
       E_IN | E_OUT, EPIPE)
WRITER(vsock_stream_unread_peer_shut_rd, FAM_VSOCK_STREAM, true, PEER_SHUT_RD,
       E_IN | E_OUT, EPIPE)

/* We stop sending. */
WRITER(unix_stream_own_shut_wr, UNIX_STREAM, false, OWN_SHUT_WR,
       E_OUT, EPIPE)
WRITER(unix_seqpacket_own_shut_wr, UNIX_SEQPACKET, false, OWN_SHUT_WR,
       E_OUT, EPIPE)
WRITER(unix_dgram_own_shut_wr, UNIX_DGRAM, false, OWN_SHUT_WR,
       E_OUT, EPIPE)
WRITER(tcp4_own_shut_wr, TCP4, false, OWN_SHUT_WR,
       E_OUT, EPIPE)
WRITER(vsock_stream_own_shut_wr, FAM_VSOCK_STREAM, false, OWN_SHUT_WR,
       0, EPIPE)
WRITER(vsock_seqpacket_own_shut_wr, FAM_VSOCK_SEQPACKET, false, OWN_SHUT_WR,
       0, EPIPE)

/* Both directions. */
WRITER(unix_stream_peer_shut_rdwr, UNIX_STREAM, false, PEER_SHUT_RDWR,
       E_GONE, EPIPE)
WRITER(unix_seqpacket_peer_shut_rdwr, UNIX_SEQPACKET, false, PEER_SHUT_RDWR,
       E_GONE, EPIPE)
WRITER(vsock_stream_peer_shut_rdwr, FAM_VSOCK_STREAM, false, PEER_SHUT_RDWR,
       E_EOF, EPIPE)
WRITER(vsock_seqpacket_peer_shut_rdwr, FAM_VSOCK_SEQPACKET, false,
       PEER_SHUT_RDWR, E_EOF, EPIPE)
WRITER(unix_stream_unread_peer_shut_rdwr, UNIX_STREAM, true, PEER_SHUT_RDWR,
       E_GONE, EPIPE)
WRITER(unix_seqpacket_unread_peer_shut_rdwr, UNIX_SEQPACKET, true,
       PEER_SHUT_RDWR, E_GONE, EPIPE)
WRITER(vsock_stream_unread_peer_shut_rdwr, FAM_VSOCK_STREAM, true,
       PEER_SHUT_RDWR, E_EOF, EPIPE)
WRITER(vsock_seqpacket_unread_peer_shut_rdwr, FAM_VSOCK_SEQPACKET, true,
       PEER_SHUT_RDWR, E_EOF, EPIPE)
WRITER(vsock_stream_unread_peer_close, FAM_VSOCK_STREAM, true, PEER_CLOSE,
       E_EOF, EPIPE)
WRITER(vsock_seqpacket_unread_peer_close, FAM_VSOCK_SEQPACKET, true,
       PEER_CLOSE, E_EOF, EPIPE)
WRITER(unix_stream_own_shut_rdwr, UNIX_STREAM, false, OWN_SHUT_RDWR,
       E_GONE, EPIPE)
WRITER(unix_seqpacket_own_shut_rdwr, UNIX_SEQPACKET, false, OWN_SHUT_RDWR,
       E_GONE, EPIPE)
WRITER(unix_dgram_own_shut_rdwr, UNIX_DGRAM, false, OWN_SHUT_RDWR,
       E_GONE, EPIPE)

/* SCTP has no half-close. */
WRITER(sctp4_peer_shut_wr, FAM_SCTP4, false, PEER_SHUT_WR, E_EOF, EPIPE)
WRITER(sctp4_peer_shut_rdwr, FAM_SCTP4, false, PEER_SHUT_RDWR, E_EOF, EPIPE)

/* No end for a writer. */
WRITER(unix_stream_peer_shut_wr, UNIX_STREAM, false, PEER_SHUT_WR,
       E_IN | E_RDHUP, EAGAIN)
WRITER(unix_seqpacket_peer_shut_wr, UNIX_SEQPACKET, false, PEER_SHUT_WR,
       E_IN | E_RDHUP, EAGAIN)
WRITER(vsock_stream_peer_shut_wr, FAM_VSOCK_STREAM, false, PEER_SHUT_WR,
       E_IN | E_RDHUP, EAGAIN)
WRITER(vsock_seqpacket_peer_shut_wr, FAM_VSOCK_SEQPACKET, false, PEER_SHUT_WR,
       E_IN | E_RDHUP, EAGAIN)
WRITER(unix_stream_own_shut_rd, UNIX_STREAM, false, OWN_SHUT_RD,
       E_IN | E_RDHUP, EAGAIN)
WRITER(unix_seqpacket_own_shut_rd, UNIX_SEQPACKET, false, OWN_SHUT_RD,
       E_IN | E_RDHUP, EAGAIN)
WRITER(vsock_stream_own_shut_rd, FAM_VSOCK_STREAM, false, OWN_SHUT_RD,
       E_IN | E_RDHUP, EAGAIN)
WRITER(vsock_seqpacket_own_shut_rd, FAM_VSOCK_SEQPACKET, false, OWN_SHUT_RD,
       E_IN | E_RDHUP, EAGAIN)

FIXTURE_SETUP(writer)
{
	const unsigned int before = variant->unread ? E_IN : 0;
	int err;

	err = play_start(&self->play, scenario_named("full"),
			 variant->family);
	if (is_missing(err))
		SKIP(return, "no %s: %s", families[variant->family].name,
		     strerror(-err));
	ASSERT_EQ(0, err);
	if (variant->unread) {
		ASSERT_EQ(0, play_step(&self->play, PEER_WRITE));
		ASSERT_MASK(EPOLLIN,
			    poll_mask(self->play.own, EPOLLIN, MUST_MS));
	}
	ASSERT_EQ(0, play_step(&self->play, OWN_FILL));
	ASSERT_MASK(before, mask_of(self->play.own, 0));
}

FIXTURE_TEARDOWN(writer)
{
}

/* Make the variant's step, and wait until it has arrived. */
#define STEP() do {							\
	ASSERT_EQ(0, play_step(&self->play, variant->step));		\
	EXPECT_MASK(as_poll(variant->mask),				\
		    poll_until_ms(self->play.own, E_ALL,		\
				  variant->mask, WAKE_MS));		\
} while (0)

/* What somebody who asks for OUT and nothing else is told. */
#define TOLD	(variant->mask & (EPOLLOUT | EPOLLHUP | EPOLLERR))

TEST_F(writer, mask)
{
	int fd = self->play.own;
	struct timeval now = {};
	fd_set out;
	int ep;

	STEP();
	EXPECT_MASK(variant->mask, mask_of(fd, MUST_NOT_MS));
	EXPECT_MASK(TOLD, poll_mask(fd, EPOLLOUT, MUST_NOT_MS));

	/* For select() HUP is not writable. */
	FD_ZERO(&out);
	FD_SET(fd, &out);
	EXPECT_EQ(!!(TOLD & (EPOLLOUT | EPOLLERR)),
		  select(fd + 1, NULL, &out, NULL, &now));

	ep = epoll_with(fd, EPOLLOUT);
	ASSERT_LE(0, ep);
	EXPECT_MASK(TOLD, epoll_next(ep, 0));
	EXPECT_MASK(TOLD, epoll_next(ep, 0));
	close(ep);
}

TEST_F(writer, asleep_in_poll)
{
	struct sleeper s = { .w.fd = self->play.own, .w.events = EPOLLOUT };

	ASSERT_EQ(0, sleeper_start(&s));
	STEP();
	EXPECT_MASK(TOLD, sleeper_stop(&s, TOLD ? WAKE_MS : MUST_NOT_MS));
	EXPECT_EQ(!TOLD, s.stopped);
}

TEST_F(writer, asleep_in_epoll)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->play.own, EPOLLOUT);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	STEP();
	EXPECT_EQ(!!TOLD, waiter_end(&w, TOLD ? WAKE_MS : MUST_NOT_MS));
	EXPECT_MASK(TOLD, w.mask);
}

TEST_F(writer, asleep_in_epoll_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->play.own, EPOLLOUT | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	STEP();
	EXPECT_EQ(!!TOLD, waiter_end(&w, TOLD ? WAKE_MS : MUST_NOT_MS));
	EXPECT_MASK(TOLD, w.mask);
}

/*
 * Datagram sockets also wait for room in the queue of somebody who is not
 * connected to them.  Nobody has to make any once we do not send.
 */
TEST(queue_of_receiver_full)
{
	struct sleeper s = { .w.events = EPOLLOUT };
	struct sockaddr_un sun;
	socklen_t len = sizeof(sun);
	sa_family_t un = AF_UNIX;
	int from, to;

	to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	from = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, to);
	ASSERT_LE(0, from);
	ASSERT_EQ(0, bind(to, (struct sockaddr *)&un, sizeof(un)));
	ASSERT_EQ(0, getsockname(to, (struct sockaddr *)&sun, &len));
	ASSERT_EQ(0, connect(from, (struct sockaddr *)&sun, len));
	while (send(from, "x", 1, MSG_DONTWAIT) == 1)
		;
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_MASK(0, mask_of(from, 0));

	s.w.fd = from;
	ASSERT_EQ(0, sleeper_start(&s));
	ASSERT_EQ(0, shutdown(from, SHUT_WR));
	EXPECT_MASK(EPOLLOUT, sleeper_stop(&s, WAKE_MS));
	EXPECT_MASK(E_OUT, mask_of(from, 0));
	EXPECT_EQ(-1, send(from, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

/* What poll() says and what send() does go together. */
TEST_F(writer, send)
{
	struct waiter w = { .fd = self->play.own, .wait = wait_send };
	const bool ends = variant->err != EAGAIN;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, play_step(&self->play, variant->step));
	EXPECT_EQ(ends, waiter_end(&w, ends ? WAKE_MS : MUST_NOT_MS));
	if (ends) {
		EXPECT_EQ(-1, w.ret);
		EXPECT_EQ(variant->err, w.err);
	}
	EXPECT_EQ(-1, send(self->play.own, "x", 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL));
	EXPECT_EQ(variant->err, errno);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
