// SPDX-License-Identifier: GPL-2.0
/*
 * How TCP connections close, as four texts tell it from which people learn
 * about half-closed connections: each experiment of theirs step by step, with
 * what poll says in between and what goes over the wire.
 *
 * rfc: the proposal of POLLRDHUP ("epoll and half closed TCP connections",
 *	2003): the race, the way out, and the two that it rejects.
 * hole: six experiments with epoll, dup, shutdown and close ("Down the epoll
 *	rabbit hole"), level-triggered, both ends in one epoll instance.
 * closing: how to close properly ("Some less-widely known details of TCP
 *	connections", busybox).
 * writer: why the first write after the peer's close succeeds (a question
 *	and its answer about EPIPE).
 *
 * Where a text is not what Linux does (today), the test has it right and says
 * so:
 *  - rfc: an extra read cannot tell the end from an empty buffer.  It can:
 *    0 and EAGAIN.  It is the extra system call that remains.
 *  - closing: SO_LINGER, SHUT_WR and close give a FIN even with unread data.
 *    They do, at the SHUT_WR; the close adds a RST.
 *  - closing: "a close(2) or shutdown(2) will not return" with SO_LINGER.  It
 *    is close() alone that waits.
 *  - writer: a RST purges what the other end has not read yet.  Linux keeps
 *    it readable.
 *
 * What has no test here:
 *  - rfc: a count of events in what epoll_wait() returns, the other idea of the
 *    text, which no kernel has.
 *  - rfc: POLLRDHUP is 0x0800.  Now it is only on sparc: see epoll.c.
 *  - rfc: the other lines of the patch, HUP of a socket that is closed or shut
 *    both ways among them: see the rows of states_tcp.c.
 *  - rfc: what an extra system call costs: see bench.c.
 *  - hole: checksums, windows, options and times of its dumps.
 *  - writer: that netstat shows FIN_WAIT2 of the end that was closed, which
 *    has no descriptor to ask.  Its FIN is seen to be acknowledged.
 *  - writer: the exact lines that its programs print.
 */
#include "ask.h"
#include "family.h"
#include "netns.h"
#include "tcp.h"
#include "wire.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define IN_OUT	(EPOLLIN | EPOLLOUT)
#define EOF_MASK (IN_OUT | EPOLLRDHUP)
#define RST_MASK (EOF_MASK | EPOLLHUP | EPOLLERR)

static sig_atomic_t sigpipes;

static void on_sigpipe(int sig)
{
	if (sig == SIGPIPE)
		sigpipes++;
}

/* ------------------------------------------------------------------ rfc */

FIXTURE(rfc) {
	int listener;
	int client;
	int server;
};

FIXTURE_VARIANT(rfc) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(rfc, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(rfc, tcp6) { .family = TCP6 };
FIXTURE_VARIANT_ADD(rfc, tcp_mapped) { .family = TCP_MAPPED };
FIXTURE_VARIANT_ADD(rfc, unix_stream) { .family = UNIX_STREAM };

/* The client has written and finished before the server accepts. */
FIXTURE_SETUP(rfc)
{
	self->listener = listen_on(variant->family);
	if (is_missing(self->listener))
		SKIP(return, "no %s: %s", families[variant->family].name,
		     strerror(-self->listener));
	ASSERT_LE(0, self->listener);
	self->client = connect_to(variant->family, self->listener);
	ASSERT_LE(0, self->client);
	ASSERT_EQ(3, write(self->client, "GET", 3));
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	self->server = accept4(self->listener, NULL, NULL, SOCK_NONBLOCK);
	ASSERT_LE(0, self->server);
	/* And both have arrived. */
	ASSERT_MASK(EPOLLIN | EPOLLRDHUP,
		    poll_until(self->server, EPOLLIN | EPOLLRDHUP,
			       EPOLLIN | EPOLLRDHUP));
}

FIXTURE_TEARDOWN(rfc)
{
	close(self->listener);
	close(self->client);
	close(self->server);
}

TEST_F(rfc, one_edge_carries_both_facts)
{
	int ep = epoll_with(self->server, EPOLLIN | EPOLLRDHUP | EPOLLET);

	ASSERT_LE(0, ep);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, 0));
	EXPECT_MASK(0, epoll_next(ep, 0));
}

TEST_F(rfc, without_it_the_edge_hides_the_end)
{
	int ep = epoll_with(self->server, EPOLLIN | EPOLLET);
	char buf[3];

	ASSERT_LE(0, ep);
	/* Who did not ask is told of what there is to read, no more. */
	EXPECT_MASK(EPOLLIN, epoll_next(ep, 0));
	EXPECT_EQ(3, read(self->server, buf, sizeof(buf)));
	EXPECT_MASK(0, epoll_next(ep, 0));
}

/* "issue read calls until less data was returned than was asked for" */
TEST_F(rfc, a_short_read_hides_the_end)
{
	int ep = epoll_with(self->server, EPOLLIN | EPOLLET);
	char buf[8];

	ASSERT_LE(0, ep);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, 0));
	EXPECT_GT(sizeof(buf), read(self->server, buf, sizeof(buf)));
	EXPECT_MASK(0, epoll_next(ep, 0));
	EXPECT_EQ(0, read(self->server, buf, sizeof(buf)));
}

