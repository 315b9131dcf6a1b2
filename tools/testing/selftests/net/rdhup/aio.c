// SPDX-License-Identifier: GPL-2.0
/*
 * IOCB_CMD_POLL, io_submit(2)'s poll, says what poll(2) says.
 *
 * Requests for each bit alone and for some together are armed on an idle
 * descriptor; then something happens.  What poll(2) says when asked for the
 * same bits is what a request has to complete with, bit for bit, and where
 * poll(2) says nothing the request goes on waiting.
 *
 * 1. Data completes who asked for it, with what was asked for: not with the
 *    other bits that the wakeup names.
 * 2. So does room.
 * 3. Plain data is not urgent, and is in no band; urgent data is.
 * 4. The end of the stream, alone or in one segment with data, completes who
 *    asked for IN or RDHUP, and nobody who waits for room.
 * 5. A reset completes everybody, and says so.
 * 6. What is there already completes a request at once.
 */
#include "ask.h"
#include "family.h"
#include "netns.h"
#include "tcp.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_REQUESTS	8

#define READ_BITS	(POLLIN | POLLRDNORM | POLLRDHUP)

struct request {
	struct iocb cb;
	short events;
	bool done;
	int res;
};

struct aio {
	aio_context_t ctx;
	int fd;
	int nr;
	struct request r[MAX_REQUESTS];
};

static int aio_open(struct aio *a, int fd)
{
	memset(a, 0, sizeof(*a));
	a->fd = fd;
	return syscall(SYS_io_setup, MAX_REQUESTS, &a->ctx) ? -errno : 0;
}

static void aio_close(struct aio *a)
{
	if (a->ctx)
		syscall(SYS_io_destroy, a->ctx);
}

static int aio_arm(struct aio *a, short events)
{
	struct request *r = &a->r[a->nr++];
	struct iocb *cb = &r->cb;

	memset(r, 0, sizeof(*r));
	r->events = events;
	cb->aio_fildes = a->fd;
	cb->aio_lio_opcode = IOCB_CMD_POLL;
	cb->aio_buf = (unsigned short)events;
	cb->aio_data = (uintptr_t)r;
	return syscall(SYS_io_submit, a->ctx, 1, &cb) == 1 ? 0 : -errno;
}

/* Takes one completion, waiting at most @ms; 1, 0 or a negative errno. */
static int aio_next(struct aio *a, int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	struct io_event ev;
	struct request *r;
	int n;

	do {
		n = syscall(SYS_io_getevents, a->ctx, 1, 1, &ev, &ts);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : 0;
	r = (struct request *)(uintptr_t)ev.data;
	if (ev.res < 0)
		return ev.res;
	r->res = ev.res;
	r->done = true;
	return 1;
}

/* What poll(2) says, in its own values and with every bit that it has. */
static int poll_says(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	if (poll(&pfd, 1, 0) < 0)
		return POLLNVAL;
	return (unsigned short)pfd.revents;
}

/* 0 once poll(2) says @want when asked for it. */
static int poll_settles(int fd, short want)
{
	long long end = now_ms() + MUST_MS;

	while ((poll_says(fd, want) & want) != (unsigned short)want) {
		if (now_ms() >= end)
			return -ETIMEDOUT;
		usleep(200);
	}
	/* whoever holds the lock may not have woken everybody yet */
	tcp_state(fd);
	return 0;
}

static void arm_all(struct __test_metadata *_metadata, struct aio *a, int fd,
		    const short *masks, int nr)
{
	ASSERT_EQ(0, aio_open(a, fd));
	for (int i = 0; i < nr; i++)
		ASSERT_EQ(0, aio_arm(a, masks[i]));
}

#define ARM(a, fd, ...) do {						\
	static const short __masks[] = { __VA_ARGS__ };			\
									\
	arm_all(_metadata, a, fd, __masks, ARRAY_SIZE(__masks));	\
	ASSERT_EQ(0, aio_next(a, 0));					\
} while (0)

