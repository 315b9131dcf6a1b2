// SPDX-License-Identifier: GPL-2.0
/*
 * Bluetooth sockets: our own shutdown(), the end of a connection, and those
 * who wait for either.
 *
 * Sockets that are not connected:
 * 1. After shutdown(SHUT_RDWR) poll says IN RDNORM RDHUP HUP, and a waiter in
 *    poll, epoll or recv() is woken: where no connection is to be closed,
 *    nobody else does so.
 * 2. A listening socket then says HUP as well, and a sleeping accept() fails.
 *
 * Connections between two virtual controllers, see vhci.h:
 * 3. Whoever ends one, or if the link is lost, poll says IN RDHUP HUP, in one
 *    edge; see states_bluetooth.c for the rest.
 * 4. A sleeping recv() or send() returns, and a recv() after that does not
 *    sleep.
 * 5. What was sent before the end is read before it, then the error, then 0.
 * 6. Our own shutdown() of a connection is one edge, and ends a connect() that
 *    sleeps.
 * 7. The reason for which we end a connection is told once it has ended.
 *
 * ISO sockets exist only once the experimental feature has been switched on,
 * which needs privileges, as controllers do: see lib/bluetooth.h.
 */
#include "bluetooth.h"
#include "expect.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

FIXTURE(bt)
{
	int fd;
};

FIXTURE_VARIANT(bt)
{
	enum family_id family;
	unsigned int shut_rd;		/* the row unconnected_shut_rd */
	unsigned int shut_rd_only;
	int recv_err;	/* of recv() when not connected; 0 if it sleeps */
};

FIXTURE_VARIANT_ADD(bt, l2cap) {
	.family = FAM_L2CAP,
	.shut_rd = E_EOF,
	.shut_rd_only = E_RDHUP,
};

FIXTURE_VARIANT_ADD(bt, rfcomm) {
	.family = FAM_RFCOMM,
	.shut_rd = E_GONE,
	.shut_rd_only = E_RDHUP | E_HUP,
};

FIXTURE_VARIANT_ADD(bt, sco) {
	.family = FAM_SCO,
	.shut_rd = E_GONE,
	.shut_rd_only = E_RDHUP | E_HUP,
	.recv_err = ENOTCONN,
};

FIXTURE_VARIANT_ADD(bt, iso) {
	.family = FAM_ISO,
	.shut_rd = E_EOF,
	.shut_rd_only = E_RDHUP,
	.recv_err = ENOTCONN,
};

FIXTURE_SETUP(bt)
{
	int err = any_ready(variant->family);

	if (is_missing(err))
		SKIP(return, "no such Bluetooth sockets: %s", strerror(-err));
	ASSERT_EQ(0, err);
	self->fd = any_socket(variant->family);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(bt)
{
	close(self->fd);
}

static int bt_listen(int fd, enum family_id family)
{
	int err = bt_bind(fd, family);

	return err || !listen(fd, 8) ? err : -errno;
}

TEST_F(bt, fresh_is_writable)
{
	EXPECT_MASK(E_OUT, mask_of(self->fd, 0));
}

TEST_F(bt, own_shutdown_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(E_RDHUP | E_HUP, w.mask);
	EXPECT_MASK(E_GONE, mask_of(self->fd, 0));
}

TEST_F(bt, own_shut_rd_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(variant->shut_rd_only, w.mask);
	EXPECT_MASK(variant->shut_rd, mask_of(self->fd, 0));
}

TEST_F(bt, own_shutdown_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_GONE &
		    (EPOLLIN | EPOLLRDHUP | EPOLLHUP), w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(bt, own_shutdown_ends_blocked_recv)
{
	struct waiter b = { .fd = self->fd, .wait = wait_recv };

	if (variant->recv_err) {
		EXPECT_EQ(-EALREADY, waiter_start(&b));
		EXPECT_TRUE(waiter_end(&b, WAKE_MS));
		EXPECT_EQ(variant->recv_err, b.err);
		return;
	}
	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
}

TEST_F(bt, listener_shutdown_wakes_in_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLIN };

	ASSERT_EQ(0, bt_listen(self->fd, variant->family));
	EXPECT_MASK(0, mask_of(self->fd, 0));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(E_GONE & (EPOLLIN | EPOLLHUP), w.mask);
	EXPECT_MASK(E_GONE, mask_of(self->fd, 0));
}

TEST_F(bt, listener_shutdown_ends_blocked_accept)
{
	struct waiter b = { .fd = self->fd, .wait = wait_accept };

	ASSERT_EQ(0, bt_listen(self->fd, variant->family));
	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EBADFD, b.err);
}