TEST_F(rfc, level_triggered_it_works_anyway)
{
	int ep = epoll_with(self->server, EPOLLIN);
	char buf[8];

	ASSERT_LE(0, ep);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, 0));
	EXPECT_EQ(3, read(self->server, buf, sizeof(buf)));
	EXPECT_MASK(EPOLLIN, epoll_next(ep, 0));
	EXPECT_EQ(0, read(self->server, buf, sizeof(buf)));
	EXPECT_MASK(EPOLLIN, epoll_next(ep, 0));
}

TEST_F(rfc, alternative_extra_read)
{
	int listener, open_client, open_server;
	char buf[8];

	EXPECT_EQ(3, read(self->server, buf, sizeof(buf)));
	EXPECT_EQ(0, read(self->server, buf, sizeof(buf)));

	listener = listen_on(variant->family);
	ASSERT_LE(0, listener);
	open_client = connect_to(variant->family, listener);
	ASSERT_LE(0, open_client);
	open_server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ASSERT_LE(0, open_server);
	ASSERT_EQ(3, write(open_client, "GET", 3));
	ASSERT_MASK(EPOLLIN, poll_mask(open_server, EPOLLIN, MUST_MS));
	EXPECT_EQ(3, read(open_server, buf, sizeof(buf)));
	EXPECT_EQ(-1, read(open_server, buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(rfc, alternative_mod_forces_a_poll)
{
	int ep = epoll_with(self->server, EPOLLIN | EPOLLET);
	char buf[8];

	ASSERT_LE(0, ep);
	EXPECT_MASK(EPOLLIN, epoll_next(ep, 0));
	EXPECT_EQ(3, read(self->server, buf, sizeof(buf)));
	EXPECT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, self->server, EPOLLIN | EPOLLET));
	EXPECT_MASK(EPOLLIN, epoll_next(ep, 0));
	EXPECT_EQ(0, read(self->server, buf, sizeof(buf)));
}

TEST_F(rfc, no_hup_so_the_answer_can_be_written)
{
	char buf[8];

	EXPECT_MASK(EOF_MASK, poll_mask(self->server, EOF_MASK, 0));
	EXPECT_MASK(0, poll_mask(self->server, 0, 0));
	EXPECT_EQ(2, write(self->server, "OK", 2));
	EXPECT_MASK(IN_OUT, poll_mask(self->client, EOF_MASK, MUST_MS));
	EXPECT_EQ(2, read(self->client, buf, sizeof(buf)));
}

/* Everything that went over the wire, once it is @want; else what did. */
static const char *order_until(struct wire *w, bool acks, const char *want)
{
	const long long end = now_ms() + MUST_MS;
	const char *order;

	do {
		order = wire_order(w, acks);
	} while (strcmp(order, want) && now_ms() < end && !usleep(200));
	return order;
}

#define EXPECT_ORDER(w, acks, want) \
	EXPECT_STREQ(want, order_until(w, acks, want))

/* Has end @i acknowledged all that the other one has sent? */
static bool acknowledges(struct wire *w, int i)
{
	const long long end = now_ms() + MUST_MS;

	do {
		wire_read(w);
	} while (w->from[i].ack != w->from[!i].next && now_ms() < end &&
		 !usleep(200));
	return w->from[i].ack == w->from[!i].next;
}

/* "we see a data bearing packet and FIN from client on the wire" */
TEST(rfc_data_and_fin_are_on_the_wire_before_accept)
{
	int client, ep, err, listener, server;
	struct wire wire;
	char buf[8];

	err = wire_open(&wire);
	if (err == -EPERM || err == -EAFNOSUPPORT)
		SKIP(return, "no packet socket: %s", strerror(-err));
	ASSERT_EQ(0, err);
	listener = listen_on(TCP4);
	ASSERT_LE(0, listener);
	client = connect_to(TCP4, listener);
	ASSERT_LE(0, client);
	wire_ends(&wire, client, listener);
	ASSERT_EQ(3, write(client, "GET", 3));
	ASSERT_EQ(0, shutdown(client, SHUT_WR));
	EXPECT_ORDER(&wire, false, "0S 1S. 0P.3 0F.");
	/* Acknowledged, and by nobody who has accepted it. */
	EXPECT_EQ(TCP_FIN_WAIT2, tcp_state_until(client, TCP_FIN_WAIT2));
	server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ASSERT_LE(0, server);
	ep = epoll_with(server, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, ep);
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, epoll_next(ep, 0));
	EXPECT_MASK(0, epoll_next(ep, 0));
	EXPECT_EQ(3, read(server, buf, sizeof(buf)));
	EXPECT_EQ(0, read(server, buf, sizeof(buf)));
}

/* ----------------------------------------------------------------- hole */

/* The text's descriptor numbers are what it registers as data. */
enum { FD5, FD6, FD7, NR_FDS };

#define HOLE_EVENTS (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP)

FIXTURE(hole) {
	struct wire wire;	/* from[0] is 5, from[1] is 6 */
	int ep;
	int fd5;
	int fd6;
	int fd7;
};