/* Every request has what poll(2) says, and waits on if that is nothing. */
static void expect_poll(struct __test_metadata *_metadata, struct aio *a)
{
	int due = 0;

	for (int i = 0; i < a->nr; i++)
		due += !a->r[i].done && poll_says(a->fd, a->r[i].events);
	for (; due; due--)
		ASSERT_EQ(1, aio_next(a, MUST_MS));
	ASSERT_EQ(0, aio_next(a, MUST_NOT_MS));
	for (int i = 0; i < a->nr; i++) {
		struct request *r = &a->r[i];

		EXPECT_EQ(poll_says(a->fd, r->events), r->res)
			TH_LOG("asked for 0x%x: poll says 0x%x, aio %s 0x%x",
			       (unsigned short)r->events,
			       poll_says(a->fd, r->events),
			       r->done ? "says" : "waits with", r->res);
	}
}

/* 1 and 3: every family that can carry data. */

FIXTURE(incoming) {
	int sv[2];
	struct aio a;
};

FIXTURE_VARIANT(incoming) {
	enum family_id id;
};

FIXTURE_VARIANT_ADD(incoming, tcp4) { TCP4 };
FIXTURE_VARIANT_ADD(incoming, tcp6) { TCP6 };
FIXTURE_VARIANT_ADD(incoming, tls) { FAM_TLS };
FIXTURE_VARIANT_ADD(incoming, mptcp) { FAM_MPTCP4 };
FIXTURE_VARIANT_ADD(incoming, smc) { FAM_SMC };
FIXTURE_VARIANT_ADD(incoming, sctp) { FAM_SCTP4 };
FIXTURE_VARIANT_ADD(incoming, udp) { FAM_UDP4 };
FIXTURE_VARIANT_ADD(incoming, unix_stream) { UNIX_STREAM };
FIXTURE_VARIANT_ADD(incoming, unix_seqpacket) { UNIX_SEQPACKET };
FIXTURE_VARIANT_ADD(incoming, unix_dgram) { UNIX_DGRAM };
FIXTURE_VARIANT_ADD(incoming, vsock_stream) { FAM_VSOCK_STREAM };
FIXTURE_VARIANT_ADD(incoming, vsock_seqpacket) { FAM_VSOCK_SEQPACKET };
FIXTURE_VARIANT_ADD(incoming, tipc_stream) { FAM_TIPC_STREAM };
FIXTURE_VARIANT_ADD(incoming, tipc_seqpacket) { FAM_TIPC_SEQPACKET };
FIXTURE_VARIANT_ADD(incoming, pipe) { FAM_PIPE };

#define PAIR_TEARDOWN() do {						\
	aio_close(&self->a);						\
	for (int __i = 0; __i < 2; __i++)				\
		if (self->sv[__i] >= 0)					\
			close(self->sv[__i]);				\
} while (0)

FIXTURE_SETUP(incoming)
{
	int err = variant->id == FAM_PIPE ? 0 : any_ready(variant->id);

	if (is_missing(err))
		SKIP(return, "no %s: %s", families[variant->id].name,
		     strerror(-err));
	ASSERT_EQ(0, err);
	SETUP_PAIR(return, variant->id, self->sv);
}

FIXTURE_TEARDOWN(incoming)
{
	PAIR_TEARDOWN();
}

TEST_F(incoming, input)
{
	ARM(&self->a, self->sv[0], 0, POLLIN, POLLRDNORM, POLLRDHUP,
	    POLLIN | POLLRDNORM, POLLIN | POLLRDHUP, READ_BITS);
	ASSERT_EQ(4, write(self->sv[1], "data", 4));
	ASSERT_EQ(0, poll_settles(self->sv[0], POLLIN | POLLRDNORM));
	expect_poll(_metadata, &self->a);
}

/* It is not urgent, and a request for more than that is told of that alone. */
TEST_F(incoming, input_of_no_band)
{
	ARM(&self->a, self->sv[0], POLLPRI, POLLRDBAND, POLLPRI | POLLRDBAND,
	    POLLPRI | POLLRDHUP, POLLIN | POLLPRI,
	    POLLIN | POLLRDBAND | POLLRDHUP);
	ASSERT_EQ(4, write(self->sv[1], "data", 4));
	ASSERT_EQ(0, poll_settles(self->sv[0], POLLIN | POLLRDNORM));
	expect_poll(_metadata, &self->a);
}

