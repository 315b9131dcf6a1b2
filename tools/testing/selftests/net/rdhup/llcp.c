// SPDX-License-Identifier: GPL-2.0
/*
 * NFC LLCP: connections between two simulated devices, see nfcsim.h.
 *
 * LLCP has no shutdown(): a connection ends when one side closes its socket,
 * or when the two devices do not hear each other any more.
 *
 * 1. Either way poll says IN RDNORM RDHUP HUP, in one edge, and a waiter for
 *    EPOLLRDHUP alone hears of it by that name.
 * 2. A recv() that was asleep returns 0, as does one that comes later; what was
 *    sent before the end is read before it.
 * 3. With the link go sockets that have no connection: listening ones, on which
 *    accept() fails, and those for datagrams.
 * 4. A connect() that is refused is an error, and the socket can try again as
 *    if it had never been, whether or not it has been asked for the error.
 * 5. A socket that is bound, or whose peer has closed, can be bound or
 *    connected again, and the device then knows it once.
 *
 * Privileges are needed, in the initial network namespace.
 */
#include "family.h"
#include "nfcsim.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef AF_NFC
#define AF_NFC 39
#endif

#define SERVICE		"urn:nfc:sn:rdhup"
#define NO_SERVICE	"urn:nfc:sn:nobody"

#define FRESH		(EPOLLOUT | EPOLLWRNORM)
#define ENDED		(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP)

static int llcp_socket(int type)
{
	int fd = socket(AF_NFC, type | SOCK_CLOEXEC, NFC_SOCKPROTO_LLCP);

	return fd < 0 ? -errno : fd;
}

static void llcp_addr(const struct nfcsim *sim, int end, const char *name,
		      struct sockaddr_nfc_llcp *sa)
{
	*sa = (struct sockaddr_nfc_llcp) {
		.sa_family = AF_NFC,
		.dev_idx = sim->dev[end],
		.target_idx = end ? 0 : sim->target,
		.nfc_protocol = NFC_PROTO_NFC_DEP,
		.service_name_len = strlen(name),
	};
	memcpy(sa->service_name, name, strlen(name));
}

static int llcp_bind(const struct nfcsim *sim, int end, int fd)
{
	struct sockaddr_nfc_llcp sa;

	llcp_addr(sim, end, SERVICE, &sa);
	return bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ? -errno : 0;
}

static int llcp_connect(const struct nfcsim *sim, int end, int fd,
			const char *name)
{
	struct sockaddr_nfc_llcp sa;

	llcp_addr(sim, end, name, &sa);
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) ? -errno : 0;
}

FIXTURE(llcp)
{
	struct nfcsim sim;
	int listener;
	int own;
	int peer;
	int end;	/* that own is at */
};

/* The connected socket is the initiator's, the accepted one the target's. */
FIXTURE_VARIANT(llcp)
{
	bool accepted;
};

FIXTURE_VARIANT_ADD(llcp, connected) { .accepted = false };
FIXTURE_VARIANT_ADD(llcp, accepted) { .accepted = true };

FIXTURE_SETUP(llcp)
{
	int sv[2], err;

	self->listener = -1;
	self->own = -1;
	self->peer = -1;
	self->sim.nl = -1;
	self->sim.events = -1;
	self->end = variant->accepted;
	sv[1] = llcp_socket(SOCK_STREAM);
	if (is_missing(sv[1]))
		SKIP(return, "no NFC: %s", strerror(-sv[1]));
	ASSERT_LE(0, sv[1]);
	err = nfcsim_open(&self->sim) ?: nfcsim_up(&self->sim);
	if (is_missing(err))
		SKIP(return, "no two NFC devices: %s", strerror(-err));
	ASSERT_EQ(0, err)
		TH_LOG("%s", strerror(-err));
	self->listener = llcp_socket(SOCK_STREAM);
	ASSERT_LE(0, self->listener);
	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->listener));
	ASSERT_EQ(0, listen(self->listener, 8));
	err = llcp_connect(&self->sim, 0, sv[1], SERVICE);
	ASSERT_EQ(0, err)
		TH_LOG("%s", strerror(-err));
	sv[0] = accept(self->listener, NULL, NULL);
	ASSERT_LE(0, sv[0]);
	self->own = sv[!variant->accepted];
	self->peer = sv[variant->accepted];
}

FIXTURE_TEARDOWN(llcp)
{
	close(self->own);
	close(self->peer);
	close(self->listener);
	nfcsim_close(&self->sim);
}