static int hole_add(int ep, int fd, int name)
{
	struct epoll_event ev = { .events = HOLE_EVENTS, .data.u32 = name };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

/*
 * Everything that epoll_wait() has to say, by name, once that is @want; -1 is
 * "nothing".
 */
static void hole_wait(int ep, const int want[NR_FDS], int got[NR_FDS])
{
	const long long end = now_ms() + MUST_MS;
	struct epoll_event ev[8];
	int n;

	do {
		for (int i = 0; i < NR_FDS; i++)
			got[i] = -1;
		n = epoll_wait(ep, ev, 8, 0);
		for (int i = 0; i < n; i++)
			got[ev[i].data.u32] = (int)ev[i].events;
	} while (memcmp(got, want, NR_FDS * sizeof(*got)) && now_ms() < end &&
		 !usleep(200));
}

/* One line of the text: what is said of 5, of 6, of 7; -1 for nothing. */
#define EXPECT_WAIT(...) do {						\
	const int __want[NR_FDS] = { __VA_ARGS__ };			\
	int __got[NR_FDS];						\
									\
	hole_wait(self->ep, __want, __got);				\
	for (int __i = 0; __i < NR_FDS; __i++) {			\
		EXPECT_EQ(__want[__i], __got[__i])			\
			TH_LOG("fd %d: want %s, got %s", __i + 5,	\
			       mask_str((unsigned int)__want[__i]),	\
			       mask_str((unsigned int)__got[__i]));	\
	}								\
} while (0)

/* "Setup", which is an experiment itself. */
FIXTURE_SETUP(hole)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int listener, err;

	signal(SIGPIPE, SIG_IGN);
	err = wire_open(&self->wire);
	if (err == -EPERM || err == -EAFNOSUPPORT)
		SKIP(return, "no packet socket: %s", strerror(-err));
	ASSERT_EQ(0, err);
	self->fd7 = -1;
	self->ep = epoll_create1(0);
	ASSERT_LE(0, self->ep);
	listener = listen_on(TCP4);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&in, &len));
	self->fd5 = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ASSERT_LE(0, self->fd5);
	ASSERT_EQ(-1, connect(self->fd5, (struct sockaddr *)&in, len));
	ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_EQ(0, hole_add(self->ep, self->fd5, FD5));
	ASSERT_MASK(EPOLLIN, poll_mask(listener, EPOLLIN, MUST_MS));
	self->fd6 = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ASSERT_LE(0, self->fd6);
	err = -1;
	len = sizeof(err);
	ASSERT_EQ(0, getsockopt(self->fd5, SOL_SOCKET, SO_ERROR, &err, &len));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, hole_add(self->ep, self->fd6, FD6));
	wire_ends(&self->wire, self->fd5, self->fd6);
	EXPECT_WAIT(EPOLLOUT, EPOLLOUT, -1);
}

FIXTURE_TEARDOWN(hole)
{
	close(self->wire.fd);
}

/* What the text's dup() experiments start with. */
#define DUP() do {							\
	self->fd7 = dup(self->fd5);					\
	ASSERT_LE(0, self->fd7);					\
	ASSERT_EQ(0, hole_add(self->ep, self->fd7, FD7));		\
	EXPECT_WAIT(EPOLLOUT, EPOLLOUT, EPOLLOUT);			\
} while (0)

TEST_F(hole, connected)
{
	EXPECT_WAIT(EPOLLOUT, EPOLLOUT, -1);
	/* "a typical 3-way handshake" */
	EXPECT_ORDER(&self->wire, true, "0S 1S. 0.");
}

/* The bytes that can be read, once they are @want. */
static int unread(int fd, int want)
{
	const long long end = now_ms() + MUST_MS;
	int bytes;

	do {
		if (ioctl(fd, FIONREAD, &bytes))
			return -errno;
	} while (bytes != want && now_ms() < end && !usleep(200));
	return bytes;
}

TEST_F(hole, shut_rd)
{
	char c;

	ASSERT_EQ(0, shutdown(self->fd5, SHUT_RD));
	EXPECT_WAIT(EOF_MASK, EPOLLOUT, -1);
	EXPECT_WIRE(&self->wire, 0, 0, 0);
	EXPECT_EQ(TCP_ESTABLISHED, tcp_state(self->fd5));
	EXPECT_EQ(0, read(self->fd5, &c, 1));
	EXPECT_WAIT(EOF_MASK, EPOLLOUT, -1);
	EXPECT_EQ(1, write(self->fd6, "a", 1));
	/* Readable it has been for the end, so that tells nothing. */
	EXPECT_EQ(1, unread(self->fd5, 1));
	EXPECT_EQ(1, read(self->fd5, &c, 1));
	EXPECT_WAIT(EOF_MASK, EPOLLOUT, -1);
	ASSERT_EQ(0, close(self->fd5));
	EXPECT_WAIT(-1, EOF_MASK, -1);
	EXPECT_ORDER(&self->wire, false, "0S 1S. 1P.1 0F.");
	/* The text's second packet is the FIN of 6, which acknowledges that. */
	ASSERT_EQ(0, close(self->fd6));
	EXPECT_ORDER(&self->wire, false, "0S 1S. 1P.1 0F. 1F.");
	EXPECT_EQ(self->wire.from[0].isn + 2, self->wire.from[1].ack);
}