/* 6. */
TEST_F(incoming, input_before)
{
	static const short masks[] = {
		POLLIN, POLLRDNORM, POLLIN | POLLPRI, POLLIN | POLLRDHUP,
		POLLPRI, POLLRDBAND, POLLRDHUP, 0,
	};

	ASSERT_EQ(4, write(self->sv[1], "data", 4));
	ASSERT_EQ(0, poll_settles(self->sv[0], POLLIN | POLLRDNORM));
	arm_all(_metadata, &self->a, self->sv[0], masks, ARRAY_SIZE(masks));
	expect_poll(_metadata, &self->a);
}

/* 2. */

FIXTURE(outgoing) {
	int sv[2];
	struct aio a;
};

FIXTURE_VARIANT(outgoing) {
	enum family_id id;
};

FIXTURE_VARIANT_ADD(outgoing, tcp4) { TCP4 };
FIXTURE_VARIANT_ADD(outgoing, tcp6) { TCP6 };
FIXTURE_VARIANT_ADD(outgoing, tls) { FAM_TLS };
FIXTURE_VARIANT_ADD(outgoing, mptcp) { FAM_MPTCP4 };
FIXTURE_VARIANT_ADD(outgoing, unix_stream) { UNIX_STREAM };
FIXTURE_VARIANT_ADD(outgoing, unix_seqpacket) { UNIX_SEQPACKET };
FIXTURE_VARIANT_ADD(outgoing, vsock_stream) { FAM_VSOCK_STREAM };

FIXTURE_SETUP(outgoing)
{
	int size = 16384;

	SETUP_PAIR(return, variant->id, self->sv);
	for (int i = 0; i < 2; i++) {
		setsockopt(self->sv[i], SOL_SOCKET, SO_SNDBUF, &size,
			   sizeof(size));
		setsockopt(self->sv[i], SOL_SOCKET, SO_RCVBUF, &size,
			   sizeof(size));
	}
	ASSERT_EQ(0, fill(self->sv[0]));
}

FIXTURE_TEARDOWN(outgoing)
{
	PAIR_TEARDOWN();
}