static int close_peer(int *peer)
{
	int fd = *peer;

	*peer = -1;
	return close(fd);
}

TEST_F(llcp, fresh_pair_is_writable)
{
	EXPECT_MASK(FRESH, mask_of(self->own, 0));
	EXPECT_MASK(FRESH, mask_of(self->peer, 0));
}

TEST_F(llcp, there_is_no_shutdown)
{
	for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
		EXPECT_EQ(-1, shutdown(self->own, how));
		EXPECT_EQ(EOPNOTSUPP, errno);
	}
	EXPECT_MASK(FRESH, mask_of(self->own, 0));
	EXPECT_MASK(FRESH, mask_of(self->peer, 0));
}

TEST_F(llcp, data_is_one_edge)
{
	char buf[8];
	int ep;

	ep = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	EXPECT_MASK(EPOLLIN, epoll_next(ep, MUST_MS));
	EXPECT_MASK(0, epoll_next(ep, MUST_NOT_MS));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_MASK(FRESH, mask_of(self->own, 0));
	close(ep);
}

TEST_F(llcp, peer_close_wakes_rdhup_waiter_with_rdhup)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close_peer(&self->peer));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(ENDED, mask_of(self->own, 0));
}

TEST_F(llcp, peer_close_wakes_in_waiter_with_in)
{
	struct waiter w = { .fd = self->own, .events = EPOLLIN };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close_peer(&self->peer));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLIN | EPOLLHUP, w.mask);
}

TEST_F(llcp, peer_close_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close_peer(&self->peer));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(llcp, peer_close_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, close_peer(&self->peer));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
	EXPECT_EOF(self->own);
}

TEST_F(llcp, send_after_the_end_fails)
{
	ASSERT_EQ(0, close_peer(&self->peer));
	ASSERT_MASK(EPOLLHUP, poll_until(self->own, 0, EPOLLHUP));
	EXPECT_EQ(-1, send(self->own, "abc", 3, MSG_NOSIGNAL));
	EXPECT_EQ(ENOTCONN, errno);
}

TEST_F(llcp, data_is_read_before_the_end)
{
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, close_peer(&self->peer));
	EXPECT_MASK(ENDED, poll_until(self->own, ENDED, ENDED));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), MSG_DONTWAIT))
		TH_LOG("recv: %s", strerror(errno));
	EXPECT_EQ(0, recv(self->own, buf, sizeof(buf), MSG_DONTWAIT))
		TH_LOG("recv: %s", strerror(errno));
	EXPECT_EOF(self->own);
}

/* The one that is silenced is told at once, the other one finds out. */
TEST_F(llcp, lost_link_wakes_both_ends)
{
	struct waiter own = { .fd = self->own, .events = EPOLLRDHUP };
	struct waiter peer = { .fd = self->peer, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&own));
	ASSERT_EQ(0, waiter_start(&peer));
	ASSERT_EQ(0, nfcsim_down(&self->sim, self->end));
	EXPECT_TRUE(waiter_end(&own, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, own.mask);
	EXPECT_MASK(ENDED, mask_of(self->own, 0));
	EXPECT_TRUE(waiter_end(&peer, MUST_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, peer.mask);
	EXPECT_MASK(ENDED, mask_of(self->peer, 0));
}

TEST_F(llcp, lost_link_is_one_edge)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, nfcsim_down(&self->sim, self->end));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(0, epoll_next(w.fd, MUST_NOT_MS));
	close(w.fd);
}

TEST_F(llcp, lost_link_ends_blocked_recv)
{
	struct waiter b = { .fd = self->own, .wait = wait_recv };

	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, nfcsim_down(&self->sim, self->end));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
	EXPECT_EOF(self->own);
}

/* Sockets that are not connected, all of them the target's. */

FIXTURE(llcp_alone)
{
	struct nfcsim sim;
	int fd;
};

FIXTURE_SETUP(llcp_alone)
{
	int err;

	self->sim.nl = -1;
	self->sim.events = -1;
	self->fd = llcp_socket(SOCK_STREAM);
	if (is_missing(self->fd))
		SKIP(return, "no NFC: %s", strerror(-self->fd));
	ASSERT_LE(0, self->fd);
	err = nfcsim_open(&self->sim) ?: nfcsim_up(&self->sim);
	if (is_missing(err))
		SKIP(return, "no two NFC devices: %s", strerror(-err));
	ASSERT_EQ(0, err)
		TH_LOG("%s", strerror(-err));
}

FIXTURE_TEARDOWN(llcp_alone)
{
	close(self->fd);
	nfcsim_close(&self->sim);
}

