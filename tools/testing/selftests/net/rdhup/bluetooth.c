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
 * which the test does through the management channel.
 */
#include "blocked.h"
#include "kselftest_harness.h"

#define R	(EPOLLIN | EPOLLRDNORM)
#define W	(EPOLLOUT | EPOLLWRNORM)

/* The kernel exports no header for these. */
#define BTPROTO_L2CAP	0
#define BTPROTO_HCI	1
#define BTPROTO_SCO	2
#define BTPROTO_RFCOMM	3
#define BTPROTO_ISO	8

#define HCI_DEV_NONE		0xffff
#define HCI_CHANNEL_CONTROL	3

struct bt_addr_hci {
	sa_family_t family;
	unsigned short dev;
	unsigned short channel;
};

struct bt_addr_l2cap {
	sa_family_t family;
	unsigned short psm;
	unsigned char bdaddr[6];
	unsigned short cid;
	unsigned char bdaddr_type;
};

struct bt_addr_rfcomm {
	sa_family_t family;
	unsigned char bdaddr[6];
	unsigned char channel;
};

struct bt_addr_sco {
	sa_family_t family;
	unsigned char bdaddr[6];
};

struct bt_addr_iso {
	sa_family_t family;
	unsigned char bdaddr[6];
	unsigned char bdaddr_type;
};

/* Switch the ISO sockets on; what comes of it, socket() will tell. */
static void enable_iso(void)
{
	static const unsigned char cmd[] = {
		0x4a, 0x00,	/* "set experimental feature" */
		0xff, 0xff,	/* of no controller in particular */
		17, 0,		/* bytes that follow: a UUID and "on" */
		0x3e, 0xe0, 0xb4, 0xfd, 0xdd, 0xd6, 0x85, 0x98,
		0x6a, 0x49, 0xe0, 0x05, 0x88, 0xf1, 0xba, 0x6f,
		1,
	};
	struct bt_addr_hci sa = {
		.family = AF_BLUETOOTH,
		.dev = HCI_DEV_NONE,
		.channel = HCI_CHANNEL_CONTROL,
	};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

	if (fd < 0)
		return;
	if (!bind(fd, (struct sockaddr *)&sa, sizeof(sa)) &&
	    write(fd, cmd, sizeof(cmd)) == sizeof(cmd))
		poll_mask(fd, EPOLLIN, WAKE_MS);
	close(fd);
}

FIXTURE(bt)
{
	int fd;
};

FIXTURE_VARIANT(bt)
{
	int type;
	int proto;
	int recv_err;	/* of recv() when not connected; 0 if it sleeps */
	bool both;	/* any shutdown() is one of both directions */
};

FIXTURE_VARIANT_ADD(bt, l2cap) {
	.type = SOCK_STREAM, .proto = BTPROTO_L2CAP,
};

FIXTURE_VARIANT_ADD(bt, rfcomm) {
	.type = SOCK_STREAM, .proto = BTPROTO_RFCOMM, .both = true,
};

FIXTURE_VARIANT_ADD(bt, sco) {
	.type = SOCK_SEQPACKET, .proto = BTPROTO_SCO, .both = true,
	.recv_err = ENOTCONN,
};

FIXTURE_VARIANT_ADD(bt, iso) {
	.type = SOCK_SEQPACKET, .proto = BTPROTO_ISO, .recv_err = ENOTCONN,
};

FIXTURE_SETUP(bt)
{
	if (variant->proto == BTPROTO_ISO)
		enable_iso();
	self->fd = socket(AF_BLUETOOTH, variant->type | SOCK_CLOEXEC,
			  variant->proto);
	if (self->fd < 0 &&
	    (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT))
		SKIP(return, "no such Bluetooth sockets");
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(bt)
{
	close(self->fd);
}

/* Bind to any controller at a free address, and listen. */
static int bt_listen(int fd, int proto)
{
	struct bt_addr_l2cap l2 = { .family = AF_BLUETOOTH };
	struct bt_addr_rfcomm rc = { .family = AF_BLUETOOTH };
	struct bt_addr_sco sco = { .family = AF_BLUETOOTH };
	struct bt_addr_iso iso = { .family = AF_BLUETOOTH, .bdaddr_type = 1 };
	int err = -1;

	switch (proto) {
	case BTPROTO_L2CAP:
		err = bind(fd, (struct sockaddr *)&l2, sizeof(l2));
		break;
	case BTPROTO_RFCOMM:
		err = bind(fd, (struct sockaddr *)&rc, sizeof(rc));
		break;
	case BTPROTO_SCO:
		err = bind(fd, (struct sockaddr *)&sco, sizeof(sco));
		break;
	case BTPROTO_ISO:
		err = bind(fd, (struct sockaddr *)&iso, sizeof(iso));
		break;
	}
	return err ? err : listen(fd, 8);
}

TEST_F(bt, fresh_is_writable)
{
	EXPECT_MASK(W, mask_of(self->fd, 0));
}

TEST_F(bt, own_shutdown_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(R | W | EPOLLRDHUP | EPOLLHUP, mask_of(self->fd, 0));
}

TEST_F(bt, own_shut_rd_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLRDHUP };
	unsigned int hup = variant->both ? EPOLLHUP : 0;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(EPOLLRDHUP | hup, w.mask);
	EXPECT_MASK(R | W | EPOLLRDHUP | hup, mask_of(self->fd, 0));
}

TEST_F(bt, own_shutdown_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(bt, own_shutdown_ends_blocked_recv)
{
	struct blocked b = { .fd = self->fd };

	if (variant->recv_err) {
		EXPECT_EQ(-EALREADY, blocked_start(&b));
		EXPECT_TRUE(blocked_end(&b, WAKE_MS));
		EXPECT_EQ(variant->recv_err, b.err);
		return;
	}
	ASSERT_EQ(0, blocked_start(&b));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(blocked_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
}

TEST_F(bt, listener_shutdown_wakes_in_waiter)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLIN };

	ASSERT_EQ(0, bt_listen(self->fd, variant->proto))
		TH_LOG("listen: %s", strerror(errno));
	EXPECT_MASK(0, mask_of(self->fd, 0));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_MASK(EPOLLIN | EPOLLHUP, w.mask);
	EXPECT_MASK(R | W | EPOLLRDHUP | EPOLLHUP, mask_of(self->fd, 0));
}

TEST_F(bt, listener_shutdown_ends_blocked_accept)
{
	struct blocked b = { .fd = self->fd, .accept = true };

	ASSERT_EQ(0, bt_listen(self->fd, variant->proto))
		TH_LOG("listen: %s", strerror(errno));
	ASSERT_EQ(0, blocked_start(&b));
	ASSERT_EQ(0, shutdown(self->fd, SHUT_RDWR));
	ASSERT_TRUE(blocked_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EBADFD, b.err);
}

TEST_HARNESS_MAIN