/* Read at the other end until there is room, and then all that is left. */
static int make_room(int from, int to)
{
	long long end = now_ms() + MUST_MS;
	char buf[8192];

	while (!poll_says(from, POLLOUT)) {
		if (now_ms() >= end)
			return -ETIMEDOUT;
		if (recv(to, buf, sizeof(buf), MSG_DONTWAIT) <= 0)
			usleep(200);
	}
	while (poll_mask(to, EPOLLIN, MUST_NOT_MS) &&
	       recv(to, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	return 0;
}

TEST_F(outgoing, room)
{
	ARM(&self->a, self->sv[0], 0, POLLOUT, POLLWRNORM,
	    POLLOUT | POLLWRNORM, POLLIN | POLLOUT, POLLIN, POLLRDHUP);
	ASSERT_EQ(0, make_room(self->sv[0], self->sv[1]));
	expect_poll(_metadata, &self->a);
}

TEST_F(outgoing, room_in_bands)
{
	ARM(&self->a, self->sv[0], POLLWRBAND, POLLOUT | POLLWRBAND,
	    POLLRDHUP | POLLWRBAND);
	ASSERT_EQ(0, make_room(self->sv[0], self->sv[1]));
	expect_poll(_metadata, &self->a);
}

/* The peer's end is not room: 4. */
TEST_F(outgoing, half_close)
{
	ARM(&self->a, self->sv[0], POLLOUT, POLLWRNORM, POLLIN,
	    POLLIN | POLLOUT, POLLRDHUP, POLLOUT | POLLRDHUP, 0);
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_EQ(0, poll_settles(self->sv[0], READ_BITS));
	expect_poll(_metadata, &self->a);
	EXPECT_FALSE(self->a.r[0].done);
	ASSERT_EQ(0, make_room(self->sv[0], self->sv[1]));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(1, aio_next(&self->a, MUST_MS));
	EXPECT_TRUE(self->a.r[0].done && self->a.r[1].done);
	EXPECT_EQ(POLLOUT, self->a.r[0].res);
	EXPECT_EQ(POLLWRNORM, self->a.r[1].res);
}

/* 3 to 5. */

FIXTURE(stream) {
	int sv[2];
	struct aio a;
};

FIXTURE_VARIANT(stream) {
	enum family_id id;
};

FIXTURE_VARIANT_ADD(stream, tcp4) { TCP4 };
FIXTURE_VARIANT_ADD(stream, tcp6) { TCP6 };
FIXTURE_VARIANT_ADD(stream, unix_stream) { UNIX_STREAM };

FIXTURE_SETUP(stream)
{
	SETUP_PAIR(return, variant->id, self->sv);
}

FIXTURE_TEARDOWN(stream)
{
	PAIR_TEARDOWN();
}

/* That there is urgent data is found out although data tells the same. */
TEST_F(stream, urgent)
{
	ARM(&self->a, self->sv[0], POLLPRI, POLLIN | POLLPRI,
	    POLLPRI | POLLRDHUP, POLLRDBAND, POLLRDHUP);
	ASSERT_EQ(1, send(self->sv[1], "!", 1, MSG_OOB));
	ASSERT_EQ(0, poll_settles(self->sv[0], POLLPRI));
	expect_poll(_metadata, &self->a);
	EXPECT_EQ(POLLPRI, self->a.r[0].res);
}

TEST_F(stream, half_close)
{
	ARM(&self->a, self->sv[0], 0, POLLIN, POLLRDNORM, POLLRDHUP, READ_BITS,
	    POLLPRI, POLLPRI | POLLRDHUP, POLLIN | POLLRDBAND);
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_EQ(0, poll_settles(self->sv[0], READ_BITS));
	expect_poll(_metadata, &self->a);
	EXPECT_EQ(READ_BITS, self->a.r[4].res);
}

/* With our own side shut the end is a hangup, which nobody has to ask for. */
TEST_F(stream, both_shut)
{
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	wait_for_ack_of_fin(self->sv[0]);
	ARM(&self->a, self->sv[0], 0, POLLIN, POLLRDHUP, READ_BITS, POLLPRI);
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_EQ(0, poll_settles(self->sv[0], READ_BITS | POLLHUP));
	expect_poll(_metadata, &self->a);
	EXPECT_EQ(POLLHUP, self->a.r[0].res);
}

TEST_F(stream, reset)
{
	struct linger linger = { .l_onoff = 1 };

	if (family_is_unix(variant->id))	/* unread data resets there */
		ASSERT_EQ(1, write(self->sv[0], "x", 1));
	ASSERT_EQ(0, setsockopt(self->sv[1], SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ARM(&self->a, self->sv[0], 0, POLLIN, POLLRDHUP, READ_BITS, POLLPRI);
	close(self->sv[1]);
	self->sv[1] = -1;
	ASSERT_EQ(0, poll_settles(self->sv[0],
				  READ_BITS | POLLERR | POLLHUP));
	expect_poll(_metadata, &self->a);
	EXPECT_EQ(POLLERR | POLLHUP, self->a.r[0].res);
}

/* 4: what only TCP can do. */

FIXTURE(one_segment) {
	int sv[2];
	struct aio a;
};

FIXTURE_VARIANT(one_segment) {
	enum family_id id;
};

FIXTURE_VARIANT_ADD(one_segment, tcp4) { TCP4 };
FIXTURE_VARIANT_ADD(one_segment, tcp6) { TCP6 };

FIXTURE_SETUP(one_segment)
{
	if (own_net())
		SKIP(return, "no network of one's own");
	ASSERT_EQ(0, hold_back(HOLD_MS));
	SETUP_PAIR(return, variant->id, self->sv);
}

FIXTURE_TEARDOWN(one_segment)
{
	PAIR_TEARDOWN();
}

/* Held back by MSG_MORE, the data goes out with the end. */
TEST_F(one_segment, data_and_half_close)
{
	ARM(&self->a, self->sv[0], 0, POLLIN, POLLRDHUP, READ_BITS, POLLPRI,
	    POLLIN | POLLPRI | POLLRDHUP);
	ASSERT_EQ(4, send(self->sv[1], "data", 4, MSG_MORE));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_EQ(0, poll_settles(self->sv[0], READ_BITS));
	expect_poll(_metadata, &self->a);
	EXPECT_EQ(READ_BITS, self->a.r[3].res);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