TEST_F(hole, shut_wr)
{
	char c;

	ASSERT_EQ(0, shutdown(self->fd5, SHUT_WR));
	EXPECT_WAIT(EPOLLOUT, EOF_MASK, -1);
	EXPECT_WIRE(&self->wire, 0, 1, 0);
	signal(SIGPIPE, on_sigpipe);
	EXPECT_EQ(-1, write(self->fd5, "a", 1));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(1, sigpipes);
	EXPECT_WAIT(EPOLLOUT, EOF_MASK, -1);
	EXPECT_EQ(0, read(self->fd6, &c, 1));
	EXPECT_WAIT(EPOLLOUT, EOF_MASK, -1);
	EXPECT_EQ(1, write(self->fd6, "a", 1));
	EXPECT_WAIT(IN_OUT, EOF_MASK, -1);
	EXPECT_EQ(1, read(self->fd5, &c, 1));
	EXPECT_WAIT(EPOLLOUT, EOF_MASK, -1);
	ASSERT_EQ(0, close(self->fd5));
	/* "The only oddity": the close shows nothing and sends nothing. */
	EXPECT_WAIT(-1, EOF_MASK, -1);
	EXPECT_WIRE(&self->wire, 0, 1, 0);
	EXPECT_EQ(1, write(self->fd6, "a", 1));
	EXPECT_WAIT(-1, RST_MASK, -1);
	EXPECT_ORDER(&self->wire, false, "0S 1S. 0F. 1P.1 1P.1 0R");
}

/* The packets that the text shows of it: both FINs and the last ACK. */
TEST_F(hole, shut_wr_and_both_closed)
{
	char c;

	ASSERT_EQ(0, shutdown(self->fd5, SHUT_WR));
	EXPECT_WAIT(EPOLLOUT, EOF_MASK, -1);
	EXPECT_EQ(1, write(self->fd6, "a", 1));
	EXPECT_WAIT(IN_OUT, EOF_MASK, -1);
	EXPECT_EQ(1, read(self->fd5, &c, 1));
	ASSERT_EQ(0, close(self->fd5));
	ASSERT_EQ(0, close(self->fd6));
	EXPECT_ORDER(&self->wire, false, "0S 1S. 0F. 1P.1 1F.");
	EXPECT_TRUE(acknowledges(&self->wire, 0));
	/* "seq 2, ack 2", "seq 2, ack 3" */
	EXPECT_EQ(self->wire.from[0].isn + 2, self->wire.from[1].ack);
	EXPECT_EQ(self->wire.from[1].isn + 3, self->wire.from[0].ack);
}

TEST_F(hole, dup)
{
	char c;

	DUP();
	EXPECT_EQ(1, write(self->fd6, "a", 1));
	EXPECT_WAIT(IN_OUT, EPOLLOUT, IN_OUT);
	EXPECT_EQ(1, read(self->fd5, &c, 1));
	EXPECT_WAIT(EPOLLOUT, EPOLLOUT, EPOLLOUT);
	ASSERT_EQ(0, close(self->fd5));
	EXPECT_WAIT(EPOLLOUT, EPOLLOUT, EPOLLOUT);
	EXPECT_EQ(-1, epoll_ctl(self->ep, EPOLL_CTL_DEL, self->fd5, NULL));
	EXPECT_EQ(EBADF, errno);
	EXPECT_WAIT(EPOLLOUT, EPOLLOUT, EPOLLOUT);
	EXPECT_ORDER(&self->wire, false, "0S 1S. 1P.1");
	ASSERT_EQ(0, close(self->fd7));
	EXPECT_WAIT(-1, EOF_MASK, -1);
	EXPECT_ORDER(&self->wire, false, "0S 1S. 1P.1 0F.");
}

TEST_F(hole, shut_rd_dup)
{
	DUP();
	ASSERT_EQ(0, shutdown(self->fd7, SHUT_RD));
	EXPECT_WAIT(EOF_MASK, EPOLLOUT, EOF_MASK);
	EXPECT_ORDER(&self->wire, false, "0S 1S.");
	EXPECT_EQ(TCP_ESTABLISHED, tcp_state(self->fd6));
}

TEST_F(hole, shut_wr_dup)
{
	DUP();
	ASSERT_EQ(0, shutdown(self->fd7, SHUT_WR));
	EXPECT_WAIT(EPOLLOUT, EOF_MASK, EPOLLOUT);
	EXPECT_ORDER(&self->wire, false, "0S 1S. 0F.");
	EXPECT_EQ(TCP_CLOSE_WAIT, tcp_state(self->fd6));
}

/* Its data is the closed descriptor's, and stays so until the last close. */
TEST_F(hole, closed_descriptor_reports_the_end)
{
	DUP();
	ASSERT_EQ(0, close(self->fd5));
	ASSERT_EQ(0, shutdown(self->fd6, SHUT_WR));
	EXPECT_WAIT(EOF_MASK, EPOLLOUT, EOF_MASK);
}

/* -------------------------------------------------------------- closing */

FIXTURE(closing) {
	struct wire wire;	/* from[0] is own, from[1] the peer */
	int own;		/* the end that closes */
	int peer;		/* the end that is polled */
};

