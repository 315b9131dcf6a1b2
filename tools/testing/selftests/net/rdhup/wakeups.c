// SPDX-License-Identifier: GPL-2.0
/*
 * Whom a half-close leaves alone: those who can learn nothing from it.
 *
 * 1. Who waits only to write, and still cannot, sleeps on: in poll(2), in
 *    epoll_wait() level- or edge-triggered, in io_uring.  An edge-triggered
 *    waiter for OUT who has room already is not told of it again.  They are
 *    still woken when there is room.
 * 2. On AF_UNIX the peer's SHUT_RD concerns the writers, and wakes them.
 *
 * A waiter that is woken in vain goes back to sleep, and has then slept once
 * more than before.  Who waits to read is readers.c's subject.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* True if @w has neither come back nor stirred within MUST_NOT_MS. */
static bool undisturbed(const struct waiter *w)
{
	long long end = now_ms() + MUST_NOT_MS;

	while (now_ms() < end)
		sched_yield();
	return settled_sleeps(w) == w->sleeps && !waiter_done(w);
}

static void set_buffers(const int sv[2])
{
	int size = 16384;

	for (int i = 0; i < 2; i++) {
		setsockopt(sv[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		setsockopt(sv[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
}

/* Reads from @fd until @w has come back; false if it has not in MUST_MS. */
static bool drain_until_done(int fd, struct waiter *w)
{
	long long end = now_ms() + MUST_MS;
	char buf[4096];

	while (!waiter_done(w) && now_ms() < end)
		if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) <= 0)
			sched_yield();
	return waiter_end(w, 0);
}

/* 1: who is left alone. */

FIXTURE(writer) {
	int sv[2];
	int ep;
};

FIXTURE_VARIANT(writer) {
	enum family_id id;
};

FIXTURE_VARIANT_ADD(writer, tcp4) { TCP4 };
FIXTURE_VARIANT_ADD(writer, tcp6) { TCP6 };
FIXTURE_VARIANT_ADD(writer, unix_stream) { UNIX_STREAM };
FIXTURE_VARIANT_ADD(writer, unix_seqpacket) { UNIX_SEQPACKET };

FIXTURE_SETUP(writer)
{
	self->ep = -1;
	SETUP_PAIR(return, variant->id, self->sv);
	set_buffers(self->sv);
}

FIXTURE_TEARDOWN(writer)
{
	if (self->ep >= 0)
		close(self->ep);
	close(self->sv[0]);
	close(self->sv[1]);
}

static void writer_sleeps_on(struct __test_metadata *_metadata,
			     FIXTURE_DATA(writer) *self, struct waiter *w)
{
	ASSERT_EQ(0, waiter_start(w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(undisturbed(w))
		TH_LOG("slept %ld times more, told %s",
		       sleeps_of(w->tid) - w->sleeps, mask_str(w->mask));
	EXPECT_TRUE(drain_until_done(self->sv[1], w));
	EXPECT_MASK(EPOLLOUT, w->mask);
}

/* poll(2) for OUT sleeps through the peer's SHUT_WR, until there is room. */
TEST_F(writer, poll_full)
{
	struct waiter w = { .fd = self->sv[0], .events = EPOLLOUT };

	ASSERT_EQ(0, fill(self->sv[0]));
	writer_sleeps_on(_metadata, self, &w);
}

/* So does epoll_wait(), level-triggered. */
TEST_F(writer, level_full)
{
	struct waiter w = { .epoll = true };

	ASSERT_EQ(0, fill(self->sv[0]));
	self->ep = epoll_with(self->sv[0], EPOLLOUT);
	ASSERT_LE(0, self->ep);
	w.fd = self->ep;
	writer_sleeps_on(_metadata, self, &w);
}

/* And edge-triggered. */
TEST_F(writer, edge_full)
{
	struct waiter w = { .epoll = true };

	ASSERT_EQ(0, fill(self->sv[0]));
	self->ep = epoll_with(self->sv[0], EPOLLOUT | EPOLLET);
	ASSERT_LE(0, self->ep);
	w.fd = self->ep;
	writer_sleeps_on(_metadata, self, &w);
}

/*
 * io_uring's poll for OUT, waited for by the thread that submitted it.  What
 * io_uring itself does with the mask is io_uring.c's subject.
 */
static void wait_uring(struct waiter *w)
{
	struct io_uring_params p = {};
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	void *sq, *cq;
	int ring, ret;

	ring = syscall(SYS_io_uring_setup, 1, &p);
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
		   ring, IORING_OFF_SQES);
	sq = mmap(NULL, p.sq_off.array + sizeof(unsigned int),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + sizeof(*cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_CQ_RING);
	if (ring < 0 || sqe == MAP_FAILED || sq == MAP_FAILED ||
	    cq == MAP_FAILED)
		goto out;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = w->fd;
	sqe->poll_events = POLLOUT;
	*(unsigned int *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(sq + p.sq_off.tail), 1,
			 __ATOMIC_RELEASE);
	/* The C library has no wrapper that is a cancellation point. */
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	ret = syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
		      NULL, 0);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	if (ret == 1) {
		cqe = cq + p.cq_off.cqes;
		w->mask = to_epoll(cqe->res);
	}
out:
	close(ring);
}

TEST_F(writer, uring_full)
{
	struct waiter w = { .fd = self->sv[0], .wait = wait_uring };
	struct io_uring_params p = {};
	int ring;

	ring = syscall(SYS_io_uring_setup, 1, &p);
	if (ring < 0)
		SKIP(return, "no io_uring: %s", strerror(errno));
	close(ring);
	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(undisturbed(&w))
		TH_LOG("slept %ld times more, told %s",
		       sleeps_of(w.tid) - w.sleeps, mask_str(w.mask));
	EXPECT_TRUE(drain_until_done(self->sv[1], &w));
	EXPECT_MASK(EPOLLOUT, w.mask);
}

/* A FIN is no edge of OUT for a writer that has had room all the time. */
TEST_F(writer, edge_with_room)
{
	self->ep = epoll_with(self->sv[0], EPOLLOUT | EPOLLET);
	ASSERT_LE(0, self->ep);
	ASSERT_MASK(EPOLLOUT, epoll_next(self->ep, 0));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_MASK(0, epoll_next(self->ep, MUST_NOT_MS));
}

/*
 * 2: AF_UNIX, where the peer's SHUT_RD shuts our send side.
 */
FIXTURE(unix_writer) {
	int sv[2];
};

FIXTURE_VARIANT(unix_writer) {
	enum family_id id;
	int how;
};

FIXTURE_VARIANT_ADD(unix_writer, stream_shut_rd) { UNIX_STREAM, SHUT_RD };
FIXTURE_VARIANT_ADD(unix_writer, stream_shut_rdwr) { UNIX_STREAM, SHUT_RDWR };
FIXTURE_VARIANT_ADD(unix_writer, seqpacket_shut_rd) {
	UNIX_SEQPACKET, SHUT_RD
};

FIXTURE_SETUP(unix_writer)
{
	SETUP_PAIR(return, variant->id, self->sv);
	set_buffers(self->sv);
	ASSERT_EQ(0, fill(self->sv[0]));
}

FIXTURE_TEARDOWN(unix_writer)
{
	close(self->sv[0]);
	close(self->sv[1]);
}

/* A writer that waits for room gets EPIPE. */
TEST_F(unix_writer, blocked_send)
{
	struct waiter w = { .fd = self->sv[0], .wait = wait_send };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], variant->how));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_EQ(EPIPE, w.err);
}

/* One that polls for OUT is woken and told that a write would not wait. */
TEST_F(unix_writer, poll_out)
{
	struct waiter w = { .fd = self->sv[0], .events = EPOLLOUT };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], variant->how));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(EPOLLOUT | (variant->how == SHUT_RDWR ? EPOLLHUP : 0),
		    w.mask);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