TEST_F(llcp_alone, fresh_is_hup)
{
	EXPECT_MASK(EPOLLHUP, mask_of(self->fd, 0));
}

TEST_F(llcp_alone, there_is_no_seqpacket)
{
	EXPECT_EQ(-ESOCKTNOSUPPORT, llcp_socket(SOCK_SEQPACKET));
}

TEST_F(llcp_alone, lost_link_wakes_rdhup_waiter_of_listener)
{
	struct waiter w = { .fd = self->fd, .events = EPOLLRDHUP };

	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->fd));
	ASSERT_EQ(0, listen(self->fd, 8));
	EXPECT_MASK(0, mask_of(self->fd, 0));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, nfcsim_down(&self->sim, 1));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(ENDED, mask_of(self->fd, 0));
}

TEST_F(llcp_alone, lost_link_ends_blocked_accept)
{
	struct waiter b = { .fd = self->fd, .wait = wait_accept };

	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->fd));
	ASSERT_EQ(0, listen(self->fd, 8));
	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, nfcsim_down(&self->sim, 1));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EBADFD, b.err);
}

TEST_F(llcp_alone, lost_link_ends_blocked_recv_of_datagrams)
{
	struct waiter b = { .wait = wait_recv };

	close(self->fd);
	self->fd = llcp_socket(SOCK_DGRAM);
	ASSERT_LE(0, self->fd);
	b.fd = self->fd;
	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->fd));
	EXPECT_MASK(0, mask_of(self->fd, 0));
	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, nfcsim_down(&self->sim, 1));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS))
		TH_LOG("still asleep, though poll says %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_EQ(0, b.ret)
		TH_LOG("recv: %s", strerror(b.err));
	EXPECT_MASK(ENDED, mask_of(self->fd, 0));
}

/* A socket that has lost the link is as good as new for the next one. */
TEST_F(llcp_alone, bound_again_after_lost_link_it_has_not_ended)
{
	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->fd));
	ASSERT_EQ(0, nfcsim_down(&self->sim, 1));
	ASSERT_MASK(EPOLLHUP, poll_until(self->fd, 0, EPOLLHUP));
	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->fd));
	EXPECT_MASK(0, mask_of(self->fd, 0));
	ASSERT_EQ(0, listen(self->fd, 8));
	EXPECT_MASK(0, mask_of(self->fd, 0));
}

TEST_F(llcp_alone, refused_connect_is_an_error)
{
	socklen_t len = sizeof(int);
	int err = 0;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS, llcp_connect(&self->sim, 1, self->fd,
					     NO_SERVICE));
	/* Asking for nothing, as HUP and ERR come unasked. */
	EXPECT_MASK(EPOLLHUP | EPOLLERR,
		    poll_until(self->fd, 0, EPOLLHUP | EPOLLERR));
	EXPECT_MASK(ENDED | EPOLLERR, mask_of(self->fd, 0));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(ENXIO, err);
	EXPECT_MASK(ENDED, mask_of(self->fd, 0));
}

TEST_F(llcp_alone, refused_connect_can_be_tried_again)
{
	int listener = llcp_socket(SOCK_STREAM), fd, err;

	ASSERT_LE(0, listener);
	EXPECT_EQ(-ENXIO, llcp_connect(&self->sim, 1, self->fd, SERVICE));
	ASSERT_EQ(0, llcp_bind(&self->sim, 0, listener));
	ASSERT_EQ(0, listen(listener, 8));
	err = llcp_connect(&self->sim, 1, self->fd, SERVICE);
	ASSERT_EQ(0, err)
		TH_LOG("%s", strerror(-err));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_MASK(FRESH, mask_of(self->fd, 0));
	EXPECT_MASK(FRESH, mask_of(fd, 0));
	close(fd);
	close(listener);
}

/* The error of the first attempt is not that of the second one. */
TEST_F(llcp_alone, refused_connect_is_forgotten_by_the_next_one)
{
	int listener = llcp_socket(SOCK_STREAM), fd;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS, llcp_connect(&self->sim, 1, self->fd,
					     NO_SERVICE));
	EXPECT_MASK(EPOLLHUP | EPOLLERR,
		    poll_until(self->fd, 0, EPOLLHUP | EPOLLERR));
	ASSERT_EQ(0, llcp_bind(&self->sim, 0, listener));
	ASSERT_EQ(0, listen(listener, 8));
	EXPECT_EQ(-EINPROGRESS, llcp_connect(&self->sim, 1, self->fd, SERVICE));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_MASK(EPOLLOUT, poll_until(self->fd, EPOLLOUT, EPOLLOUT));
	EXPECT_MASK(FRESH, mask_of(self->fd, 0));
	close(fd);
	close(listener);
}

