// SPDX-License-Identifier: GPL-2.0
/*
 * What epoll makes of the half-close: edges, one-shots, exclusive and nested
 * waiters.
 *
 *  1. One edge carries data and end of stream, when both are there.
 *  2. The edge comes once; level-triggered, it repeats until the close.
 *  3. Own SHUT_RD is a second edge, own SHUT_WR a third, with HUP.
 *  4. EPOLL_CTL_MOD reports again what holds, and so does DEL and ADD.
 *  5. RDHUP that was not requested is not reported; with an empty mask
 *     nothing is.
 *  6. RDHUP alone: data wakes nobody, the end of the stream does, once.
 *  7. ONESHOT is silent until MOD.
 *  8. EPOLLEXCLUSIVE waiters are all told.
 *  9. An epoll instance in an epoll instance says IN and nothing else.
 * 10. Descriptors of one socket are told each for itself.
 * 11. poll(2) speaks the architecture's values, epoll the same everywhere.
 *
 * What was sent has arrived and has woken everybody before epoll is asked, see
 * send_a() and finish(), so "no event" is an epoll_wait() that does not wait.
 */
#include "family.h"
#include "netns.h"
#include "tcp.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_OUT	(EPOLLIN | EPOLLOUT)
#define ASK	(IN_OUT | EPOLLRDHUP)

FIXTURE(epoll) {
	int own;
	int peer;
	int ep;
};

FIXTURE_VARIANT(epoll) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(epoll, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(epoll, tcp6) { .family = TCP6 };
FIXTURE_VARIANT_ADD(epoll, tcp_mapped) { .family = TCP_MAPPED };
FIXTURE_VARIANT_ADD(epoll, unix_stream) { .family = UNIX_STREAM };
FIXTURE_VARIANT_ADD(epoll, unix_seqpacket) { .family = UNIX_SEQPACKET };
FIXTURE_VARIANT_ADD(epoll, stream_pair) { .family = FAM_STREAM_PAIR };

FIXTURE_SETUP(epoll)
{
	int sv[2];

	SETUP_PAIR(return, variant->family, sv);
	self->own = sv[0];
	self->peer = sv[1];
	self->ep = -1;
}

FIXTURE_TEARDOWN(epoll)
{
	close(self->ep);
	close(self->own);
	close(self->peer);
}

/*
 * The loopback delivers before the system call returns, unless the kernel is
 * so busy that it leaves that to ksoftirqd.  @to has what was sent when poll(2)
 * says so, and everybody was woken when its lock is free again: TCP_INFO takes
 * it, and fails where there is no such thing and nothing is left to others.
 */
static int arrives(int to, unsigned int want)
{
	if (poll_until(to, want, want) != want)
		return -ETIMEDOUT;
	tcp_state(to);
	return 0;
}

/* One byte from one end to the other. */
static int send_a(int from, int to)
{
	return write(from, "a", 1) == 1 ? arrives(to, EPOLLIN) : -errno;
}

/* One end has nothing more to send to the other. */
static int finish(int from, int to)
{
	return shutdown(from, SHUT_WR) ? -errno : arrives(to, EPOLLRDHUP);
}

/* Own finishes; the acknowledgment is an edge, too. */
static int finish_own(int own)
{
	if (shutdown(own, SHUT_WR))
		return -errno;
	wait_for_ack_of_fin(own);
	return 0;
}

/* Watch own for @events; what holds already, @first, is fetched. */
#define WATCH(events, first) do {					\
	self->ep = epoll_with(self->own, events);			\
	ASSERT_LE(0, self->ep);						\
	ASSERT_MASK(first, epoll_next(self->ep, 0));			\
} while (0)

TEST_F(epoll, edge_carries_data_and_end)
{
	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, edge_before_registration)
{
	ASSERT_EQ(0, send_a(self->peer, self->own));
	ASSERT_EQ(0, finish(self->peer, self->own));
	WATCH(ASK | EPOLLET, ASK);
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, edges_of_data_then_end)
{
	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	EXPECT_MASK(IN_OUT, epoll_next(self->ep, 0));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, reading_to_the_end_is_no_edge)
{
	char buf[8];

	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	ASSERT_EQ(0, finish(self->peer, self->own));
	ASSERT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_EQ(1, read(self->own, buf, sizeof(buf)));
	EXPECT_EQ(0, read(self->own, buf, sizeof(buf)));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	/* The state is still there for who asks anew. */
	ASSERT_EQ(0, epoll_mod(self->ep, self->own, ASK | EPOLLET));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
}

