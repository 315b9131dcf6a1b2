// SPDX-License-Identifier: GPL-2.0
/*
 * Whom a half-close wakes: those who can learn something from it, and nobody
 * else.
 *
 * 1. Who waits only to write, and still cannot, sleeps on: in poll(2), in
 *    epoll_wait() level- or edge-triggered, in io_uring.  An edge-triggered
 *    waiter for OUT who has room already is not told of it again.  They are
 *    still woken when there is room.
 * 2. Who waits for the end of the stream is woken, whatever for: RDHUP alone,
 *    IN, HUP when the other side was shut already, a blocked recv() that
 *    wants more than there is, each of several EPOLLEXCLUSIVE waiters, in
 *    each of the ways that there are to wait.
 * 3. So it is where something sits between the wakeup and the waiter: TLS, a
 *    sockmap, MPTCP, SMC that fell back to TCP.
 * 4. On AF_UNIX the peer's SHUT_RD concerns the writers, and wakes them.
 *
 * A waiter that is woken in vain goes back to sleep, and has then slept once
 * more than before.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
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

/* 2 and 3: who is woken. */

#define END_OF_INPUT (EPOLLIN | EPOLLRDHUP)

/* Beside the families of family.h: */
enum {
	KIND_SMC = NR_FAMILIES,
	KIND_SOCKMAP,
};

static int make_smc_pair(int sv[2])
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int listener, err;

	/* A client that knows no SMC: the accepted socket must fall back. */
	listener = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sv[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener < 0 || sv[1] < 0 ||
	    bind(listener, (struct sockaddr *)&in, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&in, &len) ||
	    connect(sv[1], (struct sockaddr *)&in, len))
		goto fail;
	sv[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (sv[0] < 0)
		goto fail;
	close(listener);
	return 0;
fail:
	err = -errno;
	if (sv[1] >= 0)
		close(sv[1]);
	if (listener >= 0)
		close(listener);
	return err;
}

static int into_sockmap(int fd)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(int),
		.value_size = sizeof(int),
		.max_entries = 1,
	};
	int map, key = 0;

	map = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (map < 0)
		return -errno;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&fd;
	/* the map stays open: the socket leaves it when it is closed */
	return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) ?
		-errno : 0;
}

static int make_kind(int kind, int sv[2])
{
	int err;

	if (kind == KIND_SMC)
		return make_smc_pair(sv);
	if (kind != KIND_SOCKMAP)
		return make_pair(kind, sv);
	err = make_pair(TCP4, sv);
	return err ? err : into_sockmap(sv[0]);
}

FIXTURE(reader) {
	int sv[2];
	int ep[2];
};

FIXTURE_VARIANT(reader) {
	int kind;
};

FIXTURE_VARIANT_ADD(reader, tcp4) { TCP4 };
FIXTURE_VARIANT_ADD(reader, tcp6) { TCP6 };
FIXTURE_VARIANT_ADD(reader, unix_stream) { UNIX_STREAM };
FIXTURE_VARIANT_ADD(reader, unix_seqpacket) { UNIX_SEQPACKET };
FIXTURE_VARIANT_ADD(reader, mptcp) { FAM_MPTCP4 };
FIXTURE_VARIANT_ADD(reader, smc) { KIND_SMC };
FIXTURE_VARIANT_ADD(reader, tls) { FAM_TLS };
FIXTURE_VARIANT_ADD(reader, sockmap) { KIND_SOCKMAP };

FIXTURE_SETUP(reader)
{
	int err;

	self->ep[0] = -1;
	self->ep[1] = -1;
	self->sv[0] = -1;
	self->sv[1] = -1;
	err = make_kind(variant->kind, self->sv);
	if (is_missing(err))
		SKIP(return, "not available: %s", strerror(-err));
	ASSERT_EQ(0, err);
	}

FIXTURE_TEARDOWN(reader)
{
	for (int i = 0; i < 2; i++) {
		if (self->ep[i] >= 0)
			close(self->ep[i]);
		if (self->sv[i] >= 0)
			close(self->sv[i]);
	}
}

/* poll(2) for RDHUP alone. */
TEST_F(reader, poll_rdhup)
{
	struct waiter w = { .fd = self->sv[0], .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP, w.mask);
}

/* poll(2) for IN. */
TEST_F(reader, poll_in)
{
	struct waiter w = { .fd = self->sv[0], .events = EPOLLIN };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(EPOLLIN, w.mask);
}

/* An edge for RDHUP alone, after data that was none. */
TEST_F(reader, edge_rdhup)
{
	struct waiter w = { .epoll = true };

	self->ep[0] = epoll_with(self->sv[0], EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, self->ep[0]);
	w.fd = self->ep[0];
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(4, send(self->sv[1], "data", 4, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->sv[0], EPOLLIN, MUST_MS));
	EXPECT_EQ(w.sleeps, settled_sleeps(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP, w.mask);
}

/* Both of two EPOLLEXCLUSIVE waiters: end of file is there for each. */
TEST_F(reader, exclusive)
{
	struct waiter w[2] = { { .epoll = true }, { .epoll = true } };

	for (int i = 0; i < 2; i++) {
		self->ep[i] = epoll_with(self->sv[0],
					 EPOLLIN | EPOLLEXCLUSIVE);
		ASSERT_LE(0, self->ep[i]);
		w[i].fd = self->ep[i];
		ASSERT_EQ(0, waiter_start(&w[i]));
	}
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(waiter_end(&w[i], MUST_MS));
		EXPECT_MASK(EPOLLIN, w[i].mask);
	}
}

