// SPDX-License-Identifier: GPL-2.0
/*
 * Whom a half-close wakes: everybody who waits for the end of the stream.
 *
 * 1. Whatever they wait for: RDHUP alone, IN, HUP when the other side was shut
 *    already, a blocked recv() that wants more than there is, each of several
 *    EPOLLEXCLUSIVE waiters, in each of the ways that there are to wait.
 * 2. So it is where something sits between the wakeup and the waiter: TLS, a
 *    sockmap, MPTCP, SMC that fell back to TCP.
 *
 * Who waits to write is wakeups.c's subject.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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
	struct timespec must = {
		.tv_sec = WAKE_MS / 1000,
		.tv_nsec = WAKE_MS % 1000 * 1000000L,
	};
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

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
