// SPDX-License-Identifier: GPL-2.0
/*
 * The race that POLLRDHUP was proposed for: a client sends its request and
 * finishes sending before the server has come to accept() and to register
 * the connection with edge-triggered epoll.
 *
 *  1. One event carries both facts: IN for the data, RDHUP for the end.
 *     After it there is no other, neither before nor after the data is read.
 *  2. With OUT asked for, the same single event carries OUT as well.
 *  3. Who does not ask for RDHUP is not told, and cannot tell: the event is
 *     the same one that a connection which stays open gives.
 *  4. A level-triggered set, poll(2), ONESHOT and CTL_MOD report it too.
 *  5. The ways out that a program has without the bit, an extra read and a
 *     CTL_MOD, work, at the price of a system call for each event.
 *
 * On a kernel without the bit, 1, 2 and 4 fail, and say what the server sees
 * instead; 3 and 5 pass on every kernel.
 */
#include "ask.h"
#include "family.h"
#include "netns.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define REQUEST "GET /"

/*
 * Long enough for a segment over the loopback, whose reception may be left to
 * ksoftirqd, and short enough for a kernel on which most of this must fail.
 */
#define SOON_MS		1000

FIXTURE(race)
{
	int listener;
	int client;
	int server;
};

FIXTURE_VARIANT(race)
{
	enum family_id family;
};

FIXTURE_VARIANT_ADD(race, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(race, tcp6) { .family = TCP6 };
FIXTURE_VARIANT_ADD(race, unix_stream) { .family = UNIX_STREAM };

/*
 * Both the request and the end of it are at the server's socket before it is
 * accepted: over the loopback a send() or shutdown() returns after the
 * segment has been received, and AF_UNIX has no wire at all.
 */
FIXTURE_SETUP(race)
{
	self->server = -1;
	self->listener = listen_on(variant->family);
	if (is_missing(self->listener))
		SKIP(return, "no %s: %s", families[variant->family].name,
		     strerror(-self->listener));
	ASSERT_GE(self->listener, 0)
		TH_LOG("listen: %s", strerror(-self->listener));
	self->client = connect_to(variant->family, self->listener);
	ASSERT_GE(self->client, 0)
		TH_LOG("connect: %s", strerror(-self->client));
	ASSERT_EQ((ssize_t)strlen(REQUEST),
		  send(self->client, REQUEST, strlen(REQUEST), 0));
}

FIXTURE_TEARDOWN(race)
{
	close(self->server);
	close(self->client);
	close(self->listener);
}

/* The client finishes, and only then does the server accept. */
static int finish_and_accept(int client, int listener)
{
	if (shutdown(client, SHUT_WR))
		return -errno;
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void read_request(struct __test_metadata *_metadata, int fd)
{
	char buf[64];

	ASSERT_EQ((ssize_t)strlen(REQUEST), read(fd, buf, sizeof(buf)));
}

/* Register with @ask, and expect @want once and nothing after it. */
static void expect_one_event(struct __test_metadata *_metadata, int fd,
			     unsigned int ask, unsigned int want)
{
	unsigned int got;
	int ep;

	ep = epoll_with(fd, ask | EPOLLET);
	ASSERT_GE(ep, 0);
	got = epoll_next(ep, SOON_MS);
	EXPECT_EQ(want, got)
		TH_LOG("the one event: want %s, got %s: %s", mask_str(want),
		       mask_str(got), got & EPOLLRDHUP ? "" :
		       "the server cannot tell that the client has finished");
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	read_request(_metadata, fd);
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	close(ep);
}

TEST_F(race, one_event)
{
	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	expect_one_event(_metadata, self->server, EPOLLIN | EPOLLRDHUP,
			 EPOLLIN | EPOLLRDHUP);
}

TEST_F(race, one_event_with_out)
{
	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	expect_one_event(_metadata, self->server,
			 EPOLLIN | EPOLLOUT | EPOLLRDHUP,
			 EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

TEST_F(race, registered_first_one_event)
{
	unsigned int got;
	int ep;

	/* here the server is early: it has seen the request, not the end */
	self->server = accept4(self->listener, NULL, NULL,
			       SOCK_CLOEXEC | SOCK_NONBLOCK);
	ASSERT_GE(self->server, 0);
	ep = epoll_with(self->server, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_GE(ep, 0);
	ASSERT_MASK(EPOLLIN, epoll_next(ep, SOON_MS));
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	got = epoll_next(ep, SOON_MS);
	EXPECT_EQ(EPOLLIN | EPOLLRDHUP, got)
		TH_LOG("the end: got %s", mask_str(got));
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	close(ep);
}

/* The same event as from a connection whose client goes on sending. */
TEST_F(race, not_asked_not_told)
{
	int ep, client, open_end;

	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	client = connect_to(variant->family, self->listener);
	ASSERT_GE(client, 0);
	ASSERT_EQ((ssize_t)strlen(REQUEST),
		  send(client, REQUEST, strlen(REQUEST), 0));
	open_end = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_GE(open_end, 0);

	ep = epoll_with(open_end, EPOLLIN | EPOLLET);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, SOON_MS));
	close(ep);
	ep = epoll_with(self->server, EPOLLIN | EPOLLET);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, SOON_MS));
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	close(ep);
	close(open_end);
	close(client);
}

TEST_F(race, poll)
{
	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP,
		    poll_mask(self->server, EPOLLIN | EPOLLRDHUP, SOON_MS));
	EXPECT_MASK(EPOLLIN, poll_mask(self->server, EPOLLIN, SOON_MS));
	read_request(_metadata, self->server);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP,
		    poll_mask(self->server, EPOLLIN | EPOLLRDHUP, SOON_MS));
	EXPECT_MASK(EPOLLRDHUP, poll_mask(self->server, EPOLLRDHUP, SOON_MS));
}

