// SPDX-License-Identifier: GPL-2.0
/*
 * What is told of the segments by which a TCP connection ends: lib/peer.h.
 *
 * 1. F_SETSIG: two signals for the end, the last of them POLL_IN, the first
 *    POLL_HUP when our side was closed already.
 * 2. A segment that comes once more is no event.
 * 3. All the data is there when the end is told.
 * 4. If the FIN cannot be taken yet, what came with it is told all the same.
 */
#include "family.h"
#include "netns.h"
#include "peer.h"
#include "segment.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WATCH		(EPOLLIN | EPOLLRDHUP | EPOLLET)

/*
 * A reader that asked for signals gets two, which programs have come to live
 * with: the last is always POLL_IN, so that who reads on POLL_IN does read.
 */
TEST_F(segment, signals)
{
	bool both = self->shape->mask & EPOLLHUP;
	const int want[] = { both ? POLL_HUP : POLL_IN, POLL_IN };
	struct f_owner_ex owner = { F_OWNER_TID, syscall(SYS_gettid) };
	struct timespec none = {}, must = { .tv_sec = MUST_MS / 1000 };
	siginfo_t si;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, self->shape));
	ASSERT_EQ(0, fcntl(self->c.fd, F_SETSIG, SIGRTMIN));
	ASSERT_EQ(0, fcntl(self->c.fd, F_SETOWN_EX, &owner));
	ASSERT_EQ(0, fcntl(self->c.fd, F_SETFL, O_ASYNC));
	ASSERT_EQ(0, connection_end(&self->c, self->shape));

	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		ASSERT_EQ(SIGRTMIN, sigtimedwait(&set, &si, &must));
		EXPECT_EQ(self->c.fd, si.si_fd);
		EXPECT_EQ(want[i], si.si_code);
	}
	EXPECT_EQ(-1, sigtimedwait(&set, &si, &none));
}

/* The same segment once more, as if its acknowledgment was lost: no event. */
TEST_F(segment, repeated)
{
	int ep;

	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, self->shape));
	ep = epoll_with(self->c.fd, WATCH);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, connection_end(&self->c, self->shape));
	EXPECT_MASK(self->shape->mask, epoll_next(ep, MUST_MS));
	/* Not edges' subject here: whether it was one event or two. */
	epoll_next(ep, 0);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, connection_end(&self->c, self->shape));
		EXPECT_MASK(0, epoll_next(ep, 0));
	}
	ASSERT_EQ(0, epoll_mod(ep, self->c.fd, WATCH));
	EXPECT_MASK(self->shape->mask, epoll_next(ep, 0));
	close(ep);
}

/* All the data is there when the one event comes, and then the end. */
TEST_F(segment, nothing_lost)
{
	size_t want = strlen(self->shape->before) + strlen(self->shape->text);
	char buf[64];
	int ep;

	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, self->shape));
	ep = epoll_with(self->c.fd, WATCH);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, connection_end(&self->c, self->shape));
	EXPECT_MASK(self->shape->mask, epoll_next(ep, MUST_MS));
	if (want)
		EXPECT_EQ(want, recv(self->c.fd, buf, sizeof(buf),
				     MSG_DONTWAIT));
	EXPECT_EQ(0, recv(self->c.fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_MASK(0, epoll_next(ep, 0));
	close(ep);
}

struct lingering {
	int fd;
	long long ms;	/* that close() took */
};

static void *close_main(void *arg)
{
	struct lingering *l = arg;
	long long start = now_ms();

	close(l->fd);
	l->ms = now_ms() - start;
	return NULL;
}

FIXTURE(linger) {
	int tun;
};

FIXTURE_SETUP(linger)
{
	self->tun = tun_open();
	if (is_missing(self->tun))
		SKIP(return, "no tun device: %s", strerror(-self->tun));
	ASSERT_LE(0, self->tun);
}

FIXTURE_TEARDOWN(linger)
{
	if (self->tun >= 0)
		close(self->tun);
}

/*
 * A close() that lingers, ended by what @answer sends once our FIN, which has
 * @fin_seq, is out.
 */
static void close_and_answer(struct __test_metadata *_metadata, int tun,
			     int (*answer)(struct connection *c,
					   uint32_t fin_seq))
{
	static const struct shape plain = { .setup = PLAIN };
	struct linger linger = { .l_onoff = 1, .l_linger = MUST_MS / 500 };
	struct lingering l;
	struct connection c;
	pthread_t thread;
	uint16_t dport;
	uint32_t seq;
	int listener;

	listener = tun_listen(&dport);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, connection_open(&c, tun, listener, dport, FIRST_PORT,
				     &plain));
	ASSERT_EQ(0, setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	l.fd = c.fd;
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_main, &l));
	ASSERT_EQ(0, peer_expect(&c.peer, FIN | ACK, &seq));
	ASSERT_EQ(0, answer(&c, seq));
	pthread_join(thread, NULL);
	EXPECT_GT(MUST_MS, l.ms);
	close(listener);
}

static int fin_and_ack(struct connection *c, uint32_t fin_seq)
{
	c->peer.ack = fin_seq + 1;
	return peer_send_at(&c->peer, c->peer.seq, FIN | ACK, "");
}

/* A lingering close() returns with the segment that has both FIN and ACK. */
TEST_F(linger, fin_and_ack)
{
	close_and_answer(_metadata, self->tun, fin_and_ack);
}

/*
 * 4: the acknowledgment of our FIN comes with a FIN that cannot be taken yet,
 * because data before it is missing.
 */
static int ack_and_fin_beyond_a_hole(struct connection *c, uint32_t fin_seq)
{
	c->peer.ack = fin_seq + 1;
	return peer_send_at(&c->peer, c->peer.seq + 4, FIN | ACK, "");
}

/*
 * To a socket that was closed there is nothing to wait for: data before the FIN
 * that nobody is going to read resets it, which ends a close() that lingers.
 */
static int fin_beyond_a_hole_is_reset(struct connection *c, uint32_t fin_seq)
{
	uint32_t seq;

	return ack_and_fin_beyond_a_hole(c, fin_seq) ?:
	       peer_expect(&c->peer, RST, &seq);
}

TEST_F(linger, ack_and_fin_beyond_a_hole)
{
	close_and_answer(_metadata, self->tun, fin_beyond_a_hole_is_reset);
}

/* Who watches is told of the acknowledgment, and of the end in its turn. */
TEST_F(linger, watched_ack_and_fin_beyond_a_hole)
{
	const unsigned int end = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP;
	static const struct shape shape = { .setup = FIN_WAIT1 };
	struct connection c;
	uint16_t dport;
	int listener;
	int ep;

	listener = tun_listen(&dport);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, connection_open(&c, self->tun, listener, dport,
				     FIRST_PORT, &shape));
	ep = epoll_with(c.fd, WATCH | EPOLLOUT);
	ASSERT_LE(0, ep);
	ASSERT_MASK(EPOLLOUT, epoll_next(ep, 0));
	ASSERT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, ack_and_fin_beyond_a_hole(&c, c.peer.ack));
	EXPECT_MASK(EPOLLOUT, epoll_next(ep, 0));
	EXPECT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, peer_send_at(&c.peer, c.peer.seq, PSH | ACK, "data"));
	EXPECT_MASK(end, epoll_next(ep, 0));
	close(ep);
	close(c.fd);
	close(listener);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
