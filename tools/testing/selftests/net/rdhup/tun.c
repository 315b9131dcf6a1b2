// SPDX-License-Identifier: GPL-2.0
/*
 * A tun device is deleted while its file is open: poll says ERR from then on,
 * and has to tell those who wait, whatever they wait for.
 *
 * 1. A poll that waits for IN, OUT, RDHUP or nothing returns ERR.
 * 2. So does an epoll_wait(), edge-triggered, once.
 * 3. So does everyone of several that wait with EPOLLEXCLUSIVE.
 * 4. A read that waits ends, with EFAULT.
 *
 * The device is down, so that it cannot be written and a poll for OUT waits.
 */
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* So long may it take until a waiter is told; used up by failures only. */
#define TOLD_MS	2000

static int tun_try(char name[IFNAMSIZ])
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, IFNAMSIZ, "rdhup%%d");
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		err = -errno;
		close(fd);
		return err;
	}
	memcpy(name, ifr.ifr_name, IFNAMSIZ);
	return fd;
}

/* Who may not make a device where he is does so in a network of his own. */
static int tun_open(char name[IFNAMSIZ])
{
	int fd = tun_try(name);

	return fd == -EPERM && !own_net() ? tun_try(name) : fd;
}

/* ip link delete @name */
static int link_delete(const char *name)
{
	struct {
		struct nlmsghdr nlh;
		struct ifinfomsg ifi;
		struct rtattr rta;
		char name[RTA_ALIGN(IFNAMSIZ)];
	} req = {
		.nlh.nlmsg_len = sizeof(req),
		.nlh.nlmsg_type = RTM_DELLINK,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.rta.rta_len = RTA_LENGTH(IFNAMSIZ),
		.rta.rta_type = IFLA_IFNAME,
	};
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		char rest[256];
	} ack;
	int fd, ret;

	memcpy(req.name, name, IFNAMSIZ);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (send(fd, &req, sizeof(req), 0) < 0 ||
	    recv(fd, &ack, sizeof(ack), 0) < 0)
		ret = -errno;
	else
		ret = ack.nlh.nlmsg_type == NLMSG_ERROR ? ack.err.error :
							  -EPROTO;
	close(fd);
	return ret;
}

FIXTURE(tun)
{
	char name[IFNAMSIZ];
	int fd;
};

FIXTURE_SETUP(tun)
{
	self->fd = tun_open(self->name);
	if (self->fd == -ENOENT || self->fd == -ENODEV || self->fd == -EPERM ||
	    self->fd == -EACCES)
		SKIP(return, "no tun: %s", strerror(-self->fd));
	ASSERT_GE(self->fd, 0);
	ASSERT_MASK(0, poll_mask(self->fd, ALL_EVENTS, 0));
}

FIXTURE_TEARDOWN(tun)
{
	close(self->fd);
}

static void poll_told(struct __test_metadata *_metadata, int fd,
		      const char *name, unsigned int events)
{
	struct waiter w = { .fd = fd, .events = events };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, link_delete(name));
	EXPECT_TRUE(waiter_end(&w, TOLD_MS));
	EXPECT_MASK(EPOLLERR, w.mask);
	EXPECT_MASK(EPOLLERR, poll_mask(fd, ALL_EVENTS, 0));
}

TEST_F(tun, poll_in)
{
	poll_told(_metadata, self->fd, self->name, EPOLLIN);
}

TEST_F(tun, poll_out)
{
	poll_told(_metadata, self->fd, self->name, EPOLLOUT);
}

TEST_F(tun, poll_rdhup)
{
	poll_told(_metadata, self->fd, self->name, EPOLLRDHUP);
}

TEST_F(tun, poll_nothing)
{
	poll_told(_metadata, self->fd, self->name, 0);
}

static void epoll_told(struct __test_metadata *_metadata, int fd,
		       const char *name, unsigned int events)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(fd, events | EPOLLET);
	ASSERT_GE(w.fd, 0);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, link_delete(name));
	EXPECT_TRUE(waiter_end(&w, TOLD_MS));
	EXPECT_MASK(EPOLLERR, w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(tun, epoll_in)
{
	epoll_told(_metadata, self->fd, self->name, EPOLLIN);
}

TEST_F(tun, epoll_rdhup)
{
	epoll_told(_metadata, self->fd, self->name, EPOLLRDHUP);
}

/* This is for all of them, not for one that would pass it on. */
TEST_F(tun, every_exclusive_epoll)
{
	struct waiter w[3] = {};

	for (int i = 0; i < 3; i++) {
		w[i].epoll = true;
		w[i].fd = epoll_with(self->fd, EPOLLIN | EPOLLEXCLUSIVE);
		ASSERT_GE(w[i].fd, 0);
		ASSERT_EQ(0, waiter_start(&w[i]));
	}
	ASSERT_EQ(0, link_delete(self->name));
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(waiter_end(&w[i], TOLD_MS))
			TH_LOG("waiter %d sleeps on", i);
		EXPECT_MASK(EPOLLERR, w[i].mask);
		close(w[i].fd);
	}
}

/* A queue that is switched off is told as well. */
TEST_F(tun, poll_disabled_queue)
{
	struct ifreq ifr = {
		.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE,
	};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	snprintf(ifr.ifr_name, IFNAMSIZ, "rdhup%%d");
	ASSERT_EQ(0, ioctl(fd, TUNSETIFF, &ifr));
	ifr.ifr_flags = IFF_DETACH_QUEUE;
	ASSERT_EQ(0, ioctl(fd, TUNSETQUEUE, &ifr));
	poll_told(_metadata, fd, ifr.ifr_name, EPOLLRDHUP);
	close(fd);
}

static void wait_read(struct waiter *w)
{
	char c;

	w->ret = read(w->fd, &c, 1);
}

/* A read that waits is ended by the deletion. */
TEST_F(tun, read_ends)
{
	struct waiter w = { .fd = self->fd, .wait = wait_read };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, link_delete(self->name));
	ASSERT_TRUE(waiter_end(&w, MUST_MS));
	EXPECT_EQ(-1, w.ret);
	EXPECT_EQ(EFAULT, w.err);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