FIXTURE_SETUP(closing)
{
	int err;

	signal(SIGPIPE, SIG_IGN);
	err = wire_pair(&self->wire, &self->own, &self->peer);
	if (err == -EPERM || err == -EAFNOSUPPORT)
		SKIP(return, "no packet socket: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_MASK(EPOLLOUT, poll_mask(self->peer, EOF_MASK, 0));
}

FIXTURE_TEARDOWN(closing)
{
	close(self->wire.fd);
}

#define EXPECT_PEER(want) \
	EXPECT_MASK(want, poll_until(self->peer, EOF_MASK, want))

static int set_linger(int fd, int seconds)
{
	struct linger linger = { .l_onoff = 1, .l_linger = seconds };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* Write until there is no more room; how much that was. */
static long write_all_that_fits(int fd)
{
	static char block[65536];
	long sum = 0;
	ssize_t n;

	for (;;) {
		n = send(fd, block, sizeof(block), MSG_DONTWAIT);
		if (n > 0)
			sum += n;
		else if (!poll_mask(fd, EPOLLOUT, 20))
			return sum;
	}
}

/* Read to the end, add up in @sum what comes: 0 or a negative errno. */
static int read_some(int fd, long *sum)
{
	static char block[65536];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		*sum += n;
	return n ? -errno : 0;
}

/* Read to the end of the stream; how much that was, or a negative errno. */
static long read_all(int fd)
{
	long sum = 0;
	int err = read_some(fd, &sum);

	return err ?: sum;
}

/*
 * Of the @sum bytes that own wrote, the peer acknowledged some, and can read
 * those before it is told of the reset.  The others are lost.
 */
#define EXPECT_LOSS(sum) do {						\
	const struct wire *__w = &self->wire;				\
	long __arrived = __w->from[1].ack - __w->from[0].isn - 1;	\
	long __got = 0;							\
									\
	EXPECT_LT(0, __arrived);					\
	EXPECT_GT(sum, __arrived);					\
	EXPECT_EQ(-ECONNRESET, read_some(self->peer, &__got));		\
	EXPECT_EQ(__arrived, __got);					\
} while (0)

TEST_F(closing, close_with_unread_data_resets)
{
	ASSERT_EQ(1, write(self->peer, "a", 1));
	ASSERT_MASK(EPOLLIN, poll_mask(self->own, EPOLLIN, MUST_MS));
	EXPECT_PEER(EPOLLOUT);
	ASSERT_EQ(0, close(self->own));
	EXPECT_PEER(RST_MASK);
	EXPECT_WIRE(&self->wire, 0, 0, 1);
}

TEST_F(closing, close_with_unsent_data_delivers_it)
{
	long sum = write_all_that_fits(self->own);

	ASSERT_LT(0, sum);
	ASSERT_EQ(0, close(self->own));
	/* Full windows ahead of the FIN: nothing to be seen of it yet. */
	EXPECT_PEER(IN_OUT);
	EXPECT_EQ(sum, read_all(self->peer));
	EXPECT_PEER(EOF_MASK);
	EXPECT_WIRE(&self->wire, 0, 1, 0);
}

TEST_F(closing, close_with_unsent_data_and_peer_writes_resets)
{
	long sum = write_all_that_fits(self->own);

	ASSERT_EQ(0, close(self->own));
	EXPECT_PEER(IN_OUT);
	ASSERT_EQ(1, write(self->peer, "a", 1));
	EXPECT_PEER(RST_MASK);
	wire_read(&self->wire);
	EXPECT_EQ(1, self->wire.from[0].rst);
	EXPECT_EQ(0, self->wire.from[0].fin);
	EXPECT_LOSS(sum);
}

/* "discards some not-yet sent data": nobody has written to it since. */
TEST_F(closing, close_with_unread_data_loses_unsent_data)
{
	long sum, got = 0;

	ASSERT_EQ(1, write(self->peer, "a", 1));
	ASSERT_MASK(EPOLLIN, poll_mask(self->own, EPOLLIN, MUST_MS));
	sum = write_all_that_fits(self->own);
	ASSERT_EQ(0, close(self->own));
	EXPECT_PEER(RST_MASK);
	EXPECT_WIRE(&self->wire, 0, 0, 1);
	/* What had come is still there, acknowledged or not. */
	EXPECT_EQ(-ECONNRESET, read_some(self->peer, &got));
	EXPECT_LT(0, got);
	EXPECT_GE(self->wire.from[0].bytes, got);
	EXPECT_GT(sum, self->wire.from[0].bytes);
}

static void *close_main(void *fd)
{
	close(*(int *)fd);
	return NULL;
}

TEST_F(closing, linger_waits_until_all_is_delivered)
{
	long sum = write_all_that_fits(self->own);
	long long before;
	pthread_t thread;

	ASSERT_EQ(0, set_linger(self->own, MUST_MS / 1000));
	before = now_ms();
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_main, &self->own));
	/* Bounded: long enough for a close that does not wait to be over. */
	EXPECT_EQ(ETIMEDOUT, ({
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec += MUST_NOT_MS * 1000000L;
		ts.tv_sec += ts.tv_nsec / 1000000000L;
		ts.tv_nsec %= 1000000000L;
		pthread_timedjoin_np(thread, NULL, &ts);
	}));
	EXPECT_PEER(IN_OUT);
	EXPECT_EQ(sum, read_all(self->peer));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_GT(MUST_MS, now_ms() - before);
	EXPECT_PEER(EOF_MASK);
	EXPECT_WIRE(&self->wire, 0, 1, 0);
}

/* "or the linger timeout has been reached"; what is queued still gets there. */
TEST_F(closing, linger_waits_no_longer_than_its_time_out)
{
	long sum = write_all_that_fits(self->own);
	long long before;

	ASSERT_EQ(0, set_linger(self->own, 1));
	before = now_ms();
	ASSERT_EQ(0, close(self->own));
	EXPECT_LE(1000, now_ms() - before);
	EXPECT_GT(MUST_MS, now_ms() - before);
	EXPECT_PEER(IN_OUT);
	EXPECT_WIRE(&self->wire, 0, 0, 0);
	EXPECT_EQ(sum, read_all(self->peer));
	EXPECT_PEER(EOF_MASK);
	EXPECT_WIRE(&self->wire, 0, 1, 0);
}