TEST_F(race, level_triggered_repeats)
{
	int ep;

	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	ep = epoll_with(self->server, EPOLLIN | EPOLLRDHUP);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, SOON_MS));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, SOON_MS));
	read_request(_metadata, self->server);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, SOON_MS));
	close(ep);
}

TEST_F(race, oneshot)
{
	unsigned int ask = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
	int ep;

	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	ep = epoll_with(self->server, ask);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, SOON_MS));
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	ASSERT_EQ(0, epoll_mod(ep, self->server, ask));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, SOON_MS));
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	close(ep);
}

TEST_F(race, mod_reports_again)
{
	int ep;

	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	ep = epoll_with(self->server, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, SOON_MS));
	read_request(_metadata, self->server);
	ASSERT_EQ(0, epoll_mod(ep, self->server,
			       EPOLLRDHUP | EPOLLET));
	EXPECT_MASK(EPOLLRDHUP, epoll_next(ep, SOON_MS));
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	close(ep);
}

/* Without the bit, one more read() an event tells: it gives 0, not EAGAIN. */
TEST_F(race, way_out_extra_read)
{
	char c;
	int ep;

	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	ep = epoll_with(self->server, EPOLLIN | EPOLLET);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, SOON_MS));
	read_request(_metadata, self->server);
	EXPECT_EQ(0, read(self->server, &c, 1));
	close(ep);
}

/* Nor is the data gone for who has finished: an open peer gives EAGAIN. */
TEST_F(race, way_out_extra_read_open_peer)
{
	char c;

	self->server = accept4(self->listener, NULL, NULL,
			       SOCK_CLOEXEC | SOCK_NONBLOCK);
	ASSERT_GE(self->server, 0);
	read_request(_metadata, self->server);
	EXPECT_EQ(-1, read(self->server, &c, 1));
	EXPECT_EQ(EAGAIN, errno);
}

/* Without the bit, CTL_MOD polls again: IN with nothing left to read is the
 * end, and is not reported for a peer that is still open.
 */
TEST_F(race, way_out_ctl_mod)
{
	int ep;

	self->server = finish_and_accept(self->client, self->listener);
	ASSERT_GE(self->server, 0);
	ep = epoll_with(self->server, EPOLLIN | EPOLLET);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, SOON_MS));
	read_request(_metadata, self->server);
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	ASSERT_EQ(0, epoll_mod(ep, self->server, EPOLLIN | EPOLLET));
	EXPECT_MASK(EPOLLIN, epoll_next(ep, SOON_MS));
	close(ep);
}

TEST_F(race, way_out_ctl_mod_open_peer)
{
	int ep;

	self->server = accept4(self->listener, NULL, NULL,
			       SOCK_CLOEXEC | SOCK_NONBLOCK);
	ASSERT_GE(self->server, 0);
	ep = epoll_with(self->server, EPOLLIN | EPOLLET);
	ASSERT_GE(ep, 0);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, SOON_MS));
	read_request(_metadata, self->server);
	ASSERT_EQ(0, epoll_mod(ep, self->server, EPOLLIN | EPOLLET));
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	close(ep);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