TEST_F(epoll, own_shutdowns_are_further_edges)
{
	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, finish_own(self->own));
	EXPECT_MASK(ASK | EPOLLHUP, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, own_shut_rd_of_open_stream_is_an_edge)
{
	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, own_shut_wr_has_no_rdhup)
{
	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, finish_own(self->own));
	EXPECT_MASK(EPOLLOUT, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

/* A peer that stops reading: nothing on a wire, our writing end on AF_UNIX. */
TEST_F(epoll, peer_shut_rd_has_no_rdhup)
{
	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RD));
	EXPECT_MASK(family_is_unix(variant->family) ? EPOLLOUT : 0,
		    epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, level_repeats_until_closed)
{
	char buf[8];

	WATCH(ASK, EPOLLOUT);
	ASSERT_EQ(0, finish(self->peer, self->own));
	for (int i = 0; i < 3; i++)
		EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_EQ(0, read(self->own, buf, sizeof(buf)));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	ASSERT_EQ(0, close(self->own));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, mod_reports_again)
{
	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, epoll_mod(self->ep, self->own, ASK | EPOLLET));
		EXPECT_MASK(ASK, epoll_next(self->ep, 0));
		EXPECT_MASK(0, epoll_next(self->ep, 0));
	}
}

TEST_F(epoll, mod_asks_for_rdhup_later)
{
	WATCH(EPOLLIN | EPOLLET, 0);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLIN, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, epoll_mod(self->ep, self->own, EPOLLRDHUP | EPOLLET));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
}

TEST_F(epoll, add_after_del_reports_again)
{
	struct epoll_event ev = { .events = ASK | EPOLLET };

	WATCH(ASK | EPOLLET, EPOLLOUT);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	ASSERT_EQ(0, epoll_ctl(self->ep, EPOLL_CTL_DEL, self->own, NULL));
	ASSERT_EQ(0, epoll_ctl(self->ep, EPOLL_CTL_ADD, self->own, &ev));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, not_requested_is_not_reported)
{
	WATCH(IN_OUT, EPOLLOUT);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(IN_OUT, epoll_next(self->ep, 0));
	ASSERT_EQ(0, epoll_mod(self->ep, self->own, EPOLLOUT));
	EXPECT_MASK(EPOLLOUT, epoll_next(self->ep, 0));
	ASSERT_EQ(0, epoll_mod(self->ep, self->own, EPOLLPRI));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, empty_mask_is_silent)
{
	WATCH(0, 0);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	/* ... but for what cannot be masked. */
	ASSERT_EQ(0, finish_own(self->own));
	EXPECT_MASK(EPOLLHUP, epoll_next(self->ep, 0));
}

TEST_F(epoll, empty_edge_mask_is_silent)
{
	WATCH(EPOLLET, 0);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, finish_own(self->own));
	EXPECT_MASK(EPOLLHUP, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

/* The waiter's thread does not even come out of its sleep for the data. */
TEST_F(epoll, rdhup_alone_sleeps_through_data)
{
	struct waiter w = { .epoll = true };

	WATCH(EPOLLRDHUP | EPOLLET, 0);
	w.fd = self->ep;
	ASSERT_EQ(0, waiter_start(&w));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, send_a(self->peer, self->own));
	EXPECT_EQ(w.sleeps, settled_sleeps(&w));
	EXPECT_FALSE(waiter_done(&w));
	ASSERT_EQ(0, finish(self->peer, self->own));
	ASSERT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(EPOLLRDHUP, w.mask);
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, rdhup_alone_is_told_once)
{
	WATCH(EPOLLRDHUP | EPOLLET, 0);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

TEST_F(epoll, rdhup_alone_level_repeats)
{
	WATCH(EPOLLRDHUP, 0);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
}

TEST_F(epoll, oneshot_needs_mod)
{
	WATCH(EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, 0);
	ASSERT_EQ(0, send_a(self->peer, self->own));
	EXPECT_MASK(EPOLLIN, epoll_next(self->ep, 0));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, epoll_mod(self->ep, self->own,
			       EPOLLIN | EPOLLRDHUP | EPOLLONESHOT));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

/* A one-shot that has fired is silent even for what cannot be masked. */
TEST_F(epoll, oneshot_is_deaf_to_hup)
{
	WATCH(EPOLLRDHUP | EPOLLONESHOT | EPOLLET, 0);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
	ASSERT_EQ(0, finish_own(self->own));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	ASSERT_EQ(0, epoll_mod(self->ep, self->own, EPOLLRDHUP | EPOLLET));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, epoll_next(self->ep, 0));
}