TEST_F(closing, shutdown_does_not_linger)
{
	long sum = write_all_that_fits(self->own);
	long long before;

	ASSERT_EQ(0, set_linger(self->own, MUST_MS / 1000));
	before = now_ms();
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_GT(MUST_MS / 2, now_ms() - before);
	EXPECT_PEER(IN_OUT);
	EXPECT_WIRE(&self->wire, 0, 0, 0);
	EXPECT_EQ(sum, read_all(self->peer));
	EXPECT_PEER(EOF_MASK);
}

TEST_F(closing, shut_wr_then_close_ends_with_fin)
{
	long sum = write_all_that_fits(self->own);

	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_PEER(IN_OUT);
	ASSERT_EQ(0, close(self->own));
	EXPECT_PEER(IN_OUT);
	EXPECT_EQ(sum, read_all(self->peer));
	EXPECT_PEER(EOF_MASK);
	EXPECT_WIRE(&self->wire, 0, 1, 0);
}

TEST_F(closing, shut_wr_then_close_and_peer_writes_resets)
{
	long sum = write_all_that_fits(self->own);

	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_EQ(0, close(self->own));
	EXPECT_PEER(IN_OUT);
	ASSERT_EQ(1, write(self->peer, "a", 1));
	EXPECT_PEER(RST_MASK);
	wire_read(&self->wire);
	EXPECT_EQ(1, self->wire.from[0].rst);
	EXPECT_EQ(0, self->wire.from[0].fin);
	EXPECT_LOSS(sum);
}

TEST_F(closing, shut_wr_then_read_to_the_end_proves_delivery)
{
	char buf[8];

	ASSERT_EQ(3, write(self->own, "abc", 3));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_PEER(EOF_MASK);
	EXPECT_EQ(3, read_all(self->peer));
	EXPECT_PEER(EOF_MASK);
	EXPECT_MASK(EPOLLOUT, poll_mask(self->own, EOF_MASK, 0));
	/* A peer that does not close: the read must not wait for ever. */
	EXPECT_EQ(-1, recv(self->own, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_MASK(0, poll_mask(self->own, EPOLLIN | EPOLLRDHUP, MUST_NOT_MS));
	ASSERT_EQ(0, close(self->peer));
	EXPECT_MASK(EOF_MASK | EPOLLHUP, poll_mask(self->own, EOF_MASK,
						   MUST_MS));
	EXPECT_EQ(0, read(self->own, buf, sizeof(buf)));
	ASSERT_EQ(0, close(self->own));
	EXPECT_WIRE(&self->wire, 0, 1, 0);
	EXPECT_WIRE(&self->wire, 1, 1, 0);
}

TEST_F(closing, linger_and_shut_wr_send_fin_despite_unread_data)
{
	ASSERT_EQ(1, write(self->peer, "a", 1));
	ASSERT_MASK(EPOLLIN, poll_mask(self->own, EPOLLIN, MUST_MS));
	ASSERT_EQ(0, set_linger(self->own, 1));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_PEER(EOF_MASK);
	EXPECT_WIRE(&self->wire, 0, 1, 0);
	/* An acknowledgment that comes after the close would be reset, too. */
	EXPECT_EQ(TCP_FIN_WAIT2, tcp_state_until(self->own, TCP_FIN_WAIT2));
	/* The peer had a chance to see the end; now comes the reset. */
	ASSERT_EQ(0, close(self->own));
	EXPECT_PEER(RST_MASK);
	EXPECT_WIRE(&self->wire, 0, 1, 1);
}

/* Another connection, on which the cork does not let go by itself. */
#define CORKED_PAIR() do {						\
	int __sv[2];							\
									\
	ASSERT_EQ(0, hold_back(HOLD_MS));				\
	ASSERT_EQ(0, make_pair(TCP4, __sv));				\
	self->own = __sv[0];						\
	self->peer = __sv[1];						\
	wire_ends(&self->wire, self->own, self->peer);			\
} while (0)

TEST_F(closing, cork_holds_a_partial_segment)
{
	int on = 1, off = 0;

	CORKED_PAIR();
	ASSERT_EQ(0, setsockopt(self->own, IPPROTO_TCP, TCP_CORK, &on,
				sizeof(on)));
	ASSERT_EQ(1, write(self->own, "a", 1));
	ASSERT_EQ(1, write(self->own, "b", 1));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->peer, EOF_MASK, 0));
	wire_read(&self->wire);
	EXPECT_EQ(0, self->wire.from[0].data);
	ASSERT_EQ(0, setsockopt(self->own, IPPROTO_TCP, TCP_CORK, &off,
				sizeof(off)));
	EXPECT_PEER(IN_OUT);
	wire_read(&self->wire);
	EXPECT_EQ(1, self->wire.from[0].data);
	EXPECT_EQ(2, self->wire.from[0].bytes);
}

TEST_F(closing, cork_is_released_by_shut_wr_in_one_segment)
{
	int on = 1;

	CORKED_PAIR();
	ASSERT_EQ(0, setsockopt(self->own, IPPROTO_TCP, TCP_CORK, &on,
				sizeof(on)));
	ASSERT_EQ(1, write(self->own, "a", 1));
	EXPECT_MASK(EPOLLOUT, poll_mask(self->peer, EOF_MASK, 0));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_PEER(EOF_MASK);
	wire_read(&self->wire);
	EXPECT_EQ(1, self->wire.from[0].data_fin);
	EXPECT_EQ(1, self->wire.from[0].fin);
}