/* shutdown() of one direction does not use up that of the other. */
TEST_F(bt, shut_wr_then_shut_rdwr)
{
	ASSERT_EQ(0, shutdown(self->fd, SHUT_WR));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	EXPECT_MASK(E_GONE, mask_of(self->fd, 0));
}

/* 3 to 6: connections. */

FIXTURE(link)
{
	int own;
	int peer;
};

FIXTURE_VARIANT(link)
{
	enum family_id family;
	int closed;	/* errno of the first recv() after the peer's end */
};

/* A stream is told by an error; bt_sock_recvmsg() makes it an end of file. */
FIXTURE_VARIANT_ADD(link, l2cap) {
	.family = FAM_L2CAP,
	.closed = ECONNRESET,
};

FIXTURE_VARIANT_ADD(link, l2cap_seqpacket) {
	.family = FAM_L2CAP_SEQPACKET,
};

FIXTURE_VARIANT_ADD(link, rfcomm) {
	.family = FAM_RFCOMM,
	.closed = ECONNRESET,
};

FIXTURE_SETUP(link)
{
	int sv[2], err;

	self->own = -1;
	self->peer = -1;
	err = any_ready(variant->family) ?: make_pair(variant->family, sv);
	if (is_missing(err))
		SKIP(return, "no Bluetooth controllers: %s", strerror(-err));
	ASSERT_EQ(0, err);
	self->own = sv[0];
	self->peer = sv[1];
}

FIXTURE_TEARDOWN(link)
{
	close(self->own);
	close(self->peer);
}

static int lose_link(void)
{
	int err;

	return vhci_lose_link(bt_controllers(&err));
}

static int close_peer(int *peer)
{
	int fd = *peer;

	*peer = -1;
	return close(fd);
}

/* All ends by the peer say the same, and so does a lost link. */
#define LINK_ALL	((unsigned int)E_RESET)
#define LINK_ONLY	((unsigned int)(E_RDHUP | E_HUP | E_ERR))

static void expect_one_edge(struct __test_metadata *_metadata, struct waiter *w)
{
	ASSERT_TRUE(waiter_end(w, WAKE_MS));
	EXPECT_MASK(LINK_ALL & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR),
		    w->mask);
	EXPECT_MASK(0, epoll_next(w->fd, MUST_NOT_MS));
	close(w->fd);
}

TEST_F(link, peer_close_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close_peer(&self->peer));
	expect_one_edge(_metadata, &w);
}

TEST_F(link, peer_shutdown_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RDWR));
	expect_one_edge(_metadata, &w);
}

/* Data is one edge, the end another one. */
TEST_F(link, data_and_close_are_two_edges)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	EXPECT_MASK(EPOLLIN, epoll_next(w.fd, MUST_MS));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close_peer(&self->peer));
	expect_one_edge(_metadata, &w);
}

TEST_F(link, lost_link_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, lose_link());
	expect_one_edge(_metadata, &w);
}

TEST_F(link, lost_link_wakes_both_ends)
{
	struct waiter own = { .fd = self->own, .events = EPOLLRDHUP };
	struct waiter peer = { .fd = self->peer, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&own));
	ASSERT_EQ(0, waiter_start(&peer));
	ASSERT_EQ(0, lose_link());
	EXPECT_TRUE(waiter_end(&own, WAKE_MS));
	EXPECT_MASK(LINK_ONLY, own.mask);
	EXPECT_TRUE(waiter_end(&peer, WAKE_MS));
	EXPECT_MASK(LINK_ONLY, peer.mask);
	EXPECT_MASK(LINK_ALL, mask_of(self->own, 0));
	EXPECT_MASK(LINK_ALL, mask_of(self->peer, 0));
}

TEST_F(link, peer_close_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, close_peer(&self->peer));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(variant->closed ? -1 : 0, b.ret);
	EXPECT_EQ(variant->closed, b.err);
	EXPECT_EOF(self->own);
}

TEST_F(link, lost_link_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, lose_link());
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(ETIMEDOUT, b.err);
	EXPECT_EOF(self->own);
}

/* There is no half-close: our own SHUT_WR closes the other way as well. */
TEST_F(link, own_shut_wr_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->own, 0)));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
	EXPECT_EOF(self->own);
}

TEST_F(link, data_is_read_before_the_end)
{
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, close_peer(&self->peer));
	EXPECT_MASK(EPOLLHUP | EPOLLERR,
		    poll_until(self->own, 0, EPOLLHUP | EPOLLERR));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), 0));
	if (variant->closed) {
		EXPECT_EQ(-1, recv(self->own, buf, sizeof(buf), 0));
		EXPECT_EQ(variant->closed, errno);
	}
	EXPECT_EOF(self->own);
}