/*
 * Have the device at @end look for a socket that is not there, as it does when
 * the other end asks for a service that nobody offers.  A kernel that looks for
 * ever has the time to say so: after that, the next who touches the list of
 * sockets takes the other CPU as well.
 */
#define LOOK_UP_MS	40000
#define LOOK_UP_S	60

static void look_up_nothing(struct __test_metadata *_metadata,
			    const struct nfcsim *sim, int end)
{
	int fd = llcp_socket(SOCK_STREAM);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS, llcp_connect(sim, !end, fd, NO_SERVICE));
	EXPECT_MASK(EPOLLERR | EPOLLHUP,
		    poll_until_ms(fd, 0, EPOLLERR | EPOLLHUP, LOOK_UP_MS));
	close(fd);
}

/* Connect fd to @listener's service and have the peer close it again. */
static void connect_and_lose(struct __test_metadata *_metadata,
			     const struct nfcsim *sim, int fd, int listener)
{
	int peer, err;

	err = llcp_connect(sim, 1, fd, SERVICE);
	ASSERT_EQ(0, err)
		TH_LOG("%s", strerror(-err));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, close(peer));
	ASSERT_MASK(EPOLLHUP, poll_until(fd, 0, EPOLLHUP));
}

TEST_F_TIMEOUT(llcp_alone, closed_by_the_peer_it_connects_again, LOOK_UP_S)
{
	int listener = llcp_socket(SOCK_STREAM), fd;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, llcp_bind(&self->sim, 0, listener));
	ASSERT_EQ(0, listen(listener, 8));
	connect_and_lose(_metadata, &self->sim, self->fd, listener);
	ASSERT_EQ(0, llcp_connect(&self->sim, 1, self->fd, SERVICE));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_MASK(FRESH, mask_of(self->fd, 0));
	look_up_nothing(_metadata, &self->sim, 1);
	close(fd);
	close(listener);
}

TEST_F_TIMEOUT(llcp_alone, closed_by_the_peer_it_is_bound, LOOK_UP_S)
{
	int listener = llcp_socket(SOCK_STREAM);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, llcp_bind(&self->sim, 0, listener));
	ASSERT_EQ(0, listen(listener, 8));
	connect_and_lose(_metadata, &self->sim, self->fd, listener);
	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->fd));
	EXPECT_MASK(0, mask_of(self->fd, 0));
	look_up_nothing(_metadata, &self->sim, 1);
	close(listener);
}

TEST_F_TIMEOUT(llcp_alone, bound_it_connects, LOOK_UP_S)
{
	int listener = llcp_socket(SOCK_STREAM), fd;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, llcp_bind(&self->sim, 0, listener));
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, llcp_bind(&self->sim, 1, self->fd));
	ASSERT_EQ(0, llcp_connect(&self->sim, 1, self->fd, SERVICE));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_MASK(FRESH, mask_of(self->fd, 0));
	look_up_nothing(_metadata, &self->sim, 1);
	close(fd);
	close(listener);
}

static void wait_connect(struct waiter *w)
{
	struct sockaddr_nfc_llcp sa;

	/* w->events is the device's number: of a target, which needs no more */
	sa = (struct sockaddr_nfc_llcp) {
		.sa_family = AF_NFC,
		.dev_idx = w->events,
		.nfc_protocol = NFC_PROTO_NFC_DEP,
		.service_name = SERVICE,
		.service_name_len = strlen(SERVICE),
	};
	w->ret = connect(w->fd, (struct sockaddr *)&sa, sizeof(sa));
}

TEST_F(llcp_alone, lost_link_ends_blocked_connect)
{
	struct waiter b = { .fd = self->fd, .wait = wait_connect };

	b.events = self->sim.dev[1];
	/* There is nobody any more who could answer. */
	ASSERT_EQ(0, nfcsim_down(&self->sim, 0));
	ASSERT_EQ(0, waiter_start(&b));
	ASSERT_EQ(0, nfcsim_down(&self->sim, 1));
	ASSERT_TRUE(waiter_end(&b, WAKE_MS))
		TH_LOG("still asleep, though poll says %s",
		       mask_str(mask_of(self->fd, 0)));
	EXPECT_EQ(-1, b.ret);
}

TEST_HARNESS_MAIN