/*
 * An acknowledgment is what a small segment waits for without the option, while
 * another is on its way.  So the peer loses all it gets and acknowledges none.
 */
static int lose_all(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &nothing };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			  sizeof(prog));
}

TEST_F(closing, nagle_waits_until_nodelay_is_set)
{
	int on = 1;

	CORKED_PAIR();
	ASSERT_EQ(0, lose_all(self->peer));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, write(self->own, "a", 1));
		wire_read(&self->wire);
		EXPECT_EQ(1, self->wire.from[0].data);
	}
	ASSERT_EQ(0, setsockopt(self->own, IPPROTO_TCP, TCP_NODELAY, &on,
				sizeof(on)));
	wire_read(&self->wire);
	EXPECT_EQ(2, self->wire.from[0].data);
	EXPECT_EQ(3, self->wire.from[0].bytes);
}

TEST_F(closing, nodelay_does_not_wait)
{
	int on = 1;

	CORKED_PAIR();
	ASSERT_EQ(0, lose_all(self->peer));
	ASSERT_EQ(0, setsockopt(self->own, IPPROTO_TCP, TCP_NODELAY, &on,
				sizeof(on)));
	for (unsigned int i = 1; i <= 3; i++) {
		ASSERT_EQ(1, write(self->own, "a", 1));
		wire_read(&self->wire);
		EXPECT_EQ(i, self->wire.from[0].data);
	}
}

/* --------------------------------------------------------------- writer */

FIXTURE(writer) {
	struct wire wire;	/* from[0] is the server, from[1] the client */
	int server;
	int client;
};

FIXTURE_SETUP(writer)
{
	int err;

	signal(SIGPIPE, SIG_IGN);
	err = wire_pair(&self->wire, &self->server, &self->client);
	if (err == -EPERM || err == -EAFNOSUPPORT)
		SKIP(return, "no packet socket: %s", strerror(-err));
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(writer)
{
	close(self->wire.fd);
}

TEST_F(writer, first_write_after_close_succeeds)
{
	EXPECT_ORDER(&self->wire, true, "1S 0S. 1.");
	ASSERT_EQ(0, close(self->client));
	/* Who asked knows before his first write. */
	EXPECT_MASK(EPOLLRDHUP, poll_mask(self->server, EPOLLRDHUP, MUST_MS));
	EXPECT_EQ(TCP_CLOSE_WAIT, tcp_state(self->server));
	EXPECT_ORDER(&self->wire, false, "1S 0S. 1F.");
	EXPECT_TRUE(acknowledges(&self->wire, 0));
	signal(SIGPIPE, on_sigpipe);
	EXPECT_EQ(3, write(self->server, "123", 3));
	EXPECT_EQ(0, sigpipes);
	EXPECT_MASK(RST_MASK, poll_until(self->server, EOF_MASK, RST_MASK));
	EXPECT_ORDER(&self->wire, false, "1S 0S. 1F. 0P.3 1R");
	EXPECT_EQ(TCP_CLOSE, tcp_state(self->server));
	EXPECT_EQ(-1, write(self->server, "123", 3));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(1, sigpipes);
}

TEST_F(writer, after_shut_wr_data_is_accepted)
{
	char buf[8];

	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	EXPECT_MASK(EPOLLRDHUP, poll_mask(self->server, EPOLLRDHUP, MUST_MS));
	EXPECT_EQ(3, write(self->server, "123", 3));
	EXPECT_EQ(3, read(self->client, buf, sizeof(buf)));
	EXPECT_EQ(3, write(self->server, "456", 3));
	EXPECT_EQ(3, read(self->client, buf, sizeof(buf)));
	EXPECT_MASK(IN_OUT | EPOLLRDHUP, poll_mask(self->server, EOF_MASK, 0));
	EXPECT_WIRE(&self->wire, 1, 1, 0);
	/* "A shutdown will not close a socket." */
	EXPECT_LE(0, fcntl(self->client, F_GETFD));
}

/*
 * "This reset is due to the program shutting down without properly closing the
 * sockets": it is gone, and what it was sent is not read.
 */
TEST_F(writer, exit_with_unread_data_resets)
{
	int go[2];
	pid_t pid;
	char c;

	EXPECT_ORDER(&self->wire, true, "1S 0S. 1.");
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(go[1]);
		shutdown(self->client, SHUT_WR);
		/* Until told to: the other end is closed. */
		_exit(read(go[0], &c, 1) != 0);
	}
	close(go[0]);
	/* The program's only, from now on. */
	ASSERT_EQ(0, close(self->client));
	EXPECT_ORDER(&self->wire, false, "1S 0S. 1F.");
	EXPECT_TRUE(acknowledges(&self->wire, 0));
	EXPECT_EQ(3, write(self->server, "123", 3));
	/* "It is the ACK packet ... before the reset that is different" */
	EXPECT_TRUE(acknowledges(&self->wire, 1));
	EXPECT_ORDER(&self->wire, false, "1S 0S. 1F. 0P.3");
	EXPECT_MASK(EOF_MASK, poll_mask(self->server, EOF_MASK, 0));
	ASSERT_EQ(0, close(go[1]));
	EXPECT_MASK(RST_MASK, poll_until(self->server, EOF_MASK, RST_MASK));
	EXPECT_ORDER(&self->wire, false, "1S 0S. 1F. 0P.3 1R.");
	EXPECT_EQ(pid, waitpid(pid, &go[0], 0));
	EXPECT_EQ(0, go[0]);
}