/* HUP, which nobody has to ask for, when our side was shut before. */
TEST_F(reader, poll_nothing_hup)
{
	struct waiter w = { .fd = self->sv[0], .events = 0 };

	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(EPOLLHUP, w.mask);
}

/* select() for reading. */
static void wait_select(struct waiter *w)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(w->fd, &set);
	if (select(w->fd + 1, &set, NULL, NULL, NULL) == 1 &&
	    FD_ISSET(w->fd, &set))
		w->mask = EPOLLIN;
}

TEST_F(reader, select)
{
	struct waiter w = { .fd = self->sv[0], .wait = wait_select };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(EPOLLIN, w.mask);
}

/* ppoll(), which can be woken by more than poll() can. */
static void wait_ppoll(struct waiter *w)
{
	struct pollfd pfd = { .fd = w->fd, .events = to_poll(w->events) };
	sigset_t none;

	sigemptyset(&none);
	w->ret = ppoll(&pfd, 1, NULL, &none);
	w->mask = to_epoll((unsigned short)pfd.revents);
}

TEST_F(reader, ppoll)
{
	struct waiter w = {
		.fd = self->sv[0],
		.events = END_OF_INPUT,
		.wait = wait_ppoll,
	};

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_EQ(1, w.ret);
	EXPECT_MASK(END_OF_INPUT, w.mask);
}

/* epoll_wait() for RDHUP alone, level-triggered: again and again. */
TEST_F(reader, level_rdhup)
{
	struct waiter w = { .epoll = true };

	self->ep[0] = epoll_with(self->sv[0], EPOLLRDHUP);
	ASSERT_LE(0, self->ep[0]);
	w.fd = self->ep[0];
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP, w.mask);
	EXPECT_MASK(EPOLLRDHUP, epoll_next(self->ep[0], 0));
}

/* Once: what wakes it disarms it. */
TEST_F(reader, oneshot)
{
	struct waiter w = { .epoll = true };

	self->ep[0] = epoll_with(self->sv[0], END_OF_INPUT | EPOLLONESHOT);
	ASSERT_LE(0, self->ep[0]);
	w.fd = self->ep[0];
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(END_OF_INPUT, w.mask);
	EXPECT_MASK(0, epoll_next(self->ep[0], 0));
}

/* An instance in an instance: the outer one wakes, and says IN. */
TEST_F(reader, nested)
{
	struct waiter w = { .epoll = true };

	self->ep[0] = epoll_with(self->sv[0], END_OF_INPUT | EPOLLET);
	ASSERT_LE(0, self->ep[0]);
	self->ep[1] = epoll_with(self->ep[0], EPOLLIN | EPOLLET);
	ASSERT_LE(0, self->ep[1]);
	w.fd = self->ep[1];
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(EPOLLIN, w.mask);
	EXPECT_MASK(END_OF_INPUT, epoll_next(self->ep[0], 0));
}

/* Who sleeps on an empty mask is woken when EPOLL_CTL_MOD adds one. */
TEST_F(reader, mod_of_an_empty_mask)
{
	struct waiter w = { .epoll = true };

	self->ep[0] = epoll_with(self->sv[0], 0);
	ASSERT_LE(0, self->ep[0]);
	w.fd = self->ep[0];
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_MASK(EPOLLIN, poll_mask(self->sv[0], EPOLLIN, MUST_MS));
	EXPECT_FALSE(waiter_done(&w));
	ASSERT_EQ(0, epoll_mod(self->ep[0], self->sv[0], END_OF_INPUT));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_MASK(END_OF_INPUT, w.mask);
}

/* A signal, to who asked for one, that says which descriptor and for what. */
TEST_F(reader, sigio)
{
	struct f_owner_ex owner = { F_OWNER_TID, syscall(SYS_gettid) };
	struct timespec must = { .tv_sec = WAKE_MS / 1000 };
	sigset_t set;
	siginfo_t si;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, fcntl(self->sv[0], F_SETSIG, SIGRTMIN));
	ASSERT_EQ(0, fcntl(self->sv[0], F_SETOWN_EX, &owner));
	ASSERT_EQ(0, fcntl(self->sv[0], F_SETFL, O_ASYNC));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_EQ(SIGRTMIN, sigtimedwait(&set, &si, &must));
	EXPECT_EQ(self->sv[0], si.si_fd);
	EXPECT_EQ(POLL_IN, si.si_code);
}

/* A blocked recv() returns 0. */
TEST_F(reader, recv)
{
	struct waiter w = { .fd = self->sv[0], .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_EQ(0, w.ret);
}

/*
 * A recv() below SO_RCVLOWAT returns what there is, at the latest then: TLS,
 * seqpacket and a sockmap do not wait for more.
 */
TEST_F(reader, recv_lowat)
{
	struct waiter w = { .fd = self->sv[0], .wait = wait_recv };
	int lowat = 32;

	ASSERT_EQ(0, setsockopt(self->sv[0], SOL_SOCKET, SO_RCVLOWAT, &lowat,
				sizeof(lowat)));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(4, send(self->sv[1], "data", 4, 0));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_EQ(4, w.ret);
}

/* 4: AF_UNIX, where the peer's SHUT_RD shuts our send side. */

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
