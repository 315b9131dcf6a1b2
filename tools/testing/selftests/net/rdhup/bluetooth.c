// SPDX-License-Identifier: GPL-2.0
/*
 * Bluetooth sockets: our own shutdown() and those who wait.
 *
 * There is no controller here, so the sockets are not connected.  That is
 * where the defect was: closing a connection tells the waiters by itself, but
 * a socket without one has nobody else to do so.
 *
 * 1. After shutdown(SHUT_RDWR) poll says IN RDNORM RDHUP HUP, and a waiter in
 *    poll, epoll or recv() is woken.
 * 2. A listening socket then says HUP as well, and a sleeping accept() fails.
 *
 * ISO sockets exist only once the experimental feature has been switched on,
 * which needs privileges: see rare.h.
 */
#include "expect.h"
#include "kselftest_harness.h"

#include <assert.h>

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
	.shut_rd = ALL_unconnected_shut_rd__l2cap,
	.shut_rd_only = ONLY_unconnected_shut_rd__l2cap,
};

FIXTURE_VARIANT_ADD(bt, rfcomm) {
	.family = FAM_RFCOMM,
	.shut_rd = ALL_unconnected_shut_rd__rfcomm,
	.shut_rd_only = ONLY_unconnected_shut_rd__rfcomm,
};

FIXTURE_VARIANT_ADD(bt, sco) {
	.family = FAM_SCO,
	.shut_rd = ALL_unconnected_shut_rd__sco,
	.shut_rd_only = ONLY_unconnected_shut_rd__sco,
	.recv_err = ENOTCONN,
};

FIXTURE_VARIANT_ADD(bt, iso) {
	.family = FAM_ISO,
	.shut_rd = ALL_unconnected_shut_rd__iso,
	.shut_rd_only = ONLY_unconnected_shut_rd__iso,
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

/* All four say the same. */
#define ALL(scenario)	((unsigned int)ALL_##scenario##__l2cap)
#define ONLY(scenario)	((unsigned int)ONLY_##scenario##__l2cap)
#define SAME(scenario)							\
	static_assert(ALL_##scenario##__l2cap ==			\
		      ALL_##scenario##__rfcomm &&			\
		      ALL_##scenario##__l2cap ==			\
		      ALL_##scenario##__sco &&				\
		      ALL_##scenario##__l2cap ==			\
		      ALL_##scenario##__iso, #scenario)
SAME(unconnected);
SAME(unconnected_shut_rdwr);
SAME(listener);
SAME(listener_shut_rdwr);

static int bt_listen(int fd, enum family_id family)
{
	int err = bt_bind(fd, family);

	return err || !listen(fd, 8) ? err : -errno;
}

TEST_F(bt, fresh_is_writable)
{
	EXPECT_MASK(ALL(unconnected), mask_of(self->fd, 0));
}

TEST_F(bt, own_shutdown_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(ONLY(unconnected_shut_rdwr), w.mask);
	EXPECT_MASK(ALL(unconnected_shut_rdwr), mask_of(self->fd, 0));
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
	EXPECT_MASK(ALL(unconnected_shut_rdwr) &
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
	EXPECT_MASK(ALL(listener), mask_of(self->fd, 0));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(ALL(listener_shut_rdwr) & (EPOLLIN | EPOLLHUP), w.mask);
	EXPECT_MASK(ALL(listener_shut_rdwr), mask_of(self->fd, 0));
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

TEST_HARNESS_MAIN