/* What was received before the link was lost is still to be read. */
TEST_F(link, data_is_read_before_the_lost_link)
{
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->own, EPOLLIN, MUST_MS));
	ASSERT_EQ(0, lose_link());
	EXPECT_MASK(EPOLLHUP | EPOLLERR,
		    poll_until(self->own, 0, EPOLLHUP | EPOLLERR));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), MSG_PEEK));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_EOF(self->own);
}

/* The other device answers, which closes the channel: no second edge. */
TEST_F(link, own_shutdown_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(link, own_shutdown_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
	EXPECT_EOF(self->own);
}

/* The kernel exports no header for these. */
#ifndef SOL_BLUETOOTH
#define SOL_BLUETOOTH	274
#endif
#define BT_DEFER_SETUP	7

/* L2CAP without a channel: connect() leads to a device, no one need listen. */
FIXTURE(datagram)
{
	int fd;
};

FIXTURE_VARIANT(datagram)
{
	int type;
};

FIXTURE_VARIANT_ADD(datagram, dgram) {
	.type = SOCK_DGRAM,
};

FIXTURE_VARIANT_ADD(datagram, raw) {
	.type = SOCK_RAW,
};

/* A raw socket also gets what the two devices have to say to each other. */
static void read_packets(int fd)
{
	char c;

	while (poll_mask(fd, EPOLLIN, MUST_NOT_MS) &&
	       recv(fd, &c, 1, MSG_DONTWAIT) > 0)
		;
}

FIXTURE_SETUP(datagram)
{
	union bt_addr from = { .l2cap.family = AF_BLUETOOTH };
	union bt_addr to = { .l2cap.family = AF_BLUETOOTH };
	const struct vhci_pair *pair;
	int err;

	self->fd = -1;
	err = any_ready(FAM_L2CAP);
	pair = bt_controllers(&err);
	if (is_missing(err))
		SKIP(return, "no Bluetooth controllers: %s", strerror(-err));
	ASSERT_EQ(0, err);
	memcpy(from.l2cap.bdaddr, pair->end[0].addr, 6);
	memcpy(to.l2cap.bdaddr, pair->end[1].addr, 6);
	if (variant->type == SOCK_DGRAM)
		to.l2cap.psm = 0x1001;	/* of those that anybody may use */
	self->fd = socket(AF_BLUETOOTH, variant->type | SOCK_CLOEXEC,
			  BTPROTO_L2CAP);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, bind(self->fd, &from.sa, sizeof(from.l2cap)));
	ASSERT_EQ(0, connect(self->fd, &to.sa, sizeof(to.l2cap)));
	read_packets(self->fd);
}

FIXTURE_TEARDOWN(datagram)
{
	close(self->fd);
}

TEST_F(datagram, lost_link_is_the_end)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLRDHUP };
	char c;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, lose_link());
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(LINK_ONLY, w.mask);
	EXPECT_MASK(LINK_ALL, mask_of(self->fd, 0));
	EXPECT_EQ(-1, recv(self->fd, &c, 1, 0));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_EOF(self->fd);
}

TEST_F(datagram, lost_link_ends_blocked_recv)
{
	struct waiter b = { .fd = self->fd, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, lose_link());
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(ETIMEDOUT, b.err);
	EXPECT_EOF(self->fd);
}

TEST_F(datagram, own_shutdown_ends_blocked_recv)
{
	struct waiter b = { .fd = self->fd, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
	EXPECT_EOF(self->fd);
}

/* connect() that sleeps, for the other side has to be asked before. */
FIXTURE(connecting)
{
	struct waiter b;
	union bt_addr to;
	int listener;
};

FIXTURE_VARIANT(connecting)
{
	enum family_id family;
};

FIXTURE_VARIANT_ADD(connecting, l2cap) {
	.family = FAM_L2CAP,
};

FIXTURE_VARIANT_ADD(connecting, rfcomm) {
	.family = FAM_RFCOMM,
};

static void wait_connect(struct waiter *w)
{
	FIXTURE_DATA(connecting) *self = (void *)w;	/* its first member */

	w->ret = connect(w->fd, &self->to.sa, w->events);
}

FIXTURE_SETUP(connecting)
{
	const enum family_id id = variant->family;
	union bt_addr from = { .sa.sa_family = AF_BLUETOOTH };
	socklen_t len = sizeof(self->to);
	const struct vhci_pair *pair;
	int err, on = 1;

	self->b = (struct waiter) { .fd = -1, .wait = wait_connect };
	self->listener = -1;
	err = any_ready(id);
	pair = bt_controllers(&err);
	if (is_missing(err))
		SKIP(return, "no Bluetooth controllers: %s", strerror(-err));
	ASSERT_EQ(0, err);
	self->listener = listen_on(id);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, setsockopt(self->listener, SOL_BLUETOOTH, BT_DEFER_SETUP,
				&on, sizeof(on)));
	ASSERT_EQ(0, getsockname(self->listener, &self->to.sa, &len));
	memcpy(bt_bdaddr(&from, id), pair->end[0].addr, 6);
	memcpy(bt_bdaddr(&self->to, id), pair->end[1].addr, 6);
	self->b.events = bt_len(id);
	self->b.fd = any_socket(id);
	ASSERT_LE(0, self->b.fd);
	ASSERT_EQ(0, bind(self->b.fd, &from.sa, bt_len(id)));
	ASSERT_EQ(0, waiter_start(&self->b));
	/* That it sleeps is not enough: the other side has to know. */
	ASSERT_MASK(EPOLLIN, poll_mask(self->listener, EPOLLIN, MUST_MS));
}