TEST_F(epoll, two_instances_are_both_told)
{
	int other;

	WATCH(ASK | EPOLLET, EPOLLOUT);
	other = epoll_with(self->own, EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(ASK, epoll_next(self->ep, 0));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(other, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(other, 0));
}

/* Data goes to one of the exclusive waiters, the end of it to all. */
TEST_F(epoll, exclusive_are_all_told)
{
	int ep[3];

	for (int i = 0; i < 3; i++) {
		ep[i] = epoll_with(self->own,
				   EPOLLIN | EPOLLET | EPOLLEXCLUSIVE);
		ASSERT_LE(0, ep[i]);
		ASSERT_MASK(0, epoll_next(ep[i], 0));
	}
	ASSERT_EQ(0, finish(self->peer, self->own));
	for (int i = 0; i < 3; i++)
		EXPECT_MASK(EPOLLIN, epoll_next(ep[i], 0));
}

TEST_F(epoll, exclusive_cannot_be_modified)
{
	WATCH(EPOLLIN | EPOLLEXCLUSIVE, 0);
	EXPECT_EQ(-EINVAL, epoll_mod(self->ep, self->own, ASK));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLIN, epoll_next(self->ep, 0));
}

TEST_F(epoll, nested_says_in)
{
	int outer;

	WATCH(EPOLLRDHUP, 0);
	outer = epoll_with(self->ep, ASK | EPOLLPRI);
	ASSERT_LE(0, outer);
	EXPECT_MASK(0, epoll_next(outer, 0));
	ASSERT_EQ(0, send_a(self->peer, self->own));
	EXPECT_MASK(0, epoll_next(outer, 0));
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLIN, epoll_next(outer, 0));
	EXPECT_MASK(EPOLLIN, poll_mask(self->ep, ASK, 0));
}

TEST_F(epoll, nested_edge_comes_once)
{
	int outer;

	WATCH(EPOLLRDHUP | EPOLLET, 0);
	outer = epoll_with(self->ep, EPOLLIN | EPOLLET);
	ASSERT_LE(0, outer);
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLIN, epoll_next(outer, 0));
	EXPECT_MASK(0, epoll_next(outer, 0));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
}

TEST_F(epoll, duplicates_are_each_told)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLET }, got[3];
	int copy = dup(self->own);
	int seen = 0;

	ASSERT_LE(0, copy);
	WATCH(EPOLLRDHUP | EPOLLET, 0);
	ev.data.fd = copy;
	ASSERT_EQ(0, epoll_ctl(self->ep, EPOLL_CTL_ADD, copy, &ev));
	ASSERT_EQ(0, finish(self->peer, self->own));
	ASSERT_EQ(2, epoll_wait(self->ep, got, 3, 0));
	for (int i = 0; i < 2; i++) {
		EXPECT_MASK(EPOLLRDHUP, got[i].events);
		seen |= got[i].data.fd == copy ? 1 : 2;
	}
	EXPECT_EQ(3, seen);
	EXPECT_EQ(0, epoll_wait(self->ep, got, 3, 0));
}

/* The watched descriptor is closed, the socket is not: events keep coming. */
TEST_F(epoll, duplicate_keeps_closed_descriptor_watched)
{
	int copy = dup(self->own);

	ASSERT_LE(0, copy);
	WATCH(EPOLLRDHUP | EPOLLET, 0);
	ASSERT_EQ(0, close(self->own));
	self->own = copy;
	ASSERT_EQ(0, finish(self->peer, self->own));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
}

TEST_F(epoll, small_maxevents_loses_nothing)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLET };
	int copy[4];

	WATCH(EPOLLRDHUP | EPOLLET, 0);
	for (int i = 0; i < 4; i++) {
		copy[i] = dup(self->own);
		ASSERT_LE(0, copy[i]);
		ASSERT_EQ(0, epoll_ctl(self->ep, EPOLL_CTL_ADD, copy[i], &ev));
	}
	ASSERT_EQ(0, finish(self->peer, self->own));
	for (int i = 0; i < 5; i++)
		EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep, 0));
	EXPECT_MASK(0, epoll_next(self->ep, 0));
}

/*
 * Numbers, not names: what a program's binary has in it, whatever the headers
 * that this one was built with say.
 */
TEST(values)
{
#ifdef __sparc__
	const int rdhup = 0x0800;
#else
	const int rdhup = 0x2000;
#endif
	struct epoll_event ev = { .events = EPOLLIN | 0x2000 };
	struct pollfd pfd = { .events = POLLIN | rdhup };
	int ep, sv[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	ASSERT_EQ(0, shutdown(sv[1], SHUT_WR));
	pfd.fd = sv[0];
	ASSERT_EQ(1, poll(&pfd, 1, 0));
	ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, sv[0], &ev));
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, 0));
	TH_LOG("poll 0x%04x, epoll 0x%04x", pfd.revents, ev.events);
	EXPECT_EQ(POLLIN | rdhup, pfd.revents);
	EXPECT_EQ(EPOLLIN | 0x2000, ev.events);
	close(ep);
	close(sv[0]);
	close(sv[1]);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