/* Close and SHUT_WR: the server cannot tell which it was. */
TEST_F(writer, close_and_shut_wr_look_the_same)
{
	unsigned int mask;
	int state, sv[2];

	ASSERT_EQ(0, make_pair(TCP4, sv));
	ASSERT_EQ(0, shutdown(sv[1], SHUT_WR));
	ASSERT_EQ(0, close(self->client));
	mask = poll_mask(self->server, EPOLLRDHUP, MUST_MS);
	EXPECT_MASK(EPOLLRDHUP, mask);
	EXPECT_MASK(mask, poll_mask(sv[0], EPOLLRDHUP, MUST_MS));
	state = tcp_state(self->server);
	EXPECT_EQ(TCP_CLOSE_WAIT, state);
	EXPECT_EQ(state, tcp_state(sv[0]));
	/* "by polling ... for a readable event", and "the result is 0" */
	EXPECT_MASK(EPOLLIN, poll_mask(self->server, EPOLLIN, 0));
	EXPECT_MASK(EPOLLIN, poll_mask(sv[0], EPOLLIN, 0));
	EXPECT_EQ(0, recv(self->server, &state, 1, 0));
	EXPECT_EQ(0, recv(sv[0], &state, 1, 0));
}

TEST_F(writer, with_linger_0_the_write_says_reset)
{
	ASSERT_EQ(0, set_linger(self->client, 0));
	ASSERT_EQ(0, close(self->client));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP | EPOLLERR,
		    poll_mask(self->server, EPOLLRDHUP, MUST_MS));
	/* HUP and ERR "are forced on". */
	EXPECT_MASK(EPOLLHUP | EPOLLERR, poll_mask(self->server, 0, 0));
	/* "right after the 3-way handshake completes" */
	EXPECT_ORDER(&self->wire, true, "1S 0S. 1. 1R.");
	EXPECT_EQ(-1, write(self->server, "123", 3));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(-1, write(self->server, "123", 3));
	EXPECT_EQ(EPIPE, errno);
}

TEST_F(writer, what_came_before_a_reset_stays_readable)
{
	char buf[8];

	ASSERT_EQ(3, write(self->client, "abc", 3));
	ASSERT_EQ(0, set_linger(self->client, 0));
	ASSERT_EQ(0, close(self->client));
	EXPECT_MASK(RST_MASK, poll_until(self->server, EOF_MASK, RST_MASK));
	EXPECT_EQ(3, read(self->server, buf, sizeof(buf)));
	EXPECT_EQ(-1, read(self->server, buf, sizeof(buf)));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, read(self->server, buf, sizeof(buf)));
}

/* "it is safe for the request sender to force a RESET" */
TEST_F(writer, a_reset_after_the_whole_response_loses_nothing)
{
	char buf[8];
	int left;

	ASSERT_EQ(3, write(self->client, "GET", 3));
	ASSERT_EQ(3, read(self->server, buf, sizeof(buf)));
	ASSERT_EQ(4, write(self->server, "DONE", 4));
	ASSERT_EQ(4, recv(self->client, buf, 4, MSG_WAITALL));
	ASSERT_EQ(0, set_linger(self->client, 0));
	ASSERT_EQ(0, close(self->client));
	EXPECT_MASK(RST_MASK, poll_until(self->server, EOF_MASK, RST_MASK));
	EXPECT_WIRE(&self->wire, 1, 0, 1);
	/* All that was sent has been received, and all that came been read. */
	EXPECT_EQ(self->wire.from[0].next, self->wire.from[1].ack);
	ASSERT_EQ(0, ioctl(self->server, FIONREAD, &left));
	EXPECT_EQ(0, left);
	EXPECT_EQ(-1, read(self->server, buf, sizeof(buf)));
	EXPECT_EQ(ECONNRESET, errno);
}

TEST_F(writer, own_shut_wr_makes_it_fail_at_once)
{
	ASSERT_EQ(0, close(self->client));
	ASSERT_EQ(0, shutdown(self->server, SHUT_WR));
	EXPECT_EQ(-1, write(self->server, "123", 3));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_WIRE(&self->wire, 1, 1, 0);
}

TEST(writer_pipe_fails_at_once)
{
	int sv[2];

	signal(SIGPIPE, on_sigpipe);
	ASSERT_EQ(0, pipe(sv));
	ASSERT_EQ(0, close(sv[0]));
	EXPECT_MASK(EPOLLOUT | EPOLLERR, poll_mask(sv[1], EOF_MASK, 0));
	EXPECT_EQ(-1, write(sv[1], "123", 3));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(1, sigpipes);
}

TEST(writer_socketpair_fails_at_once)
{
	int sv[2];

	signal(SIGPIPE, on_sigpipe);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	ASSERT_EQ(0, close(sv[0]));
	EXPECT_MASK(EOF_MASK | EPOLLHUP, poll_mask(sv[1], EOF_MASK, 0));
	EXPECT_EQ(-1, write(sv[1], "123", 3));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(1, sigpipes);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