FIXTURE_TEARDOWN(connecting)
{
	close(self->b.fd);
	close(self->listener);
}

TEST_F(connecting, own_shutdown_ends_connect)
{
	ASSERT_EQ(0, shutdown(self->b.fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&self->b, WAKE_MS))
		TH_LOG("connect sleeps on");
	EXPECT_EQ(-1, self->b.ret);
	EXPECT_EQ(ECONNABORTED, self->b.err);
}

/* What is sent on a raw socket is a command to the other device. */
static int raw_to_peer(void)
{
	union bt_addr from = { .l2cap.family = AF_BLUETOOTH };
	union bt_addr to = { .l2cap.family = AF_BLUETOOTH };
	const struct vhci_pair *pair;
	int fd, err;

	pair = bt_controllers(&err);
	if (err)
		return err;
	memcpy(from.l2cap.bdaddr, pair->end[0].addr, 6);
	memcpy(to.l2cap.bdaddr, pair->end[1].addr, 6);
	fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_L2CAP);
	if (fd < 0)
		return -errno;
	if (bind(fd, &from.sa, sizeof(from.l2cap)) ||
	    connect(fd, &to.sa, sizeof(to.l2cap))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/*
 * A configuration that L2CAP cannot take makes it disconnect.  The answer to
 * that must not hide why.
 */
TEST(l2cap_tells_why_it_disconnects)
{
	unsigned char command[] = {
		0x04, 0x21, 8, 0,	/* configuration request, id, length */
		0, 0, 0, 0,		/* channel, flags */
		0x07, 2, 1, 0,		/* extended window: not supported */
	};
	int sv[2] = { -1, -1 }, raw, err;
	socklen_t len = sizeof(union bt_addr);
	union bt_addr own;
	char c;

	err = any_ready(FAM_L2CAP_SEQPACKET) ?:
	      make_pair(FAM_L2CAP_SEQPACKET, sv);
	if (is_missing(err))
		SKIP(return, "no Bluetooth controllers: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, getsockname(sv[0], &own.sa, &len));
	memcpy(command + 4, &own.l2cap.cid, 2);
	raw = raw_to_peer();
	ASSERT_LE(0, raw);
	ASSERT_EQ(sizeof(command), send(raw, command, sizeof(command), 0));
	EXPECT_MASK(EPOLLHUP | EPOLLERR,
		    poll_until(sv[0], 0, EPOLLHUP | EPOLLERR));
	EXPECT_EQ(-1, recv(sv[0], &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EOF(sv[0]);
	close(raw);
	close(sv[1]);
	close(sv[0]);
}

/* An empty packet is one as well, however often it is looked at. */
TEST(l2cap_empty_packet_is_peeked_again)
{
	int sv[2] = { -1, -1 }, err, i;
	char buf[8];

	err = any_ready(FAM_L2CAP_SEQPACKET) ?:
	      make_pair(FAM_L2CAP_SEQPACKET, sv);
	if (is_missing(err))
		SKIP(return, "no Bluetooth controllers: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, send(sv[1], "", 0, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(sv[0], EPOLLIN, MUST_MS));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, recv(sv[0], buf, sizeof(buf),
				  MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(0, recv(sv[0], buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(-1, recv(sv[0], buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	close(sv[1]);
	close(sv[0]);
}

/* Only RFCOMM has a window of its own that fills up. */
TEST(rfcomm_peer_close_ends_blocked_send)
{
	struct waiter b = { .wait = wait_send };
	int sv[2] = { -1, -1 }, err;

	err = any_ready(FAM_RFCOMM) ?: make_pair(FAM_RFCOMM, sv);
	if (is_missing(err))
		SKIP(return, "no Bluetooth controllers: %s", strerror(-err));
	ASSERT_EQ(0, err);
	b.fd = sv[0];
	ASSERT_EQ(0, fill(sv[0]));
	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, close_peer(&sv[1]));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(ECONNRESET, b.err);
	close(sv[0]);
}

TEST_HARNESS_MAIN
