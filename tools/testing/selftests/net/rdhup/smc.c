// SPDX-License-Identifier: GPL-2.0
/*
 * SMC: poll on a connection that does not go through TCP.
 *
 * Both ends live on one machine and meet over the dibs loopback (SMC-D).
 * Where SMC cannot be used it falls back to TCP in silence, and TCP's own poll
 * would be tested, so each pair is first asked whether it has: see lib/smc.h.
 *
 * 1. Our own SHUT_RD and SHUT_RDWR are readable (RDHUP, and HUP for both) and
 *    wake a waiter, be it in poll, epoll or recv().
 * 2. The peer's SHUT_WR and close() do the same.
 * 3. The peer's SHUT_RD is no event.
 */
#include "expect.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

FIXTURE(smc)
{
	int own;
	int peer;
};

FIXTURE_VARIANT(smc)
{
	bool accepted;
};

FIXTURE_VARIANT_ADD(smc, connected) { .accepted = false };
FIXTURE_VARIANT_ADD(smc, accepted) { .accepted = true };

FIXTURE_SETUP(smc)
{
	int sv[2], err;

	err = any_ready(FAM_SMC);
	if (is_missing(err))
		SKIP(return, "no SMC: %s", strerror(-err));
	ASSERT_EQ(0, err);
	err = make_pair(FAM_SMC, sv);
	ASSERT_EQ(0, err)
		TH_LOG("%s", err == -EPROTO ? "SMC has fallen back to TCP" :
		       strerror(-err));
	self->own = sv[!variant->accepted];
	self->peer = sv[variant->accepted];
}

FIXTURE_TEARDOWN(smc)
{
	close(self->own);
	close(self->peer);
}

TEST_F(smc, fresh_pair_is_writable)
{
	EXPECT_MASK(E_OUT, mask_of(self->own, 0));
	EXPECT_MASK(E_OUT, mask_of(self->peer, 0));
}

TEST_F(smc, own_shut_rd_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->own, 0)));
	EXPECT_MASK(E_RDHUP, w.mask);
	EXPECT_MASK(E_EOF, mask_of(self->own, 0));
}

TEST_F(smc, own_shut_rd_wakes_edge_triggered_waiter)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_EOF & (EPOLLIN | EPOLLRDHUP), w.mask);
	close(w.fd);
}

TEST_F(smc, own_shut_rd_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret);
}

TEST_F(smc, own_shut_rdwr_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->own, 0)));
	EXPECT_MASK(E_RDHUP | E_HUP, w.mask);
	EXPECT_MASK(E_GONE, mask_of(self->own, 0));
}

/* One shutdown(), one event, which has everything. */
TEST_F(smc, own_shut_rdwr_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, ALL_EVENTS | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_MASK(E_OUT, epoll_next(w.fd, 0));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_GONE, w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(smc, own_shut_wr_is_no_end_of_input)
{
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_MASK(0, poll_mask(self->own, E_IN | E_RDHUP, MUST_NOT_MS));
	EXPECT_MASK(E_OUT, mask_of(self->own, 0));
}

TEST_F(smc, peer_shut_rd_is_no_event)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RD));
	EXPECT_MASK(0, poll_mask(self->own, E_IN | E_RDHUP, MUST_NOT_MS));
	EXPECT_MASK(E_OUT, mask_of(self->own, 0));
}

TEST_F(smc, peer_shut_wr_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP, w.mask);
	EXPECT_MASK(E_EOF, mask_of(self->own, 0));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(0, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(1, send(self->own, "x", 1, 0));
	EXPECT_MASK(EPOLLIN, poll_mask(self->peer, EPOLLIN, WAKE_MS));
	EXPECT_EQ(1, recv(self->peer, buf, sizeof(buf), 0));
}

TEST_F(smc, peer_close_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };
	char c;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(E_RDHUP, w.mask);
	EXPECT_MASK(E_EOF, mask_of(self->own, 0));
	EXPECT_EQ(0, recv(self->own, &c, 1, 0));
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
